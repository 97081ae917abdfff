//! No init system: there are no services.

use super::{Action, Backend, ServiceError, ServiceResult};
use crate::host::Host;

/// What a slim container has.
pub(super) struct NoInit;

impl NoInit {
    fn refuse<T>() -> ServiceResult<T> {
        Err(ServiceError::Refused("there is no init system on this machine".to_owned()))
    }
}

impl Backend for NoInit {
    fn all(&self, _: &dyn Host) -> ServiceResult<Vec<String>> {
        Ok(Vec::new())
    }

    fn all_enabled(&self, _: &dyn Host) -> ServiceResult<Vec<String>> {
        Ok(Vec::new())
    }

    fn status(&self, _: &dyn Host, _: &str) -> ServiceResult<bool> {
        Ok(false)
    }

    fn act(&self, _: &dyn Host, _: &str, _: Action) -> ServiceResult<bool> {
        Self::refuse()
    }

    fn enable(&self, _: &dyn Host, _: &str, _: bool) -> ServiceResult<bool> {
        Self::refuse()
    }
}
