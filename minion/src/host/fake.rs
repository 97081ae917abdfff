//! A machine of canned answers and files in memory, for the tests of modules.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::{Cancel, Cmd, FileKind, Group, Host, HostError, Output, Stat, User};

/// A machine that knows only what it was told. Clones are the same machine.
#[derive(Clone, Default)]
pub struct FakeHost(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    answers: Vec<Answer>,
    files: BTreeMap<PathBuf, Node>,
    users: Vec<User>,
    groups: Vec<Group>,
    env: BTreeMap<String, String>,
    /// Commands that nobody told about are errors, unless this is set: they end well and print nothing.
    lenient: bool,
    runs: Vec<Vec<String>>,
    writes: Vec<String>,
}

/// What a command answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The program and its arguments.
    pub run: Vec<String>,
    /// What it prints.
    pub out: String,
    /// What it complains about.
    pub err: String,
    /// Its status.
    pub code: i32,
    /// What is at these paths once it ran; nothing: it is gone.
    pub leaves: Vec<(PathBuf, Option<Node>)>,
    /// Whether it was asked for.
    pub used: bool,
}

/// Something in the file system.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// File, directory or link.
    pub kind: FileKind,
    /// The content of a file, the target of a link.
    pub data: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Whether somebody looked at it.
    pub used: bool,
}

impl Node {
    /// A file of root's with mode 0644.
    pub fn file(data: impl Into<Vec<u8>>) -> Self {
        Node { kind: FileKind::File, data: data.into(), mode: 0o644, uid: 0, gid: 0, used: false }
    }

    /// A directory of root's with mode 0755.
    pub fn dir() -> Self {
        Node { kind: FileKind::Dir, data: Vec::new(), mode: 0o755, uid: 0, gid: 0, used: false }
    }

    /// A symbolic link.
    pub fn link(target: &str) -> Self {
        Node { kind: FileKind::Symlink, data: target.into(), mode: 0o777, uid: 0, gid: 0, used: false }
    }
}

impl FakeHost {
    /// A machine with an empty root directory and the account `root`.
    pub fn new() -> Self {
        let host = FakeHost::default();
        {
            let mut state = host.state();
            let root = Node { used: true, ..Node::dir() };
            state.files.insert("/".into(), root);
            state.users = super::parse_passwd("root:x:0:0:root:/root:/bin/sh\n");
            state.groups = super::parse_group("root:x:0:\n");
        }
        host
    }

    /// The command answers this, each time it is run.
    #[must_use]
    pub fn with_run(self, run: &[&str], out: &str) -> Self {
        let run = run.iter().map(|s| (*s).to_owned()).collect();
        self.with_answer(Answer { run, out: out.to_owned(), ..Answer::default() })
    }

    /// The command answers this, each time it is run; the first of two answers to the same command is
    /// given once and then the second.
    #[must_use]
    pub fn with_answer(self, answer: Answer) -> Self {
        self.state().answers.push(answer);
        self
    }

    /// There is something at `path`; the directories above it are made.
    #[must_use]
    pub fn with_node(self, path: impl AsRef<Path>, node: Node) -> Self {
        self.put(path.as_ref(), node);
        self
    }

    /// There is a file at `path`.
    #[must_use]
    pub fn with_file(self, path: impl AsRef<Path>, data: impl Into<Vec<u8>>) -> Self {
        self.with_node(path, Node::file(data))
    }

    /// There is an account.
    #[must_use]
    pub fn with_user(self, passwd_line: &str) -> Self {
        self.state().users.extend(super::parse_passwd(passwd_line));
        self
    }

    /// There is a group.
    #[must_use]
    pub fn with_group(self, group_line: &str) -> Self {
        self.state().groups.extend(super::parse_group(group_line));
        self
    }

