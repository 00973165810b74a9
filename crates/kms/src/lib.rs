//! Keys are one thing, in one place: the key server, its client, and sealing and opening with
//! what they guard. The server sees no sealed text; whoever seals keeps no key on disk.
//!
//! Start reading at [`seal`] for the format, at [`server`] for who is given what.

pub mod channel;
pub mod client;
pub mod command_seal;
pub mod config;
pub mod connector_key;
pub mod content_key;
pub mod custody;
pub mod device_key;
pub mod index;
pub mod master_key;
pub mod seal;
pub mod server;
pub mod state_seal;
pub mod store;

mod aead;
pub mod audit;
pub mod backup;
#[cfg(test)]
mod folder;
mod framed;
mod hex;
mod many_people;
mod pem;
mod permission;
mod quota;
mod standing;
