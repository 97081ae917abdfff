//! The functions of the module `service`.

use data::loose::Flag;
use data::{Dict, Value};
use proto::target::glob::Glob;

use super::{Action, backend};
use crate::Ctx;
use crate::args;
use crate::exec::{ExecEntry, ExecError, ExecFn, entry};

/// The rows of this module.
pub const FUNCTIONS: &[ExecEntry] = &[
    entry::<Start>(),
    entry::<Stop>(),
    entry::<Restart>(),
    entry::<Reload>(),
    entry::<ForceReload>(),
    entry::<Status>(),
    entry::<Enable>(),
    entry::<Disable>(),
    entry::<Enabled>(),
    entry::<Disabled>(),
    entry::<Available>(),
    entry::<Missing>(),
    entry::<GetAll>(),
    entry::<GetEnabled>(),
    entry::<GetDisabled>(),
    entry::<Masked>(),
    entry::<Mask>(),
    entry::<Unmask>(),
];

args! {
    /// Start a service.
    pub(crate) struct Start {
        name: String,
    }

    /// Stop a service.
    pub(crate) struct Stop {
        name: String,
    }

    /// Stop and start a service.
    pub(crate) struct Restart {
        name: String,
    }

    /// Have a service read its configuration again.
    pub(crate) struct Reload {
        name: String,
    }

    /// Reload a service, or restart it where it cannot.
    pub(crate) struct ForceReload {
        name: String,
    }

    /// Whether a service runs; for a glob a dict of services. sig: look for a process with this text instead.
    pub(crate) struct Status {
        name: String,
        #[serde(default)]
        sig: Option<String>,
    }

    /// Make a service start with the machine.
    pub(crate) struct Enable {
        name: String,
    }

    /// Make a service not start with the machine.
    pub(crate) struct Disable {
        name: String,
    }

    /// Whether a service starts with the machine.
    pub(crate) struct Enabled {
        name: String,
    }

    /// Whether a service does not start with the machine.
    pub(crate) struct Disabled {
        name: String,
    }

    /// Whether there is such a service.
    pub(crate) struct Available {
        name: String,
    }

    /// Whether there is no such service.
    pub(crate) struct Missing {
        name: String,
    }

    /// The names of all services.
    pub(crate) struct GetAll {}

    /// The services that start with the machine.
    pub(crate) struct GetEnabled {}

    /// The services that do not start with the machine.
    pub(crate) struct GetDisabled {}

    /// Whether a service is masked. runtime: until the next boot.
    pub(crate) struct Masked {
        name: String,
        #[serde(default)]
        runtime: Flag,
    }

    /// Mask a service: it cannot be started. runtime: until the next boot.
    pub(crate) struct Mask {
        name: String,
        #[serde(default)]
        runtime: Flag,
    }

    /// Unmask a service.
    pub(crate) struct Unmask {
        name: String,
        #[serde(default)]
        runtime: Flag,
    }
}

macro_rules! function {
    ($name:ident, $fun:literal, $signature:literal, |$this:ident, $ctx:ident| $body:expr) => {
        impl ExecFn for $name {
            const FUN: &'static str = $fun;
            const SIGNATURE: &'static str = $signature;

            fn call(self, $ctx: &Ctx<'_>) -> Result<Value, ExecError> {
                let $this = self;
                $body
            }
        }
    };
}

function!(Start, "service.start", "name, **kwargs", |this, ctx| act(ctx, &this.name, Action::Start));
function!(Stop, "service.stop", "name, **kwargs", |this, ctx| act(ctx, &this.name, Action::Stop));
function!(Restart, "service.restart", "name, **kwargs", |this, ctx| act(ctx, &this.name, Action::Restart));
function!(Reload, "service.reload", "name, **kwargs", |this, ctx| act(ctx, &this.name, Action::Reload));
function!(ForceReload, "service.force_reload", "name, **kwargs", |this, ctx| {
    act(ctx, &this.name, Action::ForceReload)
});

fn act(ctx: &Ctx<'_>, name: &str, action: Action) -> Result<Value, ExecError> {
    Ok(backend(ctx).act(ctx.host, name, action)?.into())
}

function!(Status, "service.status", "name, sig=None, **kwargs", |this, ctx| {
    if let Some(sig) = this.sig.filter(|s| !s.is_empty()) {
        return Ok(is_running(ctx, &sig).into());
    }
    let backend = backend(ctx);
    if !this.name.contains(['*', '?', '[']) {
        return Ok(backend.status(ctx.host, &this.name)?.into());
    }
    let pattern = Glob::new(&this.name);
    let mut out = Dict::new();
    for name in backend.all(ctx.host)?.iter().filter(|n| pattern.matches(n)) {
        out.insert(name, backend.status(ctx.host, name)?);
    }
    Ok(out.into())
});

/// Whether a process other than this one has a text in its command line.
pub(crate) fn is_running(ctx: &Ctx<'_>, sig: &str) -> bool {
    let own = std::process::id().to_string();
    let processes = ctx.host.list_dir("/proc".as_ref()).unwrap_or_default();
    processes.iter().filter(|p| p.bytes().all(|b| b.is_ascii_digit()) && **p != own).any(|pid| {
        let line = ctx.host.read(format!("/proc/{pid}/cmdline").as_ref()).unwrap_or_default();
        String::from_utf8_lossy(&line).replace('\0', " ").contains(sig)
    })
}

function!(Enable, "service.enable", "name, **kwargs", |this, ctx| {
    Ok(backend(ctx).enable(ctx.host, &this.name, true)?.into())
});
function!(Disable, "service.disable", "name, **kwargs", |this, ctx| {
    Ok(backend(ctx).enable(ctx.host, &this.name, false)?.into())
});
function!(Enabled, "service.enabled", "name, **kwargs", |this, ctx| {
    Ok(backend(ctx).enabled(ctx.host, &this.name)?.into())
});
function!(Disabled, "service.disabled", "name, **kwargs", |this, ctx| {
    let backend = backend(ctx);
    Ok((backend.available(ctx.host, &this.name)? && !backend.enabled(ctx.host, &this.name)?).into())
});
function!(Available, "service.available", "name", |this, ctx| {
    Ok(backend(ctx).available(ctx.host, &this.name)?.into())
});
function!(Missing, "service.missing", "name", |this, ctx| {
    Ok((!backend(ctx).available(ctx.host, &this.name)?).into())
});
function!(GetAll, "service.get_all", "", |_this, ctx| Ok(backend(ctx).all(ctx.host)?.into()));
function!(GetEnabled, "service.get_enabled", "", |_this, ctx| Ok(backend(ctx).all_enabled(ctx.host)?.into()));
function!(GetDisabled, "service.get_disabled", "", |_this, ctx| {
    let backend = backend(ctx);
    let enabled = backend.all_enabled(ctx.host)?;
    Ok(backend.all(ctx.host)?.into_iter().filter(|s| !enabled.contains(s)).collect())
});
function!(Masked, "service.masked", "name, runtime=False", |this, ctx| {
    Ok(backend(ctx).masked(ctx.host, &this.name, this.runtime.0)?.unwrap_or(false).into())
});
function!(Mask, "service.mask", "name, runtime=False", |this, ctx| {
    Ok(backend(ctx).mask(ctx.host, &this.name, true, this.runtime.0)?.into())
});
function!(Unmask, "service.unmask", "name, runtime=False", |this, ctx| {
    Ok(backend(ctx).mask(ctx.host, &this.name, false, this.runtime.0)?.into())
});
