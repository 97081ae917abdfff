//! The `gpg` renderer: what is encrypted with OpenPGP is replaced by what it says, by the host's `gpg`.

use std::path::Path;

use data::{Dict, Value};

use super::RenderError;
use crate::{Filtered, RenderEnv};

const BEGIN: &str = "-----BEGIN PGP MESSAGE-----";
const END: &str = "-----END PGP MESSAGE-----";

/// Decrypts every text in a value that has an encrypted message in it.
pub(super) fn decrypt(env: &dyn RenderEnv, opts: &Value, value: Value) -> Result<Value, RenderError> {
    let program = Gpg {
        env,
        home: home(opts),
        strict: opts.get("gpg_decrypt_must_succeed").is_none_or(Value::is_true),
    };
    program.value(value)
}

/// Where the keys are: `gpg_keydir`, or `gpgkeys` beside the configuration.
fn home(opts: &Value) -> String {
    let text = |key: &str| opts.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(home) = text("gpg_keydir") {
        return home.to_owned();
    }
    let beside = |file: &str| Path::new(file).parent().map(|dir| dir.to_string_lossy().into_owned());
    let dir = text("config_dir").map(str::to_owned).or_else(|| text("conf_file").and_then(beside));
    format!("{}/gpgkeys", dir.unwrap_or_default())
}

struct Gpg<'a> {
    env: &'a dyn RenderEnv,
    home: String,
    strict: bool,
}

impl Gpg<'_> {
    fn value(&self, value: Value) -> Result<Value, RenderError> {
        Ok(match value {
            Value::Str(text) if text.contains(BEGIN) => self.text(&text)?,
            Value::List(list) => {
                list.iter().map(|item| self.value(item.clone())).collect::<Result<Vec<_>, _>>()?.into()
            }
            Value::Dict(dict) => {
                let mut out = Dict::with_capacity(dict.len());
                for (key, item) in dict.iter() {
                    out.insert(key.clone(), self.value(item.clone())?);
                }
                out.into()
            }
            other => other,
        })
    }

    /// Replaces each message. What comes out as bytes that are no text stays bytes.
    fn text(&self, text: &str) -> Result<Value, RenderError> {
        let mut out: Vec<u8> = Vec::new();
        let mut rest = text;
        let mut found = false;
        while let Some((before, message)) = rest.split_once(BEGIN) {
            let Some((message, after)) = message.split_once(END) else { break };
            found = true;
            out.extend_from_slice(before.as_bytes());
            // A message in one line has its line ends written out.
            let message = format!("{BEGIN}{message}{END}").replace("\\n", "\n");
            out.extend(self.message(message.as_bytes())?);
            rest = after;
        }
        if !found {
            return Ok(text.into());
        }
        out.extend_from_slice(rest.as_bytes());
        while out.last() == Some(&b'\n') {
            out.pop();
        }
        Ok(String::from_utf8(out).map_or_else(|e| Value::Bytes(e.into_bytes().into()), Value::from))
    }

    fn message(&self, message: &[u8]) -> Result<Vec<u8>, RenderError> {
        let command =
            ["gpg", "--homedir", &self.home, "--status-fd", "2", "--no-tty", "-d"].map(str::to_owned);
        let done = self.env.filter(&command, message).map_err(|e| RenderError::new(e.to_string()))?;
        let Some(Filtered { out, err }) = done else { return Err(RenderError::new("GPG unavailable")) };
        if !out.is_empty() {
            return Ok(out);
        }
        if self.strict {
            let (message, err) = (Value::Bytes(message.into()), Value::Bytes(err.into()));
            return Err(RenderError::new(format!("Could not decrypt cipher {message:?}, received: {err:?}")));
        }
        Ok(message.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{CallError, FetchError};

    /// Has a `gpg` that says `secret` to every message but one.
    struct Host;

    impl RenderEnv for Host {
        fn grains(&self) -> Value {
            Value::dict()
        }
        fn pillar(&self) -> Value {
            Value::dict()
        }
        fn opts(&self) -> Value {
            Value::dict()
        }
        fn call(&self, fun: &str, _: Vec<Value>, _: Dict) -> Result<Value, CallError> {
            Err(CallError::not_found(fun))
        }
        fn has_function(&self, _: &str) -> bool {
            false
        }
        fn fetch(&self, _: &str, _: &str) -> Result<Option<Arc<[u8]>>, FetchError> {
            Ok(None)
        }
        fn list(&self, _: &str) -> Result<Arc<Vec<String>>, FetchError> {
            Ok(Arc::default())
        }
        fn envs(&self) -> Vec<String> {
            Vec::new()
        }
        fn has_state(&self, _: &str) -> bool {
            false
        }
        fn filter(&self, command: &[String], input: &[u8]) -> Result<Option<Filtered>, CallError> {
            assert_eq!(command[..3], ["gpg", "--homedir", "/k/gpgkeys"]);
            let text = std::str::from_utf8(input).unwrap();
            let out = if text.contains("bad") { Vec::new() } else { b"secret\n".to_vec() };
            Ok(Some(Filtered { out, err: b"no key".to_vec() }))
        }
    }

    fn message(body: &str) -> String {
        format!("{BEGIN}\n{body}\n{END}")
    }

    #[test]
    fn messages_are_replaced_wherever_they_are() {
        let opts = Value::from(Dict::new().with("conf_file", "/k/minion"));
        let text = format!("a {}\nb {}\n", message("x"), message("y"));
        let value = Dict::new().with("plain", "p").with("list", vec![Value::from(text), Value::Int(3)]);
        let out = decrypt(&Host, &opts, value.into()).unwrap();
        assert_eq!(out.to_string(), "{'plain': 'p', 'list': ['a secret\\n\\nb secret', 3]}");
    }

    #[test]
    fn a_message_without_a_key_stays_unless_it_must_not() {
        let opts = Dict::new().with("config_dir", "/k");
        let bad = Value::from(message("bad"));
        let lax = opts.clone().with("gpg_decrypt_must_succeed", false);
        assert_eq!(decrypt(&Host, &lax.into(), bad.clone()).unwrap(), bad);
        let error = decrypt(&Host, &opts.into(), bad).unwrap_err().to_string();
        assert_eq!(
            error,
            "Could not decrypt cipher b'-----BEGIN PGP MESSAGE-----\\nbad\\n-----END PGP MESSAGE-----', received: b'no key'"
        );
    }
}
