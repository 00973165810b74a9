//! The watch against a cloud that does what a script says. Mostly without a key server: times and
//! buttons work all the same.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::HeaderMap,
    response::Response,
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kms::{content_key::ContentKey, seal::seal};
use protocol::{
    ids::{KeyUrl, OrganizationId},
    meeting::field,
    sealed::SealedPlace,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;
use world::{
    memory::Memory,
    stop::{Stop, Stopper},
};

use super::*;

const START: &str = "2026-11-24T08:00:00Z";
const KEY: &str = "kms://kms/keys/00000000-0000-0000-0000-000000000001";

#[derive(Clone, Default)]
struct Cloud(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    list: Value,
    changes: Value,
    /// What was asked, in order.
    asked: Vec<String>,
    stream: Option<mpsc::Sender<String>>,
    is_signed_out: bool,
}

struct Scene {
    memory: Memory,
    cloud: Cloud,
    watch: Watch,
    stopper: Stopper,
    stop: Stop,
}

fn sealed(id: &str, start: &str, rev: i64) -> Value {
    json!({
        "id": id, "seriesId": id, "start": start, "durationMinutes": 15, "isRecurring": false,
        "isAllDay": false, "isDeleted": false, "lastModified": START,
        "meetingSensitivity": "NORMAL", "responseType": "ACCEPTED", "encryptionKeyUrl": KEY,
        "encryptedSubject": "x", "encryptedParticipants": [],
        "meetingJoinInfo": {"meetingJoinURL": "x"}, "hc": {"rev": rev, "schema": 1},
    })
}

fn list(position: &str, items: &[Value]) -> Value {
    json!({ "items": items, "hc": { "position": position } })
}

fn event(position: &str, kind: &str, meeting: &Value) -> String {
    let data = json!({
        "id": "e", "data": {"eventType": kind, "calendarMeetingExternal": meeting},
        "hc": {"position": position},
    });
    format!("id: {position}\nevent: {kind}\ndata: {data}\n\n")
}

fn update(position: &str, meeting: &Value) -> String {
    event(position, "calendar.meeting.update", meeting)
}

impl Cloud {
    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.0.lock().expect("no test panics while it holds this")
    }

    fn router(&self) -> Router {
        let answer = |value: Value| Response::new(Body::from(value.to_string()));
        let site = json!({
            "organization": "example", "kmsUrl": "https://kms", "kmsHost": "kms",
            "issuer": "https://issuer", "clientId": "c",
        });
        let listed = async move |State(cloud): State<Self>| {
            let mut script = cloud.script();
            script.asked.push("list".into());
            let mut response = answer(script.list.clone());
            if script.is_signed_out {
                *response.status_mut() = axum::http::StatusCode::UNAUTHORIZED;
            }
            response
        };
        let changed = async move |State(cloud): State<Self>| {
            let mut script = cloud.script();
            script.asked.push("changes".into());
            answer(script.changes.clone())
        };
        Router::new()
            .route(routes::SITE, get(async move || answer(site)))
            .route(routes::MEETINGS, get(listed))
            .route(routes::CHANGES, get(changed))
            .route(routes::EVENTS, get(stream))
            .with_state(self.clone())
    }

    async fn say(&self, text: impl Into<String>) {
        let stream = self.script().stream.clone().expect("a stream");
        stream.send(text.into()).await.expect("somebody listens");
    }
}

async fn stream(State(cloud): State<Cloud>, headers: HeaderMap) -> Response {
    let (sender, pieces) = mpsc::channel(16);
    let mut script = cloud.script();
    let since = headers["last-event-id"].to_str().expect("text");
    script.asked.push(format!("events since {since}"));
    script.stream = Some(sender);
    let pieces = futures_util::stream::unfold(pieces, async |mut pieces| {
        let piece: String = pieces.recv().await?;
        Some((Ok::<_, Infallible>(piece), pieces))
    });
    Response::new(Body::from_stream(pieces))
}

