//! The outcome of a job on one minion.

use data::Value;
use serde::{Deserialize, Serialize};

/// What a minion returns for a job; field names as in Salt's return dicts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Return {
    /// The job's id.
    pub jid: String,
    /// The minion's id; the master refuses any other than that of the session.
    pub id: String,
    /// The function.
    pub fun: String,
    /// The function's arguments, as published.
    #[serde(default)]
    pub fun_args: Vec<Value>,
    /// What the function returned, or the text of its error.
    #[serde(rename = "return")]
    pub ret: Value,
    /// 0 when all is well.
    #[serde(default)]
    pub retcode: i64,
    /// Whether the function ran and did not raise.
    #[serde(default)]
    pub success: bool,
    /// The outputter that suits the value, `highstate` for one.
    #[serde(default)]
    pub out: Option<String>,
}
