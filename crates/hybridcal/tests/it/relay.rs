//! Keys through the cloud: a key server that nobody can connect to, and a cloud in between that can
//! read nothing, alter nothing, and make nothing happen twice.

use std::time::Duration;

use kms::channel::client::{Channel, ChannelFailure, TrustedServer};
use protocol::{
    keys::{
        Credential, Frame, FramesDown, FramesUp, KeyAnswer, KeyClient, KeyRequest, KeyServerSite,
        Method,
    },
    routes,
    token::{AUDIENCE_API, AUDIENCE_KMS},
};
use url::Url;
use uuid::Uuid;
use world::{
    World,
    http::{Request, Response},
};

use crate::site::{ALICE, BOB, Settings, Site};

/// More than the key server ever pauses.
const PATIENCE_SECONDS: u64 = 120;

struct Person<'a> {
    site: &'a Site,
    laptop: World,
    address: &'a str,
    key_token: String,
}

impl<'a> Person<'a> {
    fn new(site: &'a Site, address: &'a str) -> Self {
        let key_token = site.token(address, AUDIENCE_KMS);
        Self { site, laptop: site.memory.host("laptop"), address, key_token }
    }

    fn url(path: &str) -> Url {
        Url::parse("https://cloud").expect("a URL").join(path).expect("a URL")
    }

    async fn send(&self, request: Request) -> Response {
        let token = self.site.token(self.address, AUDIENCE_API);
        self.laptop.http.send(request.bearer(&token)).await.expect("an answer")
    }

    async fn introduced(&self) -> Option<TrustedServer> {
        let request = Request::get(&Self::url(&routes::with(routes::KEY_SERVER, "me")));
        let answer = self.send(request).await;
        if answer.status.as_u16() != 200 {
            return None;
        }
        let site: KeyServerSite = serde_json::from_slice(&answer.body).expect("an introduction");
        let root = self.site.key_root.as_deref().expect("a root");
        Some(TrustedServer::check(&site, "kms", root, self.laptop.clock.now()).expect("trusted"))
    }

    /// Once the key server has connected.
    async fn trusted(&self) -> TrustedServer {
        let mut introduced = self.introduced().await;
        for _ in 0..PATIENCE_SECONDS {
            if introduced.is_none() {
                self.laptop.clock.sleep(Duration::from_secs(1)).await;
                introduced = self.introduced().await;
            }
        }
        introduced.expect("the key server connects")
    }

    async fn post(&self, frames: &[&str]) -> Response {
        let kms_messages = frames.iter().map(|frame| Frame((*frame).to_owned())).collect();
        let up = FramesUp { destination: "kms://kms".into(), kms_messages };
        let body = serde_json::to_vec(&up).expect("JSON");
        let request = Request::post(&Self::url(routes::KEY_FRAMES), body);
        self.send(request.json().header("prefer", "wait=5")).await
    }

    async fn relay(&self, frames: &[&str]) -> Vec<String> {
        let answer = self.post(frames).await;
        assert_eq!(answer.status.as_u16(), 200);
        let down: FramesDown = serde_json::from_slice(&answer.body).expect("frames");
        down.kms_messages.into_iter().map(|frame| frame.0).collect()
    }

    fn request(&self, method: Method, uri: &str) -> KeyRequest {
        let bearer = self.key_token.clone();
        let credential = Credential { user_id: None, bearer };
        let client = KeyClient { client_id: "laptop".into(), credential };
        KeyRequest::new(client, self.laptop.chance.uuid(), method, uri.into())
    }

    async fn channel(&self, server: &TrustedServer) -> Channel {
        let request = self.request(Method::Create, "/ecdhe");
        let handshake = server.begin(request, &self.laptop.chance).expect("a frame");
        let answers = self.relay(&[&handshake.frame]).await;
        server.finish(&handshake, &answers[0]).expect("a channel")
    }

    fn frame(&self, channel: &Channel, method: Method, uri: &str) -> (Uuid, String) {
        let request = self.request(method, uri);
        (request.request_id, channel.seal(&request, &self.laptop.chance).expect("a frame"))
    }

    async fn ask(
        &self,
        server: &TrustedServer,
        channel: &Channel,
        method: Method,
        uri: &str,
    ) -> KeyAnswer {
        let (id, frame) = self.frame(channel, method, uri);
        let answers = self.relay(&[&frame]).await;
        channel.open(server, id, &answers[0]).expect("an answer")
    }
}

