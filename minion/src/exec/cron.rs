//! `cron`: the crontabs of accounts, through `crontab`.
//!
//! Salt manages what stands below its line in a crontab and leaves the rest as it is. Jobs there are known by an
//! identifier in the comment above them, or by their command.

use data::{Dict, Value};
use ring::rand::{SecureRandom, SystemRandom};

use super::plain::{Given, functions};
use super::{ExecError, tool};
use crate::Ctx;
use crate::host::{Cmd, Output};

functions! {
    /// Return the crontab of an account as it is: `rsalt '*' cron.raw_cron root`
    "cron.raw_cron"("user") = |args, ctx| Ok(raw(ctx, &args.text("user"))?.into());
    /// Return what is in the crontab of an account: `rsalt '*' cron.list_tab root`
    ///
    /// pre: lines that are not managed; env: variables; crons: jobs with five times; special: jobs with an `@` word.
    "cron.list_tab"("user") = |args, ctx| Ok(read(ctx, &args.text("user"))?.described());
    /// The same as `cron.list_tab`.
    "cron.ls"("user") = |args, ctx| Ok(read(ctx, &args.text("user"))?.described());
    /// Return a job of the crontab of an account, or false: `rsalt '*' cron.get_entry root identifier=task1`
    "cron.get_entry"("user, identifier=None, cmd=None") = |args, ctx| {
        let tab = read(ctx, &args.text("user"))?;
        let (identifier, cmd) = (given(&args, "identifier"), given(&args, "cmd"));
        let found = tab.jobs.iter().find(|job| match (&identifier, &cmd) {
            (Some(id), _) => job.identifier.as_ref() == Some(id),
            (None, Some(cmd)) => job.cmd == *cmd,
            _ => false,
        });
        Ok(found.map_or(false.into(), Job::described))
    };
    /// Set a job with five times: `rsalt '*' cron.set_job root '*' '*' '*' '*' 1 /usr/local/weekly`
    ///
    /// A time may be `random` or `from:to`. Returns new, updated, present, or what `crontab` says.
    "cron.set_job"("user, minute, hour, daymonth, month, dayweek, cmd, commented=False, comment=None, identifier=None") =
        |args, ctx| set(&args, ctx, When::times(TIMES.map(|name| args.text(name))));
    /// Set a job with an `@` word: `rsalt '*' cron.set_special root @hourly 'echo foobar'`
    "cron.set_special"("user, special, cmd, commented=False, comment=None, identifier=None") =
        |args, ctx| set(&args, ctx, When::Special(args.text("special")));
    /// Remove a job with five times: `rsalt '*' cron.rm_job root /usr/local/weekly`. Returns removed or absent.
    "cron.rm_job"("user, cmd, minute=None, hour=None, daymonth=None, month=None, dayweek=None, identifier=None") =
        |args, ctx| remove(&args, ctx, false);
    /// The same as `cron.rm_job`.
    "cron.rm"("user, cmd, minute=None, hour=None, daymonth=None, month=None, dayweek=None, identifier=None") =
        |args, ctx| remove(&args, ctx, false);
    /// Remove a job with an `@` word: `rsalt '*' cron.rm_special root /usr/bin/foo`. Returns removed or absent.
    "cron.rm_special"("user, cmd, special=None, identifier=None") = |args, ctx| remove(&args, ctx, true);
    /// Set a variable: `rsalt '*' cron.set_env root MAILTO user@example.com`. Returns new, updated or present.
    "cron.set_env"("user, name, value=None") = |args, ctx| {
        change(ctx, &args.text("user"), |tab| Ok(tab.set_env(&args.text("name"), &args.some_text("value").unwrap_or_default())))
    };
    /// Remove a variable: `rsalt '*' cron.rm_env root MAILTO`. Returns removed or absent.
    "cron.rm_env"("user, name") = |args, ctx| {
        change(ctx, &args.text("user"), |tab| Ok(tab.remove_env(&args.text("name"))))
    };
    /// Make a file the crontab of an account: `rsalt '*' cron.write_cron_file root /tmp/new_cron`
    "cron.write_cron_file"("user, path") = |args, ctx| Ok(install(ctx, &args)?.ok().into());
    /// The same, with all that `crontab` says: `rsalt '*' cron.write_cron_file_verbose root /tmp/new_cron`
    "cron.write_cron_file_verbose"("user, path") = |args, ctx| {
        let output = install(ctx, &args)?;
        let out = Dict::new().with("pid", output.pid).with("retcode", output.code);
        let (said, err) = (output.out(), output.err());
        Ok(out.with("stdout", said.trim_end()).with("stderr", err.trim_end()).into())
    };
}

