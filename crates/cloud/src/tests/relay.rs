//! Frames through the cloud, with a key server played here that echoes them.

use std::time::Duration;

use protocol::{
    keys::{Call, Calls, CallsRequest, Frame, FramesDown, KeyServerSite},
    routes,
};
use serde_json::{Value, json};
use world::http::{Request, Response};

use super::{
    TestCloud,
    people::{Person, url},
};

const CLUSTER: &str = "kms://kms.example.org";

impl TestCloud {
    pub(super) fn key_server_token(&self) -> String {
        self.key_server.connector("hc-api", self.now(), self.memory.chance().uuid())
    }

    fn key_server(&self) -> KeyServer {
        KeyServer { cloud: self.client.clone() }
    }

    async fn fetch(&self) -> Vec<Call> {
        let site = KeyServerSite { kms_cluster: CLUSTER.into(), rsa_public_key: "{}".into() };
        let body = serde_json::to_vec(&CallsRequest { site }).expect("JSON");
        let answer =
            self.key_server().post(routes::KEY_CALLS, body, &self.key_server_token()).await;
        assert_eq!(answer.status.as_u16(), 200);
        serde_json::from_slice::<Calls>(&answer.body).expect("calls").calls
    }

    async fn answer(&self, answer: &Call) {
        let body = serde_json::to_vec(answer).expect("JSON");
        let token = self.key_server_token();
        let answer = self.key_server().post(routes::KEY_ANSWERS, body, &token).await;
        assert_eq!(answer.status.as_u16(), 204);
    }

    /// One fetch, and the same frames back.
    async fn echo(&self) {
        for call in self.fetch().await {
            self.answer(&call).await;
        }
    }
}

struct KeyServer {
    cloud: world::World,
}

impl KeyServer {
    async fn post(&self, path: &str, body: Vec<u8>, token: &str) -> Response {
        let request = Request::post(&url(path), body).json().bearer(token);
        self.cloud.http.send(request).await.expect("an answer")
    }
}

fn frames(texts: &[&str]) -> Value {
    json!({"destination": CLUSTER, "kmsMessages": texts})
}

impl Person {
    async fn call(&self, body: &Value, wait: Option<&str>) -> (u16, Vec<u8>) {
        let request = Request::post(&url(routes::KEY_FRAMES), body.to_string());
        let request = request.json().bearer(&self.token);
        let request = match wait {
            Some(wait) => request.header("prefer", wait),
            None => request,
        };
        let answer = self.world.http.send(request).await.expect("an answer");
        (answer.status.as_u16(), answer.body.to_vec())
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_comes_in_the_body_if_wanted() {
    let cloud = TestCloud::start().await;
    let ann = cloud.person("ann@example.com");
    let calling = async {
        // The key server's fetch is there first.
        cloud.memory.clock().sleep(Duration::from_secs(1)).await;
        ann.call(&frames(&["a.b", "c"]), Some("wait=5")).await
    };
    let ((status, body), ()) = tokio::join!(calling, cloud.echo());
    let down: FramesDown = serde_json::from_slice(&body).expect("frames");
    assert_eq!((status, down.kms_messages), (200, vec![Frame("a.b".into()), Frame("c".into())]));
}

#[tokio::test(start_paused = true)]
async fn an_answer_comes_as_an_event_to_its_person_alone() {
    let cloud = TestCloud::start().await;
    let (ann, bob) = (cloud.person("ann@example.com"), cloud.person("bob@example.com"));
    let (mut hers, mut his) = (ann.watch(None).await, bob.watch(None).await);
    let calling = async {
        cloud.memory.clock().sleep(Duration::from_secs(1)).await;
        ann.call(&frames(&["a"]), None).await
    };
    let ((status, _), ()) = tokio::join!(calling, cloud.echo());
    assert_eq!(status, 202);
    assert_eq!(hers.told().await, "- frames 1");
    let silence = cloud.memory.clock().sleep(Duration::from_secs(120));
    tokio::select! {
        told = his.told() => panic!("{told}"),
        () = silence => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_comes_as_an_event() {
    let cloud = TestCloud::start().await;
    let ann = cloud.person("ann@example.com");
    let mut stream = ann.watch(None).await;
    let calling = async {
        cloud.memory.clock().sleep(Duration::from_secs(1)).await;
        ann.call(&frames(&["a"]), Some("wait=5")).await
    };
    let ((status, _), calls) = tokio::join!(calling, cloud.fetch());
    assert_eq!(status, 202);
    cloud.answer(&calls[0]).await;
    assert_eq!(stream.told().await, "- frames 1");
}

#[tokio::test(start_paused = true)]
async fn a_key_server_that_is_away_is_said_to_be() {
    let cloud = TestCloud::start().await;
    let ann = cloud.person("ann@example.com");
    let offline = |(status, body): (u16, Vec<u8>)| {
        let problem: Value = serde_json::from_slice(&body).expect("a problem");
        assert_eq!((status, &problem["type"]), (503, &json!("/problems/key-service-offline")));
    };
    offline(ann.call(&frames(&["a"]), Some("wait=5")).await);
    // It fetches and then falls silent: first calls wait for it, then it is away.
    assert!(cloud.fetch().await.is_empty());
    offline(ann.call(&frames(&["a"]), Some("wait=5")).await);
    assert!(cloud.fetch().await.is_empty(), "what nobody fetched in time is forgotten");
    cloud.memory.clock().sleep(Duration::from_secs(5)).await;
    offline(ann.call(&frames(&["a"]), None).await);
    let introduced = ann.get(&routes::KEY_SERVER.replace("{user}", "x")).await;
    assert_eq!(introduced.status, 503);
}

#[tokio::test(start_paused = true)]
async fn too_much_is_refused() {
    let cloud = TestCloud::start().await;
    assert!(cloud.fetch().await.is_empty());
    let ann = cloud.person("ann@example.com");
    let (many, long) = (vec!["a"; 51], "a".repeat(64 * 1024 + 1));
    for body in [frames(&[]), frames(&many), frames(&[&long])] {
        assert_eq!(ann.call(&body, None).await.0, 400);
    }
    let mut elsewhere = frames(&["a"]);
    elsewhere["destination"] = json!("kms://other.example.org");
    assert_eq!(ann.call(&elsewhere, None).await.0, 400);
    let huge = "a".repeat(60_000);
    assert_eq!(ann.call(&frames(&[&*huge; 20]), None).await.0, 413);
    let mut refused = 0;
    for _ in 0..30 {
        refused += usize::from(ann.call(&frames(&["a"]), None).await.0 == 429);
    }
    assert_eq!(refused, 10);
}
