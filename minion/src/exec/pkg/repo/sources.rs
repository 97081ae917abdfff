//! The sources of apt as text: lines of `sources.list` and stanzas of `*.sources`. No host.
//!
//! What nobody asked to change stays as it is written, comments included.

use data::{Dict, Value};

/// A repository: of a line one type, URI and suite, of a stanza as many as it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Written, but not used.
    pub disabled: bool,
    /// `deb`, `deb-src`
    pub types: Vec<String>,
    /// Where it is.
    pub uris: Vec<String>,
    /// `bookworm`, `stable/updates`, `./`
    pub suites: Vec<String>,
    /// `main`, `contrib`
    pub comps: Vec<String>,
    /// `arch`
    pub architectures: Vec<String>,
    /// The keys that it may be signed with: a file.
    pub signedby: String,
    /// Used whether signed or not.
    pub trusted: Option<bool>,
    /// Options of a line that are none of those, as they are written.
    pub options: Vec<String>,
    /// What stands behind a line, or above a stanza.
    pub comment: String,
}

/// Values apart by blanks or commas.
fn list(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// `yes` or `no`, in any of apt's words.
fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "yes" | "true" | "with" | "on" | "enable" | "1" => Some(true),
        "no" | "false" | "without" | "off" | "disable" | "0" => Some(false),
        _ => None,
    }
}

impl Source {
    /// Reads a line, also one behind a `#`. None when it is no repository.
    pub fn parse(line: &str) -> Option<Source> {
        let line = line.trim();
        let (disabled, line) = line.strip_prefix('#').map_or((false, line), |rest| (true, rest));
        let (line, comment) = line.split_once('#').unwrap_or((line, ""));
        let (kind, rest) = line.trim().split_once(char::is_whitespace)?;
        if !matches!(kind, "deb" | "deb-src") {
            return None;
        }
        let mut out = Source {
            disabled,
            types: vec![kind.to_owned()],
            comment: comment.to_owned(),
            ..Source::default()
        };
        let mut rest = rest.trim();
        if let Some(inside) = rest.strip_prefix('[') {
            let (options, after) = inside.split_once(']')?;
            options.split_whitespace().for_each(|option| out.set_option(option));
            rest = after.trim();
        }
        let mut words = words(rest).into_iter();
        let (uri, suite) = (words.next()?, words.next()?);
        if uri.starts_with("cdrom:") {
            return None;
        }
        (out.uris, out.suites, out.comps) = (vec![uri], vec![suite], words.collect());
        Some(out)
    }

    fn set_option(&mut self, option: &str) {
        match option.split_once('=') {
            Some(("arch", value)) => self.architectures = list(value),
            Some(("signed-by", value)) => self.signedby = value.to_owned(),
            Some(("trusted", value)) => self.trusted = truth(value),
            _ => self.options.push(option.to_owned()),
        }
    }

    /// As lines: one for each type, URI and suite.
    pub fn lines(&self) -> Vec<String> {
        let mut out = Vec::new();
        for uri in &self.uris {
            for suite in &self.suites {
                out.extend(self.types.iter().map(|kind| self.line(kind, uri, suite)));
            }
        }
        out
    }

    fn line(&self, kind: &str, uri: &str, suite: &str) -> String {
        let mut options = Vec::new();
        if !self.architectures.is_empty() {
            options.push(format!("arch={}", self.architectures.join(",")));
        }
        if !self.signedby.is_empty() {
            options.push(format!("signed-by={}", self.signedby));
        }
        if self.trusted == Some(true) {
            options.push("trusted=yes".to_owned());
        }
        options.extend(self.options.iter().cloned());
        let mut words: Vec<String> = Vec::new();
        words.extend(self.disabled.then(|| "#".to_owned()));
        words.push(kind.to_owned());
        words.extend((!options.is_empty()).then(|| format!("[{}]", options.join(" "))));
        words.extend([uri.to_owned(), suite.to_owned()]);
        words.extend(self.comps.iter().cloned());
        words.extend((!self.comment.is_empty()).then(|| format!("#{}", self.comment)));
        words.join(" ")
    }

