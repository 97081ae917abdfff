//! rsalt master.
