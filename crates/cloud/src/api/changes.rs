//! Catching up: what happened to a person's list after a position.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use protocol::feed::{Change, Changes, Position, What};
use serde::Deserialize;

use super::{App, Asked};
use crate::{
    auth::Person,
    error::{Refusal, Result},
    store::{CatchUp, LoggedChange},
};

/// Changes per answer; the rest is asked for page by page.
const CHANGES_MAX: u16 = 500;

#[derive(Deserialize)]
pub(crate) struct Query {
    since: String,
    #[serde(default)]
    limit: Option<u16>,
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(person): Extension<Person>,
    Asked(query): Asked<Query>,
    headers: HeaderMap,
) -> Result<Response> {
    let head = app.store.position(person.user).await?;
    let Ok(since) = query.since.parse::<Position>() else {
        return Err(Refusal::Resync { position: head });
    };
    // A poll that finds nothing new costs one index read and no body.
    let etag = format!("\"{since}.{head}\"");
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    let limit = query.limit.unwrap_or(CHANGES_MAX).clamp(1, CHANGES_MAX);
    match app.store.changes_since(person.user, since, limit).await? {
        CatchUp::Changes { head, changes } => {
            let page = page(&app, since, head, changes);
            let etag = format!("\"{since}.{head}\"");
            Ok(([(header::ETAG, etag)], Json(page)).into_response())
        }
        CatchUp::Resync { head } => Err(Refusal::Resync { position: head }),
    }
}

/// Several changes to one meeting collapse into the last: the state is the present one anyway.
fn page(app: &App, from: Position, head: Position, logged: Vec<LoggedChange>) -> Changes {
    let to = Position { rev: logged.last().map_or(from.rev, |last| last.rev), ..head };
    let last: HashMap<_, _> = logged.iter().map(|change| (change.id.clone(), change.rev)).collect();
    let is_last = |change: &LoggedChange| last.get(&change.id) == Some(&change.rev);
    let change = |LoggedChange { rev, id, meeting, .. }| {
        let what = match meeting {
            Some(meeting) => What::Upsert { meeting: Box::new(app.linked(*meeting)) },
            None => What::Delete,
        };
        Change { rev, id, what }
    };
    let changes = logged.into_iter().filter(is_last).map(change).collect();
    Changes { from, to, more: to.rev < head.rev, changes }
}
