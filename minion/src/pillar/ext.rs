//! External pillars: what a command prints (`cmd_json`, `cmd_yaml`), what lies in a tree of files (`file_tree`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use data::merge::{Strategy, merge};
use data::{Dict, Value};
use proto::target::glob::Glob;
use proto::target::{Facts, Target, TargetType};
use sls::render::Renderer;

use crate::{Caller, JobCtx};

/// How deep a tree of files may be.
const MAX_DEPTH: usize = 64;

/// Those of Salt's that there are here.
const KNOWN: [&str; 3] = ["cmd_json", "cmd_yaml", "file_tree"];

/// What an external pillar is made for.
pub(super) struct Source<'a> {
    pub(super) id: &'a str,
    pub(super) grains: &'a Value,
    pub(super) opts: &'a Value,
    pub(super) nodegroups: &'a Dict,
    pub(super) functions: Option<&'a Caller>,
    pub(super) renderer: &'a Renderer,
}

/// The external pillars of the config, and the one that is asked for if it may be, with their arguments; and what
/// is wrong with the config.
pub(super) fn configured(opts: &Value, on_demand: &Value) -> (Vec<(String, Value)>, Vec<String>) {
    let malformed = || vec!["The \"ext_pillar\" option is malformed".to_owned()];
    let mut all = Vec::new();
    let excluded = opts.get("exclude_ext_pillar").and_then(Value::as_list).unwrap_or_default();
    match opts.get("ext_pillar") {
        None | Some(Value::None) => {}
        Some(Value::List(list)) => {
            for item in list.iter() {
                let Some((first, _)) = item.as_dict().and_then(|dict| dict.get_index(0)) else {
                    return (Vec::new(), malformed());
                };
                if !excluded.contains(first) {
                    let pairs = item.as_dict().into_iter().flatten();
                    all.extend(pairs.map(|(name, arguments)| (name.to_string(), arguments.clone())));
                }
            }
        }
        Some(_) => return (Vec::new(), malformed()),
    }
    match on_demand {
        Value::None => {}
        Value::Dict(asked) => {
            let allowed = opts.get("on_demand_ext_pillar").and_then(Value::as_list).unwrap_or_default();
            let refused: Vec<String> =
                asked.keys().filter(|name| !allowed.contains(name)).map(Value::to_string).collect();
            if refused.is_empty() {
                all.extend(asked.iter().map(|(name, arguments)| (name.to_string(), arguments.clone())));
            } else {
                let allowed: Vec<String> = allowed.iter().map(Value::to_string).collect();
                tracing::error!(
                    "The following ext_pillar modules are not allowed for on-demand pillar data: {}. Valid on-demand \
                     ext_pillar modules are: {}. The valid modules can be adjusted by setting the \
                     'on_demand_ext_pillar' config option.",
                    refused.join(", "),
                    allowed.join(", ")
                );
            }
        }
        other => tracing::error!("On-demand pillar {other} is not formatted as a dictionary"),
    }
    (all, Vec::new())
}

/// What an external pillar says. An error is for the minion to know.
pub(super) fn read(source: &Source<'_>, name: &str, arguments: &Value) -> Result<Value, String> {
    match name {
        "cmd_json" | "cmd_yaml" => Ok(command(source, name, arguments)),
        "file_tree" => Ok(file_tree(source, arguments)),
        // A pillar that lacks what it is to have is worse than none.
        _ => Err(format!(
            "Failed to load ext_pillar {name}: there is no such external pillar here, only {}. Let a command print the \
             data (cmd_yaml).",
            KNOWN.join(", ")
        )),
    }
}

/// What a command prints. One that fails or prints something else says nothing, as in Salt.
fn command(source: &Source<'_>, name: &str, arguments: &Value) -> Value {
    let text = match arguments {
        Value::Dict(named) => named.get("command").cloned().unwrap_or_default(),
        Value::List(list) => list.first().cloned().unwrap_or_default(),
        other => other.clone(),
    };
    let (Some(text), Some(caller)) = (text.as_str(), source.functions) else {
        tracing::error!("ext_pillar {name}: no command is given");
        return Value::dict();
    };
    let command = text.replace("%s", source.id);
    let (fun, options) = if name == "cmd_json" {
        ("cmd.run", Dict::new())
    } else {
        ("cmd.run_stdout", Dict::new().with("python_shell", true))
    };
    let job = std::sync::Arc::new(JobCtx::local());
    let printed = match caller.function(fun, vec![command.as_str().into()], options, &job) {
        Ok(printed) => printed.to_string(),
        Err(error) => {
            tracing::error!("ext_pillar {name}: '{command}': {error}");
            return Value::dict();
        }
    };
    let read = if name == "cmd_json" {
        data::json::load(&printed).map_err(|e| e.to_string())
    } else {
        data::yaml::load(&printed).map_err(|e| e.to_string())
    };
    read.unwrap_or_else(|error| {
        tracing::error!("ext_pillar {name}: what '{command}' prints cannot be read: {error}");
        Value::dict()
    })
}

