//! Locks around plain data.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A poisoned lock means that a holder panicked between two assignments of plain data: it is used as it is.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
