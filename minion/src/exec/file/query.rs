//! Questions about paths.

use std::path::Path;

use data::Value;

use crate::exec::{ExecError, ExecFn};
use crate::{Ctx, args};

args! {
    /// Whether there is a regular file at a path.
    ///
    /// CLI Example: `rsalt '*' file.file_exists /etc/passwd`
    pub struct FileExists {
        path: String,
    }

    /// Whether there is a directory at a path.
    ///
    /// CLI Example: `rsalt '*' file.directory_exists /etc`
    pub struct DirectoryExists {
        path: String,
    }
}

impl ExecFn for FileExists {
    const FUN: &'static str = "file.file_exists";
    const SIGNATURE: &'static str = "path";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(ctx.host.is_file(Path::new(&self.path)).into())
    }
}

impl ExecFn for DirectoryExists {
    const FUN: &'static str = "file.directory_exists";
    const SIGNATURE: &'static str = "path";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(ctx.host.is_dir(Path::new(&self.path)).into())
    }
}
