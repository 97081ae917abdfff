//! Services as they should be.

use data::Dict;
use data::loose::{Flag, Seconds};

use super::{Applied, Outcome, Plan, State, StateEntry, StateError, entry, old_new};
use crate::exec::service::{Action, Backend, ServiceError, backend, is_running};
use crate::{Ctx, args};

/// The rows of this module.
pub const STATES: &[StateEntry] = &[
    entry::<Running>(),
    entry::<Dead>(),
    entry::<Enabled>(),
    entry::<Disabled>(),
    entry::<Masked>(),
    entry::<Unmasked>(),
];

args! {
    /// A service runs, and starts with the machine or not.
    ///
    /// ```yaml
    /// nginx:
    ///   service.running:
    ///     - enable: true
    ///     - reload: true        # when a watched state changed: reload instead of restart
    ///     - watch:
    ///       - file: /etc/nginx/nginx.conf
    /// ```
    /// Also: sig (a process with this text is the service), init_delay, unmask, full_restart, force. Changes:
    /// `<name>: true`.
    pub struct Running {
        name: String,
        #[serde(default)]
        enable: Option<Flag>,
        #[serde(default)]
        sig: Option<String>,
        #[serde(default)]
        init_delay: Option<Seconds>,
        #[serde(default)]
        unmask: Flag,
        #[serde(default)]
        unmask_runtime: Flag,
        #[serde(default)]
        reload: Flag,
        #[serde(default)]
        force: Flag,
        #[serde(default)]
        enabled: Option<Flag>,
    }

    /// A service does not run.
    ///
    /// ```yaml
    /// nginx:
    ///   service.dead:
    ///     - enable: false
    /// ```
    /// Also: sig, init_delay. Changes: `<name>: false`.
    pub struct Dead {
        name: String,
        #[serde(default)]
        enable: Option<Flag>,
        #[serde(default)]
        sig: Option<String>,
        #[serde(default)]
        init_delay: Option<Seconds>,
        #[serde(default)]
        enabled: Option<Flag>,
    }

    /// A service starts with the machine; whether it runs now is left as it is.
    pub struct Enabled {
        name: String,
    }

    /// A service does not start with the machine; whether it runs now is left as it is.
    pub struct Disabled {
        name: String,
    }

    /// A service cannot be started (systemd). runtime: until the next boot.
    pub struct Masked {
        name: String,
        #[serde(default)]
        runtime: Flag,
    }

    /// A service can be started again (systemd). runtime: was masked until the next boot.
    pub struct Unmasked {
        name: String,
        #[serde(default)]
        runtime: Flag,
    }
}

impl From<ServiceError> for StateError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Refused(text) => StateError::refused(text),
            ServiceError::Host(error) => StateError::Host(error),
        }
    }
}

/// A service in one state run.
struct Service<'a> {
    name: &'a str,
    sig: Option<&'a str>,
    backend: Box<dyn Backend>,
    ctx: &'a Ctx<'a>,
}

impl<'a> Service<'a> {
    fn new(ctx: &'a Ctx<'a>, name: &'a str, sig: Option<&'a str>) -> Self {
        Service { name, sig: sig.filter(|s| !s.is_empty()), backend: backend(ctx), ctx }
    }

    fn available(&self) -> Result<bool, StateError> {
        Ok(self.backend.available(self.ctx.host, self.name)?)
    }

    fn not_available(&self) -> String {
        format!("The named service {} is not available", self.name)
    }

    fn runs(&self) -> Result<bool, StateError> {
        match self.sig {
            Some(sig) => Ok(is_running(self.ctx, sig)),
            None => Ok(self.backend.status(self.ctx.host, self.name)?),
        }
    }

    fn enabled(&self) -> Result<bool, StateError> {
        Ok(self.backend.enabled(self.ctx.host, self.name)?)
    }

    fn act(&self, action: Action) -> Result<bool, StateError> {
        Ok(self.backend.act(self.ctx.host, self.name, action)?)
    }

