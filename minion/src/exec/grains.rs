//! The grains: looking them up, and keeping own ones in the grains file.

use std::path::Path;

use data::lookup::{DELIMITER, find};
use data::loose::Flag;
use data::merge;
use data::{Dict, Value};
use proto::target::glob::Glob;

use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::Ctx;
use crate::args;

/// The rows of this module.
pub const FUNCTIONS: &[ExecEntry] = &[
    entry::<Items>(),
    entry::<Item>(),
    entry::<Get>(),
    entry::<Get>().also_as("grains.fetch"),
    entry::<HasValue>(),
    entry::<Equals>(),
    entry::<Ls>(),
    entry::<FilterBy>(),
    entry::<SetVals>(),
    entry::<SetVal>(),
    entry::<Set>(),
    entry::<Append>(),
    entry::<Remove>(),
    entry::<DelVal>(),
    entry::<DelKey>(),
];

args! {
    /// All grains. sanitize: serial numbers and names of machines are masked.
    pub struct Items {
        #[serde(default)]
        sanitize: Flag,
    }

    /// Grains by name: `grains.item os ipv4`; `a:b` looks inside. default: for what is missing.
    pub struct Item {
        #[serde(default)]
        args: Vec<String>,
        #[serde(default)]
        kwargs: Dict,
    }

    /// One grain: `grains.get pkg:apache`. default: for what is missing.
    pub struct Get {
        key: String,
        #[serde(default = empty)]
        default: Value,
        #[serde(default = delimiter)]
        delimiter: String,
    }

    /// Whether there is such a grain.
    pub struct HasValue {
        key: String,
    }

    /// Whether a grain has this value.
    pub struct Equals {
        key: String,
        value: Value,
    }

    /// The names of all grains.
    pub struct Ls {}

    /// Choose from a dict by a grain: the entry whose key matches the grain as a glob, else `default`.
    ///
    /// grain: which (os_family). merge: a dict that is merged over the result. base: the key of an entry that the
    /// result is merged over.
    pub struct FilterBy {
        lookup_dict: Value,
        #[serde(default = os_family)]
        grain: String,
        #[serde(default)]
        merge: Value,
        #[serde(default = default_key)]
        default: String,
        #[serde(default)]
        base: Option<String>,
    }

    /// Set grains from a dict in the grains file. destructive: a value of none removes its grain. The pillar, which
    /// may depend on them, is got anew unless `refresh_pillar` is false.
    pub struct SetVals {
        grains: Value,
        #[serde(default)]
        destructive: Flag,
        #[serde(default = yes)]
        refresh_pillar: Flag,
    }

    /// Set a grain in the grains file: `grains.setval role web`. destructive: a value of none removes it. The pillar,
    /// which may depend on it, is got anew unless `refresh_pillar` is false.
    pub struct SetVal {
        key: String,
        val: Value,
        #[serde(default)]
        destructive: Flag,
        #[serde(default = yes)]
        refresh_pillar: Flag,
    }

    /// Set a grain, also inside another: `grains.set a:b 1`. force: even where a dict or list is replaced.
    pub struct Set {
        key: String,
        #[serde(default = empty)]
        val: Value,
        #[serde(default)]
        force: Flag,
        #[serde(default)]
        destructive: Flag,
        #[serde(default = delimiter)]
        delimiter: String,
    }

    /// Append to a grain that is a list. convert: make a list of one that is none.
    pub struct Append {
        key: String,
        val: Value,
        #[serde(default)]
        convert: Flag,
        #[serde(default = delimiter)]
        delimiter: String,
    }

    /// Take a value out of a grain that is a list.
    pub struct Remove {
        key: String,
        val: Value,
        #[serde(default = delimiter)]
        delimiter: String,
    }

    /// Set a grain to none, or remove it when destructive.
    pub struct DelVal {
        key: String,
        #[serde(default)]
        destructive: Flag,
        #[serde(default)]
        force: Flag,
    }

    /// Remove a grain from the grains file. force: even when it is a dict or list.
    pub struct DelKey {
        key: String,
        #[serde(default)]
        force: Flag,
    }
}

fn yes() -> Flag {
    Flag(true)
}

fn empty() -> Value {
    Value::from("")
}

fn delimiter() -> String {
    DELIMITER.to_owned()
}

fn os_family() -> String {
    "os_family".to_owned()
}

fn default_key() -> String {
    "default".to_owned()
}

