//! Master and minions over loopback, in one process: what must hold on the wire.

mod hostile;
mod jobs;
mod keys;
mod raw;
mod world;
