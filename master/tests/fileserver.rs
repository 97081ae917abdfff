//! What the file server gives, and what it never gives.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use master::fileserver::{FileServer, FileServerError};
use proto::config::MasterConfig;
use proto::message::{ChunkRequest, FileRequest};

/// Two environments, `base` over two roots, and a secret beside them.
fn tree(config: &str) -> (tempfile::TempDir, FileServer) {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    at("a/top.sls", "first");
    at("a/web/init.sls", "web");
    at("a/web/files/conf.swp", "swap");
    at("a/.git/config", "git");
    at("b/top.sls", "second");
    at("b/only_b.sls", "b");
    at("dev/dev.sls", "dev");
    at("any/stage/stage.sls", "stage");
    at("secret/key", "secret");
    fs::create_dir_all(dir.path().join("a/empty")).unwrap();
    symlink("web/init.sls", dir.path().join("a/inside")).unwrap();
    symlink(dir.path().join("secret/key"), dir.path().join("a/outside")).unwrap();
    symlink(dir.path().join("secret"), dir.path().join("a/outdir")).unwrap();
    symlink("..", dir.path().join("a/web/up")).unwrap();
    symlink("nowhere", dir.path().join("a/dangling")).unwrap();
    let d = dir.path().display();
    at(
        "conf/master",
        &format!(
            "root_dir: {d}/root\nfile_roots:\n  base: [{d}/a, {d}/b, {d}/missing]\n  dev: [{d}/dev]\n  __env__: \
             [{d}/any/__env__]\n{config}"
        ),
    );
    let config = MasterConfig::load(&dir.path().join("conf")).unwrap();
    let server = FileServer::new(&config).unwrap();
    (dir, server)
}

fn content(server: &FileServer, path: &str, env: &str) -> Option<String> {
    server.find(path, env).ok().flatten().map(|p| fs::read_to_string(p).unwrap())
}

fn request(path: &str) -> FileRequest {
    FileRequest { path: path.into(), saltenv: "base".into() }
}

#[test]
fn the_first_root_wins_and_environments_are_apart() {
    let (_dir, server) = tree("");
    for (path, env, expected) in [
        ("top.sls", "base", Some("first")),
        ("only_b.sls", "base", Some("b")),
        ("web/init.sls", "base", Some("web")),
        ("./web//init.sls", "base", Some("web")),
        ("web", "base", None),
        ("dev.sls", "base", None),
        ("dev.sls", "dev", Some("dev")),
        ("top.sls", "dev", None),
        ("stage.sls", "stage", Some("stage")),
        ("stage.sls", "unknown", None),
        ("missing", "base", None),
    ] {
        assert_eq!(content(&server, path, env).as_deref(), expected, "{path} in {env}");
    }
    assert_eq!(server.envs(), ["__env__", "base", "dev"]);
}

#[test]
fn nothing_outside_the_roots_is_served() {
    let (dir, server) = tree("fileserver_followsymlinks: False\n");
    let absolute = dir.path().join("secret/key").display().to_string();
    for path in ["../secret/key", "web/../../secret/key", "..", "/etc/passwd", &absolute, "", ".", "a\0b"] {
        let error = server.info(&request(path)).unwrap_err();
        assert!(matches!(error, FileServerError::Outside(_)), "{path:?}: {error}");
    }
    for path in ["outside", "outdir/key", "dangling", "web/up/../outside"] {
        assert_eq!(content(&server, path, "base"), None, "{path}");
    }
    // A symlink that stays inside is a file like any other.
    assert_eq!(content(&server, "inside", "base").as_deref(), Some("web"));
    for env in ["../secret", "..", "/", "a/../../secret"] {
        assert_eq!(content(&server, "key", env), None, "{env}");
    }
}

#[test]
fn symlinks_are_followed_where_the_config_says_so() {
    let (_dir, server) = tree("fileserver_followsymlinks: True\n");
    for path in ["outside", "outdir/key"] {
        assert_eq!(content(&server, path, "base").as_deref(), Some("secret"), "{path}");
    }
    assert!(server.find("../secret/key", "base").is_err());
    let files = server.list("base");
    assert!(files.contains(&"outdir/key".to_owned()), "{files:?}");
    assert!(files.len() < 2000, "a loop of symlinks ends");
}

#[test]
fn lists_are_sorted_and_complete() {
    let (_dir, server) = tree("fileserver_followsymlinks: False\n");
    let listing = server.listing("base");
    assert_eq!(
        listing.files,
        [".git/config", "inside", "only_b.sls", "top.sls", "web/files/conf.swp", "web/init.sls"]
    );
    assert_eq!(listing.dirs, [".git", "empty", "web", "web/files", "web/up"]);
    assert_eq!(listing.empty_dirs, ["empty"]);
    assert_eq!(listing.links, [("inside".into(), "web/init.sls".into()), ("web/up".into(), "..".into())]);
    assert!(server.list("unknown").is_empty());
}

#[test]
fn ignored_files_are_not_there() {
    let (_dir, server) = tree(
        "fileserver_followsymlinks: False\nfile_ignore_regex: ['/\\.git($|/)', '^\\.git']\nfile_ignore_glob: ['*.swp']\n",
    );
    assert_eq!(content(&server, "web/files/conf.swp", "base"), None);
    assert_eq!(content(&server, ".git/config", "base"), None);
    assert_eq!(server.list("base"), ["inside", "only_b.sls", "top.sls", "web/init.sls"]);
}

#[test]
fn pieces_make_the_file_and_its_hash() {
    let (dir, server) = tree("");
    let text: Vec<u8> = (0..700_000u32).map(|n| (n % 251) as u8).collect();
    fs::write(dir.path().join("a/big"), &text).unwrap();
    let info = server.info(&request("big")).unwrap().unwrap();
    assert_eq!(info.size, 700_000);
    let mut got = Vec::new();
    loop {
        let piece = ChunkRequest { file: request("big"), offset: got.len() as u64, length: u32::MAX };
        let chunk = server.chunk(&piece).unwrap();
        assert_eq!(chunk.size, 700_000);
        assert!(chunk.data.len() <= proto::message::file::CHUNK as usize);
        if chunk.data.is_empty() {
            break;
        }
        got.extend(chunk.data);
    }
    assert_eq!(got, text);
    let digest = ring::digest::digest(&ring::digest::SHA256, &got);
    let hex: String = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(info.sha256, hex);
    // A change is seen, though the hash of the old state is remembered.
    fs::write(dir.path().join("a/big"), "small").unwrap();
    let after = server.info(&request("big")).unwrap().unwrap();
    assert_eq!(after.size, 5);
    assert_ne!(after.sha256, info.sha256);
    assert_eq!(server.info(&request("missing")).unwrap(), None);
}

#[test]
fn a_fifo_does_not_stop_the_master() {
    let (dir, server) = tree("");
    let fifo = dir.path().join("a/fifo");
    rustix::fs::mknodat(rustix::fs::CWD, Path::new(&fifo), rustix::fs::FileType::Fifo, 0o644.into(), 0)
        .unwrap();
    assert_eq!(server.info(&request("fifo")).unwrap(), None);
    assert!(!server.list("base").contains(&"fifo".to_owned()));
}
