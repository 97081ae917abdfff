//! Archives, through the host's own `tar`, `unzip`, `zip`, `gzip` and `rar`.

use std::collections::BTreeSet;
use std::path::Path;

use data::{Dict, Value};

use super::ExecError;
use super::cmd::split_words;
use super::file::glob;
use super::plain::{Given, functions};
use crate::Ctx;
use crate::host::{Cmd, Errors, Output};

functions! {
    /// Return what is in a tar, zip or rar archive: names, or with `verbose` directories, files and links apart.
    /// options: the command that unpacks a tar archive which tar itself does not.
    ///
    /// CLI Example: `rsalt '*' archive.list /path/to/myfile.tar.gz verbose=True`
    "archive.list"("name, archive_format=None, options=None, strip_components=None, clean=False, verbose=False, \
                    saltenv='base', source_hash=None, use_etag=False") = |given, ctx| {
        let name = given.text("name");
        let cached = cached(&given, ctx, &name)?;
        let format = match given.some_text("archive_format").filter(|f| !f.is_empty()) {
            Some(format) => format,
            None => guess(&name).map(str::to_owned).ok_or_else(|| {
                ExecError::command("Unable to guess archive format, please pass an 'archive_format' argument.")
            })?,
        };
        let strip = given.arg("strip_components");
        let strip = if strip.is_true() {
            let wrong = || ExecError::command("'strip_components' must be a positive integer");
            strip.to_string().parse::<usize>().ok().filter(|n| *n > 0).ok_or_else(wrong)?
        } else {
            0
        };
        let listing = list(ctx, &cached, &format, given.some_text("options").as_deref())?;
        let contents = Contents::of(&listing, strip);
        if given.is_set("clean", false) {
            ctx.host.remove_file(Path::new(&cached))?;
        }
        Ok(if given.is_set("verbose", false) { contents.to_value() } else { contents.names().into() })
    };
    /// Run `tar` and return the lines that it prints.
    ///
    /// CLI Example: `rsalt '*' archive.tar cjvf /tmp/salt.tar.bz2 /tmp/file_1,/tmp/file_2`
    "archive.tar"("options, tarfile, sources=None, dest=None, cwd=None, template=None, runas=None") =
        |given, ctx| {
            let options = given.some_text("options").filter(|o| !o.trim().is_empty());
            let options = options.ok_or_else(|| ExecError::invocation("Tar options can not be empty"))?;
            let cmd = Cmd::of("tar", options.split_whitespace()).arg(given.text("tarfile"));
            let cmd = given.some_text("dest").into_iter().fold(cmd, |cmd, dest| cmd.arg("-C").arg(dest));
            lines(ctx, &given, cmd.args(sources(ctx, given.arg("sources"))))
        };
    /// Run `gzip` on a file.
    ///
    /// CLI Example: `rsalt '*' archive.gzip /tmp/sourcefile.txt options='-9'`
    "archive.gzip"("sourcefile, template=None, runas=None, options=None") =
        |given, ctx| lines(ctx, &given, zipper("gzip", &given, "sourcefile"));
    /// Run `gunzip` on a file.
    ///
    /// CLI Example: `rsalt '*' archive.gunzip /tmp/sourcefile.txt.gz`
    "archive.gunzip"("gzipfile, template=None, runas=None, options=None") =
        |given, ctx| lines(ctx, &given, zipper("gunzip", &given, "gzipfile"));
    /// Run `zip -r` and return the lines that it prints.
    ///
    /// CLI Example: `rsalt '*' archive.cmd_zip /tmp/zipfile.zip '/tmp/sourcefile1,/tmp/sourcefile2'`
    "archive.cmd_zip"("zip_file, sources, template=None, cwd=None, runas=None") = |given, ctx| {
        let cmd = Cmd::of("zip", ["-r"]).arg(given.text("zip_file"));
        lines(ctx, &given, cmd.args(sources(ctx, given.arg("sources"))))
    };
    /// Make a zip archive and return the names of what is in it. Sources that are not absolute need `cwd`.
    ///
    /// CLI Example: `rsalt '*' archive.zip /tmp/zipfile.zip '/tmp/sourcefile1,/tmp/sourcefile2'`
    "archive.zip"("zip_file, sources, template=None, cwd=None, runas=None, zip64=False") = |given, ctx| {
        let sources = sources(ctx, given.arg("sources"));
        match given.some_text("cwd") {
            Some(cwd) if !cwd.starts_with('/') => return Err(ExecError::invocation("cwd must be absolute")),
            None if sources.iter().any(|source| !source.starts_with('/')) => {
                return Err(ExecError::invocation("Relative paths require the 'cwd' parameter"));
            }
            _ => {}
        }
        let zip = given.text("zip_file");
        let output = tool(ctx, &given, Cmd::of("zip", ["-q", "-r"]).arg(&zip).args(sources))?;
        well(&output, "Exception encountered creating zipfile")?;
        Ok(list(ctx, &zip, "zip", None)?.into_iter().map(|(_, name)| name).collect::<Vec<_>>().into())
    };
    /// Run `unzip` and return the lines that it prints.
    ///
    /// CLI Example: `rsalt '*' archive.cmd_unzip /tmp/zipfile.zip /home/strongbad/ excludes=file_1,file_2`
    "archive.cmd_unzip"("zip_file, dest, excludes=None, options=None, template=None, runas=None, \
                         trim_output=False, password=None") = |given, ctx| {
        let options = split_words(&given.some_text("options").unwrap_or_default())?;
        let output = unzip(ctx, &given, &options)?;
        if !output.ok() {
            return Err(ExecError::command(output.out().trim_end()));
        }
        let lines = output.out().lines().map(str::to_owned).collect();
        Ok(trimmed(lines, given.arg("trim_output")).into())
    };
    /// Unpack a zip archive and return the names of what was in it. With `extract_perms=False` modes are those of new
    /// files.
    ///
    /// CLI Example: `rsalt '*' archive.unzip /tmp/zipfile.zip /home/strongbad/ password='BadPassword'`
    "archive.unzip"("zip_file, dest, excludes=None, options=None, template=None, runas=None, \
                     trim_output=False, password=None, extract_perms=True") = |given, ctx| {
        let excludes = words(given.arg("excludes"));
        let names: Vec<String> = list(ctx, &given.text("zip_file"), "zip", None)?
            .into_iter()
            .map(|(_, name)| name)
            .filter(|name| !excludes.contains(name))
            .collect();
        let output = unzip(ctx, &given, &["-o".to_owned(), "-q".to_owned()])?;
        well(&output, "Exception encountered unpacking zipfile")?;
        if !given.is_set("extract_perms", true) {
            let dest = given.text("dest");
            for name in &names {
                let at = Path::new(&dest).join(name);
                if !ctx.host.is_link(&at) {
                    ctx.host.chmod(&at, if ctx.host.is_dir(&at) { 0o755 } else { 0o644 })?;
                }
            }
        }
        Ok(trimmed(names, given.arg("trim_output")).into())
    };
    /// Return whether a zip archive wants a password.
    ///
    /// CLI Example: `rsalt '*' archive.is_encrypted /path/to/myfile.zip`
    "archive.is_encrypted"("name, clean=False, saltenv='base', source_hash=None, use_etag=False") =
        |given, ctx| {
            let cached = cached(&given, ctx, &given.text("name"))?;
            let encrypted = is_encrypted(ctx, &cached)?;
            if given.is_set("clean", false) {
                ctx.host.remove_file(Path::new(&cached))?;
            }
            Ok(encrypted.into())
        };
    /// Run `rar a` and return the lines that it prints.
    ///
    /// CLI Example: `rsalt '*' archive.rar /tmp/rarfile.rar '/tmp/sourcefile1,/tmp/sourcefile2'`
    "archive.rar"("rarfile, sources, template=None, cwd=None, runas=None") = |given, ctx| {
        let cmd = Cmd::of("rar", ["a", "-idp"]).arg(given.text("rarfile"));
        lines(ctx, &given, cmd.args(sources(ctx, given.arg("sources"))))
    };
    /// Run `unrar x`, or `rar x`, and return the lines that it prints.
    ///
    /// CLI Example: `rsalt '*' archive.unrar /tmp/rarfile.rar /home/strongbad/ excludes=file_1,file_2`
    "archive.unrar"("rarfile, dest, excludes=None, template=None, runas=None, trim_output=False") =
        |given, ctx| {
            let program = if ctx.host.which("unrar").is_some() { "unrar" } else { "rar" };
            let mut cmd = Cmd::of(program, ["x", "-idp"]).arg(given.text("rarfile"));
            for exclude in words(given.arg("excludes")) {
                cmd = cmd.arg("-x").arg(exclude);
            }
            let output = tool(ctx, &given, cmd.arg(given.text("dest")))?;
            let lines = output.out().lines().map(str::to_owned).collect();
            Ok(trimmed(lines, given.arg("trim_output")).into())
        };
}

