//! Events: a tag and data, as on Salt's event bus.

use data::Value;
use serde::{Deserialize, Serialize};

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The tag, `salt/job/<jid>/ret/<id>` for one.
    pub tag: String,
    /// The data.
    pub data: Value,
}