/// The line below which jobs are managed.
const TAG: &str = "# Lines below here are managed by Salt, do not edit";
const IDENTIFIER: &str = "SALT_CRON_IDENTIFIER";
/// How Salt calls the identifier of a job that has none.
const NO_IDENTIFIER: &str = "NO ID SET";
const DISABLED: &str = "#DISABLED#";
const TIMES: [&str; 5] = ["minute", "hour", "daymonth", "month", "dayweek"];
const WORD: &str = "spec";

/// When a job runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Minute, hour, day of the month, month, day of the week.
    Times([String; 5]),
    /// `@daily` and its kin.
    Special(String),
}

impl When {
    pub(crate) fn times(times: [String; 5]) -> When {
        When::Times(times.map(|time| time.to_lowercase()))
    }
}

/// A job of a crontab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub(crate) when: When,
    pub(crate) cmd: String,
    pub(crate) identifier: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) commented: bool,
}

/// A crontab.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tab {
    pre: Vec<String>,
    env: Vec<(String, String)>,
    /// Those with five times before those with a word.
    jobs: Vec<Job>,
}

impl Job {
    fn is_special(&self) -> bool {
        matches!(self.when, When::Special(_))
    }

    fn described(&self) -> Value {
        let mut out = Dict::new();
        match &self.when {
            When::Times(times) => out.extend(TIMES.into_iter().zip(times.iter().cloned())),
            When::Special(word) => {
                out.insert(WORD, word.as_str());
            }
        }
        out.insert("identifier", self.identifier.clone());
        out.insert("cmd", self.cmd.as_str());
        out.insert("comment", self.comment.clone());
        out.insert("commented", self.commented);
        out.into()
    }

    /// Whether this is the job with that identifier; without one on either side the command decides.
    fn is(&self, cmd: &str, identifier: Option<&str>) -> bool {
        let wanted = identifier.filter(|id| !id.is_empty()).unwrap_or(NO_IDENTIFIER);
        match self.identifier.as_deref().filter(|id| !id.is_empty()) {
            Some(own) => own == wanted,
            None => self.cmd == cmd,
        }
    }

    /// Whether it lacks something of what is wanted.
    fn lacks(&self, wanted: &Job) -> bool {
        let when = match (&self.when, &wanted.when) {
            (When::Times(is), When::Times(wanted)) => {
                is.iter().zip(wanted).any(|(is, wanted)| !fits(is, wanted))
            }
            (is, wanted) => is != wanted,
        };
        when || self.cmd != wanted.cmd
            || self.commented != wanted.commented
            || self.identifier != wanted.identifier
            || wanted.comment.is_some() && self.comment != wanted.comment
    }

    fn render(&self, out: &mut String) {
        if self.comment.is_some() || self.identifier.is_some() {
            out.push('#');
            if let Some(comment) = self.comment.as_ref().filter(|comment| !comment.is_empty()) {
                out.push_str(&format!(" {}", comment.trim_end().replace('\n', "\n# ")));
            }
            if let Some(identifier) = self.identifier.as_ref().filter(|id| !id.is_empty()) {
                out.push_str(&format!(" {IDENTIFIER}:{identifier}"));
            }
            out.push('\n');
        }
        let disabled = if self.commented { DISABLED } else { "" };
        let when = match &self.when {
            When::Times(times) => times.join(" "),
            When::Special(word) => word.clone(),
        };
        out.push_str(&format!("{disabled}{when} {}\n", self.cmd));
    }
}

impl Tab {
    pub(crate) fn parse(text: &str) -> Tab {
        let mut tab = Tab::default();
        let mut lines = text.lines();
        for line in lines.by_ref().take_while(|line| *line != TAG) {
            tab.pre.push(line.to_owned());
        }
        let (mut comment, mut identifier) = (None::<String>, None::<String>);
        for line in lines {
            let (line, commented) = line.strip_prefix(DISABLED).map_or((line, false), |line| (line, true));
            if line.starts_with('#') {
                let said = line.trim_start_matches(['#', ' ']);
                let (said, id) =
                    said.split_once(IDENTIFIER).map_or((said, None), |(s, id)| (s.trim_end(), id.get(1..)));
                identifier = id.filter(|id| !id.is_empty()).map(str::to_owned).or(identifier);
                comment = Some(comment.map_or_else(|| said.to_owned(), |before| format!("{before}\n{said}")));
                continue;
            }
            if let Some((name, value)) =
                line.split_once('=').filter(|(name, _)| !name.is_empty() && !name.contains(' '))
            {
                tab.env.push((name.to_owned(), value.to_owned()));
                continue;
            }
            let Some((when, cmd)) = times_of(line) else { continue };
            let (identifier, comment) = (identifier.take(), comment.take());
            tab.put(Job { when, cmd: cmd.to_owned(), identifier, comment, commented });
        }
        tab
    }

