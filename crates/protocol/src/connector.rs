//! What a connector tells the cloud: which mailboxes it follows, and what changed in them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ids::{MeetingId, Shard},
    meeting::SealedMeeting,
};

/// Most shards one request may name.
pub const LEASE_SHARDS_MAX: usize = 1024;
/// Most meetings one commit may carry; more go into the next commit.
pub const COMMIT_MEETINGS_MAX: usize = 100;
/// Largest body of a commit.
pub const COMMIT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Largest sealed state of a mailbox.
pub const SEALED_STATE_BYTES_MAX: usize = 256 * 1024;
/// Most meetings one [`MailboxState`] names.
pub const STATE_MEETINGS_MAX: u16 = 5000;

/// Take or renew leases. `owner` is drawn anew at each process start, so that a restarted
/// connector is a new owner and its former self is fenced off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseRequest {
    pub owner: Uuid,
    pub shards: Vec<Shard>,
}

/// The shards this owner holds now; the others belong to another owner of the same connector id
/// until their leases end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseAnswer {
    pub granted: Vec<Lease>,
    pub ttl_seconds: u32,
}

/// The right to follow the mailboxes of one shard; a later owner has a higher epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub shard: Shard,
    pub epoch: i64,
}

/// What the cloud keeps for a connector about one mailbox; version 0 = nothing yet.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailboxState {
    pub version: i64,
    /// Opaque to the cloud, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_state: Option<String>,
    /// Epoch of the lease under which it was committed (part of what the seal binds).
    pub lease_epoch: i64,
    /// Highest content revision among the user's stored meetings; 0 if there are none. Whoever
    /// lost the state must number higher, or the cloud takes its updates for old ones.
    #[serde(default)]
    pub newest_rev: i64,
    /// What is stored for the user now, if asked for: a connector that lost the state finds here
    /// what to remove. At most [`STATE_MEETINGS_MAX`], those that end last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub meetings: Vec<MeetingId>,
}

/// What one page of changes says, and the state that covers it: both or neither.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Commit {
    pub owner: Uuid,
    pub lease_epoch: i64,
    /// The version this commit replaces; the next one is one higher.
    pub expect_version: i64,
    /// Repeating a batch gets the stored answer.
    pub batch_id: Uuid,
    pub sealed_state: String,
    pub upserts: Vec<SealedMeeting>,
    pub deletes: Vec<MeetingId>,
}

/// The commit is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Committed {
    pub version: i64,
    /// The user's newest revision.
    pub user_rev: i64,
}