    /// Has it start with the machine or not, in Salt's words. `started`: whether it runs; none when that is not
    /// what the state is about. `result`: what the state came to so far.
    fn toggle(&self, enable: bool, started: Option<bool>, result: bool) -> Result<Outcome, StateError> {
        let name = self.name;
        if !self.available()? {
            return Ok(Outcome::new(Some(!enable), self.not_available()));
        }
        let done = if enable { "enabled" } else { "disabled" };
        let now = match started {
            Some(true) => "is running",
            Some(false) => "is dead",
            None => "is in the desired state",
        };
        if self.enabled()? == enable {
            return Ok(Outcome::new(Some(result), format!("Service {name} is already {done}, and {now}")));
        }
        if self.ctx.test {
            return Ok(Outcome::new(None, format!("Service {name} set to be {done}")));
        }
        let error = match self.backend.enable(self.ctx.host, name, enable) {
            Ok(true) => {
                let mut out =
                    Outcome::new(Some(result), format!("Service {name} has been {done}, and {now}"));
                if self.enabled()? == enable {
                    out.changes.insert(name, true);
                }
                return Ok(out);
            }
            Ok(false) => String::new(),
            Err(ServiceError::Refused(text)) => format!(". Additional information follows:\n\n{text}"),
            Err(error) => return Err(error.into()),
        };
        let (start, but) = match (enable, started) {
            (true, Some(true)) => ("start at boot", ", but the service is running"),
            (false, Some(true)) => ("not start at boot", ", and is running"),
            (true, None) => ("start at boot", ", but the service was already running"),
            (false, None) => ("not start at boot", ", but the service was already running"),
            (true, Some(false)) => ("start at boot", ", and the service is dead"),
            (false, Some(false)) => ("not start at boot", ", and the service is dead"),
        };
        Ok(Outcome::new(Some(false), format!("Failed when setting service {name} to {start}{but}{error}")))
    }
}

/// What `running` and `dead` have in common: only the direction differs.
struct Wanted<'a> {
    service: Service<'a>,
    running: bool,
    enable: Option<bool>,
    delay: Option<Seconds>,
    unmask: Option<bool>,
}

impl Wanted<'_> {
    fn name(&self) -> &str {
        self.service.name
    }

    /// What is so already, or none when it has to be started or stopped.
    fn settled(&self) -> Result<Option<Outcome>, StateError> {
        let (name, test) = (self.name(), self.service.ctx.test);
        if !self.service.available()? {
            let would = if self.running { "started" } else { "stopped" };
            return Ok(Some(match test {
                true => Outcome::new(
                    None,
                    format!(
                        "Service {name} not present; if created in this state run, it would have been {would}"
                    ),
                ),
                false => Outcome::new(Some(!self.running), self.service.not_available()),
            }));
        }
        if self.service.runs()? != self.running {
            return Ok(None);
        }
        let state = if self.running { "running" } else { "dead" };
        let comment = format!("The service {name} is already {state}");
        match self.enable {
            // Whether to change that is decided by the step, for it writes.
            Some(enable) if enable != self.service.enabled()? => {
                if test {
                    self.service.toggle(enable, None, true).map(Some)
                } else {
                    Ok(None)
                }
            }
            _ => Ok(Some(Outcome::new(Some(true), comment))),
        }
    }

    fn plan(&self) -> Result<Plan<()>, StateError> {
        if let Some(Outcome { result, changes, comment, .. }) = self.settled()? {
            return Ok(Plan::settled(result, changes, comment));
        }
        let to = if self.running { "start" } else { "be killed" };
        Ok(Plan::steps(vec![()], Dict::new(), format!("Service {} is set to {to}", self.name())))
    }

    fn apply(&self) -> Result<Outcome, StateError> {
        let (name, ctx) = (self.name(), self.service.ctx);
        if let Some(runtime) = self.unmask
            && self.service.backend.masked(ctx.host, name, runtime)? == Some(true)
        {
            self.service.backend.mask(ctx.host, name, false, runtime)?;
        }
        if self.service.runs()? == self.running {
            let enable = self.enable.unwrap_or_default();
            return self.service.toggle(enable, None, true);
        }
        let was_enabled = self.service.enabled()?;
        let (action, failed) = match self.running {
            true => (Action::Start, format!("Service {name} failed to start")),
            false => (Action::Stop, format!("Service {name} failed to die")),
        };
        if !self.service.act(action)? {
            return match self.enable {
                Some(enable) => self.service.toggle(enable, Some(!self.running), false),
                None => Ok(Outcome::new(Some(false), failed)),
            };
        }
        if let Some(delay) = self.delay {
            ctx.host.sleep(delay.0)?;
        }
        let runs = self.service.runs()?;
        let good = runs == self.running;
        let mut out = Outcome::new(
            Some(good),
            match (good, self.running) {
                (true, true) => format!("Started service {name}"),
                (true, false) => format!("Service {name} was killed"),
                (false, _) => failed,
            },
        );
        if good || was_enabled != self.service.enabled()? {
            out.changes.insert(name, runs);
        }
        if let Some(enable) = self.enable {
            let toggled = self.service.toggle(enable, Some(runs), good)?;
            out.result = toggled.result;
            out.comment = toggled.comment;
            // A change of what happens at boot stands for both, as in Salt.
            if !toggled.changes.is_empty() {
                out.changes = toggled.changes;
            }
        }
        if let (Some(delay), true) = (self.delay, self.running) {
            out.comment.push_str(&format!("\nDelayed return for {} seconds", delay.0.as_secs_f64()));
        }
        Ok(out)
    }
}

