//! What a minion knows about its machine, named as Salt names it.
//!
//! Files in `/proc`, `/sys` and `/etc` are read; a process is started only where nothing else tells (systemd's
//! version, where systemd is installed), because grains are collected at every start of a container.

mod hardware;
pub(crate) mod netlink;
mod network;
mod os;
mod process;
mod python;
mod source;
mod virt;

use data::merge::{self, Strategy};
use data::{Dict, Value};
use proto::target::glob::Glob;

use crate::host::Host;
use source::Source;

/// The environment variable that images set grains with, as YAML or JSON.
pub const ENV: &str = "RSALT_GRAINS";

/// The release of Salt whose behaviour is implemented: formulas compare `saltversion` with it.
const SALT_VERSION: (&str, [i64; 2]) = ("3008.3", [3008, 3]);

/// All grains: of the machine, of the grains file beside `conf_file`, of `grains:` in the configuration and of
/// `RSALT_GRAINS`; a later one wins, or is merged in with `grains_deep_merge`.
///
/// `opts` is the minion's configuration under Salt's names.
pub fn collect(host: &dyn Host, opts: &Value) -> Value {
    set(core(host, opts).into(), host, opts)
}

/// The same with what the site's own modules say: over the machine's own, under the file, the configuration and the
/// environment.
pub(crate) fn with_own(mut all: Value, own: Dict, host: &dyn Host, opts: &Value) -> Value {
    if let Some(grains) = all.as_dict_mut() {
        grains.extend(own);
    }
    set(all, host, opts)
}

/// Puts over the grains what was set: in the file, the configuration, the environment.
fn set(mut all: Value, host: &dyn Host, opts: &Value) -> Value {
    let deep = opts.get("grains_deep_merge").is_some_and(Value::is_true);
    let file = grains_file(opts).and_then(|path| Some((Source::new(host).text(&path)?, path)));
    let from_file = file.and_then(|(text, path)| parse(&text, &path));
    let from_config = opts.get("grains").filter(|g| g.as_dict().is_some()).cloned();
    let from_env = host.env(ENV).and_then(|text| parse(&text, ENV));
    for more in [from_file, from_config, from_env].into_iter().flatten() {
        all = put(all, &more, deep);
    }
    if let (Some(grains), Some(blocked)) =
        (all.as_dict_mut(), opts.get("grains_blacklist").and_then(Value::as_list))
    {
        let blocked: Vec<&str> = blocked.iter().filter_map(Value::as_str).collect();
        grains.retain(|name, _| {
            !name.as_str().is_some_and(|n| blocked.iter().any(|b| Glob::new(b).matches(n)))
        });
    }
    all
}

/// `/etc/rsalt/grains`: the file beside the configuration file.
pub fn grains_file(opts: &Value) -> Option<String> {
    let conf = opts.get("conf_file")?.as_str()?;
    let dir = conf.rsplit_once('/').map_or(".", |(dir, _)| dir);
    Some(format!("{dir}/grains"))
}

fn put(all: Value, more: &Value, deep: bool) -> Value {
    if deep {
        return merge::merge(&all, more, Strategy::Recurse, false);
    }
    let mut all = all;
    if let (Some(all), Some(more)) = (all.as_dict_mut(), more.as_dict()) {
        all.extend(more.iter().map(|(k, v)| (k.clone(), v.clone())));
    }
    all
}

/// A mistake in somebody's file must not cost the minion its other grains.
fn parse(text: &str, origin: &str) -> Option<Value> {
    match data::yaml::load(text) {
        Ok(value @ Value::Dict(_)) => Some(value),
        Ok(Value::None) => None,
        Ok(other) => {
            tracing::warn!("grains in {origin} are a {}, not a dict: skipped", other.type_name());
            None
        }
        Err(error) => {
            tracing::warn!("bad syntax in grains of {origin}, skipped: {error}");
            None
        }
    }
}

fn core(host: &dyn Host, opts: &Value) -> Dict {
    let src = Source::new(host);
    let uname = os::Uname::of_this_machine();
    let interfaces = netlink::interfaces().unwrap_or_else(|error| {
        tracing::warn!("the kernel does not list its network interfaces: {error}");
        Vec::new()
    });
    // What starts a process takes most of the time: beside the rest, where there can be a thread for it.
    std::thread::scope(|scope| {
        let beside = |part: fn(&Source<'_>) -> Dict| {
            let src = &src;
            let thread = std::thread::Builder::new().spawn_scoped(scope, move || part(src));
            move || thread.map_or_else(|_| part(src), |thread| thread.join().unwrap_or_default())
        };
        let (virt, init) = (beside(virt::grains), beside(process::init));
        let mut all = os::grains(&src, &uname);
        all.extend(hardware::grains(&src));
        let process = process::grains(&src);
        let network = network::grains(&src, &uname.nodename, &interfaces);
        let python = python::grains(&src);
        for part in [virt(), init(), process, network, python, salt(&src, opts)] {
            all.extend(part);
        }
        all
    })
}

/// id, master, server_id, machine_id, saltversion.
fn salt(src: &Source<'_>, opts: &Value) -> Dict {
    let id = opts.get("id").and_then(Value::as_str).unwrap_or_default();
    let (version, info) = SALT_VERSION;
    let mut out = Dict::new()
        .with("id", id)
        .with("server_id", server_id(id))
        .with("master", opts.get("master").cloned().unwrap_or_else(|| Value::from("")))
        .with("saltversion", version)
        .with("saltversioninfo", info.to_vec())
        .with("rsaltversion", env!("CARGO_PKG_VERSION"));
    if let Some(path) =
        std::env::current_exe().ok().and_then(|p| Some(p.parent()?.to_string_lossy().into_owned()))
    {
        out.insert("saltpath", path);
    }
    let machine = ["/etc/machine-id", "/var/lib/dbus/machine-id"].into_iter().find_map(|path| src.text(path));
    if let Some(machine) = machine {
        out.insert("machine_id", machine.trim());
    }
    if let Some(domain) = opts.get("append_domain").filter(|d| d.is_true()) {
        out.insert("append_domain", domain.clone());
    }
    if opts.get("grain_opts").is_some_and(Value::is_true) {
        out.insert("opts", opts.clone());
    }
    out
}

/// The id's SHA-256 modulo 2³¹.
fn server_id(id: &str) -> u32 {
    let digest = ring::digest::digest(&ring::digest::SHA256, id.as_bytes());
    let last = digest.as_ref().last_chunk::<4>().map_or(0, |b| u32::from_be_bytes(*b));
    last & 0x7fff_ffff
}

#[cfg(test)]
mod tests;
