//! `alternatives`: which of several programs a name means.

use data::Dict;

use super::{Applied, Outcome, Plan, State, StateEntry, StateError, entry};
use crate::exec::alternatives;
use crate::{Ctx, args};

/// The rows of this module.
pub const STATES: &[StateEntry] = &[entry::<Install>(), entry::<Remove>(), entry::<Auto>(), entry::<Set>()];

args! {
    /// A path is one of those that a name may mean.
    ///
    /// ```yaml
    /// pager:
    ///   alternatives.install:
    ///     - link: /usr/bin/pager      # → /etc/alternatives/pager
    ///     - path: /usr/bin/less
    ///     - priority: 30
    /// ```
    /// Changes: name, link, path and priority.
    pub struct Install {
        name: String,
        link: String,
        path: String,
        priority: i64,
    }

    /// A path is none of those that a name may mean.
    ///
    /// ```yaml
    /// pager:
    ///   alternatives.remove:
    ///     - path: /usr/bin/less
    /// ```
    /// Changes: `path`, the one that it means then.
    pub struct Remove {
        name: String,
        path: String,
    }

    /// A name means the path with the highest priority.
    ///
    /// ```yaml
    /// pager:
    ///   alternatives.auto
    /// ```
    /// Changes: `result`, what the program said.
    pub struct Auto {
        name: String,
    }

    /// A name means a path.
    ///
    /// ```yaml
    /// pager:
    ///   alternatives.set:
    ///     - path: /usr/bin/less
    /// ```
    /// Changes: `path`.
    pub struct Set {
        name: String,
        path: String,
    }
}

impl State for Install {
    const FUN: &'static str = "alternatives.install";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let Install { name, link, path, priority } = self;
        if alternatives::is_registered(ctx, name, path)? {
            return Ok(Plan::nothing(format!("Alternative {path} for {name} is already registered")));
        }
        let changes =
            Dict::new().with("name", name).with("link", link).with("path", path).with("priority", *priority);
        let comment = format!("Alternative will be set for {name} to {path} with priority {priority}");
        Ok(Plan::steps(vec![()], changes, comment))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let Install { name, link, path, priority } = self;
        let said = alternatives::install(ctx, name, link, path, *priority)?;
        if !alternatives::is_registered(ctx, name, path)? {
            return Err(StateError::refused(format!("Alternative for {name} not installed: {said}")));
        }
        Ok(Applied::Said(match alternatives::current(ctx, name).as_deref() == Some(path) {
            true => format!("Alternative for {name} set to path {path} with priority {priority}"),
            false => {
                format!(
                    "Alternative {path} for {name} registered with priority {priority} and not set to default"
                )
            }
        }))
    }
}

impl State for Remove {
    const FUN: &'static str = "alternatives.remove";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let Remove { name, path } = self;
        if alternatives::is_registered(ctx, name, path)? {
            let change = Dict::new().with("path", path);
            return Ok(Plan::steps(vec![()], change, format!("Alternative for {name} will be removed")));
        }
        match alternatives::current(ctx, name) {
            Some(current) => {
                Ok(Plan::nothing(format!("Alternative for {name} is set to it's default path {current}")))
            }
            // Salt says no to what is so already.
            None => Ok(Plan::nothing(format!("Alternative for {name} doesn't exist"))),
        }
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let Remove { name, path } = self;
        let said = alternatives::act(ctx, "--remove", name, Some(path))?;
        if alternatives::is_registered(ctx, name, path)? {
            return Err(StateError::refused(format!("Alternative for {name} not removed: {said}")));
        }
        let (comment, path) = match alternatives::current(ctx, name) {
            Some(current) => {
                (format!("Alternative for {name} removed. Falling back to path {current}"), current)
            }
            None => (format!("Alternative for {name} removed"), String::new()),
        };
        Ok(Applied::Changed { changes: Dict::new().with("path", path), comment })
    }
}

impl State for Auto {
    const FUN: &'static str = "alternatives.auto";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let name = &self.name;
        let Some(text) = alternatives::display(ctx, name)? else {
            return Err(StateError::refused(format!("Alternative for {name} doesn't exist")));
        };
        // `pager - auto mode`, with alternatives of Red Hat `pager - status is auto.`
        let line = text.lines().next().unwrap_or_default();
        if line.ends_with(" auto mode") || line.ends_with("status is auto.") {
            return Ok(Plan::nothing(format!("{name} already in auto mode")));
        }
        Ok(Plan::one((), "result", "auto", format!("{name} will be put in auto mode")))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let said = alternatives::act(ctx, "--auto", &self.name, None)?;
        Ok(Applied::Changed { changes: Dict::new().with("result", said.as_str()), comment: said })
    }
}

impl State for Set {
    const FUN: &'static str = "alternatives.set";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let Set { name, path } = self;
        if alternatives::current(ctx, name).as_deref() == Some(path) {
            return Ok(Plan::nothing(format!("Alternative for {name} already set to {path}")));
        }
        if !alternatives::is_registered(ctx, name, path)? {
            return Err(StateError::refused(format!("Alternative {path} for {name} doesn't exist")));
        }
        Ok(Plan::one((), "path", path, format!("Alternative for {name} will be set to path {path}")))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let Set { name, path } = self;
        alternatives::act(ctx, "--set", name, Some(path))?;
        if alternatives::current(ctx, name).as_deref() != Some(path) {
            return Ok(Applied::Done(Outcome::new(
                Some(false),
                format!("Alternative for {name} not updated"),
            )));
        }
        Ok(Applied::Said(format!("Alternative for {name} set to path {path}")))
    }
}
