//! Who may do what: every route against everybody.

use std::time::Duration;

use protocol::{ids::MeetingId, routes};
use serde_json::json;
use uuid::Uuid;
use world::http::Request;

use super::{
    TestCloud,
    meeting::{meeting, user},
    people::{Person, send, url},
};
use crate::auth::Who;

/// Wants a body that says something.
fn is_written(path: &str) -> bool {
    [
        routes::LEASES,
        routes::MAILBOX_COMMITS,
        routes::MAILBOX_PRESENCE,
        routes::TRUST_REPORTS,
        routes::MEETINGS_SYNC,
        routes::MEETING_SYNC,
        routes::MEETING_RESPOND,
        routes::FREE_BUSY,
        routes::ROOMS,
        routes::COMMANDS,
        routes::COMMAND_RESULT,
        routes::KEY_FRAMES,
        routes::KEY_CALLS,
        routes::KEY_ANSWERS,
    ]
    .contains(&path)
}

/// The status each caller gets from a route, whose placeholder names something that exists.
async fn status(cloud: &TestCloud, path: &str, token: &str) -> u16 {
    let client = &cloud.client;
    let value = if path.starts_with("/connector") {
        user("ann@example.com").to_string()
    } else {
        MeetingId("a".into()).in_path()
    };
    let filled = routes::with(&routes::with(path, &value), &Uuid::nil().to_string());
    let target = url(&format!("{filled}?since=1-0"));
    let request = match path {
        routes::MEETING_SYNC => Request::patch(&target, "{}").json(),
        path if is_written(path) => Request::post(&target, "{}").json(),
        _ => Request::get(&target),
    };
    let request = if token.is_empty() { request } else { request.bearer(token) };
    client.http.open(request).await.expect("an answer").status.as_u16()
}

#[tokio::test(start_paused = true)]
async fn every_route_admits_whom_the_table_names() {
    let cloud = TestCloud::start().await;
    let mut connector = cloud.connector().await;
    connector.puts("ann@example.com", &[meeting("a", 1, "10:00")]).await;
    let ann = cloud.person("ann@example.com").token;
    let hour = Duration::from_secs(3600);
    let for_keys = cloud.provider.person("ann@example.com", "hc-kms", cloud.now(), hour);
    let for_keys_too =
        cloud.connector.connector("hc-kms", cloud.now(), cloud.memory.chance().uuid());
    for route in crate::routes::table() {
        let open = route.who == Who::Anyone;
        for refused in ["", "x", "a.b.c", &for_keys, &for_keys_too] {
            let expected = if open { 200 } else { 401 };
            assert_eq!(status(&cloud, route.path, refused).await, expected, "{}", route.path);
        }
        let expected = match route.who {
            Who::Connector | Who::KeyServer => 401,
            Who::Administrator => 403,
            // No key server is connected; an empty call is understood by nobody.
            Who::Person if route.path == routes::KEY_SERVER => 503,
            Who::Person if is_written(route.path) || route.path == routes::SCHEDULER_DATA => 400,
            Who::Anyone | Who::Person => 200,
        };
        assert_eq!(status(&cloud, route.path, &ann).await, expected, "{}", route.path);
        // An empty commit is understood by nobody, but only a connector gets that far.
        let expected = match route.who {
            Who::Anyone => 200,
            Who::Person | Who::Administrator | Who::KeyServer => 401,
            Who::Connector if route.path == routes::MAILBOX_STATE => 200,
            Who::Connector => 400,
        };
        let token = connector.token();
        assert_eq!(status(&cloud, route.path, &token).await, expected, "{}", route.path);
        let expected = match route.who {
            Who::Anyone => 200,
            Who::Person | Who::Administrator | Who::Connector => 401,
            Who::KeyServer => 400,
        };
        let token = cloud.key_server_token();
        assert_eq!(status(&cloud, route.path, &token).await, expected, "{}", route.path);
    }
}

