//! `fileserver.*`: what the file server has.

use data::{Dict, Value};

use super::{Args, Master, Outcome, RunnerError, Table};
use crate::fileserver::Listing;

pub(super) const FUNCTIONS: Table = &[
    ("fileserver.dir_list", |m, a| listed(m, a, |l| l.dirs.into())),
    ("fileserver.empty_dir_list", |m, a| listed(m, a, |l| l.empty_dirs.into())),
    ("fileserver.envs", envs),
    ("fileserver.file_list", |m, a| listed(m, a, |l| l.files.into())),
    ("fileserver.symlink_list", |m, a| listed(m, a, |l| l.links.into_iter().collect::<Dict>().into())),
    ("fileserver.update", update),
];

fn listed(master: &dyn Master, mut args: Args, kind: fn(Listing) -> Value) -> Result<Outcome, RunnerError> {
    let saltenv = args.text("saltenv")?.unwrap_or_else(|| "base".into());
    let _backend = args.value("backend");
    args.done()?;
    Ok(Outcome::ok(kind(master.fileserver().listing(&saltenv))))
}

fn envs(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let _backend = args.value("backend");
    let _sources = args.value("sources");
    args.done()?;
    Ok(Outcome::ok(master.fileserver().envs()))
}

/// The roots are read as they are: there is nothing to update.
fn update(_: &dyn Master, _: Args) -> Result<Outcome, RunnerError> {
    Ok(Outcome::ok(true))
}
