//! What people order: kept, handed to whoever holds the lease, answered once and for all.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use protocol::{
    command::{
        CommandResult, CommandsRequest, Kind, Outcome, SignedCommand, Statement, WaitingCommands,
        Why,
    },
    feed::EventData,
    ids::{KeyUrl, MeetingId, OrganizationId},
    routes,
};
use serde_json::{Value, json};
use uuid::Uuid;
use world::http::Request;

use super::{
    TestCloud,
    meeting::{meeting, user},
    people::{Answer, Connector, Person, send, url},
};

const ANN: &str = "ann@example.com";

/// The cloud does not look at signatures.
fn command(address: &str, kind: Kind, key: u128, meeting: Option<&str>) -> SignedCommand {
    let statement = Statement {
        organization: OrganizationId("example".into()),
        user: user(address),
        kind,
        meeting_id: meeting.map(|id| MeetingId(id.into())),
        idempotency_key: Uuid::from_u128(key),
        sent_at_ms: 1,
        encryption_key_url: KeyUrl::new("kms", Uuid::nil()),
        sealed: std::collections::BTreeMap::new(),
    };
    let payload = URL_SAFE_NO_PAD.encode(json!(statement).to_string());
    SignedCommand { protected: "e30".into(), payload, signature: "s".into() }
}

async fn post(person: &Person, path: &str, key: u128, body: &SignedCommand) -> Answer {
    let request = Request::post(&url(path), json!(body).to_string())
        .json()
        .bearer(&person.token)
        .header("idempotency-key", &Uuid::from_u128(key).to_string());
    send(&person.world, request).await
}

async fn create(person: &Person, key: u128) -> Answer {
    post(person, routes::MEETINGS_SYNC, key, &command(ANN, Kind::Create, key, None)).await
}

/// With Ann's mailbox followed.
async fn cloud() -> (TestCloud, Connector, Person) {
    let cloud = TestCloud::start().await;
    let mut connector = cloud.connector().await;
    connector.puts(ANN, &[meeting("a", 1, "10:00")]).await;
    let ann = cloud.person(ANN);
    (cloud, connector, ann)
}

async fn waiting(connector: &Connector) -> WaitingCommands {
    let request = CommandsRequest { owner: connector.owner, except: Vec::new() };
    let answer = connector.post(routes::COMMANDS, &json!(request)).await;
    serde_json::from_value(answer.json).expect("commands")
}

async fn finish(connector: &Connector, key: u128, outcome: Outcome) -> u16 {
    let path = routes::with(routes::COMMAND_RESULT, &user(ANN).to_string());
    let path = routes::with(&path, &Uuid::from_u128(key).to_string());
    let result = CommandResult { owner: connector.owner, lease_epoch: connector.epoch, outcome };
    connector.post(&path, &json!(result)).await.status
}

fn done(id: &str) -> Outcome {
    Outcome::Done { meeting_id: Some(MeetingId(id.into())), answer: None }
}

fn name(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.json["type"].as_str().expect("a problem"))
}

