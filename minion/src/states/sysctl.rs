//! Settings of the kernel as they should be.

use data::{Dict, Value};

use super::{Applied, Plan, State, StateEntry, StateError, entry};
use crate::exec::ExecError;
use crate::exec::sysctl::{configured, default_config, get, same};
use crate::{Ctx, args};

/// The states of `sysctl`.
pub const STATES: &[StateEntry] = &[entry::<Present>()];

args! {
    /// The kernel has a setting, now and at the next start.
    ///
    /// ```yaml
    /// vm.swappiness:
    ///   sysctl.present:
    ///     - value: 20
    ///     - config: /etc/sysctl.d/90-app.conf
    /// ```
    pub struct Present {
        name: String,
        value: Value,
        #[serde(default)]
        config: Option<String>,
    }
}

impl State for Present {
    const FUN: &'static str = "sysctl.present";
    type Step = String;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<String>, StateError> {
        let Present { name, value, .. } = self;
        let config = self.config.clone().unwrap_or_else(|| default_config(ctx).to_owned());
        let text = value.to_string();
        let kept = configured(ctx, &config)?.unwrap_or_default();
        let mut kept = kept.iter().filter(|(key, _)| key == name).peekable();
        let (is_kept, current) = (kept.peek().is_some(), get(ctx, name)?);
        let good = is_kept && kept.all(|(_, is)| same(is, &text));
        let comment = match (good, same(&current, &text)) {
            (true, true) => {
                return Ok(Plan::nothing(format!("Sysctl value {name} = {value} is already set")));
            }
            (false, true) if !is_kept => format!(
                "Sysctl value is currently set on the running system but not in a config file. Sysctl option {name} set \
                 to be changed to {value} in config file."
            ),
            _ if is_kept => format!("Sysctl option {name} would be changed to {value}"),
            _ => format!("Sysctl option {name} set to be changed to {value}"),
        };
        Ok(Plan::steps(vec![config], Dict::new(), comment))
    }

    fn apply(&self, config: String, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let Present { name, value, .. } = self;
        match ctx.call("sysctl.persist", vec![name.into(), value.clone(), config.into()], Dict::new()) {
            Ok(_) => {
                let comment = format!("Updated sysctl value {name} = {value}");
                Ok(Applied::Changed { changes: Dict::new().with(name, value.clone()), comment })
            }
            Err(ExecError::Raised { message, .. }) => {
                Err(StateError::refused(format!("Failed to set {name} to {value}: {message}")))
            }
            Err(error) => Err(error.into()),
        }
    }
}
