//! States that are asked for and run later: `state.request` tries them with `test=True` and keeps what was asked for
//! in `cachedir/req_state.p`.

use std::path::{Path, PathBuf};

use data::{Dict, Value};

use super::ExecEntry;
use super::bound::Bound;
use super::run::apply;
use crate::exec::{ExecError, ExecFn, entry};
use crate::{Ctx, args};

/// The functions of this file.
pub(super) const FUNCTIONS: &[ExecEntry] =
    &[entry::<Request>(), entry::<CheckRequest>(), entry::<ClearRequest>(), entry::<RunRequest>()];

args! {
    /// Show what states would do, and keep the request for `state.run_request`.
    ///
    /// Arguments as for `state.apply`; name: of the request (`default`).
    ///
    /// CLI Example: `rsalt '*' state.request web name=friday`
    pub(super) struct Request(Bound);

    /// Show the requests that are kept, or one of them.
    ///
    /// CLI Example: `rsalt '*' state.check_request`
    pub(super) struct CheckRequest(Bound);

    /// Forget the requests that are kept, or one of them.
    ///
    /// CLI Example: `rsalt '*' state.clear_request friday`
    pub(super) struct ClearRequest(Bound);

    /// Run a request that is kept. Further keywords are added to its own.
    ///
    /// CLI Example: `rsalt '*' state.run_request friday`
    pub(super) struct RunRequest(Bound);
}

fn file(ctx: &Ctx<'_>) -> Result<PathBuf, ExecError> {
    let dir = ctx.opt("cachedir").unwrap_or_default();
    let dir = dir.as_str().ok_or_else(|| ExecError::command("no cachedir is configured"))?;
    Ok(Path::new(dir).join("req_state.p"))
}

fn read(file: &Path) -> Dict {
    let data = std::fs::read(file).ok().and_then(|data| data::msgpack::decode(&data).ok());
    data.and_then(|value| value.as_dict().cloned()).unwrap_or_default()
}

/// Arguments may hold secrets.
fn write(file: &Path, requests: Dict) {
    if let Err(error) = super::write_private(file, &requests.into()) {
        tracing::error!("Unable to write state request file {}: {error}", file.display());
    }
}

/// A request's name, as text or number.
fn name(value: Option<&Value>) -> Value {
    value.cloned().unwrap_or_else(|| "default".into())
}

impl ExecFn for Request {
    const FUN: &'static str = "state.request";
    const SIGNATURE: &'static str = "mods=None, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let mut keywords = self.0.kwargs.clone();
        keywords.insert("test", true);
        let mods = self.0.mods.clone();
        let tried = apply(ctx, &mods, keywords.clone())?;
        let file = file(ctx)?;
        let mut requests = read(&file);
        let name = name(keywords.get("name"));
        let request = Dict::new().with("test_run", tried.clone()).with("mods", mods).with("kwargs", keywords);
        requests.insert(name, request);
        write(&file, requests);
        Ok(tried)
    }
}

impl ExecFn for CheckRequest {
    const FUN: &'static str = "state.check_request";
    const SIGNATURE: &'static str = "name=None";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let file = file(ctx)?;
        let name = &self.0.name;
        if !name.is_true() || !file.is_file() {
            return Ok(read(&file).into());
        }
        let missing = || ExecError::raised("KeyError", format!("{name:?}"));
        read(&file).get_value(name).cloned().ok_or_else(missing)
    }
}

impl ExecFn for ClearRequest {
    const FUN: &'static str = "state.clear_request";
    const SIGNATURE: &'static str = "name=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let file = file(ctx)?;
        let name = &self.0.name;
        if !file.is_file() {
            return Ok(true.into());
        }
        if !name.is_true() {
            // That it is gone already is fine.
            let _ = std::fs::remove_file(&file);
            return Ok(true.into());
        }
        let mut requests = read(&file);
        if requests.remove_value(name).is_none() {
            return Ok(false.into());
        }
        write(&file, requests);
        Ok(true.into())
    }
}

impl ExecFn for RunRequest {
    const FUN: &'static str = "state.run_request";
    const SIGNATURE: &'static str = "name='default', **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let file = file(ctx)?;
        let requests = read(&file);
        let name = name(Some(&self.0.name).filter(|name| !name.is_none()));
        let Some(request) = requests.get_value(&name) else { return Ok(Value::dict()) };
        let (Some(mods), Some(Value::Dict(keywords))) = (request.get("mods"), request.get("kwargs")) else {
            return Ok(Value::dict());
        };
        let mut keywords = (**keywords).clone();
        keywords.extend(self.0.kwargs.clone());
        keywords.remove("test");
        let ret = apply(ctx, mods, keywords)?;
        // The requests are used up, all of them, as in Salt.
        let _ = std::fs::remove_file(&file);
        Ok(ret)
    }
}