fn refuse_enabled(name: &str, enabled: Option<Flag>) -> Result<(), StateError> {
    match enabled {
        None => Ok(()),
        Some(_) => Err(StateError::refused(format!(
            "Service {name} uses non-existent option \"enabled\".  Perhaps \"enable\" option was intended?"
        ))),
    }
}

impl Running {
    fn wanted<'a>(&'a self, ctx: &'a Ctx<'a>) -> Wanted<'a> {
        Wanted {
            service: Service::new(ctx, &self.name, self.sig.as_deref()),
            running: true,
            enable: self.enable.map(|f| f.0),
            delay: self.init_delay,
            unmask: self.unmask.0.then_some(self.unmask_runtime.0),
        }
    }
}

impl State for Running {
    const FUN: &'static str = "service.running";
    const WATCHES: bool = true;
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        refuse_enabled(&self.name, self.enabled)?;
        self.wanted(ctx).plan()
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        self.wanted(ctx).apply().map(Applied::Done)
    }

    fn mod_watch(&self, _sfun: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        Some(self.react(ctx))
    }
}

impl Running {
    /// Restarts or reloads it because something that it watches changed.
    fn react(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let service = Service::new(ctx, &self.name, self.sig.as_deref());
        let (action, verb) = match (service.runs()?, self.reload.0, self.force.0) {
            (true, true, true) => (Action::ForceReload, "forcefully reload"),
            (true, true, false) => (Action::Reload, "reload"),
            (true, false, _) => (Action::Restart, "restart"),
            (false, ..) => (Action::Start, "start"),
        };
        if ctx.test {
            return Ok(Outcome::new(None, format!("Service is set to be {verb}ed")));
        }
        if action == Action::Start {
            // What is left of a service that died may keep it from starting.
            service.act(Action::Stop)?;
        }
        let good = service.act(action)?;
        if let Some(delay) = self.init_delay {
            ctx.host.sleep(delay.0)?;
        }
        let comment =
            if good { format!("Service {verb}ed") } else { format!("Failed to {verb} the service") };
        Ok(Outcome::new(Some(good), comment).with_changes(Dict::new().with(self.name.as_str(), good)))
    }
}

impl Dead {
    fn wanted<'a>(&'a self, ctx: &'a Ctx<'a>) -> Wanted<'a> {
        Wanted {
            service: Service::new(ctx, &self.name, self.sig.as_deref()),
            running: false,
            enable: self.enable.map(|f| f.0),
            delay: self.init_delay,
            unmask: None,
        }
    }
}

