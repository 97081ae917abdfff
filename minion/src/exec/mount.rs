//! `mount`: what is mounted, now and at the next start.

use data::{Dict, Value};

use super::plain::{Given, functions};
use super::{ExecError, tool, user};
use crate::Ctx;
use crate::host::Cmd;

functions! {
    /// Return what is mounted, by its place: `rsalt '*' mount.active`. extended: with what only the kernel knows.
    "mount.active"("extended=False") = |args, ctx| {
        let extended = args.is_set("extended", false);
        let rows = active(ctx)?.into_iter().map(|mount| {
            let mut row = Dict::new().with("device", mount.device.as_str()).with("alt_device", mount.device.as_str());
            row.insert("fstype", mount.fstype);
            if extended {
                row.insert("opts", mount.own);
                row.insert("superopts", mount.of_file_system);
                row.insert("root", mount.root);
            } else {
                row.insert("opts", mount.all);
            }
            (mount.place, Value::from(row))
        });
        Ok(rows.collect::<Dict>().into())
    };
    /// Return what `/etc/fstab` says, by its place: `rsalt '*' mount.fstab`
    "mount.fstab"("config='/etc/fstab'") = |args, ctx| {
        let mut out = Dict::new();
        let text = fstab(ctx, &config(&args))?.unwrap_or_default();
        for entry in text.lines().filter_map(Entry::parse) {
            let row = Dict::new().with("device", entry.device).with("fstype", entry.fstype);
            let row = row.with("opts", user::names(&entry.opts.into())).with("dump", entry.dump).with("pass", entry.pass);
            let mut place = entry.name;
            while out.contains(&place) {
                place.push('_');
            }
            out.insert(place, row);
        }
        Ok(out.into())
    };
    /// Write a line into `/etc/fstab`: `rsalt '*' mount.set_fstab /mnt/foo /dev/sdz1 ext4`
    ///
    /// match_on: the fields by which its line is known (device, name, fstype, opts), or auto. not_change: leave a line
    /// that is there as it is. Returns new, change or present.
    "mount.set_fstab"("name, device, fstype, opts='defaults', dump=0, pass_num=0, config='/etc/fstab', test=False, \
                       match_on='auto', not_change=False, **kwargs") = |args, ctx| {
        let given = |key: &str, default: &str| args.some_text(key).unwrap_or_else(|| default.to_owned());
        let opts = match args.arg("opts") {
            Value::None => "defaults".to_owned(),
            opts => user::names(opts).join(","),
        };
        let entry = Entry {
            device: args.text("device"),
            name: args.text("name"),
            fstype: args.text("fstype"),
            opts,
            dump: given("dump", "0"),
            pass: given("pass_num", "0"),
        };
        let config = config(&args);
        let (done, text) = entry.set(ctx, &config, args.arg("match_on"), args.is_set("not_change", false))?;
        if done != "present" && !args.is_set("test", false) {
            ctx.host.write_atomic(config.as_ref(), text.as_bytes(), None)?;
        }
        Ok(done.into())
    };
    /// Take a line out of `/etc/fstab`: `rsalt '*' mount.rm_fstab /mnt/foo /dev/sdg`
    "mount.rm_fstab"("name, device, config='/etc/fstab'") = |args, ctx| {
        let (config, name, device) = (config(&args), args.text("name"), args.some_text("device"));
        let Some(text) = fstab(ctx, &config)? else {
            return Err(ExecError::command(format!("Couldn't read from {config}: No such file or directory")));
        };
        let is_it = |line: &&str| {
            let entry = Entry::parse(line);
            entry.is_some_and(|is| is.name == escaped(&name) && device.as_ref().is_none_or(|d| is.device == escaped(d)))
        };
        if text.lines().any(|line| is_it(&line)) {
            let left: String = text.lines().filter(|line| !is_it(line)).map(|line| format!("{line}\n")).collect();
            ctx.host.write_atomic(config.as_ref(), left.as_bytes(), None)?;
        }
        Ok(true.into())
    };
    /// Mount a device: `rsalt '*' mount.mount /mnt/foo /dev/sdz1 True`. Returns true, or what `mount` says.
    ///
    /// mkmnt: make the place. Without a device `/etc/fstab` says what. user: as this account.
    "mount.mount"("name, device=False, mkmnt=False, fstype='', opts='defaults', user=None, util='mount'") = |args, ctx| {
        if args.is_set("mkmnt", false) {
            ctx.host.mkdir_all(args.text("name").as_ref(), None)?;
        }
        mount(&args, ctx, None)
    };
    /// Mount again what is mounted, with other options: `rsalt '*' mount.remount /mnt/foo /dev/sdz1 True`
    "mount.remount"("name, device, mkmnt=False, fstype='', opts='defaults', user=None") = |args, ctx| {
        if args.is_set("mkmnt", false) {
            ctx.host.mkdir_all(args.text("name").as_ref(), None)?;
        }
        let there = active(ctx)?.iter().any(|mount| mount.place == args.text("name"));
        mount(&args, ctx, there.then_some("remount"))
    };
    /// Unmount a place: `rsalt '*' mount.umount /mnt/foo`. Returns true, or what `umount` says.
    ///
    /// device: unmount this one. lazy: also when it is in use.
    "mount.umount"("name, device=None, user=None, util='mount', lazy=False") = |args, ctx| {
        let name = args.text("name");
        if !active(ctx)?.iter().any(|mount| mount.place == name) {
            return Ok(format!("{name} does not have anything mounted").into());
        }
        let mut cmd = Cmd::new("umount").args(args.is_set("lazy", false).then_some("-l"));
        cmd = cmd.arg("--").arg(args.some_text("device").filter(|device| !device.is_empty()).unwrap_or(name));
        run_as(&args, ctx, cmd)
    };
    /// Whether something is mounted at a place: `rsalt '*' mount.is_mounted /mnt/share`
    "mount.is_mounted"("name") = |args, ctx| {
        let name = args.text("name");
        Ok(active(ctx)?.iter().any(|mount| mount.place == name).into())
    };
    /// Return what the kernel swaps to: `rsalt '*' mount.swaps`
    "mount.swaps"("") = |_, ctx| Ok(swaps(ctx)?.into());
    /// Let the kernel swap to a device or file: `rsalt '*' mount.swapon /root/swapfile`
    "mount.swapon"("name, priority=None") = |args, ctx| {
        let name = args.text("name");
        let described = |stats: &Value, new: bool| Dict::new().with("stats", stats.clone()).with("new", new).into();
        if let Some(stats) = swaps(ctx)?.get(&name) {
            return Ok(described(stats, false));
        }
        let priority = args.some_text("priority").filter(|_| args.arg("priority").is_true());
        let mut cmd = Cmd::new("swapon");
        if let Some(priority) = priority {
            cmd = cmd.args(["-p", &priority]);
        }
        tool::did(ctx, &cmd.arg("--").arg(&name))?;
        Ok(swaps(ctx)?.get(&name).map_or_else(Value::dict, |stats| described(stats, true)))
    };
    /// Keep the kernel from swapping to a device or file: `rsalt '*' mount.swapoff /root/swapfile`
    "mount.swapoff"("name") = |args, ctx| {
        let name = args.text("name");
        if swaps(ctx)?.get(&name).is_none() {
            return Ok(Value::None);
        }
        tool::did(ctx, &Cmd::of("swapoff", ["--", &name]))?;
        Ok(swaps(ctx)?.get(&name).is_none().into())
    };
}

