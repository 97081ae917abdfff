//! `file.mknod`: pipes and devices.

use std::path::Path;

use data::loose::Mode;
use data::{Dict, Value};

use super::act::{Act, name_of};
use super::util::{Perms, bits};
use crate::exec::file::node;
use crate::host::FileKind;
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Make a pipe or a device.
    ///
    /// ```yaml
    /// /dev/chr:
    ///   file.mknod:
    ///     - ntype: c          # or b (block device), p (pipe)
    ///     - major: 180
    ///     - minor: 31
    ///     - user: root
    ///     - group: root
    ///     - mode: "0660"
    /// ```
    ///
    /// Changes: `new`, or `user`, `group`, `mode`.
    pub(crate) struct MkNod {
        name: String,
        ntype: String,
        #[serde(default)]
        major: u32,
        #[serde(default)]
        minor: u32,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        group: Value,
        #[serde(default = closed)]
        mode: Option<Mode>,
    }
}

fn closed() -> Option<Mode> {
    Some(Mode::Bits(0o600))
}

impl Act for MkNod {
    const FUN: &'static str = "file.mknod";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = name_of(ctx, &self.name, Self::FUN)?;
        let (kind, shown, what) = match self.ntype.as_str() {
            "c" => (FileKind::CharDev, "Character device", "character device"),
            "b" => (FileKind::BlockDev, "Block device", "block device"),
            "p" => (FileKind::Fifo, "Fifo pipe", "fifo pipe"),
            other => {
                return Err(StateError::refused(format!(
                    "Node type unavailable: '{other}'. Available node types are character ('c'), block ('b'), and pipe \
                     ('p')"
                )));
            }
        };
        let path = Path::new(&name);
        let perms = Perms::new(&self.user, &self.group, bits(&self.mode));
        let refuse = |text: String| Err(StateError::refused(text));
        match ctx.host.stat(path)? {
            Some(stat) if stat.kind == FileKind::File => {
                refuse(format!("File {name} exists and is not a {what}. Refusing to continue"))
            }
            Some(stat) if stat.kind == kind => {
                if kind != FileKind::Fifo && stat.device != (self.major, self.minor) {
                    let (major, minor) = stat.device;
                    return refuse(format!(
                        "{shown} {name} exists and has a different major/minor {major}/{minor}. Refusing to continue"
                    ));
                }
                let done = perms.enforce(ctx, path, false)?;
                let mut outcome = Outcome::new(Some(done.errors.is_empty()), done.errors.join("; "));
                if done.changes.is_empty() && done.errors.is_empty() {
                    outcome.comment = format!("{shown} {name} is in the correct state");
                } else if ctx.test {
                    outcome.result = None;
                }
                Ok(outcome.with_changes(done.changes))
            }
            Some(_) => refuse(format!("File {name} exists and cannot be overwritten")),
            None if ctx.test => Ok(Outcome::new(None, format!("{shown} {name} is set to be created"))),
            None => {
                node::make(ctx, &name, kind, (self.major, self.minor), &perms)?;
                Ok(Outcome::new(Some(true), "")
                    .with_changes(Dict::new().with("new", format!("{shown} {name} created."))))
            }
        }
    }
}
