//! What is mounted, now and at the next start.

use data::loose::Flag;
use data::{Dict, Value};

use super::{Applied, Outcome, Plan, State, StateEntry, StateError, entry};
use crate::exec::mount::{Mount, active, swaps};
use crate::exec::user::names;
use crate::{Ctx, args};

/// The states of `mount`.
pub const STATES: &[StateEntry] = &[
    entry::<Mounted>(),
    entry::<Unmounted>(),
    entry::<Swap>(),
    entry::<FstabPresent>(),
    entry::<FstabAbsent>(),
];

fn yes() -> Flag {
    Flag(true)
}

fn defaults() -> Value {
    "defaults".into()
}

fn zero() -> Value {
    0.into()
}

fn fstab() -> String {
    "/etc/fstab".to_owned()
}

fn auto() -> Value {
    "auto".into()
}

args! {
    /// A device is mounted at a place, and is at the next start.
    ///
    /// ```yaml
    /// /mnt/data:
    ///   mount.mounted:
    ///     - device: /dev/sdb1       # or UUID=…, LABEL=…, server:/path
    ///     - fstype: ext4
    ///     - mkmnt: true             # make the place
    ///     - opts: [noatime]         # default: defaults
    ///     - dump: 0
    ///     - pass_num: 2
    ///     - persist: true           # a line in fstab, or in the file that config names
    ///     - mount: true             # false: only that line
    /// ```
    /// Also: user, match_on, hidden_opts, extra_mount_invisible_options, device_name_regex. Mounted again when a watched state changed.
    pub struct Mounted {
        name: String,
        device: String,
        fstype: String,
        #[serde(default)]
        mkmnt: Flag,
        #[serde(default = defaults)]
        opts: Value,
        #[serde(default = zero)]
        dump: Value,
        #[serde(default = zero)]
        pass_num: Value,
        #[serde(default = fstab)]
        config: String,
        #[serde(default = yes)]
        persist: Flag,
        #[serde(default = yes)]
        mount: Flag,
        #[serde(default)]
        user: Option<String>,
        #[serde(default = auto)]
        match_on: Value,
        #[serde(default)]
        hidden_opts: Value,
        #[serde(default)]
        extra_mount_invisible_options: Value,
    }

    /// Nothing is mounted at a place; with `persist: true` not at the next start either.
    pub struct Unmounted {
        name: String,
        #[serde(default)]
        device: Option<String>,
        #[serde(default = fstab)]
        config: String,
        #[serde(default)]
        persist: Flag,
        #[serde(default)]
        user: Option<String>,
    }

    /// The kernel swaps to a device or a file, and does at the next start (`persist`).
    pub struct Swap {
        name: String,
        #[serde(default = yes)]
        persist: Flag,
        #[serde(default = fstab)]
        config: String,
    }

    /// fstab has a line for a device.
    ///
    /// ```yaml
    /// /dev/sdb1:
    ///   mount.fstab_present:
    ///     - fs_file: /mnt/data
    ///     - fs_vfstype: ext4
    ///     - fs_mntops: noatime
    ///     - fs_freq: 0
    ///     - fs_passno: 2
    ///     - mount: true        # and it is mounted when the line is new
    /// ```
    pub struct FstabPresent {
        name: String,
        fs_file: String,
        fs_vfstype: String,
        #[serde(default = defaults)]
        fs_mntops: Value,
        #[serde(default = zero)]
        fs_freq: Value,
        #[serde(default = zero)]
        fs_passno: Value,
        #[serde(default = fstab)]
        config: String,
        #[serde(default = yes)]
        mount: Flag,
        #[serde(default = auto)]
        match_on: Value,
        #[serde(default)]
        not_change: Flag,
    }

    /// fstab has no line for a device at a place.
    pub struct FstabAbsent {
        name: String,
        fs_file: String,
        #[serde(default = fstab)]
        config: String,
    }
}