    /// Whether `other` (of one type, URI and suite) is in it.
    pub fn covers(&self, other: &Source) -> bool {
        let bare =
            |uris: &[String]| uris.iter().map(|u| u.trim_end_matches('/').to_owned()).collect::<Vec<_>>();
        let all = |mine: &[String], theirs: &[String]| theirs.iter().all(|one| mine.contains(one));
        all(&self.types, &other.types)
            && all(&bare(&self.uris), &bare(&other.uris))
            && all(&self.suites, &other.suites)
    }

    /// Whether they have a component in common, or one of them none at all.
    pub fn shares_comps(&self, other: &Source) -> bool {
        self.comps.is_empty() || other.comps.is_empty() || self.comps.iter().any(|c| other.comps.contains(c))
    }

    /// As `pkg.get_repo` shows one of its repositories.
    pub fn shown(&self, file: &str, wanted: &Source) -> Dict {
        let (kind, suite) = (wanted.types.first(), wanted.suites.first());
        let bare = |uri: &String| uri.trim_end_matches('/').to_owned();
        let uri = self.uris.iter().find(|uri| wanted.uris.iter().any(|w| bare(w) == bare(uri)));
        let text = |value: Option<&String>| value.cloned().unwrap_or_default();
        Dict::new()
            .with("file", file)
            .with("comps", self.comps.clone())
            .with("disabled", self.disabled)
            .with("enabled", !self.disabled)
            .with("dist", text(suite))
            .with("suites", self.suites.clone())
            .with("type", text(kind))
            .with("types", self.types.clone())
            .with("uri", text(uri))
            .with("uris", self.uris.clone())
            .with("line", self.line(&text(kind), &text(uri), &text(suite)))
            .with("architectures", self.architectures.clone())
            .with("signedby", self.signedby.as_str())
    }

    /// Its single repositories.
    pub fn each(&self) -> Vec<Source> {
        let mut out = Vec::new();
        for uri in &self.uris {
            for suite in &self.suites {
                out.extend(self.types.iter().map(|kind| Source {
                    types: vec![kind.clone()],
                    uris: vec![uri.clone()],
                    suites: vec![suite.clone()],
                    ..self.clone()
                }));
            }
        }
        out
    }
}

/// A stanza of a `.sources` file: its fields in their order, and the comments around them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stanza {
    header: Vec<String>,
    fields: Vec<(String, String)>,
    footer: Vec<String>,
}

impl Stanza {
    fn parse(lines: &[&str]) -> Stanza {
        let mut out = Stanza::default();
        for line in lines {
            if line.starts_with('#') {
                let place = if out.fields.is_empty() { &mut out.header } else { &mut out.footer };
                place.push((*line).to_owned());
            } else if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = out.fields.last_mut() {
                    value.push('\n');
                    value.push_str(line);
                }
            } else if let Some((key, value)) = line.split_once(':') {
                out.fields.push((key.to_owned(), value.trim().to_owned()));
            }
        }
        out
    }

    fn get(&self, key: &str) -> &str {
        self.fields.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)).map_or("", |(_, value)| value)
    }

    fn set(&mut self, key: &str, value: String) {
        match self.fields.iter_mut().find(|(k, _)| k.eq_ignore_ascii_case(key)) {
            Some((_, old)) => *old = value,
            None => self.fields.push((key.to_owned(), value)),
        }
    }

    fn source(&self) -> Source {
        Source {
            disabled: truth(self.get("Enabled")) == Some(false),
            types: words(self.get("Types")),
            uris: words(self.get("URIs")),
            suites: words(self.get("Suites")),
            comps: words(self.get("Components")),
            architectures: list(self.get("Architectures")),
            signedby: self.get("Signed-By").to_owned(),
            trusted: truth(self.get("Trusted")),
            options: Vec::new(),
            comment: self.header.join("\n"),
        }
    }

    /// Writes what differs; what is not there and is to be nothing is left out.
    fn become_like(&mut self, wanted: &Source) {
        let is = self.source();
        let rows = [
            ("Types", is.types.join(" "), wanted.types.join(" ")),
            ("URIs", is.uris.join(" "), wanted.uris.join(" ")),
            ("Suites", is.suites.join(" "), wanted.suites.join(" ")),
            ("Components", is.comps.join(" "), wanted.comps.join(" ")),
            ("Architectures", is.architectures.join(" "), wanted.architectures.join(" ")),
            ("Signed-By", is.signedby, wanted.signedby.clone()),
        ];
        for (key, is, value) in rows {
            if is != value {
                self.set(key, value);
            }
        }
        if is.trusted != wanted.trusted {
            let value = wanted.trusted.map(|t| if t { "yes" } else { "no" }).unwrap_or_default();
            self.set("Trusted", value.to_owned());
        }
        if is.disabled != wanted.disabled {
            self.set("Enabled", if wanted.disabled { "no" } else { "" }.to_owned());
        }
        if is.comment != wanted.comment {
            let comment =
                |line: &str| if line.starts_with('#') { line.to_owned() } else { format!("# {line}") };
            self.header = wanted.comment.lines().map(comment).collect();
        }
    }

    fn text(&self) -> String {
        let mut out = String::new();
        self.header.iter().for_each(|line| out.push_str(&format!("{line}\n")));
        for (key, value) in self.fields.iter().filter(|(_, value)| !value.is_empty()) {
            // A list on the lines below its name begins with none.
            let glue = if value.starts_with('\n') { "" } else { " " };
            out.push_str(&format!("{key}:{glue}{value}\n"));
        }
        self.footer.iter().for_each(|line| out.push_str(&format!("{line}\n")));
        out
    }
}

