//! Handshakes, frames, resets and repeats, directly and in virtual time.

use protocol::keys::{Frame, FramesDown, FramesUp, KeyAnswer, KeyServerSite, Method};

use super::{
    ANN, BOB, Folder,
    site::{HOST, Site},
};
use crate::{
    channel::client::{Channel, ChannelFailure, NotAKeyServer, TrustedServer},
    client::KeyClient,
};

impl Site {
    async fn introduction(&self) -> KeyServerSite {
        let answer = self.get_frames().await;
        serde_json::from_slice(&answer.body).expect("an introduction")
    }

    pub(super) async fn trusted(&self) -> TrustedServer {
        let root = self.root().await;
        let now = self.memory.clock().now();
        TrustedServer::check(&self.introduction().await, HOST, &root, now).expect("trusted")
    }

    pub(super) async fn send_frames(&self, frames: &[&str]) -> Vec<String> {
        let kms_messages = frames.iter().map(|frame| Frame((*frame).to_owned())).collect();
        let up = FramesUp { destination: format!("kms://{HOST}"), kms_messages };
        let answer = self.post_frames(serde_json::to_vec(&up).expect("JSON")).await;
        assert_eq!(answer.status.as_u16(), 200);
        let down: FramesDown = serde_json::from_slice(&answer.body).expect("frames");
        down.kms_messages.into_iter().map(|frame| frame.0).collect()
    }

    pub(super) async fn channel(&self, server: &TrustedServer, who: &KeyClient) -> Channel {
        let request = self.request(who, Method::Create, "/ecdhe");
        let handshake = server.begin(request, self.memory.chance()).expect("a frame");
        let answers = self.send_frames(&[&handshake.frame]).await;
        server.finish(&handshake, &answers[0]).expect("a channel")
    }
}

/// Somebody with a channel.
struct Talk {
    site: Site,
    server: TrustedServer,
    channel: Channel,
    who: KeyClient,
}

impl Talk {
    async fn begin(site: Site, who: KeyClient) -> Self {
        let server = site.trusted().await;
        let channel = site.channel(&server, &who).await;
        Self { site, server, channel, who }
    }

    fn frame(&self, method: Method, uri: &str) -> (uuid::Uuid, String) {
        let request = self.site.request(&self.who, method, uri);
        let frame = self.channel.seal(&request, self.site.memory.chance()).expect("a frame");
        (request.request_id, frame)
    }