/// What a member of an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Its name ends with a slash.
    Dir,
    File,
    Link,
}

/// The members of an archive by kind, each sorted.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Contents {
    pub(crate) dirs: Vec<String>,
    pub(crate) files: Vec<String>,
    pub(crate) links: Vec<String>,
}

impl Contents {
    /// Without the first `strip` parts of each name.
    pub(crate) fn of(listing: &[(Kind, String)], strip: usize) -> Contents {
        let of = |kind: Kind| -> Vec<String> {
            let names = listing.iter().filter(|(own, _)| *own == kind);
            let stripped = names.filter_map(|(_, name)| name.splitn(strip + 1, '/').nth(strip));
            let mut names: Vec<String> = stripped.filter(|n| !n.is_empty()).map(str::to_owned).collect();
            names.sort();
            names
        };
        Contents { dirs: of(Kind::Dir), files: of(Kind::File), links: of(Kind::Link) }
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.dirs.iter().chain(&self.files).chain(&self.links)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.all().cloned().collect();
        names.sort();
        names
    }

    /// The directories of the first level, one that all else is in among them.
    pub(crate) fn top_dirs(&self) -> Vec<String> {
        let mut top: Vec<String> =
            self.dirs.iter().filter(|d| d.matches('/').count() == 1).cloned().collect();
        let mut firsts = self.all().map(|name| name.split_once('/').map(|(first, _)| first));
        if let Some(Some(first)) = firsts.next()
            && firsts.all(|other| other == Some(first))
            && !top.iter().any(|dir| dir.trim_end_matches('/') == first)
        {
            top.push(format!("{first}/"));
        }
        top
    }

