//! Exchange as a source of calendars: the only folder that speaks Exchange Web Services. What
//! leaves it is in our words.

pub mod affinity;
pub mod autodiscover;
pub mod budget;
pub mod connection;
pub mod failure;
pub mod item;
pub mod place;
pub mod probe;
pub mod session;
pub mod streaming;
pub mod streams;
pub mod trace;
mod unexpanded;
pub mod zone;

pub use connection::Connection;
pub use failure::Failure;
pub use session::Session;
