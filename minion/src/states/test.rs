//! States that touch nothing: to try requisites, outputs and test mode.

use data::{Dict, Value};

use super::{Applied, Outcome, Plan, State, StateEntry, StateError, entry, old_new};
use crate::{Ctx, args};

/// The states of `test`.
pub const STATES: &[StateEntry] = &[
    entry::<Nop>(),
    entry::<SucceedWithoutChanges>(),
    entry::<FailWithoutChanges>(),
    entry::<SucceedWithChanges>(),
    entry::<FailWithChanges>(),
    entry::<ConfigurableTestState>(),
    entry::<ShowNotification>(),
    entry::<CheckPillar>(),
];

args! {
    /// Do nothing, successfully.
    ///
    /// ```yaml
    /// anchor:
    ///   test.nop
    /// ```
    pub struct Nop {
        name: Value,
        #[serde(default)]
        comment: Value,
        #[serde(default)]
        result: Value,
        #[serde(default)]
        changes: Value,
    }

    /// Succeed and change nothing. `comment` is what it says.
    ///
    /// ```yaml
    /// fine:
    ///   test.succeed_without_changes
    /// ```
    pub struct SucceedWithoutChanges {
        name: Value,
        #[serde(default)]
        comment: Value,
        #[serde(default)]
        result: Value,
        #[serde(default)]
        changes: Value,
    }

    /// Fail and change nothing. `comment` is what it says.
    ///
    /// ```yaml
    /// broken:
    ///   test.fail_without_changes
    /// ```
    pub struct FailWithoutChanges {
        name: Value,
        #[serde(default)]
        comment: Value,
        #[serde(default)]
        result: Value,
        #[serde(default)]
        changes: Value,
    }

    /// Succeed and pretend to change something. `comment` is what it says.
    ///
    /// ```yaml
    /// changed:
    ///   test.succeed_with_changes
    /// ```
    pub struct SucceedWithChanges {
        name: Value,
        #[serde(default)]
        comment: Value,
        #[serde(default)]
        result: Value,
        #[serde(default)]
        changes: Value,
    }

    /// Fail and pretend to have changed something. `comment` is what it says.
    ///
    /// ```yaml
    /// half done:
    ///   test.fail_with_changes
    /// ```
    pub struct FailWithChanges {
        name: Value,
        #[serde(default)]
        comment: Value,
        #[serde(default)]
        result: Value,
        #[serde(default)]
        changes: Value,
    }

    /// Do as told.
    ///
    /// ```yaml
    /// as told:
    ///   test.configurable_test_state:
    ///     - changes: True        # True, False or Random
    ///     - result: False        # True, False or Random
    ///     - comment: bar.baz
    ///     - warnings: a text or a list
    ///     - allow_test_mode_failure: False
    /// ```
    pub struct ConfigurableTestState {
        name: Value,
        #[serde(default = yes)]
        changes: Value,
        #[serde(default = yes)]
        result: Value,
        #[serde(default)]
        comment: String,
        #[serde(default)]
        warnings: Value,
        #[serde(default)]
        allow_test_mode_failure: bool,
    }

    /// Show a text among the results.
    ///
    /// ```yaml
    /// told:
    ///   test.show_notification:
    ///     - text: Please check
    /// ```
    pub struct ShowNotification {
        name: Value,
        #[serde(default)]
        text: Value,
    }

    /// Fail unless the pillar has these keys with these types.
    ///
    /// ```yaml
    /// checked:
    ///   test.check_pillar:
    ///     - present: [a, 'b:c']
    ///     - boolean: d
    ///     - integer: e
    ///     - string: f
    ///     - listing: g
    ///     - dictionary: h
    ///     - verbose: True
    /// ```
    pub struct CheckPillar {
        name: Value,
        #[serde(default)]
        present: Value,
        #[serde(default)]
        boolean: Value,
        #[serde(default)]
        integer: Value,
        #[serde(default)]
        string: Value,
        #[serde(default)]
        listing: Value,
        #[serde(default)]
        dictionary: Value,
        #[serde(default)]
        verbose: bool,
    }
}

fn yes() -> Value {
    Value::Bool(true)
}

fn pretended() -> Dict {
    Dict::new().with("testing", old_new("Unchanged", "Something pretended to change"))
}

