//! Files that come with the call, as `salt-cp` sends them.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data::loose::{Flag, Mode};
use data::{Dict, Value};

use crate::exec::file::os_text;
use crate::exec::{ExecError, ExecFn};
use crate::states::file::util::bits;
use crate::{Ctx, args};

args! {
    /// Write files that come with the call: paths and contents. Returns for each whether it was written.
    ///
    /// CLI Example: `rsalt '*' cp.recv '{/srv/app.conf: "port: 80"}' /etc`
    pub(crate) struct Recv {
        files: Dict,
        dest: String,
    }

    /// Write a piece of a file, base64; a chunk of nothing makes a directory. append: after what is there. Compressed
    /// pieces are not supported.
    ///
    /// CLI Example: `rsalt '*' cp.recv_chunked /tmp/file aGVsbG8= compressed=False`
    pub(crate) struct RecvChunked {
        dest: String,
        chunk: Value,
        #[serde(default)]
        append: Flag,
        #[serde(default = yes)]
        compressed: Flag,
        #[serde(default)]
        mode: Option<Mode>,
    }
}

fn yes() -> Flag {
    Flag(true)
}

impl ExecFn for Recv {
    const FUN: &'static str = "cp.recv";
    const SIGNATURE: &'static str = "files, dest";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let dest = Path::new(&self.dest);
        let mut done = Dict::new();
        for (path, data) in &self.files {
            let path = path.to_string();
            let at = if path.ends_with(&self.dest) && ctx.host.exists(dest) && !ctx.host.is_dir(dest) {
                dest.to_owned()
            } else if ctx.host.is_dir(dest) {
                dest.join(path.rsplit('/').next().unwrap_or(&path))
            } else if dest.parent().is_some_and(|dir| ctx.host.is_dir(dir)) {
                dest.to_owned()
            } else {
                return Ok("Destination unavailable".into());
            };
            let written = ctx.host.write_atomic(&at, data.to_string().as_bytes(), None).is_ok();
            done.insert(at.display().to_string(), written);
        }
        Ok(done.into())
    }
}

impl ExecFn for RecvChunked {
    const FUN: &'static str = "cp.recv_chunked";
    const SIGNATURE: &'static str = "dest, chunk, append=False, compressed=True, mode=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let dest = PathBuf::from(&self.dest);
        let failed = |text: String| {
            ctx.set_retcode(1);
            Ok(Value::from(text))
        };
        if self.chunk.is_none() {
            return match ctx.host.mkdir_all(&dest, None) {
                Ok(()) => Ok(true.into()),
                Err(_) if ctx.host.is_file(&dest) => Ok("Path exists and is a file".into()),
                Err(error) => failed(os_text(&error, &dest)),
            };
        }
        if self.compressed.0 {
            return Err(ExecError::command(
                "compressed pieces are not supported: send them with compressed=False",
            ));
        }
        let data = STANDARD
            .decode(self.chunk.to_string())
            .map_err(|error| ExecError::raised("binascii.Error", error.to_string()))?;
        let there = ctx.host.stat(&dest)?.filter(|_| self.append.0);
        let written = match there {
            Some(stat) => ctx.host.write_at(&dest, stat.size, &data),
            None => ctx.host.write_atomic(&dest, &data, None),
        };
        let written = written.and_then(|()| match bits(&self.mode) {
            Some(mode) => ctx.host.chmod(&dest, mode),
            None => Ok(()),
        });
        match written {
            Ok(()) => Ok(true.into()),
            Err(error) => failed(os_text(&error, &dest)),
        }
    }
}
