//! What is in a site's modules. They are asked once for each state of their files; the answers are kept beside them,
//! so that a call of a built-in function starts nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use data::{Dict, Value};

use super::{Function, Kind, Module, Site, call, codec, python};
use crate::Ctx;
use crate::host::{Cmd, FileKind, Host};

/// The kinds that say what is in them.
const DESCRIBED: [Kind; 4] = [Kind::Modules, Kind::States, Kind::Returners, Kind::Runners];
/// So long an executable may take to describe itself.
const DESCRIBE: Duration = Duration::from_secs(30);
/// Of an executable that is given no other parameters.
const ANY: &str = "*args, **kwargs";
const INDEX: &str = "index.json";

/// Where the modules of a site are; none when the config does not say.
pub(super) fn dir_of(opts: &Value) -> Option<PathBuf> {
    let given = |key: &str| opts.get(key).filter(|v| v.is_true()).map(|v| PathBuf::from(v.to_string()));
    let dir = given("extension_modules").or_else(|| Some(given("cachedir")?.join("extmods")))?;
    dir.is_absolute().then_some(dir)
}

/// The modules that are here, described. `ctx` knows no modules of the site.
pub fn load(ctx: &Ctx<'_>) -> Site {
    let Some(dir) = dir_of(&ctx.caller().opts()) else { return Site::default() };
    if !ctx.host.is_dir(&dir) {
        return Site::default();
    }
    let files: Vec<File> = Kind::ALL.into_iter().flat_map(|kind| list(ctx.host, &dir, kind)).collect();
    if files.is_empty() {
        return Site::default();
    }
    let grains = files.iter().any(|f| f.kind == Kind::Grains && f.what != What::Other);
    let stamp = stamp(&files, ctx.host);
    let at = dir.join(INDEX);
    if let Some(modules) = kept(ctx.host, &at, &stamp) {
        return Site::new(dir, stamp, modules, grains);
    }
    let site = Site::new(dir, stamp, Vec::new(), grains);
    let modules = describe(&files, &site, ctx);
    let index = Dict::new()
        .with("stamp", site.stamp.as_str())
        .with("modules", modules.iter().map(to_value).collect::<Vec<_>>());
    let text = data::json::dump(&index.into(), None, false);
    // Without it all is asked again next time.
    if let Err(error) = ctx.host.write_atomic(&at, text.as_bytes(), Some(0o600)) {
        tracing::debug!("the index of the site's modules is not kept: {error}");
    }
    Site::new(site.dir, site.stamp, modules, grains)
}

/// A file of a kind.
struct File {
    kind: Kind,
    /// Below the site's directory.
    path: String,
    /// What its functions begin with unless it says otherwise.
    stem: String,
    what: What,
    /// Size and time of change.
    version: (u64, f64),
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    Python,
    Executable,
    /// What the others use.
    Other,
}

fn list(host: &dyn Host, dir: &Path, kind: Kind) -> Vec<File> {
    let names = host.list_dir(&dir.join(kind.name())).unwrap_or_default();
    let file = |name: String| {
        let path = format!("{}/{name}", kind.name());
        let at = dir.join(&path);
        let stat = host.lstat(&at).ok()??;
        let (inside, stem) = match stat.kind {
            FileKind::Dir => (Some(at.join("__init__.py")), name.as_str()),
            FileKind::File => (None, name.split('.').next().unwrap_or_default()),
            _ => return None,
        };
        let what = match &inside {
            Some(init) if host.is_file(init) => What::Python,
            Some(_) => What::Other,
            None if name.ends_with(".py") => What::Python,
            None => {
                let head = host.head(&at, 4).unwrap_or_default();
                let runs = head.starts_with(b"#!") || head == b"\x7fELF";
                if runs { What::Executable } else { What::Other }
            }
        };
        if !is_name(stem) {
            return None;
        }
        let stem = stem.to_owned();
        Some(File { kind, path, stem, what, version: (stat.size, stat.mtime()) })
    };
    names.into_iter().filter_map(file).collect()
}

/// Whether it may be the name of a module: that of a Python file, with dashes as Salt takes them.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn stamp(files: &[File], host: &dyn Host) -> String {
    let mut text = format!("{} {:?}", crate::VERSION, python::interpreter(host));
    for File { path, version: (size, mtime), .. } in files {
        text.push_str(&format!(" {path} {size} {mtime}"));
    }
    crate::hash::hex(crate::hash::Kind::Sha256, text.as_bytes())
}

