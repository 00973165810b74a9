//! Those who talk to the cloud over HTTP: a person with a token, a connector with a key.

use std::{collections::BTreeMap, sync::Arc};

use protocol::{
    connector::{Commit, LeaseRequest},
    feed::{Envelope, EventData},
    ids::{MeetingId, SHARDS, Shard, UserId},
    meeting::SealedMeeting,
    routes,
};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;
use world::{
    World,
    http::{Incoming, Request},
};

use super::{
    CLOUD,
    meeting::{commit, user},
    signing::Key,
};

pub(crate) struct Answer {
    pub(super) status: u16,
    pub(super) etag: Option<String>,
    pub(super) json: Value,
}

pub(crate) fn url(path: &str) -> Url {
    Url::parse(&format!("{CLOUD}{path}")).expect("a URL")
}

pub(super) async fn send(world: &World, request: Request) -> Answer {
    let answer = world.http.send(request).await.expect("an answer");
    let etag = answer.headers.get("etag").map(|tag| tag.to_str().expect("text").to_owned());
    let json = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    Answer { status: answer.status.as_u16(), etag, json }
}

pub(crate) struct Person {
    pub(super) world: World,
    pub(crate) token: String,
}

impl Person {
    pub(super) async fn get(&self, path: &str) -> Answer {
        send(&self.world, Request::get(&url(path)).bearer(&self.token)).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = Request::post(&url(path), body.to_string()).json().bearer(&self.token);
        send(&self.world, request).await
    }

    pub(super) async fn get_unless(&self, path: &str, etag: &str) -> Answer {
        let request = Request::get(&url(path)).bearer(&self.token).header("if-none-match", etag);
        send(&self.world, request).await
    }

    pub(super) async fn watch(&self, since: Option<&str>) -> Stream {
        let request = Request::get(&url(routes::EVENTS)).bearer(&self.token);
        let request = match since {
            Some(since) => request.header("last-event-id", since),
            None => request,
        };
        let incoming = self.world.http.open(request).await.expect("a stream");
        assert_eq!(incoming.status.as_u16(), 200);
        Stream { incoming, text: String::new() }
    }
}

/// An event stream as a client sees it.
pub(crate) struct Stream {
    incoming: Incoming,
    text: String,
}

/// One event with its `id:` line.
pub(crate) struct Event {
    pub(super) id: Option<String>,
    pub(super) data: EventData,
}

impl Stream {
    /// The next event; `None` at the end of the stream. Pings are no events.
    pub(super) async fn next(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            let line = |name: &str| {
                let value = |line: &str| Some(line.strip_prefix(name)?.trim().to_owned());
                block.lines().find_map(value)
            };
            let Some(data) = line("data:") else { continue };
            let envelope: Envelope = serde_json::from_str(&data).expect("an envelope");
            assert_eq!(line("event:").as_deref(), Some(envelope.data.name()));
            let id = line("id:");
            assert_eq!(id, envelope.hc.map(|at| at.position.to_string()));
            return Some(Event { id, data: envelope.data });
        }
    }

    /// The next event, in short: its id and what happened.
    pub(super) async fn told(&mut self) -> String {
        let event = self.next().await.expect("an event");
        let id = event.id.unwrap_or_else(|| "-".into());
        match event.data {
            EventData::Create { meeting } => format!("{id} create {}", meeting.id),
            EventData::Update { meeting } => format!("{id} update {}", meeting.id),
            EventData::Delete { meeting } => format!("{id} delete {}", meeting.id),
            EventData::JoinButton { button } if button.shown => {
                format!("{id} shown {}", button.meeting_id)
            }
            EventData::JoinButton { button } => format!("{id} gone {}", button.meeting_id),
            EventData::FreeBusy { answer } => format!("{id} free/busy {}", answer.request_id),
            EventData::Resync { position } => format!("{id} resync {position}"),
            EventData::KeyFrames { encryption } => {
                format!("{id} frames {}", encryption.kms_messages.len())
            }
            EventData::Reauth { .. } => format!("{id} reauth"),
        }
    }

    /// Text up to an empty line.
    pub(super) async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return Some(block);
            }
            let chunk = self.incoming.chunk().await.ok().flatten()?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }
}

pub(crate) struct Connector {
    pub(super) world: World,
    pub(super) key: Arc<Key>,
    pub(super) owner: Uuid,
    pub(super) epoch: i64,
    pub(super) versions: BTreeMap<UserId, i64>,
}

impl Connector {
    pub(crate) fn token(&self) -> String {
        let id = self.world.chance.uuid();
        self.key.connector("hc-api", self.world.clock.now(), id)
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = Request::post(&url(path), body.to_string()).json().bearer(&self.token());
        send(&self.world, request).await
    }

    pub(super) async fn take_all_leases(&mut self) -> usize {
        let request = LeaseRequest { owner: self.owner, shards: (0..SHARDS).map(Shard).collect() };
        let answer = self.post(routes::LEASES, &json!(request)).await;
        assert_eq!(answer.status, 200);
        let granted = answer.json["granted"].as_array().expect("leases");
        self.epoch = granted.first().map_or(0, |lease| lease["epoch"].as_i64().expect("a number"));
        granted.len()
    }

    pub(super) async fn commit(&mut self, address: &str, fill: impl FnOnce(&mut Commit)) -> Answer {
        let user = user(address);
        let version = self.versions.entry(user).or_default();
        let mut commit = commit(self.owner, *version, self.world.chance.uuid().as_u128());
        commit.lease_epoch = self.epoch;
        fill(&mut commit);
        let path = routes::with(routes::MAILBOX_COMMITS, &user.to_string());
        let answer = self.post(&path, &json!(commit)).await;
        if answer.status == 200 {
            self.versions.insert(user, answer.json["version"].as_i64().expect("a number"));
        }
        answer
    }

    /// Leases are renewed first, since tests let much time pass between commits.
    pub(super) async fn puts(&mut self, address: &str, meetings: &[SealedMeeting]) {
        self.take_all_leases().await;
        let answer = self.commit(address, |commit| commit.upserts = meetings.to_vec()).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
    }

    pub(super) async fn deletes(&mut self, address: &str, id: &str) {
        self.take_all_leases().await;
        let answer = self.commit(address, |commit| commit.deletes = vec![MeetingId(id.into())]);
        assert_eq!(answer.await.status, 200);
    }
}
