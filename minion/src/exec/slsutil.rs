//! `slsutil`: helpers for SLS files, merging, rendering, writing and reading formats.

use std::path::Path;

use data::merge::{self, Strategy};
use data::yaml::{DumpOptions, FlowStyle};
use data::{Dict, Value, json, output, yaml};

use super::ExecError;
use super::defaults::dict;
use super::plain::{Given, functions};
use crate::Ctx;
use crate::run::renderer_of;

functions! {
    /// Return a dict with another merged over it, at every depth; in a template the first is changed by that.
    ///
    /// `rsalt '*' slsutil.update '{foo: Foo}' '{bar: Bar}'`; recursive_update: false replaces whole values.
    /// merge_lists: of lists that meet the second adds to the first.
    "slsutil.update"("dest, upd, recursive_update=True, merge_lists=False") = |args, _| {
        let mut dest = dict(args.arg("dest"), false)?;
        let recursive = args.is_set("recursive_update", true);
        merge::update(&mut dest, &dict(args.arg("upd"), false)?, recursive, args.is_set("merge_lists", false));
        Ok(dest.into())
    };
    /// Return two dicts merged, the second over the first.
    ///
    /// `rsalt '*' slsutil.merge '{foo: Foo}' '{bar: Bar}'`; strategy: smart, recurse, overwrite, aggregate, list or
    /// none. merge_lists: of lists that meet the second adds to the first.
    "slsutil.merge"("obj_a, obj_b, strategy='smart', renderer='yaml', merge_lists=False") = |args, _| {
        merged(args.arg("obj_a"), args.arg("obj_b"), &args)
    };
    /// Return a list of dicts merged, each over those before it.
    ///
    /// `rsalt '*' slsutil.merge_all '[{foo: Foo}, {foo: Bar}]'`; strategy and merge_lists as in `slsutil.merge`.
    "slsutil.merge_all"("lst, strategy='smart', renderer='yaml', merge_lists=False") = |args, _| {
        let all = args.arg("lst").as_list().unwrap_or_default();
        all.iter().try_fold(Value::dict(), |done, next| merged(&done, next, &args))
    };
    /// Return what a file or a text renders to.
    ///
    /// `rsalt '*' slsutil.renderer salt://path/to/file`; string: the text, instead of a path. default_renderer: the
    /// pipe, unless the first line names one (`jinja|yaml`). context: variables; more of them as keywords.
    "slsutil.renderer"("path=None, string=None, default_renderer='jinja|yaml', **kwargs") = render;
    /// Return a value as text in a format: `json`, `yaml` or `toml`, and `configparser` for two levels of a dict.
    ///
    /// `{{ salt['slsutil.serialize']('json', settings) }}`; indent, sort_keys, default_flow_style: as the format has it.
    "slsutil.serialize"("serializer, obj, **mod_kwargs") = |args, _| {
        let options = args.arg("mod_kwargs").as_dict().cloned().unwrap_or_default();
        serialize(&args.text("serializer"), args.arg("obj"), &options)
    };
    /// Return the value that a text in a format means: `json`, `yaml` or `toml`.
    ///
    /// `{% set settings = salt['slsutil.deserialize']('json', text) %}`
    "slsutil.deserialize"("serializer, stream_or_string, **mod_kwargs") = |args, _| {
        deserialize(&args.text("serializer"), &args.text("stream_or_string"))
    };
    /// Return a box of comments that says that a file is managed.
    ///
    /// `{{ salt['slsutil.banner'](title='Ours', text='Keep off.', width=60) }}`; commentchar: begins a line.
    /// borderchar: draws the box. blockstart, blockend: lines around it. newline: end with one.
    "slsutil.banner"("width=72, commentchar='#', borderchar='#', blockstart=None, blockend=None, title=None, \
                      text=None, newline=False") = |args, _| banner(&args);
    /// Return one of two texts for a value that is true or false: `{{ salt['slsutil.boolstr'](on, 'yes', 'no') }}`
    "slsutil.boolstr"("value, true='true', false='false'") = |args, _| {
        let (name, default) = if args.arg("value").is_true() { ("true", "true") } else { ("false", "false") };
        Ok(args.get(name).cloned().unwrap_or_else(|| default.into()))
    };
    /// Whether there is a file in the state tree: `rsalt '*' slsutil.file_exists nginx/defaults.yaml`
    "slsutil.file_exists"("path, saltenv='base'") = |args, ctx| {
        Ok(is_there(ctx, &args.text("path"), &saltenv(&args), Look::Files)?.into())
    };
    /// Whether there is a directory in the state tree: `rsalt '*' slsutil.dir_exists nginx/files`
    "slsutil.dir_exists"("path, saltenv='base'") = |args, ctx| {
        Ok(is_there(ctx, &args.text("path"), &saltenv(&args), Look::Dirs)?.into())
    };
    /// Whether there is a file or a directory in the state tree: `rsalt '*' slsutil.path_exists nginx`
    "slsutil.path_exists"("path, saltenv='base'") = |args, ctx| {
        Ok(is_there(ctx, &args.text("path"), &saltenv(&args), Look::Both)?.into())
    };
    /// Return the first path with one of these names in a directory of the state tree or above it.
    ///
    /// `{% from salt['slsutil.findup'](tpldir, 'map.jinja') import settings %}`
    "slsutil.findup"("startpath, filenames, saltenv='base'") = |args, ctx| find_up(&args, ctx);
}

