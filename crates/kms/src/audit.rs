//! The log of who was given which key: each row's hash covers the row and the hash before it, so
//! that a row changed, removed or moved afterwards shows. A cut-off end shows to whoever kept a
//! later [`Checkpoint`]; the log itself begins at one, once old rows were cut off.

mod checkpoint;
pub(crate) mod keeper;
pub mod verify;

use aws_lc_rs::digest;

pub use checkpoint::Checkpoint;
pub(crate) use checkpoint::{AuditKey, SEED_BYTES};

use crate::framed::framed;

/// What happened. Ids only; no address, no key.
pub(crate) struct Entry {
    pub(crate) time: String,
    pub(crate) actor: String,
    pub(crate) op: String,
    /// The URI the request named.
    pub(crate) object: String,
    /// Status of the answer.
    pub(crate) result: i64,
}

/// The newest row: enough to tell later whether rows are missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub seq: i64,
    pub hash: Vec<u8>,
}

/// An entry's place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Linked {
    pub(crate) seq: i64,
    pub(crate) hash: Vec<u8>,
}

impl Linked {
    pub(crate) fn after(head: &Head, entry: &Entry) -> Self {
        let seq = head.seq + 1;
        let row = framed(&[
            &head.hash,
            &seq.to_be_bytes(),
            entry.time.as_bytes(),
            entry.actor.as_bytes(),
            entry.op.as_bytes(),
            entry.object.as_bytes(),
            &entry.result.to_be_bytes(),
        ]);
        Self { seq, hash: digest::digest(&digest::SHA256, &row).as_ref().to_vec() }
    }
}

#[cfg(test)]
mod tests;
