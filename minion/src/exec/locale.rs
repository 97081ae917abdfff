//! `locale`: the machine's language, and the languages that it has.

use std::path::Path;

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;
use crate::host::Cmd;

const SUPPORTED: &str = "/usr/share/i18n/SUPPORTED";
const TO_GENERATE: &str = "/etc/locale.gen";

functions! {
    /// Return the configured language and encoding: `rsalt '*' locale.get_locale`
    "locale.get_locale"("") = |_, ctx| Ok(system(ctx)?.into());
    /// Configure language and encoding: `rsalt '*' locale.set_locale en_US.UTF-8`
    "locale.set_locale"("locale") = |args, ctx| {
        set_system(ctx, &args.text("locale"))?;
        Ok(true.into())
    };
    /// Return the languages that the machine has: `rsalt '*' locale.list_avail`
    "locale.list_avail"("") = |_, ctx| Ok(available(ctx)?.into());
    /// Whether the machine has a language: `rsalt '*' locale.avail en_US.UTF-8`
    "locale.avail"("locale") = |args, ctx| Ok(is_available(ctx, &args.text("locale"))?.into());
    /// Have the machine have a language: `rsalt '*' locale.gen_locale 'en_IE@euro ISO-8859-15'`. verbose: what the command did.
    "locale.gen_locale"("locale, **kwargs") = |args, ctx| {
        let generated = generate(ctx, &args.text("locale"))?;
        if args.arg("kwargs").get("verbose").is_some_and(data::Value::is_true)
            && let Some(output) = generated
        {
            let out = data::Dict::new().with("pid", i64::from(output.pid)).with("retcode", output.code);
            return Ok(out.with("stdout", output.out().trim_end()).with("stderr", output.err().trim_end()).into());
        }
        Ok(generated.is_some_and(|output| output.ok()).into())
    };
}

/// `en_US.UTF-8@modifier CHARMAP` in its parts.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parts<'a> {
    language: &'a str,
    territory: &'a str,
    codeset: &'a str,
    modifier: &'a str,
    charmap: &'a str,
}

impl<'a> Parts<'a> {
    fn of(locale: &'a str) -> Self {
        let split = |text: &'a str, at: char| text.split_once(at).unwrap_or((text, ""));
        let (rest, charmap) = split(locale.trim(), ' ');
        let (rest, modifier) = split(rest, '@');
        let (rest, codeset) = split(rest, '.');
        let (language, territory) = split(rest, '_');
        Parts { language, territory, codeset, modifier, charmap }
    }

    fn name(&self) -> String {
        if self.territory.is_empty() {
            self.language.to_owned()
        } else {
            format!("{}_{}", self.language, self.territory)
        }
    }

    fn joined(&self, codeset: &str, charmap: &str) -> String {
        let mut out = self.name();
        for (glue, part) in [('.', codeset), ('@', self.modifier), (' ', charmap)] {
            if !part.is_empty() {
                out.push(glue);
                out.push_str(part);
            }
        }
        out
    }
}

/// A name that is the same however it is written: `en_US.utf8` and `en_US.UTF-8 UTF-8`.
fn normalized(locale: &str) -> String {
    let parts = Parts::of(locale);
    let territory = parts.territory.to_uppercase();
    Parts { territory: &territory, ..parts }.joined(&parts.codeset.to_lowercase().replace('-', ""), "")
}

fn read(ctx: &Ctx<'_>, path: &str) -> Result<Option<String>, ExecError> {
    let data = ctx.host.read_opt(Path::new(path))?;
    Ok(data.map(|data| String::from_utf8_lossy(&data).into_owned()))
}

/// A name that goes into files and command lines.
fn checked(locale: &str) -> Result<&str, ExecError> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_.@- ".contains(c);
    match !locale.is_empty() && locale.chars().all(is_name) && !locale.starts_with('-') {
        true => Ok(locale),
        false => Err(ExecError::command(format!("'{locale}' is not the name of a locale"))),
    }
}

fn is_booted(ctx: &Ctx<'_>) -> bool {
    ctx.host.exists(Path::new("/run/systemd/system")) && ctx.host.which("localectl").is_some()
}

/// Where the machine's language is configured, and how the line begins.
fn place(ctx: &Ctx<'_>) -> (&'static str, &'static str) {
    match ctx.grain_str("os_family").as_str() {
        "Debian" => ("/etc/default/locale", "LANG="),
        "Suse" => ("/etc/sysconfig/language", "RC_LANG="),
        "RedHat" if !ctx.host.exists(Path::new("/etc/locale.conf")) => ("/etc/sysconfig/i18n", "LANG="),
        _ => ("/etc/locale.conf", "LANG="),
    }
}

/// The machine's language, empty when nothing says.
pub fn system(ctx: &Ctx<'_>) -> Result<String, ExecError> {
    let (path, begin) = place(ctx);
    let text = read(ctx, path)?.or(read(ctx, "/etc/locale.conf")?).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(begin).or(line.strip_prefix("LANG=")));
    Ok(line.map(|line| line.trim().trim_matches('"').to_owned()).unwrap_or_default())
}

