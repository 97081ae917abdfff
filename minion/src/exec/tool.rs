//! The host's own tools.

use std::io::ErrorKind;

use crate::Ctx;
use crate::exec::ExecError;
use crate::host::{Cmd, HostError, Output};

/// Runs a tool; one that is not installed is told in Salt's words.
pub(crate) fn run(ctx: &Ctx<'_>, cmd: &Cmd) -> Result<Output, ExecError> {
    match ctx.run(cmd) {
        Err(HostError::Start { source, .. }) if source.kind() == ErrorKind::NotFound => {
            Err(ExecError::command(format!("Command '{}' cannot be found", cmd.program())))
        }
        done => Ok(done?),
    }
}

/// Whether a tool did what it was told.
pub(crate) fn did(ctx: &Ctx<'_>, cmd: &Cmd) -> Result<bool, ExecError> {
    let output = run(ctx, cmd)?;
    if !output.ok() {
        tracing::error!("{cmd} failed with {}: {}", output.code, output.err().trim());
    }
    Ok(output.ok())
}

/// Names that a command line would take for options, or that end a line of a file, are none.
pub(crate) fn checked<'a>(what: &str, name: &'a str) -> Result<&'a str, ExecError> {
    if name.is_empty() || name.starts_with('-') || name.contains([':', ',', '\n', '/', '\0']) {
        return Err(ExecError::invocation(format!("'{name}' is not the name of a {what}")));
    }
    Ok(name)
}
