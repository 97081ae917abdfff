//! `log`: lines for the minion's log.

use super::plain::{Given, functions};

functions! {
    /// Log a message for whoever looks for an error in the minion. `rsalt '*' log.debug 'Hello'`
    "log.debug"("message") = |args, _| {
        tracing::debug!("{}", args.text("message"));
        Ok(true.into())
    };
    /// Log a message of interest. `rsalt '*' log.info 'Hello'`
    "log.info"("message") = |args, _| {
        tracing::info!("{}", args.text("message"));
        Ok(true.into())
    };
    /// Log a warning. `rsalt '*' log.warning 'Hello'`
    "log.warning"("message") = |args, _| {
        tracing::warn!("{}", args.text("message"));
        Ok(true.into())
    };
    /// Log an error. `rsalt '*' log.error 'Hello'`
    "log.error"("message") = |args, _| {
        tracing::error!("{}", args.text("message"));
        Ok(true.into())
    };
    /// Log a message of the highest level there is. `rsalt '*' log.critical 'Hello'`
    "log.critical"("message") = |args, _| {
        tracing::error!("{}", args.text("message"));
        Ok(true.into())
    };
    /// Log an error. `rsalt '*' log.exception 'Hello'`
    "log.exception"("message") = |args, _| {
        tracing::error!("{}", args.text("message"));
        Ok(true.into())
    };
}
