//! rsalt proto.
