//! Hashes that sources are to have: `source_hash` in all its forms, and lists of hashes.

use std::path::PathBuf;

use data::loose::Flag;
use data::{Dict, Value};

use super::os_error;
use crate::exec::gpg::{Check, Required};
use crate::exec::{ExecError, ExecFn};
use crate::fileclient::{How, Source};
use crate::hash::Kind;
use crate::{Ctx, args};

args! {
    /// Return the hash that a `source_hash` means: a hash, `type=hash`, or a file of hashes, in which it is found by
    /// source_hash_name, by the file's name or by the source's.
    ///
    /// CLI Example: `rsalt '*' file.get_source_sum /tmp/foo.tar.gz source=http://example.org/foo.tar.gz source_hash=499ae16dcae71eeb7c3a30c75ea7a1a6`
    pub(crate) struct GetSourceSum {
        #[serde(default)]
        file_name: String,
        #[serde(default)]
        source: String,
        #[serde(default)]
        source_hash: Value,
        #[serde(default)]
        source_hash_name: Option<String>,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default = yes)]
        verify_ssl: Flag,
        #[serde(default)]
        source_hash_sig: Value,
        #[serde(default)]
        signed_by_any: Value,
        #[serde(default)]
        signed_by_all: Value,
        #[serde(default)]
        keyring: Value,
        #[serde(default)]
        gnupghome: Value,
        #[serde(default)]
        sig_backend: String,
    }

    /// Find a hash in a file of hashes. Without a name that fits, the first hash there is.
    ///
    /// CLI Example: `rsalt '*' file.extract_hash /path/to/hash/file sha512 /etc/foo`
    pub(crate) struct ExtractHash {
        hash_fn: String,
        #[serde(default)]
        hash_type: Option<String>,
        #[serde(default)]
        file_name: String,
        #[serde(default)]
        source: String,
        #[serde(default)]
        source_hash_name: Option<String>,
    }

    /// Return which of a list of sources is there first, and its hash.
    ///
    /// CLI Example: `rsalt '*' file.source_list salt://http/httpd.conf '{hash_type: md5, hsum: …}' base`
    pub(crate) struct SourceList {
        source: Value,
        source_hash: Value,
        saltenv: String,
    }
}

fn yes() -> Flag {
    Flag(true)
}

/// A hash function and a digest.
pub(crate) type Sum = (Kind, String);

/// The URL without the login that may be in it.
pub(crate) fn shown(url: &str) -> String {
    let web = ["http://", "https://"].into_iter().find(|scheme| url.starts_with(scheme));
    match (web, url.rsplit_once('@')) {
        (Some(scheme), Some((_, rest))) => format!("{scheme}<redacted>@{rest}"),
        _ => url.to_owned(),
    }
}

/// A hash that is to be found out.
pub(crate) struct Wanted<'a> {
    /// The file that the source is for.
    pub(crate) name: &'a str,
    pub(crate) source: &'a str,
    pub(crate) source_hash: &'a str,
    pub(crate) source_hash_name: Option<&'a str>,
    pub(crate) saltenv: &'a str,
    pub(crate) verify_ssl: bool,
    /// The signature that a file of hashes is to have.
    pub(crate) signed: Option<&'a Required>,
}

