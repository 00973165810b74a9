//! Where each mailbox is served, asked of Exchange itself. [`search`] decides what to try next,
//! `discovery` does it, and every address on the way passes [`gate`]: nothing else makes a
//! [`Permitted`], and without one no credentials are sent.

pub mod directory;
mod discovery;
pub mod gate;
pub mod search;

pub use discovery::{Discovery, Round};
pub use gate::{Gate, Permitted};
