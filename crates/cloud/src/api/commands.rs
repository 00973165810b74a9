//! What people order: kept until a connector has done it, answered when it has. The cloud sees
//! whose it is, of which kind, and about which meeting; the rest is sealed, and the signature is
//! the connector's to check.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use protocol::{
    command::{
        CommandName, FreeBusyAccepted, FreeBusyAdditions, FreeBusyAnswer, FreeBusyRequest, Kind,
        MeetingDone, Outcome, RoomsAnswer, SealedAnswer, SignedCommand, Statement, Why,
    },
    feed::EventData,
    ids::MeetingId,
};
use serde::Serialize;
use uuid::Uuid;

use super::{App, Json};
use crate::{
    auth::Person,
    error::{Refusal, Result},
    store::{Followed, KnownCommand, NewCommand},
};

/// How long a request waits for the connector; the command goes on waiting.
const RESULT_WAIT: Duration = Duration::from_secs(20);
/// After this nobody waits for an answer about free time any more.
const FREE_BUSY_WAIT: Duration = Duration::from_secs(10);
/// A client of the contract listens for the event only once it has the answer to its request.
const EVENT_DELAY: Duration = Duration::from_millis(250);

#[derive(Serialize)]
pub(crate) struct Nothing {}

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Json(command): Json<SignedCommand>,
) -> Result<axum::Json<MeetingDone>> {
    let name = name(person, &headers)?;
    let about = |said: &Statement| said.kind == Kind::Create;
    carry_out(&app, name, &command, about).await.map(|done| axum::Json(done.meeting()))
}

pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Extension(person): Extension<Person>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(command): Json<SignedCommand>,
) -> Result<axum::Json<MeetingDone>> {
    let done = to_meeting(&app, person, &id, &headers, &command, &[Kind::Change]).await?;
    Ok(axum::Json(done.meeting()))
}

pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    Extension(person): Extension<Person>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(command): Json<SignedCommand>,
) -> Result<axum::Json<Nothing>> {
    to_meeting(&app, person, &id, &headers, &command, &[Kind::Cancel]).await?;
    Ok(axum::Json(Nothing {}))
}

pub(crate) async fn respond(
    State(app): State<Arc<App>>,
    Extension(person): Extension<Person>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(command): Json<SignedCommand>,
) -> Result<axum::Json<Nothing>> {
    let answers = [Kind::Accept, Kind::Tentative, Kind::Decline];
    to_meeting(&app, person, &id, &headers, &command, &answers).await?;
    Ok(axum::Json(Nothing {}))
}

pub(crate) async fn rooms(
    State(app): State<Arc<App>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Json(command): Json<SignedCommand>,
) -> Result<axum::Json<RoomsAnswer>> {
    let name = name(person, &headers)?;
    let done = carry_out(&app, name, &command, |said| said.kind == Kind::Rooms).await?;
    let SealedAnswer { encryption_key_url, rev, items } = done.answer.ok_or(Refusal::Conflict)?;
    let hc = FreeBusyAdditions { rev: Some(rev), problem: None };
    Ok(axum::Json(RoomsAnswer { encryption_key_url, items, hc }))
}

/// 202 at once; the answer is an event, the same for each repetition.
pub(crate) async fn free_busy(
    State(app): State<Arc<App>>,
    Extension(person): Extension<Person>,
    Json(request): Json<FreeBusyRequest>,
) -> Result<(StatusCode, axum::Json<FreeBusyAccepted>)> {
    let FreeBusyRequest { request_id, command } = request;
    let name = CommandName { user: person.user, idempotency_key: request_id };
    accept(&app, name, &command, |said| said.kind == Kind::FreeBusy).await?;
    tokio::spawn(async move {
        app.world.clock.sleep(EVENT_DELAY).await;
        let answer = match result(&app, name, FREE_BUSY_WAIT).await {
            Ok(Done { answer: Some(answer), .. }) => said(request_id, answer),
            Ok(Done { answer: None, .. }) => unsaid(request_id, Refusal::Conflict),
            Err(refusal) => unsaid(request_id, refusal),
        };
        app.feed.tell(name.user, EventData::FreeBusy { answer: Box::new(answer) });
    });
    Ok((StatusCode::ACCEPTED, axum::Json(FreeBusyAccepted { request_id })))
}

fn said(request_id: Uuid, answer: SealedAnswer) -> FreeBusyAnswer {
    FreeBusyAnswer {
        request_id,
        encryption_key_url: Some(answer.encryption_key_url),
        calendar_free_busy_items: answer.items,
        hc: FreeBusyAdditions { rev: Some(answer.rev), problem: None },
    }
}

fn unsaid(request_id: Uuid, refusal: Refusal) -> FreeBusyAnswer {
    FreeBusyAnswer {
        request_id,
        encryption_key_url: None,
        calendar_free_busy_items: Vec::new(),
        hc: FreeBusyAdditions { rev: None, problem: Some(refusal.problem()) },
    }
}

/// What a connector did.
struct Done {
    meeting_id: Option<MeetingId>,
    answer: Option<SealedAnswer>,
}

