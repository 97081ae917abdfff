//! Functions that touch nothing: is it there, what arrives, how does it fail.

mod about;
mod fail;

use std::time::Duration;

use data::{Dict, Value};

pub use about::FUNCTIONS as ABOUT;
pub use fail::FUNCTIONS as FAIL;

use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::{Ctx, args};

/// The functions of `test`.
pub const FUNCTIONS: &[ExecEntry] = &[
    entry::<Ping>(),
    entry::<Echo>(),
    entry::<Arg>(),
    entry::<ArgRepr>(),
    entry::<ArgType>(),
    entry::<ArgClean>(),
    entry::<Kwarg>(),
    entry::<Sleep>(),
    entry::<RandSleep>(),
    entry::<Version>(),
    entry::<True>(),
    entry::<False>(),
    entry::<Exception>(),
    entry::<Retcode>(),
    entry::<NotLoaded>(),
    entry::<GetOpts>(),
    entry::<Outputter>(),
    entry::<Fib>(),
    entry::<Collatz>(),
];

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

    /// Return what was passed, each value as Python's `repr()` of it.
    ///
    /// CLI Example: `rsalt '*' test.arg_repr 1 "two" 3.1 txt="hello"`
    pub struct ArgRepr {
        args: Vec<Value>,
        kwargs: Dict,
    }

    /// Return the types of what was passed.
    ///
    /// CLI Example: `rsalt '*' test.arg_type 1 "two" 3.1 txt="hello"`
    pub struct ArgType {
        args: Vec<Value>,
        kwargs: Dict,
    }

    /// Return what was passed, without what the job adds.
    ///
    /// CLI Example: `rsalt '*' test.arg_clean 1 "two" 3.1 txt="hello"`
    pub struct ArgClean {
        args: Vec<Value>,
        kwargs: Dict,
    }

    /// Return the keyword arguments that were passed.
    ///
    /// CLI Example: `rsalt '*' test.kwarg num=1 txt="two" env='{a: 1, b: "hello"}'`
    pub struct Kwarg {
        kwargs: Dict,
    }

    /// Sleep so many seconds and return `True`.
    ///
    /// CLI Example: `rsalt '*' test.sleep 20`
    pub struct Sleep {
        length: Value,
    }

    /// Sleep up to so many seconds, at random, and return `True`.
    ///
    /// CLI Example: `rsalt '*' test.rand_sleep 60`
    pub struct RandSleep {
        #[serde(default)]
        max: Option<u64>,
    }

    /// Return the release of Salt whose behaviour this minion has.
    ///
    /// CLI Example: `rsalt '*' test.version`
    pub struct Version {}

    /// Return `True`.
    ///
    /// CLI Example: `rsalt '*' test.true`
    pub struct True {}

    /// Return `False`.
    ///
    /// CLI Example: `rsalt '*' test.false`
    pub struct False {}

    /// Raise an exception.
    ///
    /// CLI Example: `rsalt '*' test.exception 'Oh noes!'`
    pub struct Exception {
        #[serde(default)]
        message: Option<String>,
    }

    /// Return `True` and leave a return code.
    ///
    /// CLI Example: `rsalt '*' test.retcode 42`
    pub struct Retcode {
        #[serde(default)]
        code: Option<i32>,
    }

    /// List the modules that are not there. There are none: what is built in is there.
    ///
    /// CLI Example: `rsalt '*' test.not_loaded`
    pub struct NotLoaded {}

    /// Return the minion's configuration.
    ///
    /// CLI Example: `rsalt '*' test.get_opts`
    pub struct GetOpts {}

    /// Return what was passed, to try outputters on.
    ///
    /// CLI Example: `rsalt '*' test.outputter foobar`
    pub struct Outputter {
        data: Value,
    }

    /// Return a Fibonacci number and the seconds that it took.
    ///
    /// CLI Example: `rsalt '*' test.fib 3`
    pub struct Fib {
        num: i64,
    }

    /// Return a Collatz sequence and the seconds that it took.
    ///
    /// CLI Example: `rsalt '*' test.collatz 3`
    pub struct Collatz {
        start: i64,
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

fn both(args: impl Into<Value>, kwargs: impl Into<Value>) -> Value {
    Dict::new().with("args", args).with("kwargs", kwargs).into()
}

fn each(args: Vec<Value>, kwargs: Dict, change: impl Fn(&Value) -> Value) -> Value {
    let args: Vec<Value> = args.iter().map(&change).collect();
    both(args, kwargs.iter().map(|(k, v)| (k.clone(), change(v))).collect::<Dict>())
}

impl ExecFn for Arg {
    const FUN: &'static str = "test.arg";
    const SIGNATURE: &'static str = "*args, **kwargs";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(both(self.args, self.kwargs))
    }
}

impl ExecFn for ArgRepr {
    const FUN: &'static str = "test.arg_repr";
    const SIGNATURE: &'static str = "*args, **kwargs";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        // A tuple is a list here; Python prints one with a comma behind its only item.
        let args: Vec<String> = self.args.iter().map(|v| format!("{v:?}")).collect();
        let comma = if args.len() == 1 { "," } else { "" };
        Ok(both(format!("({}{comma})", args.join(", ")), format!("{:?}", Value::from(self.kwargs))))
    }
}

