//! `rsalt-key`: lists, accepts, rejects and deletes the minions' keys. Through the master where it runs, so
//! that a change takes effect at once; on the files where it does not.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use clap::Parser;
use data::{Dict, Value};
use proto::config::MasterConfig;
use proto::exit_codes;
use proto::keys::StaticKey;
use proto::message::control::Call;
use proto::message::{ControlReply, ControlRequest, TargetType};
use proto::target::Target;

use super::client::Client;
use super::error::CliError;
use super::options::{Common, LoggingLong, Output, versions_report};
use super::output::Printer;
use crate::keys::{Bounds, Include, KeyState, Keys, KeysError, Verb};
use crate::wheel;

/// Manage the keys of the minions
#[derive(Debug, Parser)]
#[command(
    name = "rsalt-key",
    version,
    disable_version_flag = true,
    disable_help_flag = true,
    after_help = "Exit codes: 0 all is well; 1 it failed; 64 wrong options; 69 the master does not answer; 78 broken config."
)]
pub(super) struct Options {
    #[command(flatten)]
    action: Action,
    /// Accepting: rejected keys, too
    #[arg(long, help_heading = "Which keys")]
    include_rejected: bool,
    /// Rejecting: accepted keys, too
    #[arg(long, help_heading = "Which keys")]
    include_accepted: bool,
    /// Accepting and rejecting: denied keys, too
    #[arg(long, help_heading = "Which keys")]
    include_denied: bool,
    /// Accepting: rejected keys, too; rejecting: accepted keys, too
    #[arg(long, help_heading = "Which keys")]
    include_all: bool,
    /// Listing: since when each key is in its state, and when and from where its minion was seen last
    #[arg(short = 'v', long, help_heading = "Output options")]
    verbose: bool,
    /// Answer all questions with yes
    #[arg(short = 'y', long, help_heading = "Output options")]
    yes: bool,
    /// Print nothing
    #[arg(short = 'q', long, help_heading = "Output options")]
    quiet: bool,
    #[command(flatten)]
    bounds: TokenBounds,
    /// The directory for --gen-keys
    #[arg(long, value_name = "DIR", default_value = ".", help_heading = "Key generation")]
    gen_keys_dir: PathBuf,
    /// Accepted for Salt's sake: the keys here have one size
    #[arg(long, value_name = "BITS", hide = true)]
    keysize: Option<u32>,
    /// `-F master` and the like: Salt's tool takes words behind its options and ignores them.
    #[arg(hide = true)]
    ignored: Vec<String>,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    logging: LoggingLong,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
#[command(next_help_heading = "Actions")]
struct Action {
    /// List keys: acc[epted], pre or un[accepted], rej[ected], den[ied], all
    #[arg(short = 'l', long, value_name = "STATE")]
    list: Option<String>,
    /// List all keys; what happens without an action
    #[arg(short = 'L', long)]
    list_all: bool,
    /// Accept the pending keys that match
    #[arg(short = 'a', long, value_name = "GLOB")]
    accept: Option<String>,
    /// Accept all pending keys
    #[arg(short = 'A', long)]
    accept_all: bool,
    /// Reject the pending keys that match
    #[arg(short = 'r', long, value_name = "GLOB")]
    reject: Option<String>,
    /// Reject all pending keys
    #[arg(short = 'R', long)]
    reject_all: bool,
    /// Delete the keys that match, whatever their state
    #[arg(short = 'd', long, value_name = "GLOB")]
    delete: Option<String>,
    /// Delete all keys
    #[arg(short = 'D', long)]
    delete_all: bool,
    /// Print the fingerprints of the keys that match; `master` is the master's own
    #[arg(short = 'f', long, value_name = "GLOB")]
    finger: Option<String>,
    /// Print all fingerprints
    #[arg(short = 'F', long)]
    finger_all: bool,
    /// Print the keys that match
    #[arg(short = 'p', long, value_name = "GLOB")]
    print: Option<String>,
    /// Print all keys
    #[arg(short = 'P', long)]
    print_all: bool,
    /// Make a key pair: NAME.pem and NAME.pub
    #[arg(long, value_name = "NAME")]
    gen_keys: Option<String>,
    /// Make a join token and print it: a minion that is given it (RSALT_TOKEN) is let in at once
    #[arg(long)]
    gen_token: bool,
    /// List the join tokens that still let somebody in
    #[arg(long)]
    list_tokens: bool,
    /// Revoke the join token with this name
    #[arg(long, value_name = "NAME")]
    revoke_token: Option<String>,
}

/// What a new token lets in.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Join tokens")]
struct TokenBounds {
    /// For how long: seconds, or a number with s, m, h or d; 0: for ever
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = crate::duration::seconds, requires = "gen_token")]
    ttl: u64,
    /// How many minions; 0: any number
    #[arg(long, value_name = "N", default_value_t = 1, requires = "gen_token")]
    uses: u32,
    /// Only minions whose id matches
    #[arg(long, value_name = "GLOB", requires = "gen_token")]
    id: Option<String>,
    /// Only minions whose grain matches
    #[arg(long, value_name = "GRAIN:GLOB", requires = "gen_token")]
    grains: Option<String>,
    /// Forget the minions it lets in when they stop or stay away
    #[arg(long, requires = "gen_token")]
    ephemeral: bool,
}

