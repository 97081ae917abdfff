//! `source` of `file.managed`: which of several, with which hash, rendered or not.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use data::{Dict, Value};
use sls::render::{Renderer, Template};

use super::managed::Managed;
use super::util::show_mode;
use crate::exec::ExecError;
use crate::fileclient::Source;
use crate::hash::{self, Kind};
use crate::states::StateError;
use crate::{Ctx, Minion};

/// A source that was found.
pub(super) struct Found {
    /// Its content, unless the file that is there has it already.
    pub(super) data: FoundData,
    /// The mode it has where it lies, for `mode: keep`.
    pub(super) mode: Option<u32>,
}

/// The content of a source.
pub(super) enum FoundData {
    /// In memory.
    Bytes(Arc<[u8]>),
    /// In a file of this machine, which need not be read when its hash is that of the file that is there.
    File { path: PathBuf, hash: String, kind: Kind },
}

/// Why a source cannot be had; the words differ with who asks.
pub(super) enum NoSource {
    /// No source of a list is there.
    NoneFound,
    /// Why not.
    Because(String),
}

impl From<ExecError> for NoSource {
    fn from(error: ExecError) -> Self {
        NoSource::Because(error.to_string())
    }
}

impl From<crate::host::HostError> for NoSource {
    fn from(error: crate::host::HostError) -> Self {
        NoSource::Because(error.to_string())
    }
}

impl From<sls::FetchError> for NoSource {
    fn from(error: sls::FetchError) -> Self {
        NoSource::Because(error.to_string())
    }
}

impl From<StateError> for NoSource {
    fn from(error: StateError) -> Self {
        NoSource::Because(error.to_string())
    }
}

impl Managed {
    /// The source that counts, with its hash: the first of a list that is there.
    fn chosen(&self, ctx: &Ctx<'_>, saltenv: &str) -> Result<Option<(String, String)>, NoSource> {
        let hash = if self.source_hash.is_true() { self.source_hash.to_string() } else { String::new() };
        let list = match &self.source {
            Value::List(list) => list,
            one if one.is_true() => return Ok(Some((one.to_string(), hash))),
            _ => return Ok(None),
        };
        for item in list.iter() {
            let (name, own) = match item {
                Value::Dict(pair) => match pair.iter().next() {
                    Some((name, own)) if pair.len() == 1 => (name.to_string(), own.clone()),
                    _ => continue,
                },
                one => (one.to_string(), Value::None),
            };
            let there = match Source::parse(&name) {
                Some(source) => source.exists(ctx, saltenv)?,
                // A path below the roots, without the scheme.
                None => ctx.files().stat(&name, saltenv)?.is_some(),
            };
            if there {
                let hash = if own.is_true() { own.to_string() } else { hash };
                return Ok(Some((name, hash)));
            }
        }
        Err(NoSource::NoneFound)
    }

