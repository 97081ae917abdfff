//! Small readers of the machine's state: `sysctl`, `mount`, `disk`, `status`, `ssh`, `kmod`.

use std::path::Path;
use std::time::UNIX_EPOCH;

use data::{Dict, Value};

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;
use crate::host::Cmd;

functions! {
    /// Return a setting of the kernel: `rsalt '*' sysctl.get net.ipv4.ip_forward`
    "sysctl.get"("name") = |args, ctx| {
        let name = args.text("name");
        if ctx.host.which("sysctl").is_some() {
            return output(ctx, "sysctl", &["-n", &name]);
        }
        let path = format!("/proc/sys/{}", name.replace('.', "/"));
        let found = read(ctx, &path).map(|text| text.trim_end().to_owned());
        Ok(found.unwrap_or_else(|| format!("sysctl: cannot stat {path}: No such file or directory")).into())
    };
    /// Return the settings of a file for the kernel, or all that the kernel has: `rsalt '*' sysctl.show`
    "sysctl.show"("config_file=False") = |args, ctx| {
        let file = args.arg("config_file");
        let (text, between) = if file.is_true() {
            let path = file.to_string();
            if !ctx.host.exists(Path::new(&path)) {
                return Ok(Value::list());
            }
            (read(ctx, &path).unwrap_or_default(), "=")
        } else {
            (output(ctx, "sysctl", &["-a"])?.to_string(), " = ")
        };
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let pairs = lines.filter_map(|line| line.split_once(between));
        Ok(pairs.map(|(key, value)| (key.trim_end(), Value::from(value.trim_start()))).collect::<Dict>().into())
    };
    /// Return what is mounted, by its place: `rsalt '*' mount.active`
    "mount.active"("extended=False") = |_, ctx| {
        let text = read(ctx, "/proc/self/mounts").unwrap_or_default();
        let rows = text.lines().filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [device, place, kind, options, ..] = words.as_slice() else { return None };
            let row = Dict::new().with("device", *device).with("alt_device", *device).with("fstype", *kind);
            Some((*place, Value::from(row.with("opts", options.split(',').collect::<Vec<_>>()))))
        });
        Ok(rows.collect::<Dict>().into())
    };
    /// Return what `/etc/fstab` says, by its place: `rsalt '*' mount.fstab`
    "mount.fstab"("config='/etc/fstab'") = |args, ctx| {
        let path = args.some_text("config").unwrap_or_else(|| "/etc/fstab".to_owned());
        let mut out = Dict::new();
        for line in read(ctx, &path).unwrap_or_default().lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            if !(4..=6).contains(&words.len()) {
                continue;
            }
            let word = |at: usize| words.get(at).copied().unwrap_or("0");
            let row = Dict::new().with("device", word(0)).with("fstype", word(2));
            let row = row.with("opts", word(3).split(',').collect::<Vec<_>>()).with("dump", word(4)).with("pass", word(5));
            let mut place = word(1).to_owned();
            while out.contains(&place) {
                place.push('_');
            }
            out.insert(place, row);
        }
        Ok(out.into())
    };
    /// Whether something is mounted at a place: `rsalt '*' mount.is_mounted /mnt/share`
    "mount.is_mounted"("name") = |args, ctx| {
        let (name, text) = (args.text("name"), read(ctx, "/proc/self/mounts").unwrap_or_default());
        let mut places = text.lines().filter_map(|line| line.split_whitespace().nth(1));
        Ok(places.any(|place| place == name).into())
    };
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
