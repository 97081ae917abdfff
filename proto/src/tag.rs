//! Event tags, spelled as Salt spells them, so that reactor files keep working.

/// `salt/job/<jid>/new`: a job was published.
pub fn job_new(jid: &str) -> String {
    format!("salt/job/{jid}/new")
}

/// `salt/job/<jid>/ret/<id>`: a minion returned.
pub fn job_ret(jid: &str, id: &str) -> String {
    format!("salt/job/{jid}/ret/{id}")
}

/// `salt/job/<jid>/prog/<id>/<run_num>`: one state of a running job is done.
pub fn job_progress(jid: &str, id: &str, run_num: u64) -> String {
    format!("salt/job/{jid}/prog/{id}/{run_num}")
}

/// `salt/auth`: a minion asked to be let in.
pub const AUTH: &str = "salt/auth";

/// `salt/key`: the state of a key changed.
pub const KEY: &str = "salt/key";

/// `salt/minion/<id>/start`: a minion is connected and ready for jobs.
pub fn minion_start(id: &str) -> String {
    format!("salt/minion/{id}/start")
}

/// `salt/presence/present`: the list of the connected minions.
pub const PRESENT: &str = "salt/presence/present";

/// `salt/presence/change`: who came and who went.
pub const PRESENCE_CHANGE: &str = "salt/presence/change";

/// `salt/run/<jid>/new`: a runner starts.
pub fn run_new(jid: &str) -> String {
    format!("salt/run/{jid}/new")
}

/// `salt/run/<jid>/ret`: a runner is done.
pub fn run_ret(jid: &str) -> String {
    format!("salt/run/{jid}/ret")
}

/// `salt/wheel/<jid>/ret`: a wheel function is done.
pub fn wheel_ret(jid: &str) -> String {
    format!("salt/wheel/{jid}/ret")
}

/// Whether a minion may fire an event with this tag: one of its own, or one that the master does not use. What
/// a reactor takes for the master's word is to be that.
pub fn of_minion(tag: &str, id: &str) -> bool {
    let Some(rest) = tag.strip_prefix("salt/") else { return true };
    let mut parts = rest.split('/');
    match parts.next().unwrap_or_default() {
        "auth" | "key" | "presence" | "run" | "wheel" | "cloud" | "cluster" | "stats" => false,
        "minion" | "beacon" => parts.next() == Some(id),
        // The states of a running job; what a job comes to is in its return.
        "job" => parts.nth(1) == Some("prog") && parts.next() == Some(id),
        _ => true,
    }
}

/// Whether `tag` matches a pattern as reactor files and `state.event` write it: a glob in which `*` also takes `/`.
pub fn matches(pattern: &str, tag: &str) -> bool {
    crate::target::glob::Glob::new(pattern).matches(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_salts() {
        assert_eq!(job_new("2026"), "salt/job/2026/new");
        assert_eq!(job_ret("2026", "web1"), "salt/job/2026/ret/web1");
        assert_eq!(minion_start("web1"), "salt/minion/web1/start");
    }

    #[test]
    fn a_minion_speaks_for_itself() {
        let prog = job_progress("2026", "web1", 3);
        for tag in [
            "mine",
            "a/b",
            "salt",
            "salt/deploy/done",
            &minion_start("web1"),
            &prog,
            "salt/beacon/web1/load/",
        ] {
            assert!(of_minion(tag, "web1"), "{tag}");
        }
        let (new, ret) = (job_new("2026"), job_ret("2026", "web1"));
        let (other, beacon, prog) =
            (minion_start("web2"), "salt/beacon/web2/load/", job_progress("2026", "web2", 3));
        for tag in [
            AUTH,
            KEY,
            PRESENT,
            PRESENCE_CHANGE,
            &run_new("1"),
            &wheel_ret("1"),
            &new,
            &ret,
            &other,
            beacon,
            &prog,
        ] {
            assert!(!of_minion(tag, "web1"), "{tag}");
        }
    }

    #[test]
    fn a_star_takes_slashes() {
        assert!(matches("salt/job/*/ret/web*", "salt/job/2026/ret/web1"));
        assert!(!matches("salt/job/*/ret/db*", "salt/job/2026/ret/web1"));
    }
}
