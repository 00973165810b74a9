//! What is wanted, as a CloudEvent (1.0, structured mode).

use aws_lc_rs::digest;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use world::chance::Chance;

use crate::meeting::{Held, Recurrence, Reference, Room, Wish};

/// Of the hash in an update's id, in hexadecimal digits: enough to tell two updates apart.
const HASH_DIGITS: usize = 32;

/// One call. Its id is the same however often it is made, also after a crash.
pub(super) struct Event {
    id: String,
    kind: Kind,
    subject: Option<String>,
    data: Option<Value>,
}

#[derive(Clone, Copy)]
enum Kind {
    Create,
    Update,
    Delete,
    Check,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Create => "conference.create",
            Self::Update => "conference.update",
            Self::Delete => "conference.delete",
            Self::Check => "conference.check",
        }
    }
}

impl Event {
    pub(super) fn create(wish: &Wish) -> Self {
        let key = wish.key.tag();
        let data = Some(meeting(wish, &key).into());
        Self { id: key.clone(), kind: Kind::Create, subject: Some(key), data }
    }

    pub(super) fn update(wish: &Wish, reference: &Reference) -> Self {
        let key = wish.key.tag();
        let mut data = meeting(wish, &key);
        data.insert("provider_ref".into(), reference.0.as_str().into());
        let data = Value::from(data);
        let id = format!("{key}.{}", hash(&data.to_string()));
        Self { id, kind: Kind::Update, subject: Some(key), data: Some(data) }
    }

    pub(super) fn delete(held: &Held) -> Self {
        let key = held.key.tag();
        let reference = held.reference.as_ref().map(|reference| reference.0.as_str());
        let data = Some(json!({ "key": key, "provider_ref": reference }));
        Self { id: format!("{key}.delete"), kind: Kind::Delete, subject: Some(key), data }
    }

    pub(super) fn check(chance: &Chance) -> Self {
        let id = format!("check.{}", chance.uuid().simple());
        Self { id, kind: Kind::Check, subject: None, data: None }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn body(&self, now: Timestamp) -> Vec<u8> {
        let mut event = json!({
            "specversion": "1.0", "id": self.id, "source": "hybridcal", "type": self.kind.word(),
            "time": now.to_string(),
        });
        if let Some(event) = event.as_object_mut() {
            if let Some(subject) = &self.subject {
                event.insert("subject".into(), subject.as_str().into());
            }
            if let Some(data) = &self.data {
                event.insert("datacontenttype".into(), "application/json".into());
                event.insert("data".into(), data.clone());
            }
        }
        event.to_string().into_bytes()
    }
}

fn meeting(wish: &Wish, key: &str) -> Map<String, Value> {
    let mut data = Map::new();
    let mut put = |name: &str, value: Value| data.insert(name.to_owned(), value);
    put("key", key.into());
    put("organizer", wish.organizer.as_str().into());
    put("title", wish.title.as_str().into());
    put("start", wish.start.to_string().into());
    put("end", wish.end.to_string().into());
    put("room", room(wish.room).into());
    if let Some(zone) = &wish.zone {
        put("time_zone", zone.as_str().into());
    }
    if let Some(Recurrence { rule, ends }) = &wish.recurrence {
        put("recurrence", json!({ "rule": rule, "ends": ends.map(|ends| ends.to_string()) }));
    }
    data
}

fn room(room: Room) -> &'static str {
    match room {
        Room::Usual => "usual",
        Room::Personal => "personal",
        Room::OneTime => "one-time",
        Room::Space => "space",
    }
}

fn hash(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let mut digits: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    digits.truncate(HASH_DIGITS);
    digits
}
