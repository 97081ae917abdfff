//! rsalt tests.