/// Masks what identifies a machine, as `sanitize=True` asks for.
fn sanitized(mut grains: Dict) -> Dict {
    if let Some(serial) = grains.get_mut("serialnumber") {
        let text = serial.to_string();
        let shown = text.chars().count() * 3 / 4;
        *serial = text
            .chars()
            .enumerate()
            .map(|(at, c)| if at < shown { c } else { 'X' })
            .collect::<String>()
            .into();
    }
    for (name, mask) in [
        ("domain", "DOMAINNAME"),
        ("fqdn", "MINION.DOMAINNAME"),
        ("id", "MINION.DOMAINNAME"),
        ("host", "MINION"),
        ("localhost", "MINION"),
        ("nodename", "MINION"),
    ] {
        if let Some(value) = grains.get_mut(name) {
            *value = mask.into();
        }
    }
    grains
}

impl ExecFn for Items {
    const FUN: &'static str = "grains.items";
    const SIGNATURE: &'static str = "sanitize=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let grains = ctx.grains();
        if !self.sanitize.0 {
            return Ok(grains);
        }
        Ok(sanitized(grains.as_dict().cloned().unwrap_or_default()).into())
    }
}

impl ExecFn for Item {
    const FUN: &'static str = "grains.item";
    const SIGNATURE: &'static str = "*args, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let grains = ctx.grains();
        let default = self.kwargs.get("default").cloned().unwrap_or_else(empty);
        let delimiter = self.kwargs.get("delimiter").map_or_else(delimiter, ToString::to_string);
        let value = |key: &String| find(&grains, key, &delimiter).cloned().unwrap_or_else(|| default.clone());
        let out: Dict = self.args.iter().map(|key| (key.as_str(), value(key))).collect();
        let sanitize = self.kwargs.get("sanitize").is_some_and(Value::is_true);
        Ok(if sanitize { sanitized(out) } else { out }.into())
    }
}

impl ExecFn for Get {
    const FUN: &'static str = "grains.get";
    const SIGNATURE: &'static str = "key, default='', delimiter=':', ordered=True";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(find(&ctx.grains(), &self.key, &self.delimiter).cloned().unwrap_or(self.default))
    }
}

impl ExecFn for HasValue {
    const FUN: &'static str = "grains.has_value";
    const SIGNATURE: &'static str = "key";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(find(&ctx.grains(), &self.key, DELIMITER).is_some().into())
    }
}

impl ExecFn for Equals {
    const FUN: &'static str = "grains.equals";
    const SIGNATURE: &'static str = "key, value";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let grain = find(&ctx.grains(), &self.key, DELIMITER).cloned().unwrap_or_else(empty);
        Ok((grain.to_string() == self.value.to_string()).into())
    }
}

impl ExecFn for Ls {
    const FUN: &'static str = "grains.ls";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let grains = ctx.grains();
        let mut names: Vec<String> =
            grains.as_dict().into_iter().flat_map(Dict::keys).map(ToString::to_string).collect();
        names.sort();
        Ok(names.into())
    }
}

impl ExecFn for FilterBy {
    const FUN: &'static str = "grains.filter_by";
    const SIGNATURE: &'static str =
        "lookup_dict, grain='os_family', merge=None, default='default', base=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let grains = ctx.grains();
        let found = find(&grains, &self.grain, DELIMITER);
        filter(&self.lookup_dict, found, &self.merge, &self.default, self.base.as_deref())
    }
}

/// Salt's `filter_by`, shared in form with `pillar.filter_by`.
pub(crate) fn filter(
    lookup: &Value,
    found: Option<&Value>,
    over: &Value,
    default: &str,
    base: Option<&str>,
) -> Result<Value, ExecError> {
    let Some(lookup) = lookup.as_dict() else {
        return Err(ExecError::invocation("filter_by needs a dict to look in."));
    };
    let candidates: Vec<String> = match found {
        Some(Value::List(items)) => items.iter().map(ToString::to_string).collect(),
        Some(value) => vec![value.to_string()],
        None => Vec::new(),
    };
    let matching = |each: &String| {
        lookup
            .iter()
            .find(|(key, _)| Glob::new(&key.to_string()).matches(each))
            .map(|(_, value)| value.clone())
    };
    let mut chosen = candidates.iter().filter_map(matching).find(|v| !v.is_none());
    chosen = chosen.or_else(|| lookup.get(default).cloned()).filter(|v| !v.is_none());
    if let Some(under) = base.and_then(|b| lookup.get(b)) {
        chosen = Some(match (chosen, under) {
            (None, under) => under.clone(),
            (Some(value @ Value::Dict(_)), Value::Dict(_)) => over_it(under, &value),
            (Some(_), Value::Dict(_)) => {
                return Err(ExecError::raised(
                    "SaltException",
                    "filter_by default and look-up values must both be dictionaries.",
                ));
            }
            (Some(value), _) => value,
        });
    }
    if over.is_true() {
        if over.as_dict().is_none() {
            return Err(ExecError::raised("SaltException", "filter_by merge argument must be a dictionary."));
        }
        chosen = Some(match chosen {
            None => over.clone(),
            Some(value @ Value::Dict(_)) => over_it(&value, over),
            Some(_) => {
                let problem = "Cannot update using non-dict types in dictupdate.update()";
                return Err(ExecError::Arguments(problem.to_owned()));
            }
        });
    }
    Ok(chosen.unwrap_or_default())
}