/// Options that the kernel does not show.
const INVISIBLE: [&str; 24] = [
    "_netdev",
    "actimeo",
    "bg",
    "comment",
    "defaults",
    "delay_connect",
    "direct-io-mode",
    "intr",
    "loop",
    "nointr",
    "nobootwait",
    "nofail",
    "password",
    "reconnect",
    "retry",
    "soft",
    "auto",
    "users",
    "bind",
    "nonempty",
    "transform_symlinks",
    "port",
    "backup-volfile-servers",
    "remount",
];
/// Options whose value it does not show.
const HIDDEN_VALUES: [&str; 8] =
    ["actimeo", "comment", "credentials", "direct-io-mode", "password", "port", "retry", "secretfile"];

/// `size=1m` as the kernel writes it.
fn in_kib(option: &str) -> String {
    let converted = option.strip_prefix("size=").and_then(|size| {
        let (number, unit) = size.split_at(size.find(|c: char| !c.is_ascii_digit())?);
        let factor: u64 = match unit {
            "k" | "K" => 1,
            "m" | "M" => 1024,
            "g" | "G" => 1024 * 1024,
            _ => return None,
        };
        Some(format!("size={}k", number.parse::<u64>().ok()?.checked_mul(factor)?))
    });
    converted.unwrap_or_else(|| option.to_owned())
}

fn trimmed(name: &str) -> String {
    let short = name.trim_end_matches('/');
    if short.is_empty() { "/".to_owned() } else { short.to_owned() }
}

/// One thing to do.
#[derive(Clone, Debug)]
pub enum Step {
    /// Mount it.
    Mount,
    /// Mount it with these other options.
    Remount(Vec<String>),
    /// Take what is there away and mount it: what is there.
    Replace(String),
    /// Make the place alone.
    Make,
    /// Write the line.
    Write,
    /// Take the line away.
    Erase,
    /// Unmount it.
    Unmount,
}

impl Mounted {
    fn place(&self, ctx: &Ctx<'_>) -> String {
        let name = trimmed(&self.name);
        ctx.host.canonicalize(name.as_ref()).map(|path| path.display().to_string()).unwrap_or(name)
    }

    fn opts(&self) -> Vec<String> {
        names(&self.opts)
    }

    /// The device as the kernel may name it.
    fn devices(&self, ctx: &Ctx<'_>) -> Vec<String> {
        let mut out = vec![self.device.clone()];
        let link = match self.device.split_once('=') {
            Some(("UUID", id)) => format!("/dev/disk/by-uuid/{}", id.trim_matches('"')),
            Some(("LABEL", id)) => format!("/dev/disk/by-label/{}", id.trim_matches('"')),
            _ => self.device.clone(),
        };
        if link.starts_with('/')
            && let Ok(real) = ctx.host.canonicalize(link.as_ref())
        {
            out.push(real.display().to_string());
        }
        // Volumes of LVM have another name in the mapper.
        if let Some((group, volume)) = self.device.strip_prefix("/dev/").and_then(|rest| rest.split_once('/'))
        {
            out.push(format!("/dev/mapper/{}-{}", group.replace('-', "--"), volume.replace('-', "--")));
        }
        out
    }

    /// The options that what is mounted lacks.
    fn missing(&self, is: &Mount, ctx: &Ctx<'_>) -> Result<Vec<String>, StateError> {
        let (hidden, extra) = (names(&self.hidden_opts), names(&self.extra_mount_invisible_options));
        let shown: Vec<String> =
            is.own.iter().chain(&is.of_file_system).map(|option| in_kib(option)).collect();
        let mut out = Vec::new();
        for option in self.opts() {
            let wanted = match option.as_str() {
                "tcp" => "proto=tcp".to_owned(),
                "udp" => "proto=udp".to_owned(),
                option => in_kib(option),
            };
            let (key, value) = wanted.split_once('=').unwrap_or((&wanted, ""));
            if INVISIBLE.contains(&key)
                || HIDDEN_VALUES.contains(&key)
                || [&hidden, &extra].into_iter().flatten().any(|is| *is == wanted || is == key)
                || (self.fstype == "ramfs" && key == "size")
            {
                continue;
            }
            let id = match key {
                "uid" => ctx.host.user(value)?.map(|user| user.uid),
                "gid" => ctx.host.group(value)?.map(|group| group.gid),
                _ => None,
            };
            let wanted = id.map_or_else(|| wanted.clone(), |id| format!("{key}={id}"));
            // What is the default of a file system is not shown.
            let default = matches!(wanted.as_str(), "uid=0" | "gid=0" | "mode=1777")
                || (wanted == "rw" && !shown.iter().any(|option| option == "ro"));
            let mode =
                wanted.strip_prefix("mode=").map(|mode| format!("mode={}", mode.trim_start_matches('0')));
            let is_shown = shown.contains(&wanted) || mode.is_some_and(|mode| shown.contains(&mode));
            if !default && !is_shown {
                out.push(wanted);
            }
        }
        out.sort_unstable();
        Ok(out)
    }

