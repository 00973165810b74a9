//! Who is away: connectors say so, everybody who is signed in may ask.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
};
use protocol::{
    ids::UserId,
    presence::{PresenceReport, SUBJECTS_MAX, Status, StatusList, Stored, Subjects},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{App, Asked, Json, connector::user_id};
use crate::{
    auth::{Connector, Person},
    error::{Refusal, Result},
};

pub(crate) async fn put(
    State(app): State<Arc<App>>,
    Extension(connector): Extension<Connector>,
    Path(user): Path<String>,
    Json(report): Json<PresenceReport>,
) -> Result<axum::Json<Stored>> {
    app.store.put_presence(&connector.id, user_id(&user)?, &report).await?;
    Ok(axum::Json(Stored {}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Query {
    user_id: Option<Uuid>,
}

/// Of whoever asks, if nobody is named.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(person): Extension<Person>,
    Asked(query): Asked<Query>,
) -> Result<axum::Json<Status>> {
    Ok(axum::Json(status(&app, query.user_id.map_or(person.user, UserId)).await?))
}

/// One answer for each that was asked for, in order.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Json(asked): Json<Subjects>,
) -> Result<axum::Json<StatusList>> {
    if asked.subjects.len() > SUBJECTS_MAX {
        return Err(Refusal::Invalid { field: "subjects" });
    }
    let mut status_list = Vec::with_capacity(asked.subjects.len());
    for subject in asked.subjects {
        status_list.push(status(&app, subject).await?);
    }
    Ok(axum::Json(StatusList { status_list }))
}

async fn status(app: &App, subject: UserId) -> Result<Status> {
    let known = app.store.presence(subject).await?;
    Ok(Status::of(subject, known, app.world.clock.now()))
}
