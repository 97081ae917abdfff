//! `debconf`: answers to what packages ask when they are installed.

use data::{Dict, Value};

use super::{Applied, Plan, State, StateEntry, StateError, entry};
use crate::exec::debconf::{self, Answer};
use crate::{Ctx, args};

/// The rows of this module.
pub const STATES: &[StateEntry] = &[entry::<Set>(), entry::<SetFile>()];

args! {
    /// Questions of a package are answered.
    ///
    /// ```yaml
    /// nullmailer:
    ///   debconf.set:
    ///     - data:
    ///         shared/mailname: {type: string, value: server.domain.tld}
    ///         nullmailer/relayhost: {type: string, value: mail.domain.tld}
    /// ```
    /// Changes: the answers that are new, by question; those of type `password` are not shown.
    pub struct Set {
        name: String,
        data: Dict,
    }

    /// The answers of a file are given.
    ///
    /// ```yaml
    /// ferm-debconf:
    ///   debconf.set_file:
    ///     - source: salt://ferm/ferm.debconf      # lines of package, question, type and value
    ///     - template: jinja
    ///     - context: {mode: strict}
    /// ```
    /// Also: defaults. Changes: the answers that are new, by question.
    pub struct SetFile {
        #[serde(rename = "name")]
        _name: String,
        source: String,
        #[serde(default)]
        template: Option<String>,
        #[serde(default)]
        context: Option<Value>,
        #[serde(default)]
        defaults: Option<Value>,
    }
}

/// One answer that is to be given.
struct Wanted {
    package: String,
    question: String,
    kind: String,
    value: String,
}

impl Wanted {
    fn is_given(&self, answers: &[Answer]) -> bool {
        let mut own = answers.iter().filter(|a| a.package == self.package && a.question == self.question);
        match self.kind.as_str() {
            "seen" => own.any(|answer| answer.seen == (self.value.trim() == "true")),
            kind => own.any(|answer| answer.kind == kind && answer.value == self.value),
        }
    }

    fn line(&self) -> String {
        format!("{} {} {} {}\n", self.package, self.question, self.kind, self.value)
    }

    fn shown(&self) -> &str {
        if self.kind == "password" { "(password hidden)" } else { &self.value }
    }
}

impl Set {
    fn wanted(&self) -> Result<Vec<Wanted>, StateError> {
        let one = |(question, args): (&Value, &Value)| {
            let kind = args.get("type").map(ToString::to_string);
            let (Some(kind), Some(value)) = (kind, args.get("value")) else {
                return Err(StateError::refused(format!("data: {question} needs a type and a value")));
            };
            let value = match kind.as_str() {
                "boolean" if value.is_true() && value.as_str() != Some("false") => "true".to_owned(),
                "boolean" => "false".to_owned(),
                _ => value.to_string(),
            };
            if [self.name.as_str(), &question.to_string(), &kind, &value]
                .iter()
                .any(|text| text.contains('\n'))
            {
                return Err(StateError::refused(format!("data: the answer to {question} is not one line")));
            }
            Ok(Wanted { package: self.name.clone(), question: question.to_string(), kind, value })
        };
        self.data.iter().map(one).collect()
    }
}

impl State for Set {
    const FUN: &'static str = "debconf.set";
    type Step = String;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<String>, StateError> {
        debian(ctx)?;
        let answers = debconf::answers(ctx.host)?;
        let (same, new): (Vec<_>, Vec<_>) =
            self.wanted()?.into_iter().partition(|wanted| wanted.is_given(&answers));
        if new.is_empty() {
            return Ok(Plan::nothing("All specified answers are already set"));
        }
        let changes: Dict = new
            .iter()
            .map(|wanted| match ctx.test {
                true => (wanted.question.as_str(), format!("New value: {}", wanted.shown())),
                false => (wanted.question.as_str(), wanted.shown().to_owned()),
            })
            .collect();
        let comment = match same.is_empty() {
            true => String::new(),
            false => {
                let names: Vec<&str> = same.iter().map(|wanted| wanted.question.as_str()).collect();
                format!("Unchanged answers: {} ", names.join(" "))
            }
        };
        Ok(Plan::steps(vec![new.iter().map(Wanted::line).collect()], changes, comment))
    }

    fn apply(&self, lines: String, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        debconf::set(ctx.host, &lines).map_err(|error| StateError::refused(error.to_string()))?;
        Ok(Applied::AsPlanned)
    }
}

impl State for SetFile {
    const FUN: &'static str = "debconf.set_file";
    type Step = String;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<String>, StateError> {
        debian(ctx)?;
        let dict = |value: &Option<Value>, what: &str| match value {
            None | Some(Value::None) => Ok(Dict::new()),
            Some(Value::Dict(dict)) => Ok((**dict).clone()),
            Some(_) => Err(StateError::refused(format!("{what} must be formed as a dict"))),
        };
        let mut context = dict(&self.defaults, "Defaults")?;
        context.extend(dict(&self.context, "Context")?);
        let template = self.template.as_deref().filter(|engine| !engine.is_empty());
        let Some(text) = debconf::source(ctx, &self.source, template, context)? else {
            return Err(StateError::refused("Unable to set debconf selections from file."));
        };
        let wanted = debconf::selections(&text);
        let wanted = wanted.into_iter().map(|(package, question, kind, value)| Wanted {
            package,
            question,
            kind,
            value,
        });
        let answers = debconf::answers(ctx.host)?;
        let new: Vec<Wanted> = wanted.filter(|wanted| !wanted.is_given(&answers)).collect();
        if new.is_empty() {
            return Ok(Plan::nothing("All specified answers are already set"));
        }
        let changes: Dict = new.iter().map(|wanted| (wanted.question.as_str(), wanted.shown())).collect();
        Ok(Plan::steps(vec![text], changes, "Debconf selections would have been set."))
    }

    fn apply(&self, lines: String, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        debconf::set(ctx.host, &lines).map_err(|error| StateError::refused(error.to_string()))?;
        Ok(Applied::Said("Debconf selections were set.".to_owned()))
    }
}

fn debian(ctx: &Ctx<'_>) -> Result<(), StateError> {
    match ctx.grain_str("os_family").as_str() {
        "Debian" => Ok(()),
        _ => Err(StateError::refused("debconf state only runs on Debian systems")),
    }
}
