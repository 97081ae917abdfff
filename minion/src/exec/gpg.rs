//! `gpg`: signatures, checked by the host's `gpg`. Its machine-readable status is what counts
//! (`doc/DETAILS` of GnuPG, "Format of the --status-fd output"), never its exit code alone.

use std::path::Path;

use data::{Dict, Value};

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;
use crate::fileclient::{How, Source};
use crate::host::Cmd;

functions! {
    /// Verify a message, a signed file, or a file with a signature beside it.
    ///
    /// `signed_by_any` and `signed_by_all` are fingerprints of primary keys: of one, or of each of them, there must
    /// be a good signature.
    ///
    /// CLI Example: `rsalt '*' gpg.verify filename=/path/to/important.file signature=/path/to/important.file.asc`
    "gpg.verify"(
        "text=None, user=None, filename=None, gnupghome=None, signature=None, trustmodel=None, signed_by_any=None, \
         signed_by_all=None, keyring=None"
    ) = |args, ctx| {
        let check = Check::of(&args)?;
        let signed = match (args.some_text("text"), args.some_text("filename")) {
            (Some(text), _) if !text.is_empty() => check.run(ctx, Signed::Text(text))?,
            (_, Some(file)) if !file.is_empty() => {
                check.run(ctx, Signed::File(Path::new(&file), args.some_text("signature").as_deref().map(Path::new)))?
            }
            _ => return Err(ExecError::invocation("filename or text must be passed.")),
        };
        Ok(check.judge(&signed))
    };
}

/// What is signed.
pub(crate) enum Signed<'a> {
    /// A message with its signature.
    Text(String),
    /// A file, and the file of its signature unless that is in it.
    File(&'a Path, Option<&'a Path>),
}

/// Whose signatures are wanted, and where their keys are.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Check {
    any: Vec<String>,
    all: Vec<String>,
    keyring: Option<String>,
    home: Option<String>,
    trust_model: Option<String>,
    user: Option<String>,
}

/// A signature that a file is to have, as states say it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Required {
    check: Check,
    /// Where the signature is; none when it is in the file.
    beside: Option<String>,
    saltenv: String,
    verify_ssl: bool,
}

impl Required {
    /// `signature` is `True` for one in the file, or where it is; none when it asks for nothing.
    pub(crate) fn of(
        signature: &Value,
        sig_backend: &str,
        check: &Check,
        saltenv: &str,
        verify_ssl: bool,
    ) -> Result<Option<Self>, ExecError> {
        if !signature.is_true() {
            return Ok(None);
        }
        if !matches!(sig_backend, "" | "gpg") {
            return Err(ExecError::command(format!(
                "Signature verification requires the {sig_backend} module, which could not be found. Use sig_backend: gpg"
            )));
        }
        let beside = (*signature != Value::Bool(true)).then(|| signature.to_string());
        Ok(Some(Required { check: check.clone(), beside, saltenv: saltenv.to_owned(), verify_ssl }))
    }

    /// That a file has it. What was fetched and has not is taken away again.
    pub(crate) fn verify(&self, ctx: &Ctx<'_>, file: &Path) -> Result<(), ExecError> {
        let beside = match &self.beside {
            None => None,
            Some(name) => {
                let how = How { verify_ssl: self.verify_ssl, etag: false };
                let source = Source::parse(name);
                let copy =
                    source.as_ref().map_or(Ok(None), |source| source.cache_as(ctx, &self.saltenv, how))?;
                let missing = || ExecError::command(format!("Detached signature file {name} not found"));
                Some(copy.ok_or_else(missing)?)
            }
        };
        let Err(message) = self.check.file(ctx, file, beside.as_deref())? else { return Ok(()) };
        let cache = ctx.opt("cachedir").map(|dir| dir.to_string()).unwrap_or_default();
        // Copies, never a file of this machine or of the file roots.
        let is_copy = |path: &&Path| !cache.is_empty() && path.starts_with(&cache);
        for copy in beside.as_deref().into_iter().chain([file]).filter(is_copy) {
            ctx.host.remove_file(copy)?;
        }
        Err(ExecError::command(format!("The file's signature could not be verified: {message}")))
    }
}

/// One signature.
#[derive(Clone, Debug, Default, PartialEq)]
struct Found {
    key_id: String,
    username: String,
    fingerprint: Option<String>,
    trust: Option<&'static str>,
    status: &'static str,
}

const TRUST_MODELS: [&str; 7] = ["pgp", "classic", "tofu", "tofu+pgp", "direct", "always", "auto"];