    async fn ask(&self, method: Method, uri: &str) -> Result<KeyAnswer, ChannelFailure> {
        let (id, frame) = self.frame(method, uri);
        let answers = self.site.send_frames(&[&frame]).await;
        self.channel.open(&self.server, id, &answers[0])
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_agrees_on_a_channel_and_gets_keys_through_it() {
    let site = Site::start().await;
    let ann = site.person(ANN);
    let talk = Talk::begin(site, ann).await;
    assert_eq!(talk.ask(Method::Update, "/ping").await.expect("an answer").status, 200);
    let made = talk.ask(Method::Create, "/keys").await.expect("an answer");
    let key = made.keys.expect("keys").remove(0);
    let fetched = talk.ask(Method::Retrieve, &key.uri.0).await.expect("an answer");
    assert_eq!(fetched.key.expect("a key").jwk.k, key.jwk.k);
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_comes_again_does_nothing_and_gets_the_same_answer() {
    let site = Site::start().await;
    let ann = site.person(ANN);
    let talk = Talk::begin(site.clone(), ann).await;
    let (id, frame) = talk.frame(Method::Create, "/keys");
    let answers = site.send_frames(&[&frame, &frame, &frame]).await;
    assert_eq!(answers.len(), 3);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(talk.channel.open(&talk.server, id, &answers[0]).expect("hers").status, 201);

    let request = site.request(&talk.who, Method::Create, "/ecdhe");
    let handshake = talk.server.begin(request, site.memory.chance()).expect("a frame");
    let answers = site.send_frames(&[&handshake.frame, &handshake.frame]).await;
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test(start_paused = true)]
async fn an_altered_frame_gets_no_answer_and_ends_nothing() {
    let site = Site::start().await;
    let ann = site.person(ANN);
    let talk = Talk::begin(site.clone(), ann).await;
    let (_, frame) = talk.frame(Method::Create, "/keys");
    let last = if frame.ends_with('A') { "B" } else { "A" };
    let altered = format!("{}{last}", &frame[..frame.len() - 1]);
    let body = frame.replacen('.', "..", 1);
    assert_eq!(site.send_frames(&[&altered, &body, "", "a.b.c", "x"]).await, [""; 0]);
    assert_eq!(talk.ask(Method::Update, "/ping").await.expect("an answer").status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_channel_survives_a_restart_and_ends_after_its_hour() {
    let folder = Folder::new();
    let site = Site::start_in(&folder).await;
    let ann = site.person(ANN);
    let talk = Talk::begin(site.clone(), ann).await;
    let (id, frame) = talk.frame(Method::Create, "/keys");
    let first = site.send_frames(&[&frame]).await;
    site.stop().await;
    site.start_again(folder.config()).await;
    assert_eq!(site.send_frames(&[&frame]).await, first, "also what was answered");
    assert_eq!(talk.channel.open(&talk.server, id, &first[0]).expect("hers").status, 201);
    assert_eq!(talk.ask(Method::Update, "/ping").await.expect("an answer").status, 200);

    site.memory.clock().sleep(std::time::Duration::from_secs(3600)).await;
    assert!(matches!(talk.ask(Method::Update, "/ping").await, Err(ChannelFailure::Reset)));
    // Nobody can pass an old end off as that of a new channel.
    let (id, frame) = talk.frame(Method::Update, "/ping");
    let reset = site.send_frames(&[&frame]).await;
    let channel = site.channel(&talk.server, &talk.who).await;
    let opened = channel.open(&talk.server, id, &reset[0]);
    assert!(matches!(opened, Err(ChannelFailure::OtherRequest)));
    site.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_channel_is_for_whoever_began_it() {
    let site = Site::start().await;
    let ann = site.person(ANN);
    let talk = Talk::begin(site.clone(), ann).await;
    let bob = site.person(BOB);
    let request = site.request(&bob, Method::Update, "/ping");
    let frame = talk.channel.seal(&request, site.memory.chance()).expect("a frame");
    let answers = site.send_frames(&[&frame]).await;
    let answer = talk.channel.open(&talk.server, request.request_id, &answers[0]);
    assert_eq!(answer.expect("sealed").status, 401);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_with_a_bad_token_is_refused_aloud() {
    let site = Site::start().await;
    let server = site.trusted().await;
    let api = site.person_token(ANN, protocol::token::AUDIENCE_API);
    let who = site.client("web", crate::client::Credential::Person { token: api });
    let request = site.request(&who, Method::Create, "/ecdhe");
    let handshake = server.begin(request, site.memory.chance()).expect("a frame");
    let answers = site.send_frames(&[&handshake.frame]).await;
    let refused = server.finish(&handshake, &answers[0]).err().expect("refused");
    assert!(matches!(refused, ChannelFailure::Refused { status: 401 }));
}

#[tokio::test(start_paused = true)]
async fn a_connector_talks_through_a_channel_too() {
    let site = Site::start().await;
    let connector = site.connector();
    let talk = Talk::begin(site, connector).await;
    assert_eq!(talk.ask(Method::Update, "/ping").await.expect("an answer").status, 200);
}

#[tokio::test(start_paused = true)]
async fn an_impostor_is_not_believed() {
    let site = Site::start().await;
    let (introduction, root) = (site.introduction().await, site.root().await);
    let other = Site::start().await;
    let now = site.memory.clock().now();
    let check = |site: &KeyServerSite, host, root: &str| {
        TrustedServer::check(site, host, root, now).err().expect("not believed")
    };
    assert!(matches!(check(&introduction, "other.org", &root), NotAKeyServer::OtherHost));
    assert!(matches!(check(&introduction, HOST, ""), NotAKeyServer::Certificate(_)));
    let others = other.root().await;
    assert!(matches!(check(&introduction, HOST, &others), NotAKeyServer::Certificate(_)));
    // The right certificate beside somebody else's key.
    let theirs: serde_json::Value =
        serde_json::from_str(&other.introduction().await.rsa_public_key).expect("JSON");
    let mut ours: serde_json::Value =
        serde_json::from_str(&introduction.rsa_public_key).expect("JSON");
    ours["n"] = theirs["n"].clone();
    let mixed = KeyServerSite { rsa_public_key: ours.to_string(), ..introduction };
    assert!(matches!(check(&mixed, HOST, &root), NotAKeyServer::OtherKey));
}

#[tokio::test(start_paused = true)]
async fn nobody_alone_uses_up_the_lasting_key() {
    let site = Site::start().await;
    let server = site.trusted().await;
    let ann = site.person(ANN);
    let chance = site.memory.chance();
    let handshakes: Vec<_> = (0..6)
        .map(|_| server.begin(site.request(&ann, Method::Create, "/ecdhe"), chance))
        .map(|handshake| handshake.expect("a frame"))
        .collect();
    let frames: Vec<&str> = handshakes.iter().map(|handshake| handshake.frame.as_str()).collect();
    assert_eq!(site.send_frames(&frames).await.len(), 4);
    // The others are answered in the next call, and those that had an answer have it.
    assert_eq!(site.send_frames(&frames).await.len(), 6);
}