impl State for Dead {
    const FUN: &'static str = "service.dead";
    const WATCHES: bool = true;
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        refuse_enabled(&self.name, self.enabled)?;
        self.wanted(ctx).plan()
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        self.wanted(ctx).apply().map(Applied::Done)
    }

    fn mod_watch(&self, _sfun: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        let react = || {
            let service = Service::new(ctx, &self.name, self.sig.as_deref());
            if !service.runs()? {
                return Ok(Outcome::new(Some(true), "Service is already stopped"));
            }
            if ctx.test {
                return Ok(Outcome::new(None, "Service is set to be stopped"));
            }
            let good = service.act(Action::Stop)?;
            let comment = if good { "Service stopped" } else { "Failed to stop the service" };
            Ok(Outcome::new(Some(good), comment).with_changes(Dict::new().with(self.name.as_str(), good)))
        };
        Some(react())
    }
}

/// `enabled` and `disabled`: settled when it is so, or in test mode; otherwise a step.
fn plan_toggle(ctx: &Ctx<'_>, name: &str, enable: bool) -> Result<Plan<()>, StateError> {
    let service = Service::new(ctx, name, None);
    if ctx.test || !service.available()? || service.enabled()? == enable {
        let Outcome { mut result, changes, mut comment, .. } = service.toggle(enable, None, true)?;
        if ctx.test && enable && comment == service.not_available() {
            result = None;
            comment = format!(
                "Service {name} not present; if created in this state run, it would have been enabled"
            );
        }
        return Ok(Plan::settled(result, changes, comment));
    }
    Ok(Plan::steps(vec![()], Dict::new(), ""))
}

impl State for Enabled {
    const FUN: &'static str = "service.enabled";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        plan_toggle(ctx, &self.name, true)
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        Service::new(ctx, &self.name, None).toggle(true, None, true).map(Applied::Done)
    }
}

impl State for Disabled {
    const FUN: &'static str = "service.disabled";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        plan_toggle(ctx, &self.name, false)
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        Service::new(ctx, &self.name, None).toggle(false, None, true).map(Applied::Done)
    }
}

fn mask_type(runtime: bool) -> &'static str {
    if runtime { "runtime masked" } else { "masked" }
}

fn plan_mask(ctx: &Ctx<'_>, name: &str, mask: bool, runtime: bool) -> Result<Plan<()>, StateError> {
    let Some(masked) = backend(ctx).masked(ctx.host, name, runtime)? else {
        return Err(StateError::refused("Service masking not available on this minion"));
    };
    let what =
        if mask { mask_type(runtime).to_owned() } else { mask_type(runtime).replace("masked", "unmasked") };
    if masked == mask {
        let already = if mask { "is already" } else { "was already" };
        return Ok(Plan::nothing(format!("Service {name} {already} {what}")));
    }
    let comment = format!("Service {name} would be {what}");
    Ok(Plan::one((), mask_type(runtime), old_new(!mask, mask), comment))
}

fn apply_mask(ctx: &Ctx<'_>, name: &str, mask: bool, runtime: bool) -> Result<Applied, StateError> {
    backend(ctx).mask(ctx.host, name, mask, runtime)?;
    let what =
        if mask { mask_type(runtime).to_owned() } else { mask_type(runtime).replace("masked", "unmasked") };
    Ok(Applied::Said(format!("Service {name} was {what}")))
}

impl State for Masked {
    const FUN: &'static str = "service.masked";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        plan_mask(ctx, &self.name, true, self.runtime.0)
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        apply_mask(ctx, &self.name, true, self.runtime.0)
    }
}

impl State for Unmasked {
    const FUN: &'static str = "service.unmasked";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        plan_mask(ctx, &self.name, false, self.runtime.0)
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        apply_mask(ctx, &self.name, false, self.runtime.0)
    }
}
