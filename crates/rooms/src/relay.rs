//! From the page to Janus and back, within bounds.

mod message;

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use url::Url;
use world::http::Request;

use self::message::Message;
use crate::{Shared, refusal::Refusal};

/// Janus answers a request for news after 30 seconds, even if there are none.
const NEWS_DEADLINE: Duration = Duration::from_secs(45);
const DEADLINE: Duration = Duration::from_secs(15);
/// News of a full room with descriptions of everybody's media.
const ANSWER_BYTES_MAX: usize = 512 * 1024;
/// News per answer.
const NEWS_MAX: usize = 10;

type Answer = Result<Response, Refusal>;

pub(crate) async fn news(
    State(shared): State<Arc<Shared>>,
    Path(session): Path<u64>,
) -> Result<Response, Refusal> {
    let mut url = below(shared.janus.api(), &[session]);
    url.query_pairs_mut().append_pair("maxev", &NEWS_MAX.to_string());
    if let Some(secret) = shared.janus.api_secret() {
        url.query_pairs_mut().append_pair("apisecret", secret);
    }
    passed_on(&shared, Request::get(&url).deadline(NEWS_DEADLINE)).await
}

pub(crate) async fn to_session(
    State(shared): State<Arc<Shared>>,
    Path(session): Path<u64>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    expect_json(&headers)?;
    let message = message::to_session(&body).ok_or(Refusal::NotAllowed)?;
    say(&shared, &[session], message).await
}

pub(crate) async fn to_handle(
    State(shared): State<Arc<Shared>>,
    Path((session, handle)): Path<(u64, u64)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    expect_json(&headers)?;
    let message = message::to_handle(&body).ok_or(Refusal::NotAllowed)?;
    say(&shared, &[session, handle], message).await
}

/// Pages of other servers cannot send this kind without being asked about first.
pub(crate) fn expect_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if kind == Some(b"application/json") { Ok(()) } else { Err(Refusal::NotAllowed) }
}

async fn say(shared: &Shared, ids: &[u64], mut message: Message) -> Answer {
    if let Some(secret) = shared.janus.api_secret() {
        message.insert("apisecret".into(), secret.into());
    }
    let url = below(shared.janus.api(), ids);
    let request = Request::post(&url, Value::from(message).to_string()).json().deadline(DEADLINE);
    passed_on(shared, request).await
}

async fn passed_on(shared: &Shared, request: Request) -> Answer {
    let request = request.answer_bytes_max(ANSWER_BYTES_MAX);
    let answer = shared.world.http.send(request).await.or(Err(Refusal::NoJanus))?;
    // What Janus says is data for our script, whatever it may call it.
    let kind = [(header::CONTENT_TYPE, "application/json")];
    match answer.status.is_success() {
        true => Ok((kind, answer.body).into_response()),
        // So it answers those who ask for news of a session that it has dropped.
        false => Err(Refusal::Closed),
    }
}

fn below(api: &Url, ids: &[u64]) -> Url {
    let mut url = api.clone();
    let ids: String = ids.iter().map(|id| format!("/{id}")).collect();
    url.set_path(&format!("{}{ids}", api.path()));
    url
}