impl Check {
    /// From `signed_by_any`, `signed_by_all`, `keyring`, `gnupghome`, `trustmodel` and `user`.
    pub(crate) fn of(args: &Dict) -> Result<Self, ExecError> {
        let texts = |name: &str| match args.get(name) {
            None | Some(Value::None) => Vec::new(),
            Some(Value::List(keys)) => keys.iter().map(Value::to_string).collect(),
            Some(key) => vec![key.to_string()],
        };
        let text = |name: &str| args.get(name).filter(|v| v.is_true()).map(Value::to_string);
        if args.get("keyring").is_some_and(|keyring| keyring.is_true() && keyring.as_str().is_none()) {
            let problem = "Please pass keyring as a string. Multiple keyrings are not allowed";
            return Err(ExecError::invocation(problem));
        }
        Ok(Check {
            any: texts("signed_by_any"),
            all: texts("signed_by_all"),
            keyring: text("keyring"),
            home: text("gnupghome"),
            trust_model: text("trustmodel"),
            user: text("user"),
        })
    }

    /// As states have them.
    pub(crate) fn by(any: &Value, all: &Value, keyring: &Value, home: &Value) -> Result<Self, ExecError> {
        let args =
            [("signed_by_any", any), ("signed_by_all", all), ("keyring", keyring), ("gnupghome", home)];
        Check::of(&args.into_iter().map(|(name, value)| (name, value.clone())).collect())
    }

    /// Asks `gpg` for the signatures.
    fn run(&self, ctx: &Ctx<'_>, signed: Signed<'_>) -> Result<Vec<Found>, ExecError> {
        if ctx.host.which("gpg").is_none() {
            return Err(ExecError::command("gpg is not installed: signatures cannot be verified"));
        }
        let mut cmd = Cmd::of("gpg", ["--status-fd", "1", "--no-tty", "--no-auto-key-retrieve"]);
        // With --batch gpg stops at the first signature that is not good.
        cmd = cmd.arg(if self.any.is_empty() && self.all.is_empty() { "--batch" } else { "--no-batch" });
        for (option, value) in [("--homedir", &self.home), ("--trust-model", &self.trust_model)] {
            if let Some(value) = value {
                cmd = cmd.arg(option).arg(value.as_str());
            }
        }
        if let Some(keyring) = &self.keyring {
            cmd = cmd.arg("--no-default-keyring").arg("--keyring").arg(keyring.as_str());
        }
        if let Some(user) = &self.user {
            cmd = cmd.runas(user.as_str());
        }
        cmd = cmd.arg("--verify");
        let cmd = match signed {
            Signed::Text(text) => cmd.stdin(text.into_bytes()),
            Signed::File(file, signature) => {
                let files = signature.into_iter().chain([file]);
                files.fold(cmd.arg("--"), |cmd, file| cmd.arg(file.to_string_lossy()))
            }
        };
        Ok(parse(&ctx.host.run(&cmd)?.out()))
    }

    /// What `gpg.verify` returns.
    fn judge(&self, signatures: &[Found]) -> Value {
        if let Some(model) = self.trust_model.as_deref().filter(|model| !TRUST_MODELS.contains(model)) {
            let message =
                format!("Invalid trustmodel defined: {model}. Use one of: {}", TRUST_MODELS.join(", "));
            return Dict::new().with("res", false).with("message", message).into();
        }
        if self.any.is_empty() && self.all.is_empty() {
            // Each signature has to be good: one more by somebody else proves nothing, a bad one that something is wrong.
            let good = signatures.last().filter(|_| signatures.iter().all(Found::is_good));
            return match good {
                Some(one) => Dict::new()
                    .with("res", true)
                    .with("username", one.username.as_str())
                    .with("key_id", one.key_id.as_str())
                    .with("trust_level", one.trust)
                    .with("message", "The signature is verified.")
                    .into(),
                None => Dict::new()
                    .with("res", false)
                    .with("message", "The signature could not be verified.")
                    .into(),
            };
        }
        let by = |signer: &String| {
            signatures.iter().any(|s| s.is_good() && s.fingerprint.as_deref() == Some(signer.as_str()))
        };
        let message = if !self.any.is_empty() && !self.any.iter().any(by) {
            Err("None of the public keys listed in signed_by_any provided a valid signature".to_owned())
        } else if let Some(signer) = self.all.iter().find(|signer| !by(signer)) {
            let what = format!("Public key {signer} has not provided a valid signature");
            Err(format!("{what}, but was listed in signed_by_all"))
        } else {
            Ok("All required keys have provided a signature")
        };
        let result = Dict::new().with("res", message.is_ok());
        let result = match message {
            Ok(text) => result.with("message", text),
            Err(text) => result.with("message", text),
        };
        result.with("signatures", signatures.iter().map(Found::to_value).collect::<Vec<_>>()).into()
    }

