//! Repositories of apt: what is to be written so that one is as it should be, and gone.

use std::path::Path;

use data::{Dict, Value};

use super::keys;
use super::sources::{Source, SourceFile};
use super::{Change, flag, list, text};
use crate::Ctx;
use crate::exec::pkg::{PkgError, PkgResult};
use crate::host::{FileKind, Host};

const LIST: &str = "/etc/apt/sources.list";
const PARTS: &str = "/etc/apt/sources.list.d";
/// Keys for the repositories that name them.
pub(super) const KEYRINGS: &str = "/etc/apt/keyrings";
/// Keys for all repositories that name none: what `apt-key add` was used for.
const TRUSTED: &str = "/etc/apt/trusted.gpg.d";

/// All files of sources.
pub(super) fn files(host: &dyn Host) -> PkgResult<Vec<SourceFile>> {
    let mut paths = vec![LIST.to_owned()];
    if host.is_dir(Path::new(PARTS)) {
        let names = host.list_dir(Path::new(PARTS))?;
        let parts = names.iter().filter(|name| name.ends_with(".list") || name.ends_with(".sources"));
        paths.extend(parts.map(|name| format!("{PARTS}/{name}")));
    }
    let mut out = Vec::new();
    for path in paths {
        if let Some(data) = host.read_opt(Path::new(&path))? {
            out.push(SourceFile::parse(&path, &String::from_utf8_lossy(&data)));
        }
    }
    Ok(out)
}

/// The repository that a line means; one of Launchpad's short names is refused.
pub(super) fn parsed(repo: &str) -> PkgResult<Source> {
    if let Some(name) = repo.strip_prefix("ppa:") {
        let (owner, name) = name.split_once('/').unwrap_or((name, "ppa"));
        return Err(PkgError::Refused(format!(
            "cannot parse \"ppa:\" style repo definitions: {repo}. Write the line itself: deb \
             [signed-by={KEYRINGS}/{owner}-{name}.gpg] https://ppa.launchpadcontent.net/{owner}/{name}/ubuntu CODENAME \
             main, with keyid and keyserver: keyserver.ubuntu.com"
        )));
    }
    Source::parse(repo).ok_or_else(|| {
        PkgError::Refused(format!(
            "Name {repo} is not valid. This must be the complete repo entry as seen in the sources file"
        ))
    })
}

/// Where a repository is; the file that was named first, if one was.
fn find(files: &[SourceFile], wanted: &Source, file: Option<&str>) -> Option<(usize, usize, Source)> {
    let named = files.iter().enumerate().filter(|(_, f)| Some(f.path.as_str()) == file);
    let others = files.iter().enumerate().filter(|(_, f)| Some(f.path.as_str()) != file);
    named.chain(others).find_map(|(index, file)| {
        let mut fitting = file.sources().filter(|(_, source)| source.covers(wanted));
        let (at, source) = fitting.find(|(_, source)| source.shares_comps(wanted))?;
        Some((index, at, source))
    })
}

/// As `pkg.get_repo` shows it; empty when there is none.
pub(super) fn get(host: &dyn Host, repo: &str) -> PkgResult<Dict> {
    let wanted = parsed(repo)?;
    let files = files(host)?;
    let found = find(&files, &wanted, None);
    Ok(found
        .and_then(|(index, _, source)| Some(source.shown(&files.get(index)?.path, &wanted)))
        .unwrap_or_default())
}

/// What the name and the other arguments ask for together.
fn wanted(named: &Source, args: &Dict) -> Source {
    let mut out = named.clone();
    let set = |place: &mut Vec<String>, key: &str| {
        let given = list(args, key);
        if !given.is_empty() {
            *place = given;
        }
    };
    set(&mut out.comps, "comps");
    set(&mut out.architectures, "architectures");
    set(&mut out.suites, "dist");
    set(&mut out.uris, "uri");
    set(&mut out.types, "type");
    if text(args, "file").is_some_and(|file| file.ends_with(".sources")) {
        set(&mut out.types, "types");
        set(&mut out.uris, "uris");
        set(&mut out.suites, "suites");
    }
    if out.signedby.is_empty() {
        out.signedby = text(args, "signedby").unwrap_or_default();
    }
    out.trusted = flag(args, "trusted").or(out.trusted);
    out.disabled = match (flag(args, "disabled"), flag(args, "enabled")) {
        (Some(disabled), _) => disabled,
        (None, Some(enabled)) => !enabled,
        (None, None) => out.disabled,
    };
    match args.get("comments") {
        Some(Value::List(lines)) => {
            out.comment = lines.iter().map(Value::to_string).collect::<Vec<_>>().join(" ")
        }
        Some(comment) if comment.is_true() => out.comment = comment.to_string(),
        _ => {}
    }
    out.comment = out.comment.trim().to_owned();
    out
}