/// Something in a file of sources.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    /// A line, and what it says when it is a repository.
    Line(String, Option<Source>),
    Stanza(Stanza),
}

impl Entry {
    fn source(&self) -> Option<Source> {
        match self {
            Entry::Line(_, source) => source.clone(),
            Entry::Stanza(stanza) => Some(stanza.source()).filter(|s| !s.types.is_empty()),
        }
    }
}

/// A file of sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it is.
    pub path: String,
    entries: Vec<Entry>,
}

impl SourceFile {
    /// Reads it, by the end of its name as lines or as stanzas.
    pub fn parse(path: &str, text: &str) -> SourceFile {
        let entries = if path.ends_with(".sources") {
            let lines: Vec<&str> = text.lines().collect();
            let stanzas = lines.split(|line| line.trim().is_empty()).filter(|stanza| !stanza.is_empty());
            stanzas.map(|stanza| Entry::Stanza(Stanza::parse(stanza))).collect()
        } else {
            text.lines().map(|line| Entry::Line(line.to_owned(), Source::parse(line))).collect()
        };
        SourceFile { path: path.to_owned(), entries }
    }

    /// As it is written.
    pub fn text(&self) -> String {
        let text = |entry: &Entry| match entry {
            Entry::Line(line, _) => format!("{line}\n"),
            Entry::Stanza(stanza) => stanza.text(),
        };
        let glue = if self.path.ends_with(".sources") { "\n" } else { "" };
        self.entries.iter().map(text).collect::<Vec<_>>().join(glue)
    }

    /// The repositories and their places.
    pub fn sources(&self) -> impl Iterator<Item = (usize, Source)> {
        self.entries.iter().enumerate().filter_map(|(at, entry)| Some((at, entry.source()?)))
    }

    /// Whether there is something in it beside comments.
    pub fn is_used(&self) -> bool {
        self.sources().any(|(_, source)| !source.disabled)
    }

    /// Has the repository at a place be like `wanted`.
    pub fn replace(&mut self, at: usize, wanted: &Source) {
        match self.entries.get_mut(at) {
            Some(Entry::Stanza(stanza)) => stanza.become_like(wanted),
            Some(line) => *line = Entry::Line(wanted.lines().join("\n"), Some(wanted.clone())),
            None => {}
        }
    }

    /// One more repository.
    pub fn push(&mut self, wanted: &Source) {
        if self.path.ends_with(".sources") {
            let mut stanza = Stanza::default();
            stanza.become_like(wanted);
            self.entries.push(Entry::Stanza(stanza));
        } else {
            let lines = wanted.lines().into_iter();
            self.entries.extend(lines.map(|line| Entry::Line(line, Some(wanted.clone()))));
        }
    }