    /// That a file has the signatures; the error says what is missing.
    pub(crate) fn file(
        &self,
        ctx: &Ctx<'_>,
        file: &Path,
        signature: Option<&Path>,
    ) -> Result<Result<(), String>, ExecError> {
        let verdict = self.judge(&self.run(ctx, Signed::File(file, signature))?);
        let part = |key: &str| verdict.get(key).cloned().unwrap_or_default();
        Ok(if part("res").is_true() { Ok(()) } else { Err(part("message").to_string()) })
    }
}

impl Found {
    fn is_good(&self) -> bool {
        self.status == "signature good" && self.fingerprint.is_some() && self.trust.is_some()
    }

    fn to_value(&self) -> Value {
        Dict::new()
            .with("username", self.username.as_str())
            .with("key_id", self.key_id.as_str())
            .with("fingerprint", self.fingerprint.as_deref())
            .with("trust_level", self.trust)
            .with("status", self.status)
            .into()
    }
}

/// The signatures in what `gpg --status-fd` says.
fn parse(status: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for line in status.lines() {
        let Some(line) = line.strip_prefix("[GNUPG:] ") else { continue };
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (key_id, name) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = match word {
            "GOODSIG" => "signature good",
            "BADSIG" => "signature bad",
            "ERRSIG" => "signature error",
            "EXPSIG" => "signature expired",
            "EXPKEYSIG" => "signing key was expired",
            "REVKEYSIG" => "signing key was revoked",
            _ => "",
        };
        if !status.is_empty() {
            let username = if status == "signature error" { "" } else { name };
            found.push(Found {
                key_id: key_id.into(),
                username: username.into(),
                status,
                ..Found::default()
            });
            continue;
        }
        let Some(last) = found.last_mut() else { continue };
        match word {
            // The fingerprint of the primary key comes last; the first is that of the key that signed.
            "VALIDSIG" => last.fingerprint = rest.split(' ').next_back().map(str::to_owned),
            "TRUST_UNDEFINED" => last.trust = Some("Undefined"),
            "TRUST_NEVER" => last.trust = Some("Never"),
            "TRUST_MARGINAL" => last.trust = Some("Marginal"),
            "TRUST_FULLY" => last.trust = Some("Fully"),
            "TRUST_ULTIMATE" => last.trust = Some("Ultimate"),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[GNUPG:] NEWSIG\n[GNUPG:] KEY_CONSIDERED AAAA 0\n[GNUPG:] GOODSIG 1234567890ABCDEF A Name <a@b>\n\
                        [GNUPG:] VALIDSIG FFFF 2026-11-30 1 0 4 0 22 10 00 AAAA\n[GNUPG:] TRUST_UNDEFINED 0 pgp\n";

    fn check(any: &[&str], all: &[&str]) -> Check {
        let own = |keys: &[&str]| keys.iter().map(|k| (*k).to_owned()).collect();
        Check { any: own(any), all: own(all), ..Check::default() }
    }

    fn verdict(check: &Check, status: &str) -> bool {
        check.judge(&parse(status)).get("res").is_some_and(Value::is_true)
    }

    #[test]
    fn a_good_signature_is_known_by_its_primary_key() {
        let found = parse(GOOD);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].fingerprint.as_deref(), Some("AAAA"));
        assert_eq!((found[0].username.as_str(), found[0].trust), ("A Name <a@b>", Some("Undefined")));
        assert!(verdict(&check(&[], &[]), GOOD));
        assert!(verdict(&check(&["BBBB", "AAAA"], &[]), GOOD));
        assert!(!verdict(&check(&["BBBB"], &[]), GOOD));
        assert!(!verdict(&check(&[], &["AAAA", "BBBB"]), GOOD));
        assert!(verdict(&check(&["AAAA"], &["AAAA"]), GOOD));
    }

    #[test]
    fn whatever_is_not_good_proves_nothing() {
        for word in ["BADSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG"] {
            let status = GOOD.replace("GOODSIG", word);
            assert!(!verdict(&check(&[], &[]), &status), "{word}");
            assert!(!verdict(&check(&["AAAA"], &[]), &status), "{word}");
        }
        let both =
            format!("{GOOD}[GNUPG:] NEWSIG\n[GNUPG:] ERRSIG 00 1 10 00 1 9 -\n[GNUPG:] NO_PUBKEY 00\n");
        assert!(!verdict(&check(&[], &[]), &both));
        assert!(verdict(&check(&["AAAA"], &[]), &both));
        assert!(!verdict(&check(&[], &[]), ""));
        assert!(!verdict(&check(&[], &[]), "GOODSIG 1 x\nVALIDSIG AAAA\nTRUST_ULTIMATE\n"));
    }
}
