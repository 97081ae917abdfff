//! `match`: whether targets mean this minion, and choosing from a dict by target.

use data::lookup::DELIMITER;
use data::loose::Flag;
use data::{Dict, Value};
use proto::target::{Facts, Target, TargetType};

use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::Ctx;
use crate::args;

/// The rows of this module.
pub const FUNCTIONS: &[ExecEntry] = &[
    entry::<Compound>(),
    entry::<Ipcidr>(),
    entry::<PillarPcre>(),
    entry::<Pillar>(),
    entry::<GrainPcre>(),
    entry::<Grain>(),
    entry::<List>(),
    entry::<Pcre>(),
    entry::<Glob>(),
    entry::<FilterBy>(),
    entry::<SearchBy>(),
    entry::<IfElse>(),
    entry::<Data>(),
];

args! {
    /// Whether a compound target means this minion: `match.compound 'L@cheese,foo and *'`.
    ///
    /// minion_id: another id to match with.
    pub struct Compound {
        tgt: Value,
        #[serde(default)]
        minion_id: Value,
    }

    /// Whether the minion has this address, or one in this network: `match.ipcidr 192.168.44.0/24`.
    pub struct Ipcidr {
        tgt: Value,
    }

    /// Whether a pillar value matches a regular expression: `match.pillar_pcre 'cheese:(swiss|american)'`.
    pub struct PillarPcre {
        tgt: Value,
        #[serde(default = delimiter)]
        delimiter: String,
    }

    /// Whether a pillar value matches a glob: `match.pillar 'cheese:foo'`.
    pub struct Pillar {
        tgt: Value,
        #[serde(default = delimiter)]
        delimiter: String,
    }

    /// Whether a grain matches a regular expression: `match.grain_pcre 'os:Fedo.*'`.
    pub struct GrainPcre {
        tgt: Value,
        #[serde(default = delimiter)]
        delimiter: String,
    }

    /// Whether a grain matches a glob: `match.grain 'os:Ubuntu'`.
    pub struct Grain {
        tgt: Value,
        #[serde(default = delimiter)]
        delimiter: String,
    }

    /// Whether the minion is in a list: `match.list server1,server2`. minion_id: another id to match with.
    pub struct List {
        tgt: Value,
        #[serde(default)]
        minion_id: Value,
    }

    /// Whether the id matches a regular expression: `match.pcre '.*'`. minion_id: another id to match with.
    pub struct Pcre {
        tgt: Value,
        #[serde(default)]
        minion_id: Value,
    }

    /// Whether the id matches a glob: `match.glob 'web*'`. minion_id: another id to match with.
    pub struct Glob {
        tgt: Value,
        #[serde(default)]
        minion_id: Value,
    }

    /// The value of the first target in a dict that means this minion: `match.filter_by '{foo*: a, bar*: b}'`.
    ///
    /// tgt_type: how the keys are written (compound). merge: a dict that is merged over the value. default: the
    /// key of the value for no match.
    pub struct FilterBy {
        lookup: Dict,
        #[serde(default = compound)]
        tgt_type: String,
        #[serde(default)]
        minion_id: Value,
        #[serde(default)]
        merge: Value,
        #[serde(default)]
        merge_lists: Flag,
        #[serde(default = default_key)]
        default: Value,
    }

    /// The keys of a dict of lists of targets that mean this minion: `match.search_by '{web: [node1, node2]}'`.
    pub struct SearchBy {
        lookup: Dict,
        #[serde(default = compound)]
        tgt_type: String,
        #[serde(default)]
        minion_id: Value,
    }

    /// Whether the minion's own data (`cachedir/datastore`) matches: `match.data spam:eggs`.
    pub struct Data {
        tgt: String,
    }

    /// Pairs of target and value, then a default: the value of the first target that means this minion.
    ///
    /// `match.ifelse 'foo*' 'Foo!' 'bar*' 'Bar!' 'neither'`; a target may be true or false as well.
    pub struct IfElse {
        #[serde(default)]
        args: Vec<Value>,
        #[serde(default)]
        kwargs: Dict,
    }
}

