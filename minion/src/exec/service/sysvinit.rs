//! System V scripts: `/etc/init.d`, `service`, `update-rc.d`.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Action, Backend, ServiceResult, checked, run};
use crate::host::Host;

/// Debian without systemd.
pub(super) struct SysV;

const SCRIPTS: &str = "/etc/init.d";

/// The service that a link such as `S01nginx` starts.
fn started_by(link: &str) -> Option<&str> {
    let rest = link.strip_prefix('S')?;
    let name = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    (name.len() < rest.len() && !name.is_empty()).then_some(name)
}

impl SysV {
    /// The run level as `runlevel` has it; 2 where none is known, as in every container.
    fn runlevel(host: &dyn Host) -> String {
        let Some(program) = host.which("runlevel") else { return "2".to_owned() };
        let out = run(host, &program.to_string_lossy(), &[]).map(|o| o.out()).unwrap_or_default();
        match out.split_whitespace().nth(1) {
            Some(level) if !out.contains("unknown") => level.to_owned(),
            _ => "2".to_owned(),
        }
    }
}

impl Backend for SysV {
    fn all(&self, host: &dyn Host) -> ServiceResult<Vec<String>> {
        let mut all: BTreeSet<String> = self.all_enabled(host)?.into_iter().collect();
        all.extend(
            host.list_dir(Path::new(SCRIPTS)).unwrap_or_default().into_iter().filter(|n| n != "README"),
        );
        Ok(all.into_iter().collect())
    }

    fn all_enabled(&self, host: &dyn Host) -> ServiceResult<Vec<String>> {
        let mut all = BTreeSet::new();
        for level in ["S".to_owned(), Self::runlevel(host)] {
            let links = host.list_dir(Path::new(&format!("/etc/rc{level}.d"))).unwrap_or_default();
            all.extend(links.iter().filter_map(|l| started_by(l)).map(str::to_owned));
        }
        Ok(all.into_iter().collect())
    }

    fn status(&self, host: &dyn Host, name: &str) -> ServiceResult<bool> {
        Ok(run(host, "service", &[checked(name)?, "status"])?.ok())
    }

    fn act(&self, host: &dyn Host, name: &str, action: Action) -> ServiceResult<bool> {
        Ok(run(host, "service", &[checked(name)?, action.word()])?.ok())
    }

    fn enable(&self, host: &dyn Host, name: &str, enable: bool) -> ServiceResult<bool> {
        let name = checked(name)?;
        // `enable` acts on links that exist, `defaults` makes them.
        if enable && !run(host, "update-rc.d", &[name, "defaults"])?.ok() {
            return Ok(false);
        }
        Ok(run(host, "update-rc.d", &[name, if enable { "enable" } else { "disable" }])?.ok())
    }
}

#[cfg(test)]
mod tests {
    use super::started_by;

    #[test]
    fn links_of_run_levels() {
        assert_eq!(started_by("S01nginx"), Some("nginx"));
        assert_eq!(started_by("K01nginx"), None);
        assert_eq!(started_by("README"), None);
        assert_eq!(started_by("Sxinetd"), None);
    }
}