/// A dict merged over another at every depth.
fn over_it(under: &Value, over: &Value) -> Value {
    merge::merge(under, over, merge::Strategy::Recurse, false)
}

/// Writes grains to the grains file and collects anew. The connection tells the master when the job ends.
fn store(ctx: &Ctx<'_>, new: &Dict, destructive: bool, refresh_pillar: bool) -> Result<Value, ExecError> {
    let Some(path) = crate::grains::grains_file(&ctx.opts()) else {
        return Err(ExecError::command("there is no configuration file beside which a grains file could be"));
    };
    let path = Path::new(&path);
    let text = ctx.host.read_opt(path)?.unwrap_or_default();
    let mut kept = match data::yaml::load(&String::from_utf8_lossy(&text)) {
        Ok(Value::Dict(kept)) => (*kept).clone(),
        Ok(_) => Dict::new(),
        Err(error) => return Ok(format!("Unable to read existing grains file: {error}").into()),
    };
    for (key, value) in new.iter() {
        if destructive && value.is_none() {
            kept.remove_value(key);
        } else {
            kept.insert(key.clone(), value.clone());
        }
    }
    if let Some(dir) = path.parent() {
        ctx.host.mkdir_all(dir, None)?;
    }
    ctx.host.write_atomic(path, data::yaml::salt_dump(&kept.into()).as_bytes(), None)?;
    ctx.caller().refresh_grains();
    // Without a master a call is over before anybody could ask for the pillar again.
    if refresh_pillar && ctx.opt("file_client").is_none_or(|client| client.as_str() != Some("local")) {
        ctx.caller().refresh_pillar();
    }
    Ok(new.clone().into())
}

impl ExecFn for SetVals {
    const FUN: &'static str = "grains.setvals";
    const SIGNATURE: &'static str = "grains, destructive=False, refresh_pillar=True";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        match &self.grains {
            Value::Dict(new) => store(ctx, new, self.destructive.0, self.refresh_pillar.0),
            _ => Err(ExecError::raised("SaltException", "setvals grains must be a dictionary.")),
        }
    }
}

impl ExecFn for SetVal {
    const FUN: &'static str = "grains.setval";
    const SIGNATURE: &'static str = "key, val, destructive=False, refresh_pillar=True";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        store(ctx, &Dict::new().with(self.key, self.val), self.destructive.0, self.refresh_pillar.0)
    }
}

/// Puts `value` at `path` into the top-level grain that the path starts with; name and new value of that one.
fn put_at(grains: &Value, path: &str, delimiter: &str, value: Value) -> (String, Value) {
    match path.rsplit_once(delimiter) {
        None => (path.to_owned(), value),
        Some((parent, last)) => {
            let mut around = find(grains, parent, delimiter).cloned().unwrap_or_default();
            if around.as_dict().is_none() {
                around = Value::dict();
            }
            if let Some(dict) = around.as_dict_mut() {
                dict.insert(last, value);
            }
            put_at(grains, parent, delimiter, around)
        }
    }
}