#[tokio::test(start_paused = true)]
async fn an_order_is_handed_out_and_its_sender_hears_what_became_of_it() {
    let (_cloud, connector, ann) = cloud().await;
    let worker = async {
        let commands = waiting(&connector).await.commands;
        assert_eq!(commands.len(), 1);
        assert!(commands[0].command == command(ANN, Kind::Create, 7, None));
        assert_eq!(finish(&connector, 7, done("new")).await, 200);
    };
    let (answer, ()) = tokio::join!(create(&ann, 7), worker);
    assert_eq!((answer.status, &answer.json["meetingId"]), (200, &json!("new")));
    // The first result counts, and stays.
    assert_eq!(finish(&connector, 7, Outcome::Refused { why: Why::Stale }).await, 200);
    assert_eq!(create(&ann, 7).await.json["globalMeetingId"], "new");
    let other = command(ANN, Kind::Create, 7, Some("other"));
    let answer = post(&ann, routes::MEETINGS_SYNC, 7, &other).await;
    assert_eq!(name(&answer), (422, "/problems/idempotency-mismatch"));
    let made = format!("{}?clientMeetingId={}", routes::SCHEDULER_DATA, Uuid::from_u128(7));
    assert_eq!(ann.get(&made).await.status, 404, "it has not come into the list yet");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_has_the_status_that_says_what_to_do() {
    let (_cloud, connector, ann) = cloud().await;
    for (key, why, expected) in [
        (1, Why::NotPermitted, 403),
        (2, Why::Stale, 409),
        (3, Why::NotFound, 404),
        (4, Why::Invalid, 400),
        (5, Why::Conflict, 409),
        (6, Why::Refused, 409),
    ] {
        let worker = async {
            waiting(&connector).await;
            finish(&connector, key, Outcome::Refused { why }).await
        };
        let (answer, told) = tokio::join!(create(&ann, key), worker);
        assert_eq!((answer.status, told), (expected, 200), "{why:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_hold_the_lease_gets_and_says_nothing() {
    let (cloud, mut connector, ann) = cloud().await;
    // Nobody fetches it for twenty seconds.
    let before = cloud.now();
    let answer = create(&ann, 7).await;
    assert_eq!(name(&answer), (504, "/problems/connector-timeout"));
    assert_eq!(cloud.now().duration_since(before).as_secs(), 20);
    // Meanwhile the lease has lapsed.
    assert_eq!(name(&create(&ann, 7).await), (503, "/problems/connector-offline"));
    assert!(waiting(&connector).await.commands.is_empty());
    assert_eq!(finish(&connector, 7, done("new")).await, 409);
    connector.take_all_leases().await;
    let other = cloud.other_connector();
    assert!(waiting(&other).await.commands.is_empty(), "another connector's shards");
    connector.take_all_leases().await;
    assert_eq!(waiting(&connector).await.commands.len(), 1, "it waited");
    connector.epoch += 1;
    assert_eq!(finish(&connector, 7, done("new")).await, 409);
    connector.epoch -= 1;
    assert_eq!(finish(&connector, 7, done("new")).await, 200);
    assert_eq!(create(&ann, 7).await.json["meetingId"], "new");
}

#[tokio::test(start_paused = true)]
async fn an_order_ends_and_its_result_is_forgotten_after_a_day() {
    let (cloud, mut connector, ann) = cloud().await;
    assert_eq!(create(&ann, 7).await.status, 504);
    cloud.client.clock.sleep(Duration::from_secs(10 * 60)).await;
    connector.take_all_leases().await;
    assert!(waiting(&connector).await.commands.is_empty());
    connector.take_all_leases().await;
    let ann = cloud.person(ANN);
    assert_eq!(create(&ann, 7).await.status, 409, "nobody will do it any more");
    cloud.client.clock.sleep(Duration::from_secs(26 * 3600)).await;
    let name =
        protocol::command::CommandName { user: user(ANN), idempotency_key: Uuid::from_u128(7) };
    assert!(cloud.store().find_command(name).await.expect("read").is_none());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_ones_own_or_says_something_else_is_not_even_kept() {
    let (cloud, _connector, ann) = cloud().await;
    let of_bob = command("bob@example.com", Kind::Create, 7, None);
    let other_kind = command(ANN, Kind::Rooms, 7, None);
    let other_key = command(ANN, Kind::Create, 8, None);
    let nonsense = SignedCommand { payload: "e30".into(), ..other_key.clone() };
    for body in [&of_bob, &other_kind, &other_key, &nonsense] {
        assert_eq!(post(&ann, routes::MEETINGS_SYNC, 7, body).await.status, 400);
    }
    let path = |id: &str| routes::with(routes::MEETING_RESPOND, &MeetingId(id.into()).in_path());
    let about_b = command(ANN, Kind::Accept, 7, Some("b"));
    assert_eq!(post(&ann, &path("a"), 7, &about_b).await.status, 400);
    assert_eq!(post(&ann, &path("b"), 7, &about_b).await.status, 404);
    let bob = cloud.person("bob@example.com");
    let nobody_follows = post(&bob, routes::MEETINGS_SYNC, 7, &of_bob).await;
    assert_eq!(name(&nobody_follows), (503, "/problems/connector-offline"));
    let unnamed = Request::post(&url(routes::MEETINGS_SYNC), json!(other_key).to_string());
    let answer = send(&cloud.client, unnamed.json().bearer(&ann.token)).await;
    assert_eq!((answer.status, &answer.json["field"]), (400, &json!("Idempotency-Key")));
    let changed = Request::post(&url(&path("a")), {
        json!(command(ANN, Kind::Accept, 9, Some("a"))).to_string()
    });
    let changed = changed.json().bearer(&ann.token).header("if-match", "2");
    let changed = changed.header("idempotency-key", &Uuid::from_u128(9).to_string());
    assert_eq!(send(&cloud.client, changed).await.status, 412);
}

#[tokio::test(start_paused = true)]
async fn one_person_cannot_fill_the_table() {
    let (cloud, _connector, _ann) = cloud().await;
    let store = cloud.store();
    let now = cloud.now();
    for key in 0..17 {
        let name = protocol::command::CommandName {
            user: user(ANN),
            idempotency_key: Uuid::from_u128(key),
        };
        let command = command(ANN, Kind::Create, key, None);
        let new = crate::store::NewCommand { name, request_hash: Uuid::nil(), command: &command };
        let kept = store.accept_command(new, now).await.expect("written");
        assert_eq!(kept.is_some(), key < 16, "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_is_answered_by_an_event_the_same_each_time() {
    let (_cloud, connector, ann) = cloud().await;
    let mut stream = ann.watch(None).await;
    let ask = async || {
        let body = json!(command(ANN, Kind::FreeBusy, 7, None));
        let mut body = body.as_object().expect("an object").clone();
        body.insert("requestId".into(), json!(Uuid::from_u128(7)));
        ann.post(routes::FREE_BUSY, &Value::Object(body)).await
    };
    let answer = ask().await;
    assert_eq!((answer.status, &answer.json["requestId"]), (202, &json!(Uuid::from_u128(7))));
    let mut problem = async || loop {
        let event = stream.next().await.expect("an event");
        if let EventData::FreeBusy { answer } = event.data {
            assert_eq!((event.id, answer.request_id), (None, Uuid::from_u128(7)));
            return answer.hc.problem.map(|problem| problem.status);
        }
    };
    assert_eq!(problem().await, Some(504), "nobody answers within ten seconds");
    let mut connector = connector;
    connector.take_all_leases().await;
    let answer = protocol::command::SealedAnswer {
        encryption_key_url: KeyUrl::new("kms", Uuid::nil()),
        rev: 1,
        items: Vec::new(),
    };
    let outcome = Outcome::Done { meeting_id: None, answer: Some(answer) };
    assert_eq!(finish(&connector, 7, outcome).await, 200);
    for _ in 0..2 {
        assert_eq!(ask().await.status, 202);
        assert_eq!(problem().await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_begins_with_the_meeting_as_it_is_stored() {
    let (cloud, _connector, ann) = cloud().await;
    let data = ann.get(&format!("{}?id=a&siteName=x", routes::SCHEDULER_DATA)).await;
    assert_eq!((data.status, &data.json["id"]), (200, &json!("a")));
    assert_eq!(data.json["encryptedScheduleFor"], json!({}));
    assert!(data.json["schedulerPreferences"].is_object());
    let series = data.json["seriesId"].as_str().expect("a series").to_owned();
    let of_series = ann.get(&format!("{}?id={series}", routes::SCHEDULER_DATA)).await;
    assert_eq!(of_series.json["id"], "a");
    let of_bob = user("bob@example.com");
    let query = format!("{}?id=a&organizerCIUserId={of_bob}", routes::SCHEDULER_DATA);
    assert_eq!(ann.get(&query).await.status, 403);
    let bob = cloud.person("bob@example.com");
    assert_eq!(bob.get(&format!("{}?id=a", routes::SCHEDULER_DATA)).await.status, 404);
    assert_eq!(ann.get(routes::SCHEDULER_DATA).await.status, 400);
}
