//! File attributes (`lsattr`, `chattr`) and SELinux contexts.

use std::path::Path;

use data::{Dict, Value};

use crate::exec::{ExecError, ExecFn};
use crate::host::Cmd;
use crate::{Ctx, args};

args! {
    /// Return the attributes of a file as `lsattr` has them; nothing where there is no `lsattr`.
    ///
    /// CLI Example: `rsalt '*' file.lsattr foo1.txt`
    pub(crate) struct LsAttr {
        path: String,
    }

    /// Set or take away attributes of files. operator: `add` or `remove`; attributes: letters of
    /// `aAcCdDeijPsStTu`; flags: of `chattr`; version: of the file.
    ///
    /// CLI Example: `rsalt '*' file.chattr foo1.txt foo2.txt operator=add attributes=ai`
    pub(crate) struct ChAttr {
        #[serde(default)]
        args: Vec<Value>,
        #[serde(default)]
        kwargs: Dict,
    }

    /// Return the SELinux context of a file.
    ///
    /// CLI Example: `rsalt '*' file.get_selinux_context /etc/hosts`
    pub(crate) struct GetSelinuxContext {
        path: String,
    }

    /// Set parts of the SELinux context of a file.
    ///
    /// CLI Example: `rsalt '*' file.set_selinux_context path user=<user> role=<role> type=<type> range=<range>`
    pub(crate) struct SetSelinuxContext {
        path: String,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        role: Option<String>,
        #[serde(default, rename = "type")]
        kind: Option<String>,
        #[serde(default)]
        range: Option<String>,
    }

    /// Set the SELinux context that the policy has for a path.
    ///
    /// CLI Example: `rsalt '*' file.restorecon /home/user/.ssh/authorized_keys`
    pub(crate) struct RestoreCon {
        path: String,
        #[serde(default)]
        recursive: data::loose::Flag,
    }
}

/// The letters of a file's attributes; none where they cannot be asked for.
fn letters(ctx: &Ctx<'_>, path: &Path) -> Result<Option<String>, ExecError> {
    let shown = path.display().to_string();
    let Some(found) = listed(ctx, &shown)? else { return Ok(None) };
    let letters = found.get(&shown).and_then(Value::as_list).unwrap_or_default();
    Ok(Some(letters.iter().map(Value::to_string).collect()))
}

fn listed(ctx: &Ctx<'_>, path: &str) -> Result<Option<Dict>, ExecError> {
    if ctx.host.which("lsattr").is_none() {
        return Ok(None);
    }
    if !ctx.host.exists(Path::new(path)) {
        return Err(ExecError::invocation(format!("File or directory does not exist: {path}")));
    }
    let done = ctx.run(&Cmd::of("lsattr", [path]))?;
    let mut found = Dict::new();
    for line in done.out().lines().filter(|line| !line.starts_with("lsattr: ")) {
        if let Some((letters, file)) = line.split_once(char::is_whitespace) {
            let known = letters.chars().filter(|c| "aAcCdDeijPsStTu".contains(*c));
            found.insert(file.trim_start(), known.map(|c| c.to_string()).collect::<Vec<_>>());
        }
    }
    Ok(Some(found))
}

fn chattr(ctx: &Ctx<'_>, arguments: Vec<String>) -> Result<bool, ExecError> {
    let done = ctx.run(&Cmd::of("chattr", arguments))?;
    Ok(done.stdout.is_empty() && done.stderr.is_empty())
}

/// Attributes to add and to take away; none when all is well or nothing can be said.
fn difference(is: &str, wanted: &str) -> Option<(String, String)> {
    // What the file system sets itself stays.
    let keep = |c: &char| is.contains('e') && *c == 'e';
    let add: String = wanted.chars().filter(|c| !is.contains(*c)).collect();
    let remove: String = is.chars().filter(|c| !wanted.contains(*c) && !keep(c)).collect();
    (!add.is_empty() || !remove.is_empty()).then_some((add, remove))
}

/// The attributes that a file has other than wanted; none when it has these.
pub(crate) fn differ(ctx: &Ctx<'_>, path: &Path, wanted: &str) -> Result<Option<String>, ExecError> {
    Ok(letters(ctx, path)?.filter(|is| difference(is, wanted).is_some()))
}

/// Has a file have these attributes; what changed, and what is wrong.
pub(crate) fn enforce(
    ctx: &Ctx<'_>,
    path: &Path,
    wanted: &str,
) -> Result<(Option<Value>, Option<String>), ExecError> {
    let Some(old) = differ(ctx, path, wanted)? else { return Ok((None, None)) };
    let change = |new: &str| Some(crate::states::old_new(old.as_str(), new));
    if ctx.test {
        return Ok((change(wanted), None));
    }
    let shown = path.display().to_string();
    let (add, remove) = difference(&old, wanted).unwrap_or_default();
    for (sign, letters) in [('+', add), ('-', remove)] {
        if !letters.is_empty() {
            chattr(ctx, vec![format!("{sign}{letters}"), shown.clone()])?;
        }
    }
    match differ(ctx, path, wanted)? {
        None => Ok((change(wanted), None)),
        Some(now) => {
            let changed = (now != old).then(|| change(&now)).flatten();
            Ok((changed, Some(format!("Failed to change attributes to {wanted}"))))
        }
    }
}

impl ExecFn for LsAttr {
    const FUN: &'static str = "file.lsattr";
    const SIGNATURE: &'static str = "path";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(listed(ctx, &self.path)?.map_or(Value::None, Value::from))
    }
}

