//! The real cloud and the real key server, each in a process of its own that is killed at any moment, on
//! both databases: nothing that was acknowledged is lost, nothing is there twice, and neither lists nor
//! the log of keys have a gap. Real time and real sockets.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests say what went wrong by stopping"
)]

mod asker;
mod cable;
mod keys;
mod matrix;
mod place;
mod program;
mod restarted;
