//! The source of a managed file: found, held against its hash, fetched, rendered.

use std::path::{Path, PathBuf};

use data::{Dict, Value};

use super::Content;
use crate::Ctx;
use crate::exec::ExecError;
use crate::exec::file::sum::{Sum, Wanted, shown};
use crate::exec::gpg::Required;
use crate::fileclient::{How, Source};
use crate::hash::{self, Kind};
use crate::host::HostError;
use crate::states::StateError;
use crate::states::file::diff;
use crate::states::file::texts::render;

/// A source to be got: `file.get_managed`.
pub(crate) struct Fetch<'a> {
    /// The file that it is for.
    pub(crate) name: &'a str,
    pub(crate) source: &'a str,
    pub(crate) source_hash: &'a Value,
    pub(crate) source_hash_name: Option<&'a str>,
    pub(crate) template: Option<&'a str>,
    /// What templates are told of the file: `user`, `group`, `mode`, `attrs` and the variables of the SLS.
    pub(crate) context: Dict,
    pub(crate) saltenv: &'a str,
    pub(crate) skip_verify: bool,
    pub(crate) use_etag: bool,
    pub(crate) verify_ssl: bool,
    /// The signature that the source is to have.
    pub(crate) signature: Option<&'a Required>,
    /// The signature that a file of hashes is to have.
    pub(crate) hash_signature: Option<&'a Required>,
}

/// A source that was found.
pub(crate) struct From {
    pub(crate) source: String,
    saltenv: String,
    at: At,
    /// What its hash is, or is to be.
    pub(crate) sum: Option<Sum>,
    /// The mode that it has where it lies, for `mode: keep`.
    pub(crate) mode: Option<u32>,
    /// Whether what was fetched is to be held against the hash.
    pub(crate) verified: bool,
    /// The signature that it is to have.
    signature: Option<Box<Required>>,
}

/// Where the content of a source is.
enum At {
    /// On the file server, not fetched yet.
    Server,
    /// In a file of this machine.
    File(PathBuf),
    /// In memory: a template's output.
    Text(Vec<u8>),
}

/// Why a source cannot be had.
pub(crate) enum NoSource {
    /// What Salt says of it.
    Said(String),
    /// Salt raises.
    Raised(String),
}

impl<E: Into<ExecError>> std::convert::From<E> for NoSource {
    fn from(error: E) -> Self {
        NoSource::Raised(error.into().to_string())
    }
}

impl Fetch<'_> {
    /// Finds the source, and fetches it when it is elsewhere or a template.
    pub(crate) fn get(&self, ctx: &Ctx<'_>) -> Result<From, NoSource> {
        let said = |text: String| NoSource::Said(text);
        let text = self.source;
        let source = Source::parse(text).unwrap_or_else(|| Source::Local(text.into()));
        let hash = if self.source_hash.is_true() { self.source_hash.to_string() } else { String::new() };
        let mut from = From {
            source: text.to_owned(),
            saltenv: self.saltenv.to_owned(),
            at: At::Server,
            sum: None,
            mode: None,
            verified: !self.skip_verify && !self.use_etag && !matches!(source, Source::Salt { .. }),
            signature: self.signature.cloned().map(Box::new),
        };
        match &source {
            Source::Salt { path, saltenv } => {
                let env = saltenv.as_deref().unwrap_or(self.saltenv);
                let stat = ctx.files().stat(path, env)?.ok_or_else(|| {
                    said(format!("Source file {text} not found in saltenv '{}'", self.saltenv))
                })?;
                from.mode = Some(stat.mode);
                from.sum = Some((Kind::from_name(&stat.hash_type).unwrap_or(Kind::Sha256), stat.hash));
            }
            Source::Local(path) => {
                let Some(stat) = ctx.host.stat(path)? else {
                    return Err(said(format!("Local file source {} does not exist", path.display())));
                };
                from.mode = Some(stat.mode);
                from.at = At::File(path.clone());
                if hash.is_empty() {
                    from.sum = Some((Kind::Sha256, ctx.host.hash(path, Kind::Sha256)?));
                }
            }
            Source::Remote(_) => {}
        }
        if from.sum.is_none() && !self.skip_verify {
            if !hash.is_empty() {
                let wanted = Wanted {
                    name: self.name,
                    source: text,
                    source_hash: &hash,
                    source_hash_name: self.source_hash_name,
                    saltenv: self.saltenv,
                    verify_ssl: self.verify_ssl,
                    signed: self.hash_signature,
                };
                let sum = wanted.find(ctx);
                from.sum = Some(sum.map_err(|error| said(format!("Unable to manage file: {error}")))?);
            } else if !self.use_etag {
                return Err(said(format!(
                    "Unable to verify upstream hash of source file {}, please set source_hash or set skip_verify to \
                     True",
                    shown(text)
                )));
            }
        }
        if self.template.is_some() || matches!(source, Source::Remote(_)) {
            self.fetch(ctx, &source, &mut from, !hash.is_empty())?;
        }
        Ok(from)
    }

    /// Brings the source to this machine, unless a good copy of it is here already, and renders it.
    fn fetch(&self, ctx: &Ctx<'_>, source: &Source, from: &mut From, has_hash: bool) -> Result<(), NoSource> {
        if matches!(source, Source::Remote(_)) {
            let copy = source.cached(ctx, self.saltenv);
            if let Some(copy) = copy.filter(|_| has_hash || self.skip_verify) {
                let kind = from.sum.as_ref().map_or(Kind::Sha256, |(kind, _)| *kind);
                let sum = ctx.host.hash(&copy, kind)?;
                if self.skip_verify {
                    from.sum = Some((kind, sum));
                    from.at = At::File(copy);
                } else if from.sum.as_ref().is_some_and(|(_, wanted)| *wanted == sum) {
                    from.at = At::File(copy);
                }
            }
        }
        if matches!(from.at, At::Server) {
            let how = How { verify_ssl: self.verify_ssl, etag: self.use_etag };
            let cached = source.cache_as(ctx, self.saltenv, how).map_err(|error| {
                NoSource::Said(format!("Failed to cache {}: {error}", shown(self.source)))
            })?;
            let cached = cached
                .ok_or_else(|| NoSource::Said(format!("Source file '{}' not found", shown(self.source))))?;
            if from.sum.is_none() {
                from.sum = Some((Kind::Sha256, ctx.host.hash(&cached, Kind::Sha256)?));
            }
            from.at = At::File(cached);
        }
        let At::File(path) = &from.at else { return Ok(()) };
        if path == Path::new(self.name) {
            return Err(NoSource::Raised("Source file cannot be the same as destination".to_owned()));
        }
        let Some(engine) = self.template else { return Ok(()) };
        // What was signed is the template, not what comes out of it.
        if let Some(signature) = from.signature.take() {
            signature.verify(ctx, path).map_err(not_signed)?;
        }
        let data = ctx.host.read(path)?;
        let text = match std::str::from_utf8(&data) {
            Ok(text) => text,
            // What is no text is no template either, and goes as it is.
            Err(_) if !diff::is_text(&data) => return Ok(()),
            Err(error) => return Err(NoSource::Said(format!("{}: {error}", self.source))),
        };
        let mut context = Dict::new().with("name", self.name).with("source", self.source);
        context.extend(self.context.clone());
        let output = render(ctx, text, self.source, engine, self.saltenv, context).map_err(NoSource::Said)?;
        from.sum = Some((Kind::Sha256, hash::hex(Kind::Sha256, output.as_bytes())));
        from.at = At::Text(output.into_bytes());
        Ok(())
    }
}

