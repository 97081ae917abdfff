//! `bytes`

use std::sync::Arc;

use crate::val::{CallArgs, Val};
use crate::{Error, Result};

pub(super) const METHODS: &[&str] = &["decode", "endswith", "hex", "startswith", "lower", "upper", "strip"];

pub(super) fn call(b: &Arc<[u8]>, name: &str, args: &mut CallArgs) -> Result<Val> {
    match name {
        "decode" => {
            let mut bound = args.bind(name, ["encoding", "errors"], 0)?;
            let encoding = bound.str(0)?.unwrap_or_else(|| "utf-8".into());
            let errors = bound.str(1)?.unwrap_or_else(|| "strict".into());
            decode(b, &encoding, &errors).map(Val::from)
        }
        "hex" => Ok(Val::from(b.iter().map(|b| format!("{b:02x}")).collect::<String>())),
        "startswith" | "endswith" => {
            let part = args.bind(name, ["prefix"], 1)?.take(0);
            let Val::Bytes(p) = &part else {
                return Err(Error::type_error(format!(
                    "{name} first arg must be bytes or a tuple of bytes, not {}",
                    part.type_name()
                )));
            };
            Ok(Val::Bool(if name == "startswith" { b.starts_with(p) } else { b.ends_with(p) }))
        }
        "lower" => Ok(Val::Bytes(b.to_ascii_lowercase().into())),
        "upper" => Ok(Val::Bytes(b.to_ascii_uppercase().into())),
        _ => Ok(Val::Bytes(b.trim_ascii().into())),
    }
}

/// `bytes.decode`
pub(crate) fn decode(b: &[u8], encoding: &str, errors: &str) -> Result<String> {
    match encoding.to_lowercase().replace('_', "-").as_str() {
        "utf-8" | "utf8" | "ascii" | "us-ascii" => match (std::str::from_utf8(b), errors) {
            (Ok(s), _) => Ok(s.to_owned()),
            (Err(_), "replace") => Ok(String::from_utf8_lossy(b).into_owned()),
            (Err(_), "ignore") => Ok(b.utf8_chunks().map(|c| c.valid()).collect()),
            (Err(e), _) => {
                let at = e.valid_up_to();
                Err(Error::value_error(format!(
                    "'utf-8' codec can't decode byte 0x{:02x} in position {at}: invalid start byte",
                    b.get(at).copied().unwrap_or(0)
                )))
            }
        },
        "latin-1" | "latin1" | "iso-8859-1" => Ok(b.iter().map(|b| char::from(*b)).collect()),
        _ => Err(Error::value_error(format!("unknown encoding: {encoding}"))),
    }
}
