//! Parameters as Python writes them, and binding arguments to them as Python does.

use data::{Dict, Value};

use super::ExecError;

/// A parsed parameter list.
#[derive(Debug, Default, PartialEq)]
pub struct Signature<'a> {
    /// The named parameters in order.
    pub parameters: Vec<Parameter<'a>>,
    /// The name of `*args`.
    pub varargs: Option<&'a str>,
    /// The name of `**kwargs`.
    pub kwargs: Option<&'a str>,
}

/// One named parameter.
#[derive(Debug, PartialEq)]
pub struct Parameter<'a> {
    /// Its name.
    pub name: &'a str,
    /// The text of its default.
    pub default: Option<&'a str>,
    /// Whether it comes after `*args`, so that only its name reaches it.
    pub keyword_only: bool,
}

impl Parameter<'_> {
    /// The default as a value.
    pub fn default_value(&self) -> Option<Value> {
        self.default.map(|text| match text {
            "None" => Value::None,
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            "()" => Value::list(),
            "{}" | "[]" => Value::None,
            _ if text.starts_with(['\'', '"']) => Value::from(text.trim_matches(['\'', '"'])),
            _ => data::yaml::load(text).unwrap_or_else(|_| Value::from(text)),
        })
    }
}

impl<'a> Signature<'a> {
    /// Parses `a, b=None, *args, **kwargs`. A default may hold commas inside quotes and brackets; after a lone `*`
    /// only names reach.
    pub fn parse(text: &'a str) -> Signature<'a> {
        let mut signature = Signature::default();
        let mut keyword_only = false;
        for part in split(text) {
            if let Some(name) = part.strip_prefix("**") {
                signature.kwargs = Some(name);
            } else if let Some(name) = part.strip_prefix('*') {
                signature.varargs = Some(name).filter(|name| !name.is_empty());
                keyword_only = true;
            } else {
                let (name, default) = match part.split_once('=') {
                    Some((name, default)) => (name.trim(), Some(default.trim())),
                    None => (part, None),
                };
                signature.parameters.push(Parameter { name, default, keyword_only });
            }
        }
        signature
    }

    fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|p| p.name == name)
    }

    /// The arguments by parameter name; wrong ones are refused in Python's and Salt's words.
    pub fn bind(&self, fun: &str, args: Vec<Value>, kwargs: Dict) -> Result<Dict, ExecError> {
        let mut bound = Dict::with_capacity(args.len() + kwargs.len());
        let mut rest = Dict::new();
        let mut invalid = Vec::new();
        for (key, value) in kwargs {
            let known = key.as_str().is_some_and(|k| self.has(k));
            if known {
                bound.insert(key, value);
            } else if self.kwargs.is_some() {
                rest.insert(key, value);
            } else {
                invalid.push(format!("{key}={value}"));
            }
        }
        if !invalid.is_empty() {
            return Err(ExecError::invocation(format!(
                "The following keyword arguments are not valid: {}",
                invalid.join(", ")
            )));
        }
        let given = args.len();
        let mut more = args.into_iter();
        for parameter in self.parameters.iter().filter(|p| !p.keyword_only) {
            let Some(value) = more.next() else { break };
            if bound.contains(parameter.name) {
                return Err(ExecError::Arguments(format!(
                    "{fun}() got multiple values for argument '{}'",
                    parameter.name
                )));
            }
            bound.insert(parameter.name, value);
        }
        let left: Vec<Value> = more.collect();
        match self.varargs {
            Some(name) => {
                bound.insert(name, left);
            }
            None if !left.is_empty() => return Err(self.too_many(fun, given)),
            None => {}
        }
        let missing: Vec<&str> = self
            .parameters
            .iter()
            .filter(|p| p.default.is_none() && !bound.contains(p.name))
            .map(|p| p.name)
            .collect();
        if !missing.is_empty() {
            return Err(ExecError::Arguments(format!(
                "{fun}() missing {} required positional argument{}: {}",
                missing.len(),
                plural(missing.len()),
                quoted_list(&missing)
            )));
        }
        if let Some(name) = self.kwargs {
            bound.insert(name, rest);
        }
        Ok(bound)
    }

    fn too_many(&self, fun: &str, given: usize) -> ExecError {
        let most = self.parameters.len();
        let least = self.parameters.iter().filter(|p| p.default.is_none()).count();
        let takes = if least == most { most.to_string() } else { format!("from {least} to {most}") };
        let was = if given == 1 { "was" } else { "were" };
        let s = if least == most { plural(most) } else { "s" };
        ExecError::Arguments(format!("{fun}() takes {takes} positional argument{s} but {given} {was} given"))
    }
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// `'a'`, `'a' and 'b'`, `'a', 'b', and 'c'`, as Python lists names.
fn quoted_list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("'{one}'"),
        [one, two] => format!("'{one}' and '{two}'"),
        [most @ .., last] => {
            let most: Vec<String> = most.iter().map(|n| format!("'{n}'")).collect();
            format!("{}, and '{last}'", most.join(", "))
        }
    }
}

fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut quote, mut depth) = (0, None, 0_u32);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), _) if q == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(text.get(start..at).unwrap_or_default().trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default().trim());
    parts.retain(|p| !p.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(signature: &str, args: &[i64], kwargs: &[(&str, i64)]) -> Result<Value, String> {
        let args = args.iter().map(|i| Value::from(*i)).collect();
        let kwargs = kwargs.iter().map(|(k, v)| (*k, *v)).collect();
        Signature::parse(signature).bind("f", args, kwargs).map(Value::from).map_err(|e| e.to_string())
    }

    #[test]
    fn binds_as_python_does() {
        for (signature, args, kwargs, want) in [
            ("a, b=1", &[1, 2][..], &[][..], Ok("{'a': 1, 'b': 2}")),
            ("a, b=1", &[1], &[("b", 3)], Ok("{'b': 3, 'a': 1}")),
            (
                "a, *args, **kwargs",
                &[1, 2, 3],
                &[("x", 3)],
                Ok("{'a': 1, 'args': [2, 3], 'kwargs': {'x': 3}}"),
            ),
            ("*args, a=None", &[1, 2], &[("a", 3)], Ok("{'a': 3, 'args': [1, 2]}")),
            ("", &[], &[], Ok("{}")),
            ("text", &[], &[], Err("f() missing 1 required positional argument: 'text'")),
            ("a, b, c", &[], &[], Err("f() missing 3 required positional arguments: 'a', 'b', and 'c'")),
            ("a, b", &[], &[], Err("f() missing 2 required positional arguments: 'a' and 'b'")),
            ("text", &[1, 2], &[], Err("f() takes 1 positional argument but 2 were given")),
            ("**kwargs", &[1], &[], Err("f() takes 0 positional arguments but 1 was given")),
            ("a, b=','", &[1, 2, 3], &[], Err("f() takes from 1 to 2 positional arguments but 3 were given")),
            ("a", &[1], &[("a", 2)], Err("f() got multiple values for argument 'a'")),
            (
                "a",
                &[1],
                &[("x", 2), ("y", 3)],
                Err("The following keyword arguments are not valid: x=2, y=3"),
            ),
        ] {
            let got = bind(signature, args, kwargs).map(|v| format!("{v:?}"));
            assert_eq!(got.as_deref(), want.map_err(str::to_owned).as_deref(), "{signature}");
        }
    }

    #[test]
    fn defaults_are_values() {
        let signature = Signature::parse("a, b=None, c='x,y', d=10, e=True, f=[1, 2]");
        let defaults: Vec<_> = signature.parameters.iter().filter_map(Parameter::default_value).collect();
        assert_eq!(format!("{defaults:?}"), "[None, 'x,y', 10, True, [1, 2]]");
        let lone = Signature::parse("a, *, b");
        assert_eq!((lone.varargs, lone.parameters.iter().filter(|p| p.keyword_only).count()), (None, 1));
    }
}