impl TokenBounds {
    fn bounds(&self) -> Bounds {
        Bounds {
            expires: (self.ttl > 0).then(|| crate::duration::now().floor() + self.ttl as f64),
            uses: (self.uses > 0).then_some(self.uses),
            id: self.id.clone().unwrap_or_default(),
            grains: self.grains.clone().unwrap_or_default(),
            ephemeral: self.ephemeral,
        }
    }
}

/// What is to be done, once `_all` is a glob.
enum Task {
    List(String),
    Change(Verb, String),
    Finger(String),
    Print(String),
    Generate(String),
    MakeToken,
    ListTokens,
    RevokeToken(String),
}

impl Action {
    fn task(self) -> Task {
        let all = |given: bool| given.then(|| "*".to_owned());
        if let Some(glob) = self.accept.or_else(|| all(self.accept_all)) {
            Task::Change(Verb::Accept, glob)
        } else if let Some(glob) = self.reject.or_else(|| all(self.reject_all)) {
            Task::Change(Verb::Reject, glob)
        } else if let Some(glob) = self.delete.or_else(|| all(self.delete_all)) {
            Task::Change(Verb::Delete, glob)
        } else if let Some(glob) = self.finger.or_else(|| all(self.finger_all)) {
            Task::Finger(glob)
        } else if let Some(glob) = self.print.or_else(|| all(self.print_all)) {
            Task::Print(glob)
        } else if let Some(name) = self.gen_keys {
            Task::Generate(name)
        } else if self.gen_token {
            Task::MakeToken
        } else if self.list_tokens {
            Task::ListTokens
        } else if let Some(name) = self.revoke_token {
            Task::RevokeToken(name)
        } else {
            Task::List(self.list.unwrap_or_else(|| "all".to_owned()))
        }
    }
}

