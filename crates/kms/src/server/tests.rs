//! The key server and its client through HTTP, in virtual time.

mod channel;
mod custody;
mod shared;
pub(crate) mod site;

use std::time::Duration;

use protocol::{
    keys::{Credential as WireCredential, KeyAnswer, KeyClient as WireClient, Method, Purpose},
    token::{AUDIENCE_API, AUDIENCE_KMS},
};
use uuid::Uuid;

use super::*;
use crate::{
    audit,
    client::{Credential, KeyFailure, KeyRemedy},
    config::KeyPlace,
    folder::Folder,
    hex,
    quota::PERSON_REQUESTS_PER_MINUTE_MAX,
};
use site::{ORIGIN, Site, resource, user};

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";

#[tokio::test(start_paused = true)]
async fn a_connector_makes_a_key_and_its_owner_gets_the_same() {
    let site = Site::start().await;
    let made = site.connector().current(resource(ANN), Purpose::Content).await.expect("made");
    let ann = site.person(ANN);
    // In a task of its own, as apps do it.
    let current =
        tokio::spawn(async move { ann.current(resource(ANN), Purpose::Content).await }).await;
    let current = current.expect("ends").expect("hers");
    let by_name = site.person(ANN).retrieve(made.url()).await.expect("hers");
    for same in [current, by_name] {
        assert_eq!((same.url(), same.bytes()), (made.url(), made.bytes()));
    }
}

#[tokio::test(start_paused = true)]
async fn strangers_learn_nothing() {
    let site = Site::start().await;
    let hers = site.connector().current(resource(ANN), Purpose::Content).await.expect("made");
    let index = site.connector().current(resource(BOB), Purpose::Index).await.expect("made");
    let nobodys = protocol::ids::KeyUrl::new(site::HOST, Uuid::from_u128(9));
    let bob = site.person(BOB);
    // Somebody else's, one not for persons, and one that does not exist look the same.
    let mut answers = Vec::new();
    for url in [hers.url(), index.url(), &nobodys] {
        let answer = site.ask(&bob, Method::Retrieve, &url.0).await;
        answers.push((answer.status, answer.reason, answer.key.is_none()));
        let failure = bob.retrieve(url).await.expect_err("not his");
        assert_eq!(failure.remedy(), KeyRemedy::NotPermitted);
    }
    assert_eq!(answers[0].0, 404);
    assert!(answers.iter().all(|answer| *answer == answers[0]));

    let uri = format!("/resources/{}/keys", resource(ANN));
    assert_eq!(site.ask(&bob, Method::Retrieve, &uri).await.status, 404);
    let uri = format!("/resources/{}/keys", resource(BOB));
    let own = site.ask(&bob, Method::Retrieve, &uri).await;
    assert_eq!((own.status, own.keys.map(|keys| keys.len())), (200, Some(0)));
}

#[tokio::test(start_paused = true)]
async fn a_person_makes_no_keys() {
    let site = Site::start().await;
    for (who, purpose) in [(ANN, Purpose::Content), (ANN, Purpose::Index), (BOB, Purpose::State)] {
        let request = KeyRequest {
            resource_uri: Some(format!("/resources/{}", resource(who))),
            purpose: Some(purpose),
            ..site.request(&site.person(ANN), Method::Create, "/keys")
        };
        assert_eq!(site.send(&request).await.status, 403);
    }
}

#[tokio::test(start_paused = true)]
async fn many_at_once_get_one_key() {
    let site = Site::start().await;
    let clients: Vec<_> = (0..20).map(|_| site.connector()).collect();
    let requests = clients.iter().map(|client| KeyRequest {
        resource_uri: Some(format!("kms://{}/resources/{}", site::HOST, resource(ANN))),
        purpose: Some(Purpose::Content),
        ..site.request(client, Method::Create, "/keys")
    });
    let asking: Vec<_> = requests
        .map(|request| {
            let site = site.clone();
            tokio::spawn(async move { site.send(&request).await })
        })
        .collect();
    let mut made = 0;
    let mut kids = Vec::new();
    for answer in asking {
        let answer = answer.await.expect("an answer");
        made += usize::from(answer.status == 201);
        kids.push(answer.key.expect("a key").uri);
    }
    assert_eq!(made, 1);
    assert!(kids.iter().all(|kid| *kid == kids[0]));
}

