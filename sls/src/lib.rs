//! rsalt sls.
