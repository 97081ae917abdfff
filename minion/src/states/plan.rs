//! From plan to result: the one driver behind every state function.

use std::ptr::NonNull;

use data::{Dict, Value};
use sls::StateResult;

use super::{State, StateEntry};
use crate::Ctx;
use crate::exec::ExecError;
use crate::host::HostError;

/// What a state would do.
#[derive(Clone, Debug)]
pub struct Plan<S> {
    steps: Vec<S>,
    announced: Announced,
}

/// What a plan says beside its steps: the part that is the same for every state function.
#[derive(Clone, Debug)]
struct Announced {
    changes: Dict,
    comment: String,
    extra: Dict,
    /// A result that needs no step and does not depend on test mode.
    settled: Option<Option<bool>>,
}

impl<S> Plan<S> {
    /// All is as it should be: true, no changes.
    pub fn nothing(comment: impl Into<String>) -> Self {
        Plan::settled(Some(true), Dict::new(), comment)
    }

    /// The result stands already, in test mode as for real.
    pub fn settled(result: Option<bool>, changes: Dict, comment: impl Into<String>) -> Self {
        Plan { steps: Vec::new(), announced: Announced::new(changes, comment.into(), Some(result)) }
    }

    /// One step that makes one change. `comment` is said in test mode, and for real unless
    /// [`State::apply`] says something else.
    pub fn one(step: S, key: impl Into<Value>, change: impl Into<Value>, comment: impl Into<String>) -> Self {
        Plan::steps(vec![step], Dict::new().with(key, change), comment)
    }

    /// Several steps, and all changes that they make together. No steps is no plan: it is settled as true.
    pub fn steps(steps: Vec<S>, changes: Dict, comment: impl Into<String>) -> Self {
        let settled = steps.is_empty().then_some(Some(true));
        Plan { steps, announced: Announced::new(changes, comment.into(), settled) }
    }

    /// A further key of the result, such as `warnings`.
    #[must_use]
    pub fn with_extra(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.announced.extra.insert(key, value);
        self
    }

    /// Whether there is something to do.
    pub fn has_steps(&self) -> bool {
        !self.steps.is_empty()
    }

    /// The changes it announces.
    pub fn changes(&self) -> &Dict {
        &self.announced.changes
    }
}

/// A result that stands already, in test mode as for real.
impl<S> From<Outcome> for Plan<S> {
    fn from(Outcome { result, changes, comment, extra }: Outcome) -> Self {
        Plan { steps: Vec::new(), announced: Announced { changes, comment, extra, settled: Some(result) } }
    }
}

impl Announced {
    fn new(changes: Dict, comment: String, settled: Option<Option<bool>>) -> Self {
        Announced { changes, comment, extra: Dict::new(), settled }
    }
}

/// What a step came to.
#[derive(Clone, Debug)]
pub enum Applied {
    /// What the plan said.
    AsPlanned,
    /// The changes that the plan said; this is what there is to say.
    Said(String),
    /// Only the act told what changed. With no changes at all the state made none.
    Changed {
        /// What changed; merged over what earlier steps changed.
        changes: Dict,
        /// What there is to say.
        comment: String,
    },
    /// The end of the state, whatever the plan said.
    Done(Outcome),
}

/// A result that a state function put together itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// True, false, or none.
    pub result: Option<bool>,
    /// What changed.
    pub changes: Dict,
    /// What there is to say.
    pub comment: String,
    /// Further keys of the result.
    pub extra: Dict,
}

impl Outcome {
    /// A result without changes.
    pub fn new(result: Option<bool>, comment: impl Into<String>) -> Self {
        Outcome { result, comment: comment.into(), ..Outcome::default() }
    }

    /// The same with changes.
    #[must_use]
    pub fn with_changes(mut self, changes: Dict) -> Self {
        self.changes = changes;
        self
    }

    /// The result under a name.
    pub fn named(self, name: Value) -> StateResult {
        StateResult {
            name,
            result: self.result,
            changes: self.changes.into(),
            comment: self.comment,
            extra: self.extra,
            ..StateResult::default()
        }
    }
}

/// Why a state is false.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It cannot or will not be done; the text is the comment.
    #[error("{comment}")]
    Refused {
        /// What there is to say.
        comment: String,
        /// What had changed before.
        changes: Dict,
    },
    /// The host refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// An execution function raised.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// A file of the file server could not be had.
    #[error(transparent)]
    Fetch(#[from] sls::FetchError),
}

impl StateError {
    /// It cannot or will not be done.
    pub fn refused(comment: impl Into<String>) -> Self {
        StateError::Refused { comment: comment.into(), changes: Dict::new() }
    }

    /// It failed after something had changed.
    pub fn after(comment: impl Into<String>, changes: Dict) -> Self {
        StateError::Refused { comment: comment.into(), changes }
    }

    /// The function raised, as a state function of Salt does on bad arguments.
    pub fn raised(exception: &'static str, message: impl Into<String>) -> Self {
        StateError::Exec(ExecError::raised(exception, message))
    }

