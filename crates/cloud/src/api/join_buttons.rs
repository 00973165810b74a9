//! The buttons on a person's screen now. Changes come with the events.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use protocol::feed::JoinButtons;
use serde::Deserialize;

use super::{App, Asked};
use crate::{
    auth::Person,
    error::{Refusal, Result},
    join_button,
};

#[derive(Deserialize)]
pub(crate) struct Query {
    #[serde(default)]
    state: Option<String>,
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(person): Extension<Person>,
    Asked(query): Asked<Query>,
) -> Result<Json<JoinButtons>> {
    if query.state.is_some_and(|state| state != "shown") {
        return Err(Refusal::Invalid { field: "state" });
    }
    let now = app.world.clock.now();
    let items = join_button::shown(&app.store, person.user, now).await?;
    Ok(Json(JoinButtons { items }))
}
