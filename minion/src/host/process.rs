//! Starting a command and waiting for it: no polling, no thread per command, no fork of a copy unless the
//! user, the group or the umask changes.

use std::collections::HashSet;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::{Cancel, Cmd, Converse, Errors, HostError, Output, Stop};

/// How long a terminated command may clean up before it is killed.
const GRACE: Duration = Duration::from_secs(5);
/// How many commands that nobody waits for are remembered, to be reaped later.
const MAX_UNATTENDED: usize = 4096;
/// Bytes of a line that a command answers with.
const LONGEST_LINE: usize = 64 << 20;
/// Of what a command complains about while it is spoken with, the last so many bytes are kept.
const KEPT_ERRORS: usize = 64 << 10;

/// The child processes that somebody here waits for: whoever reaps orphans (process 1) must leave them.
#[derive(Default)]
pub struct Children(Mutex<Known>);

#[derive(Default)]
struct Known {
    attended: HashSet<u32>,
    unattended: Vec<Child>,
}

/// The children of this process.
pub fn children() -> &'static Children {
    static CHILDREN: OnceLock<Children> = OnceLock::new();
    CHILDREN.get_or_init(Children::default)
}

impl Children {
    /// Runs `reap` while no child is being started; it is told which processes are not its business.
    pub fn while_none_starts<T>(&self, reap: impl FnOnce(&dyn Fn(u32) -> bool) -> T) -> T {
        let known = self.lock();
        reap(&|pid| known.attended.contains(&pid) || known.unattended.iter().any(|c| c.id() == pid))
    }

    /// Starts a child and remembers it before anybody can reap it.
    pub fn start(&self, command: &mut Command) -> io::Result<Child> {
        let mut known = self.lock();
        known.reap_unattended();
        let child = command.spawn()?;
        known.attended.insert(child.id());
        Ok(child)
    }

    /// Forgets a child that was waited for.
    pub fn done(&self, pid: u32) {
        self.lock().attended.remove(&pid);
    }

    fn leave(&self, child: Child) {
        let mut known = self.lock();
        known.attended.remove(&child.id());
        if known.unattended.len() < MAX_UNATTENDED {
            known.unattended.push(child);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn reap_unattended(&mut self) {
        self.unattended.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
    }
}

/// Whom to run as, looked up before the fork: no look-up is allowed after it.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) groups: Vec<u32>,
}

/// Starts `cmd` and does not wait for it.
pub(super) fn start(cmd: &Cmd, who: Option<Identity>) -> Result<u32, HostError> {
    let mut command = command(cmd, who);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = children().start(&mut command).map_err(|source| start_error(cmd, source))?;
    let pid = child.id();
    children().leave(child);
    Ok(pid)
}

/// Runs `cmd` to its end.
pub(super) fn run(cmd: &Cmd, who: Option<Identity>, cancel: &Cancel) -> Result<Output, HostError> {
    if cancel.stopped().is_some() {
        return Err(HostError::Cancelled);
    }
    let failed = |source: io::Error| start_error(cmd, source);
    let mut command = command(cmd, who);
    let (out_read, out_write) = pipe().map_err(failed)?;
    let mut err_read = None;
    match cmd.errors {
        Errors::WithOutput => {
            command.stderr(out_write.try_clone().map_err(failed)?);
        }
        Errors::Apart => {
            let (read, write) = pipe().map_err(failed)?;
            command.stderr(write);
            err_read = Some(read);
        }
    }
    command.stdout(out_write);
    command.stdin(if cmd.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = children().start(&mut command).map_err(failed)?;
    // The write ends in `command` would keep the pipes open for ever.
    drop(command);
    let pid = child.id();
    let stdin = child.stdin.take().map(OwnedFd::from);
    let mut running = Running {
        child,
        output: Output { pid, ..Output::default() },
        deadline: cmd.timeout.and_then(|t| Instant::now().checked_add(t)),
        cancel: cancel.clone(),
    };
    let waited = running.talk(stdin, cmd.stdin.as_deref().unwrap_or_default(), out_read, err_read);
    let ended = waited.and_then(|()| running.await_end());
    let status = match ended {
        Ok(status) => status,
        Err(why) => {
            running.end_group(&why);
            children().done(pid);
            return Err(match why {
                Interrupted::TimedOut => HostError::TimedOut {
                    command: cmd.to_string(),
                    seconds: cmd.timeout.unwrap_or_default().as_secs_f64(),
                    output: Box::new(running.output),
                },
                Interrupted::Cancelled(_) => HostError::Cancelled,
                Interrupted::Failed(source) => start_error(cmd, source),
            });
        }
    };
    children().done(pid);
    running.output.code = exit_code(status);
    Ok(running.output)
}

fn start_error(cmd: &Cmd, source: io::Error) -> HostError {
    HostError::Start { command: cmd.to_string(), source }
}

/// As Python has it: a signal is its negated number.
fn exit_code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|s| -s)).unwrap_or(-1)
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?)
}

