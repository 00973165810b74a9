//! What a form for a meeting begins with: the meeting as it is stored. Nothing is asked of a
//! connector.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Extension, extract::State};
use protocol::{
    command::{CommandName, Outcome},
    ids::MeetingId,
    meeting::{SealedMeeting, SealedPerson},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{App, Asked};
use crate::{
    auth::Person,
    error::{Refusal, Result},
};

/// Other members of the contract's query are scheduling options of another service.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Query {
    /// A meeting's or a series'.
    id: Option<String>,
    /// The idempotency key under which it was created.
    client_meeting_id: Option<Uuid>,
    #[serde(rename = "organizerCIUserId")]
    organizer: Option<Uuid>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SchedulerData {
    #[serde(flatten)]
    meeting: SealedMeeting,
    scheduler_preferences: BTreeMap<String, String>,
    /// By user id; nobody schedules for others yet.
    encrypted_schedule_for: BTreeMap<Uuid, SealedPerson>,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(person): Extension<Person>,
    Asked(query): Asked<Query>,
) -> Result<axum::Json<SchedulerData>> {
    if query.organizer.is_some_and(|organizer| organizer != person.user.0) {
        return Err(Refusal::NotPermitted);
    }
    let id = match (query.id, query.client_meeting_id) {
        (Some(id), _) => MeetingId(id),
        (None, Some(key)) => made(&app, person, key).await?,
        (None, None) => return Err(Refusal::Invalid { field: "id" }),
    };
    let meeting = app.store.meeting_or_series(person.user, &id).await?.ok_or(Refusal::NotFound)?;
    Ok(axum::Json(SchedulerData {
        meeting: app.linked(meeting),
        scheduler_preferences: BTreeMap::new(),
        encrypted_schedule_for: BTreeMap::new(),
    }))
}

async fn made(app: &App, person: Person, idempotency_key: Uuid) -> Result<MeetingId> {
    let name = CommandName { user: person.user, idempotency_key };
    match app.store.find_command(name).await?.and_then(|known| known.outcome) {
        Some(Outcome::Done { meeting_id: Some(id), .. }) => Ok(id),
        Some(Outcome::Done { .. } | Outcome::Refused { .. }) | None => Err(Refusal::NotFound),
    }
}