fn said(comment: &Value, otherwise: &str) -> String {
    if comment.is_none() { otherwise.to_owned() } else { comment.to_string() }
}

/// What these states do when a watched one changed: say so, with what the arguments put in its place.
fn fired(ctx: &Ctx<'_>, result: &Value, comment: &Value, changes: &Value) -> Outcome {
    let watched = ctx.chunk().map(|chunk| chunk.watched.as_slice()).unwrap_or_default();
    let changed: Vec<String> =
        watched.iter().filter(|w| w.changed).map(|w| format!("{}: {}", w.state, w.id)).collect();
    let default = || Dict::new().with("Requisites with changes", changed);
    Outcome {
        result: if result.is_none() { Some(true) } else { result.as_bool() },
        changes: changes.as_dict().cloned().unwrap_or_else(default),
        comment: said(comment, "Watch statement fired."),
        extra: Dict::new(),
    }
}

/// The states whose plan is their result.
macro_rules! settled_states {
    ($($state:ident, $fun:literal, $plan:expr;)+) => {$(
        impl State for $state {
            const FUN: &'static str = $fun;
            const WATCHES: bool = true;
            type Step = ();

            fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
                let plan: fn(bool, &Value) -> (Option<bool>, Dict, String) = $plan;
                let (result, changes, comment) = plan(ctx.test, &self.comment);
                Ok(Plan::settled(result, changes, comment))
            }

            fn apply(&self, (): (), _: &Ctx<'_>) -> Result<Applied, StateError> {
                Ok(Applied::AsPlanned)
            }

            fn mod_watch(&self, _: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
                let _ = &self.name;
                Some(Ok(fired(ctx, &self.result, &self.comment, &self.changes)))
            }
        }
    )+};
}

settled_states! {
    // Whatever it is told, it says the same.
    Nop, "test.nop", |_, _| (Some(true), Dict::new(), "Success!".to_owned());
    SucceedWithoutChanges, "test.succeed_without_changes",
        |_, comment| (Some(true), Dict::new(), said(comment, "Success!"));
    FailWithoutChanges, "test.fail_without_changes", |test, comment| {
        let comment = if test {
            "If we weren't testing, this would be a failure!".to_owned()
        } else {
            said(comment, "Failure!")
        };
        (Some(false), Dict::new(), comment)
    };
    SucceedWithChanges, "test.succeed_with_changes", |test, comment| {
        if test {
            let comment = "If we weren't testing, this would be successful with changes";
            return (None, pretended(), comment.to_owned());
        }
        (Some(true), pretended(), said(comment, "Success!"))
    };
    FailWithChanges, "test.fail_with_changes", |test, comment| {
        if test {
            return (None, pretended(), "If we weren't testing, this would be failed with changes".to_owned());
        }
        (Some(false), pretended(), said(comment, "Failure!"))
    };
}

impl ConfigurableTestState {
    fn chosen(&self, value: &Value, option: &str, ctx: &Ctx<'_>) -> Result<bool, StateError> {
        match value {
            Value::Bool(chosen) => Ok(*chosen),
            other if other.to_string().to_lowercase() == "random" => {
                let now = ctx.host.now().duration_since(std::time::SystemTime::UNIX_EPOCH);
                Ok(now.unwrap_or_default().subsec_nanos().is_multiple_of(2))
            }
            _ => Err(StateError::raised(
                "salt.exceptions.SaltInvocationError",
                format!(
                    "You have specified the state option '{option}' with invalid arguments. It must be either True, \
                     False, or 'Random'"
                ),
            )),
        }
    }
}