// `Command` starts a process with another working directory by `posix_spawn` only where libc has this
// function, and looks for it weakly: a static libc leaves out what nobody asks for by name, and each
// command would be a fork of the whole process. Measured: 2.8 times the cost of the command itself.
#[cfg(all(target_env = "gnu", target_feature = "crt-static"))]
#[used]
static SPAWN_IN_DIRECTORY: unsafe extern "C" fn(
    *mut std::ffi::c_void,
    *const std::ffi::c_char,
) -> std::ffi::c_int = {
    unsafe extern "C" {
        fn posix_spawn_file_actions_addchdir_np(
            actions: *mut std::ffi::c_void,
            path: *const std::ffi::c_char,
        ) -> std::ffi::c_int;
    }
    posix_spawn_file_actions_addchdir_np
};

fn command(cmd: &Cmd, who: Option<Identity>) -> Command {
    let mut argv = cmd.argv();
    let mut command = Command::new(argv.next().unwrap_or_default());
    command.args(argv);
    // A group of its own, so that all of it can be ended. std starts it with posix_spawn as long as
    // there is no `pre_exec`: that costs the same whatever this process's size.
    command.process_group(0);
    if cmd.clean_env {
        command.env_clear();
    }
    for (name, value) in &cmd.env {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(dir) = &cmd.cwd {
        command.current_dir(dir);
    }
    if who.is_some() || cmd.umask.is_some() {
        let umask = cmd.umask;
        // SAFETY: between fork and exec only system calls are made, on memory that was allocated before.
        unsafe {
            command.pre_exec(move || become_user(who.as_ref(), umask));
        }
    }
    command
}

fn become_user(who: Option<&Identity>, umask: Option<u32>) -> io::Result<()> {
    if let Some(mask) = umask {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(mask & 0o777));
    }
    if let Some(who) = who {
        set_groups(&who.groups)?;
        rustix::thread::set_thread_gid(rustix::process::Gid::from_raw(who.gid))?;
        rustix::thread::set_thread_uid(rustix::process::Uid::from_raw(who.uid))?;
    }
    Ok(())
}

/// `setgroups` without an allocation: more groups than fit the buffer are left out.
fn set_groups(groups: &[u32]) -> io::Result<()> {
    let mut buffer = [rustix::process::Gid::ROOT; 64];
    let mut n = 0;
    for (slot, gid) in buffer.iter_mut().zip(groups) {
        *slot = rustix::process::Gid::from_raw(*gid);
        n += 1;
    }
    Ok(rustix::thread::set_thread_groups(buffer.get(..n).unwrap_or_default())?)
}

/// Why a command is not waited for any longer.
#[derive(Debug)]
enum Interrupted {
    TimedOut,
    Cancelled(Stop),
    Failed(io::Error),
}

impl From<io::Error> for Interrupted {
    fn from(error: io::Error) -> Self {
        Interrupted::Failed(error)
    }
}

/// Starts a command that is spoken with line by line.
pub(super) fn converse(cmd: &Cmd, who: Option<Identity>, cancel: &Cancel) -> Result<Conversation, HostError> {
    if cancel.stopped().is_some() {
        return Err(HostError::Cancelled);
    }
    let mut command = command(cmd, who);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = children().start(&mut command).map_err(|source| start_error(cmd, source))?;
    let ends = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let output = Output { pid: child.id(), ..Output::default() };
    let running = Running { child, output, deadline: None, cancel: cancel.clone() };
    let (Some(stdin), Some(out), Some(err)) = ends else {
        return Err(start_error(cmd, io::ErrorKind::BrokenPipe.into()));
    };
    let stdin = OwnedFd::from(stdin);
    rustix::io::ioctl_fionbio(&stdin, true).map_err(|errno| start_error(cmd, errno.into()))?;
    Ok(Conversation {
        running,
        command: cmd.to_string(),
        stdin,
        out: Some(out.into()),
        err: Some(err.into()),
    })
}

