//! The functions that show what would be run. They wait for or are refused beside a run all the same, as in Salt.

use data::{Dict, Value};

use super::bound::{Bound, split_input};
use super::compile::{Refused, Run, Takes};
use super::{COMPILER_ERROR, ExecEntry, PILLAR_FAILURE, STATE_FAILURE, lock, retcode};
use crate::exec::{ExecError, ExecFn, entry};
use crate::{Ctx, args};

/// The functions of this file.
pub(super) const FUNCTIONS: &[ExecEntry] = &[
    entry::<ShowSls>(),
    entry::<ShowLowSls>(),
    entry::<ShowHighstate>(),
    entry::<ShowLowstate>(),
    entry::<ShowTop>(),
    entry::<ShowStates>(),
    entry::<ShowStateUsage>(),
    entry::<SlsExists>(),
    entry::<IdExists>(),
];

args! {
    /// Show the high data of SLS files: rendered, with what they include, not run.
    ///
    /// CLI Example: `rsalt '*' state.show_sls core,edit.vim`
    pub(super) struct ShowSls(Bound);

    /// Show the low chunks of SLS files in the order in which they would run.
    ///
    /// CLI Example: `rsalt '*' state.show_low_sls core`
    pub(super) struct ShowLowSls(Bound);

    /// Show the high data of the highstate.
    ///
    /// CLI Example: `rsalt '*' state.show_highstate`
    pub(super) struct ShowHighstate(Bound);

    /// Show the low chunks of the highstate in the order in which they would run.
    ///
    /// CLI Example: `rsalt '*' state.show_lowstate`
    pub(super) struct ShowLowstate(Bound);

    /// Show which SLS files the top file has for this minion, by environment.
    ///
    /// CLI Example: `rsalt '*' state.show_top`
    pub(super) struct ShowTop(Bound);

    /// List the SLS files that the highstate would use.
    ///
    /// CLI Example: `rsalt '*' state.show_states`
    pub(super) struct ShowStates(Bound);

    /// Show which of all SLS files the top file has for this minion, and which not, by environment.
    ///
    /// CLI Example: `rsalt '*' state.show_state_usage`
    pub(super) struct ShowStateUsage(Bound);

    /// Tell whether SLS files are there and compile.
    ///
    /// CLI Example: `rsalt '*' state.sls_exists core,edit.vim`
    pub(super) struct SlsExists(Bound);

    /// Tell whether SLS files have all of these IDs.
    ///
    /// CLI Example: `rsalt '*' state.id_exists create_myfile,update_template filestate`
    pub(super) struct IdExists(Bound);
}

/// Nothing is looked at but the environments.
const PLAIN: Takes = Takes { test: false, pillar: false, watched: false };

/// Compiles something and shows it.
fn show(
    ctx: &Ctx<'_>,
    args: &Bound,
    takes: Takes,
    checks_pillar: bool,
    work: impl FnOnce(&mut Run) -> Result<Value, Refused>,
) -> Result<Value, ExecError> {
    let _lock = match lock::take(ctx, args)? {
        Ok(lock) => lock,
        Err(conflict) => {
            ctx.set_retcode(COMPILER_ERROR);
            return Ok(conflict.into());
        }
    };
    let mut run = Run::new(ctx, args, takes)?;
    if let Some(errors) = run.pillar_errors(args).filter(|_| checks_pillar) {
        ctx.set_retcode(PILLAR_FAILURE);
        let info: Vec<String> = errors.iter().map(|error| format!("- {error}")).collect();
        return Err(ExecError::command(format!(
            "Pillar failed to render. Additional info follows:\n\n{}",
            info.join("\n")
        )));
    }
    Ok(work(&mut run).unwrap_or_else(|Refused(errors)| {
        ctx.set_retcode(COMPILER_ERROR);
        errors.into()
    }))
}

/// Test mode and pillar as they are given: what is shown is what would run.
const AS_RUN: Takes = Takes { test: true, pillar: true, watched: false };

impl ExecFn for ShowSls {
    const FUN: &'static str = "state.show_sls";
    const SIGNATURE: &'static str = "mods, test=None, queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        show(ctx, &self.0, AS_RUN, true, |run| run.verified_sls(&self.0.mods).map(|high| high.to_value()))
    }
}