    /// Finds the source; none when the state has none.
    pub(super) fn find_source(&self, ctx: &Ctx<'_>, name: &str) -> Result<Option<Found>, NoSource> {
        let saltenv = ctx.saltenv();
        let Some((text, source_hash)) = self.chosen(ctx, &saltenv)? else { return Ok(None) };
        let because = |text: String| NoSource::Because(text);
        let missing = || {
            because(match Source::parse(&text) {
                Some(Source::Local(_)) | None => format!("Local file source {text} does not exist"),
                Some(Source::Salt { .. }) => format!("Source file {text} not found in saltenv '{saltenv}'"),
                Some(Source::Remote(_)) => format!("Source file '{text}' not found"),
            })
        };
        let source = Source::parse(&text).unwrap_or_else(|| Source::Local(text.clone().into()));
        let verified = match (&source, source_hash.is_empty()) {
            // The file server's own hash is as good.
            (Source::Salt { .. }, _) => None,
            (Source::Remote(_), true) if !self.skip_verify => {
                return Err(because(format!(
                    "Unable to verify upstream hash of source file {text}, please set source_hash or set skip_verify to \
                     True"
                )));
            }
            (_, true) => None,
            _ if self.skip_verify => None,
            (_, false) => Some(self.expected(ctx, name, &text, &source_hash, &saltenv)?),
        };
        let mut mode = None;
        if let Source::Salt { path, saltenv: own } = &source {
            let env = own.as_deref().unwrap_or(&saltenv);
            let stat = ctx.files().stat(path, env)?.ok_or_else(missing)?;
            mode = Some(stat.mode);
            if self.engine().is_none() {
                let kind = Kind::from_name(&stat.hash_type).unwrap_or(Kind::Sha256);
                if let Some(at) = self.cached_for(ctx, path, env, name, &stat.hash, kind)? {
                    let data = FoundData::File { path: at, hash: stat.hash, kind };
                    return Ok(Some(Found { data, mode }));
                }
                return Err(missing());
            }
        }
        if let Source::Local(path) = &source {
            mode = ctx.host.stat(path)?.map(|s| s.mode);
        }
        let data = source.read(ctx, &saltenv)?.ok_or_else(missing)?;
        if let Some((kind, wanted)) = verified {
            let is = hash::hex(kind, &data);
            if is != wanted {
                let there = ctx.host.exists(Path::new(name));
                let (of, hint) = if there {
                    (
                        text.as_str(),
                        ". If the 'source_hash' value refers to a remote file with multiple possible \
                        matches, then it may be necessary to set 'source_hash_name'.",
                    )
                } else {
                    (name, "")
                };
                return Err(because(format!(
                    "Specified {} checksum for {of} ({wanted}) does not match actual checksum ({is}){hint}",
                    kind.name()
                )));
            }
        }
        let data = match self.engine() {
            None => data,
            Some(engine) => {
                self.render_source(ctx, name, &text, &data, engine, &saltenv)?.into_bytes().into()
            }
        };
        Ok(Some(Found { data: FoundData::Bytes(data), mode }))
    }

    /// The file server's file on this machine; not fetched when the file that is there is the same.
    fn cached_for(
        &self,
        ctx: &Ctx<'_>,
        path: &str,
        saltenv: &str,
        name: &str,
        hash: &str,
        kind: Kind,
    ) -> Result<Option<PathBuf>, NoSource> {
        let at = Path::new(name);
        if ctx.host.is_file(at) && hash::hex(kind, &ctx.host.read(at)?) == hash {
            return Ok(Some(at.to_owned()));
        }
        Ok(ctx.files().cache_file(path, saltenv)?)
    }

    fn render_source(
        &self,
        ctx: &Ctx<'_>,
        name: &str,
        source: &str,
        data: &[u8],
        engine: &str,
        saltenv: &str,
    ) -> Result<String, NoSource> {
        if engine != "jinja" {
            return Err(NoSource::Because(format!("Specified template format {engine} is not supported")));
        }
        let text = std::str::from_utf8(data).map_err(|e| NoSource::Because(format!("{source}: {e}")))?;
        let mut context = Dict::new()
            .with("name", name)
            .with("source", source)
            .with("user", self.user.clone())
            .with("group", self.group.clone())
            .with("mode", super::util::bits(&self.mode).map(show_mode))
            .with("attrs", self.attrs.clone());
        context.extend(self.variables()?);
        let template = Template { text, name: source, saltenv, context };
        let renderer = Renderer::new(Rc::new(Minion::of(ctx)));
        renderer.template(template).map_err(|e| NoSource::Because(e.to_string()))
    }