    /// Without what is in it.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Takes a repository out of what is at a place: all of it, or the type, URI, suite or components.
    pub fn take_out(&mut self, at: usize, gone: &Source) {
        let Some(mut source) = self.entries.get(at).and_then(Entry::source) else { return };
        let all_comps = source.comps.iter().all(|comp| gone.comps.contains(comp));
        let several = [source.types.len(), source.uris.len(), source.suites.len()].map(|n| n > 1);
        match several {
            _ if !all_comps => source.comps.retain(|comp| !gone.comps.contains(comp)),
            [false, false, false] => {
                self.entries.remove(at);
                return;
            }
            [true, false, false] => source.types.retain(|kind| !gone.types.contains(kind)),
            [false, true, false] => {
                let bare = |uri: &String| uri.trim_end_matches('/').to_owned();
                source.uris.retain(|uri| !gone.uris.iter().any(|g| bare(g) == bare(uri)));
            }
            _ => source.suites.retain(|suite| !gone.suites.contains(suite)),
        }
        self.replace(at, &source);
    }
}

/// A dict as `pkg.list_repos` has it: URI → its repositories.
pub fn by_uri(files: &[SourceFile]) -> Dict {
    let mut out = Dict::new();
    for file in files {
        for one in file
            .sources()
            .flat_map(|(_, source)| source.each().into_iter().map(move |one| (one, source.clone())))
        {
            let (one, source) = one;
            let uri = one.uris.first().cloned().unwrap_or_default();
            if let Some(list) = out.entry_or(uri, Value::list).as_list_mut() {
                list.push(source.shown(&file.path, &one).into());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_as_they_were() {
        for line in [
            "deb http://deb.debian.org/debian bookworm main contrib",
            "# deb-src http://deb.debian.org/debian bookworm main",
            "deb [arch=amd64,arm64 signed-by=/etc/apt/keyrings/x.gpg lang=en] https://x.org/apt stable main # ours",
            "deb [trusted=yes] file:/srv/repo ./",
        ] {
            let source = Source::parse(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(source.lines(), [line]);
        }
        for line in
            ["", "# a comment", "deb http://x.org", "deb [arch=amd64 http://x stable", "rpm http://x y z"]
        {
            assert_eq!(Source::parse(line), None, "{line}");
        }
    }

    #[test]
    fn a_stanza_keeps_what_is_not_asked_for() {
        let text = "# the distribution\nTypes: deb\nURIs: http://deb.debian.org/debian\nSuites: bookworm bookworm-updates\n\
                    Components: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\nX-Note: a\n b\n\n\
                    Types: deb\nURIs: http://x.org/\nSuites: ./\nEnabled: no\n";
        let mut file = SourceFile::parse("/etc/apt/sources.list.d/debian.sources", text);
        assert_eq!(file.text(), text);
        let sources: Vec<_> = file.sources().collect();
        assert!(sources[1].1.disabled);
        let wanted = Source::parse("deb http://deb.debian.org/debian/ bookworm main").unwrap();
        assert!(sources[0].1.covers(&wanted) && !sources[1].1.covers(&wanted));
        let more = Source { comps: vec!["main".into(), "contrib".into()], ..sources[0].1.clone() };
        file.replace(0, &more);
        file.replace(1, &Source { disabled: false, ..sources[1].1.clone() });
        let changed =
            text.replace("Components: main", "Components: main contrib").replace("Enabled: no\n", "");
        assert_eq!(file.text(), changed);
        file.take_out(0, &Source { comps: more.comps.clone(), ..wanted });
        assert!(file.text().contains("Suites: bookworm-updates\n"));
    }

    #[test]
    fn a_new_stanza() {
        let mut file = SourceFile::parse("/x.sources", "");
        file.push(&Source::parse("deb [arch=amd64 signed-by=/k.asc] https://x.org stable main").unwrap());
        assert_eq!(
            file.text(),
            "Types: deb\nURIs: https://x.org\nSuites: stable\nComponents: main\nArchitectures: amd64\nSigned-By: /k.asc\n"
        );
    }
}