impl Scene {
    async fn new(listed: Value) -> Self {
        let memory = World::in_memory(START.parse().expect("a time"), 1);
        let cloud = Cloud::default();
        cloud.script().list = listed;
        let listener = memory.host("cloud").network.listen("cloud:443").await.expect("free");
        let (stopper, stop): (Stopper, Stop) = Stopper::new();
        tokio::spawn(http::serve(listener, cloud.router(), stop.clone()));
        let claims = URL_SAFE_NO_PAD.encode(r#"{"sub":"1","exp":1,"email":"ann@example.com"}"#);
        let tokens = Tokens { api: format!("e30.{claims}.c2ln"), kms: "k".into() };
        let url = Url::parse("https://cloud").expect("a URL");
        let client = Client::connect(memory.host("terminal"), &url, tokens).await;
        let watch = client.expect("connected").watch();
        Self { memory, cloud, watch, stopper, stop }
    }

    async fn expect(&mut self, expected: &[&str]) {
        for expected in expected {
            let notice = self.watch.next().await.expect("a notice");
            let now = self.memory.clock().now();
            let said = match notice {
                Notice::Listed(meetings) => format!("listed {}", meetings.len()),
                Notice::Changed(meeting) => format!("changed {}", meeting.id),
                Notice::Deleted(id) => format!("deleted {id}"),
                Notice::ButtonAppeared(meeting, _) => format!("button {} {now}", meeting.id),
                Notice::ButtonGone(id) => format!("gone {id} {now}"),
                Notice::Connected => "connected".into(),
                Notice::Disconnected { reason } => format!("disconnected: {reason}"),
            };
            assert_eq!(said, *expected);
        }
    }

    fn expect_asked(&self, expected: &[&str]) {
        assert_eq!(self.cloud.script().asked, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn buttons_come_and_go_although_the_cloud_is_silent() {
    let mut scene = Scene::new(list("1-5", &[sealed("a", "2026-11-24T08:05:20Z", 1)])).await;
    scene.expect(&["listed 1", "connected", "button a 2026-11-24T08:00:20Z"]).await;
    scene.expect(&["disconnected: the cloud is silent", "connected"]).await;
    scene.cloud.say(update("1-6", &sealed("a", "2026-11-24T09:00:00Z", 2))).await;
    scene.expect(&["changed a"]).await;
    scene.expect_asked(&["list", "events since 1-5", "events since 1-5"]);
}

#[tokio::test(start_paused = true)]
async fn a_moved_meeting_moves_its_button_and_a_deleted_one_takes_it_along() {
    let start = "2026-11-24T08:02:00Z";
    let meetings = [sealed("a", start, 1), sealed("b", start, 1)];
    let mut scene = Scene::new(list("1-5", &meetings)).await;
    let now = START;
    let buttons = [format!("button a {now}"), format!("button b {now}")];
    scene.expect(&["listed 2", &buttons[0], &buttons[1], "connected"]).await;
    scene.cloud.say(update("1-6", &sealed("a", "2026-11-24T08:05:10Z", 2))).await;
    scene.expect(&["changed a", &format!("gone a {now}")]).await;
    scene.cloud.say(event("1-7", "calendar.meeting.delete", &json!({"id": "b"}))).await;
    scene.expect(&["deleted b", &format!("gone b {now}")]).await;
    scene.expect(&["button a 2026-11-24T08:00:10Z"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_caught_up_with_and_a_lost_stream_is_resumed() {
    let mut scene = Scene::new(list("1-5", &[])).await;
    scene.expect(&["listed 0", "connected"]).await;
    let (a, b) = (sealed("a", "2026-11-24T12:00:00Z", 1), sealed("b", "2026-11-24T13:00:00Z", 1));
    scene.cloud.script().changes = json!({
        "from": "1-5", "to": "1-8", "more": false,
        "changes": [
            {"rev": 6, "id": "a", "kind": "upsert", "meeting": a},
            {"rev": 8, "id": "b", "kind": "upsert", "meeting": b},
        ],
    });
    scene.cloud.say(update("1-8", &b)).await;
    scene.expect(&["changed a", "changed b"]).await;
    scene.memory.reset("terminal", "cloud");
    scene.expect(&["disconnected: the cloud cannot be reached", "connected"]).await;
    scene.cloud.script().list = list("2-1", &[a]);
    scene
        .cloud
        .say("data: {\"id\":\"e\",\"data\":{\"eventType\":\"hc.resync\",\"position\":\"2-1\"}}\n\n")
        .await;
    scene.expect(&["listed 1"]).await;
    scene.expect_asked(&["list", "events since 1-5", "changes", "events since 1-8", "list"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_ends_the_watch() {
    let mut scene = Scene::new(list("1-5", &[])).await;
    scene.cloud.script().is_signed_out = true;
    assert!(matches!(scene.watch.next().await, Err(Failure::NotSignedIn)));
    assert!(matches!(scene.watch.next().await, Err(Failure::Ended)));
}

/// A key server that has one key.
fn key_server(key: &ContentKey) -> Router {
    let (url, jwk, kcv) = (key.url().clone(), key.to_jwk(), key.check_value());
    let answer = async move |Json(request): Json<Value>| {
        let key = json!({ "uri": url, "jwk": jwk, "createDate": START, "kcv": kcv });
        Json(json!({ "status": 200, "requestId": request["requestId"], "key": key }))
    };
    Router::new().route(routes::KMS, post(answer))
}

#[tokio::test(start_paused = true)]
async fn what_a_silent_key_server_kept_closed_opens_when_it_is_back() {
    let world = World::in_memory(START.parse().expect("a time"), 2).host("connector");
    let organization = OrganizationId("example".into());
    let key = ContentKey::new(KeyUrl::new("kms", Uuid::from_u128(1)), [9; 32]);
    let place = SealedPlace {
        organization: &organization,
        user: UserId::of(&organization, "ann@example.com"),
        meeting: &MeetingId("a".into()),
        field: field::SUBJECT,
        revision: 1,
        schema: 1,
    };
    let subject = seal(&key, &place, "Plan", &world.chance).expect("sealed");
    let mut meeting = sealed("a", "2026-11-24T12:00:00Z", 1);
    meeting["encryptedSubject"] = json!(subject);

    let mut scene = Scene::new(list("1-5", &[meeting])).await;
    scene.expect(&["listed 1", "connected"]).await;
    let listener = scene.memory.host("kms").network.listen("kms:443").await.expect("free");
    tokio::spawn(http::serve(listener, key_server(&key), scene.stop.clone()));
    for _ in 0..3 {
        scene.memory.clock().sleep(Duration::from_secs(15)).await;
        scene.cloud.say(": ping\n\n").await;
    }
    let Ok(Notice::Changed(meeting)) = scene.watch.next().await else { panic!("no change") };
    assert_eq!(meeting.subject.text(), Some("Plan"));
    scene.stopper.stop();
}
