//! The simulator by itself, over a network in memory.

use serde_json::{Value, json};
use url::Url;
use world::{
    World,
    http::{Request, Response},
    stop::{Stop, Stopper},
};

use crate::{Config, Operation, Simulator, Trouble, start};

struct Client {
    world: World,
    simulator: Simulator,
    token: String,
    _stopper: Stopper,
}

impl Client {
    async fn new() -> Self {
        let memory = World::in_memory("2026-11-25T10:30:20Z".parse().unwrap(), 1);
        let (stopper, stop): (Stopper, Stop) = Stopper::new();
        let config = Config::sample("webex:80");
        let simulator = start(config, memory.host("webex"), stop).await.unwrap();
        let mut client = Self {
            world: memory.host("client"),
            simulator,
            token: String::new(),
            _stopper: stopper,
        };
        client.token = client.renew("sample-refresh-token").await.unwrap();
        client
    }

    async fn send(&self, request: Request) -> Response {
        self.world.http.send(request.bearer(&self.token)).await.unwrap()
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{}/{path}", self.simulator.api())).unwrap()
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        read(&self.send(Request::get(&self.url(path))).await)
    }

    async fn create(&self, change: impl FnOnce(&mut Value)) -> (u16, Value) {
        let mut body = json!({
            "title": "Plan", "start": "2026-12-01T10:00:00+01:00", "end": "2026-12-01T11:00:00+01:00",
            "timezone": "Europe/Berlin", "hostEmail": "alice@example.com", "sendEmail": false,
            "integrationTags": ["t"],
        });
        change(&mut body);
        let request = Request::post(&self.url("meetings"), body.to_string()).json();
        read(&self.send(request).await)
    }

    async fn patch(&self, id: &str, body: &Value) -> (u16, Value) {
        let request = Request::patch(&self.url(&format!("meetings/{id}")), body.to_string()).json();
        read(&self.send(request).await)
    }

    async fn renew(&self, refresh: &str) -> Option<String> {
        let form = format!(
            "grant_type=refresh_token&client_id=sample-app&client_secret=sample-app-secret&refresh_token={refresh}"
        );
        let request = Request::post(&self.url("access_token"), form)
            .header("content-type", "application/x-www-form-urlencoded");
        let (_, body) = read(&self.world.http.send(request).await.unwrap());
        Some(body.get("access_token")?.as_str()?.to_owned())
    }
}

fn read(response: &Response) -> (u16, Value) {
    (response.status.as_u16(), serde_json::from_slice(&response.body).unwrap_or_default())
}