/// Something that is mounted.
pub struct Mount {
    pub(crate) place: String,
    pub(crate) device: String,
    pub(crate) fstype: String,
    root: String,
    /// The options of this mount, and those of the file system.
    pub(crate) own: Vec<String>,
    pub(crate) of_file_system: Vec<String>,
    /// Both, each once, as `/proc/mounts` has them.
    all: Vec<String>,
}

/// What is mounted; the last one at a place is the one that is seen.
pub(crate) fn active(ctx: &Ctx<'_>) -> Result<Vec<Mount>, ExecError> {
    let content = ctx.host.read("/proc/self/mountinfo".as_ref())?;
    let mut out: Vec<Mount> = Vec::new();
    for line in String::from_utf8_lossy(&content).lines() {
        let Some(mount) = parse(line) else { continue };
        out.retain(|before| before.place != mount.place);
        out.push(mount);
    }
    Ok(out)
}

/// A line of `/proc/self/mountinfo`.
fn parse(line: &str) -> Option<Mount> {
    let (mine, of_file_system) = line.split_once(" - ")?;
    let mut words = mine.split(' ').skip(3);
    let (root, place, own) = (words.next()?, words.next()?, words.next()?);
    let mut words = of_file_system.split(' ');
    let (fstype, device, options) = (words.next()?, words.next()?, words.next().unwrap_or_default());
    let list = |text: &str| -> Vec<String> { text.split(',').map(unescaped).collect() };
    let (own, of_file_system) = (list(own), list(options));
    let mut all = own.clone();
    all.extend(
        of_file_system
            .iter()
            .filter(|option| !own.contains(option) && !matches!(option.as_str(), "rw" | "ro"))
            .cloned(),
    );
    Some(Mount {
        place: unescaped(place),
        device: unescaped(device),
        fstype: fstype.to_owned(),
        root: unescaped(root),
        own,
        of_file_system,
        all,
    })
}

