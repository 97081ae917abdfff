//! Services: one module for every init system, as Salt's virtual module `service`.
//!
//! A container mostly has no init system that was booted: then System V scripts are used where the distribution has
//! them (Debian's `service`), OpenRC on Alpine, and nothing where there is nothing.

mod functions;
mod none;
mod openrc;
mod systemd;
mod sysvinit;

use std::path::Path;

pub use functions::FUNCTIONS;
pub(crate) use functions::is_running;

use crate::Ctx;
use crate::exec::ExecError;
use crate::host::{Cmd, Host, HostError, Output};

/// Why something could not be done with a service.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The init system refused, or there is none.
    #[error("{0}")]
    Refused(String),
    /// A command could not be run, or a file not be read.
    #[error("{0}")]
    Host(#[from] HostError),
}

impl From<ServiceError> for ExecError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Refused(text) => ExecError::command(text),
            ServiceError::Host(error) => ExecError::Host(error),
        }
    }
}

/// The result of a service operation.
pub type ServiceResult<T> = Result<T, ServiceError>;

/// What is done to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start it.
    Start,
    /// Stop it.
    Stop,
    /// Stop and start it.
    Restart,
    /// Have it read its configuration again.
    Reload,
    /// Reload it, or restart it where it cannot.
    ForceReload,
}

impl Action {
    /// The word for it on a command line.
    pub fn word(self) -> &'static str {
        match self {
            Action::Start => "start",
            Action::Stop => "stop",
            Action::Restart => "restart",
            Action::Reload => "reload",
            Action::ForceReload => "force-reload",
        }
    }
}

/// An init system.
pub trait Backend: Send + Sync {
    /// All services, sorted.
    fn all(&self, host: &dyn Host) -> ServiceResult<Vec<String>>;
    /// The services that start with the machine, sorted.
    fn all_enabled(&self, host: &dyn Host) -> ServiceResult<Vec<String>>;
    /// Whether there is such a service.
    fn available(&self, host: &dyn Host, name: &str) -> ServiceResult<bool> {
        Ok(self.all(host)?.iter().any(|s| s == name))
    }
    /// Whether it runs.
    fn status(&self, host: &dyn Host, name: &str) -> ServiceResult<bool>;
    /// Does something to it; whether that worked.
    fn act(&self, host: &dyn Host, name: &str, action: Action) -> ServiceResult<bool>;
    /// Whether it starts with the machine.
    fn enabled(&self, host: &dyn Host, name: &str) -> ServiceResult<bool> {
        Ok(self.all_enabled(host)?.iter().any(|s| s == name))
    }
    /// Makes it start with the machine, or not; whether that worked.
    fn enable(&self, host: &dyn Host, name: &str, enable: bool) -> ServiceResult<bool>;
    /// Whether it is masked; none where there is no such thing.
    fn masked(&self, _host: &dyn Host, _name: &str, _runtime: bool) -> ServiceResult<Option<bool>> {
        Ok(None)
    }
    /// Masks or unmasks it.
    fn mask(&self, _host: &dyn Host, _name: &str, _mask: bool, _runtime: bool) -> ServiceResult<bool> {
        Err(ServiceError::Refused("Service masking not available on this minion".to_owned()))
    }
}

/// The init system of this machine.
pub fn backend(ctx: &Ctx<'_>) -> Box<dyn Backend> {
    let is = |path: &str| ctx.host.exists(Path::new(path));
    if is("/run/systemd/system") {
        return Box::new(systemd::Systemd);
    }
    if ctx.host.which("rc-service").is_some() {
        return Box::new(openrc::OpenRc);
    }
    if is("/etc/init.d") && (ctx.host.which("service").is_some() || ctx.grain_str("os_family") == "Debian") {
        return Box::new(sysvinit::SysV);
    }
    Box::new(none::NoInit)
}

/// Names that a command line would take for options are no services.
fn checked(name: &str) -> ServiceResult<&str> {
    if name.is_empty() || name.starts_with('-') || name.contains('/') {
        return Err(ServiceError::Refused(format!("'{name}' is not the name of a service")));
    }
    Ok(name)
}

fn run(host: &dyn Host, program: &str, args: &[&str]) -> ServiceResult<Output> {
    // A service that is started here must not hang on the output of the job.
    Ok(host.run(&Cmd::of(program, args.iter().copied()).env("LC_ALL", "C"))?)
}
