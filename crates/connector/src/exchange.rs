//! Exchange as a source of calendars: the only folder that speaks Exchange Web Services. What
//! leaves it is in our words.

pub mod accounts;
pub mod affinity;
pub mod autodiscover;
pub mod budget;
pub mod connection;
pub mod failure;
pub mod item;
pub mod kerberos;
pub mod place;
mod pool;
pub mod presence;
pub mod probe;
mod rule;
pub mod schedule;
pub mod session;
mod sign_in;
pub mod streaming;
pub mod streams;
pub mod trace;
mod unexpanded;
pub mod zone;

pub use connection::Connection;
pub use failure::Failure;
pub use session::Session;
