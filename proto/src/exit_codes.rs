//! The exit codes of every command, in one table. The numbers are Salt's.

/// Everything went well.
pub const OK: i32 = 0;
/// A minion is missing, or a runner raised.
pub const GENERIC: i32 = 1;
/// A state or a command failed, a function raised, or no minion matched the target.
pub const STATE_FAILURE: i32 = 2;
/// The pillar had errors, so no state was run (`state.apply` and its like).
pub const PILLAR_FAILURE: i32 = 5;
/// The command line is wrong: unknown option, missing argument.
pub const USAGE: i32 = 64;
/// A needed service does not answer: the master does not run, or the socket is not open to this user.
pub const UNAVAILABLE: i32 = 69;
/// A file could not be written or made.
pub const CANT_CREATE: i32 = 73;
/// A config file is broken.
pub const CONFIG: i32 = 78;
/// Ended by Ctrl-C.
pub const INTERRUPTED: i32 = 130;