/// A command that is spoken with; its group ends with this.
pub(super) struct Conversation {
    running: Running,
    command: String,
    stdin: OwnedFd,
    out: Option<OwnedFd>,
    err: Option<OwnedFd>,
}

impl Conversation {
    fn line(&mut self, mut input: &[u8]) -> Result<Option<Vec<u8>>, Interrupted> {
        let mut searched = 0;
        loop {
            let unread = self.running.output.stdout.get(searched..).unwrap_or_default();
            if let (true, Some(end)) = (input.is_empty(), memchr::memchr(b'\n', unread)) {
                let rest = self.running.output.stdout.split_off(searched + end + 1);
                return Ok(Some(std::mem::replace(&mut self.running.output.stdout, rest)));
            }
            if input.is_empty() {
                searched = self.running.output.stdout.len();
            }
            if searched > LONGEST_LINE {
                let said = format!("a line of more than {LONGEST_LINE} bytes");
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, said).into());
            }
            if self.out.is_none() {
                return Ok(None);
            }
            let stdin = (!input.is_empty()).then_some(&self.stdin);
            let [out_ready, err_ready, in_ready] =
                self.running.ready(self.out.as_ref(), self.err.as_ref(), stdin)?;
            self.running.read_ready(out_ready, &mut self.out, err_ready, &mut self.err)?;
            let errors = &mut self.running.output.stderr;
            errors.drain(..errors.len().saturating_sub(KEPT_ERRORS));
            if in_ready {
                input = write_some(&self.stdin, input);
            }
        }
    }
}

impl Converse for Conversation {
    fn ask(&mut self, line: &[u8]) -> Result<Option<Vec<u8>>, HostError> {
        self.line(line).map_err(|why| match why {
            Interrupted::Failed(source) => HostError::Start { command: self.command.clone(), source },
            why => {
                self.running.end_group(&why);
                HostError::Cancelled
            }
        })
    }

    fn errors(&mut self) -> Vec<u8> {
        let errors = &mut self.running.output.stderr;
        // What it said before its answer may still be on the way.
        let now = Timespec::default();
        while let Some(fd) = self.err.as_ref().filter(|_| errors.len() < KEPT_ERRORS) {
            match poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&now)) {
                Ok(1..) if matches!(read_some(fd.as_fd(), errors), Ok(true)) => {}
                Ok(1..) => self.err = None,
                _ => break,
            }
        }
        std::mem::take(errors)
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.running.end_group(&Interrupted::TimedOut);
        children().done(self.running.output.pid);
    }
}

struct Running {
    child: Child,
    output: Output,
    deadline: Option<Instant>,
    cancel: Cancel,
}

impl Running {
    /// Feeds and reads the command until everybody has closed its output.
    fn talk(
        &mut self,
        mut stdin: Option<OwnedFd>,
        mut input: &[u8],
        out: OwnedFd,
        err: Option<OwnedFd>,
    ) -> Result<(), Interrupted> {
        if let Some(stdin) = &stdin {
            rustix::io::ioctl_fionbio(stdin, true).map_err(io::Error::from)?;
        }
        let (mut out, mut err) = (Some(out), err);
        while out.is_some() || err.is_some() {
            if input.is_empty() {
                stdin = None;
            }
            let [out_ready, err_ready, in_ready] = self.ready(out.as_ref(), err.as_ref(), stdin.as_ref())?;
            self.read_ready(out_ready, &mut out, err_ready, &mut err)?;
            if let (true, Some(fd)) = (in_ready, &stdin) {
                input = write_some(fd, input);
            }
        }
        Ok(())
    }

    /// Waits until something can be read or written, and tells which.
    fn ready(
        &self,
        out: Option<&OwnedFd>,
        err: Option<&OwnedFd>,
        stdin: Option<&OwnedFd>,
    ) -> Result<[bool; 3], Interrupted> {
        let mut at = [None; 3];
        let mut fds = Vec::with_capacity(4);
        for ((fd, flags), slot) in
            [(out, PollFlags::IN), (err, PollFlags::IN), (stdin, PollFlags::OUT)].into_iter().zip(&mut at)
        {
            if let Some(fd) = fd {
                *slot = Some(fds.len());
                fds.push(PollFd::from_borrowed_fd(fd.as_fd(), flags));
            }
        }
        self.poll(&mut fds)?;
        let hit =
            |slot: Option<usize>| slot.and_then(|at| fds.get(at)).is_some_and(|fd| !fd.revents().is_empty());
        Ok(at.map(hit))
    }