impl ExecFn for ShowLowSls {
    const FUN: &'static str = "state.show_low_sls";
    const SIGNATURE: &'static str = "mods, test=None, queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        show(ctx, &self.0, AS_RUN, true, |run| {
            let high = run.verified_sls(&self.0.mods)?;
            run.low(high).map(|low| low.into_value())
        })
    }
}

impl ExecFn for ShowHighstate {
    const FUN: &'static str = "state.show_highstate";
    const SIGNATURE: &'static str = "queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        show(ctx, &self.0, Takes { pillar: true, ..PLAIN }, true, |run| {
            let high = run.top_high()?.to_value();
            // High data with nothing in it, or with something to exclude, counts as a failure in Salt.
            if !retcode::all_well(&high, &retcode::Handlers::new()) {
                ctx.set_retcode(STATE_FAILURE);
            }
            Ok(high)
        })
    }
}

impl ExecFn for ShowLowstate {
    const FUN: &'static str = "state.show_lowstate";
    const SIGNATURE: &'static str = "queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        show(ctx, &self.0, PLAIN, true, |run| {
            let low = run.top_high().and_then(|high| run.low(high.finish().map_err(Refused)?));
            // What is wrong is shown, and no failure, as in Salt.
            Ok(low.map_or_else(|Refused(errors)| errors.into(), |low| low.into_value()))
        })
    }
}

impl ExecFn for ShowTop {
    const FUN: &'static str = "state.show_top";
    const SIGNATURE: &'static str = "queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        show(ctx, &self.0, PLAIN, true, |run| {
            let (matches, errors) = run.top(None, None);
            if let Some(error) = run.top_failed.take() {
                return Err(Refused(vec![error]));
            }
            if errors.is_empty() {
                Ok(matches.into_iter().collect::<Dict>().into())
            } else {
                Err(Refused(errors))
            }
        })
    }
}

impl ExecFn for ShowStates {
    const FUN: &'static str = "state.show_states";
    const SIGNATURE: &'static str = "queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        show(ctx, &self.0, PLAIN, true, |run| {
            let high = run.top_high()?;
            let low = run.low(high.finish().map_err(Refused)?)?;
            // A dict keeps the order and each name once.
            let names: Dict = low.chunks().map(|chunk| (Value::from(&*chunk.sls), true)).collect();
            Ok(names.keys().cloned().collect::<Vec<_>>().into())
        })
    }
}

impl ExecFn for ShowStateUsage {
    const FUN: &'static str = "state.show_state_usage";
    const SIGNATURE: &'static str = "queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        show(ctx, &self.0, Takes { pillar: true, ..PLAIN }, false, |run| {
            let (matches, errors) = run.top(None, None);
            let errors: Vec<String> = errors.into_iter().chain(run.top_failed.take()).collect();
            if !errors.is_empty() {
                return Err(Refused(errors));
            }
            let mut usage = Dict::new();
            for (env, names) in run.available()? {
                let wanted = matches.iter().find(|(of, _)| *of == env).map(|(_, names)| names.as_slice());
                let (used, unused): (Vec<String>, Vec<String>) =
                    names.into_iter().partition(|name| wanted.is_some_and(|wanted| wanted.contains(name)));
                let count = |n: usize| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
                let counted = Dict::new()
                    .with("count_all", count(used.len() + unused.len()))
                    .with("count_used", count(used.len()))
                    .with("count_unused", count(unused.len()));
                let mut of_env = Dict::new().with("used", used).with("unused", unused);
                of_env.extend(counted);
                usage.insert(env, of_env);
            }
            Ok(usage.into())
        })
    }
}

impl ExecFn for SlsExists {
    const FUN: &'static str = "state.sls_exists";
    const SIGNATURE: &'static str = "mods, test=None, queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(ShowSls(self.0).call(ctx)?.as_dict().is_some().into())
    }
}

impl ExecFn for IdExists {
    const FUN: &'static str = "state.id_exists";
    const SIGNATURE: &'static str = "ids, mods, test=None, queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let ids = split_input(&self.0.ids);
        let low = ShowLowSls(self.0).call(ctx)?;
        let there: Vec<&Value> =
            low.as_list().unwrap_or_default().iter().filter_map(|chunk| chunk.get("__id__")).collect();
        Ok(ids.iter().all(|id| there.contains(&id)).into())
    }
}
