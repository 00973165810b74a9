//! The draft's protected channel: a client meets the key server's lasting key, agrees with it on a
//! key for an hour, and from then on both speak in frames that only they can read.
//!
//! [`compact`] reads and writes what travels, [`static_key`] is the lasting key, [`secret`] the
//! one agreed on; [`client`] is the other side. docs/api/keys.md has the steps.

pub mod client;
pub mod compact;
pub mod secret;
pub mod static_key;

/// How long a channel lives.
pub(crate) const CHANNEL_LIFE: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);