/// Trees of files for a minion and its nodegroups: directories are dicts, files are their texts.
fn file_tree(source: &Source<'_>, arguments: &Value) -> Value {
    let named = match arguments {
        Value::Dict(named) => (**named).clone(),
        Value::List(list) => {
            list.first().map(|dir| Dict::new().with("root_dir", dir.clone())).unwrap_or_default()
        }
        dir => Dict::new().with("root_dir", dir.clone()),
    };
    let root = named.get("root_dir").filter(|v| v.is_true()).map(Value::to_string);
    let Some(root) = root.map(PathBuf::from) else {
        tracing::error!("file_tree: no root_dir specified");
        return Value::dict();
    };
    let roots = if root.is_absolute() {
        vec![root]
    } else {
        let env = source.opts.get("pillarenv").filter(|v| v.is_true()).map(Value::to_string);
        let Some(env) = env else {
            tracing::error!("file_tree: root_dir is relative but pillarenv is not set");
            return Value::dict();
        };
        let dirs = source.opts.get("pillar_roots").and_then(|roots| roots.get(&env)?.as_list());
        dirs.unwrap_or_default().iter().map(|dir| Path::new(&dir.to_string()).join(&root)).collect()
    };
    let tree = Tree { source, named: &named };
    roots.iter().fold(Value::dict(), |all, root| merge(&all, &tree.of(root), Strategy::Recurse, false))
}

struct Tree<'a> {
    source: &'a Source<'a>,
    named: &'a Dict,
}

impl Tree<'_> {
    /// What a root has for this minion: of its nodegroups, then its own.
    fn of(&self, root: &Path) -> Value {
        let keep = self.named.get("keep_newline").unwrap_or(&Value::Bool(false));
        if keep.as_bool().is_none() && keep.as_list().is_none() {
            tracing::error!(
                "file_tree: keep_newline must be either True/False or a list of file globs. Skipping this ext_pillar \
                 for root_dir {}",
                root.display()
            );
            return Value::dict();
        }
        let mut pillar = Value::dict();
        let facts = Facts { id: self.source.id, grains: self.source.grains, pillar: &Value::None };
        for (group, target) in self.source.nodegroups {
            let dir = root.join("nodegroups").join(group.to_string());
            let target = Target::parse(target, TargetType::Compound, ":", self.source.nodegroups);
            if dir.is_dir() && target.is_ok_and(|target| target.matches(&facts)) {
                pillar = merge(&pillar, &self.directory(&dir, "", 0), Strategy::Recurse, false);
            }
        }
        let own = root.join("hosts").join(self.source.id);
        if own.is_dir() {
            pillar = merge(&pillar, &self.directory(&own, "", 0), Strategy::Recurse, false);
        }
        pillar
    }

    fn directory(&self, dir: &Path, below: &str, depth: usize) -> Value {
        let mut found = Dict::new();
        let names: BTreeSet<String> = std::fs::read_dir(dir)
            .map_err(|error| tracing::error!("file_tree: {}: {error}", dir.display()))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        for name in names {
            let (path, below) =
                (dir.join(&name), Path::new(below).join(&name).to_string_lossy().into_owned());
            if path.is_dir() {
                let follow = !path.is_symlink() || self.flag("follow_dir_links");
                let inner = if follow && depth < MAX_DEPTH {
                    self.directory(&path, &below, depth + 1)
                } else {
                    Value::dict()
                };
                found.insert(name, inner);
            } else if !path.is_file() {
                tracing::error!("file_tree: {}: not a regular file", path.display());
            } else if let Some(content) = self.file(&path, &below) {
                found.insert(name, content);
            }
        }
        found.into()
    }

    fn flag(&self, name: &str) -> bool {
        self.named.get(name).is_some_and(Value::is_true)
    }

    fn file(&self, path: &Path, below: &str) -> Option<Value> {
        let mut content = std::fs::read(path)
            .map_err(|error| tracing::error!("file_tree: Error reading {}: {error}", path.display()))
            .ok()?;
        if content.ends_with(b"\n") && !self.keeps_newline(below) {
            content.pop();
        }
        let text = match String::from_utf8(content) {
            Ok(text) => text,
            Err(bytes) => return Some(Value::Bytes(bytes.into_bytes().into())),
        };
        if !self.flag("template") {
            return Some(text.into());
        }
        let default = || {
            self.source.renderer.opt("renderer").and_then(Value::as_str).unwrap_or("jinja|yaml").to_owned()
        };
        let pipe =
            self.named.get("render_default").filter(|v| v.is_true()).map_or_else(default, Value::to_string);
        let rendered = self.source.renderer.pipe(&text, &pipe, "base", &Dict::new());
        rendered.map_err(|error| tracing::error!("file_tree: {}: {error}", path.display())).ok()
    }

    fn keeps_newline(&self, below: &str) -> bool {
        match self.named.get("keep_newline") {
            Some(Value::List(globs)) => globs.iter().any(|glob| Glob::new(&glob.to_string()).matches(below)),
            Some(keep) => keep.is_true(),
            None => false,
        }
    }
}