pub(super) fn run(options: Options) -> Result<i32, CliError> {
    if options.common.versions_report {
        print!("{}", versions_report());
        return Ok(exit_codes::OK);
    }
    let config = options.common.load(options.logging.log_level.as_deref())?;
    let mut output = options.output.clone();
    if options.quiet {
        output.out = Some("quiet".into());
    }
    let mut printer = Printer::new(&output, &config)?;
    match options.action.task() {
        Task::Generate(name) => {
            let key = StaticKey::generate().map_err(|e| CliError::KeyFile(e.to_string()))?;
            key.save(&options.gen_keys_dir, &name).map_err(|e| CliError::KeyFile(e.to_string()))?;
        }
        Task::MakeToken => {
            let bounds = options.bounds.bounds();
            if !bounds.grains.is_empty() {
                Target::parse_str(&bounds.grains, TargetType::Grain, &Dict::new())
                    .map_err(|e| CliError::Usage(format!("--grains: {e}")))?;
            }
            let (token, text) = open(&config)?.make_token(bounds)?;
            if printer.for_people() {
                // Alone, so that a script can take it as it is.
                printer.line(&text)?;
            } else {
                printer.value(&token.shown().with("name", token.name).with("token", text).into(), None)?;
            }
        }
        Task::ListTokens => {
            let tokens = open(&config)?.tokens()?;
            let shown: Dict = tokens.iter().map(|t| (t.name.as_str(), Value::from(t.shown()))).collect();
            printer.value(&shown.into(), None)?;
        }
        Task::RevokeToken(name) => {
            if !open(&config)?.revoke_token(&name)? {
                return Err(CliError::Refused(format!(
                    "no token {name}; rsalt-key --list-tokens lists them"
                )));
            }
            if printer.for_people() {
                printer.line(&format!("Token {name} revoked."))?;
            }
        }
        Task::List(which) => {
            let keys = open(&config)?;
            let found = wheel::by_status(&keys, &which)?.ok_or_else(|| {
                CliError::Usage(format!(
                    "--list takes accepted, pre, un, rejected, denied or all, not '{which}'"
                ))
            })?;
            if options.verbose {
                let details = details(&config, &keys, &found)?;
                if printer.for_people() {
                    return print_details(&mut printer, &details);
                }
                printer.value(&details.into(), None)?;
            } else {
                printer.value(&found.into(), Some("key"))?;
            }
        }
        Task::Finger(glob) => {
            let found = wheel::fingers(&open(&config)?, &glob)?;
            printer.value(&found.into(), Some("key"))?;
        }
        Task::Print(glob) => {
            let found = wheel::texts(&open(&config)?, &glob)?;
            printer.value(&found.into(), Some("key"))?;
        }
        Task::Change(verb, glob) => {
            let include = Include {
                accepted: verb == Verb::Reject && (options.include_accepted || options.include_all),
                rejected: verb == Verb::Accept && (options.include_rejected || options.include_all),
                denied: options.include_denied,
            };
            let ask = Ask { yes: options.yes, quiet: options.quiet };
            return change(&config, &mut printer, &ask, verb, &glob, include);
        }
    }
    Ok(exit_codes::OK)
}

/// The key files. They are for those who may use the master's socket.
fn open(config: &MasterConfig) -> Result<Keys, CliError> {
    Keys::open(&config.pki_dir).map_err(unusable)
}

fn unusable(error: KeysError) -> CliError {
    match error {
        KeysError::Io { path, source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
            CliError::NoPermission(path)
        }
        error => error.into(),
    }
}

