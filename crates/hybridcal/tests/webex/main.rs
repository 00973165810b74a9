//! The provider `webex` against the simulated Webex, in virtual time.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests say what went wrong by stopping"
)]

mod limits;
mod office;
mod once;
mod rooms;
mod series;
mod simulation;
mod thread;
mod tokens;
mod truth;