    /// The files of the first level.
    pub(crate) fn top_files(&self) -> Vec<String> {
        self.files.iter().filter(|name| !name.contains('/')).cloned().collect()
    }

    /// The links of the first level.
    pub(crate) fn top_links(&self) -> Vec<String> {
        self.links.iter().filter(|name| !name.contains('/')).cloned().collect()
    }

    fn to_value(&self) -> Value {
        Dict::new()
            .with("dirs", self.dirs.clone())
            .with("files", self.files.clone())
            .with("links", self.links.clone())
            .with("top_level_dirs", self.top_dirs())
            .with("top_level_files", self.top_files())
            .with("top_level_links", self.top_links())
            .into()
    }
}

/// The format that a file's name tells of.
pub(crate) fn guess(name: &str) -> Option<&'static str> {
    const TAR: [&str; 10] =
        [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz", ".tar.lzma", ".tlz"];
    let name = name.to_lowercase();
    // Compressions that the host's tar knows and Python does not.
    if TAR.iter().chain(&[".tar.zst", ".tzst", ".tar.lz"]).any(|ending| name.ends_with(ending)) {
        return Some("tar");
    }
    ["zip", "rar"].into_iter().find(|ending| name.strip_suffix(ending).is_some_and(|n| n.ends_with('.')))
}