fn not_signed_text(error: &ExecError) -> String {
    format!("Failed checking new file's signature: {error}")
}

fn not_signed(error: ExecError) -> NoSource {
    NoSource::Said(not_signed_text(&error))
}

impl From {
    /// A source whose content is in a file of this machine already.
    pub(crate) fn here(source: &str, path: PathBuf, sum: Option<Sum>, verified: bool) -> From {
        let saltenv = String::new();
        From {
            source: source.to_owned(),
            saltenv,
            at: At::File(path),
            sum,
            mode: None,
            verified,
            signature: None,
        }
    }

    /// The file with the content; a template's output goes to one that is made for it.
    pub(crate) fn file(&mut self, ctx: &Ctx<'_>, own: PathBuf) -> Result<Option<PathBuf>, HostError> {
        if let At::Text(text) = &self.at {
            ctx.host.write_atomic(&own, text, Some(0o600))?;
            self.at = At::File(own);
        }
        Ok(self.path().map(Path::to_owned))
    }

    /// The content, in a file of this machine or in memory; fetched now if it was not. An error is what Salt says.
    pub(super) fn content(&mut self, ctx: &Ctx<'_>) -> Result<Content<'_>, StateError> {
        if matches!(self.at, At::Server) {
            let source = Source::parse(&self.source);
            let cached = source.map_or(Ok(None), |source| source.cache(ctx, &self.saltenv))?;
            let missing = || StateError::refused(format!("Source file '{}' not found", self.source));
            self.at = At::File(cached.ok_or_else(missing)?);
        }
        match &self.at {
            At::Text(text) => Ok(Content::Bytes(text)),
            At::File(path) => Ok(Content::File(path)),
            At::Server => Err(StateError::refused(format!("Source file '{}' not found", self.source))),
        }
    }

    /// Where its copy on this machine is.
    pub(crate) fn path(&self) -> Option<&Path> {
        if let At::File(path) = &self.at { Some(path) } else { None }
    }

    /// That what was fetched has the hash and the signature it is to have.
    pub(crate) fn verify(&mut self, ctx: &Ctx<'_>, of: &str, hint: &str) -> Result<(), StateError> {
        self.verify_hash(ctx, of, hint)?;
        let Some(signature) = self.signature.take() else { return Ok(()) };
        match self.content(ctx)? {
            Content::File(path) => {
                signature.verify(ctx, path).map_err(|e| StateError::refused(not_signed_text(&e)))
            }
            Content::Bytes(_) => Ok(()),
        }
    }

    fn verify_hash(&mut self, ctx: &Ctx<'_>, of: &str, hint: &str) -> Result<(), StateError> {
        let (true, Some((kind, wanted))) = (self.verified, self.sum.clone()) else { return Ok(()) };
        let is = match self.content(ctx)? {
            Content::Bytes(data) => hash::hex(kind, data),
            Content::File(path) => ctx.host.hash(path, kind)?,
        };
        if is == wanted {
            return Ok(());
        }
        Err(StateError::refused(format!(
            "Specified {} checksum for {of} ({wanted}) does not match actual checksum ({is}){hint}",
            kind.name()
        )))
    }
}