/// The kernel and fstab write spaces as `\040`.
fn unescaped(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

fn escaped(text: &str) -> String {
    text.replace("\\ ", "\\040").replace(' ', "\\040").replace('\t', "\\011")
}

/// A line of fstab.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    device: String,
    name: String,
    fstype: String,
    opts: String,
    dump: String,
    pass: String,
}

impl Entry {
    fn parse(line: &str) -> Option<Entry> {
        if line.starts_with('#') {
            return None;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        if !(4..=6).contains(&words.len()) {
            return None;
        }
        let word = |at: usize| words.get(at).copied().unwrap_or("0").to_owned();
        Some(Entry {
            device: word(0),
            name: word(1),
            fstype: word(2),
            opts: word(3),
            dump: word(4),
            pass: word(5),
        })
    }

    fn field(&self, key: &str) -> Option<&str> {
        Some(match key {
            "device" => &self.device,
            "name" => &self.name,
            "fstype" => &self.fstype,
            "opts" => &self.opts,
            "dump" => &self.dump,
            "pass_num" => &self.pass,
            _ => return None,
        })
    }

    /// Whether they have the same in these fields; the order of options is none.
    fn is_as(&self, other: &Entry, keys: &[String]) -> bool {
        let sorted = |opts: &str| {
            let mut opts: Vec<String> = opts.split(',').map(str::to_owned).collect();
            opts.sort_unstable();
            opts
        };
        keys.iter().all(|key| match key.as_str() {
            "opts" => sorted(&self.opts) == sorted(&other.opts),
            key => self.field(key) == other.field(key),
        })
    }

    /// The text of a file with this line in it, and what that changes.
    fn set(
        mut self,
        ctx: &Ctx<'_>,
        config: &str,
        match_on: &Value,
        keep: bool,
    ) -> Result<(&'static str, String), ExecError> {
        const BY_PLACE: [&str; 13] = [
            "none",
            "tmpfs",
            "sysfs",
            "proc",
            "fusectl",
            "debugfs",
            "securityfs",
            "devtmpfs",
            "cgroup",
            "nfs",
            "nfs4",
            "glusterfs",
            "ceph",
        ];
        const ALL: [&str; 6] = ["device", "name", "fstype", "opts", "dump", "pass_num"];
        for field in [
            &mut self.device,
            &mut self.name,
            &mut self.fstype,
            &mut self.opts,
            &mut self.dump,
            &mut self.pass,
        ] {
            *field = escaped(field);
            if field.is_empty() || field.contains(char::is_whitespace) || field.starts_with('#') {
                return Err(ExecError::invocation(format!("'{field}' cannot be a field of {config}")));
            }
        }
        let keys = match match_on {
            Value::List(keys) => keys.iter().map(Value::to_string).collect(),
            key if matches!(key.as_str(), Some("auto") | None) => {
                let by_place = BY_PLACE.contains(&self.fstype.as_str()) || self.fstype == "btrfs";
                vec![if by_place { "name" } else { "device" }.to_owned()]
            }
            key => vec![key.to_string()],
        };
        if let Some(bad) = keys.iter().find(|key| self.field(key).is_none()) {
            return Err(ExecError::command(format!("Unrecognized keys in match_on: \"{bad}\"")));
        }
        let Some(text) = fstab(ctx, config)? else {
            return Err(ExecError::command(format!("Bad config file \"{config}\"")));
        };
        let (mut out, mut done) = (String::new(), None);
        for line in text.lines() {
            let is = Entry::parse(line).filter(|is| self.is_as(is, &keys));
            match is {
                Some(is) if !keep && !self.is_as(&is, &ALL.map(str::to_owned)) => {
                    done = Some("change");
                    out.push_str(&self.line());
                }
                is => {
                    done = done.or(is.map(|_| "present"));
                    out.push_str(line);
                }
            }
            out.push('\n');
        }
        let done = done.unwrap_or_else(|| {
            out.push_str(&format!("{}\n", self.line()));
            "new"
        });
        Ok((done, out))
    }

    fn line(&self) -> String {
        let Entry { device, name, fstype, opts, dump, pass } = self;
        format!("{device}\t\t{name}\t{fstype}\t{opts}\t{dump} {pass}")
    }
}

fn config(args: &Dict) -> String {
    args.some_text("config").unwrap_or_else(|| "/etc/fstab".to_owned())
}

fn fstab(ctx: &Ctx<'_>, path: &str) -> Result<Option<String>, ExecError> {
    Ok(ctx.host.read_opt(path.as_ref())?.map(|content| String::from_utf8_lossy(&content).into_owned()))
}

pub(crate) fn swaps(ctx: &Ctx<'_>) -> Result<Dict, ExecError> {
    let content = ctx.host.read_opt("/proc/swaps".as_ref())?.unwrap_or_default();
    let text = String::from_utf8_lossy(&content);
    let rows = text.lines().filter(|line| !line.starts_with("Filename")).filter_map(|line| {
        let mut words = line.split_whitespace();
        let name = words.next()?;
        let row = Dict::new().with("type", words.next()).with("size", words.next());
        Some((name, Value::from(row.with("used", words.next()).with("priority", words.next()))))
    });
    Ok(rows.collect())
}

fn mount(args: &Dict, ctx: &Ctx<'_>, more: Option<&str>) -> Result<Value, ExecError> {
    let mut opts = match args.arg("opts") {
        Value::None => vec!["defaults".to_owned()],
        opts => user::names(opts),
    };
    opts.extend(more.filter(|more| !opts.iter().any(|opt| opt == more)).map(str::to_owned));
    let mut cmd = Cmd::new("mount");
    if args.arg("device").is_true() {
        cmd = cmd.args(["-o", &opts.join(",")]);
        if let Some(fstype) = args.some_text("fstype").filter(|fstype| !fstype.is_empty()) {
            cmd = cmd.args(["-t", &fstype]);
        }
        cmd = cmd.arg("--").arg(args.text("device"));
    } else {
        cmd = cmd.arg("--");
    }
    run_as(args, ctx, cmd.arg(args.text("name")))
}

/// True, or what the tool complains about.
fn run_as(args: &Dict, ctx: &Ctx<'_>, mut cmd: Cmd) -> Result<Value, ExecError> {
    if let Some(user) = args.some_text("user").filter(|user| !user.is_empty()) {
        cmd = cmd.runas(user);
    }
    let output = tool::run(ctx, &cmd)?;
    Ok(if output.ok() { true.into() } else { output.err().trim_end().into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernel() {
        let mount =
            parse("36 35 98:0 /mnt1 /mnt\\040two rw,noatime master:1 - ext3 /dev/root rw,errors=continue")
                .unwrap();
        assert_eq!(
            (mount.place.as_str(), mount.device.as_str(), mount.fstype.as_str()),
            ("/mnt two", "/dev/root", "ext3")
        );
        assert_eq!(mount.all, ["rw", "noatime", "errors=continue"]);
        assert!(parse("1 2 3").is_none());
    }

    #[test]
    fn lines_of_fstab() {
        let entry = Entry::parse("/dev/sda1 / ext4 rw,noatime").unwrap();
        assert_eq!(entry.line(), "/dev/sda1\t\t/\text4\trw,noatime\t0 0");
        assert!(entry.is_as(
            &Entry::parse("x / ext4 noatime,rw 0 0").unwrap(),
            &["opts".to_owned(), "name".to_owned()]
        ));
        assert!(Entry::parse("# /dev/sda1 / ext4 rw").is_none() && Entry::parse("a b c").is_none());
    }
}