    /// The hash that `source_hash` asks for.
    fn expected(
        &self,
        ctx: &Ctx<'_>,
        name: &str,
        source: &str,
        source_hash: &str,
        saltenv: &str,
    ) -> Result<(Kind, String), NoSource> {
        let invalid = || NoSource::Because(format!("Unable to manage file: {}", invalid_format(source_hash)));
        if source_hash.starts_with('/') || source_hash.contains("://") {
            let at = Source::parse(source_hash).ok_or_else(invalid)?;
            let list = at.read(ctx, saltenv)?.ok_or_else(|| {
                NoSource::Because(format!("Unable to manage file: Source hash file {source_hash} not found"))
            })?;
            let wanted = self.source_hash_name.as_deref();
            return from_list(&String::from_utf8_lossy(&list), wanted, name, source).ok_or_else(invalid);
        }
        let (kind, sum) = match source_hash.split_once('=') {
            Some((kind, sum)) => (Some(kind.trim()), sum.trim()),
            None => (None, source_hash),
        };
        let by_length = Kind::from_digits(sum.len());
        let Some(kind) = kind else {
            let kind =
                by_length.filter(|_| sum.bytes().all(|b| b.is_ascii_hexdigit())).ok_or_else(invalid)?;
            return Ok((kind, sum.to_lowercase()));
        };
        let wanted = Kind::from_name(kind).ok_or_else(|| {
            NoSource::Because(format!(
                "Unable to manage file: Invalid hash type '{kind}'. Supported hash types are: sha512, sha384, sha256, \
                 sha1, md5. Either remove the hash type and simply use '{sum}' as the source_hash, or change the hash \
                 type to a supported type."
            ))
        })?;
        match by_length {
            None => Err(invalid()),
            Some(by_length) if by_length != wanted => Err(NoSource::Because(format!(
                "Unable to manage file: Invalid length ({}) for hash type '{kind}'. Either remove the hash type and \
                 simply use '{sum}' as the source_hash, or change the hash type to '{}'",
                sum.len(),
                by_length.name()
            ))),
            Some(_) => Ok((wanted, sum.to_lowercase())),
        }
    }
}

fn invalid_format(source_hash: &str) -> String {
    format!(
        "Source hash {source_hash} format is invalid. The supported formats are: 1) a hash, 2) an expression in the \
         format <hash_type>=<hash>, or 3) either a path to a local file containing hashes, or a URI of a remote hash \
         file. Supported protocols for remote hash files are: salt, http, https, ftp, file. The hash may also not be of \
         a valid length, the following are supported hash types and lengths: md5 (32), sha1 (40), sha256 (64), sha384 \
         (96), sha512 (128)."
    )
}

/// The hash of a file out of a list of hashes: by the name that was asked for, by the file's, by the source's,
/// else the first one.
fn from_list(list: &str, wanted: Option<&str>, name: &str, source: &str) -> Option<(Kind, String)> {
    let base = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let (name_base, source_base) = (base(name), base(source));
    let mut first = None;
    let mut best: [Option<(Kind, String)>; 3] = [None, None, None];
    for line in list.lines().map(str::trim) {
        let words = line.split(|c: char| !c.is_ascii_alphanumeric());
        let found = words
            .filter(|w| w.bytes().all(|b| b.is_ascii_hexdigit()))
            .find_map(|w| Some((Kind::from_digits(w.len())?, w.to_lowercase())));
        let Some(found) = found else { continue };
        let ends = |text: &str, separators: &str| {
            let before = line.strip_suffix(text).and_then(|rest| rest.chars().last());
            before.is_some_and(|c| c.is_whitespace() || separators.contains(c))
        };
        let begins = |text: &str| {
            line.strip_prefix(text).and_then(|rest| rest.chars().next()).is_some_and(char::is_whitespace)
        };
        let fits = [
            wanted.is_some_and(|w| ends(w, "") || begins(w)),
            ends(&name_base, "\\/*") || begins(name),
            ends(&source_base, "\\/*") || begins(source),
        ];
        for (slot, fits) in best.iter_mut().zip(fits) {
            if fits && slot.is_none() {
                *slot = Some(found.clone());
            }
        }
        first.get_or_insert(found);
    }
    best.into_iter().flatten().next().or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_hash_in_a_list() {
        let (a, b, c) = ("a".repeat(64), "b".repeat(64), "c".repeat(40));
        let list = format!("# sums\n{a}  other.tgz\n{b} *dist/app.tgz\n{c} app.zip\n");
        let find = |wanted, name, source| from_list(&list, wanted, name, source).map(|(_, sum)| sum);
        assert_eq!(find(None, "/opt/x", "https://h/app.tgz").as_deref(), Some(b.as_str()));
        assert_eq!(find(Some("app.zip"), "/opt/x", "https://h/app.tgz").as_deref(), Some(c.as_str()));
        assert_eq!(find(None, "/opt/other.tgz", "https://h/q").as_deref(), Some(a.as_str()));
        assert_eq!(find(None, "/opt/x", "https://h/q").as_deref(), Some(a.as_str()));
        assert_eq!(from_list("nothing here", None, "a", "b"), None);
    }
}
