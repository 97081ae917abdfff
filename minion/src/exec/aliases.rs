//! `aliases`: who gets the mail of whom, in `/etc/aliases` or the file that `aliases.file` names.

use std::path::PathBuf;

use data::{Dict, Value};

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;
use crate::host::Cmd;

functions! {
    /// Return all aliases with their targets: `rsalt '*' aliases.list_aliases`
    "aliases.list_aliases"("") = |_, ctx| Ok(all(ctx)?.into());
    /// Return the target of an alias, an empty text when it has none: `rsalt '*' aliases.get_target alias`
    "aliases.get_target"("alias") = |args, ctx| {
        Ok(all(ctx)?.remove_value(args.arg("alias")).unwrap_or_else(|| "".into()))
    };
    /// Whether an alias has this target: `rsalt '*' aliases.has_target alias target`. target: a text or a list.
    "aliases.has_target"("alias, target") = |args, ctx| {
        let target = target(&args)?;
        Ok(all(ctx)?.get(&args.text("alias")).is_some_and(|t| t.as_str() == Some(&target)).into())
    };
    /// Give an alias a target: `rsalt '*' aliases.set_target alias target`. target: a text or a list.
    "aliases.set_target"("alias, target") = |args, ctx| {
        let alias = args.text("alias");
        if alias.is_empty() {
            return Err(ExecError::invocation("alias can not be an empty string"));
        }
        let target = target(&args)?;
        if all(ctx)?.get(&alias).is_some_and(|t| t.as_str() == Some(&target)) {
            return Ok(true.into());
        }
        write(ctx, &alias, Some(&target))
    };
    /// Remove an alias: `rsalt '*' aliases.rm_alias alias`
    "aliases.rm_alias"("alias") = |args, ctx| {
        let alias = args.text("alias");
        if all(ctx)?.get(&alias).is_none() { Ok(true.into()) } else { write(ctx, &alias, None) }
    };
}

fn target(args: &Dict) -> Result<String, ExecError> {
    let target = match args.arg("target") {
        Value::List(names) => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        target => target.to_string(),
    };
    if target.is_empty() {
        return Err(ExecError::invocation("target can not be an empty string"));
    }
    Ok(target)
}

fn file(ctx: &Ctx<'_>) -> Result<PathBuf, ExecError> {
    Ok(ctx.call("config.option", vec!["aliases.file".into()], Dict::new())?.to_string().into())
}

fn text(ctx: &Ctx<'_>) -> Result<String, ExecError> {
    let content = ctx.host.read_opt(&file(ctx)?)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&content).into_owned())
}

/// Alias, target and comment of a line.
fn parse(line: &str) -> Option<(&str, &str, &str)> {
    let (alias, rest) = line.split_once(':').filter(|(alias, _)| !alias.contains('#'))?;
    let comment = rest
        .match_indices('#')
        .map(|(at, _)| at)
        .find(|at| rest.get(..*at).is_some_and(|t| t.ends_with([' ', '\t'])));
    let (target, comment) = rest.split_at(comment.unwrap_or(rest.len()));
    Some((alias.trim(), target.trim(), comment)).filter(|(alias, _, _)| !alias.is_empty())
}

fn all(ctx: &Ctx<'_>) -> Result<Dict, ExecError> {
    let text = text(ctx)?;
    Ok(text.lines().filter_map(parse).map(|(alias, target, _)| (alias, target)).collect())
}

/// Writes the file with another target for an alias, or without it.
fn write(ctx: &Ctx<'_>, alias: &str, target: Option<&str>) -> Result<Value, ExecError> {
    let (mut out, mut target) = (String::new(), target);
    for line in text(ctx)?.lines() {
        match parse(line) {
            Some((name, _, comment)) if name == alias => {
                // Only the first line of an alias stays.
                if let Some(target) = target.take() {
                    let space = if comment.is_empty() { "" } else { " " };
                    out.push_str(&format!("{alias}: {target}{space}{comment}\n"));
                }
            }
            _ => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    if let Some(target) = target {
        out.push_str(&format!("{alias}: {target}\n"));
    }
    let path = file(ctx)?;
    let mode = if ctx.host.exists(&path) { None } else { Some(0o644) };
    ctx.host.write_atomic(&path, out.as_bytes(), mode)?;
    if ctx.host.which("newaliases").is_some() {
        ctx.run(&Cmd::new("newaliases"))?;
    }
    Ok(true.into())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn lines_of_the_file() {
        assert_eq!(parse("root: a@b, c # why"), Some(("root", "a@b, c", "# why")));
        assert_eq!(parse("x:y#z"), Some(("x", "y#z", "")));
        assert_eq!(parse("# root: a"), None);
        assert_eq!(parse(""), None);
    }
}
