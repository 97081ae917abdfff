//! Grains of the grains file as they should be.

use data::lookup::{DELIMITER, find};
use data::loose::Flag;
use data::{Dict, Value};

use super::file::act::{Act, done, well};
use super::{Outcome, StateEntry, StateError, entry};
use crate::{Ctx, args};

/// The states of `grains`.
pub const STATES: &[StateEntry] = &[
    entry::<Exists>(),
    entry::<Present>(),
    entry::<ListPresent>(),
    entry::<ListAbsent>(),
    entry::<Absent>(),
    entry::<Append>(),
];

args! {
    /// Be true when there is a grain of that name.
    ///
    /// ```yaml
    /// roles:
    ///   grains.exists
    /// ```
    pub(crate) struct Exists {
        name: String,
        #[serde(default = delimiter)]
        delimiter: String,
    }

    /// Have a grain with this value; `a:b` is one inside another.
    ///
    /// ```yaml
    /// cheese:
    ///   grains.present:
    ///     - value: edam
    ///     - force: True     # also in the place of a list or dict
    /// ```
    pub(crate) struct Present {
        name: String,
        value: Value,
        #[serde(default = delimiter)]
        delimiter: String,
        #[serde(default)]
        force: Flag,
    }

    /// Have a value, or several, in a grain that is a list.
    ///
    /// ```yaml
    /// roles:
    ///   grains.list_present:
    ///     - value: [web, dev]
    /// ```
    pub(crate) struct ListPresent {
        name: String,
        value: Value,
        #[serde(default = delimiter)]
        delimiter: String,
    }

    /// Have a value, or several, not in a grain that is a list.
    ///
    /// ```yaml
    /// roles:
    ///   grains.list_absent:
    ///     - value: db
    /// ```
    pub(crate) struct ListAbsent {
        name: String,
        value: Value,
        #[serde(default = delimiter)]
        delimiter: String,
    }

    /// Have a grain that is none, or with `destructive` no such grain.
    ///
    /// ```yaml
    /// grain_name:
    ///   grains.absent:
    ///     - destructive: True
    ///     - force: True     # also when it is a list or dict
    /// ```
    pub(crate) struct Absent {
        name: String,
        #[serde(default)]
        destructive: Flag,
        #[serde(default = delimiter)]
        delimiter: String,
        #[serde(default)]
        force: Flag,
    }

    /// Have a value in a grain that is a list and is there.
    ///
    /// ```yaml
    /// grain_name:
    ///   grains.append:
    ///     - value: to_be_added
    ///     - convert: True     # a grain that is no list becomes one
    /// ```
    pub(crate) struct Append {
        name: String,
        value: Value,
        #[serde(default)]
        convert: Flag,
        #[serde(default = delimiter)]
        delimiter: String,
    }
}

fn delimiter() -> String {
    DELIMITER.to_owned()
}

/// A grain's name with the usual delimiter, and the grain.
fn grain(ctx: &Ctx<'_>, name: &str, delimiter: &str) -> (String, Option<Value>) {
    let name = if delimiter.is_empty() { name.to_owned() } else { name.replace(delimiter, DELIMITER) };
    let value = find(&ctx.grains(), &name, DELIMITER).cloned();
    (name, value)
}

/// One value, or those of a list.
fn values(value: &Value) -> Vec<Value> {
    value.as_list().map_or_else(|| vec![value.clone()], <[Value]>::to_vec)
}

/// Sets a grain as `grains.set` does; what it says.
fn set(ctx: &Ctx<'_>, name: &str, value: Value, options: Dict) -> Result<Outcome, StateError> {
    let set = ctx.call("grains.set", vec![name.into(), value], options)?;
    let changes = set.get("changes").and_then(Value::as_dict).cloned().unwrap_or_default();
    let comment = set.get("comment").map(Value::to_string).unwrap_or_default();
    Ok(Outcome::new(set.get("result").and_then(Value::as_bool), comment).with_changes(changes))
}

impl Act for Exists {
    const FUN: &'static str = "grains.exists";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        match grain(ctx, &self.name, &self.delimiter).1 {
            Some(_) => well("Grain exists"),
            None => Err(StateError::refused("Grain does not exist")),
        }
    }
}

impl Act for Present {
    const FUN: &'static str = "grains.present";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let (name, is) = grain(ctx, &self.name, &self.delimiter);
        let value = &self.value;
        if is.as_ref() == Some(value) {
            return well("Grain is already set");
        }
        if ctx.test {
            let (comment, changes) = match is {
                None => ("added", Dict::new().with("new", name.as_str())),
                Some(_) => {
                    ("changed", Dict::new().with("changed", Dict::new().with(name.as_str(), value.clone())))
                }
            };
            return Ok(done(ctx, changes, format!("Grain {name} is set to be {comment}")));
        }
        let mut outcome = set(ctx, &name, value.clone(), Dict::new().with("force", self.force.0))?;
        if outcome.result == Some(true) && !outcome.changes.is_empty() {
            outcome.comment = format!("Set grain {name} to {value}");
        }
        Ok(outcome)
    }
}