/// What is there, made to be what is wanted: a stanza keeps what is not asked for, a line is written anew.
fn merged(is: &Source, wanted: &Source, is_stanza: bool) -> Source {
    let or =
        |wanted: &Vec<String>, is: &Vec<String>| if wanted.is_empty() { is.clone() } else { wanted.clone() };
    if !is_stanza {
        let comment = if wanted.comment.is_empty() { is.comment.clone() } else { wanted.comment.clone() };
        let same = |a: &[String], b: &[String]| a.len() == b.len() && a.iter().all(|one| b.contains(one));
        let comps = if same(&is.comps, &wanted.comps) { &is.comps } else { &wanted.comps };
        let architectures = match same(&is.architectures, &wanted.architectures) {
            true => &is.architectures,
            false => &wanted.architectures,
        };
        return Source {
            comment,
            comps: comps.clone(),
            architectures: architectures.clone(),
            ..wanted.clone()
        };
    }
    let grown = |is: &Vec<String>, more: &Vec<String>| match more.len() {
        // One is among those that are there; several are all of them.
        0 | 1 => is.clone(),
        _ => more.clone(),
    };
    let comps = or(&wanted.comps, &is.comps);
    let same_comps = comps.len() == is.comps.len() && comps.iter().all(|comp| is.comps.contains(comp));
    Source {
        disabled: wanted.disabled,
        types: grown(&is.types, &wanted.types),
        uris: grown(&is.uris, &wanted.uris),
        suites: grown(&is.suites, &wanted.suites),
        comps: if same_comps { is.comps.clone() } else { comps },
        architectures: or(&wanted.architectures, &is.architectures),
        signedby: if wanted.signedby.is_empty() { is.signedby.clone() } else { wanted.signedby.clone() },
        trusted: wanted.trusted.or(is.trusted),
        options: Vec::new(),
        comment: if wanted.comment.is_empty() { is.comment.clone() } else { wanted.comment.clone() },
    }
}

/// What is to be done for a repository; none when it is as it should be.
pub(super) fn plan(ctx: &Ctx<'_>, repo: &str, args: &Dict) -> PkgResult<Option<Change>> {
    if args.get("ppa").is_some_and(Value::is_true) {
        return parsed(&format!("ppa:{}", text(args, "ppa").unwrap_or_default())).map(|_| None);
    }
    if args.get("consolidate").is_some_and(Value::is_true) {
        return Err(PkgError::Refused(
            "consolidate is not supported: write the files as they should be".to_owned(),
        ));
    }
    let named = parsed(repo)?;
    let wanted = wanted(&named, args);
    let file = text(args, "file");
    let mut files = files(ctx.host)?;
    let found = find(&files, &named, file.as_deref());
    let key = Key::plan(ctx, &named, &wanted, args)?;
    let mut change = Change { key, ..Change::default() };
    let path = match (&found, &file) {
        (Some((index, ..)), _) if flag(args, "clean_file") != Some(true) => {
            files.get(*index).map(|f| f.path.clone()).unwrap_or_default()
        }
        (_, Some(file)) => file.clone(),
        _ => LIST.to_owned(),
    };
    if !path.starts_with('/') {
        return Err(PkgError::Argument(format!("the file of a repository must be an absolute path: {path}")));
    }
    let place = files.iter().position(|f| f.path == path).unwrap_or_else(|| {
        files.push(SourceFile::parse(&path, ""));
        files.len() - 1
    });
    let Some(file) = files.get_mut(place) else { return Ok(None) };
    let before = file.text();
    let mut is = None;
    if flag(args, "clean_file") == Some(true) {
        // Comments may stay where nothing else is in the file.
        let stale = file.sources().filter(|(_, source)| *source != wanted).count() > 0;
        is = file.sources().map(|(_, source)| source).find(|source| source.covers(&named));
        if stale || is.is_none() {
            file.clear();
            file.push(&wanted);
        }
    } else if let Some((_, at, source)) = found {
        let target = merged(&source, &wanted, path.ends_with(".sources"));
        if target != source {
            file.replace(at, &target);
        }
        is = Some(source);
    } else {
        file.push(&wanted);
    }
    let after = file.text();
    if before != after {
        let became = file.sources().map(|(_, source)| source).find(|source| source.covers(&wanted));
        match (is, became) {
            (Some(is), Some(became)) => {
                change.changes = differing(&is.shown("", &named), &became.shown("", &wanted))
            }
            _ => change.changes = Dict::new().with("repo", repo),
        }
        if change.changes.is_empty() {
            // What was in the same file beside it.
            change.changes = Dict::new().with("file", path.as_str());
        }
        change.write(&path, after);
    }
    if let Some(key) = &change.key {
        change.changes.insert("key", key.path.as_str());
    }
    change.refresh = ["refresh_db", "refresh"].iter().find_map(|key| flag(args, key)).unwrap_or(true);
    Ok((!change.changes.is_empty()).then_some(change))
}