    /// The result of a state that ended so.
    pub(crate) fn into_outcome(self) -> Outcome {
        match self {
            StateError::Refused { comment, changes } => {
                Outcome::new(Some(false), comment).with_changes(changes)
            }
            StateError::Exec(ExecError::Raised { exception, message }) => Outcome::new(
                Some(false),
                format!("An exception occurred in this state: {exception}: {message}"),
            ),
            StateError::Exec(ExecError::Traced { exception, message, trace }) => Outcome::new(
                Some(false),
                format!("An exception occurred in this state: {exception}: {message}\n{trace}"),
            ),
            other => Outcome::new(Some(false), other.to_string()),
        }
    }
}

/// A state function with its arguments, whatever their types.
pub(super) trait Runs {
    fn run(&self, ctx: &Ctx<'_>) -> Outcome;
    fn watch(&self, sfun: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>>;
}

impl<S: State> Runs for S {
    fn run(&self, ctx: &Ctx<'_>) -> Outcome {
        outcome(self, ctx)
    }

    fn watch(&self, sfun: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        self.mod_watch(sfun, ctx)
    }
}

/// # Safety
/// There is an `S` at the place, as `Box` would have it, and nobody else has it.
pub(super) unsafe fn take_over<S: State>(place: NonNull<u8>) -> Box<dyn Runs> {
    // SAFETY: the caller's promise.
    unsafe { Box::from_raw(place.cast::<S>().as_ptr()) }
}

/// A state function with the arguments read.
fn make(entry: &StateEntry, args: Dict) -> Result<Box<dyn Runs>, Box<Outcome>> {
    let made = entry.shape.read(args).map_err(|error| {
        Box::new(Outcome::new(Some(false), format!("Passed invalid arguments to {}: {error}", entry.fun)))
    })?;
    // SAFETY: the entry's shape is that of the type that its function takes over.
    Ok(unsafe { (entry.make)(made.into_place()) })
}

/// Runs a state function: bad arguments are false, an empty plan is true, a plan in test mode is none.
pub(super) fn drive(entry: &StateEntry, args: Dict, ctx: &Ctx<'_>) -> StateResult {
    let name = args.get("name").cloned().unwrap_or_default();
    let outcome = make(entry, args).map_or_else(|refused| *refused, |state| state.run(ctx));
    outcome.named(name)
}

/// Runs what a state does when a watched one changed.
pub(super) fn watch(entry: &StateEntry, args: Dict, sfun: &str, ctx: &Ctx<'_>) -> Option<StateResult> {
    let name = args.get("name").cloned().unwrap_or_default();
    let outcome = match make(entry, args) {
        Err(refused) => *refused,
        Ok(state) => state.watch(sfun, ctx)?.unwrap_or_else(StateError::into_outcome),
    };
    Some(outcome.named(name))
}

/// Plans a state and carries the plan out, as far as test mode lets it: for `mod_watch`, and for states
/// that are made of others.
pub fn outcome<S: State>(state: &S, ctx: &Ctx<'_>) -> Outcome {
    let mut steps = Vec::new().into_iter();
    let announced = state.plan(ctx).map(|plan| {
        steps = plan.steps.into_iter();
        plan.announced
    });
    follow(announced, ctx.test, &mut || steps.next().map(|step| state.apply(step, ctx)))
}

/// The outcome of a plan whose steps are taken one by one as `next` is asked. Apart from [`outcome`] so
/// that it is compiled once and not once per state function.
fn follow(
    plan: Result<Announced, StateError>,
    test: bool,
    next: &mut dyn FnMut() -> Option<Result<Applied, StateError>>,
) -> Outcome {
    let Announced { changes: planned, comment, extra, settled } = match plan {
        Ok(plan) => plan,
        Err(error) => return error.into_outcome(),
    };
    if let Some(result) = settled {
        return Outcome { result, changes: planned, comment, extra };
    }
    if test {
        return Outcome { result: None, changes: planned, comment, extra };
    }
    let mut done = Outcome { result: Some(true), changes: Dict::new(), comment: String::new(), extra };
    let mut as_planned = false;
    while let Some(applied) = next() {
        match applied {
            Ok(Applied::AsPlanned) => as_planned = true,
            Ok(Applied::Said(comment)) => {
                as_planned = true;
                say(&mut done.comment, &comment);
            }
            Ok(Applied::Changed { changes, comment }) => {
                done.changes.extend(changes);
                say(&mut done.comment, &comment);
            }
            Ok(Applied::Done(outcome)) => {
                let mut changes = done.changes;
                changes.extend(outcome.changes);
                return Outcome { changes, ..outcome };
            }
            Err(error) => {
                let failed = error.into_outcome();
                done.result = Some(false);
                done.changes.extend(failed.changes);
                say(&mut done.comment, &failed.comment);
                return done;
            }
        }
    }
    if as_planned {
        let mut changes = planned;
        changes.extend(done.changes);
        done.changes = changes;
    }
    if done.comment.is_empty() {
        done.comment = comment;
    }
    done
}

fn say(comment: &mut String, more: &str) {
    if !comment.is_empty() && !more.is_empty() {
        comment.push('\n');
    }
    comment.push_str(more);
}