impl Act for ListPresent {
    const FUN: &'static str = "grains.list_present";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let (name, is) = grain(ctx, &self.name, &self.delimiter);
        let is = is.filter(Value::is_true);
        let there: &[Value] = match is.as_ref() {
            None => &[],
            Some(Value::List(list)) => list,
            Some(_) => return Err(StateError::refused(format!("Grain {name} is not a valid list"))),
        };
        let (known, new): (Vec<Value>, Vec<Value>) =
            values(&self.value).into_iter().partition(|value| there.contains(value));
        if new.is_empty() {
            return well(format!("Value {} is already in grain {name} (or pending)", self.value));
        }
        let value =
            if self.value.as_list().is_some() { Value::from(new.clone()) } else { self.value.clone() };
        if ctx.test {
            let comment = match is {
                Some(_) => format!("Value {value} is set to be appended to grain {name}"),
                None => format!("Grain {name} is set to be added"),
            };
            return Ok(done(ctx, Dict::new().with("new", is.unwrap_or_else(|| "".into())), comment));
        }
        let appended = ctx.call("grains.append", vec![name.as_str().into(), value.clone()], Dict::new())?;
        let now = grain(ctx, &name, DELIMITER).1.unwrap_or_default();
        if !new.iter().all(|value| now.as_list().is_some_and(|list| list.contains(value))) {
            return Err(StateError::refused(format!("Failed append value {value} to grain {name}")));
        }
        let mut comment = String::new();
        if !known.is_empty() && self.value.as_list().is_some() {
            comment = format!(
                "Removed value {} from update due to value found in \"{name}\" (or pending).\n",
                Value::from(known)
            );
        }
        comment.push_str(&format!("Append value {value} to grain {name}"));
        Ok(done(ctx, Dict::new().with("new", appended), comment))
    }
}

impl Act for ListAbsent {
    const FUN: &'static str = "grains.list_absent";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let (name, is) = grain(ctx, &self.name, &self.delimiter);
        let list = match is.filter(Value::is_true) {
            None => return well(format!("Grain {name} does not exist")),
            Some(Value::List(list)) => list,
            Some(_) => return Err(StateError::refused(format!("Grain {name} is not a valid list"))),
        };
        let (mut comments, mut deleted) = (Vec::new(), Vec::new());
        for value in values(&self.value) {
            if !list.contains(&value) {
                comments.push(format!("Value {value} is absent from grain {name}"));
                continue;
            }
            if ctx.test {
                comments.push(format!("Value {value} in grain {name} is set to be deleted"));
            } else {
                ctx.call("grains.remove", vec![name.as_str().into(), value.clone()], Dict::new())?;
                comments.push(format!("Value {value} was deleted from grain {name}"));
            }
            deleted.push(value);
        }
        let comment = comments.join("\n");
        if deleted.is_empty() {
            well(comment)
        } else {
            Ok(done(ctx, Dict::new().with("deleted", deleted), comment))
        }
    }
}

impl Act for Absent {
    const FUN: &'static str = "grains.absent";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let (name, is) = grain(ctx, &self.name, &self.delimiter);
        let destructive = self.destructive.0;
        let Some(is) = is else { return well(format!("Grain {name} does not exist")) };
        if is.is_none() && !destructive {
            return well(format!("Value for grain {name} is None already"));
        }
        let changes = if destructive {
            Dict::new().with("deleted", name.as_str())
        } else {
            Dict::new().with("grain", name.as_str()).with("value", Value::None)
        };
        if ctx.test {
            let comment = if destructive {
                format!("Grain {name} is set to be deleted")
            } else {
                format!("Value for grain {name} is set to be deleted (None)")
            };
            return Ok(done(ctx, changes, comment));
        }
        let options = Dict::new().with("destructive", destructive).with("force", self.force.0);
        let outcome = set(ctx, &name, Value::None, options)?;
        if outcome.result != Some(true) {
            return Ok(outcome);
        }
        let comment = if destructive {
            format!("Grain {name} was deleted")
        } else {
            format!("Value for grain {name} was set to None")
        };
        Ok(done(ctx, changes, comment))
    }
}

impl Act for Append {
    const FUN: &'static str = "grains.append";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let (name, is) = grain(ctx, &self.name, &self.delimiter);
        let value = &self.value;
        let Some(is) = is else { return Err(StateError::refused(format!("Grain {name} does not exist"))) };
        let changes = Dict::new().with("added", value.clone());
        let added = format!("Value {value} was added to grain {name}");
        match is {
            Value::List(list) if list.contains(value) => {
                well(format!("Value {value} is already in the list for grain {name}"))
            }
            Value::List(_) if ctx.test => {
                Ok(done(ctx, changes, format!("Value {value} in grain {name} is set to be added")))
            }
            Value::List(_) => {
                ctx.call("grains.append", vec![name.as_str().into(), value.clone()], Dict::new())?;
                Ok(done(ctx, changes, added))
            }
            _ if !self.convert.0 => Err(StateError::refused(format!("Grain {name} is not a valid list"))),
            _ if ctx.test => {
                let comment =
                    format!("Grain {name} is set to be converted to list and value {value} will be added");
                Ok(done(ctx, changes, comment))
            }
            one => {
                let mut list = if one.is_none() { Vec::new() } else { vec![one] };
                list.push(value.clone());
                ctx.call(
                    "grains.set",
                    vec![name.as_str().into(), list.into()],
                    Dict::new().with("force", true),
                )?;
                Ok(done(ctx, changes, added))
            }
        }
    }
}