fn saltenv(args: &Dict) -> String {
    args.some_text("saltenv").unwrap_or_else(|| "base".to_owned())
}

fn merged(under: &Value, over: &Value, args: &Dict) -> Result<Value, ExecError> {
    let name = args.some_text("strategy").unwrap_or_else(|| "smart".to_owned());
    let yamlex = args.arg("renderer").as_str().is_some_and(|r| r.contains("yamlex"));
    let strategy = match name.parse() {
        Ok(Strategy::Smart) if yamlex => Strategy::Aggregate,
        Ok(strategy) => strategy,
        Err(_) => {
            tracing::warn!("Unknown merging strategy '{name}', fallback to recurse");
            Strategy::None
        }
    };
    if strategy != Strategy::Aggregate && (under.as_dict().is_none() || over.as_dict().is_none()) {
        let problem = "Cannot update using non-dict types in dictupdate.update()";
        return Err(ExecError::raised("TypeError", problem));
    }
    Ok(merge::merge(under, over, strategy, args.is_set("merge_lists", false)))
}

fn render(args: Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    let (path, string) = (args.arg("path"), args.arg("string"));
    let options = args.arg("kwargs").as_dict().cloned().unwrap_or_default();
    let mut context = options.get("context").and_then(Value::as_dict).cloned().unwrap_or_default();
    let saltenv = saltenv(&options);
    let text = match (path.is_true(), string.is_true()) {
        (false, false) => return Err(ExecError::invocation("Must pass path or string.")),
        (true, true) => return Err(ExecError::invocation("Must not pass both path and string.")),
        (false, true) => string.to_string(),
        (true, false) => {
            let path = path.to_string();
            let (content, at) = match path.strip_prefix("salt://") {
                Some(below) => {
                    let cachedir = ctx.opt("cachedir").unwrap_or_default();
                    (ctx.files().fetch(below, &saltenv)?, format!("{cachedir}/files/{saltenv}/{below}"))
                }
                None if path.starts_with('/') => {
                    (ctx.host.read_opt(Path::new(&path))?.map(Into::into), path.clone())
                }
                None if path.contains("://") => {
                    let kwargs = Dict::new().with("saltenv", saltenv.as_str());
                    let at = ctx.call("cp.get_url", vec![path.as_str().into()], kwargs)?.to_string();
                    (ctx.host.read_opt(Path::new(&at))?.map(Into::into), at)
                }
                None => return Err(ExecError::command(format!("Path '{path}' is not absolute"))),
            };
            let Some(content) = content else { return Ok(Value::dict()) };
            let file = at.rsplit('/').next().unwrap_or_default();
            for (name, value) in [("tplpath", at.as_str()), ("tplfile", file), ("tpldir", ".")] {
                context.entry_or(name, || value.into());
            }
            for name in ["tpldot", "slspath", "slsdotpath", "slscolonpath", "sls_path"] {
                context.entry_or(name, || "".into());
            }
            String::from_utf8_lossy(&content).into_owned()
        }
    };
    let known = ["context", "saltenv", "input_data"];
    let more = options.iter().filter(|(name, _)| name.as_str().is_none_or(|name| !known.contains(&name)));
    context.extend(more.map(|(name, value)| (name.clone(), value.clone())));
    let renderer = renderer_of(ctx);
    let pipe = args.some_text("default_renderer").unwrap_or_else(|| "jinja|yaml".to_owned());
    renderer
        .pipe(&text, &pipe, &saltenv, &context)
        .map_err(|error| ExecError::raised("SaltRenderError", error.to_string()))
}

fn serialize(format: &str, value: &Value, options: &Dict) -> Result<Value, ExecError> {
    let indent = options.get("indent").and_then(Value::as_int).and_then(|n| usize::try_from(n).ok());
    Ok(match format {
        "json" => {
            let sort_keys = options.is_set("sort_keys", false);
            let ensure_ascii = options.is_set("ensure_ascii", false);
            json::dump_with(value, json::DumpOptions { indent, sort_keys, ensure_ascii }).into()
        }
        "yaml" => {
            let default_flow_style = match options.get("default_flow_style") {
                None | Some(Value::None) => FlowStyle::Leaves,
                Some(style) if style.is_true() => FlowStyle::Flow,
                Some(_) => FlowStyle::Block,
            };
            let sort_keys = options.is_set("sort_keys", true);
            let indent = indent.filter(|n| (2..10).contains(n)).unwrap_or(2);
            let allow_unicode = options.is_set("allow_unicode", false);
            let text = yaml::dump(
                value,
                DumpOptions {
                    default_flow_style,
                    indent,
                    sort_keys,
                    allow_unicode,
                    ..DumpOptions::default()
                },
            );
            let text = text.strip_suffix("\n...\n").or_else(|| text.strip_suffix('\n')).unwrap_or(&text);
            text.into()
        }
        "configparser" => ini(value)?.into(),
        _ => return Err(not_there(format)),
    })
}

