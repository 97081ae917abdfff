//! What came back: counted for the exit code and the summary, kept where it is shown at the end.

use std::io::{IsTerminal, Write};

use data::{Dict, Value};
use proto::exit_codes;
use proto::message::Return;

/// One minion's answer, or that there is none.
pub(super) enum Answer {
    Return(Box<Return>),
    Missing { id: String, reason: String },
}

impl Answer {
    pub(super) fn id(&self) -> &str {
        match self {
            Answer::Return(ret) => &ret.id,
            Answer::Missing { id, .. } => id,
        }
    }

    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Answer::Missing { .. })
    }

    /// What is shown: the return, or the line that says why there is none.
    pub(super) fn value(&self) -> Value {
        match self {
            Answer::Return(ret) => ret.ret.clone(),
            Answer::Missing { reason, .. } => format!("Minion did not return. [{reason}]").into(),
        }
    }

    pub(super) fn outputter(&self) -> Option<&str> {
        match self {
            Answer::Return(ret) => ret.out.as_deref(),
            Answer::Missing { .. } => Some("no_return"),
        }
    }

    /// The minion's part in the exit code: 2 where a state or a command failed or a function raised (one
    /// cannot tell these apart in a return), 1 for a missing minion.
    pub(super) fn code(&self) -> i32 {
        match self {
            Answer::Return(ret) if ret.success && ret.retcode == 0 => exit_codes::OK,
            Answer::Return(_) => exit_codes::STATE_FAILURE,
            Answer::Missing { .. } => exit_codes::GENERIC,
        }
    }
}

/// What has come back so far.
#[derive(Default)]
pub(super) struct Tally {
    returned: Vec<String>,
    failed: Vec<String>,
    missing: Vec<(String, String)>,
    code: i32,
    kept: Vec<Answer>,
    /// Results by minion and function, when several functions run.
    by_function: Option<Dict>,
}

impl Tally {
    pub(super) fn count(&mut self, answer: &Answer) {
        let code = answer.code();
        self.code = self.code.max(code);
        match answer {
            Answer::Return(ret) => {
                self.returned.push(ret.id.clone());
                if code != exit_codes::OK {
                    self.failed.push(ret.id.clone());
                }
            }
            Answer::Missing { id, reason } => self.missing.push((id.clone(), reason.clone())),
        }
    }

    pub(super) fn keep(&mut self, answer: Answer) {
        self.kept.push(answer);
    }

    pub(super) fn kept(&self) -> &[Answer] {
        &self.kept
    }

    /// Moves what was kept under the function's name: `{minion: {function: result}}`.
    pub(super) fn next_function(&mut self, fun: &str) {
        let all = self.by_function.get_or_insert_default();
        for answer in self.kept.drain(..) {
            if let Some(of_minion) = all.entry_or(answer.id(), Value::dict).as_dict_mut() {
                of_minion.insert(fun, answer.value());
            }
        }
    }

    /// All that was kept, by minion, and the outputter that suits it.
    pub(super) fn all(&self) -> (Value, Option<&str>) {
        if let Some(all) = &self.by_function {
            return (all.clone().into(), None);
        }
        let all: Dict = self.kept.iter().map(|a| (a.id(), a.value())).collect();
        (all.into(), self.kept.iter().filter(|a| !a.is_missing()).find_map(Answer::outputter))
    }

    /// The exit code of the whole run.
    pub(super) fn exit_code(&self) -> i32 {
        if !self.failed.is_empty() {
            eprintln!("ERROR: Minions returned with non-zero exit code");
        }
        self.code
    }

    /// Salt's `--summary`.
    pub(super) fn summary(&self, verbose: bool) -> String {
        let rule = "-".repeat(43);
        let mut lines = vec![
            String::new(),
            String::new(),
            rule.clone(),
            "Summary".to_owned(),
            rule.clone(),
            format!("# of minions targeted: {}", self.returned.len() + self.missing.len()),
            format!("# of minions returned: {}", self.returned.len()),
            format!("# of minions that did not return: {}", self.missing.len()),
            format!("# of minions with errors: {}", self.failed.len()),
        ];
        if verbose {
            let of = |absent: bool| -> Vec<&str> {
                let mut ids: Vec<&str> = self
                    .missing
                    .iter()
                    .filter(|(_, reason)| (reason == "not connected") == absent)
                    .map(|(id, _)| id.as_str())
                    .collect();
                ids.sort_unstable();
                ids
            };
            for (title, ids) in [
                ("Minions not connected", of(true)),
                ("Minions not responding", of(false)),
                ("Minions with failures", self.failed.iter().map(String::as_str).collect()),
            ] {
                if !ids.is_empty() {
                    lines.push(format!("{title}: {}", ids.join(" ")));
                }
            }
        }
        lines.push(rule);
        lines.join("\n")
    }
}

