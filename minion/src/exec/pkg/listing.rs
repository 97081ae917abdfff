//! What is installed, read once and then only when it may have changed.

use std::path::Path;
use std::sync::{Arc, PoisonError};

use super::{Backend, Listing, PkgResult};
use crate::Ctx;
use crate::host::Stat;

/// The list of packages as a job read it last, and the files that it was read from.
pub(crate) struct Known {
    database: Vec<Option<Stat>>,
    listing: Arc<Listing>,
}

/// What is installed. A job that has read it reads it again when the manager's own files are others than then:
/// two hundred states of packages that are there read it once.
pub(crate) fn listing(ctx: &Ctx<'_>, backend: &dyn Backend) -> PkgResult<Arc<Listing>> {
    let is = backend.database().iter().map(|path| ctx.host.stat(Path::new(path)));
    // Reading alone changes nothing but the time of access.
    let timeless = |stat: Stat| Stat { times: [0.0, stat.times[1], stat.times[2]], ..stat };
    let is = is.map(|stat| Ok(stat?.map(timeless))).collect::<PkgResult<Vec<_>>>()?;
    let mut known = ctx.job.packages.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.as_ref().filter(|known| known.database == is && is.iter().any(Option::is_some))
    {
        return Ok(known.listing.clone());
    }
    let listing = Arc::new(backend.list(ctx.host)?);
    *known = Some(Known { database: is, listing: listing.clone() });
    Ok(listing)
}
