//! Small readers of the machine's state: `disk`, `status`, `kmod`.

use std::path::Path;
use std::time::UNIX_EPOCH;

use data::{Dict, Value};

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;
use crate::host::Cmd;

functions! {
    /// Return how full the file systems are, by their place: `rsalt '*' disk.usage`. args: letters for `df`.
    "disk.usage"("args=None") = |args, ctx| {
        let letters = args.some_text("args").unwrap_or_default();
        if let Some(bad) = letters.chars().find(|c| !"aHhilTtxv".contains(*c)) {
            return Err(ExecError::command(format!("Invalid flag passed to disk.usage: {bad}")));
        }
        let flags = format!("-{letters}");
        let words: &[&str] = if letters.is_empty() { &["-P"] } else { &["-P", &flags] };
        let text = output(ctx, "df", words)?.to_string();
        let mut out = Dict::new();
        for line in text.lines().filter(|line| !line.starts_with("Filesystem")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let Some(first) = words.iter().skip(1).position(|word| word.bytes().all(|b| b.is_ascii_digit())) else { continue };
            let (name, rest) = words.split_at(first + 1);
            let [blocks, used, available, capacity, place, ..] = rest else { continue };
            let row = Dict::new().with("filesystem", name.join(" ")).with("1K-blocks", *blocks).with("used", *used);
            out.insert(*place, row.with("available", *available).with("capacity", *capacity));
        }
        Ok(out.into())
    };
    /// Return how busy the machine is: `rsalt '*' status.loadavg`
    "status.loadavg"("") = |_, ctx| {
        let text = read(ctx, "/proc/loadavg").unwrap_or_default();
        let mut loads = text.split_whitespace().map(|word| word.parse::<f64>().unwrap_or_default());
        let mut next = || loads.next().unwrap_or_default();
        Ok(Dict::new().with("1-min", next()).with("5-min", next()).with("15-min", next()).into())
    };
    /// Return for how long the machine has been up: `rsalt '*' status.uptime`
    "status.uptime"("") = |_, ctx| {
        let text = read(ctx, "/proc/uptime").unwrap_or_default();
        let seconds = text.split_whitespace().next().and_then(|word| word.parse::<f64>().ok()).unwrap_or_default() as i64;
        let now = ctx.host.now().duration_since(UNIX_EPOCH).map(|d| d.as_secs() as i64).unwrap_or_default();
        let since = now.saturating_sub(seconds);
        let iso = chrono::DateTime::from_timestamp(since, 0).map(|t| t.format("%Y-%m-%dT%H:%M:%S").to_string());
        let today = seconds % 86400;
        let out = Dict::new().with("seconds", seconds).with("since_iso", iso).with("since_t", since);
        Ok(out.with("days", seconds / 86400).with("time", format!("{}:{}", today / 3600, today % 3600 / 60)).into())
    };
    /// Whether a module of the kernel is loaded: `rsalt '*' kmod.is_loaded kvm`
    "kmod.is_loaded"("mod") = |args, ctx| {
        let name = args.text("mod").replace('-', "_");
        let text = read(ctx, "/proc/modules").unwrap_or_default();
        let loaded = text.lines().any(|line| line.split(' ').next() == Some(name.as_str()));
        Ok(loaded.into())
    };
}

fn read(ctx: &Ctx<'_>, path: &str) -> Option<String> {
    ctx.host.read(Path::new(path)).ok().map(|content| String::from_utf8_lossy(&content).into_owned())
}

fn output(ctx: &Ctx<'_>, program: &str, args: &[&str]) -> Result<Value, ExecError> {
    let output = ctx.run(&Cmd::of(program, args.iter().copied()))?;
    let (out, err) = (output.out(), output.err());
    Ok(if output.ok() || err.trim().is_empty() { out.trim_end() } else { err.trim_end() }.into())
}