impl State for ConfigurableTestState {
    const FUN: &'static str = "test.configurable_test_state";
    const KWARGS: bool = false;
    const WATCHES: bool = true;
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let changes = if self.chosen(&self.changes, "changes", ctx)? { pretended() } else { Dict::new() };
        let result = self.chosen(&self.result, "result", ctx)?;
        let mut comment = self.comment.clone();
        let mut outcome = Some(result);
        if ctx.test {
            let failure = self.allow_test_mode_failure && self.result.as_bool() == Some(false);
            let unchanged = self.changes.as_bool() == Some(false);
            outcome = if failure { Some(false) } else { unchanged.then_some(true) };
            if comment.is_empty() {
                comment = "This is a test".to_owned();
            }
        }
        let plan = Plan::settled(outcome, changes, comment);
        match &self.warnings {
            Value::None => Ok(plan),
            Value::Str(one) => Ok(plan.with_extra("warnings", vec![&**one])),
            Value::List(_) => Ok(plan.with_extra("warnings", self.warnings.clone())),
            _ => Err(StateError::raised(
                "salt.exceptions.SaltInvocationError",
                "You have specified the state option 'warnings' with invalid arguments. It must be a string or a list \
                 of strings",
            )),
        }
    }

    fn apply(&self, (): (), _: &Ctx<'_>) -> Result<Applied, StateError> {
        Ok(Applied::AsPlanned)
    }

    fn mod_watch(&self, _: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        let _ = &self.name;
        let comment = if self.comment.is_empty() { Value::None } else { self.comment.as_str().into() };
        let changes = if self.changes.as_bool() == Some(false) { Value::dict() } else { Value::None };
        Some(Ok(fired(ctx, &self.result, &comment, &changes)))
    }
}

impl State for ShowNotification {
    const FUN: &'static str = "test.show_notification";
    const WATCHES: bool = true;
    type Step = ();

    fn plan(&self, _: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        if !self.text.is_true() {
            return Err(StateError::raised(
                "salt.exceptions.SaltInvocationError",
                "Missing required argument text.",
            ));
        }
        Ok(Plan::nothing(self.text.to_string()))
    }

    fn apply(&self, (): (), _: &Ctx<'_>) -> Result<Applied, StateError> {
        Ok(Applied::AsPlanned)
    }

    fn mod_watch(&self, _: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        let _ = &self.name;
        Some(Ok(fired(ctx, &Value::None, &Value::None, &Value::None)))
    }
}

/// Whether a value has a type of Python's.
fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "int" => matches!(value, Value::Int(_) | Value::BigInt(_) | Value::Bool(_)),
        kind => value.type_name() == kind,
    }
}

impl State for CheckPillar {
    const FUN: &'static str = "test.check_pillar";
    const KWARGS: bool = false;
    const WATCHES: bool = true;
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let checks = [
            (&self.present, None),
            (&self.boolean, Some(("bool", "<class 'bool'>"))),
            (&self.integer, Some(("int", "<class 'int'>"))),
            (&self.string, Some(("str", "(<class 'str'>,)"))),
            (&self.listing, Some(("list", "<class 'list'>"))),
            (&self.dictionary, Some(("dict", "<class 'dict'>"))),
        ];
        if !checks.iter().any(|(keys, _)| keys.is_true()) {
            return Err(StateError::raised(
                "salt.exceptions.SaltInvocationError",
                "Missing required argument text.",
            ));
        }
        let pillar = ctx.pillar();
        let (mut failed, mut fine) = (Dict::new(), Dict::new());
        for (keys, kind) in checks {
            let keys = match keys {
                Value::None => Vec::new(),
                Value::List(keys) => keys.to_vec(),
                one => vec![one.clone()],
            };
            for key in keys {
                let shown = kind.map_or("None", |(_, shown)| shown);
                match data::lookup::traverse(&pillar, &key.to_string(), ":").filter(|v| !v.is_none()) {
                    None => failed.insert(key, "is missing.\n"),
                    Some(value) if kind.is_some_and(|(kind, _)| !is_a(&value, kind)) => {
                        failed.insert(key, format!("is not {shown}.\n"))
                    }
                    Some(_) => fine.insert(key, shown),
                };
            }
        }
        let mut comment: String =
            failed.iter().map(|(key, why)| format!("Pillar key \"{key}\" {why}")).collect();
        if self.verbose && !fine.is_empty() {
            comment.push_str("Those keys passed the check:\n");
            comment.extend(fine.iter().map(|(key, kind)| format!("- {key} ({kind})\n")));
        }
        Ok(Plan::settled(Some(failed.is_empty()), Dict::new(), comment))
    }

    fn apply(&self, (): (), _: &Ctx<'_>) -> Result<Applied, StateError> {
        Ok(Applied::AsPlanned)
    }

    fn mod_watch(&self, _: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        let _ = &self.name;
        Some(Ok(fired(ctx, &Value::None, &Value::None, &Value::None)))
    }
}