/// The members of an archive, in its order.
pub(crate) fn list(
    ctx: &Ctx<'_>,
    path: &str,
    format: &str,
    decompress: Option<&str>,
) -> Result<Vec<(Kind, String)>, ExecError> {
    let (program, cmd) = match format {
        "tar" => {
            let cmd = Cmd::new("tar");
            let cmd = match decompress.filter(|d| !d.trim().is_empty()) {
                Some(program) => cmd.arg(format!("--use-compress-program={program}")),
                None => cmd,
            };
            ("tar", cmd.args(["-t", "-v", "-f", path]))
        }
        "zip" => ("unzip", Cmd::of("unzip", ["-Z", "-s", path])),
        "rar" => ("rar", Cmd::of("rar", ["lt", path])),
        other => return Err(ExecError::command(format!("Unsupported archive format '{other}'"))),
    };
    available(ctx, program)?;
    // Names are printed as they are, and dates in one form.
    let output = ctx.run(&cmd.env("LC_ALL", "C.UTF-8"))?;
    let text = output.out();
    let listing = match format {
        "tar" if output.ok() => text.lines().filter_map(tar_line).collect(),
        "zip" if output.ok() => zip_listing(&text),
        "rar" if output.ok() => rar_listing(&text),
        "zip" => return Err(ExecError::command(format!("{path} is not a ZIP file"))),
        _ => Vec::new(),
    };
    if !output.ok() {
        return Err(ExecError::command(format!(
            "Unable to list contents of {path}. {}",
            output.err().trim_end()
        )));
    }
    Ok(listing)
}

/// `-rw-r--r-- root/root 3 2026-11-30 20:00 name`, links with ` -> target` behind it.
fn tar_line(line: &str) -> Option<(Kind, String)> {
    let mut rest = line;
    for _ in 0..5 {
        rest = rest.trim_start_matches(' ');
        rest = rest.get(rest.find(' ')?..)?;
    }
    let name = rest.strip_prefix(' ')?;
    let (kind, name) = match line.chars().next()? {
        'd' => (Kind::Dir, format!("{}/", name.trim_end_matches('/'))),
        'l' => (Kind::Link, name.split_once(" -> ").map_or(name, |(name, _)| name).to_owned()),
        'h' => (Kind::File, name.split_once(" link to ").map_or(name, |(name, _)| name).to_owned()),
        _ => (Kind::File, name.to_owned()),
    };
    Some((kind, unescaped(&name)))
}

/// tar writes what cannot be printed as `\n` or `\303\274`.
fn unescaped(name: &str) -> String {
    if !name.contains('\\') {
        return name.to_owned();
    }
    let mut bytes = Vec::new();
    let mut rest = name.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let octal = after.get(..3).filter(|d| d.iter().all(|b| (b'0'..=b'7').contains(b)));
        let value = octal.map(|d| d.iter().fold(0u32, |n, b| n * 8 + u32::from(b - b'0')));
        let plain = after.first().and_then(|b| match b {
            b'n' => Some(b'\n'),
            b't' => Some(b'\t'),
            b'r' => Some(b'\r'),
            b'\\' => Some(b'\\'),
            _ => None,
        });
        let (byte, left) = match (first, value.and_then(|v| u8::try_from(v).ok()), plain) {
            (b'\\', Some(byte), _) => (byte, after.get(3..).unwrap_or_default()),
            (b'\\', None, Some(byte)) => (byte, after.get(1..).unwrap_or_default()),
            _ => (first, after),
        };
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A line of zipinfo: `-rw-r--r--  3.0 unx  3 tx stor 26-Nov-30 20:00 name`; its fifth field and the name.
fn zip_line(line: &str) -> Option<(&str, &str)> {
    let mut rest = line;
    let mut method = "";
    for field in 0..8 {
        rest = rest.trim_start_matches(' ');
        let end = rest.find(' ')?;
        if field == 4 {
            method = rest.get(..end)?;
        }
        rest = rest.get(end..)?;
    }
    (line.starts_with(['-', 'd', 'l', '?']) && method.len() == 2).then_some((method, rest.strip_prefix(' ')?))
}

fn zip_listing(text: &str) -> Vec<(Kind, String)> {
    let mut listing: Vec<(Kind, String)> = Vec::new();
    for line in text.lines() {
        let Some((_, name)) = zip_line(line) else { continue };
        let kind = match line.chars().next() {
            Some('l') => Kind::Link,
            _ if name.ends_with('/') => Kind::Dir,
            _ => Kind::File,
        };
        listing.push((kind, name.to_owned()));
    }
    // Some archives have no entries for directories.
    let there: BTreeSet<String> = listing.iter().map(|(_, name)| name.clone()).collect();
    let parents: BTreeSet<String> = listing
        .iter()
        .filter(|(kind, _)| *kind == Kind::File)
        .filter_map(|(_, name)| name.rsplit_once('/').map(|(dir, _)| format!("{dir}/")))
        .collect();
    listing.extend(parents.into_iter().filter(|dir| !there.contains(dir)).map(|dir| (Kind::Dir, dir)));
    listing
}

fn rar_listing(text: &str) -> Vec<(Kind, String)> {
    let mut name = None;
    let mut listing = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(own) = line.strip_prefix("Name:") {
            name = Some(own.trim().to_owned());
        } else if let (Some(kind), Some(own)) = (line.strip_prefix("Type:"), name.take()) {
            listing.push(match kind.trim() {
                "Directory" => (Kind::Dir, format!("{own}/")),
                _ => (Kind::File, own),
            });
        }
    }
    listing
}