fn describe(files: &[File], site: &Site, ctx: &Ctx<'_>) -> Vec<Module> {
    let described = |f: &&File| DESCRIBED.contains(&f.kind);
    let mut modules: Vec<Module> = files
        .iter()
        .filter(described)
        .filter(|f| f.what == What::Executable)
        .map(|file| executable(file, site, ctx))
        .collect();
    let is_python = |f: &&File| f.what == What::Python;
    if files.iter().filter(described).any(|f| is_python(&f)) {
        let kinds: Vec<&str> = DESCRIBED.iter().map(|kind| kind.name()).collect();
        let request = Dict::new().with("do", "describe").with("kinds", kinds);
        match call::ask_python(site, request, ctx) {
            Ok(told) => modules.extend(told.as_list().unwrap_or_default().iter().filter_map(from_python)),
            Err(error) => {
                let python = files.iter().filter(described).filter(is_python);
                modules.extend(python.map(|file| Module::broken(file, error.to_string())));
            }
        }
    }
    modules.sort_by(|a, b| a.file.cmp(&b.file));
    for module in &modules {
        if let Some(problem) = &module.problem {
            tracing::warn!("{}: {problem}", module.file);
        }
    }
    modules
}

impl Module {
    fn of(kind: Kind, name: &str, file: &str) -> Self {
        Module {
            kind,
            name: name.to_owned(),
            file: file.to_owned(),
            python: false,
            wants: Vec::new(),
            asks: false,
            functions: Vec::new(),
            problem: None,
        }
    }

    fn broken(file: &File, problem: String) -> Self {
        let python = file.what == What::Python;
        let problem = format!("salt://_{} cannot be used: {problem}", file.path);
        Module { python, problem: Some(problem), ..Module::of(file.kind, &file.stem, &file.path) }
    }
}

/// Asks an executable what is in it.
fn executable(file: &File, site: &Site, ctx: &Ctx<'_>) -> Module {
    let cmd =
        Cmd::new(site.dir.join(&file.path).to_string_lossy()).arg("--describe").cwd("/").timeout(DESCRIBE);
    let told = match ctx.host.run(&cmd) {
        Ok(output) if output.ok() => match data::json::load(output.out().trim()) {
            Ok(told) => told,
            Err(error) => {
                return Module::broken(file, format!("what it prints with --describe is no JSON: {error}"));
            }
        },
        Ok(output) => {
            let said =
                call::with_stderr(format!("--describe ended with status {}", output.code), &output.stderr);
            return Module::broken(file, said);
        }
        Err(error) => return Module::broken(file, error.to_string()),
    };
    let mut module = from_value(file.kind, &file.path, &file.stem, &told);
    if module.problem.is_none() && module.functions.is_empty() {
        module.problem = Some(format!("salt://_{} cannot be used: it describes no functions", file.path));
    }
    module
}

fn from_python(told: &Value) -> Option<Module> {
    let told = codec::untag(told);
    let file = told.get("file")?.as_str()?;
    let kind = Kind::named(told.get("kind")?.as_str()?)?;
    let stem = file.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
    // A package is known by its folder.
    let file = file.strip_suffix("/__init__.py").unwrap_or(file);
    Some(Module { python: true, ..from_value(kind, file, stem, &told) })
}

/// What a module says of itself.
fn from_value(kind: Kind, file: &str, stem: &str, told: &Value) -> Module {
    let text = |value: Option<&Value>| value.filter(|v| v.is_true()).map(Value::to_string);
    let named = text(told.get("module")).filter(|name| is_name(name));
    let mut module = Module::of(kind, named.as_deref().unwrap_or(stem), file);
    module.python = told.get("python").is_some_and(Value::is_true);
    let texts = |key: &str| -> Vec<String> {
        told.get(key).and_then(Value::as_list).unwrap_or_default().iter().map(Value::to_string).collect()
    };
    module.wants = texts("wants");
    module.asks = told.get("asks").is_some_and(Value::is_true);
    module.problem = text(told.get("problem"));
    let names = std::iter::once(module.name.clone()).chain(texts("aliases"));
    let names: Vec<String> = names.filter(|name| is_name(name)).collect();
    let functions = told.get("functions").and_then(Value::as_dict);
    for (function, about) in functions.into_iter().flatten().filter(|(f, _)| f.as_str().is_some_and(is_name))
    {
        for name in &names {
            module.functions.push(Function {
                fun: format!("{name}.{function}"),
                // Given as nothing, it has no parameters.
                signature: about.get("signature").map_or_else(|| ANY.to_owned(), Value::to_string),
                doc: text(about.get("doc")).unwrap_or_default(),
                out: text(about.get("out")),
            });
        }
    }
    module
}

