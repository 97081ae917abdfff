//! Ways to fail, to see what becomes of it.

use data::{Dict, Value};

use crate::exec::ExecError;
use crate::exec::plain::{Given, functions};

functions! {
    /// Fail unless the argument is true. `rsalt '*' test.assertion False`
    "test.assertion"("assertion") = |given, _| {
        if given.arg("assertion").is_true() {
            return Ok(Value::None);
        }
        Err(ExecError::raised("AssertionError", ""))
    };
    /// Raise an exception of Python or of Salt by its name; `False` when there is none of that name.
    /// `rsalt '*' test.raise_exception salt.exceptions.CommandExecutionError 'Something went wrong'`
    "test.raise_exception"("name, *args, **kwargs") = |given, _| {
        let name = given.text("name");
        let (table, short) = match name.strip_prefix("salt.exceptions.") {
            Some(short) => (SALTS, short),
            None => (PYTHONS, name.as_str()),
        };
        let Some(exception) = table.iter().find(|known| **known == short) else {
            tracing::error!("No such exception: {name}");
            return Ok(false.into());
        };
        Err(ExecError::raised(exception, message(exception, given.arg("args"))))
    };
    /// Call a function; when it raises, return nothing, or what it raised with `return_try_exception=True`.
    ///
    /// ```jinja
    /// {{ salt['test.try'](module='pkg.version', names='zsh') }}
    /// ```
    "test.try"("module, return_try_exception=False, **kwargs") = |mut given, ctx| {
        let kwargs = given.remove("kwargs").and_then(|v| v.as_dict().cloned()).unwrap_or_default();
        let kwargs: Dict = kwargs
            .iter()
            .filter(|(key, _)| !key.as_str().is_some_and(|k| k.starts_with("__pub_")))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        match ctx.call(&given.text("module"), Vec::new(), kwargs) {
            Ok(value) => Ok(value),
            Err(error) if given.is_set("return_try_exception", false) => Ok(error.to_string().into()),
            Err(_) => Ok(Value::None),
        }
    };
}

/// What `str()` of an exception with these arguments is.
fn message(exception: &str, args: &Value) -> String {
    match args.as_list().unwrap_or_default() {
        [] => String::new(),
        // The one exception that shows its argument as it is written.
        [one] if exception == "KeyError" => format!("{one:?}"),
        [one] => one.to_string(),
        several => {
            let shown: Vec<String> = several.iter().map(|v| format!("{v:?}")).collect();
            format!("({})", shown.join(", "))
        }
    }
}

const PYTHONS: &[&str] = &[
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BaseException",
    "BlockingIOError",
    "BufferError",
    "ConnectionError",
    "EOFError",
    "EnvironmentError",
    "Exception",
    "FileExistsError",
    "FileNotFoundError",
    "FloatingPointError",
    "GeneratorExit",
    "IOError",
    "ImportError",
    "IndexError",
    "InterruptedError",
    "IsADirectoryError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "NotADirectoryError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PermissionError",
    "RecursionError",
    "ReferenceError",
    "RuntimeError",
    "StopIteration",
    "SyntaxError",
    "SystemError",
    "SystemExit",
    "TimeoutError",
    "TypeError",
    "UnicodeError",
    "ValueError",
    "ZeroDivisionError",
];

const SALTS: &[&str] = &[
    "ArgumentValueError",
    "AuthenticationError",
    "AuthorizationError",
    "CheckError",
    "CommandExecutionError",
    "CommandNotFoundError",
    "EauthAuthenticationError",
    "FileLockError",
    "FileserverConfigError",
    "GitLockError",
    "InvalidConfigError",
    "LoaderError",
    "LoggingRuntimeError",
    "MasterExit",
    "MinionError",
    "NotImplemented",
    "PkgParseError",
    "PublishError",
    "SaltCacheError",
    "SaltClientError",
    "SaltClientTimeout",
    "SaltConfigurationError",
    "SaltDaemonNotRunning",
    "SaltException",
    "SaltInvocationError",
    "SaltMasterError",
    "SaltNoMinionsFound",
    "SaltRenderError",
    "SaltReqTimeoutError",
    "SaltRunnerError",
    "SaltSystemExit",
    "SaltWheelError",
    "TemplateError",
    "TimedProcTimeoutError",
    "TimeoutError",
    "TokenAuthenticationError",
    "VMwareSaltError",
];
