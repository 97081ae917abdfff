//! `--batch`: the job on so many minions at a time; as each is done, the next begins.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use proto::exit_codes;
use proto::message::ControlReply;
use proto::message::control::{MissingReason, Target};
use proto::target::TargetType;

use super::client::JobStream;
use super::error::CliError;
use super::output::Printer;
use super::rsalt::{Run, Selected, no_minions, targets};
use super::summary::{Answer, Progress, Tally};

/// How a batch goes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Batch options")]
pub(super) struct BatchOptions {
    /// Run on so many minions at a time: a number, or a percentage such as 10%
    #[arg(short = 'b', long, visible_alias = "batch-size", value_name = "N|P%", value_parser = parse_size)]
    pub batch: Option<Size>,
    /// Seconds to wait after a minion is done before the next takes its place
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    pub batch_wait: f64,
    /// Stop the batch at the first minion that fails
    #[arg(long)]
    pub failhard: bool,
}

/// How many at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Size {
    Number(usize),
    Percent(f64),
}

impl Size {
    /// How many of `all`; at least one.
    fn of(self, all: usize) -> usize {
        let n = match self {
            Size::Number(n) => n,
            Size::Percent(p) => (p / 100.0 * all as f64) as usize,
        };
        n.clamp(1, all.max(1))
    }
}

fn parse_size(text: &str) -> Result<Size, String> {
    let wrong = || "it is a number, or a percentage such as 10%".to_owned();
    match text.strip_suffix('%') {
        Some(p) => match p.trim().parse::<f64>() {
            Ok(p) if p > 0.0 && p.is_finite() => Ok(Size::Percent(p)),
            _ => Err(wrong()),
        },
        None => text.parse().ok().filter(|n| *n > 0).map(Size::Number).ok_or_else(wrong),
    }
}

/// What one part of the batch tells.
enum News {
    Published(String),
    Answer(Answer),
    /// The part has ended, well or not.
    End(Result<(), CliError>),
}

/// Runs the batch. A code comes back where the run ends here.
pub(super) fn run(
    run: &Run,
    options: &BatchOptions,
    printer: &mut Printer,
    tally: &mut Tally,
) -> Result<Option<i32>, CliError> {
    let Selected { minions, not_accepted, .. } = targets(&run.socket, run.publish.target.clone())?;
    if minions.is_empty() && not_accepted.is_empty() {
        return Ok(Some(no_minions()));
    }
    for id in not_accepted {
        let reason = MissingReason::KeyNotAccepted.to_string();
        show(run, printer, tally, Answer::Missing { id, reason })?;
    }
    let size = options.batch.map_or(minions.len(), |s| s.of(minions.len()));
    let mut batch = Batch {
        run,
        wait: Duration::try_from_secs_f64(options.batch_wait).unwrap_or_default(),
        pending: minions.clone().into(),
        free: size,
        blocked: VecDeque::new(),
        running: 0,
        news: channel(),
    };
    let mut progress = Progress::new(minions.len());
    let mut stopped = false;
    loop {
        if !stopped {
            let next = batch.next_ids();
            if !next.is_empty() {
                progress.clear();
                if !run.collect {
                    printer.line(&format!("\nExecuting run on {:?}\n", data::Value::from(next.clone())))?;
                }
                batch.start(next);
            }
        }
        if batch.running == 0 && (stopped || batch.pending.is_empty()) {
            break;
        }
        let Some(news) = batch.wait_for_news() else { continue };
        match news {
            News::Published(jid) => {
                if let Some(line) = run.jid_shown.line(&jid).filter(|_| !run.collect) {
                    progress.clear();
                    printer.line(&line)?;
                }
            }
            News::End(ended) => {
                batch.running -= 1;
                ended?;
            }
            News::Answer(answer) => {
                batch.done_one();
                progress.clear();
                let failed = options.failhard && answer.code() != exit_codes::OK;
                let id = answer.id().to_owned();
                show(run, printer, tally, answer)?;
                if failed && !std::mem::replace(&mut stopped, true) {
                    eprintln!("{}", stop_line(&id, &batch.pending));
                }
                progress.step();
            }
        }
    }
    progress.clear();
    Ok(None)
}