fn delimiter() -> String {
    DELIMITER.to_owned()
}

fn compound() -> String {
    TargetType::Compound.as_str().to_owned()
}

fn default_key() -> Value {
    "default".into()
}

/// Whether a target means this minion, or one that is like it under another id. What is no target means none.
fn means(ctx: &Ctx<'_>, tgt: &Value, kind: TargetType, delimiter: &str, minion_id: &Value) -> bool {
    let nodegroups = ctx.opt("nodegroups").and_then(|groups| groups.as_dict().cloned()).unwrap_or_default();
    let target = match Target::parse(tgt, kind, delimiter, &nodegroups) {
        Ok(target) => target,
        Err(error) => {
            tracing::error!("{error}");
            return false;
        }
    };
    let id = if minion_id.is_none() { ctx.id() } else { minion_id.to_string() };
    let pillar = if target.needs_pillar() { ctx.pillar() } else { Value::None };
    target.matches(&Facts { id: &id, grains: &ctx.grains(), pillar: &pillar })
}

/// The kind of target by the name of the function that Salt calls for it.
fn kind_of(name: &str) -> Result<TargetType, ExecError> {
    let name = name.strip_suffix('_').unwrap_or(name);
    TargetType::from_name(name).ok_or_else(|| ExecError::raised("KeyError", format!("'{name}'")))
}

/// Each matcher: its name, its parameters, its kind of target, and what stands for delimiter and id.
macro_rules! matcher {
    ($args:ty, $fun:literal, $signature:literal, $kind:expr, |$self:ident| $delimiter:expr, $id:expr) => {
        impl ExecFn for $args {
            const FUN: &'static str = $fun;
            const SIGNATURE: &'static str = $signature;

            fn call($self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
                Ok(means(ctx, &$self.tgt, $kind, $delimiter, $id).into())
            }
        }
    };
}

matcher!(
    Compound,
    "match.compound",
    "tgt, minion_id=None",
    TargetType::Compound,
    |self| DELIMITER,
    &self.minion_id
);
matcher!(Ipcidr, "match.ipcidr", "tgt", TargetType::Ipcidr, |self| DELIMITER, &Value::None);
matcher!(
    PillarPcre,
    "match.pillar_pcre",
    "tgt, delimiter=':'",
    TargetType::PillarPcre,
    |self| &self.delimiter,
    &Value::None
);
matcher!(
    Pillar,
    "match.pillar",
    "tgt, delimiter=':'",
    TargetType::Pillar,
    |self| &self.delimiter,
    &Value::None
);
matcher!(
    GrainPcre,
    "match.grain_pcre",
    "tgt, delimiter=':'",
    TargetType::GrainPcre,
    |self| &self.delimiter,
    &Value::None
);
matcher!(Grain, "match.grain", "tgt, delimiter=':'", TargetType::Grain, |self| &self.delimiter, &Value::None);
matcher!(List, "match.list", "tgt, minion_id=None", TargetType::List, |self| DELIMITER, &self.minion_id);
matcher!(Pcre, "match.pcre", "tgt, minion_id=None", TargetType::Pcre, |self| DELIMITER, &self.minion_id);
matcher!(Glob, "match.glob", "tgt, minion_id=None", TargetType::Glob, |self| DELIMITER, &self.minion_id);

impl ExecFn for FilterBy {
    const FUN: &'static str = "match.filter_by";
    const SIGNATURE: &'static str =
        "lookup, tgt_type='compound', minion_id=None, merge=None, merge_lists=False, default='default'";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let kind = kind_of(&self.tgt_type)?;
        for (target, value) in self.lookup.iter() {
            if !means(ctx, target, kind, DELIMITER, &self.minion_id) {
                continue;
            }
            if !self.merge.is_true() {
                return Ok(value.clone());
            }
            let Some(over) = self.merge.as_dict() else {
                return Err(ExecError::raised(
                    "SaltException",
                    "filter_by merge argument must be a dictionary.",
                ));
            };
            let mut value = match value {
                Value::None => return Ok(self.merge.clone()),
                Value::Dict(value) => (**value).clone(),
                _ => {
                    let problem = "Cannot update using non-dict types in dictupdate.update()";
                    return Err(ExecError::raised("TypeError", problem));
                }
            };
            data::merge::update(&mut value, over, true, self.merge_lists.0);
            return Ok(value.into());
        }
        Ok(self.lookup.get_value(&self.default).cloned().unwrap_or_default())
    }
}

