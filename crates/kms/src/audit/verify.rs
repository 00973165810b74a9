//! Reads the whole log and says whether it is what was written: `hybridcal kms audit verify`.

use std::collections::BTreeMap;

use protocol::ids::OrganizationId;

use super::{Checkpoint, Head, Linked};
use crate::store::Store;

/// Rows read at once.
const ROWS_MAX: i64 = 1000;
/// Public half of the key that signs checkpoints; its private half lies wrapped beside it.
pub(crate) const PUBLIC_KEY: &str = "audit-public-key";
/// The checkpoint behind which the log begins, once old rows were cut off.
pub(crate) const LOG_START: &str = "audit-start";

/// What was found whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Where the log begins: behind this row.
    pub after: i64,
    pub head: Head,
    /// Checkpoints that were compared with it; older ones than its beginning are not.
    pub compared: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("the log is not what was written: row {seq} does not follow")]
    At { seq: i64 },
    #[error("the log is not what was written: row {seq} differs from its checkpoint")]
    OtherRow { seq: i64 },
    #[error("the log's end was cut off: a checkpoint knows row {known}, the last one is {last}")]
    CutOff { last: i64, known: i64 },
    #[error("the checkpoint of row {seq} was not signed by this key server")]
    Foreign { seq: i64 },
    #[error("the log does not say truthfully where it begins")]
    Start,
    #[error("the log cannot be read")]
    Unreadable(#[from] sqlx::Error),
}

/// Every row must follow from the one before, and every checkpoint must be met. Without
/// checkpoints a cut-off end does not show.
pub async fn verify(
    store: &Store,
    organization: &OrganizationId,
    checkpoints: &[Checkpoint],
) -> Result<Whole, Broken> {
    loop {
        let start = store.setting(LOG_START).await?;
        let found = follow(store, organization, start.as_deref(), checkpoints).await;
        // A running server may have cut off old rows meanwhile.
        let is_same = store.setting(LOG_START).await? == start;
        if found.is_ok() || is_same {
            return found;
        }
    }
}

async fn follow(
    store: &Store,
    organization: &OrganizationId,
    start: Option<&[u8]>,
    checkpoints: &[Checkpoint],
) -> Result<Whole, Broken> {
    let public = store.setting(PUBLIC_KEY).await?.unwrap_or_default();
    let mut head = match start {
        None => Head::default(),
        Some(line) => {
            let line = str::from_utf8(line).ok().and_then(Checkpoint::from_line);
            line.and_then(|start| start.head(organization, &public)).ok_or(Broken::Start)?
        }
    };
    let known = known(organization, &public, checkpoints, head.seq)?;
    let after = head.seq;
    check_row(&known, &head)?;
    loop {
        let rows = store.log_after(head.seq, ROWS_MAX).await?;
        if rows.is_empty() {
            break;
        }
        for (found, entry) in rows {
            let expected = Linked::after(&head, &entry);
            if found != expected {
                return Err(Broken::At { seq: expected.seq });
            }
            head = Head { seq: found.seq, hash: found.hash };
            check_row(&known, &head)?;
        }
    }
    match known.last_key_value() {
        Some((seq, _)) if *seq > head.seq => Err(Broken::CutOff { last: head.seq, known: *seq }),
        Some(_) | None => Ok(Whole { after, head, compared: known.len() }),
    }
}

/// What signed checkpoints know of rows that the log still has, by row.
fn known(
    organization: &OrganizationId,
    public: &[u8],
    checkpoints: &[Checkpoint],
    after: i64,
) -> Result<BTreeMap<i64, Vec<u8>>, Broken> {
    let mut known = BTreeMap::new();
    for checkpoint in checkpoints {
        let seq = checkpoint.seq;
        let head = checkpoint.head(organization, public).ok_or(Broken::Foreign { seq })?;
        if seq < after {
            continue;
        }
        let before = known.insert(seq, head.hash.clone());
        if before.is_some_and(|before| before != head.hash) {
            return Err(Broken::OtherRow { seq });
        }
    }
    Ok(known)
}

fn check_row(known: &BTreeMap<i64, Vec<u8>>, row: &Head) -> Result<(), Broken> {
    let is_other = known.get(&row.seq).is_some_and(|hash| *hash != row.hash);
    if is_other { Err(Broken::OtherRow { seq: row.seq }) } else { Ok(()) }
}
