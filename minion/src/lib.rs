//! rsalt minion.
