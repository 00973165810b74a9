//! What went wrong, for the other side (RFC 9457). Never echoes input, other people's ids or
//! internal text.

use serde::{Deserialize, Serialize};

use crate::feed::Position;

/// `application/problem+json`
pub const MEDIA_TYPE: &str = "application/problem+json";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// `/problems/<name>`
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// Id of the request, also in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl Problem {
    pub fn new(status: u16, name: &str, title: &str) -> Self {
        Self {
            kind: format!("/problems/{name}"),
            title: title.into(),
            status,
            instance: None,
            field: None,
            position: None,
            retry_after_ms: None,
        }
    }

    /// The last part of `type`, which callers match on.
    pub fn name(&self) -> &str {
        self.kind.strip_prefix("/problems/").unwrap_or(&self.kind)
    }
}

/// Names of problems that a caller decides on.
pub mod name {
    /// Another connector follows this mailbox now: drop everything in memory for it.
    pub const STALE_LEASE: &str = "stale-lease";
    /// Somebody committed in between: read the state again.
    pub const STATE_CONFLICT: &str = "state-conflict";
    /// The position is unknown or too old: read the list again.
    pub const RESYNC_REQUIRED: &str = "resync-required";
    pub const TOKEN_INVALID: &str = "token-invalid";
    pub const NOT_PERMITTED: &str = "not-permitted";
    pub const NOT_FOUND: &str = "not-found";
    pub const INVALID_REQUEST: &str = "invalid-request";
    pub const WINDOW_TOO_LARGE: &str = "window-too-large";
    pub const TOO_LARGE: &str = "too-large";
    pub const SLOW_DOWN: &str = "slow-down";
    /// The same key with another request: draw a new one.
    pub const IDEMPOTENCY_MISMATCH: &str = "idempotency-mismatch";
    /// The meeting is not what the caller thinks any more, or not one this can be done with.
    pub const PRECONDITION_FAILED: &str = "precondition-failed";
    /// Nobody follows this mailbox now; what was ordered waits until it expires.
    pub const CONNECTOR_OFFLINE: &str = "connector-offline";
    /// Not done yet; repeat with the same key.
    pub const CONNECTOR_TIMEOUT: &str = "connector-timeout";
    /// The key server that should answer is not connected.
    pub const KEY_SERVICE_OFFLINE: &str = "key-service-offline";
    pub const MAINTENANCE: &str = "maintenance";
}
