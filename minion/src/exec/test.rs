//! Functions that touch nothing: is it there, what arrives, how does it fail.

use data::{Dict, Value};

use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::{Ctx, args};

/// The functions of `test`.
pub const FUNCTIONS: &[ExecEntry] = &[entry::<Ping>(), entry::<Echo>(), entry::<Arg>()];

args! {
    /// Answer `True`: the minion is up. Not an ICMP ping.
    ///
    /// CLI Example: `rsalt '*' test.ping`
    pub struct Ping {}

    /// Return a text, to see how it arrives.
    ///
    /// CLI Example: `rsalt '*' test.echo 'foo bar baz'`
    pub struct Echo {
        text: Value,
    }

    /// Return what was passed: `args` and `kwargs`.
    ///
    /// CLI Example: `rsalt '*' test.arg 1 "two" 3.1 txt="hello"`
    pub struct Arg {
        args: Vec<Value>,
        kwargs: Dict,
    }
}

impl ExecFn for Ping {
    const FUN: &'static str = "test.ping";
    const SIGNATURE: &'static str = "";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(Value::Bool(true))
    }
}

impl ExecFn for Echo {
    const FUN: &'static str = "test.echo";
    const SIGNATURE: &'static str = "text";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(self.text)
    }
}

impl ExecFn for Arg {
    const FUN: &'static str = "test.arg";
    const SIGNATURE: &'static str = "*args, **kwargs";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(Dict::new().with("args", self.args).with("kwargs", self.kwargs).into())
    }
}