    fn bind(&self) -> bool {
        self.opts().iter().any(|option| matches!(option.as_str(), "bind" | "rbind"))
    }

    fn set_fstab(&self, test: bool, ctx: &Ctx<'_>) -> Result<String, StateError> {
        let args = Dict::new()
            .with("opts", self.opts())
            .with("dump", self.dump.clone())
            .with("pass_num", self.pass_num.clone())
            .with("config", self.config.as_str())
            .with("match_on", self.match_on.clone())
            .with("test", test);
        let name = trimmed(&self.name);
        let words = vec![name.into(), self.device.as_str().into(), self.fstype.as_str().into()];
        Ok(ctx.call("mount.set_fstab", words, args)?.to_string())
    }

    /// Mounts it; an error is what `mount` says.
    fn act(&self, fun: &str, ctx: &Ctx<'_>) -> Result<(), StateError> {
        let args = Dict::new()
            .with("mkmnt", self.mkmnt.0)
            .with("fstype", self.fstype.as_str())
            .with("opts", self.opts())
            .with("user", self.user.clone());
        let name = trimmed(&self.name);
        good(&ctx.call(fun, vec![name.into(), self.device.as_str().into()], args)?)
    }

    fn unmount(&self, lazy: bool, ctx: &Ctx<'_>) -> Result<(), StateError> {
        let args = Dict::new().with("user", self.user.clone()).with("lazy", lazy);
        good(&ctx.call("mount.umount", vec![self.place(ctx).into()], args)?)
    }
}

fn good(said: &Value) -> Result<(), StateError> {
    match said.as_bool() {
        Some(true) => Ok(()),
        _ => Err(StateError::refused(said.to_string())),
    }
}

impl State for Mounted {
    const FUN: &'static str = "mount.mounted";
    const WATCHES: bool = true;
    /// What is to be done, and what is said of what is good.
    type Step = (Vec<Step>, String);

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Self::Step>, StateError> {
        let (name, place) = (trimmed(&self.name), self.place(ctx));
        for (value, what) in [(&self.name, "name"), (&self.device, "device"), (&self.fstype, "fstype")] {
            if value.is_empty() {
                return Err(StateError::refused(format!("Must provide {what} to mount.mounted")));
            }
        }
        let mounts = active(ctx)?;
        let is = mounts.iter().find(|mount| mount.place == place);
        let exists = ctx.host.exists(name.as_ref());
        let (mut steps, mut said) = (Vec::new(), String::new());
        match is {
            Some(_) if !self.mount.0 => {}
            Some(is) => {
                let missing = self.missing(is, ctx)?;
                if !missing.is_empty() {
                    said = format!("Remount would be forced because options ({}) changed", missing.join(","));
                    steps.push(Step::Remount(missing));
                } else if !self.bind() && !self.devices(ctx).contains(&is.device) {
                    said = format!(
                        "An umount would have been forced because devices do not match.  Watched: {}",
                        self.device
                    );
                    steps.push(Step::Replace(is.device.clone()));
                } else {
                    said = "Target was already mounted".to_owned();
                }
            }
            None if self.mount.0 => {
                said = match (exists, self.mkmnt.0) {
                    (true, _) => format!("{name} would be mounted"),
                    (_, true) => format!("{name} would be created and mounted"),
                    _ if ctx.test => format!("{name} does not exist and would not be created"),
                    _ => return Err(StateError::refused("Mount directory is not present")),
                };
                steps.push(Step::Mount);
            }
            None if !exists && self.mkmnt.0 => {
                said = format!("{name} would be created, but not mounted");
                steps.push(Step::Make);
            }
            None if !exists => said = format!("{name} not present and not mounted"),
            None => said = format!("{name} not mounted"),
        }
        if self.persist.0 {
            let done = self.set_fstab(true, ctx)?;
            let more = match (done.as_str(), self.mount.0) {
                ("present", _) => String::new(),
                ("new", true) => format!(
                    "{name} is mounted, but needs to be written to the fstab in order to be made persistent."
                ),
                ("new", false) => {
                    format!("{name} needs to be written to the fstab in order to be made persistent.")
                }
                (_, true) => format!("{name} is mounted, but its fstab entry must be updated."),
                (_, false) => format!("The {name} fstab entry must be updated."),
            };
            if more.is_empty() && steps.is_empty() && !ctx.test {
                said.push_str(". Entry already exists in the fstab.");
            } else if !more.is_empty() {
                if !steps.iter().any(|step| matches!(step, Step::Mount | Step::Remount(_) | Step::Replace(_)))
                {
                    said = format!("{said}. {more}");
                }
                steps.push(Step::Write);
            }
        }
        match steps.is_empty() {
            true => Ok(Plan::nothing(said)),
            false => Ok(Plan::steps(vec![(steps, said.clone())], Dict::new(), said)),
        }
    }