#[tokio::test(start_paused = true)]
async fn a_meeting_is_made_found_changed_and_deleted() {
    let client = Client::new().await;
    let (status, made) = client.create(|_| {}).await;
    assert_eq!((status, made["start"].as_str()), (200, Some("2026-12-01T09:00:00Z")));
    let id = made["id"].as_str().unwrap();
    let range = "from=2026-11-30T00:00:00Z&to=2026-12-02T00:00:00Z";
    let find = format!("meetings?integrationTag=t&hostEmail=alice@example.com&{range}");
    assert_eq!(client.get(&find).await.1["items"][0]["id"], made["id"]);
    let next_week = "meetings?integrationTag=t&hostEmail=alice@example.com";
    assert_eq!(client.get(next_week).await.1["items"], json!([made]), "seven days from now");
    let renamed = json!({"title": "Plan B", "hostEmail": "alice@example.com", "sendEmail": false});
    assert_eq!(client.patch(id, &renamed).await.1["title"], "Plan B");
    let gone = client.url(&format!("meetings/{id}?hostEmail=alice@example.com&sendEmail=false"));
    assert_eq!(client.send(Request::delete(&gone)).await.status.as_u16(), 204);
    assert_eq!(client.send(Request::delete(&gone)).await.status.as_u16(), 404);
    assert_eq!((client.simulator.mails(), client.simulator.made()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn what_breaks_a_rule_of_the_service_is_refused() {
    let client = Client::new().await;
    let cases: [(u16, Value); 9] = [
        (400, json!({"title": "x".repeat(129)})),
        (400, json!({"start": "2026-11-25T10:29:00Z", "end": "2026-11-25T11:00:00Z"})),
        (400, json!({"end": "2026-12-01T10:05:00+01:00"})),
        (400, json!({"end": "2026-12-02T10:00:00+01:00"})),
        (400, json!({"integrationTags": ["a", "b", "c", "d"]})),
        (400, json!({"recurrence": "FREQ=HOURLY"})),
        (403, json!({"hostEmail": "carol@example.com"})),
        (404, json!({"hostEmail": "nobody@example.com"})),
        (403, json!({"roomId": "sample-space"})),
    ];
    for (expected, wrong) in cases {
        let (status, body) = client
            .create(|body| body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone()))
            .await;
        assert_eq!(status, expected, "{wrong} {body}");
    }
    assert_eq!(client.simulator.made(), 0);
}

#[tokio::test(start_paused = true)]
async fn times_are_cut_to_the_minute_and_this_minute_is_the_next() {
    let client = Client::new().await;
    let (_, made) = client
        .create(|body| {
            body["start"] = json!("2026-11-25T10:30:40Z");
            body["end"] = json!("2026-11-25T11:00:59Z");
        })
        .await;
    assert_eq!(made["start"], "2026-11-25T10:31:00Z");
    assert_eq!(made["end"], "2026-11-25T11:00:00Z");
}

#[tokio::test(start_paused = true)]
async fn moving_a_series_costs_its_exceptions_and_renaming_does_not() {
    let client = Client::new().await;
    let (_, made) = client.create(|body| body["recurrence"] = json!("FREQ=DAILY;COUNT=5")).await;
    let id = made["id"].as_str().unwrap();
    let who = json!({"hostEmail": "alice@example.com", "sendEmail": false});
    let with = |more: Value| {
        let mut body = who.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let second = format!("{id}_20261202T090000Z");
    let moved = with(json!({"start": "2026-12-02T12:00:00Z", "end": "2026-12-02T13:00:00Z"}));
    assert_eq!(client.patch(&second, &moved).await.1["isModified"], true);
    assert_eq!(client.patch(&format!("{id}_20261202T100000Z"), &moved).await.0, 404);
    client.patch(id, &with(json!({"title": "B"}))).await;
    assert_eq!(client.simulator.meetings()[0].exceptions.len(), 1);
    let list = format!(
        "meetings?meetingSeriesId={id}&meetingType=scheduledMeeting&isModified=true&hostEmail=alice@example.com&from=2026-12-01T00:00:00Z&to=2026-12-09T00:00:00Z"
    );
    assert_eq!(client.get(&list).await.1["items"][0]["id"], second);
    client.patch(id, &with(json!({"recurrence": "FREQ=DAILY;COUNT=6"}))).await;
    assert_eq!(client.simulator.meetings()[0].exceptions.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn tokens_end_are_renewed_once_and_can_be_taken_back() {
    let mut client = Client::new().await;
    assert_eq!(client.get("meetingPreferences/sites").await.0, 200);
    client.world.clock.sleep(std::time::Duration::from_secs(3601)).await;
    assert_eq!(client.get("meetingPreferences/sites").await.0, 401);
    assert_eq!(client.renew("sample-refresh-token").await, None, "used before");
    client.simulator.issue_refresh_token("sample-app", "another");
    client.token = client.renew("another").await.unwrap();
    assert_eq!(client.get("meetingPreferences/sites").await.0, 200);
    client.simulator.revoke();
    assert_eq!(client.get("meetingPreferences/sites").await.0, 401);
}

#[tokio::test(start_paused = true)]
async fn trouble_comes_as_ordered() {
    let client = Client::new().await;
    let late = Trouble::Status { status: 429, retry_after: Some(7) };
    client.simulator.order(Operation::Create, 1, late);
    client.simulator.order(Operation::Create, 1, Trouble::StatusAfterwards(502));
    assert_eq!(client.create(|_| {}).await.0, 429);
    assert_eq!((client.create(|_| {}).await.0, client.simulator.made()), (502, 1));
    client.simulator.order(Operation::Create, 1, Trouble::LoseAnswer);
    let request = Request::post(&client.url("meetings"), "{}").json().bearer(&client.token);
    assert!(client.world.http.send(request).await.is_err());
    for _ in 0..11 {
        assert_eq!(client.create(|_| {}).await.0, 200);
    }
    let list = "meetings?integrationTag=t&hostEmail=alice@example.com&from=2026-11-30T00:00:00Z&to=2026-12-02T00:00:00Z";
    let page = client.send(Request::get(&client.url(list))).await;
    let link = page.headers.get("link").unwrap().to_str().unwrap();
    assert!(link.contains("offset=10") && link.ends_with("rel=\"next\""), "{link}");
}
