//! Waiting for conditions, never for time.

use std::time::{Duration, Instant};

/// What is not there after this is not coming: generous, for a machine that is busy with a build.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks until `look` finds something, and returns that.
///
/// # Panics
/// When nothing was found within [`LIMIT`]: `what` is then in the message.
#[track_caller]
pub fn wait_for<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    match within(LIMIT, look) {
        Some(found) => found,
        None => panic!("waited {} s in vain for {what}", LIMIT.as_secs()),
    }
}

/// Looks until `look` finds something or `limit` has passed.
pub fn within<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() > end {
            return None;
        }
        std::thread::sleep(PAUSE);
    }
}