/// `{key: {new, old}}` of what differs, but for the file.
fn differing(old: &Dict, new: &Dict) -> Dict {
    let keys = [
        "comps",
        "disabled",
        "dist",
        "suites",
        "type",
        "types",
        "uri",
        "uris",
        "line",
        "architectures",
        "signedby",
    ];
    keys.iter()
        .filter(|key| old.get(key) != new.get(key))
        .map(|key| {
            let value = |of: &Dict| of.get(key).cloned().unwrap_or_default();
            (*key, Dict::new().with("new", value(new)).with("old", value(old)))
        })
        .collect()
}

/// What is to be done for a repository to be gone, and the files that it is in; none when there is none.
pub(super) fn plan_removal(ctx: &Ctx<'_>, repo: &str, args: &Dict) -> PkgResult<Option<Change>> {
    if args.get("ppa").is_some_and(Value::is_true) {
        return parsed(&format!("ppa:{}", text(args, "ppa").unwrap_or_default())).map(|_| None);
    }
    let gone = parsed(repo)?;
    let mut change = Change { refresh: true, ..Change::default() };
    for mut file in files(ctx.host)? {
        let before = file.text();
        let meant = |source: &Source| {
            source.covers(&gone)
                && source.architectures == gone.architectures
                && (source.shares_comps(&gone))
                && source.comps.is_empty() == gone.comps.is_empty()
        };
        loop {
            let place = file.sources().find(|(_, source)| meant(source)).map(|(at, _)| at);
            let Some(at) = place else { break };
            let text = file.text();
            file.take_out(at, &gone);
            if file.text() == text {
                break;
            }
        }
        if file.text() == before {
            continue;
        }
        change.changes.insert("repo", repo);
        match !file.is_used() && file.path.starts_with(PARTS) {
            true => change.remove(&file.path),
            false => change.write(&file.path, file.text()),
        }
    }
    Ok((!change.changes.is_empty()).then_some(change))
}

/// A key that is to be fetched and written.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) path: String,
    from: From,
}

/// Where keys come from.
#[derive(Clone, Debug)]
enum From {
    Url(String),
    Text(String),
    Server { ids: Vec<String>, server: String },
}

impl Key {
    /// The key that the arguments name, unless it is there.
    fn plan(ctx: &Ctx<'_>, named: &Source, wanted: &Source, args: &Dict) -> PkgResult<Option<Key>> {
        let ids: Vec<String> = list(args, "keyid");
        let (from, stem) = if let Some(url) = text(args, "key_url") {
            let name = url.rsplit('/').next().unwrap_or_default().to_owned();
            (From::Url(url), name.split('.').next().unwrap_or_default().to_owned())
        } else if let Some(key) = text(args, "key_text") {
            let host = named.uris.first().map(|uri| uri.split('/').nth(2).unwrap_or_default().to_owned());
            (From::Text(key), host.unwrap_or_default())
        } else if !ids.is_empty() {
            let Some(server) = text(args, "keyserver") else {
                return Err(PkgError::Argument("both keyserver and keyid options required.".to_owned()));
            };
            let stem = ids.first().map(|id| id.trim_start_matches("0x").to_owned()).unwrap_or_default();
            (From::Server { ids, server }, stem)
        } else {
            return Ok(None);
        };
        let path = if wanted.signedby.starts_with('/') {
            wanted.signedby.clone()
        } else {
            let stem: String =
                stem.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
            if stem.trim_matches('.').is_empty() {
                return Err(PkgError::Argument(
                    "no name for the file of the key: write signed-by= into the line".to_owned(),
                ));
            }
            format!("{TRUSTED}/{stem}.gpg")
        };
        let is = ctx.host.read_opt(Path::new(&path))?;
        let key = Key { path, from };
        let good = match (&is, &key.from) {
            (None, _) => false,
            (Some(_), From::Url(_)) => true,
            (Some(is), From::Text(text)) => {
                keys::packets(text.as_bytes()).is_some_and(|p| key.written(&p) == *is)
            }
            (Some(is), From::Server { ids, .. }) => {
                let there = keys::keys(&keys::packets(is).unwrap_or_default());
                ids.iter().all(|id| there.iter().any(|key| key.is(id)))
            }
        };
        Ok((!good).then_some(key))
    }

