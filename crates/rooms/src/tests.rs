//! The join page's server with its real routes, and a stand-in for Janus that notes what it hears.

mod stand_in;

use std::{fs, path::PathBuf, sync::Arc};

use conference::janus::{RoomKey, ServerSettings};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use world::{
    World,
    chance::Chance,
    http::{Request, Response},
    stop::{Stop, Stopper},
};

use self::stand_in::StandIn;
use crate::{Config, Shared, page, router};

const ROOM_KEY: &str = "0123456789abcdef0123456789abcdef";
const ORIGIN: &str = "https://rooms.example.com";

struct Place {
    browser: World,
    janus: StandIn,
    _stopper: Stopper,
}

/// Secrets on the disk until they have been read.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("hybridcal-rooms-{}", Chance::System.uuid());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder");
        for (name, text) in [("room", ROOM_KEY), ("admin", "admin"), ("api", "api-secret")] {
            fs::write(folder.join(name), text).expect("a file");
        }
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    Reopened,
    Closed,
}

async fn place(lost: Lost, requests: usize) -> Place {
    let memory = World::in_memory(Timestamp::UNIX_EPOCH, 7);
    let (stopper, stop) = Stopper::new();
    let janus = StandIn::start(&memory.host("janus.localhost"), stop.clone()).await;
    let rooms = memory.host("rooms");
    serve(rooms, lost, requests, stop).await;
    Place { browser: memory.host("browser"), janus, _stopper: stopper }
}

async fn serve(rooms: World, lost: Lost, requests: usize, stop: Stop) {
    let folder = Folder::new();
    let config = Config {
        listen: "rooms:80".into(),
        tls: None,
        public_url: format!("{ORIGIN}/").parse().expect("a URL"),
        room_key_file: folder.0.join("room"),
        reopen: lost == Lost::Reopened,
        janus: ServerSettings {
            server: "http://janus.localhost:8088/janus".into(),
            admin_key_file: folder.0.join("admin"),
            api_secret_file: Some(folder.0.join("api")),
            publishers: 9,
        },
    };
    let mut shared = Shared::new(&config, rooms.clone()).expect("right settings");
    shared.requests = Semaphore::new(requests);
    let listener = rooms.network.listen(&config.listen).await.expect("free");
    tokio::spawn(world::http::serve(listener, router(Arc::new(shared)), stop));
}

impl Place {
    async fn get(&self, path: &str) -> Response {
        self.send(Request::get(&url(path))).await
    }

