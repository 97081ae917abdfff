//! `file.serialize`: a value in a file, as JSON, YAML …

use std::path::Path;

use data::loose::{Flag, Mode};
use data::{Dict, Value};

use super::act::{Act, name_of};
use super::formats::{Format, differences};
use super::managed::{self, yes};
use super::util::{Perms, bits};
use crate::exec::file::encoding::Encoding;
use crate::exec::file::manage::{Data, File, Ignore};
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Have a value in a file.
    ///
    /// ```yaml
    /// /etc/app.json:
    ///   file.serialize:
    ///     - dataset: {port: 80}               # or dataset_pillar, a key
    ///     - serializer: json                  # or yaml (default), toml, configparser, msgpack; also called formatter
    ///     - serializer_opts: [indent: 4]
    ///     - merge_if_exists: True             # over what the file has, with deserializer_opts
    ///     - user: root                        # group, mode, makedirs, backup, encoding, check_cmd as file.managed
    /// ```
    ///
    /// Changes: `diff`; with `merge_if_exists` the keys that changed.
    pub(crate) struct Serialize {
        name: String,
        #[serde(default)]
        dataset: Value,
        #[serde(default)]
        dataset_pillar: Value,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        group: Value,
        #[serde(default)]
        mode: Option<Mode>,
        #[serde(default)]
        backup: Value,
        #[serde(default)]
        makedirs: Flag,
        #[serde(default = yes)]
        show_changes: Flag,
        #[serde(default = yes)]
        create: Flag,
        #[serde(default)]
        merge_if_exists: Flag,
        #[serde(default)]
        encoding: Value,
        #[serde(default)]
        encoding_errors: Option<String>,
        #[serde(default)]
        serializer: Value,
        #[serde(default)]
        formatter: Value,
        #[serde(default)]
        serializer_opts: Value,
        #[serde(default)]
        deserializer_opts: Value,
        #[serde(default)]
        check_cmd: Value,
        #[serde(default)]
        tmp_dir: Option<String>,
        #[serde(default)]
        tmp_ext: Option<String>,
    }
}

/// A dict, or a list of dicts put together.
fn options(given: &Value) -> Dict {
    match given {
        Value::Dict(options) => (**options).clone(),
        Value::List(list) => {
            list.iter().filter_map(Value::as_dict).flatten().map(|(k, v)| (k.clone(), v.clone())).collect()
        }
        _ => Dict::new(),
    }
}

impl Serialize {
    /// The dataset over what the file has; the result that stands when that changes nothing.
    fn merged(
        &self,
        ctx: &Ctx<'_>,
        name: &str,
        format: Format,
        dataset: &Value,
    ) -> Result<Result<(Value, Option<Dict>), Outcome>, StateError> {
        let path = Path::new(name);
        if !self.merge_if_exists.0 || !ctx.host.is_file(path) {
            return Ok(Ok((dataset.clone(), None)));
        }
        let old = format
            .deserialize(&ctx.host.read(path)?, &options(&self.deserializer_opts))
            .map_err(|e| StateError::refused(format!("Failed to deserialize existing data: {e}")))?;
        if old.is_none() {
            return Ok(Ok((dataset.clone(), None)));
        }
        let new = data::merge::merge(&old, dataset, data::merge::Strategy::Recurse, false);
        if new == old {
            let comment = format!("The file {name} is in the correct state");
            return Ok(Err(Outcome::new(Some(true), comment)));
        }
        let changes = match (&old, &new) {
            (Value::Dict(old), Value::Dict(new)) => Some(differences(old, new)),
            _ => None,
        };
        Ok(Ok((new, changes)))
    }