fn ini(value: &Value) -> Result<String, ExecError> {
    let Some(sections) = value.as_dict() else {
        let problem = format!("configparser can only serialize dictionaries, not {}", value.type_name());
        return Err(ExecError::raised("SerializationError", problem));
    };
    let mut out = String::new();
    for (section, keys) in sections {
        out.push_str(&format!("[{section}]\n"));
        for (key, value) in keys.as_dict().into_iter().flatten() {
            let key = key.to_string().to_lowercase();
            match value {
                Value::None => out.push_str(&format!("{key}\n")),
                value => out.push_str(&format!("{key} = {}\n", value.to_string().replace('\n', "\n\t"))),
            }
        }
        out.push('\n');
    }
    Ok(out)
}

fn deserialize(format: &str, text: &str) -> Result<Value, ExecError> {
    let read = match format {
        "json" => json::load(text).map_err(|e| e.to_string()),
        "yaml" => yaml::load(text).map_err(|e| e.to_string()),
        "toml" | "tomlmod" => data::toml::load(text).map_err(|e| e.to_string()),
        _ => return Err(not_there(format)),
    };
    read.map_err(|problem| ExecError::raised("DeserializationError", problem))
}

fn not_there(format: &str) -> ExecError {
    ExecError::command(format!("Serializer '{format}' not found."))
}

fn banner(args: &Dict) -> Result<Value, ExecError> {
    const TITLE: &str = "THIS FILE IS MANAGED BY SALT - DO NOT EDIT";
    const TEXT: &str = "The contents of this file are managed by Salt. Any changes to this file may be \
                        overwritten automatically and without warning.";
    let word = |name: &str, default: &str| args.some_text(name).unwrap_or_else(|| default.to_owned());
    let length = |text: &str| text.chars().count();
    let width = args.get("width").and_then(Value::as_int).and_then(|n| usize::try_from(n).ok()).unwrap_or(72);
    let comment = word("commentchar", "#");
    let border: String = word("borderchar", "#").chars().take(1).collect();
    let (left, right) = (comment.trim_end(), comment.trim());
    let room = width.saturating_sub(length(left) + length(right) + 2);
    if room == 0 {
        return Err(ExecError::raised("ArgumentValueError", "Width is too small to render banner"));
    }
    let line = |text: &str, before: usize| {
        format!("{left} {:before$}{text}{:after$} {right}", "", "", after = room - before - length(text))
    };
    let edge = format!("{comment}{}{right}", border.repeat(width - length(left) - length(right)));
    let spacer = format!("{comment}{}{comment}", " ".repeat(width.saturating_sub(length(&comment) * 2)));
    let wrapped = |text: String| {
        let text = output::fill(&text, room, 0);
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let mut lines: Vec<String> = args.some_text("blockstart").into_iter().collect();
    lines.extend([edge.clone(), spacer.clone()]);
    for title in wrapped(word("title", TITLE)) {
        let free = room - length(&title);
        // As Python's `str.center`: the odd blank goes to the left of an odd width.
        lines.push(line(&title, free / 2 + (free & room & 1)));
    }
    lines.push(spacer);
    lines.extend(wrapped(word("text", TEXT)).iter().map(|text| line(text, 0)));
    lines.push(edge);
    lines.extend(args.some_text("blockend"));
    let mut out = lines.join("\n");
    if args.is_set("newline", false) {
        out.push('\n');
    }
    Ok(out.into())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Files,
    Dirs,
    Both,
}

fn is_there(ctx: &Ctx<'_>, path: &str, saltenv: &str, look: Look) -> Result<bool, ExecError> {
    let has = |paths: &[String]| paths.iter().any(|p| p == path);
    Ok(look != Look::Dirs && has(&ctx.files().list(saltenv)?)
        || look != Look::Files && has(&ctx.files().dirs(saltenv)?))
}

fn find_up(args: &Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    let saltenv = saltenv(args);
    let mut dir = match args.arg("startpath") {
        path if path.is_true() => crate::exec::file::path::normpath(&path.to_string()),
        _ => String::new(),
    };
    if !dir.is_empty() && !is_there(ctx, &dir, &saltenv, Look::Both)? {
        return Err(ExecError::invocation(format!("Starting path not found in the state tree: {dir}")));
    }
    let names: Vec<String> = match args.arg("filenames") {
        Value::Str(name) => vec![name.to_string()],
        Value::List(names) => names.iter().map(Value::to_string).collect(),
        _ => {
            return Err(ExecError::invocation("Filenames argument must be a string or list of strings"));
        }
    };
    loop {
        for name in &names {
            let full = if dir.is_empty() { name.clone() } else { format!("{dir}/{name}") };
            if is_there(ctx, &full, &saltenv, Look::Both)? {
                return Ok(full.into());
            }
        }
        if dir.is_empty() {
            return Err(ExecError::command("File pattern(s) not found in path ancestry"));
        }
        dir.truncate(dir.rfind('/').unwrap_or(0));
    }
}