impl ExecFn for ArgType {
    const FUN: &'static str = "test.arg_type";
    const SIGNATURE: &'static str = "*args, **kwargs";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(each(self.args, self.kwargs, |v| format!("<class '{}'>", v.type_name()).into()))
    }
}

impl ExecFn for ArgClean {
    const FUN: &'static str = "test.arg_clean";
    const SIGNATURE: &'static str = "*args, **kwargs";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        let mut kwargs = self.kwargs;
        kwargs.retain(|key, _| !key.as_str().is_some_and(|k| k.starts_with("__pub_")));
        Ok(both(self.args, kwargs))
    }
}

impl ExecFn for Kwarg {
    const FUN: &'static str = "test.kwarg";
    const SIGNATURE: &'static str = "**kwargs";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(self.kwargs.into())
    }
}

impl ExecFn for Sleep {
    const FUN: &'static str = "test.sleep";
    const SIGNATURE: &'static str = "length";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let text = self.length.to_string();
        let seconds = self.length.as_f64().or_else(|| text.trim().parse::<i64>().ok().map(|i| i as f64));
        let bad =
            || ExecError::raised("ValueError", format!("invalid literal for int() with base 10: '{text}'"));
        let time = Duration::try_from_secs_f64(seconds.ok_or_else(bad)?.trunc());
        let time = time.map_err(|_| ExecError::raised("ValueError", "sleep length must be non-negative"))?;
        ctx.host.sleep(time)?;
        Ok(Value::Bool(true))
    }
}

impl ExecFn for RandSleep {
    const FUN: &'static str = "test.rand_sleep";
    const SIGNATURE: &'static str = "max=60";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let now = ctx.host.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
        // The clock's lower digits are random enough to spread minions out.
        let most = self.max.unwrap_or(60);
        ctx.host.sleep(Duration::from_secs(now.as_nanos() as u64 / 1000 % (most + 1)))?;
        Ok(Value::Bool(true))
    }
}

impl ExecFn for Version {
    const FUN: &'static str = "test.version";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(ctx.grain("saltversion").unwrap_or_default())
    }
}

impl ExecFn for True {
    const FUN: &'static str = "test.true";
    const SIGNATURE: &'static str = "";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(Value::Bool(true))
    }
}

impl ExecFn for False {
    const FUN: &'static str = "test.false";
    const SIGNATURE: &'static str = "";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(Value::Bool(false))
    }
}

impl ExecFn for Exception {
    const FUN: &'static str = "test.exception";
    const SIGNATURE: &'static str = "message='Test Exception'";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Err(ExecError::raised("Exception", self.message.unwrap_or_else(|| "Test Exception".to_owned())))
    }
}

impl ExecFn for Retcode {
    const FUN: &'static str = "test.retcode";
    const SIGNATURE: &'static str = "code=42";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        ctx.set_retcode(self.code.unwrap_or(42));
        Ok(Value::Bool(true))
    }
}

impl ExecFn for NotLoaded {
    const FUN: &'static str = "test.not_loaded";
    const SIGNATURE: &'static str = "";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(Value::list())
    }
}

impl ExecFn for GetOpts {
    const FUN: &'static str = "test.get_opts";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(ctx.opts())
    }
}

impl ExecFn for Outputter {
    const FUN: &'static str = "test.outputter";
    const SIGNATURE: &'static str = "data";
    const OUT: Option<&'static str> = Some("txt");

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(self.data)
    }
}

impl ExecFn for Fib {
    const FUN: &'static str = "test.fib";
    const SIGNATURE: &'static str = "num";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let start = ctx.host.now();
        if self.num < 0 {
            return Err(ExecError::raised("ValueError", "Negative number is not allowed!"));
        }
        if self.num < 2 {
            return Ok(vec![Value::from(self.num), Value::Float(0.0)].into());
        }
        let (mut a, mut b) = (0_u128, 1_u128);
        for _ in 1..self.num {
            let overflow = || ExecError::raised("OverflowError", "the number does not fit 128 bits");
            (a, b) = (b, a.checked_add(b).ok_or_else(overflow)?);
        }
        let took = ctx.host.now().duration_since(start).unwrap_or_default().as_secs_f64();
        Ok(vec![Value::from(b), Value::Float(took)].into())
    }
}

impl ExecFn for Collatz {
    const FUN: &'static str = "test.collatz";
    const SIGNATURE: &'static str = "start";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let begin = ctx.host.now();
        if self.start < 1 {
            return Err(ExecError::raised("ValueError", "start must be greater than 0"));
        }
        // Python's `/` makes a float of what it halves.
        let (mut steps, mut n, mut whole) = (Vec::new(), i128::from(self.start), true);
        while n != 1 {
            steps.push(if whole { Value::from(n) } else { Value::Float(n as f64) });
            if n % 2 == 0 {
                (n, whole) = (n / 2, false);
            } else {
                n = 3 * n + 1;
            }
        }
        let took = ctx.host.now().duration_since(begin).unwrap_or_default().as_secs_f64();
        Ok(vec![Value::from(steps), Value::Float(took)].into())
    }
}