impl ExecFn for Append {
    const FUN: &'static str = "grains.append";
    const SIGNATURE: &'static str = "key, val, convert=False, delimiter=':'";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let grains = ctx.grains();
        let mut list = match find(&grains, &self.key, &self.delimiter) {
            None => Vec::new(),
            Some(Value::List(list)) => list.to_vec(),
            Some(Value::None) if self.convert.0 => Vec::new(),
            Some(other) if self.convert.0 => vec![other.clone()],
            Some(_) => return Ok(format!("The key {} is not a valid list", self.key).into()),
        };
        if list.contains(&self.val) {
            return Ok(format!("The val {} was already in the list {}", self.val, self.key).into());
        }
        match self.val {
            Value::List(more) => list.extend(more.iter().cloned()),
            one => list.push(one),
        }
        let (name, value) = put_at(&grains, &self.key, &self.delimiter, list.into());
        store(ctx, &Dict::new().with(name, value), false, true)
    }
}

impl ExecFn for Remove {
    const FUN: &'static str = "grains.remove";
    const SIGNATURE: &'static str = "key, val, delimiter=':'";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let grains = ctx.grains();
        let mut list = match find(&grains, &self.key, &self.delimiter) {
            None => Vec::new(),
            Some(Value::List(list)) => list.to_vec(),
            Some(_) => return Ok(format!("The key {} is not a valid list", self.key).into()),
        };
        let Some(at) = list.iter().position(|v| *v == self.val) else {
            return Ok(format!("The val {} was not in the list {}", self.val, self.key).into());
        };
        list.remove(at);
        let (name, value) = put_at(&grains, &self.key, &self.delimiter, list.into());
        store(ctx, &Dict::new().with(name, value), false, true)
    }
}

/// Salt's `grains.set`: result, comment, changes.
fn set(
    ctx: &Ctx<'_>,
    key: &str,
    value: Value,
    force: bool,
    destructive: bool,
    delimiter: &str,
) -> Result<Value, ExecError> {
    let answer = |result: bool, comment: String, changes: Value| -> Result<Value, ExecError> {
        Ok(Dict::new().with("comment", comment).with("changes", changes).with("result", result).into())
    };
    let complex = |v: &Value| matches!(v, Value::Dict(_) | Value::List(_));
    let grains = ctx.grains();
    let removing = destructive && value.is_none();
    if let Some(existing) = find(&grains, key, delimiter) {
        if *existing == value && !removing {
            return answer(true, "Grain is already set".to_owned(), Value::dict());
        }
        let problem = match (force || existing.is_none(), complex(existing), complex(&value)) {
            (false, true, _) => Some("is a dict or a list"),
            (false, false, true) => Some("the given value is a dict or a list"),
            _ => None,
        };
        if let Some(problem) = problem {
            let join = if complex(existing) { "but" } else { "and" };
            let comment = format!("The key '{key}' exists {join} {problem}. Use 'force=True' to overwrite.");
            return answer(false, comment, Value::dict());
        }
    }
    let changed = if removing && key.contains(delimiter) {
        let (parent, last) = key.rsplit_once(delimiter).unwrap_or((key, ""));
        let mut around = find(&grains, parent, delimiter).cloned().unwrap_or_else(Value::dict);
        if let Some(dict) = around.as_dict_mut() {
            dict.remove(last);
        }
        put_at(&grains, parent, delimiter, around)
    } else {
        if let Some((parent, last)) = key.rsplit_once(delimiter)
            && let Some(around) = find(&grains, parent, delimiter)
            && !complex(around)
            && *around != Value::from(last)
            && !force
        {
            let comment = format!(
                "The key '{parent}' value is '{around}', which is different from the provided key '{last}'. Use \
                 'force=True' to overwrite."
            );
            return answer(false, comment, Value::dict());
        }
        put_at(&grains, key, delimiter, value)
    };
    match store(ctx, &Dict::new().with(changed.0, changed.1), destructive, true)? {
        changes @ Value::Dict(_) => answer(true, String::new(), changes),
        problem => answer(false, problem.to_string(), Value::dict()),
    }
}

impl ExecFn for Set {
    const FUN: &'static str = "grains.set";
    const SIGNATURE: &'static str = "key, val='', force=False, destructive=False, delimiter=':'";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        set(ctx, &self.key, self.val, self.force.0, self.destructive.0, &self.delimiter)
    }
}

impl ExecFn for DelVal {
    const FUN: &'static str = "grains.delval";
    const SIGNATURE: &'static str = "key, destructive=False, force=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        set(ctx, &self.key, Value::None, self.force.0, self.destructive.0, DELIMITER)
    }
}

impl ExecFn for DelKey {
    const FUN: &'static str = "grains.delkey";
    const SIGNATURE: &'static str = "key, force=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        set(ctx, &self.key, Value::None, self.force.0, true, DELIMITER)
    }
}