/// Configures the machine's language.
pub fn set_system(ctx: &Ctx<'_>, locale: &str) -> Result<(), ExecError> {
    let locale = checked(locale)?;
    let is_debian = ctx.grain_str("os_family") == "Debian";
    if is_booted(ctx) && !is_debian {
        let output = ctx.run(&Cmd::of("localectl", ["set-locale", &format!("LANG={locale}")]))?;
        if output.ok() {
            return Ok(());
        }
    }
    let (path, begin) = place(ctx);
    let quoted = if path == "/etc/locale.conf" { locale.to_owned() } else { format!("\"{locale}\"") };
    let text = read(ctx, path)?.unwrap_or_default();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    match lines.iter_mut().find(|line| line.starts_with(begin)) {
        Some(line) => *line = format!("{begin}{quoted}"),
        None => lines.push(format!("{begin}{quoted}")),
    }
    if let Some(dir) = Path::new(path).parent() {
        ctx.host.mkdir_all(dir, None)?;
    }
    let new: String = lines.iter().map(|line| format!("{line}\n")).collect();
    Ok(ctx.host.write_atomic(Path::new(path), new.as_bytes(), None)?)
}

/// The languages that the machine has.
fn available(ctx: &Ctx<'_>) -> Result<Vec<String>, ExecError> {
    let output = ctx.run(&Cmd::of("locale", ["-a"]))?;
    Ok(output.out().lines().map(str::to_owned).collect())
}

/// Whether the machine has one.
pub fn is_available(ctx: &Ctx<'_>, locale: &str) -> Result<bool, ExecError> {
    let wanted = normalized(locale);
    Ok(available(ctx)?.iter().any(|there| normalized(there) == wanted))
}

/// Has the machine have a language; what the command did. None when there is no such language.
pub fn generate(ctx: &Ctx<'_>, locale: &str) -> Result<Option<crate::host::Output>, ExecError> {
    let parts = Parts::of(checked(locale)?);
    let os = ctx.grain_str("os");
    let (is_ubuntu, family) = (os == "Ubuntu", ctx.grain_str("os_family"));
    let charmap = if parts.charmap.is_empty() { parts.codeset } else { parts.charmap };
    let line = parts.joined(parts.codeset, charmap);
    if let Some(supported) = read(ctx, SUPPORTED)? {
        // Some are listed without their codeset: `de_DE ISO-8859-1`.
        if !supported.lines().any(|known| known == line) {
            return Ok(None);
        }
    } else {
        let dir = if family == "Suse" { "/usr/share/locale" } else { "/usr/share/i18n/locales" };
        let known = ctx
            .host
            .list_dir(Path::new(dir))
            .map_err(|_| ExecError::command(format!("Locale \"{locale}\" is not available.")))?;
        if !known.contains(&parts.name()) {
            return Ok(None);
        }
    }
    if let Some(text) = read(ctx, TO_GENERATE)? {
        let bare = |line: &str| line.trim().trim_start_matches('#').trim().to_owned();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if !lines.contains(&line) {
            match lines.iter_mut().find(|old| bare(old) == line) {
                Some(old) => *old = line.clone(),
                None => lines.push(line.clone()),
            }
            let new: String = lines.iter().map(|line| format!("{line}\n")).collect();
            ctx.host.write_atomic(Path::new(TO_GENERATE), new.as_bytes(), None)?;
        }
    }
    let cmd = if ctx.host.which("locale-gen").is_some() {
        match (is_ubuntu, family.as_str()) {
            (true, _) => Cmd::of("locale-gen", [normalized(&line)]),
            (_, "Gentoo") => Cmd::of("locale-gen", ["--generate", &line]),
            _ => Cmd::new("locale-gen"),
        }
    } else if ctx.host.which("localedef").is_some() {
        let name = parts.joined(parts.codeset, "");
        Cmd::of("localedef", ["--force", "-i", &parts.name(), "-f", charmap, &name, "--quiet"])
    } else {
        return Err(ExecError::command(
            "Command \"locale-gen\" or \"localedef\" was not found on this system.",
        ));
    };
    Ok(Some(ctx.run(&cmd.env("LC_ALL", "C"))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_locales() {
        for (name, wanted) in [
            ("en_US.UTF-8", "en_US.utf8"),
            ("en_us.utf8", "en_US.utf8"),
            ("de_DE.ISO-8859-15@euro ISO-8859-15", "de_DE.iso885915@euro"),
            ("C.UTF-8", "C.utf8"),
            ("POSIX", "POSIX"),
        ] {
            assert_eq!(normalized(name), wanted);
        }
        assert_eq!(Parts::of("en_US.UTF-8").joined("UTF-8", "UTF-8"), "en_US.UTF-8 UTF-8");
    }
}
