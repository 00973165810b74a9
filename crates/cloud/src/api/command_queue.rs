//! Connectors fetch what people ordered, and say what became of it.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{Path, State},
};
use jiff::Timestamp;
use protocol::{
    command::{
        COMMANDS_EXCEPT_MAX, CommandName, CommandResult, CommandsRequest, Outcome,
        RESULT_BYTES_MAX, WaitingCommands,
    },
    ids::MEETING_ID_BYTES_MAX,
    presence::Stored,
};
use uuid::Uuid;

use super::{App, Json, connector::user_id};
use crate::{
    auth::Connector,
    error::{Refusal, Result},
};

/// How long a connector's question stays open when nobody has ordered anything.
const QUESTION_WAIT: Duration = Duration::from_secs(20);

/// Answers as soon as there is something, at the latest with nothing.
pub(crate) async fn waiting(
    State(app): State<Arc<App>>,
    Extension(connector): Extension<Connector>,
    Json(request): Json<CommandsRequest>,
) -> Result<axum::Json<WaitingCommands>> {
    if request.except.len() > COMMANDS_EXCEPT_MAX {
        return Err(Refusal::Invalid { field: "except" });
    }
    let mut coming = app.desk.coming();
    let clock = app.world.clock.clone();
    let deadline = clock.now().checked_add(QUESTION_WAIT).unwrap_or(Timestamp::MAX);
    loop {
        coming.mark_unchanged();
        let commands = app.store.waiting_commands(&connector.id, &request, clock.now()).await?;
        if !commands.is_empty() {
            return Ok(axum::Json(WaitingCommands { commands }));
        }
        tokio::select! {
            changed = coming.changed() => if changed.is_err() { return Err(Refusal::Maintenance) },
            () = clock.sleep_until(deadline) => {
                return Ok(axum::Json(WaitingCommands { commands }));
            }
            () = app.stop.stopped() => return Err(Refusal::Maintenance),
        }
    }
}

pub(crate) async fn finish(
    State(app): State<Arc<App>>,
    Extension(connector): Extension<Connector>,
    Path((user, key)): Path<(String, String)>,
    Json(result): Json<CommandResult>,
) -> Result<axum::Json<Stored>> {
    let idempotency_key = Uuid::try_parse(&key).map_err(|_not_an_id| Refusal::NotFound)?;
    let name = CommandName { user: user_id(&user)?, idempotency_key };
    if !is_acceptable(&result.outcome) {
        return Err(Refusal::Invalid { field: "outcome" });
    }
    app.store.finish_command(&connector.id, name, &result).await?;
    app.desk.done(name);
    Ok(axum::Json(Stored {}))
}

fn is_acceptable(outcome: &Outcome) -> bool {
    let is_small = serde_json::to_vec(outcome).is_ok_and(|json| json.len() <= RESULT_BYTES_MAX);
    let has_good_id = match outcome {
        Outcome::Done { meeting_id: Some(id), .. } => {
            !id.0.is_empty() && id.0.len() <= MEETING_ID_BYTES_MAX
        }
        Outcome::Done { meeting_id: None, .. } | Outcome::Refused { .. } => true,
    };
    is_small && has_good_id
}