/// Counts an answer, and shows it now or keeps it for the end.
fn show(run: &Run, printer: &mut Printer, tally: &mut Tally, answer: Answer) -> Result<(), CliError> {
    tally.count(&answer);
    if !(run.hide_timeout && answer.is_missing()) {
        if run.collect {
            tally.keep(answer);
        } else {
            printer.answer(&answer)?;
        }
    }
    Ok(())
}

/// Why the batch stops, and who is left out by that.
fn stop_line(id: &str, left: &VecDeque<String>) -> String {
    let mut line =
        format!("ERROR: Minion {id} returned with non-zero exit code. Batch run stopped due to failhard");
    for (at, id) in left.iter().enumerate() {
        line.push_str(if at == 0 { ", not run on " } else { ", " });
        line.push_str(id);
    }
    line
}

struct Batch<'a> {
    run: &'a Run,
    wait: Duration,
    pending: VecDeque<String>,
    /// Places that are free now.
    free: usize,
    /// When places become free that `--batch-wait` still keeps.
    blocked: VecDeque<Instant>,
    /// Parts whose streams have not ended.
    running: usize,
    news: (Sender<News>, Receiver<News>),
}

impl Batch<'_> {
    /// A minion is done: its place is free, now or after the wait.
    fn done_one(&mut self) {
        self.blocked.push_back(Instant::now() + self.wait);
    }

    fn next_ids(&mut self) -> Vec<String> {
        let now = Instant::now();
        while self.blocked.front().is_some_and(|t| *t <= now) {
            self.blocked.pop_front();
            self.free += 1;
        }
        let take = self.free.min(self.pending.len());
        self.free -= take;
        self.pending.drain(..take).collect()
    }

    /// Publishes to these minions; a thread reads the stream.
    fn start(&mut self, ids: Vec<String>) {
        self.running += 1;
        let socket = self.run.socket.clone();
        let mut publish = self.run.publish.clone();
        publish.target = Target { tgt: ids.into(), tgt_type: TargetType::List, delimiter: String::new() };
        publish.wait = true;
        let jid = std::sync::Arc::clone(&self.run.jid);
        let tell = self.news.0.clone();
        std::thread::spawn(move || {
            let stream = || {
                let mut client = JobStream::publish(&socket, publish)?;
                while let Some(reply) = client.reply()? {
                    let answer = match reply {
                        ControlReply::Published { job, .. } => {
                            jid.lock()
                                .unwrap_or_else(std::sync::PoisonError::into_inner)
                                .replace(job.jid.clone());
                            // The receiver lives as long as the batch.
                            let _ = tell.send(News::Published(job.jid));
                            continue;
                        }
                        ControlReply::Return(ret) => Answer::Return(ret),
                        ControlReply::Missing { id, reason } => {
                            Answer::Missing { id, reason: reason.to_string() }
                        }
                        _ => continue,
                    };
                    let _ = tell.send(News::Answer(answer));
                }
                Ok(())
            };
            let ended = stream();
            let _ = tell.send(News::End(ended));
        });
    }

    /// The next news; none when a place becomes free first.
    fn wait_for_news(&self) -> Option<News> {
        match self.blocked.front().filter(|_| !self.pending.is_empty()) {
            Some(free) => self.news.1.recv_timeout(free.saturating_duration_since(Instant::now())).ok(),
            None => self.news.1.recv().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stopping_names_who_is_left_out() {
        let stopped = "ERROR: Minion m1 returned with non-zero exit code. Batch run stopped due to failhard";
        assert_eq!(stop_line("m1", &VecDeque::new()), stopped);
        let left = VecDeque::from(["m2".to_owned(), "m3".to_owned()]);
        assert_eq!(stop_line("m1", &left), format!("{stopped}, not run on m2, m3"));
    }

    #[test]
    fn sizes() {
        for (text, all, n) in
            [("3", 10, 3), ("30%", 10, 3), ("1%", 10, 1), ("100%", 7, 7), ("20", 5, 5), ("33.4%", 3, 1)]
        {
            assert_eq!(parse_size(text).unwrap().of(all), n, "{text} of {all}");
        }
        for text in ["0", "-1", "x", "%", "0%", "inf%"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
