//! Which users besides root may publish what: `publisher_acl` and `publisher_acl_blacklist`, as in Salt.
//!
//! ```yaml
//! publisher_acl:
//!   fred:                        # a name, glob or regular expression; `admins%` is a group
//!     - test.ping                # on all minions
//!     - web*:                    # a compound target: all minions of the job must be in it
//!       - pkg.*
//!       - state.apply: {args: ['nginx'], kwargs: {test: 'True'}}
//! ```
//!
//! Expressions match from beginning to end; whoever is not named may do nothing.

use data::{Dict, Value};
use proto::target::glob::Glob;
use proto::target::pcre::Pcre;

/// The two settings.
#[derive(Clone, Debug, Default)]
pub struct Acl {
    rules: Dict,
    blacklist: Dict,
}

/// Who asks.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// The name, or the number of a user without one.
    pub name: String,
    /// Names of the groups.
    pub groups: Vec<String>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The function.
    pub fun: &'a str,
    /// Its arguments.
    pub args: &'a [Value],
    /// The keyword ones.
    pub kwargs: &'a Dict,
}

impl Acl {
    /// As the config has them.
    pub fn new(rules: &Dict, blacklist: &Dict) -> Self {
        Acl { rules: rules.clone(), blacklist: blacklist.clone() }
    }

    /// Whether anybody but root may do anything.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether the user may do this. `covers` says whether all minions of the job are in a compound target.
    pub fn allows(&self, user: &User, asked: Asked<'_>, covers: &dyn Fn(&str) -> bool) -> bool {
        let listed = |key: &str, text: &str| texts(self.blacklist.get(key)).any(|e| matches(e, text));
        if listed("users", &user.name) || listed("modules", asked.fun) {
            return false;
        }
        self.rules.iter().any(|(who, rules)| {
            who.as_str().is_some_and(|who| is_user(who, user))
                && rules.as_list().unwrap_or(std::slice::from_ref(rules)).iter().any(|rule| match rule {
                    Value::Str(fun) => matches(fun, asked.fun),
                    Value::Dict(targets) => targets
                        .iter()
                        .any(|(target, funs)| functions(funs, asked) && target.as_str().is_some_and(covers)),
                    _ => false,
                })
        })
    }
}

fn is_user(who: &str, user: &User) -> bool {
    match who.strip_suffix('%') {
        Some(group) => user.groups.iter().any(|g| matches(group, g)),
        None => matches(who, &user.name),
    }
}

/// One function or a list of them, each a name or a name with conditions on its arguments.
fn functions(funs: &Value, asked: Asked<'_>) -> bool {
    funs.as_list().unwrap_or(std::slice::from_ref(funs)).iter().any(|fun| match fun {
        Value::Str(fun) => matches(fun, asked.fun),
        Value::Dict(with) => with.iter().any(|(fun, conditions)| {
            fun.as_str().is_some_and(|fun| matches(fun, asked.fun))
                && conditions
                    .as_list()
                    .unwrap_or(std::slice::from_ref(conditions))
                    .iter()
                    .any(|condition| arguments(condition, asked))
        }),
        _ => false,
    })
}

fn arguments(condition: &Value, asked: Asked<'_>) -> bool {
    let Some(condition) = condition.as_dict() else { return false };
    let fits = |wanted: &Value, given: Option<&Value>| match (wanted, given) {
        (_, None) => false,
        (Value::None, Some(_)) => true,
        (wanted, Some(given)) => matches(&wanted.to_string(), &given.to_string()),
    };
    let args = condition.get("args").and_then(Value::as_list).unwrap_or_default();
    let kwargs = condition.get("kwargs").and_then(Value::as_dict);
    args.iter().enumerate().all(|(at, wanted)| fits(wanted, asked.args.get(at)))
        && kwargs.is_none_or(|kwargs| {
            kwargs
                .iter()
                .all(|(name, wanted)| fits(wanted, name.as_str().and_then(|name| asked.kwargs.get(name))))
        })
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_list).unwrap_or_default().iter().filter_map(Value::as_str)
}

/// A literal text, a glob, or a regular expression for the whole of it.
fn matches(expression: &str, text: &str) -> bool {
    expression == text
        || Glob::new(expression).matches(text)
        || Pcre::new(&format!(r"(?:{expression})\z")).is_ok_and(|regex| regex.matches(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl(rules: &str, blacklist: &str) -> Acl {
        let read = |text: &str| data::yaml::load(text).unwrap().as_dict().cloned().unwrap_or_default();
        Acl::new(&read(rules), &read(blacklist))
    }

    fn ask(acl: &Acl, user: &str, fun: &str, args: &[&str], kwargs: &Dict) -> bool {
        let user = User { name: user.into(), groups: vec!["staff".into()] };
        let args: Vec<Value> = args.iter().map(|a| Value::from(*a)).collect();
        acl.allows(&user, Asked { fun, args: &args, kwargs }, &|target| target == "web*")
    }

    #[test]
    fn whoever_is_not_named_may_do_nothing() {
        let none = Dict::new();
        let acl = acl("fred: [test.ping, 'network.*']\nann: [{'web*': ['pkg.*']}, {'db*': ['.*']}]\n", "{}");
        for (user, fun, allowed) in [
            ("fred", "test.ping", true),
            ("fred", "test.pings", false),
            ("fred", "network.ip_addrs", true),
            ("fred", "cmd.run", false),
            ("fredd", "test.ping", false),
            ("ann", "pkg.install", true),
            ("ann", "test.ping", false),
            ("root2", "test.ping", false),
        ] {
            assert_eq!(ask(&acl, user, fun, &[], &none), allowed, "{user} {fun}");
        }
    }

    #[test]
    fn groups_arguments_and_the_blacklist() {
        let acl = acl(
            "staff%: ['state.*', {'web*': [{test.echo: {args: ['a.*'], kwargs: {x: null}}}]}]\n'*': [test.ping]\n",
            "users: [mallory]\nmodules: [cmd.*, state.highstate]\n",
        );
        let (none, x) = (Dict::new(), Dict::new().with("x", 1));
        assert!(ask(&acl, "bob", "state.apply", &[], &none));
        assert!(!ask(&acl, "bob", "state.highstate", &[], &none));
        assert!(ask(&acl, "bob", "test.ping", &[], &none));
        assert!(!ask(&acl, "mallory", "test.ping", &[], &none));
        assert!(ask(&acl, "bob", "test.echo", &["abc"], &x));
        assert!(!ask(&acl, "bob", "test.echo", &["abc"], &none));
        assert!(!ask(&acl, "bob", "test.echo", &["bc"], &x));
        assert!(!ask(&acl, "bob", "test.echo", &[], &x));
    }
}
