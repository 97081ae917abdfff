//! What the results of the states that a state waits for mean for it.

use super::Kind;

/// What is known of a state that another waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) result: Option<bool>,
    pub(crate) changed: bool,
    /// The state asks that nothing is triggered by it (`skip_req`).
    pub(crate) skip: bool,
    /// Whether it ran at all.
    pub(crate) ran: bool,
}

/// What to do with a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Something that it waits for has not been run.
    Unmet,
    /// Something that it waits for is still running.
    Pending,
    /// Run it.
    Met,
    /// Run it, then its `mod_watch` if it had no changes.
    Changed,
    /// Something that it waits for failed.
    Failed,
    /// Not run, the result is good: a state said `skip_req`.
    SkipRequisites,
    /// Run it, but not its `mod_watch`.
    SkipWatch,
    /// Not run: its `prereq` would change nothing.
    NoPrereq,
    /// Not run: nothing failed.
    NoFailure,
    /// Not run: nothing changed.
    NoChanges,
}

#[derive(Clone, Copy, Default)]
struct Stats {
    unmet: bool,
    pending: bool,
    fail: bool,
    skip: bool,
    onfail: bool,
    onchanges: bool,
    onchanges_met: bool,
    change: bool,
    pre: bool,
    pre_met: bool,
    met: bool,
}

/// Judges by kind of requisite; an outcome that is none has not been run. `running` says that some
/// of them are still at it.
pub(crate) fn judge(requisites: &[(Kind, Vec<Option<Outcome>>)], running: bool) -> Status {
    let mut all = Stats { pending: running, ..Stats::default() };
    for (kind, outcomes) in requisites {
        let stats = of_kind(*kind, outcomes, running);
        all.unmet |= stats.unmet;
        all.fail |= stats.fail;
        all.skip |= stats.skip;
        all.onfail |= stats.onfail;
        all.onchanges |= stats.onchanges;
        all.onchanges_met |= stats.onchanges_met;
        all.change |= stats.change;
        all.pre |= stats.pre;
        all.pre_met |= stats.pre_met;
        all.met |= stats.met;
    }
    match all {
        Stats { unmet: true, .. } => Status::Unmet,
        Stats { pending: true, .. } => Status::Pending,
        Stats { fail: true, .. } => Status::Failed,
        Stats { skip: true, onchanges_met: true, .. } | Stats { skip: true, pre_met: true, .. } => {
            Status::SkipRequisites
        }
        Stats { skip: true, change: true, .. } => Status::SkipWatch,
        Stats { pre: true, pre_met, .. } => {
            if pre_met {
                Status::Met
            } else {
                Status::NoPrereq
            }
        }
        Stats { onfail: true, onchanges_met: false, .. } => Status::NoFailure,
        Stats { onchanges: true, onchanges_met: false, .. } => Status::NoChanges,
        Stats { change: true, .. } => Status::Changed,
        Stats { onfail: true, .. } => Status::NoFailure,
        _ => Status::Met,
    }
}

fn of_kind(kind: Kind, outcomes: &[Option<Outcome>], running: bool) -> Stats {
    let mut stats = Stats::default();
    for outcome in outcomes {
        let Some(outcome) = outcome else {
            stats.unmet = true;
            continue;
        };
        if running {
            continue;
        }
        stats.skip |= outcome.skip;
        match kind {
            Kind::Onfail | Kind::OnfailAny | Kind::OnfailAll if outcome.result == Some(true) => {
                stats.onfail = true
            }
            Kind::Onchanges | Kind::OnchangesAny => {
                // A state that failed counts as one without changes.
                if outcome.result == Some(false) || !outcome.changed {
                    stats.onchanges = true;
                } else {
                    stats.onchanges_met = true;
                }
            }
            Kind::Require | Kind::RequireAny | Kind::Watch | Kind::WatchAny | Kind::Prereq
                if outcome.result == Some(false) =>
            {
                stats.fail = true;
            }
            Kind::Watch | Kind::WatchAny if outcome.changed => stats.change = true,
            Kind::Prereq if outcome.result.is_none() => stats.pre_met = true,
            Kind::Prereq => stats.pre = true,
            _ => stats.met |= outcome.ran,
        }
    }
    match kind {
        Kind::RequireAny | Kind::OnchangesAny | Kind::WatchAny | Kind::Onfail | Kind::OnfailAny => {
            if stats.met || stats.change || stats.onchanges_met {
                stats.fail = false;
            }
            if stats.onchanges_met {
                stats.onchanges = false;
            }
            // One that is met here is one that failed.
            if stats.met {
                stats.onfail = false;
            }
        }
        Kind::OnfailAll if stats.onfail => stats.met = false,
        _ => {}
    }
    stats
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: Option<Outcome> = Some(Outcome { result: Some(true), changed: false, skip: false, ran: true });
    const CHANGED: Option<Outcome> =
        Some(Outcome { result: Some(true), changed: true, skip: false, ran: true });
    const BAD: Option<Outcome> =
        Some(Outcome { result: Some(false), changed: false, skip: false, ran: true });
    const WOULD: Option<Outcome> = Some(Outcome { result: None, changed: true, skip: false, ran: true });

    #[test]
    fn one_kind_at_a_time() {
        for (kind, outcomes, expected) in [
            (Kind::Require, vec![], Status::Met),
            (Kind::Require, vec![OK, BAD], Status::Failed),
            (Kind::Require, vec![OK, None], Status::Unmet),
            (Kind::RequireAny, vec![OK, BAD], Status::Met),
            (Kind::RequireAny, vec![BAD, BAD], Status::Failed),
            (Kind::Watch, vec![OK, CHANGED], Status::Changed),
            (Kind::Watch, vec![BAD, CHANGED], Status::Failed),
            (Kind::WatchAny, vec![BAD, CHANGED], Status::Changed),
            (Kind::WatchAny, vec![BAD, OK], Status::Met),
            (Kind::Onchanges, vec![OK, OK], Status::NoChanges),
            (Kind::Onchanges, vec![OK, CHANGED], Status::Met),
            (Kind::Onchanges, vec![BAD], Status::NoChanges),
            (Kind::Onfail, vec![OK], Status::NoFailure),
            (Kind::Onfail, vec![OK, BAD], Status::Met),
            (Kind::OnfailAny, vec![OK, BAD], Status::Met),
            (Kind::OnfailAll, vec![OK, BAD], Status::NoFailure),
            (Kind::OnfailAll, vec![BAD, BAD], Status::Met),
            (Kind::Prereq, vec![WOULD], Status::Met),
            (Kind::Prereq, vec![OK], Status::NoPrereq),
            (Kind::Prereq, vec![BAD], Status::Failed),
        ] {
            assert_eq!(judge(&[(kind, outcomes.clone())], false), expected, "{kind:?} {outcomes:?}");
        }
    }

    #[test]
    fn kinds_together() {
        assert_eq!(judge(&[(Kind::Onfail, vec![BAD]), (Kind::Require, vec![BAD])], false), Status::Failed);
        assert_eq!(
            judge(&[(Kind::Onchanges, vec![CHANGED]), (Kind::Onfail, vec![OK])], false),
            Status::NoFailure
        );
        assert_eq!(judge(&[(Kind::Require, vec![OK])], true), Status::Pending);
    }
}