/// Whether a zip archive wants a password.
pub(crate) fn is_encrypted(ctx: &Ctx<'_>, path: &str) -> Result<bool, ExecError> {
    available(ctx, "unzip")?;
    let output = ctx.run(&Cmd::of("unzip", ["-Z", "-s", path]).env("LC_ALL", "C.UTF-8"))?;
    if !output.ok() {
        return Err(ExecError::command(format!("{path} is not a ZIP file")));
    }
    // A capital letter stands for it: `Tx`, `BX`.
    Ok(output.out().lines().filter_map(zip_line).any(|(method, _)| method.starts_with(['T', 'B'])))
}

/// That a program is installed.
pub(crate) fn available(ctx: &Ctx<'_>, program: &str) -> Result<(), ExecError> {
    match ctx.host.which(program) {
        Some(_) => Ok(()),
        None => Err(ExecError::command(format!("{program} command not available, is it installed?"))),
    }
}

fn cached(given: &Dict, ctx: &Ctx<'_>, name: &str) -> Result<String, ExecError> {
    let mut kwargs = Dict::new();
    for key in ["saltenv", "source_hash", "use_etag"] {
        if let Some(value) = given.get(key).filter(|value| value.is_true()) {
            kwargs.insert(key, value.clone());
        }
    }
    match ctx.call("cp.cache_file", vec![name.into()], kwargs)?.as_str().filter(|at| !at.is_empty()) {
        Some(at) => Ok(at.to_owned()),
        None => Err(ExecError::command(format!("Failed to cache {name}"))),
    }
}

/// A list, or a text with commas.
fn words(value: &Value) -> Vec<String> {
    match value {
        Value::None => Vec::new(),
        Value::List(list) => list.iter().map(Value::to_string).collect(),
        one => one.to_string().split(',').map(|word| word.trim().to_owned()).collect(),
    }
}

fn sources(ctx: &Ctx<'_>, value: &Value) -> Vec<String> {
    let expand = |source: String| match source.contains(['*', '?', '[']) {
        true => glob(ctx, &source).iter().map(|at| at.display().to_string()).collect(),
        false => vec![source],
    };
    words(value).into_iter().flat_map(expand).collect()
}

fn zipper(program: &str, given: &Dict, file: &str) -> Cmd {
    Cmd::of(program, given.some_text("options")).arg(given.text(file))
}

/// Runs a program with `cwd` and `runas`; output and errors go together.
fn tool(ctx: &Ctx<'_>, given: &Dict, mut cmd: Cmd) -> Result<Output, ExecError> {
    if given.arg("template").is_true() {
        return Err(ExecError::invocation("'template' is not supported here: render the names in the SLS"));
    }
    available(ctx, cmd.program())?;
    if let Some(cwd) = given.some_text("cwd") {
        cmd = cmd.cwd(cwd);
    }
    if let Some(user) = given.some_text("runas") {
        cmd = cmd.runas(user);
    }
    Ok(ctx.run(&cmd.errors(Errors::WithOutput))?)
}

fn lines(ctx: &Ctx<'_>, given: &Dict, cmd: Cmd) -> Result<Value, ExecError> {
    let output = tool(ctx, given, cmd)?;
    if !output.ok() {
        ctx.set_retcode(output.code);
    }
    Ok(output.out().trim_end().lines().map(str::to_owned).collect::<Vec<_>>().into())
}

