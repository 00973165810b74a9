//! The log of who was given which key: each row's hash covers the row and the hash before it, so
//! that a row changed, removed or moved afterwards shows. A cut-off end shows only to somebody
//! who has kept a later [`Head`].

use aws_lc_rs::digest;

use crate::{framed::framed, store::Store};

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

#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("the log is not what was written: row {seq} does not follow")]
    At { seq: i64 },
    #[error("the log cannot be read")]
    Unreadable(#[source] sqlx::Error),
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

/// Rows read at once.
const ROWS_MAX: i64 = 1000;

/// Reads the whole log and gives its head if every row follows from the one before.
pub async fn verify(store: &Store) -> Result<Head, Broken> {
    let mut head = Head::default();
    loop {
        let rows = store.log_after(head.seq, ROWS_MAX).await.map_err(Broken::Unreadable)?;
        if rows.is_empty() {
            return Ok(head);
        }
        for (found, entry) in rows {
            let expected = Linked::after(&head, &entry);
            if found != expected {
                return Err(Broken::At { seq: expected.seq });
            }
            head = Head { seq: found.seq, hash: found.hash };
        }
    }
}