/// A progress bar on stderr; nothing where that is no terminal.
pub(super) struct Progress {
    total: usize,
    done: usize,
    terminal: bool,
}

impl Progress {
    const WIDTH: usize = 40;

    pub(super) fn new(total: usize) -> Self {
        Progress { total, done: 0, terminal: std::io::stderr().is_terminal() }
    }

    pub(super) fn total(&mut self, total: usize) {
        self.total = total;
        self.draw();
    }

    pub(super) fn step(&mut self) {
        self.done += 1;
        self.draw();
    }

    /// Takes the bar away, so that a line can be printed.
    pub(super) fn clear(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }

    pub(super) fn end(&self) {
        if self.terminal {
            eprintln!();
        }
    }

    fn draw(&self) {
        if self.terminal {
            let mut stderr = std::io::stderr();
            // A bar that cannot be drawn is not missed.
            let _ = write!(stderr, "\r\x1b[K{}", self.line());
            let _ = stderr.flush();
        }
    }

    fn line(&self) -> String {
        let total = self.total.max(1);
        let done = self.done.min(total);
        let filled = done * Self::WIDTH / total;
        format!(
            "{:>3}% [{}{}] {}/{}",
            done * 100 / total,
            "#".repeat(filled),
            "-".repeat(Self::WIDTH - filled),
            self.done,
            self.total
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ret(id: &str, retcode: i64, success: bool) -> Answer {
        Answer::Return(Box::new(Return {
            jid: "20261121021932001234".into(),
            id: id.into(),
            fun: "test.ping".into(),
            fun_args: Vec::new(),
            ret: true.into(),
            retcode,
            success,
            out: None,
        }))
    }

    #[test]
    fn exit_codes_tell_the_worst() {
        let missing = || Answer::Missing { id: "m3".into(), reason: "not connected".into() };
        for (answers, code) in [
            (vec![ret("m1", 0, true)], 0),
            (vec![ret("m1", 0, true), missing()], 1),
            (vec![ret("m1", 7, false)], 2),
            (vec![ret("m1", 0, false)], 2),
            (vec![ret("m1", 2, true)], 2),
            (vec![ret("m1", 1, false), missing()], 2),
            (vec![missing(), ret("m1", 0, true)], 1),
        ] {
            let mut tally = Tally::default();
            answers.iter().for_each(|a| tally.count(a));
            assert_eq!(tally.exit_code(), code);
        }
    }

    #[test]
    fn a_missing_minion_says_why() {
        let missing = Answer::Missing { id: "m3".into(), reason: "not connected".into() };
        assert_eq!(missing.value(), Value::from("Minion did not return. [not connected]"));
    }

    #[test]
    fn summaries_count() {
        let mut tally = Tally::default();
        tally.count(&ret("m1", 0, true));
        tally.count(&ret("m2", 2, true));
        tally.count(&Answer::Missing { id: "m3".into(), reason: "not connected".into() });
        tally.count(&Answer::Missing { id: "m4".into(), reason: "no return within 5 s".into() });
        insta::assert_snapshot!(tally.summary(true));
    }

    #[test]
    fn several_functions_are_shown_by_minion() {
        let mut tally = Tally::default();
        tally.keep(ret("m1", 0, true));
        tally.next_function("test.ping");
        tally.keep(ret("m1", 0, true));
        tally.next_function("test.true");
        assert_eq!(format!("{:?}", tally.all().0), "{'m1': {'test.ping': True, 'test.true': True}}");
    }

    #[test]
    fn the_bar_is_full_when_all_is_done() {
        let mut bar = Progress { total: 4, done: 1, terminal: false };
        assert_eq!(bar.line(), format!(" 25% [{}{}] 1/4", "#".repeat(10), "-".repeat(30)));
        bar.done = 4;
        assert_eq!(bar.line(), format!("100% [{}] 4/4", "#".repeat(40)));
    }
}
