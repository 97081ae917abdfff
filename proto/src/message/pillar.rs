//! A minion asks for its pillar.

use data::Value;
use serde::{Deserialize, Serialize};

/// Which pillar is wanted. The minion's id is that of the session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PillarRequest {
    /// The grains as they are now.
    pub grains: Value,
    /// The minion's `saltenv`, if it has one set.
    #[serde(default)]
    pub saltenv: Option<String>,
    /// Only this pillar environment.
    #[serde(default)]
    pub pillarenv: Option<String>,
    /// `pillar='{…}'` of the job: merged over the result.
    #[serde(default)]
    pub overrides: Value,
    /// One more external pillar (`pillar.ext`), if the master allows it.
    #[serde(default)]
    pub external: Value,
}