    pub(crate) fn render(&self) -> String {
        let mut out = String::new();
        for line in &self.pre {
            out.push_str(line);
            out.push('\n');
        }
        out.push_str(TAG);
        out.push('\n');
        for (name, value) in &self.env {
            out.push_str(&format!("{name}={}\n", if value.is_empty() { "\"\"" } else { value }));
        }
        self.jobs.iter().for_each(|job| job.render(&mut out));
        out
    }

    fn described(&self) -> Value {
        let jobs = |special: bool| -> Value {
            self.jobs.iter().filter(|job| job.is_special() == special).map(Job::described).collect()
        };
        let env = |(name, value): &(String, String)| -> Value {
            Dict::new().with("name", name.as_str()).with("value", value.as_str()).into()
        };
        let out =
            Dict::new().with("pre", self.pre.clone()).with("crons", jobs(false)).with("special", jobs(true));
        out.with("env", self.env.iter().map(env).collect::<Value>()).into()
    }

    /// Puts a job behind the others of its kind.
    fn put(&mut self, job: Job) {
        let end = match job.is_special() {
            true => self.jobs.len(),
            false => self.jobs.iter().position(Job::is_special).unwrap_or(self.jobs.len()),
        };
        self.jobs.insert(end, job);
    }

    /// Sets a job: `new`, `updated` or `present`.
    pub(crate) fn set(&mut self, mut wanted: Job) -> Result<&'static str, ExecError> {
        let identifier = wanted.identifier.as_deref();
        let Some(at) = self.jobs.iter().position(|job| job.is(&wanted.cmd, identifier)) else {
            wanted.when = chosen(wanted.when)?;
            self.put(wanted);
            return Ok("new");
        };
        if let Some(is) = self.jobs.get(at) {
            wanted.identifier = wanted.identifier.or_else(|| is.identifier.clone());
            if !is.lacks(&wanted) {
                return Ok("present");
            }
            let is = self.jobs.remove(at);
            if let (When::Times(wanted), When::Times(is)) = (&mut wanted.when, is.when) {
                // What was chosen at random once stays.
                for (wanted, is) in wanted.iter_mut().zip(is).filter(|(wanted, is)| fits(is, wanted)) {
                    *wanted = is;
                }
            }
            wanted.comment = wanted.comment.or(is.comment);
        }
        wanted.when = chosen(wanted.when)?;
        self.put(wanted);
        Ok("updated")
    }

    /// Removes the first job that is the one, and of which `fits` is true: `removed` or `absent`.
    pub(crate) fn remove(
        &mut self,
        cmd: &str,
        identifier: Option<&str>,
        fits: impl Fn(&Job) -> bool,
    ) -> &'static str {
        match self.jobs.iter().position(|job| job.is(cmd, identifier) && fits(job)) {
            None => "absent",
            Some(at) => {
                self.jobs.remove(at);
                "removed"
            }
        }
    }

    /// Sets a variable: `new`, `updated` or `present`.
    pub(crate) fn set_env(&mut self, name: &str, value: &str) -> &'static str {
        let same = |is: &str| is == value || (value.is_empty() && is == "\"\"");
        let done = match self.env.iter().position(|(is, _)| is == name) {
            Some(at) if self.env.get(at).is_some_and(|(_, is)| same(is)) => return "present",
            Some(at) => {
                self.env.remove(at);
                "updated"
            }
            None => "new",
        };
        self.env.push((name.to_owned(), value.to_owned()));
        done
    }

    /// Removes a variable: `removed` or `absent`.
    pub(crate) fn remove_env(&mut self, name: &str) -> &'static str {
        let before = self.env.len();
        self.env.retain(|(is, _)| is != name);
        if self.env.len() == before { "absent" } else { "removed" }
    }
}

