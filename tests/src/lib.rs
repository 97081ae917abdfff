//! The harness of the end-to-end tests: real binaries, real sockets, real containers.
//!
//! Nothing here knows how rsalt works inside. Processes are started as a user starts them, and
//! looked at through what a user sees: output, exit codes, files. Whatever a test starts ends with
//! the value that stands for it.

pub mod bins;
pub mod cases;
pub mod cli;
pub mod docker;
pub mod master;
pub mod minion;
pub mod net;
pub mod process;
pub mod tree;
pub mod wait;

pub use cli::{Call, Output};
pub use docker::Container;
pub use master::Master;
pub use minion::Minion;
pub use tree::Tree;
pub use wait::{LIMIT, wait_for};