    /// The key that the arguments name, fetched, and where it goes; none when it is there.
    pub(super) fn wanted(ctx: &Ctx<'_>, args: &Dict) -> PkgResult<Option<(String, Vec<u8>)>> {
        let place = Source { signedby: text(args, "signedby").unwrap_or_default(), ..Source::default() };
        let Some(key) = Key::plan(ctx, &place, &place, args)? else { return Ok(None) };
        let data = key.fetch(ctx)?;
        Ok(Some((key.path, data)))
    }

    /// Packets as the file has them: apt tells by its name whether they are armoured.
    fn written(&self, packets: &[u8]) -> Vec<u8> {
        if self.path.ends_with(".asc") { keys::armoured(packets).into_bytes() } else { packets.to_vec() }
    }

    /// Fetches it; what is to be written where.
    pub(super) fn fetch(&self, ctx: &Ctx<'_>) -> PkgResult<Vec<u8>> {
        let packets = match &self.from {
            From::Url(url) => downloaded(ctx, url)?,
            From::Text(text) => keys::packets(text.as_bytes())
                .ok_or_else(|| PkgError::Refused("key_text is no OpenPGP public key".to_owned()))?,
            From::Server { ids, server } => {
                let mut all = Vec::new();
                for id in ids {
                    all.extend(from_server(ctx, server, id)?);
                }
                all
            }
        };
        Ok(self.written(&packets))
    }
}

/// A key of the file server, of the web or of this machine.
fn downloaded(ctx: &Ctx<'_>, url: &str) -> PkgResult<Vec<u8>> {
    let failed = |why: String| PkgError::Refused(format!("Error: Could not add key: {url}{why}"));
    let path = if url.starts_with('/') {
        url.to_owned()
    } else {
        let args = vec![Value::from(url), Value::from(ctx.saltenv())];
        let cached = ctx.call("cp.cache_file", args, Dict::new()).map_err(|e| failed(format!(": {e}")))?;
        cached
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| PkgError::Refused(format!("Error: file not found: {url}")))?
    };
    let data = ctx.host.head(Path::new(&path), keys::LIMIT + 1)?;
    keys::packets(&data).ok_or_else(|| failed(": it is no OpenPGP public key".to_owned()))
}

/// A key of a key server, by HTTP: the answer is looked at and has to be the key that was asked for.
pub(super) fn from_server(ctx: &Ctx<'_>, server: &str, id: &str) -> PkgResult<Vec<u8>> {
    let digits = id.trim_start_matches("0x");
    if digits.len() < 8 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(PkgError::Argument(format!("'{id}' is not the ID of a key")));
    }
    let base = match server.split_once("://") {
        None => format!("https://{server}"),
        Some(("hkps", host)) => format!("https://{host}"),
        Some(("hkp", host)) if !host.contains(':') => format!("http://{host}:11371"),
        Some(("hkp", host)) => format!("http://{host}"),
        Some(_) => server.to_owned(),
    };
    let url = format!("{}/pks/lookup?op=get&options=mr&search=0x{digits}", base.trim_end_matches('/'));
    let data = downloaded(ctx, &url)?;
    match keys::keys(&data).as_slice() {
        [key] if key.is(digits) => Ok(data),
        _ => {
            Err(PkgError::Refused(format!("Error: key retrieval failed: {server} has another key for {id}")))
        }
    }
}

/// The files of keys in a directory and the keys in them.
pub(super) fn key_files(host: &dyn Host, dir: &str) -> PkgResult<Vec<(String, Vec<keys::Key>)>> {
    let mut out = Vec::new();
    for name in host.list_dir(Path::new(dir))? {
        let path = format!("{dir}/{name}");
        if host.stat(Path::new(&path))?.is_some_and(|stat| stat.kind == FileKind::File) {
            let data = host.head(Path::new(&path), keys::LIMIT + 1)?;
            out.push((path, keys::keys(&keys::packets(&data).unwrap_or_default())));
        }
    }
    Ok(out)
}

/// The files that hold a key, in both directories for them.
pub(super) fn holding(host: &dyn Host, id: &str) -> PkgResult<Vec<String>> {
    let mut out = Vec::new();
    for dir in [KEYRINGS, TRUSTED] {
        if host.is_dir(Path::new(dir)) {
            let all = key_files(host, dir)?;
            out.extend(
                all.into_iter().filter(|(_, keys)| keys.iter().any(|key| key.is(id))).map(|(path, _)| path),
            );
        }
    }
    Ok(out)
}