impl Wanted<'_> {
    /// The hash that `source_hash` asks for.
    pub(crate) fn find(&self, ctx: &Ctx<'_>) -> Result<Sum, ExecError> {
        let text = self.source_hash;
        let invalid = || {
            ExecError::command(format!(
                "Source hash {} format is invalid. The supported formats are: 1) a hash, 2) an expression in the format \
                 <hash_type>=<hash>, or 3) either a path to a local file containing hashes, or a URI of a remote hash \
                 file. Supported protocols for remote hash files are: salt, file, http, https, ftp, swift, s3. The hash \
                 may also not be of a valid length, the following are supported hash types and lengths: {}.",
                shown(text),
                KINDS.map(|kind| format!("{} ({})", kind.name(), kind.digits())).join(", ")
            ))
        };
        if text.starts_with('/') || text.contains("://") {
            let how = How { verify_ssl: self.verify_ssl, etag: false };
            let at = Source::parse(text).ok_or_else(invalid)?.cache_as(ctx, self.saltenv, how)?;
            let at =
                at.ok_or_else(|| ExecError::command(format!("Source hash file {} not found", shown(text))))?;
            if let Some(signed) = self.signed {
                signed.verify(ctx, &at)?;
            }
            let list = ctx.host.read(&at)?;
            let found = self.in_list(&String::from_utf8_lossy(&list), None).ok_or_else(invalid)?;
            return Ok((found.0, found.1.to_lowercase()));
        }
        let Some((name, sum)) = text.split_once('=') else {
            let hex = !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
            let kind = Kind::from_digits(text.len()).filter(|_| hex).ok_or_else(invalid)?;
            return Ok((kind, text.to_lowercase()));
        };
        let (name, sum) = (name.trim(), sum.trim());
        let Some(kind) = Kind::from_name(name).filter(|kind| kind.name() == name) else {
            let mut names = KINDS.map(Kind::name);
            names.reverse();
            return Err(ExecError::command(format!(
                "Invalid hash type '{name}'. Supported hash types are: {}. Either remove the hash type and simply use \
                 '{sum}' as the source_hash, or change the hash type to a supported type.",
                names.join(", ")
            )));
        };
        match Kind::from_digits(sum.len()) {
            None => Err(invalid()),
            Some(fits) if fits != kind => Err(ExecError::command(format!(
                "Invalid length ({}) for hash type '{name}'. Either remove the hash type and simply use '{sum}' as the \
                 source_hash, or change the hash type to '{}'",
                sum.len(),
                fits.name()
            ))),
            Some(_) => Ok((kind, sum.to_lowercase())),
        }
    }

    /// The hash in a list of hashes: by the name that was asked for, by the file's, by the source's, else the
    /// first one.
    fn in_list(&self, list: &str, kind: Option<Kind>) -> Option<Sum> {
        let base = |path: &str| {
            let path = path.split(['?', '#']).next().unwrap_or(path);
            path.rsplit('/').next().unwrap_or(path).to_owned()
        };
        let (name_base, source_base) = (base(self.name), base(self.source));
        let mut first = None;
        let mut best: [Option<Sum>; 3] = [None, None, None];
        for line in list.lines().map(str::trim) {
            let words = line.split(|c: char| !c.is_ascii_alphanumeric());
            let found = words
                .filter(|w| w.bytes().all(|b| b.is_ascii_hexdigit()))
                .filter_map(|w| Some((Kind::from_digits(w.len())?, w.to_owned())))
                .find(|(found, _)| kind.is_none_or(|kind| kind == *found));
            let Some(found) = found else { continue };
            let ends = |text: &str, separators: &str| {
                let before = line.strip_suffix(text).and_then(|rest| rest.chars().last());
                before.is_some_and(|c| c.is_whitespace() || separators.contains(c))
            };
            let begins = |text: &str| {
                line.strip_prefix(text).and_then(|rest| rest.chars().next()).is_some_and(char::is_whitespace)
            };
            let fits = [
                self.source_hash_name.is_some_and(|w| !w.is_empty() && (ends(w, "") || begins(w))),
                !self.name.is_empty() && (ends(&name_base, "\\/*") || begins(self.name)),
                !self.source.is_empty() && (ends(&source_base, "\\/*") || begins(self.source)),
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
}

/// From the shortest to the longest.
const KINDS: [Kind; 6] = [Kind::Md5, Kind::Sha1, Kind::Sha224, Kind::Sha256, Kind::Sha384, Kind::Sha512];

/// A hash as functions return it.
fn told((kind, sum): Sum) -> Value {
    Dict::new().with("hash_type", kind.name()).with("hsum", sum).into()
}

/// The source that counts, with its hash: of a list the first that is there.
pub(crate) fn source_list(
    ctx: &Ctx<'_>,
    source: &Value,
    source_hash: &Value,
    saltenv: &str,
) -> Result<(Value, Value), ExecError> {
    let Value::List(list) = source else { return Ok((source.clone(), source_hash.clone())) };
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
            return Ok((name.into(), if own.is_true() { own } else { source_hash.clone() }));
        }
    }
    Err(ExecError::command("none of the specified sources were found"))
}