    fn apply(&self, (steps, mut said): Self::Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = trimmed(&self.name);
        let mut changes = Dict::new();
        let wrote = steps.iter().any(|step| matches!(step, Step::Write));
        for step in steps {
            let done = match step {
                Step::Mount => {
                    let done = self.act("mount.mount", ctx);
                    changes.insert("mount", true);
                    said = "Target was successfully mounted".to_owned();
                    done
                }
                Step::Remount(missing) => {
                    let missing = missing.join(",");
                    let again =
                        matches!(self.fstype.as_str(), "nfs" | "cvfs") || self.fstype.starts_with("fuse");
                    said = "Target was already mounted".to_owned();
                    if again {
                        let why = format!("Forced unmount and mount because options ({missing}) changed");
                        changes.insert("umount", why);
                        self.unmount(false, ctx)
                            .or_else(|_| self.unmount(true, ctx))
                            .and_then(|()| self.act("mount.mount", ctx))
                    } else {
                        changes
                            .insert("umount", format!("Forced remount because options ({missing}) changed"));
                        self.act("mount.remount", ctx)
                    }
                }
                Step::Replace(is) => {
                    let why = format!(
                        "Forced unmount because devices don't match. Wanted: {}, current: {is}",
                        self.device
                    );
                    changes.insert("umount", why);
                    let out = self.unmount(false, ctx).map_err(|_| StateError::refused("Unable to unmount"));
                    said = "Target was successfully mounted".to_owned();
                    out.and_then(|()| self.act("mount.mount", ctx)).map(|()| {
                        changes.insert("mount", true);
                    })
                }
                Step::Make => {
                    ctx.host.mkdir_all(name.as_ref(), None)?;
                    changes.insert("mkmnt", name.as_str());
                    said = format!("{name} was created, not mounted");
                    Ok(())
                }
                _ => {
                    let (word, comment) = match self.set_fstab(false, ctx)?.as_str() {
                        "new" => ("new", ". Added new entry to the fstab."),
                        _ => ("update", ". Updated the entry in the fstab."),
                    };
                    changes.insert("persist", word);
                    said.push_str(comment);
                    Ok(())
                }
            };
            if let Err(error) = done {
                changes.remove("mount");
                return Err(StateError::after(error.to_string(), changes));
            }
        }
        if self.persist.0 && !wrote {
            said.push_str(". Entry already exists in the fstab.");
        }
        Ok(Applied::Changed { changes, comment: said })
    }