/// When, and what, of a line.
fn times_of(line: &str) -> Option<(When, &str)> {
    if line.starts_with('@') {
        let (word, cmd) = line.split_once(char::is_whitespace)?;
        return Some((When::Special(word.to_owned()), cmd.trim())).filter(|(_, cmd)| !cmd.is_empty());
    }
    let mut rest = line;
    let mut times = Vec::new();
    while times.len() < TIMES.len() {
        let (time, more) = rest.trim_start().split_once(char::is_whitespace)?;
        times.push(time.to_owned());
        rest = more;
    }
    Some((When::Times(times.try_into().ok()?), rest)).filter(|(_, cmd)| !cmd.is_empty())
}

/// Whether a time is as wanted: `random` fits every one but `*`, and a range those in it.
fn fits(is: &str, wanted: &str) -> bool {
    let within = || {
        let (low, high) = range(wanted)?;
        is.parse::<u32>().ok().filter(|is| (low..=high).contains(is))
    };
    is == wanted || (wanted == "random" && is != "*") || within().is_some()
}

/// `from:to`, in either order.
fn range(time: &str) -> Option<(u32, u32)> {
    let (low, high) = time.split_once(':')?;
    let (low, high) = (low.parse::<u32>().ok()?, high.parse::<u32>().ok()?);
    Some((low.min(high), low.max(high)))
}

/// Times with what is random in them chosen.
fn chosen(when: When) -> Result<When, ExecError> {
    let When::Times(mut times) = when else { return Ok(when) };
    let bounds = [(0, 59), (0, 23), (1, 28), (1, 12), (0, 6)];
    for (time, (low, high)) in times.iter_mut().zip(bounds) {
        let (low, high) = match range(time) {
            Some(range) => range,
            None if time.contains(':') => {
                return Err(ExecError::invocation(format!("'{time}' is no range of times")));
            }
            None if time == "random" => (low, high),
            None => continue,
        };
        let mut bytes = [0; 4];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| ExecError::command("the system gives no random numbers"))?;
        let span = high.saturating_sub(low).saturating_add(1);
        *time =
            low.saturating_add(u32::from_le_bytes(bytes).checked_rem(span).unwrap_or_default()).to_string();
    }
    Ok(When::Times(times))
}

fn given(args: &Dict, name: &str) -> Option<String> {
    args.some_text(name).filter(|text| !text.is_empty() && args.arg(name).is_true())
}

/// `crontab` for an account.
fn crontab(ctx: &Ctx<'_>, user: &str, what: &str) -> Result<Cmd, ExecError> {
    tool::checked("user", user)?;
    let uid = ctx.host.user(user)?.map(|user| user.uid);
    let cmd = Cmd::new("crontab");
    Ok(match ctx.host.euid() {
        own if uid == Some(own) => cmd,
        0 => cmd.args(["-u", user]),
        _ => cmd.runas(user),
    }
    .arg(what))
}

/// The crontab of an account, without what some `crontab`s write above it.
pub(crate) fn raw(ctx: &Ctx<'_>, user: &str) -> Result<String, ExecError> {
    let text = tool::run(ctx, &crontab(ctx, user, "-l")?)?.out();
    if text.starts_with("# DO NOT EDIT THIS FILE - edit the master and reinstall.") {
        return Ok(text.split_inclusive('\n').skip(3).collect());
    }
    Ok(text)
}

pub(crate) fn read(ctx: &Ctx<'_>, user: &str) -> Result<Tab, ExecError> {
    Ok(Tab::parse(&raw(ctx, user)?))
}

/// Makes a text the crontab of an account. An error is what `crontab` says.
pub(crate) fn write(ctx: &Ctx<'_>, user: &str, text: &[u8]) -> Result<Output, ExecError> {
    tool::run(ctx, &crontab(ctx, user, "-")?.stdin(text))
}

fn install(ctx: &Ctx<'_>, args: &Dict) -> Result<Output, ExecError> {
    write(ctx, &args.text("user"), &ctx.host.read(args.text("path").as_ref())?)
}

/// Changes a crontab; what was done, or what `crontab` says.
fn change(
    ctx: &Ctx<'_>,
    user: &str,
    with: impl FnOnce(&mut Tab) -> Result<&'static str, ExecError>,
) -> Result<Value, ExecError> {
    let mut tab = read(ctx, user)?;
    let done = with(&mut tab)?;
    if !matches!(done, "present" | "absent") {
        let output = write(ctx, user, tab.render().as_bytes())?;
        if !output.ok() {
            return Ok(output.err().trim_end().into());
        }
    }
    Ok(done.into())
}

fn set(args: &Dict, ctx: &Ctx<'_>, when: When) -> Result<Value, ExecError> {
    let job = Job {
        when,
        cmd: args.text("cmd"),
        identifier: given(args, "identifier"),
        comment: args.some_text("comment"),
        commented: args.is_set("commented", false),
    };
    change(ctx, &args.text("user"), |tab| tab.set(job))
}