#[tokio::test(start_paused = true)]
async fn other_peoples_meetings_do_not_exist() {
    let cloud = TestCloud::start().await;
    cloud.connector().await.puts("ann@example.com", &[meeting("a", 1, "10:00")]).await;
    let (ann, bob) = (cloud.person("Ann@Example.com"), cloud.person("bob@example.com"));
    for path in [routes::MEETING, routes::MEETING_NOTES, routes::MEETING_PARTICIPANTS] {
        let path = routes::with(path, &MeetingId("a".into()).in_path());
        assert_eq!(ann.get(&path).await.status, 200);
        let theirs = bob.get(&path).await;
        let nobodys = bob.get(&path.replace(&MeetingId("a".into()).in_path(), "Yg")).await;
        assert_eq!((theirs.status, nobodys.status), (404, 404));
        assert_eq!(theirs.json["type"], nobodys.json["type"]);
    }
    assert_eq!(bob.get(routes::MEETINGS).await.json["items"], json!([]));
    let since = format!("{}?since=1-0", routes::CHANGES);
    assert_eq!(bob.get(&since).await.json["changes"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn tokens_end_and_addresses_must_be_verified() {
    let cloud = TestCloud::start().await;
    let ann = cloud.person_for("ann@example.com", Duration::from_secs(60));
    assert_eq!(ann.get(routes::MEETINGS).await.status, 200);
    cloud.memory.clock().sleep(Duration::from_secs(61)).await;
    let refused = ann.get(routes::MEETINGS).await;
    assert_eq!((refused.status, &refused.json["type"]), (401, &json!("/problems/token-invalid")));
    let unsaid = json!({
        "iss": super::PROVIDER, "sub": "e", "aud": "hc-api", "exp": cloud.now().as_second() + 60,
        "email": "ann@example.com",
    });
    let mut denied = unsaid.clone();
    denied["email_verified"] = json!(false);
    for claims in [unsaid, denied] {
        let eve = Person { world: cloud.client.clone(), token: cloud.provider.sign(&claims) };
        assert_eq!(eve.get(routes::MEETINGS).await.status, 403);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connectors_token_is_good_once() {
    let cloud = TestCloud::start().await;
    let token = cloud.connector_without_leases().token();
    assert_eq!(status(&cloud, routes::MAILBOX_STATE, &token).await, 200);
    assert_eq!(status(&cloud, routes::MAILBOX_STATE, &token).await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_a_problem_that_echoes_nothing() {
    let cloud = TestCloud::start().await;
    let ann = cloud.person("ann@example.com");
    for (path, status, name) in [
        ("/calendar/api/v1/canary", 404, "not-found"),
        ("/calendar/api/v1/calendarEvents/canary", 404, "not-found"),
        ("/calendar/api/v1/calendarEvents?fromDate=canary", 400, "invalid-request"),
        ("/calendar/api/v1/calendarEvents?toDate=canary", 400, "invalid-request"),
        ("/calendar/api/v1/changes?canary", 400, "invalid-request"),
        ("/calendar/api/v1/changes?since=canary", 410, "resync-required"),
        ("/calendar/api/v1/joinButtons?state=canary", 400, "invalid-request"),
    ] {
        let answer = ann.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.json["type"], format!("/problems/{name}"), "{path}");
        assert!(answer.json["instance"].is_string(), "{path}");
        assert!(!answer.json.to_string().contains("canary"), "{path}");
    }
    let wrong_method = Request::post(&url(routes::MEETINGS), "").bearer(&ann.token);
    assert_eq!(send(&cloud.client, wrong_method).await.status, 405);
}

#[tokio::test(start_paused = true)]
async fn bodies_are_bounded_and_json() {
    let cloud = TestCloud::start().await;
    let connector = cloud.connector_without_leases();
    let too_large = json!("x".repeat(65 * 1024));
    assert_eq!(connector.post(routes::LEASES, &too_large).await.status, 413);
    assert_eq!(connector.post(routes::LEASES, &json!("canary")).await.status, 400);
    let as_text = Request::post(&url(routes::LEASES), "{}").bearer(&connector.token());
    assert_eq!(send(&cloud.client, as_text).await.status, 415);
}
