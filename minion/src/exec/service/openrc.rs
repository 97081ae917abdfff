//! OpenRC: `rc-service`, `rc-update`.

use std::collections::BTreeSet;

use super::{Action, Backend, ServiceResult, checked, run};
use crate::host::Host;

/// Alpine and Gentoo.
pub(super) struct OpenRc;

/// `rc-update show`: the services that are in a run level.
fn shown(out: &str) -> Vec<String> {
    let all: BTreeSet<&str> = out
        .lines()
        .filter_map(|line| line.split_once('|'))
        .filter(|(_, levels)| !levels.trim().is_empty())
        .map(|(name, _)| name.trim())
        .collect();
    all.into_iter().map(str::to_owned).collect()
}

impl Backend for OpenRc {
    fn all(&self, host: &dyn Host) -> ServiceResult<Vec<String>> {
        let out = run(host, "rc-service", &["--list"])?.out();
        let all: BTreeSet<&str> = out.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        Ok(all.into_iter().map(str::to_owned).collect())
    }

    fn all_enabled(&self, host: &dyn Host) -> ServiceResult<Vec<String>> {
        Ok(shown(&run(host, "rc-update", &["show"])?.out()))
    }

    fn available(&self, host: &dyn Host, name: &str) -> ServiceResult<bool> {
        Ok(run(host, "rc-service", &["--exists", checked(name)?])?.ok())
    }

    fn status(&self, host: &dyn Host, name: &str) -> ServiceResult<bool> {
        Ok(run(host, "rc-service", &[checked(name)?, "status"])?.ok())
    }

    fn act(&self, host: &dyn Host, name: &str, action: Action) -> ServiceResult<bool> {
        let word = if action == Action::ForceReload { "reload" } else { action.word() };
        Ok(run(host, "rc-service", &[checked(name)?, word])?.ok())
    }

    fn enable(&self, host: &dyn Host, name: &str, enable: bool) -> ServiceResult<bool> {
        Ok(run(host, "rc-update", &[if enable { "add" } else { "delete" }, checked(name)?])?.ok())
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn services_in_a_run_level() {
        let out = "             bootmisc | boot                                   \n                crond |      default                           \n              unused |\n";
        assert_eq!(shown(out), ["bootmisc", "crond"]);
    }
}