fn remove(args: &Dict, ctx: &Ctx<'_>, special: bool) -> Result<Value, ExecError> {
    let word = given(args, "special");
    let times = TIMES.map(|name| args.some_text(name));
    let fits = |job: &Job| match &job.when {
        When::Special(is) => special && word.as_ref().is_none_or(|word| word == is),
        When::Times(is) => {
            let fits = |(is, wanted): (&String, &Option<String>)| match wanted.as_deref() {
                None => true,
                Some(wanted) => is == wanted || (wanted.eq_ignore_ascii_case("random") && is != "*"),
            };
            !special && is.iter().zip(&times).all(fits)
        }
    };
    let identifier = given(args, "identifier");
    change(ctx, &args.text("user"), |tab| Ok(tab.remove(&args.text("cmd"), identifier.as_deref(), fits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# mine\n0 1 * * * own\n# Lines below here are managed by Salt, do not edit\nMAILTO=\"\"\n\
                        # why\n# more SALT_CRON_IDENTIFIER:one\n5 4 * * 0 /bin/one a  b\n#DISABLED#*/5 * * * * /bin/two\n\
                        # SALT_CRON_IDENTIFIER:three\n@daily /bin/three\n";

    fn job(cmd: &str, identifier: Option<&str>) -> Job {
        Job {
            when: When::times(["5", "4", "*", "*", "0"].map(str::to_owned)),
            cmd: cmd.to_owned(),
            identifier: identifier.map(str::to_owned),
            comment: None,
            commented: false,
        }
    }

    #[test]
    fn what_is_read_is_written() {
        let tab = Tab::parse(TEXT);
        assert_eq!((tab.pre.len(), tab.env.len(), tab.jobs.len()), (2, 1, 3));
        assert_eq!(tab.render(), TEXT);
        assert_eq!(Tab::parse("").render(), format!("{TAG}\n"));
        let tabs = Tab::parse(&format!("{TAG}\n1\t2  3 4\t5\tx y\n@reboot\tz\nrubbish\n"));
        assert_eq!(tabs.render(), format!("{TAG}\n1 2 3 4 5 x y\n@reboot z\n"));
    }

    #[test]
    fn jobs_are_known_by_identifier_or_command() {
        let mut tab = Tab::parse(TEXT);
        assert_eq!(tab.set(job("/bin/one a  b", Some("one"))).ok(), Some("present"));
        assert_eq!(tab.set(job("/bin/one b", Some("one"))).ok(), Some("updated"));
        assert!(tab.render().contains("# why\n# more SALT_CRON_IDENTIFIER:one\n5 4 * * 0 /bin/one b\n"));
        // One without an identifier is found by its command and gets one.
        assert_eq!(tab.set(job("/bin/two", Some("two"))).ok(), Some("updated"));
        assert_eq!(tab.set(job("/bin/two", Some("two"))).ok(), Some("present"));
        assert_eq!(tab.set(job("/bin/three", Some("three"))).ok(), Some("updated"));
        assert!(!tab.render().contains("@daily"));
        assert_eq!(tab.set(job("/bin/two", Some("other"))).ok(), Some("new"));
        assert_eq!(tab.remove("/bin/two", Some("two"), |_| true), "removed");
        assert_eq!(tab.remove("/bin/two", Some("two"), |_| true), "absent");
    }

    #[test]
    fn random_times_are_chosen_once() {
        let mut tab = Tab::default();
        let mut wanted = job("x", Some("x"));
        wanted.when = When::times(["random", "5:3", "random", "random", "RANDOM"].map(str::to_owned));
        assert_eq!(tab.set(wanted.clone()).ok(), Some("new"));
        wanted.when = When::times(["random", "2:6", "random", "random", "random"].map(str::to_owned));
        assert_eq!(tab.set(wanted).ok(), Some("present"));
        let mut bad = job("y", None);
        bad.when = When::times(["a:b", "*", "*", "*", "*"].map(str::to_owned));
        assert!(tab.set(bad).is_err());
    }

    #[test]
    fn variables() {
        let mut tab = Tab::parse(TEXT);
        assert_eq!(
            (tab.set_env("MAILTO", ""), tab.set_env("MAILTO", "a"), tab.set_env("X", "1")),
            ("present", "updated", "new")
        );
        assert_eq!((tab.remove_env("X"), tab.remove_env("X")), ("removed", "absent"));
    }
}
