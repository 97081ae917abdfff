//! `pillar.*`: the pillar of a minion as the master makes it.

use data::{Dict, Value};
use proto::message::PillarRequest;

use super::{Args, Master, Outcome, RunnerError, Table};

pub(super) const FUNCTIONS: Table = &[("pillar.show_pillar", show_pillar)];

fn request(master: &dyn Master, args: &mut Args) -> Result<(String, PillarRequest), RunnerError> {
    let id = args.text("minion")?.unwrap_or_else(|| "*".into());
    let saltenv = args.text("saltenv")?;
    let pillarenv = args.text("pillarenv")?;
    let overrides = args.keyword("pillar").unwrap_or_default();
    let mut grains = match master.store().grains(&id)? {
        Some(Value::Dict(d)) => d.as_ref().clone(),
        _ => Dict::new().with("id", id.as_str()).with("fqdn", id.as_str()),
    };
    // As in Salt, further keywords are grains, to try things out.
    for (key, value) in args.other_keywords() {
        if !key.as_str().is_some_and(|k| k.starts_with("__")) {
            grains.insert(key, value);
        }
    }
    Ok((id, PillarRequest { grains: grains.into(), saltenv, pillarenv, overrides, external: Value::None }))
}

fn show_pillar(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let (id, request) = request(master, &mut args)?;
    args.done()?;
    Ok(Outcome::ok(master.pillar().compile(&id, &request)?))
}
