//! The first process of a container: starts the minion and the container's own command, reaps what is
//! orphaned, forwards signals, ends with the command's status.
//!
//! The minion is a child of its own, because only so may the first process reap whatever dies: the
//! children that the minion waits for are not its children.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

/// Set for the minion that is started here.
pub const SUPERVISED: &str = "RSALT_SUPERVISED";
/// Its value when there is a command beside the minion.
pub const WITH_COMMAND: &str = "with-command";
/// The minion gets so much time to stop when the command has ended.
const GRACE: Duration = Duration::from_secs(8);
/// Pauses before a minion that has died is started again.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// What is forwarded. Stop and continue are not: the engine sends them to all.
const FORWARDED: [(SignalKind, Signal); 7] = [
    (SignalKind::terminate(), Signal::TERM),
    (SignalKind::interrupt(), Signal::INT),
    (SignalKind::quit(), Signal::QUIT),
    (SignalKind::hangup(), Signal::HUP),
    (SignalKind::user_defined1(), Signal::USR1),
    (SignalKind::user_defined2(), Signal::USR2),
    (SignalKind::window_change(), Signal::WINCH),
];

/// What is to run.
#[derive(Debug)]
pub struct Plan {
    /// The minion: its program and arguments.
    pub minion: (OsString, Vec<OsString>),
    /// The container's own command.
    pub command: Option<(OsString, Vec<OsString>)>,
}

/// Runs both and returns the status to exit with: the command's, or without one the minion's.
pub async fn run(plan: Plan) -> io::Result<i32> {
    let mut children = signal(SignalKind::child())?;
    let mut forwarded = Vec::new();
    for (kind, number) in FORWARDED {
        forwarded.push((signal(kind)?, number));
    }
    let command = match &plan.command {
        Some((program, args)) => match Command::new(program).args(args).spawn() {
            Ok(child) => Some(pid_of(child.id())?),
            Err(error) => {
                tracing::error!(command = %program.to_string_lossy(), %error, "the command does not start");
                return Ok(if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 });
            }
        },
        None => None,
    };
    let mut minion = start(&plan)?;
    let (mut pause, mut restart_at) = (AGAIN.0, None::<Instant>);
    let mut ending: Option<(i32, Instant)> = None;
    loop {
        tokio::select! {
            _ = children.recv() => {}
            number = any(&mut forwarded) => {
                let to = command.or(minion);
                if let Some(pid) = to.filter(|_| ending.is_none()) {
                    // It may have ended already; the next reaping tells.
                    let _ = kill_process(pid, number);
                }
            }
            () = at(restart_at) => {
                restart_at = None;
                match start(&plan) {
                    Ok(pid) => minion = pid,
                    Err(error) => {
                        tracing::error!(%error, "the minion does not start");
                        restart_at = Some(Instant::now() + pause);
                    }
                }
            }
            () = at(ending.map(|(_, until)| until)) => {
                if let Some(pid) = minion {
                    let _ = kill_process(pid, Signal::KILL);
                }
                return Ok(ending.map_or(1, |(status, _)| status));
            }
        }
        let ended = reap();
        if let Some(status) = command.and_then(|pid| ended.get(&pid)) {
            match minion {
                Some(pid) if !ended.contains_key(&pid) => {
                    let _ = kill_process(pid, Signal::TERM);
                    ending = Some((*status, Instant::now() + GRACE));
                }
                _ => return Ok(*status),
            }
        }
        if let Some(status) = minion.and_then(|pid| ended.get(&pid)) {
            minion = None;
            match (ending, command) {
                (Some((command_status, _)), _) => return Ok(command_status),
                (None, None) => return Ok(*status),
                (None, Some(_)) => {
                    tracing::error!(
                        status,
                        "the minion has ended, it is started again in {} s",
                        pause.as_secs()
                    );
                    restart_at = Some(Instant::now() + pause);
                    pause = (pause * 2).min(AGAIN.1);
                }
            }
        }
    }
}

/// The minion has a process group of its own: Ctrl-C is for the command on the terminal.
fn start(plan: &Plan) -> io::Result<Option<Pid>> {
    let (program, args) = &plan.minion;
    let beside = if plan.command.is_some() { WITH_COMMAND } else { "alone" };
    let child = Command::new(program).args(args).env(SUPERVISED, beside).process_group(0).spawn()?;
    pid_of(child.id()).map(Some)
}

fn pid_of(id: u32) -> io::Result<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw).ok_or_else(|| io::Error::other("no process id"))
}

/// Reaps everything that has died, orphans too.
fn reap() -> HashMap<Pid, i32> {
    let mut ended = HashMap::new();
    while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
        if let Some(code) = exit_code(status) {
            ended.insert(pid, code);
        }
    }
    ended
}

/// As shells count: the status, or 128 and the signal.
fn exit_code(status: WaitStatus) -> Option<i32> {
    status.exit_status().or_else(|| status.terminating_signal().map(|s| 128 + s))
}

async fn any(forwarded: &mut [(tokio::signal::unix::Signal, Signal)]) -> Signal {
    std::future::poll_fn(|cx| {
        for (stream, number) in forwarded.iter_mut() {
            if stream.poll_recv(cx).is_ready() {
                return std::task::Poll::Ready(*number);
            }
        }
        std::task::Poll::Pending
    })
    .await
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