    fn mod_watch(&self, _sfun: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        let name = &self.name;
        if ctx.test {
            return Some(Ok(Outcome::new(None, format!("{name} would be remounted"))));
        }
        Some(match self.act("mount.remount", ctx) {
            Ok(()) => {
                let changes = Dict::new().with("remount", true);
                Ok(Outcome::new(Some(true), format!("{name} remounted")).with_changes(changes))
            }
            Err(error) => Ok(Outcome::new(Some(false), format!("{name} failed to remount: {error}"))),
        })
    }
}

fn line_of(ctx: &Ctx<'_>, name: &str, config: &str) -> Result<Option<String>, StateError> {
    let all = ctx.call("mount.fstab", vec![config.into()], Dict::new())?;
    Ok(all.get(name).and_then(|line| line.get("device")).map(Value::to_string))
}

impl State for Unmounted {
    const FUN: &'static str = "mount.unmounted";
    type Step = (Vec<Step>, String);

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Self::Step>, StateError> {
        let name = trimmed(&self.name);
        let (mut steps, mut said) = (Vec::new(), "Target was already unmounted".to_owned());
        if active(ctx)?.iter().any(|mount| mount.place == name) {
            said = format!("Mount point {name} is mounted but should not be");
            steps.push(Step::Unmount);
        }
        if self.persist.0 {
            match line_of(ctx, &name, &self.config)? {
                None => said.push_str(". fstab entry not found"),
                Some(is) if self.device.as_ref().is_some_and(|device| *device != is) => {
                    said.push_str(&format!(
                        ". fstab entry for device {} not found",
                        self.device.as_deref().unwrap_or_default()
                    ));
                }
                Some(_) => {
                    if steps.is_empty() {
                        said = format!(
                            "Mount point {name} is unmounted but needs to be purged from {} to be made persistent",
                            self.config
                        );
                    }
                    steps.push(Step::Erase);
                }
            }
        }
        match steps.is_empty() {
            true => Ok(Plan::nothing(said)),
            false => Ok(Plan::steps(vec![(steps, said.clone())], Dict::new(), said)),
        }
    }

    fn apply(&self, (steps, _): Self::Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = trimmed(&self.name);
        let (mut changes, mut said) = (Dict::new(), "Target was already unmounted".to_owned());
        for step in steps {
            if matches!(step, Step::Unmount) {
                let args = Dict::new().with("user", self.user.clone());
                good(&ctx.call("mount.umount", vec![name.as_str().into()], args)?)?;
                changes.insert("umount", true);
                said = "Target was successfully unmounted".to_owned();
            } else {
                let args =
                    vec![name.as_str().into(), self.device.clone().into(), self.config.as_str().into()];
                ctx.call("mount.rm_fstab", args, Dict::new())?;
                changes.insert("persist", "purged");
                said.push_str(". Removed target from fstab");
            }
        }
        Ok(Applied::Changed { changes, comment: said })
    }
}

impl Swap {
    fn real(&self, ctx: &Ctx<'_>) -> String {
        let real = ctx.host.canonicalize(self.name.as_ref());
        real.map(|path| path.display().to_string()).unwrap_or_else(|_| self.name.clone())
    }
}

impl State for Swap {
    const FUN: &'static str = "mount.swap";
    type Step = (Vec<Step>, String);

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Self::Step>, StateError> {
        let name = &self.name;
        let mut steps = Vec::new();
        let mut said = if swaps(ctx)?.contains(&self.real(ctx)) {
            format!("Swap {name} already active")
        } else {
            steps.push(Step::Mount);
            format!("Swap {name} is set to be activated")
        };
        if self.persist.0 {
            let all = ctx.call("mount.fstab", vec![self.config.as_str().into()], Dict::new())?;
            let mut lines = all.as_dict().into_iter().flat_map(Dict::values);
            if !lines.any(|line| line.get("device").and_then(Value::as_str) == Some(name)) {
                if steps.is_empty() {
                    said = format!("Swap {name} is set to be added to the fstab and to be activated");
                }
                steps.push(Step::Write);
            }
        }
        match steps.is_empty() {
            true => Ok(Plan::nothing(said)),
            false => Ok(Plan::steps(vec![(steps, said.clone())], Dict::new(), said)),
        }
    }