    /// The environment has a variable.
    #[must_use]
    pub fn with_env(self, name: &str, value: &str) -> Self {
        self.state().env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// From here on a command that nobody told about ends well and prints nothing.
    pub fn be_lenient(&self) {
        self.state().lenient = true;
    }

    /// The commands that ran and had no canned answer, in order.
    pub fn runs(&self) -> Vec<Vec<String>> {
        self.state().runs.clone()
    }

    /// What was written, in order: `write /etc/motd`, `mkdir /srv`, `chmod /srv 0750` …
    pub fn writes(&self) -> Vec<String> {
        self.state().writes.clone()
    }

    /// What is at `path` now.
    pub fn node(&self, path: impl AsRef<Path>) -> Option<Node> {
        self.state().files.get(path.as_ref()).cloned()
    }

    /// The answers and files that nobody asked for.
    pub fn unused(&self) -> Vec<String> {
        let state = self.state();
        let answers = state.answers.iter().filter(|a| !a.used).map(|a| a.run.join(" "));
        let files = state.files.iter().filter(|(_, n)| !n.used).map(|(p, _)| p.display().to_string());
        answers.chain(files).collect()
    }

    fn put(&self, path: &Path, node: Node) {
        let mut state = self.state();
        for parent in path.ancestors().skip(1) {
            state.files.entry(parent.to_owned()).or_insert_with(|| Node { used: true, ..Node::dir() });
        }
        state.files.insert(path.to_owned(), node);
    }

    /// A file as text, empty when there is none: commands may leave other accounts behind.
    fn text(&self, path: &str) -> String {
        let content = self.read(Path::new(path)).unwrap_or_default();
        String::from_utf8_lossy(&content).into_owned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wrote(&self, what: String) {
        self.state().writes.push(what);
    }

    /// The path behind symbolic links in its last part.
    fn follow(&self, path: &Path) -> Result<PathBuf, HostError> {
        let mut at = path.to_owned();
        for _ in 0..40 {
            match self.state().files.get(&at) {
                Some(node) if node.kind == FileKind::Symlink => {
                    let target = PathBuf::from(String::from_utf8_lossy(&node.data).into_owned());
                    at = at.parent().unwrap_or(Path::new("/")).join(target);
                }
                _ => return Ok(at),
            }
        }
        Err(HostError::file("resolve", path, rustix::io::Errno::LOOP))
    }

    fn look(&self, path: &Path) -> Option<Stat> {
        let mut state = self.state();
        let node = state.files.get_mut(path)?;
        node.used = true;
        Some(Stat {
            kind: node.kind,
            mode: node.mode,
            uid: node.uid,
            gid: node.gid,
            size: node.data.len() as u64,
            // Another content is another file, as with programs that write beside and rename.
            inode: node.data.iter().fold(1, |all, byte| all.wrapping_mul(31).wrapping_add(u64::from(*byte))),
            dev: 1,
            links: 1,
            device: (0, 0),
            times: [0.0; 3],
        })
    }

    fn change(
        &self,
        operation: &'static str,
        path: &Path,
        change: impl FnOnce(&mut Node),
    ) -> Result<(), HostError> {
        let mut state = self.state();
        let node = state.files.get_mut(path).ok_or_else(|| missing(operation, path))?;
        node.used = true;
        change(node);
        Ok(())
    }
}

fn missing(operation: &'static str, path: &Path) -> HostError {
    HostError::file(operation, path, std::io::Error::from(std::io::ErrorKind::NotFound))
}

impl Host for FakeHost {
    fn run(&self, cmd: &Cmd) -> Result<Output, HostError> {
        let argv: Vec<String> = cmd.argv().map(str::to_owned).collect();
        let mut state = self.state();
        let fits = |a: &&mut Answer| a.run == argv;
        let fresh = state.answers.iter_mut().filter(fits).position(|a| !a.used);
        let answers: Vec<&mut Answer> = state.answers.iter_mut().filter(fits).collect();
        let last = answers.len().saturating_sub(1);
        if let Some(answer) = answers.into_iter().nth(fresh.unwrap_or(last)) {
            answer.used = true;
            let (stdout, stderr) = (answer.out.clone().into_bytes(), answer.err.clone().into_bytes());
            let (code, leaves) = (answer.code, answer.leaves.clone());
            drop(state);
            for (path, node) in leaves {
                match node {
                    Some(node) => self.put(&path, Node { used: true, ..node }),
                    None => self.state().files.retain(|at, _| !at.starts_with(&path)),
                }
            }
            return Ok(Output { code, pid: 4711, stdout, stderr });
        }
        if !state.lenient {
            return Err(HostError::NoAnswer { question: format!("command {argv:?}") });
        }
        state.runs.push(argv);
        Ok(Output { pid: 4711, ..Output::default() })
    }

    fn start(&self, cmd: &Cmd) -> Result<u32, HostError> {
        self.run(cmd).map(|output| output.pid)
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, HostError> {
        let at = self.follow(path)?;
        let mut state = self.state();
        let node = state.files.get_mut(&at).ok_or_else(|| missing("read", path))?;
        node.used = true;
        if node.kind == FileKind::Dir {
            return Err(HostError::file("read", path, rustix::io::Errno::ISDIR));
        }
        Ok(node.data.clone())
    }

    fn write_atomic(&self, path: &Path, data: &[u8], mode: Option<u32>) -> Result<(), HostError> {
        let at = self.follow(path)?;
        if !at.parent().is_some_and(|p| self.is_dir(p)) {
            return Err(missing("write", path));
        }
        let old = self.node(&at).unwrap_or_else(|| Node::file(""));
        let node = Node { data: data.to_vec(), mode: mode.unwrap_or(old.mode), used: true, ..old };
        self.put(&at, node);
        self.wrote(format!("write {}", at.display()));
        Ok(())
    }

    fn stat(&self, path: &Path) -> Result<Option<Stat>, HostError> {
        let at = self.follow(path)?;
        Ok(self.look(&at))
    }

    fn lstat(&self, path: &Path) -> Result<Option<Stat>, HostError> {
        Ok(self.look(path))
    }

    fn readlink(&self, path: &Path) -> Result<PathBuf, HostError> {
        match self.node(path) {
            Some(node) if node.kind == FileKind::Symlink => {
                self.look(path);
                Ok(PathBuf::from(String::from_utf8_lossy(&node.data).into_owned()))
            }
            _ => Err(missing("read link", path)),
        }
    }

    fn canonicalize(&self, path: &Path) -> Result<PathBuf, HostError> {
        let at = self.follow(path)?;
        self.look(&at).map(|_| at).ok_or_else(|| missing("resolve", path))
    }

    fn list_dir(&self, path: &Path) -> Result<Vec<String>, HostError> {
        if !self.is_dir(path) {
            return Err(missing("list", path));
        }
        let at = self.follow(path)?;
        let mut state = self.state();
        let inside = state.files.iter_mut().filter(|(p, _)| p.parent() == Some(&at));
        let name = |(path, node): (&PathBuf, &mut Node)| {
            node.used = true;
            Some(path.file_name()?.to_string_lossy().into_owned())
        };
        Ok(inside.filter_map(name).collect())
    }

    fn symlink(&self, target: &Path, path: &Path) -> Result<(), HostError> {
        self.put(path, Node { used: true, ..Node::link(&target.to_string_lossy()) });
        self.wrote(format!("symlink {} {}", path.display(), target.display()));
        Ok(())
    }

    fn hard_link(&self, target: &Path, path: &Path) -> Result<(), HostError> {
        let node = self.node(target).ok_or_else(|| missing("link", target))?;
        self.put(path, Node { used: true, ..node });
        self.wrote(format!("link {} {}", path.display(), target.display()));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), HostError> {
        let node = self.state().files.remove(from).ok_or_else(|| missing("rename", from))?;
        self.put(to, Node { used: true, ..node });
        self.wrote(format!("rename {} {}", from.display(), to.display()));
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> Result<(), HostError> {
        self.state().files.remove(path).ok_or_else(|| missing("remove", path))?;
        self.wrote(format!("remove {}", path.display()));
        Ok(())
    }

    fn remove_dir(&self, path: &Path) -> Result<(), HostError> {
        self.remove_file(path)
    }

    fn mkdir(&self, path: &Path, mode: Option<u32>) -> Result<(), HostError> {
        if self.node(path).is_some() {
            return Err(HostError::file("make directory", path, rustix::io::Errno::EXIST));
        }
        self.put(path, Node { mode: mode.unwrap_or(0o755), used: true, ..Node::dir() });
        self.wrote(format!("mkdir {}", path.display()));
        Ok(())
    }

    fn chmod(&self, path: &Path, mode: u32) -> Result<(), HostError> {
        self.change("change mode of", path, |node| node.mode = mode)?;
        self.wrote(format!("chmod {} {mode:04o}", path.display()));
        Ok(())
    }

    fn chown(&self, path: &Path, uid: Option<u32>, gid: Option<u32>, _follow: bool) -> Result<(), HostError> {
        self.change("change owner of", path, |node| {
            node.uid = uid.unwrap_or(node.uid);
            node.gid = gid.unwrap_or(node.gid);
        })?;
        let id = |id: Option<u32>| id.map(|id| id.to_string()).unwrap_or_default();
        self.wrote(format!("chown {} {}:{}", path.display(), id(uid), id(gid)));
        Ok(())
    }

    fn set_times(
        &self,
        path: &Path,
        _atime: Option<SystemTime>,
        _mtime: Option<SystemTime>,
    ) -> Result<(), HostError> {
        self.change("change times of", path, |_| {})?;
        self.wrote(format!("touch {}", path.display()));
        Ok(())
    }

    fn users(&self) -> Result<Arc<Vec<User>>, HostError> {
        let mut users = self.state().users.clone();
        users.extend(super::parse_passwd(&self.text("/etc/passwd")));
        Ok(Arc::new(users))
    }

    fn groups(&self) -> Result<Arc<Vec<Group>>, HostError> {
        let mut groups = self.state().groups.clone();
        groups.extend(super::parse_group(&self.text("/etc/group")));
        Ok(Arc::new(groups))
    }

    /// Always the same moment: 2026-01-31 10:00 UTC.
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_769_853_600)
    }

    fn env(&self, name: &str) -> Option<String> {
        self.state().env.get(name).cloned()
    }

    fn environment(&self) -> Vec<(String, String)> {
        self.state().env.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
    }

    fn set_env(&self, name: &str, value: Option<&str>, _for_all: bool) {
        let mut state = self.state();
        match value {
            Some(value) => state.env.insert(name.to_owned(), value.to_owned()),
            None => state.env.remove(name),
        };
    }

    fn euid(&self) -> u32 {
        0
    }

    /// Takes no time.
    fn sleep(&self, _time: Duration) -> Result<(), HostError> {
        Ok(())
    }

    fn for_job(&self, _cancel: Cancel) -> Arc<dyn Host> {
        Arc::new(self.clone())
    }
}