    /// Reads what is there; what has been closed is none from then on.
    fn read_ready(
        &mut self,
        out_ready: bool,
        out: &mut Option<OwnedFd>,
        err_ready: bool,
        err: &mut Option<OwnedFd>,
    ) -> io::Result<()> {
        for (ready, end, into) in
            [(out_ready, out, &mut self.output.stdout), (err_ready, err, &mut self.output.stderr)]
        {
            if let (true, Some(fd)) = (ready, &*end)
                && !read_some(fd.as_fd(), into)?
            {
                *end = None;
            }
        }
        Ok(())
    }

    /// Waits for the process itself; its output is closed already, so it is about to end as a rule.
    fn await_end(&mut self) -> Result<ExitStatus, Interrupted> {
        if self.deadline.is_none() && self.cancel.fd().is_none() {
            return Ok(self.child.wait()?);
        }
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            let Ok(fd) = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty()) else {
                return self.await_end_by_thread();
            };
            self.poll(&mut vec![PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)])?;
        }
    }

    /// For systems without pidfd: a thread waits, and its end closes a pipe.
    fn await_end_by_thread(&mut self) -> Result<ExitStatus, Interrupted> {
        let (read, write) = pipe()?;
        let pid = Pid::from_child(&self.child);
        std::thread::spawn(move || {
            use rustix::process::{WaitId, WaitIdOptions, waitid};
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
            drop(write);
        });
        self.poll(&mut vec![PollFd::from_borrowed_fd(read.as_fd(), PollFlags::IN)])?;
        Ok(self.child.wait()?)
    }

    /// Waits until one of `fds` is ready, the time is over or the job is cancelled.
    fn poll<'fd>(&'fd self, fds: &mut Vec<PollFd<'fd>>) -> Result<(), Interrupted> {
        if let Some(cancel) = self.cancel.fd() {
            fds.push(PollFd::from_borrowed_fd(cancel, PollFlags::IN));
        }
        loop {
            let left = self.deadline.map(|d| d.saturating_duration_since(Instant::now()));
            let timeout = left.and_then(|left| Timespec::try_from(left).ok());
            match poll(fds, timeout.as_ref()) {
                Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(Interrupted::Failed(errno.into())),
                Ok(n) => {
                    if let Some(stop) = self.cancel.stopped() {
                        return Err(Interrupted::Cancelled(stop));
                    }
                    if n > 0 {
                        return Ok(());
                    }
                    if left.is_some_and(|left| left.is_zero()) {
                        return Err(Interrupted::TimedOut);
                    }
                }
            }
        }
    }

    /// Ends the whole process group and reaps the command.
    fn end_group(&mut self, why: &Interrupted) {
        let group = Pid::from_child(&self.child);
        if matches!(why, Interrupted::Cancelled(Stop::Term)) {
            let _ = kill_process_group(group, Signal::TERM);
            self.deadline = Instant::now().checked_add(GRACE);
            // From here on a second, harder cancel ends the wait as well.
            if let Ok(fd) = pidfd_open(group, PidfdFlags::empty()) {
                let timeout = Timespec::try_from(GRACE).ok();
                let _ = poll(&mut [PollFd::new(&fd, PollFlags::IN)], timeout.as_ref());
            }
        }
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Writes what there is room for; what is left to be written.
fn write_some<'a>(fd: &OwnedFd, input: &'a [u8]) -> &'a [u8] {
    match rustix::io::write(fd, input) {
        Ok(n) => input.get(n..).unwrap_or_default(),
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => input,
        // The command has closed its input: it does not want the rest.
        Err(_) => &[],
    }
}

/// Reads what is there; false at the end.
fn read_some(fd: BorrowedFd<'_>, into: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0u8; 16384];
    match rustix::io::read(fd, &mut buffer) {
        Ok(0) => Ok(false),
        Ok(n) => {
            into.extend_from_slice(buffer.get(..n).unwrap_or_default());
            Ok(true)
        }
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Ok(true),
        Err(errno) => Err(errno.into()),
    }
}