    fn apply(&self, (steps, _): Self::Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = &self.name;
        let (mut changes, mut said) = (Dict::new(), format!("Swap {name} already active"));
        for step in steps {
            if matches!(step, Step::Mount) {
                let real = self.real(ctx);
                ctx.call("mount.swapon", vec![real.as_str().into()], Dict::new())?;
                match swaps(ctx)?.get(&real).and_then(Value::as_dict) {
                    Some(stats) => changes = stats.clone(),
                    None => return Err(StateError::refused(format!("Swap {name} failed to activate"))),
                }
                said = format!("Swap {name} activated");
            } else {
                let args = vec!["none".into(), name.into(), "swap".into()];
                let done =
                    ctx.call("mount.set_fstab", args, Dict::new().with("config", self.config.as_str()))?;
                let (word, comment) = match done.as_str() {
                    Some("change") => ("update", ". Updated the entry in the fstab."),
                    _ => ("new", ". Added new entry to the fstab."),
                };
                changes.insert("persist", word);
                said.push_str(comment);
            }
        }
        Ok(Applied::Changed { changes, comment: said })
    }
}

impl FstabPresent {
    fn set(&self, test: bool, ctx: &Ctx<'_>) -> Result<String, StateError> {
        let args = Dict::new()
            .with("opts", names(&self.fs_mntops))
            .with("dump", self.fs_freq.clone())
            .with("pass_num", self.fs_passno.clone())
            .with("config", self.config.as_str())
            .with("match_on", self.match_on.clone())
            .with("not_change", self.not_change.0)
            .with("test", test);
        let words =
            vec![trimmed(&self.fs_file).into(), self.name.as_str().into(), self.fs_vfstype.as_str().into()];
        Ok(ctx.call("mount.set_fstab", words, args)?.to_string())
    }
}

impl State for FstabPresent {
    const FUN: &'static str = "mount.fstab_present";
    type Step = bool;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<bool>, StateError> {
        let (place, config) = (trimmed(&self.fs_file), &self.config);
        let done = self.set(true, ctx)?;
        let comment = match done.as_str() {
            "present" if ctx.test => {
                return Ok(Plan::nothing(format!("{place} entry is already in {config}.")));
            }
            "present" => return Ok(Plan::nothing(format!("{place} entry was already in {config}."))),
            "new" if self.mount.0 => {
                format!("{place} entry will be written in {config}.\nWill mount {} on {place}", self.name)
            }
            "new" => format!("{place} entry will be written in {config}."),
            _ => format!("{place} entry will be updated in {config}."),
        };
        Ok(Plan::steps(vec![done == "new"], Dict::new(), comment))
    }

    fn apply(&self, new: bool, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let (place, config) = (trimmed(&self.fs_file), &self.config);
        let done = self.set(false, ctx)?;
        let changes = Dict::new().with("persist", done);
        if !new {
            return Ok(Applied::Changed { changes, comment: format!("{place} entry updated in {config}.") });
        }
        let mut comment = format!("{place} entry added in {config}.");
        if self.mount.0 {
            if let Err(error) = good(&ctx.call("mount.mount", vec![place.as_str().into()], Dict::new())?) {
                return Err(StateError::after(format!("{comment}\nError while mounting {error}"), changes));
            }
            comment.push_str(&format!("\nMounted {} on {place}", self.name));
        }
        Ok(Applied::Changed { changes, comment })
    }
}

impl State for FstabAbsent {
    const FUN: &'static str = "mount.fstab_absent";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let (place, config) = (trimmed(&self.fs_file), &self.config);
        if line_of(ctx, &place, config)?.is_none_or(|device| device != self.name) {
            return Ok(Plan::nothing(format!("{place} entry is already missing in {config}.")));
        }
        Ok(Plan::steps(vec![()], Dict::new(), format!("{place} entry will be removed from {config}.")))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let (place, config) = (trimmed(&self.fs_file), &self.config);
        let args = vec![place.as_str().into(), self.name.as_str().into(), config.as_str().into()];
        ctx.call("mount.rm_fstab", args, Dict::new())?;
        let comment = format!("{place} entry removed from {config}.");
        Ok(Applied::Changed { changes: Dict::new().with("persist", "removed"), comment })
    }
}