impl Done {
    fn meeting(self) -> MeetingDone {
        MeetingDone { global_meeting_id: self.meeting_id.clone(), meeting_id: self.meeting_id }
    }
}

async fn to_meeting(
    app: &App,
    person: Person,
    id: &str,
    headers: &HeaderMap,
    command: &SignedCommand,
    kinds: &[Kind],
) -> Result<Done> {
    let id = MeetingId::from_path(id).ok_or(Refusal::NotFound)?;
    let name = name(person, headers)?;
    // A repetition is answered even if its meeting is gone by now.
    if app.store.find_command(name).await?.is_none() {
        let meeting = app.store.meeting(person.user, &id).await?.ok_or(Refusal::NotFound)?;
        let expected = headers.get("if-match").and_then(|rev| rev.to_str().ok());
        let expected = expected.map(|rev| rev.trim_matches('"'));
        if expected.is_some_and(|rev| rev != "*" && rev != meeting.hc.rev.to_string()) {
            return Err(Refusal::PreconditionFailed);
        }
    }
    let about =
        |said: &Statement| kinds.contains(&said.kind) && said.meeting_id.as_ref() == Some(&id);
    carry_out(app, name, command, about).await
}

async fn carry_out(
    app: &App,
    name: CommandName,
    command: &SignedCommand,
    about: impl Fn(&Statement) -> bool,
) -> Result<Done> {
    accept(app, name, command, about).await?;
    if app.store.followed(name.user, app.world.clock.now()).await? != Followed::Now {
        // Kept: who comes back with the same key finds it, done or not.
        return match app.store.find_command(name).await? {
            Some(KnownCommand { outcome: Some(outcome), .. }) => done(outcome),
            Some(_) | None => Err(Refusal::ConnectorOffline),
        };
    }
    result(app, name, RESULT_WAIT).await
}

/// Keeps the command, or finds that it is known already.
async fn accept(
    app: &App,
    name: CommandName,
    command: &SignedCommand,
    about: impl Fn(&Statement) -> bool,
) -> Result<()> {
    let said = statement(command).ok_or(Refusal::Invalid { field: "payload" })?;
    let is_it = said.user == name.user
        && said.idempotency_key == name.idempotency_key
        && said.organization == app.config.organization
        && about(&said);
    if !is_it {
        return Err(Refusal::Invalid { field: "payload" });
    }
    let now = app.world.clock.now();
    match app.store.followed(name.user, now).await? {
        Followed::Never => return Err(Refusal::ConnectorOffline),
        // Nobody waits so long for an answer to a question.
        Followed::NotNow if matches!(said.kind, Kind::FreeBusy | Kind::Rooms) => {
            return Err(Refusal::ConnectorOffline);
        }
        Followed::NotNow | Followed::Now => {}
    }
    let text = format!("{}.{}.{}", command.protected, command.payload, command.signature);
    let request_hash = Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes());
    let new = NewCommand { name, request_hash, command };
    let known = app.store.accept_command(new, now).await?.ok_or(Refusal::SlowDown)?;
    if known.request_hash != request_hash {
        return Err(Refusal::IdempotencyMismatch);
    }
    app.desk.came();
    Ok(())
}

/// Waits until somebody has done it.
async fn result(app: &App, name: CommandName, wait: Duration) -> Result<Done> {
    let mut awaiting = app.desk.await_result(name);
    let clock = app.world.clock.clone();
    let deadline = clock.now().checked_add(wait).unwrap_or(jiff::Timestamp::MAX);
    loop {
        match app.store.find_command(name).await? {
            Some(KnownCommand { outcome: Some(outcome), .. }) => return done(outcome),
            Some(known) if known.expires_at <= clock.now() => return Err(Refusal::Conflict),
            Some(_) => {}
            None => return Err(Refusal::NotFound),
        }
        tokio::select! {
            () = awaiting.maybe_done() => {}
            () = clock.sleep_until(deadline) => return Err(Refusal::ConnectorTimeout),
            () = app.stop.stopped() => return Err(Refusal::Maintenance),
        }
    }
}

fn done(outcome: Outcome) -> Result<Done> {
    match outcome {
        Outcome::Done { meeting_id, answer } => Ok(Done { meeting_id, answer }),
        Outcome::Refused { why } => Err(match why {
            Why::NotPermitted => Refusal::NotPermitted,
            Why::NotFound => Refusal::NotFound,
            Why::Invalid => Refusal::Invalid { field: "sealed" },
            Why::Stale | Why::Conflict | Why::Refused => Refusal::Conflict,
        }),
    }
}

/// What a command says in clear. Believed for sorting only: whoever must act checks the signature.
fn statement(command: &SignedCommand) -> Option<Statement> {
    let payload = URL_SAFE_NO_PAD.decode(&command.payload).ok()?;
    serde_json::from_slice(&payload).ok()
}

fn name(person: Person, headers: &HeaderMap) -> Result<CommandName> {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let key = key.and_then(|key| Uuid::try_parse(key).ok());
    let idempotency_key = key.ok_or(Refusal::Invalid { field: "Idempotency-Key" })?;
    Ok(CommandName { user: person.user, idempotency_key })
}