impl ExecFn for GetSourceSum {
    const FUN: &'static str = "file.get_source_sum";
    const SIGNATURE: &'static str = "file_name='', source='', source_hash=None, source_hash_name=None, \
                                     saltenv='base', verify_ssl=True, source_hash_sig=None, signed_by_any=None, \
                                     signed_by_all=None, keyring=None, gnupghome=None, sig_backend='gpg'";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let saltenv = self.saltenv.as_deref().unwrap_or("base");
        let check = Check::by(&self.signed_by_any, &self.signed_by_all, &self.keyring, &self.gnupghome)?;
        let signed =
            Required::of(&self.source_hash_sig, &self.sig_backend, &check, saltenv, self.verify_ssl.0)?;
        let wanted = Wanted {
            name: &self.file_name,
            source: &self.source,
            source_hash: &self.source_hash.to_string(),
            source_hash_name: self.source_hash_name.as_deref(),
            saltenv,
            verify_ssl: self.verify_ssl.0,
            signed: signed.as_ref(),
        };
        Ok(told(wanted.find(ctx)?))
    }
}

impl ExecFn for ExtractHash {
    const FUN: &'static str = "file.extract_hash";
    const SIGNATURE: &'static str =
        "hash_fn, hash_type='sha256', file_name='', source='', source_hash_name=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = PathBuf::from(&self.hash_fn);
        let list = ctx.host.read(&path).map_err(|error| os_error(error, &path))?;
        let wanted = Wanted {
            name: &self.file_name,
            source: &self.source,
            source_hash: "",
            source_hash_name: self.source_hash_name.as_deref(),
            saltenv: "",
            verify_ssl: true,
            signed: None,
        };
        let kind = Kind::from_name(self.hash_type.as_deref().unwrap_or("sha256"));
        Ok(wanted.in_list(&String::from_utf8_lossy(&list), kind).map_or(Value::None, told))
    }
}

impl ExecFn for SourceList {
    const FUN: &'static str = "file.source_list";
    const SIGNATURE: &'static str = "source, source_hash, saltenv";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let (source, hash) = source_list(ctx, &self.source, &self.source_hash, &self.saltenv)?;
        Ok(vec![source, hash].into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_hash_in_a_list() {
        let (a, b, c) = ("a".repeat(64), "b".repeat(64), "c".repeat(40));
        let list = format!("# sums\n{a}  other.tgz\n{b} *dist/app.tgz\n{c} app.zip\n");
        let find = |list: &str, source_hash_name, name, source| {
            Wanted {
                name,
                source,
                source_hash: "",
                source_hash_name,
                saltenv: "",
                verify_ssl: true,
                signed: None,
            }
            .in_list(list, None)
            .map(|(_, sum)| sum)
        };
        assert_eq!(find(&list, None, "/opt/x", "https://h/app.tgz").as_deref(), Some(b.as_str()));
        assert_eq!(find(&list, Some("app.zip"), "/opt/x", "https://h/app.tgz").as_deref(), Some(c.as_str()));
        assert_eq!(find(&list, None, "/opt/other.tgz", "https://h/q").as_deref(), Some(a.as_str()));
        assert_eq!(find(&list, None, "/opt/x", "https://h/q").as_deref(), Some(a.as_str()));
        assert_eq!(find("nothing here", None, "a", "b"), None);
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(shown("https://u:p@h/x"), "https://<redacted>@h/x");
        assert_eq!(shown("https://h/x"), "https://h/x");
        assert_eq!(shown("salt://a@b"), "salt://a@b");
    }
}
