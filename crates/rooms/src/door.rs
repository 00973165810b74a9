//! The door: a right link gets a session with Janus, and its room back if Janus has lost it.

use std::sync::Arc;

use axum::{Json, body::Bytes, extract::State, http::HeaderMap};
use conference::janus::{Look, Room, Trouble};
use serde::{Deserialize, Serialize};

use crate::{Shared, refusal::Refusal, relay};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Knock {
    room: String,
    pin: String,
}

#[derive(Serialize)]
pub(crate) struct Entered {
    session: u64,
}

pub(crate) async fn enter(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Entered>, Refusal> {
    relay::expect_json(&headers)?;
    let knock: Knock = serde_json::from_slice(&body).or(Err(Refusal::NotAllowed))?;
    let room = shared.key.admit(&knock.room, &knock.pin).ok_or(Refusal::WrongLink)?;
    match opened(&shared, &room).await {
        Ok(Some(session)) => Ok(Json(Entered { session })),
        Ok(None) => Err(Refusal::Closed),
        Err(trouble) => {
            tracing::warn!(%trouble, "Somebody could not be let into a room");
            Err(Refusal::NoJanus)
        }
    }
}

async fn opened(shared: &Shared, room: &Room) -> Result<Option<u64>, Trouble> {
    if !shared.janus.exists(room).await? {
        if !shared.may_reopen {
            return Ok(None);
        }
        tracing::info!("Janus had lost a room; it is made again");
        shared.janus.make(room, &Look::default()).await?;
    }
    shared.janus.new_session().await.map(Some)
}