fn well(output: &Output, problem: &str) -> Result<(), ExecError> {
    if output.ok() {
        Ok(())
    } else {
        Err(ExecError::command(format!("{problem}: {}", output.out().trim_end())))
    }
}

fn unzip(ctx: &Ctx<'_>, given: &Dict, options: &[String]) -> Result<Output, ExecError> {
    let mut cmd = Cmd::new("unzip");
    if let Some(password) = given.some_text("password").filter(|p| !p.is_empty()) {
        cmd = cmd.arg("-P").secret(password);
    }
    cmd = cmd.args(options).args([given.text("zip_file"), "-d".to_owned(), given.text("dest")]);
    let excludes = words(given.arg("excludes"));
    if !excludes.is_empty() {
        cmd = cmd.arg("-x").args(excludes);
    }
    tool(ctx, given, cmd)
}

fn trimmed(mut lines: Vec<String>, trim: &Value) -> Vec<String> {
    let most = match trim {
        Value::Bool(true) => 100,
        other => other.as_int().and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
    };
    if most > 0 && lines.len() > most {
        lines.truncate(most);
        lines.push(format!("List trimmed after {most} files."));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_of_tar() {
        let text = "drwxr-xr-x root/root         0 2026-11-30 20:00 app/\n\
                    -rw-r--r-- root/root         3 2026-11-30 20:00 app/a file\n\
                    lrwxrwxrwx root/root         0 2026-11-30 20:00 app/link -> a file\n\
                    hrw-r--r-- root/root         0 2026-11-30 20:00 app/hard link to app/a file\n\
                    -rw-r--r-- a/b 12 2026-11-30 20:00:01 \\303\\274\\nx\n\
                    crw-r--r-- root/root 1,3 2026-11-30 20:00 null\ntar: odd\n";
        let listing: Vec<_> = text.lines().filter_map(tar_line).collect();
        let names: Vec<&str> = listing.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["app/", "app/a file", "app/link", "app/hard", "ü\nx", "null"]);
        let contents = Contents::of(&listing, 0);
        assert_eq!((contents.dirs.len(), contents.links.len()), (1, 1));
        assert_eq!(contents.top_files(), ["null", "ü\nx"]);
        let stripped = Contents::of(&listing, 1);
        assert_eq!(
            (stripped.files, stripped.links),
            (vec!["a file".into(), "hard".into()], vec!["link".into()])
        );
    }

    #[test]
    fn listings_of_zip() {
        let text = "Archive:  x.zip\nZip file size: 452 bytes, number of entries: 3\n\
                    -rw-r--r--  3.0 unx        3 tx stor 26-Nov-30 20:00 app/deep/a file\n\
                    lrwxrwxrwx  3.0 unx        1 bx stor 26-Nov-30 20:00 app/link\n\
                    -rw----     2.0 fat        1 Tx defN 26-Nov-30 20:00 app/b\n\
                    3 files, 5 bytes uncompressed, 5 bytes compressed:  0.0%\n";
        let contents = Contents::of(&zip_listing(text), 0);
        assert_eq!(contents.dirs, ["app/", "app/deep/"]);
        assert_eq!((contents.files.len(), contents.links.len()), (2, 1));
        assert_eq!(contents.top_dirs(), ["app/"]);
    }

    #[test]
    fn one_directory_that_is_no_member() {
        let contents = Contents::of(&[(Kind::File, "jdk/bin/java".into()), (Kind::Link, "jdk/l".into())], 0);
        assert_eq!(contents.top_dirs(), ["jdk/"]);
        assert!(
            Contents::of(&[(Kind::File, "a".into()), (Kind::File, "b/c".into())], 0).top_dirs().is_empty()
        );
    }

    #[test]
    fn formats() {
        for (name, format) in
            [("a.tar.xz", Some("tar")), ("A.TGZ", Some("tar")), ("a.zip", Some("zip")), ("zip", None)]
        {
            assert_eq!(guess(name), format, "{name}");
        }
    }
}