/// What is known of each key in `found`, by state and id.
fn details(config: &MasterConfig, keys: &Keys, found: &Dict) -> Result<Dict, CliError> {
    let call = Call { fun: "key.seen".into(), arg: vec![], user: super::rsalt::user() };
    let mut seen = Dict::new();
    match Client::send(&config.control_socket(), &ControlRequest::Wheel(call)) {
        Ok(mut client) => {
            while let Some(reply) = client.reply()? {
                if let ControlReply::Value { value: Value::Dict(value), .. } = reply {
                    seen = value.as_ref().clone();
                }
            }
        }
        // What only the master knows is left out.
        Err(CliError::NotRunning(_)) => {}
        Err(e) => return Err(e),
    }
    let mut out = Dict::new();
    for state in KeyState::ALL {
        let Some(ids) = found.get(state.dir()).and_then(Value::as_list) else { continue };
        let mut about = Dict::new();
        for id in ids.iter().filter_map(Value::as_str) {
            let number = |n: Option<f64>| n.map_or(Value::None, Value::from);
            let mut key = Dict::new()
                .with("since", number(keys.since(state, id)))
                .with("ephemeral", keys.is_ephemeral(id));
            if state == KeyState::Accepted
                && let Some(Value::Dict(seen)) = seen.get(id)
            {
                key.extend(seen.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
            about.insert(id, key);
        }
        out.insert(state.dir(), about);
    }
    Ok(out)
}

/// A line for each key.
fn print_details(printer: &mut Printer, details: &Dict) -> Result<i32, CliError> {
    let now = crate::duration::now();
    let ago = |value: Option<&Value>| value.and_then(Value::as_f64).map(|t| crate::duration::show(now - t));
    for state in KeyState::ALL {
        let Some(Value::Dict(keys)) = details.get(state.dir()) else { continue };
        let title = match state {
            KeyState::Accepted => "Accepted Keys:",
            KeyState::Denied => "Denied Keys:",
            KeyState::Pending => "Unaccepted Keys:",
            KeyState::Rejected => "Rejected Keys:",
        };
        printer.line(title)?;
        for (id, about) in keys.iter() {
            let mut line = format!("{id}  for {}", ago(about.get("since")).unwrap_or_else(|| "?".into()));
            let from = || about.get("address").and_then(Value::as_str).unwrap_or("?");
            if about.get("connected").is_some_and(Value::is_true) {
                line += &format!(", connected from {}", from());
            } else if let Some(ago) = ago(about.get("last_seen")) {
                line += &format!(", last seen {ago} ago from {}", from());
            }
            if about.get("ephemeral").is_some_and(Value::is_true) {
                line += ", ephemeral";
            }
            printer.line(&line)?;
        }
    }
    Ok(exit_codes::OK)
}

/// How the question is put.
struct Ask {
    yes: bool,
    quiet: bool,
}

/// Shows what is going to change, asks, changes just that.
fn change(
    config: &MasterConfig,
    printer: &mut Printer,
    ask: &Ask,
    verb: Verb,
    glob: &str,
    include: Include,
) -> Result<i32, CliError> {
    let keys = open(config)?;
    let found = keys.matching(glob, &verb.states(include))?;
    let talk = printer.for_people() && !ask.quiet;
    if found.is_empty() {
        let line = no_match(verb, glob, include);
        if talk {
            printer.line(&line)?
        } else {
            eprintln!("{line}")
        }
        return Ok(exit_codes::OK);
    }
    let chosen: Dict = found.iter().map(|(state, ids)| (state.dir(), Value::from(ids.clone()))).collect();
    if talk {
        printer.line(&format!("The following keys are going to be {}:", past(verb)))?;
        printer.value(&chosen.clone().into(), Some("key"))?;
    }
    if !ask.yes && !confirmed(verb)? {
        return Ok(exit_codes::OK);
    }
    apply(config, &keys, verb, &chosen)?;
    if talk {
        for id in found.iter().flat_map(|(_, ids)| ids) {
            printer.line(&format!("Key for minion {id} {}.", past(verb)))?;
        }
    } else {
        printer.value(&chosen.into(), Some("key"))?;
    }
    Ok(exit_codes::OK)
}

/// Through the master where it runs, else on the files.
fn apply(config: &MasterConfig, keys: &Keys, verb: Verb, chosen: &Dict) -> Result<(), CliError> {
    let arg = Dict::new().with("__kwarg__", true).with("match_dict", chosen.clone());
    let call = Call { fun: format!("key.{}", verb.act()), arg: vec![arg.into()], user: super::rsalt::user() };
    match Client::send(&config.control_socket(), &ControlRequest::Wheel(call)) {
        Ok(mut client) => {
            while let Some(reply) = client.reply()? {
                if let ControlReply::Value { value, retcode, .. } = reply
                    && retcode != 0
                {
                    return Err(CliError::Refused(value.to_string()));
                }
            }
        }
        Err(CliError::NotRunning(_)) => {
            wheel::apply_chosen(keys, verb, chosen)?;
        }
        Err(e) => return Err(e),
    }
    Ok(())
}

fn past(verb: Verb) -> &'static str {
    match verb {
        Verb::Accept => "accepted",
        Verb::Reject => "rejected",
        Verb::Delete => "deleted",
    }
}

/// Salt's line when nothing matches.
fn no_match(verb: Verb, glob: &str, include: Include) -> String {
    let mut states = vec!["unaccepted"];
    if include.accepted {
        states.push("accepted");
    }
    if include.rejected {
        states.push("rejected");
    }
    if include.denied {
        states.push("denied");
    }
    let states = match (verb, states.as_slice()) {
        (Verb::Delete, _) => "accepted, denied, unaccepted or rejected".to_owned(),
        (_, [all @ .., last]) if !all.is_empty() => format!("{} or {last}", all.join(", ")),
        (_, all) => all.join(""),
    };
    format!("The key glob '{glob}' does not match any {states} keys.")
}

/// Asks on the terminal. Accepting and rejecting are yes unless told otherwise, deleting is no.
fn confirmed(verb: Verb) -> Result<bool, CliError> {
    let (question, default) = match verb {
        Verb::Delete => ("Proceed? [N/y] ", false),
        Verb::Accept | Verb::Reject => ("Proceed? [n/Y] ", true),
    };
    print!("{question}");
    io::stdout().flush().map_err(|source| CliError::Write { what: "to the terminal".into(), source })?;
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    match read {
        // The end of the input is no answer, so nothing is done.
        Ok(0) | Err(_) => {
            println!();
            Ok(false)
        }
        Ok(_) => Ok(answer(&line, default)),
    }
}

fn answer(line: &str, default: bool) -> bool {
    let line = line.trim().to_lowercase();
    if line.is_empty() { default } else { line.starts_with('y') }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        for (line, default, yes) in [
            ("\n", true, true),
            ("\n", false, false),
            ("Y\n", false, true),
            ("yes", false, true),
            ("n\n", true, false),
            ("x", true, false),
        ] {
            assert_eq!(answer(line, default), yes, "{line:?}");
        }
    }

    #[test]
    fn nothing_matched_says_where_it_looked() {
        let include = |accepted, rejected, denied| Include { accepted, rejected, denied };
        for (verb, inc, states) in [
            (Verb::Accept, include(false, false, false), "unaccepted"),
            (Verb::Accept, include(false, true, false), "unaccepted or rejected"),
            (Verb::Reject, include(true, false, true), "unaccepted, accepted or denied"),
        ] {
            assert_eq!(
                no_match(verb, "x*", inc),
                format!("The key glob 'x*' does not match any {states} keys.")
            );
        }
    }

    #[test]
    fn other_users_are_told_whom_to_run_as() {
        let refused = |kind: io::ErrorKind| {
            unusable(KeysError::Io { what: "list", path: "/pki/minions".into(), source: kind.into() })
        };
        let error = refused(io::ErrorKind::PermissionDenied);
        assert_eq!(
            (error.to_string().as_str(), error.exit_code()),
            (
                "no permission to use /pki/minions: run this as root or as the user the master runs as",
                exit_codes::UNAVAILABLE
            )
        );
        assert_eq!(refused(io::ErrorKind::NotFound).exit_code(), exit_codes::GENERIC);
    }

    #[test]
    fn bounds_are_those_of_a_new_token() {
        assert!(Options::try_parse_from(["rsalt-key", "--uses", "3"]).is_err(), "without --gen-token");
        let options =
            Options::try_parse_from(["rsalt-key", "--gen-token", "--ttl", "0", "--uses", "0"]).unwrap();
        assert_eq!(options.bounds.bounds(), Bounds::default());
    }

    #[test]
    fn actions_exclude_each_other() {
        assert!(Options::try_parse_from(["rsalt-key", "-A", "-D"]).is_err());
        let options = Options::try_parse_from(["rsalt-key", "-A", "-y"]).unwrap();
        assert!(matches!(options.action.task(), Task::Change(Verb::Accept, glob) if glob == "*"));
        let options = Options::try_parse_from(["rsalt-key"]).unwrap();
        assert!(matches!(options.action.task(), Task::List(which) if which == "all"));
    }
}