    async fn post(&self, path: &str, body: &str) -> (u16, Value) {
        let request = Request::post(&url(path), body.to_owned()).json().header("origin", ORIGIN);
        let answer = self.send(request).await;
        (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    async fn send(&self, request: Request) -> Response {
        self.browser.http.send(request).await.expect("an answer")
    }

    /// With the right link, or one whose pin has a letter too many.
    async fn knock(&self, more: &str) -> (u16, Value) {
        let room = RoomKey::new(ROOM_KEY.as_bytes()).room("a".repeat(32));
        let knock = json!({ "room": room.name(), "pin": format!("{}{more}", room.pin()) });
        self.post("/door", &knock.to_string()).await
    }
}

fn url(path: &str) -> url::Url {
    format!("http://rooms{path}").parse().expect("a URL")
}

#[tokio::test(start_paused = true)]
async fn a_right_link_gets_a_session_and_nothing_else() {
    let place = place(Lost::Reopened, 9).await;
    place.janus.has_room(true);
    assert_eq!(place.knock("").await, (200, json!({ "session": 11 })));
    assert_eq!(place.janus.requests(), ["exists"]);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_link_does_not_even_reach_janus() {
    let place = place(Lost::Reopened, 9).await;
    assert_eq!(place.knock("a").await, (403, json!({ "why": "wrong-link" })));
    assert_eq!(place.post("/door", "{}").await.0, 400);
    assert!(place.janus.heard().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_room_that_janus_has_lost_is_made_again_unless_that_is_forbidden() {
    let reopening = place(Lost::Reopened, 9).await;
    assert_eq!(reopening.knock("").await.0, 200);
    assert_eq!(reopening.janus.requests(), ["exists", "create"]);
    let closing = place(Lost::Closed, 9).await;
    assert_eq!(closing.knock("").await, (410, json!({ "why": "closed" })));
    assert_eq!(closing.janus.requests(), ["exists"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_participant_says_reaches_janus_with_its_secret() {
    let place = place(Lost::Reopened, 9).await;
    let leave = r#"{"janus":"message","transaction":"t","body":{"request":"leave"}}"#;
    let (status, answer) = place.post("/janus/11/22", leave).await;
    assert_eq!((status, &answer["janus"]), (200, &json!("success")));
    place.post("/janus/11", r#"{"janus":"attach","transaction":"t"}"#).await;
    let heard = place.janus.heard();
    assert_eq!(heard[0].0, "/janus/11/22");
    assert_eq!(heard[0].1["body"], json!({ "request": "leave" }));
    assert_eq!(heard[1].1["plugin"], "janus.plugin.videoroom");
    assert!(heard.iter().all(|(_, said)| said["apisecret"] == "api-secret"));

    let news = place.get("/janus/11").await;
    assert_eq!((news.status.as_u16(), &news.body[..]), (200, &b"[]"[..]));
    assert_eq!(place.janus.heard()[2].0, "/janus/11?maxev=10&apisecret=api-secret");
    assert_eq!(place.get("/janus/12").await.status.as_u16(), 410, "a dropped session");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_business_of_a_participant_stays_outside() {
    let place = place(Lost::Reopened, 9).await;
    let create = r#"{"janus":"message","transaction":"t","body":{"request":"create"}}"#;
    assert_eq!(place.post("/janus/11/22", create).await.0, 400);
    assert_eq!(place.post("/janus/11", r#"{"janus":"create","transaction":"t"}"#).await.0, 400);
    assert_eq!(place.post("/janus/x", "{}").await.0, 400);
    assert_eq!(place.post("/janus", "{}").await.0, 404);
    assert_eq!(place.post("/janus/11/22/33", "{}").await.0, 404);
    assert_eq!(place.post("/janus/11", &" ".repeat(crate::BODY_BYTES_MAX + 1)).await.0, 413);
    let leave = r#"{"janus":"message","transaction":"t","body":{"request":"leave"}}"#;
    let other = Request::post(&url("/janus/11/22"), leave).json();
    let other = place.send(other.header("origin", "https://evil.example")).await;
    assert_eq!(other.status.as_u16(), 400);
    let plain = Request::post(&url("/janus/11/22"), leave).header("content-type", "text/plain");
    assert_eq!(place.send(plain).await.status.as_u16(), 400);
    assert!(place.janus.heard().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_full_server_says_so_and_still_shows_the_page() {
    let place = place(Lost::Reopened, 0).await;
    assert_eq!(place.knock("").await, (503, json!({ "why": "busy" })));
    assert_eq!(place.get("/room/x").await.status.as_u16(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_janus_that_does_not_answer_is_named() {
    let place = place(Lost::Reopened, 9).await;
    place.janus.fall_silent();
    assert_eq!(place.knock("").await, (502, json!({ "why": "no-janus" })));
}

#[tokio::test(start_paused = true)]
async fn everything_the_page_needs_is_there_and_guarded() {
    let place = place(Lost::Reopened, 9).await;
    let answer = place.get("/room/anything").await;
    let header = |name: &str| answer.headers[name].to_str().expect("text").to_owned();
    let policy = header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("connect-src 'self';"));
    assert_eq!(header("permissions-policy"), "camera=(self), microphone=(self)");
    assert_eq!(header("strict-transport-security"), "max-age=31536000");
    assert_eq!(
        (header("referrer-policy"), header("x-content-type-options")),
        ("no-referrer".into(), "nosniff".into())
    );

    let mut to_see = vec![String::from_utf8(answer.body.to_vec()).expect("text")];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(text) = to_see.pop() {
        let quoted = text
            .split(['"', '\''])
            .filter_map(|part| part.strip_prefix("/assets/").or_else(|| part.strip_prefix("./")));
        for name in quoted.filter(|name| seen.insert((*name).to_owned())) {
            let asset = place.get(&format!("/assets/{name}")).await;
            assert_eq!(asset.status.as_u16(), 200, "{name}");
            assert!(asset.headers.contains_key("content-security-policy"));
            to_see.push(String::from_utf8(asset.body.to_vec()).expect("text"));
        }
    }
    assert_eq!(seen.len(), page::ASSETS.len(), "{seen:?}");
    assert_eq!(place.get("/assets/nothing.js").await.status.as_u16(), 404);
    assert_eq!(place.get("/assets/../Cargo.toml").await.status.as_u16(), 404);
}