fn to_value(module: &Module) -> Value {
    let functions: Vec<Value> = module
        .functions
        .iter()
        .map(|f| {
            Dict::new()
                .with("fun", f.fun.as_str())
                .with("signature", f.signature.as_str())
                .with("doc", f.doc.as_str())
                .with("out", f.out.as_deref().map_or(Value::None, Value::from))
                .into()
        })
        .collect();
    Dict::new()
        .with("kind", module.kind.name())
        .with("name", module.name.as_str())
        .with("file", module.file.as_str())
        .with("python", module.python)
        .with("wants", module.wants.clone())
        .with("asks", module.asks)
        .with("functions", functions)
        .with("problem", module.problem.as_deref().map_or(Value::None, Value::from))
        .into()
}

/// What was kept of these very files.
fn kept(host: &dyn Host, at: &Path, stamp: &str) -> Option<Vec<Module>> {
    let text = String::from_utf8(host.read_opt(at).ok()??).ok()?;
    let index = data::json::load(&text).ok()?;
    if index.get("stamp")?.as_str()? != stamp {
        return None;
    }
    index.get("modules")?.as_list()?.iter().map(from_index).collect()
}

fn from_index(kept: &Value) -> Option<Module> {
    let text = |value: &Value, key: &str| Some(value.get(key)?.as_str()?.to_owned());
    let function = |kept: &Value| {
        Some(Function {
            fun: text(kept, "fun")?,
            signature: text(kept, "signature")?,
            doc: text(kept, "doc")?,
            out: text(kept, "out"),
        })
    };
    Some(Module {
        kind: Kind::named(kept.get("kind")?.as_str()?)?,
        name: text(kept, "name")?,
        file: text(kept, "file")?,
        python: kept.get("python")?.is_true(),
        wants: kept.get("wants")?.as_list()?.iter().map(Value::to_string).collect(),
        asks: kept.get("asks")?.is_true(),
        functions: kept.get("functions")?.as_list()?.iter().map(function).collect::<Option<_>>()?,
        problem: text(kept, "problem"),
    })
}

/// The executables among the grains of a site.
pub(super) fn grains_executables(site: &Site, host: &dyn Host) -> Vec<PathBuf> {
    let files = list(host, &site.dir, Kind::Grains).into_iter().filter(|f| f.what == What::Executable);
    files.map(|f| site.dir.join(f.path)).collect()
}

/// Whether there are Python files among them.
pub(super) fn has_python_grains(site: &Site, host: &dyn Host) -> bool {
    list(host, &site.dir, Kind::Grains).iter().any(|f| f.what == What::Python)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_modules() {
        for (name, may_be) in [("my", true), ("_my2", true), ("my-mod", true), ("", false), ("2my", false)] {
            assert_eq!(is_name(name), may_be, "{name}");
        }
        for name in ["a/b", "..", "a b", "a.b", "ä", "a\0"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn what_is_kept_comes_back() {
        let told = data::yaml::load(
            "{module: own, aliases: [other], wants: [grains], asks: true, functions: {\
             f: {signature: 'a, b=1', doc: Does it., out: yaml}, g: {signature: ''}, h: {}, '../x': {}}}",
        );
        let module = from_value(Kind::States, "states/x", "x", &told.unwrap());
        let names: Vec<_> = module.functions.iter().map(|f| (f.fun.as_str(), f.signature.as_str())).collect();
        assert_eq!(
            names,
            [
                ("own.f", "a, b=1"),
                ("other.f", "a, b=1"),
                ("own.g", ""),
                ("other.g", ""),
                ("own.h", ANY),
                ("other.h", ANY)
            ]
        );
        assert_eq!(from_index(&to_value(&module)), Some(module));
    }
}
