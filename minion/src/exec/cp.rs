//! Files of the file server.

use data::Value;

use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::{Ctx, args};

/// The functions of `cp`.
pub const FUNCTIONS: &[ExecEntry] = &[entry::<ListMaster>()];

args! {
    /// List the files of an environment that begin with a prefix.
    ///
    /// CLI Example: `rsalt '*' cp.list_master`
    pub struct ListMaster {
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        prefix: String,
    }
}

impl ExecFn for ListMaster {
    const FUN: &'static str = "cp.list_master";
    const SIGNATURE: &'static str = "saltenv=None, prefix=''";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let saltenv = self.saltenv.unwrap_or_else(|| ctx.saltenv());
        let all = ctx.files().list(&saltenv)?;
        Ok(all.iter().filter(|path| path.starts_with(&self.prefix)).cloned().collect::<Vec<String>>().into())
    }
}