impl ExecFn for ChAttr {
    const FUN: &'static str = "file.chattr";
    const SIGNATURE: &'static str = "*args, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let given = |key: &str| self.kwargs.get(key).filter(|v| !v.is_none()).map(Value::to_string);
        let sign = match given("operator").as_deref() {
            Some("add") => '+',
            Some("remove") => '-',
            _ => {
                let problem = "Need an operator: 'add' or 'remove' to modify attributes.";
                return Err(ExecError::invocation(problem));
            }
        };
        let letters =
            given("attributes").ok_or_else(|| ExecError::invocation("Need attributes: [aAcCdDeijPsStTu]"))?;
        let mut arguments = vec![format!("{sign}{letters}")];
        arguments.extend(given("flags").map(|flags| format!("-{flags}")));
        arguments.extend(given("version").into_iter().flat_map(|version| ["-v".to_owned(), version]));
        arguments.extend(self.args.iter().map(Value::to_string));
        Ok(chattr(ctx, arguments)?.into())
    }
}

/// The SELinux context of a file, as `stat` tells it.
pub(crate) fn context(ctx: &Ctx<'_>, path: &str) -> Result<Option<String>, ExecError> {
    let done = ctx.run(&Cmd::of("stat", ["-c", "%C", path]))?;
    Ok(done.ok().then(|| done.out().trim_end().to_owned()))
}

/// Sets parts of a context with `chcon`.
fn set_context(ctx: &Ctx<'_>, path: &str, parts: &[(&str, Option<&str>)]) -> Result<bool, ExecError> {
    let mut arguments = Vec::new();
    for (option, part) in parts {
        if let Some(part) = part.filter(|part| !part.is_empty()) {
            arguments.extend([(*option).to_owned(), part.to_owned()]);
        }
    }
    if arguments.is_empty() {
        return Ok(false);
    }
    arguments.push(path.to_owned());
    Ok(ctx.run(&Cmd::of("chcon", arguments))?.ok())
}

/// What a state asks of a context: user, role, type, range under Salt's keys.
const PARTS: [(&str, &str, &str); 4] = [
    ("seuser", "User", "-u"),
    ("serole", "Role", "-r"),
    ("setype", "Type", "-t"),
    ("serange", "Range", "-l"),
];

/// Has a file have this context; what changed, and what is wrong.
pub(crate) fn enforce_context(
    ctx: &Ctx<'_>,
    path: &Path,
    wanted: &Value,
) -> Result<(Option<Value>, Option<String>), ExecError> {
    let shown = path.display().to_string();
    let parts = |text: &str| -> Option<Vec<String>> {
        let parts: Vec<String> = text.splitn(4, ':').map(str::to_owned).collect();
        (parts.len() == 4).then_some(parts)
    };
    let Some(is) = context(ctx, &shown)?.as_deref().and_then(parts) else {
        return Ok((None, Some("Failed to get selinux attributes".to_owned())));
    };
    let mut asked = Vec::new();
    let (mut old, mut new) = (String::new(), String::new());
    for ((key, word, option), is) in PARTS.iter().zip(&is) {
        let Some(want) = wanted.get(key).filter(|v| v.is_true()).map(Value::to_string) else { continue };
        if want != *is {
            new.push_str(&format!("{word}: {want} "));
            old.push_str(&format!("{word}: {is} "));
            asked.push((*option, want));
        }
    }
    if asked.is_empty() {
        return Ok((None, None));
    }
    let change = Dict::new().with("Old", old.trim()).with("New", new.trim()).into();
    if ctx.test {
        return Ok((Some(change), None));
    }
    let asked: Vec<(&str, Option<&str>)> = asked.iter().map(|(o, want)| (*o, Some(want.as_str()))).collect();
    if set_context(ctx, &shown, &asked)? {
        Ok((Some(change), None))
    } else {
        Ok((None, Some("Failed to set selinux attributes".to_owned())))
    }
}

impl ExecFn for GetSelinuxContext {
    const FUN: &'static str = "file.get_selinux_context";
    const SIGNATURE: &'static str = "path";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let none = || format!("No selinux context information is available for {}", self.path);
        Ok(context(ctx, &self.path)?.unwrap_or_else(none).into())
    }
}

impl ExecFn for SetSelinuxContext {
    const FUN: &'static str = "file.set_selinux_context";
    const SIGNATURE: &'static str = "path, user=None, role=None, type=None, range=None, persist=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let parts = [
            ("-u", self.user.as_deref()),
            ("-r", self.role.as_deref()),
            ("-t", self.kind.as_deref()),
            ("-l", self.range.as_deref()),
        ];
        if !set_context(ctx, &self.path, &parts)? {
            return Ok(false.into());
        }
        GetSelinuxContext { path: self.path }.call(ctx)
    }
}

impl ExecFn for RestoreCon {
    const FUN: &'static str = "file.restorecon";
    const SIGNATURE: &'static str = "path, recursive=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let how = if self.recursive.0 { "-FR" } else { "-F" };
        Ok(ctx.run(&Cmd::of("restorecon", [how, &self.path]))?.ok().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_compared_as_sets() {
        assert_eq!(difference("e", "ai"), Some(("ai".to_owned(), String::new())));
        assert_eq!(difference("eai", "a"), Some((String::new(), "i".to_owned())));
        assert_eq!(difference("ae", "a"), None);
    }
}