async fn site() -> Site {
    Site::without_connector(Settings { is_relayed: true, ..Settings::default() }).await
}

fn holds(bytes: &[u8], wanted: &str) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes())
}

#[tokio::test(start_paused = true)]
async fn a_person_gets_keys_through_a_cloud_that_sees_neither_token_nor_key() {
    let site = site().await;
    let ways = [("laptop", "cloud"), ("kms", "cloud")];
    let records = ways.map(|(from, to)| site.memory.record(from, to));
    let alice = Person::new(&site, ALICE);
    let server = alice.trusted().await;
    let channel = alice.channel(&server).await;
    let made = alice.ask(&server, &channel, Method::Create, "/keys").await;
    let key = made.keys.expect("keys").remove(0);
    let fetched = alice.ask(&server, &channel, Method::Retrieve, &key.uri.0).await;
    assert_eq!(fetched.key.expect("hers").jwk.k, key.jwk.k);
    // The same for somebody who may not have it.
    let bob = Person::new(&site, BOB);
    let his = bob.channel(&server).await;
    assert_eq!(bob.ask(&server, &his, Method::Retrieve, &key.uri.0).await.status, 404);

    let parts: Vec<&str> = alice.key_token.split('.').collect();
    let [_, claims, signature] = parts[..] else { panic!("a token") };
    for record in records {
        let bytes = record.bytes();
        assert!(holds(&bytes, "kmsMessages"), "frames passed here");
        for secret in [&key.jwk.k, claims, signature, "/keys/", AUDIENCE_KMS] {
            assert!(!holds(&bytes, secret), "the cloud saw what it should not");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_alters_repeats_or_drops_does_no_harm() {
    let site = site().await;
    let alice = Person::new(&site, ALICE);
    let server = alice.trusted().await;
    let channel = alice.channel(&server).await;

    // Altered on the way up: no answer, and nothing has happened.
    let (id, frame) = alice.frame(&channel, Method::Create, "/keys");
    let altered = |frame: &str| {
        let mut bytes = frame.as_bytes().to_vec();
        let at = bytes.len() - 30;
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).expect("ASCII")
    };
    assert!(alice.relay(&[&altered(&frame)]).await.is_empty());

    // Repeated, together and later: one key, one answer.
    let answers = alice.relay(&[&frame, &frame]).await;
    let again = alice.relay(&[&frame]).await;
    assert!(answers.iter().chain(&again).all(|answer| *answer == answers[0]));

    // Altered on the way down, passed off as the answer to something else, or somebody else's.
    let refused = |id, frame: &str| channel.open(&server, id, frame).err().expect("refused");
    assert!(matches!(refused(id, &altered(&answers[0])), ChannelFailure::Frame(_)));
    let (other, _) = alice.frame(&channel, Method::Update, "/ping");
    assert!(matches!(refused(other, &answers[0]), ChannelFailure::OtherRequest));
    let bob = Person::new(&site, BOB);
    let his = bob.channel(&server).await;
    let (ping, frame) = bob.frame(&his, Method::Update, "/ping");
    let his_answer = bob.relay(&[&frame]).await.remove(0);
    assert!(matches!(refused(ping, &his_answer), ChannelFailure::OtherRequest));

    // Dropped: whoever asks again under a new number is answered.
    let (_dropped, _frame) = alice.frame(&channel, Method::Update, "/ping");
    assert_eq!(alice.ask(&server, &channel, Method::Update, "/ping").await.status, 200);
    assert_eq!(channel.open(&server, id, &answers[0]).expect("hers").status, 201);
}

#[tokio::test(start_paused = true)]
async fn a_key_server_that_is_away_is_said_to_be_and_comes_back() {
    let site = site().await;
    let alice = Person::new(&site, ALICE);
    let server = alice.trusted().await;
    let channel = alice.channel(&server).await;
    site.memory.cut("kms", "cloud");
    let mut last = 0;
    for _ in 0..PATIENCE_SECONDS {
        let (_, frame) = alice.frame(&channel, Method::Update, "/ping");
        let answer = alice.post(&[&frame]).await;
        last = answer.status.as_u16();
        if last == 503 {
            assert!(holds(&answer.body, "key-service-offline"));
            break;
        }
        assert_eq!(last, 202, "not known yet");
    }
    assert_eq!(last, 503);
    site.memory.mend("kms", "cloud");
    let server = alice.trusted().await;
    // The channel goes on where it was.
    assert_eq!(alice.ask(&server, &channel, Method::Update, "/ping").await.status, 200);
}