    fn outcome(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = name_of(ctx, &self.name, Self::FUN)?;
        if !self.create.0 && !ctx.host.is_file(Path::new(&name)) {
            let comment = format!("File {name} is not present and is not set for creation");
            return Ok(Outcome::new(Some(true), comment));
        }
        let refuse = |text: String| Err(StateError::refused(text));
        if self.serializer.is_true() && self.formatter.is_true() {
            return refuse("Only one of serializer and formatter are allowed".to_owned());
        }
        let given = [&self.serializer, &self.formatter].into_iter().find(|given| given.is_true());
        let serializer = given.map_or_else(|| "yaml".to_owned(), |given| given.to_string().to_lowercase());
        if self.dataset.is_true() && self.dataset_pillar.is_true() {
            return refuse("Only one of 'dataset' and 'dataset_pillar' is permitted".to_owned());
        }
        let dataset = if self.dataset_pillar.is_true() {
            let found = data::lookup::traverse(&ctx.pillar(), &self.dataset_pillar.to_string(), ":");
            found.unwrap_or_else(|| "".into())
        } else {
            self.dataset.clone()
        };
        if dataset.is_none() {
            return refuse("Neither 'dataset' nor 'dataset_pillar' was defined".to_owned());
        }
        let Some(format) = Format::named(&serializer) else {
            return refuse(format!(
                "The {serializer} serializer could not be found. It either does not exist or its prerequisites are not \
                 installed."
            ));
        };
        let (value, changed) = match self.merged(ctx, &name, format, &dataset)? {
            Ok(merged) => merged,
            Err(outcome) => return Ok(outcome),
        };
        let unicode = self.encoding.is_true();
        let mut given = options(&self.serializer_opts);
        if unicode {
            given.entry_or("allow_unicode", || true.into());
        }
        let content =
            format.serialize(&value, &given).map_err(|e| StateError::raised("SerializationError", e))?;
        let content = match std::str::from_utf8(&content) {
            Ok(text) if unicode => Encoding::named(&self.encoding.to_string())?
                .encode(text, self.encoding_errors.as_deref().unwrap_or("strict"))?,
            _ => content,
        };
        let backup = if self.backup.is_true() { self.backup.to_string() } else { String::new() };
        let file = File {
            name: &name,
            perms: Perms::new(&self.user, &self.group, bits(&self.mode)),
            attrs: None,
            selinux: &Value::None,
            backup: &backup,
            makedirs: self.makedirs.0,
            dir_mode: None,
            show_changes: self.show_changes.0,
            follow_symlinks: true,
            new_file_diff: false,
            ignore: Ignore { ordering: false, whitespace: false, comment_characters: &Value::None },
        };
        let mut data = Data::Own(content);
        if ctx.test {
            let (changes, _) = file.would(ctx, &mut data)?;
            if changes.is_empty() {
                let comment = format!("The file {name} is in the correct state");
                return Ok(Outcome::new(Some(true), comment));
            }
            let comment = format!("Dataset will be serialized and stored into {name}");
            let mut outcome = Outcome::new(None, comment).with_changes(changes);
            if !self.show_changes.0 {
                outcome.changes.insert("diff", "<show_changes=False>");
            }
            if let Some(changed) = changed {
                outcome.changes.insert("diff", changed);
            }
            return Ok(outcome);
        }
        if self.check_cmd.is_true()
            && !file.would(ctx, &mut data)?.0.is_empty()
            && let Data::Own(content) = &data
        {
            let (dir, extension) = (self.tmp_dir.as_deref(), self.tmp_ext.as_deref());
            if let Some(bad) = managed::check(ctx, &self.check_cmd, content, file.perms.mode, dir, extension)?
            {
                return Ok(bad);
            }
        }
        let mut outcome = file.manage(ctx, data)?;
        if let Some(changed) = changed {
            outcome.changes.insert("diff", changed);
        }
        Ok(outcome)
    }
}

impl Act for Serialize {
    const FUN: &'static str = "file.serialize";
    const KWARGS: bool = true;

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let mut outcome = self.outcome(ctx)?;
        if self.deserializer_opts.is_true() && !self.merge_if_exists.0 {
            let warning = "The 'deserializer_opts' option is ignored unless merge_if_exists is set to True.";
            outcome.extra.insert("warnings", vec![warning]);
        }
        Ok(outcome)
    }
}
