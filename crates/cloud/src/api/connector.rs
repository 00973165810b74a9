//! What connectors do here: take leases, read states, commit changes.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{Path, State},
};
use protocol::{
    connector::{
        COMMIT_MEETINGS_MAX, Commit, Committed, LEASE_SHARDS_MAX, LeaseAnswer, LeaseRequest,
        MailboxState, SEALED_STATE_BYTES_MAX,
    },
    ids::{MEETING_ID_BYTES_MAX, MeetingId, SHARDS, UserId},
    meeting::SealedMeeting,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{App, Asked, Json};
use crate::{
    auth::Connector,
    error::{Refusal, Result},
};

/// How long a lease lasts unless renewed; a dead connector's mailboxes are free after this.
const LEASE_TTL: Duration = Duration::from_secs(10);
/// Most meetings one commit may remove.
const COMMIT_DELETES_MAX: usize = 4096;
/// Largest meeting, as JSON: a thousand sealed participants fit.
const MEETING_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Base64 of the largest state.
const STATE_TEXT_BYTES_MAX: usize = SEALED_STATE_BYTES_MAX.div_ceil(3) * 4;

pub(crate) async fn take_leases(
    State(app): State<Arc<App>>,
    Extension(connector): Extension<Connector>,
    Json(request): Json<LeaseRequest>,
) -> Result<axum::Json<LeaseAnswer>> {
    let LeaseRequest { owner, shards } = request;
    let are_shards = shards.iter().all(|shard| shard.0 < SHARDS);
    if shards.len() > LEASE_SHARDS_MAX || !are_shards {
        return Err(Refusal::Invalid { field: "shards" });
    }
    let granted = app.store.take_leases(&connector.id, owner, &shards, LEASE_TTL).await?;
    tracing::debug!(
        connector.id = %connector.id, %owner, asked = shards.len(), granted = granted.len(),
        "Connector {} asked for leases", connector.id
    );
    let ttl_seconds = u32::try_from(LEASE_TTL.as_secs()).unwrap_or(u32::MAX);
    Ok(axum::Json(LeaseAnswer { granted, ttl_seconds }))
}

#[derive(Deserialize)]
pub(crate) struct StateQuery {
    #[serde(default)]
    meetings: bool,
}

pub(crate) async fn state(
    State(app): State<Arc<App>>,
    Path(user): Path<String>,
    Asked(query): Asked<StateQuery>,
) -> Result<axum::Json<MailboxState>> {
    Ok(axum::Json(app.store.mailbox_state(user_id(&user)?, query.meetings).await?))
}

pub(crate) async fn commit(
    State(app): State<Arc<App>>,
    Extension(connector): Extension<Connector>,
    Path(user): Path<String>,
    Json(commit): Json<Commit>,
) -> Result<axum::Json<Committed>> {
    let user = user_id(&user)?;
    check(&commit)?;
    let (upserts, deletes) = (commit.upserts.len(), commit.deletes.len());
    let committed = app.store.commit(&connector.id, user, commit).await?;
    tracing::debug!(
        %user, version = committed.version, user_rev = committed.user_rev, upserts, deletes,
        "Committed changes of mailbox {user}"
    );
    app.feed.publish(user, committed.user_rev);
    Ok(axum::Json(committed))
}

pub(super) fn user_id(segment: &str) -> Result<UserId> {
    Uuid::try_parse(segment).map(UserId).map_err(|_not_an_id| Refusal::NotFound)
}

fn check(commit: &Commit) -> Result<()> {
    let field = if commit.upserts.len() > COMMIT_MEETINGS_MAX
        || !commit.upserts.iter().all(is_acceptable)
    {
        "upserts"
    } else if commit.deletes.len() > COMMIT_DELETES_MAX || !commit.deletes.iter().all(is_id) {
        "deletes"
    } else if commit.sealed_state.len() > STATE_TEXT_BYTES_MAX {
        "sealedState"
    } else if commit.expect_version < 0 {
        "expectVersion"
    } else {
        return Ok(());
    };
    Err(Refusal::Invalid { field })
}

fn is_acceptable(meeting: &SealedMeeting) -> bool {
    let is_small = serde_json::to_vec(meeting).is_ok_and(|json| json.len() <= MEETING_BYTES_MAX);
    is_small && is_id(&meeting.id) && is_id(&meeting.series_id) && meeting.hc.rev > 0
}

fn is_id(id: &MeetingId) -> bool {
    !id.0.is_empty() && id.0.len() <= MEETING_ID_BYTES_MAX
}