#[tokio::test(start_paused = true)]
async fn each_purpose_and_resource_has_its_own_key() {
    let site = Site::start().await;
    let connector = site.connector();
    let mut seen = Vec::new();
    for resource in [resource(ANN), resource(BOB), site::organization().uuid()] {
        for purpose in [Purpose::Content, Purpose::Index, Purpose::State, Purpose::Conference] {
            let key = connector.current(resource, purpose).await.expect("a key");
            assert!(!seen.contains(key.bytes()));
            seen.push(*key.bytes());
        }
        let uri = format!("/resources/{resource}/keys");
        let all = site.ask(&connector, Method::Retrieve, &uri).await.keys.expect("keys");
        assert_eq!(all.len(), 4);
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_right_token_is_believed() {
    let site = Site::start().await;
    let ping = |user_id, client_id: &str, bearer: String| KeyRequest {
        client: WireClient {
            client_id: client_id.into(),
            credential: WireCredential { user_id, bearer },
        },
        ..site.bare_request(Method::Update, "/ping")
    };
    let status = async |request: KeyRequest| site.send(&request).await.status;
    let token = |audience| site.person_token(ANN, audience);
    let connectors = |audience| site.connector_token(audience);
    let ann = Some(user(ANN).0);

    assert_eq!(status(ping(None, "web", token(AUDIENCE_KMS))).await, 200);
    assert_eq!(status(ping(ann, "web", token(AUDIENCE_KMS))).await, 200);
    assert_eq!(status(ping(None, "c-1", connectors(AUDIENCE_KMS))).await, 200);

    assert_eq!(status(ping(None, "web", token(AUDIENCE_API))).await, 401);
    assert_eq!(status(ping(Some(user(BOB).0), "web", token(AUDIENCE_KMS))).await, 401);
    assert_eq!(status(ping(None, "c-1", token(AUDIENCE_KMS))).await, 401);
    assert_eq!(status(ping(None, "c-1", connectors(AUDIENCE_API))).await, 401);
    assert_eq!(status(ping(None, "web", connectors(AUDIENCE_KMS))).await, 401);
    assert_eq!(status(ping(None, "c-2", connectors(AUDIENCE_KMS))).await, 401);
    assert_eq!(status(ping(ann, "c-1", connectors(AUDIENCE_KMS))).await, 401);
    assert_eq!(status(ping(None, "web", site.unverified_token(ANN))).await, 401);
    assert_eq!(status(ping(None, "web", String::new())).await, 401);
    let used = connectors(AUDIENCE_KMS);
    assert_eq!(status(ping(None, "c-1", used.clone())).await, 200);
    assert_eq!(status(ping(None, "c-1", used)).await, 401, "each is good once");

    let failure = site.client("web", Credential::Person { token: token(AUDIENCE_API) });
    let failure = failure.current(resource(ANN), Purpose::Content).await.expect_err("refused");
    assert_eq!(failure.remedy(), KeyRemedy::SignInAgain);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_offered_is_said_so() {
    let site = Site::start().await;
    let connector = site.connector();
    let check = async |method, uri: &str, status| {
        assert_eq!(site.ask(&connector, method, uri).await.status, status, "{method:?} {uri}");
    };
    let key = connector.current(resource(ANN), Purpose::Content).await.expect("made");
    check(Method::Update, "/ping", 200).await;
    check(Method::Update, "kms://kms.example.org/ping", 200).await;
    check(Method::Update, "kms://other.example.org/ping", 404).await;
    check(Method::Retrieve, &key.url().0, 200).await;
    check(Method::Retrieve, &key.url().0.replace("kms.example", "kms2.example"), 404).await;
    check(Method::Delete, &key.url().0, 501).await;
    check(Method::Update, &key.url().0, 400).await;
    check(Method::Create, "/resources", 201).await;
    check(Method::Create, "/authorizations", 400).await;
    check(Method::Create, "/keys", 201).await;
    // The handshake is nothing to be said in plain JSON.
    check(Method::Create, "/ecdhe", 501).await;
    check(Method::Create, "/cmk", 501).await;
    check(Method::Retrieve, "/publicKey", 501).await;
}

#[tokio::test(start_paused = true)]
async fn who_asks_too_often_waits() {
    let site = Site::start().await;
    let ann = site.person(ANN);
    for _ in 0..PERSON_REQUESTS_PER_MINUTE_MAX {
        assert_eq!(site.ask(&ann, Method::Update, "/ping").await.status, 200);
    }
    let answer = site.ask(&ann, Method::Update, "/ping").await;
    assert_eq!((answer.status, answer.retry_after_ms), (429, Some(60_000)));
    let failure = ann.current(resource(ANN), Purpose::Content).await.expect_err("too often");
    assert_eq!(failure.remedy(), KeyRemedy::TryAgain { after: Duration::from_secs(60) });
    assert_eq!(site.ask(&site.person(BOB), Method::Update, "/ping").await.status, 200);
    site.memory.clock().sleep(Duration::from_secs(60)).await;
    assert_eq!(site.ask(&ann, Method::Update, "/ping").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn keys_are_remembered_for_a_day() {
    let site = Site::start().await;
    let connector = site.connector();
    let made = connector.current(resource(ANN), Purpose::Content).await.expect("made");
    site.memory.cut("client", "kms");
    site.memory.clock().sleep(Duration::from_secs(23 * 3600)).await;
    assert!(connector.current(resource(ANN), Purpose::Content).await.is_ok());
    assert!(connector.retrieve(made.url()).await.is_ok());
    site.memory.clock().sleep(Duration::from_secs(3600)).await;
    let failure = connector.retrieve(made.url()).await.expect_err("forgotten");
    assert!(matches!(failure, KeyFailure::Unreachable(_)));
    assert!(matches!(failure.remedy(), KeyRemedy::TryAgain { .. }));
    site.memory.mend("client", "kms");
    assert_eq!(connector.retrieve(made.url()).await.expect("again").bytes(), made.bytes());
}

#[tokio::test(start_paused = true)]
async fn a_key_server_that_lies_is_noticed() {
    let site = Site::start().await;
    let made = site.connector().current(resource(ANN), Purpose::Content).await.expect("made");
    let other = site.connector().current(resource(BOB), Purpose::Content).await.expect("made");
    let uri = other.url().0.clone();
    let answer = site.ask(&site.connector(), Method::Retrieve, &uri).await;
    let lie = async |change: fn(&mut KeyAnswer)| {
        let mut answer = answer.clone();
        change(&mut answer);
        let client = site.client_of_liar(answer).await;
        client.retrieve(made.url()).await.expect_err("a lie")
    };
    assert!(matches!(lie(|_| {}).await, KeyFailure::OtherKey(_)), "another key than asked for");
    let failure = lie(|a| a.key.as_mut().expect("a key").kcv = "00".into()).await;
    assert!(matches!(failure, KeyFailure::OtherKey(_)));
    assert_eq!(failure.remedy(), KeyRemedy::GiveUp);
    assert!(matches!(lie(|a| a.key = None).await, KeyFailure::Unreadable));
    assert!(matches!(lie(|a| a.status = 410).await, KeyFailure::Gone));
}

#[tokio::test(start_paused = true)]
async fn malformed_messages_are_refused_before_anything_else() {
    let site = Site::start().await;
    let deep = "[".repeat(60_000);
    for body in ["", "{}", "null", "[]", r#"{"method":"steal"}"#, &deep] {
        let response = site.post(body).await;
        assert_eq!(response.status.as_u16(), 400);
        assert_eq!(response.headers["content-type"], problem::MEDIA_TYPE);
    }
    let response = site.post(&" ".repeat(KEY_MESSAGE_BYTES_MAX + 1)).await;
    assert_eq!(response.status.as_u16(), 413);
}

#[tokio::test(start_paused = true)]
async fn known_web_origins_may_read_answers() {
    let site = Site::start().await;
    let response = site.post_from(Method::Update, ORIGIN).await;
    assert_eq!(response.headers["access-control-allow-origin"], ORIGIN);
    assert_eq!(response.headers["cache-control"], "no-store");
    let response = site.post_from(Method::Update, "https://evil.example").await;
    assert!(!response.headers.contains_key("access-control-allow-origin"));

    let preflight = async |origin: &'static str| {
        let request = axum::http::Request::builder()
            .method("OPTIONS")
            .uri(routes::KMS)
            .header("origin", origin)
            .body(axum::body::Body::empty())
            .expect("a request");
        for_preflight(request).await
    };
    let response = preflight(ORIGIN).await;
    assert_eq!(response.status(), 204);
    assert_eq!(response.headers()["access-control-allow-origin"], ORIGIN);
    assert_eq!(response.headers()["access-control-allow-methods"], "POST");
    let response = preflight("https://evil.example").await;
    assert_eq!(response.status(), 403);
    assert!(!response.headers().contains_key("access-control-allow-origin"));
}

/// Our client sends no OPTIONS, so the layer is called without a network.
async fn for_preflight(request: Request) -> Response {
    use tower::ServiceExt as _;

    let origins: Arc<[String]> = Arc::from([ORIGIN.to_owned()]);
    let router = Router::new()
        .route(routes::KMS, post(|| async { "" }))
        .layer(middleware::from_fn_with_state(origins, for_browsers));
    router.oneshot(request).await.expect("infallible")
}

#[tokio::test(start_paused = true)]
async fn a_restart_keeps_keys_and_the_log_shows_who_had_them() {
    let folder = Folder::new();
    let site = Site::start_in(&folder).await;
    let made = site.connector().current(resource(ANN), Purpose::Content).await.expect("made");
    site.person(BOB).retrieve(made.url()).await.expect_err("not his");
    site.stop().await;
    assert_eq!(verified(&folder.store().await).await, 2);

    let site = Site::start_in(&folder).await;
    let again = site.person(ANN).retrieve(made.url()).await.expect("hers");
    assert_eq!(again.bytes(), made.bytes());
    site.stop().await;
    assert_eq!(verified(&folder.store().await).await, 3);
}

/// The newest row of a log that is whole.
async fn verified(store: &Store) -> i64 {
    let whole = audit::verify::verify(store, &site::organization(), &[]).await;
    whole.expect("whole").head.seq
}

#[tokio::test(start_paused = true)]
async fn another_master_key_is_refused() {
    let folder = Folder::new();
    let site = Site::start_in(&folder).await;
    site.stop().await;
    let check = async |change: fn(&mut Config)| {
        let mut config = folder.config();
        change(&mut config);
        site.start_with(config).await.err()
    };
    let key = folder.0.join("master.key");
    let text = std::fs::read_to_string(&key).expect("there");

    std::fs::write(&key, text.replace(&text[30..34], "AAAA")).expect("ours");
    let failure = check(|_| {}).await;
    assert!(matches!(failure, Some(StartFailure::MasterKey(MasterKeyFailure::OtherKey))));
    std::fs::remove_file(&key).expect("ours");
    let failure = check(|_| {}).await;
    assert!(matches!(failure, Some(StartFailure::MasterKey(MasterKeyFailure::Missing { .. }))));
    let failure = check(|config| config.master_key = KeyPlace::Memory).await;
    assert!(matches!(failure, Some(StartFailure::MasterKey(MasterKeyFailure::NotKept))));
}

#[tokio::test(start_paused = true)]
async fn the_database_tells_a_thief_nothing() {
    let folder = Folder::new();
    let site = Site::start_in(&folder).await;
    let key = site.connector().current(resource(ANN), Purpose::Content).await.expect("made");
    site.person(ANN).retrieve(key.url()).await.expect("hers");
    // While running, so that the write-ahead log is read too.
    let bytes = folder.bytes();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    assert!(holds(key.url().key().expect("an id").to_string().as_bytes()), "we read the right one");
    assert!(!holds(key.bytes()));
    assert!(!holds(key.to_jwk().k.as_bytes()));
    assert!(!holds(hex::encode(key.bytes()).as_bytes()));
    assert!(!holds(b"ann@") && !holds(b"example.com"));
    site.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_logged_is_not_given() {
    let folder = Folder::new();
    let site = Site::start_in(&folder).await;
    let key = site.connector().current(resource(ANN), Purpose::Content).await.expect("made");
    folder.store().await.execute("alter table audit rename to lost").await.expect("done");
    let answer = site.ask(&site.person(ANN), Method::Retrieve, &key.url().0).await;
    assert_eq!((answer.status, answer.key.is_none()), (503, true));
    site.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_provider_that_is_away_is_waited_for() {
    let site = Site::start().await;
    site.memory.cut("kms", "issuer");
    let failure = site.person(ANN).current(resource(ANN), Purpose::Content).await;
    let remedy = failure.expect_err("nobody can tell who she is").remedy();
    assert_eq!(remedy, KeyRemedy::TryAgain { after: Duration::from_secs(2) });
    assert!(site.connector().current(resource(ANN), Purpose::Content).await.is_ok());
    site.memory.mend("kms", "issuer");
    // The provider is not asked again at once, however many ask us.
    site.memory.clock().sleep(Duration::from_secs(10)).await;
    assert!(site.person(ANN).current(resource(ANN), Purpose::Content).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_host_that_would_break_headers_is_refused() {
    let site = Site::start().await;
    for host in ["", "a\"b", "kms/keys", "Kms.example.org", &"a".repeat(HOST_BYTES_MAX + 1)] {
        let config = Config { host: host.into(), ..site::config() };
        let failure = site.start_with(config).await.err();
        assert!(matches!(failure, Some(StartFailure::Host(_))), "{host}");
    }
}
