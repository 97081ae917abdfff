//! Users who are not root, on the control socket; and what the audit log keeps of everybody.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::world::World;

/// `nobody`, who is on every machine.
const NOBODY: u32 = 65534;

/// A world whose files all may read, with the command line tool in it.
fn open_world(options: &str) -> (World, PathBuf) {
    let world = World::with(options);
    let dir = world.dir.path();
    let tool = dir.join("rsalt");
    std::fs::copy(env!("CARGO_BIN_EXE_rsalt"), &tool).unwrap();
    for path in [dir, &tool] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    (world, tool)
}

/// The tool as another user: exit code and what it says.
fn as_nobody(world: &World, tool: &std::path::Path, words: &[&str]) -> (i32, String) {
    let conf = world.dir.path().join("master/conf");
    let mut command = Command::new(tool);
    command.arg("-c").arg(conf).args(words).uid(NOBODY).gid(NOBODY).env_remove("SUDO_USER");
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[test]
fn other_users_may_do_what_the_rules_say() {
    let rules = "publisher_acl: {nobody: [test.ping, {'web-1': [test.echo]}]}\naudit_log: /audit";
    let (world, tool) = open_world(rules);
    let _minions = (world.connected("web-1"), world.connected("web-2"));
    let (code, said) = as_nobody(&world, &tool, &["*", "test.ping", "--out=json", "--static"]);
    assert_eq!((code, said.matches("true").count()), (0, 2), "{said}");
    let (code, said) = as_nobody(&world, &tool, &["web-1", "test.echo", "x"]);
    assert!(code == 0 && said.contains('x'), "{said}");
    for words in
        [&["web-2", "test.echo", "secret"][..], &["*", "test.echo", "secret"], &["web-1", "cmd.run", "id"]]
    {
        let (code, said) = as_nobody(&world, &tool, words);
        assert!(code != 0 && said.contains("Authorization error occurred"), "{said}");
    }
    let log = std::fs::read_to_string(world.dir.path().join("master/audit")).unwrap();
    let of = |what: &str| log.lines().filter(|line| line.contains(&format!("\"what\": \"{what}\""))).count();
    assert_eq!((of("job"), of("refused")), (2, 2), "{log}");
    assert!(log.contains("\"user\": \"nobody\", \"fun\": \"test.echo\", \"tgt\": [\"web-1\"]"), "{log}");
    assert!(!log.contains("secret"), "arguments are in no log: {log}");
}

#[test]
fn without_rules_the_socket_is_closed() {
    let (world, tool) = open_world("");
    let _minion = world.connected("web-1");
    let (code, said) = as_nobody(&world, &tool, &["*", "test.ping"]);
    assert!(code != 0 && said.contains("permission"), "{said}");
}
