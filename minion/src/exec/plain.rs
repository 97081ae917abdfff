//! Functions of a few lines: a row of name, parameters, doc and body, instead of a struct for each.

use data::{Dict, Value};

/// Declares the rows of a module whose functions look at their arguments by name:
///
/// ```ignore
/// functions! {
///     /// Return `True`, having logged the message.
///     "log.info"("message") = |args, _| { … };
/// }
/// ```
macro_rules! functions {
    ($($(#[doc = $doc:literal])+ $fun:literal($signature:literal) = $call:expr;)*) => {
        /// The rows of this module.
        pub const FUNCTIONS: &[$crate::exec::ExecEntry] =
            &[$($crate::exec::ExecEntry::plain($fun, $signature, concat!($($doc, "\n"),+), $call)),*];
    };
}
pub(crate) use functions;

/// What is bound to parameters; a parameter that was not given is none.
pub(crate) trait Given {
    /// The value of a parameter.
    fn arg(&self, name: &str) -> &Value;

    /// The same as text.
    fn text(&self, name: &str) -> String {
        self.arg(name).to_string()
    }

    /// The same as text, where it is something.
    fn some_text(&self, name: &str) -> Option<String> {
        let value = self.arg(name);
        (!value.is_none()).then(|| value.to_string())
    }

    /// Whether it is true.
    fn is_set(&self, name: &str, default: bool) -> bool;
}

impl Given for Dict {
    fn arg(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::None)
    }

    fn is_set(&self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, Value::is_true)
    }
}
