//! Functions of Salt's `state` that have nothing to work with on a minion of rsalt: they say what to do instead.

use data::Value;

use super::ExecEntry;
use super::bound::Bound;
use crate::exec::{ExecError, ExecFn, entry};
use crate::{Ctx, args};

/// The functions of this file.
pub(super) const FUNCTIONS: &[ExecEntry] = &[entry::<Event>(), entry::<Orchestrate>(), entry::<Pkg>()];

args! {
    /// Salt's way to watch the events of the minion. A minion has no event bus of its own here: what it tells goes to
    /// the master. Use `rsalt-run state.event pretty=True` there.
    pub(super) struct Event(Bound);

    /// Salt's way to orchestrate from a minion without a master. Use `rsalt-run state.orchestrate` on the master.
    pub(super) struct Orchestrate(Bound);

    /// What `salt-ssh` runs on the other side. There is no such thing here. Use `state.sls`, or `state.template` for
    /// an SLS file that was copied to this machine.
    pub(super) struct Pkg(Bound);
}

fn refused(what: &str) -> Result<Value, ExecError> {
    Err(ExecError::command(what))
}

impl ExecFn for Event {
    const FUN: &'static str = "state.event";
    const SIGNATURE: &'static str =
        "tagmatch='*', count=-1, quiet=False, sock_dir=None, pretty=False, node='minion'";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        refused("a minion has no event bus of its own: run 'rsalt-run state.event' on the master")
    }
}

impl ExecFn for Orchestrate {
    const FUN: &'static str = "state.orchestrate";
    const SIGNATURE: &'static str =
        "mods, saltenv='base', test=None, exclude=None, pillar=None, pillarenv=None";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        refused("orchestration is the master's: run 'rsalt-run state.orchestrate' there")
    }
}

impl ExecFn for Pkg {
    const FUN: &'static str = "state.pkg";
    const SIGNATURE: &'static str = "pkg_path, pkg_sum, hash_type, test=None, **kwargs";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        refused("state packages are made by salt-ssh only: run the SLS with 'state.sls' or 'state.template'")
    }
}