impl ExecFn for SearchBy {
    const FUN: &'static str = "match.search_by";
    const SIGNATURE: &'static str = "lookup, tgt_type='compound', minion_id=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let kind = kind_of(&self.tgt_type)?;
        let mut found = Vec::new();
        for (key, targets) in self.lookup.iter() {
            let targets = targets.as_list().into_iter().flatten();
            let meant = targets.filter(|target| means(ctx, target, kind, DELIMITER, &self.minion_id));
            // A key is there as often as its targets match.
            found.extend(meant.map(|_| key.clone()));
        }
        Ok(if found.is_empty() { Value::None } else { found.into() })
    }
}

impl ExecFn for IfElse {
    const FUN: &'static str = "match.ifelse";
    const SIGNATURE: &'static str = "*args, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let Some((last, pairs)) = self.args.split_last().filter(|(_, pairs)| pairs.len() % 2 == 0) else {
            let problem = "The ifelse function must have an odd number of arguments!";
            return Err(ExecError::raised("SaltException", problem));
        };
        // Salt's default key: no minion has such a name, nor the one that stands for false.
        const DEFAULT: &str = "SALT_IFELSE_FUNCTION_DEFAULT";
        let mut lookup = Dict::new();
        for pair in pairs.chunks_exact(2) {
            if let [target, value] = pair {
                let target = match target {
                    Value::Bool(true) => Value::from("*"),
                    Value::Bool(false) => Value::from("SALT_IFELSE_MATCH_NOTHING"),
                    target => target.clone(),
                };
                lookup.insert(target, value.clone());
            }
        }
        lookup.insert(DEFAULT, last.clone());
        let option = |name: &str| self.kwargs.get(name).cloned().unwrap_or_default();
        let filter = FilterBy {
            lookup,
            tgt_type: self.kwargs.get("tgt_type").map_or_else(compound, ToString::to_string),
            minion_id: option("minion_id"),
            merge: option("merge"),
            merge_lists: Flag(option("merge_lists").is_true()),
            default: DEFAULT.into(),
        };
        filter.call(ctx)
    }
}

/// Whether a value of the minion's own data matches a glob: `key:glob`. Of a list any member may, of a dict a key.
pub(crate) fn matches_data(ctx: &Ctx<'_>, target: &str) -> bool {
    let mut parts = target.split(':');
    let (Some(key), Some(pattern)) = (parts.next(), parts.next()) else { return false };
    let file = ctx.opt("cachedir").map(|dir| std::path::Path::new(&dir.to_string()).join("datastore"));
    let read = |file: std::path::PathBuf| ctx.host.read_opt(&file).ok().flatten();
    let store = file.and_then(read).and_then(|data| data::msgpack::decode(&data).ok()).unwrap_or_default();
    let lower = |text: &str| proto::target::glob::Glob::new(&text.to_lowercase());
    match store.get(key) {
        None | Some(Value::None) => false,
        Some(Value::List(list)) => {
            let pattern = lower(pattern);
            list.iter().any(|member| pattern.matches(&member.to_string().to_lowercase()))
        }
        Some(Value::Dict(dict)) => dict.contains(pattern),
        Some(value) => proto::target::glob::Glob::new(pattern).matches(&value.to_string()),
    }
}

impl ExecFn for Data {
    const FUN: &'static str = "match.data";
    const SIGNATURE: &'static str = "tgt";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(matches_data(ctx, &self.tgt).into())
    }
}
