//! The way to the key server for those who cannot reach it directly. What passes here cannot be
//! read here, and is in no log.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use protocol::{
    feed::EventData,
    keys::{
        Call, Calls, CallsRequest, FRAME_BYTES_MAX, FRAMES_MAX, FramesDown, FramesUp, KeyServerSite,
    },
};
use tokio::{sync::oneshot, time::timeout};

use super::{App, Json};
use crate::{
    auth::Person,
    error::{Refusal, Result},
    relay::{Fetched, NotTaken},
};

/// How long a fetch waits for calls; below the time limit of every request.
const FETCH_WAIT: Duration = Duration::from_secs(20);
/// Longest a person's call waits for its answer.
const ANSWER_WAIT_SECONDS_MAX: u64 = 5;
/// Longest introduction: a key with a chain of certificates.
const SITE_BYTES_MAX: usize = 32 * 1024;

pub(crate) async fn introduce(State(app): State<Arc<App>>) -> Result<Answer<KeyServerSite>> {
    if app.config.key_server.is_none() {
        return Err(Refusal::NotFound);
    }
    app.relay.site(app.world.clock.now()).map(Answer).ok_or(Refusal::KeyServiceOffline)
}

/// Takes frames for the key server. The answer comes here with `Prefer: wait=…`, and otherwise, or
/// if it is late, as an event.
pub(crate) async fn send(
    State(app): State<Arc<App>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Json(up): Json<FramesUp>,
) -> Result<Response> {
    if app.config.key_server.is_none() {
        return Err(Refusal::NotFound);
    }
    let are_frames = up.kms_messages.iter().all(|frame| frame.0.len() <= FRAME_BYTES_MAX);
    if !(1..=FRAMES_MAX).contains(&up.kms_messages.len()) || !are_frames {
        return Err(Refusal::Invalid { field: "kmsMessages" });
    }
    let now = app.world.clock.now();
    let site = app.relay.site(now).ok_or(Refusal::KeyServiceOffline)?;
    if site.kms_cluster != up.destination {
        return Err(Refusal::Invalid { field: "destination" });
    }
    let id = app.world.chance.uuid();
    let wait = preferred_wait(&headers);
    let (reply, answer) = oneshot::channel();
    let reply = wait.map(|_| reply);
    app.relay.take(person.user, up.kms_messages, reply, id, now)?;
    let Some(wait) = wait else { return Ok(StatusCode::ACCEPTED.into_response()) };
    match timeout(wait, answer).await {
        Ok(Ok(kms_messages)) => Ok(Answer(FramesDown { kms_messages }).into_response()),
        Ok(Err(_)) | Err(_) if app.relay.give_up(id) => Err(Refusal::KeyServiceOffline),
        Ok(Err(_)) | Err(_) => Ok(StatusCode::ACCEPTED.into_response()),
    }
}

/// `Prefer: wait=5` (RFC 7240); more than we grant is as much as we grant.
fn preferred_wait(headers: &HeaderMap) -> Option<Duration> {
    let wanted = headers.get("prefer")?.to_str().ok()?;
    let wait = wanted.split([',', ';']).find_map(|part| part.trim().strip_prefix("wait="))?;
    let seconds = wait.parse::<u64>().ok().filter(|seconds| *seconds > 0)?;
    Some(Duration::from_secs(seconds.min(ANSWER_WAIT_SECONDS_MAX)))
}

/// Calls for the key server, as soon as there are some.
pub(crate) async fn fetch(
    State(app): State<Arc<App>>,
    Json(CallsRequest { site }): Json<CallsRequest>,
) -> Result<Answer<Calls>> {
    if site.kms_cluster.len() + site.rsa_public_key.len() > SITE_BYTES_MAX {
        return Err(Refusal::Invalid { field: "site" });
    }
    let clock = &app.world.clock;
    let mut fetch = app.relay.begin_fetch(site);
    let waiting = timeout(FETCH_WAIT, async {
        loop {
            match app.relay.fetch(&mut fetch, clock.now()) {
                Fetched::Calls(calls) => return calls,
                Fetched::Over => return Vec::new(),
                Fetched::Nothing => {}
            }
            tokio::select! {
                () = fetch.news() => {}
                () = app.stop.stopped() => return Vec::new(),
            }
        }
    });
    let calls = waiting.await.unwrap_or_default();
    app.relay.end_fetch(&fetch, clock.now());
    Ok(Answer(Calls { calls }))
}

pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    Json(answer): Json<Call>,
) -> Result<StatusCode> {
    let are_frames = answer.kms_messages.iter().all(|frame| frame.0.len() <= FRAME_BYTES_MAX);
    if answer.kms_messages.len() > FRAMES_MAX || !are_frames {
        return Err(Refusal::Invalid { field: "kmsMessages" });
    }
    if let Some((user, kms_messages)) = app.relay.answer(answer, app.world.clock.now()) {
        let encryption = FramesDown { kms_messages };
        app.feed.tell(user, EventData::KeyFrames { encryption });
    }
    Ok(StatusCode::NO_CONTENT)
}

impl From<NotTaken> for Refusal {
    fn from(not_taken: NotTaken) -> Self {
        match not_taken {
            NotTaken::Away => Self::KeyServiceOffline,
            NotTaken::TooMany => Self::SlowDown,
        }
    }
}
