//! Standing orders for notifications, and the streams that carry them. What happens while no
//! stream carries a subscription is lost, as in Exchange.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::STANDARD};
use ews::{
    DateTime, ItemId, ResponseCode,
    operations::{Event, EventType, ObjectEvent},
};
use jiff::Timestamp;
use tokio::sync::mpsc;
use world::chance::Chance;

use crate::{
    failure::{Outcome, refuse},
    mailbox::{Mailbox, key},
};

/// In the whole organization; more are refused.
const SUBSCRIPTIONS_MAX: usize = 200_000;
const STREAMS_MAX: usize = 2_000;
/// Events that wait for one stream to be written; further ones are lost.
const STREAM_EVENTS_MAX: usize = 1_024;

#[derive(Default)]
pub(crate) struct Subscriptions {
    known: BTreeMap<String, Subscription>,
    /// Ids of the known ones by mailbox: a change must not cost a look at everybody's.
    of_mailbox: BTreeMap<String, BTreeSet<String>>,
    streams: BTreeMap<u64, mpsc::Sender<StreamMessage>>,
    last_stream: u64,
}

pub(crate) struct Subscription {
    pub(crate) mailbox: String,
    /// All of them if there is no list.
    pub(crate) folders: Option<BTreeSet<u64>>,
    pub(crate) wanted: Vec<EventType>,
    stream: Option<u64>,
}

/// What a stream is told.
pub(crate) enum StreamMessage {
    Event {
        subscription: String,
        event: Box<Event>,
    },
    /// Another stream took over.
    Replaced,
    /// The subscriptions are gone.
    Lost,
    /// The connection breaks, without a word.
    Cut,
}

/// What happened to an item.
pub(crate) enum Happening {
    Created(u64),
    Modified(u64),
    Deleted(u64),
    Moved { old: u64, new: u64, from: u64, to: u64 },
    Copied { old: u64, new: u64, from: u64, to: u64 },
}

impl Subscription {
    pub(crate) fn new(
        mailbox: &str,
        folders: Option<BTreeSet<u64>>,
        wanted: Vec<EventType>,
    ) -> Self {
        Self { mailbox: key(mailbox), folders, wanted, stream: None }
    }

    pub(crate) fn hears(&self, folder: u64, happening: &Happening) -> bool {
        let follows =
            |folder| self.folders.as_ref().is_none_or(|folders| folders.contains(&folder));
        let (kind, is_there) = match happening {
            Happening::Created(_) => (EventType::Created, follows(folder)),
            Happening::Modified(_) => (EventType::Modified, follows(folder)),
            Happening::Deleted(_) => (EventType::Deleted, follows(folder)),
            Happening::Moved { from, to, .. } => (EventType::Moved, follows(*from) || follows(*to)),
            Happening::Copied { to, .. } => (EventType::Copied, follows(*to)),
        };
        is_there && self.wanted.contains(&kind)
    }
}

impl Subscriptions {
    pub(crate) fn add(&mut self, subscription: Subscription, chance: &Chance) -> Outcome<String> {
        if self.known.len() >= SUBSCRIPTIONS_MAX {
            return Err(refuse(ResponseCode::ErrorExceededSubscriptionCount));
        }
        let id = new_id(chance);
        self.of_mailbox.entry(subscription.mailbox.clone()).or_default().insert(id.clone());
        self.known.insert(id.clone(), subscription);
        Ok(id)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Outcome<()> {
        let removed = self.known.remove(id);
        let removed = removed.ok_or_else(|| refuse(ResponseCode::ErrorSubscriptionNotFound))?;
        if let Some(ids) = self.of_mailbox.get_mut(&removed.mailbox) {
            ids.remove(id);
        }
        Ok(())
    }

    pub(crate) fn count(&self) -> usize {
        self.known.len()
    }

    pub(crate) fn open_streams(&mut self) -> usize {
        self.streams.retain(|_, sender| !sender.is_closed());
        self.streams.len()
    }

    /// Ids that nobody knows.
    pub(crate) fn unknown(&self, ids: &[String]) -> Vec<String> {
        ids.iter().filter(|id| !self.known.contains_key(*id)).cloned().collect()
    }

    /// A stream that carries these subscriptions from now on; older streams of theirs end.
    pub(crate) fn open(&mut self, ids: &[String]) -> Outcome<mpsc::Receiver<StreamMessage>> {
        if self.open_streams() >= STREAMS_MAX {
            return Err(refuse(ResponseCode::ErrorExceededConnectionCount));
        }
        let (sender, receiver) = mpsc::channel(STREAM_EVENTS_MAX);
        self.last_stream += 1;
        let mut older = BTreeSet::new();
        for id in ids {
            if let Some(subscription) = self.known.get_mut(id) {
                older.extend(subscription.stream.replace(self.last_stream));
            }
        }
        for stream in older {
            self.end(stream, StreamMessage::Replaced);
        }
        self.streams.insert(self.last_stream, sender);
        Ok(receiver)
    }

    pub(crate) fn tell(&mut self, owner: &Mailbox, folder: u64, what: &Happening, at: Timestamp) {
        let mailbox = key(&owner.person.address);
        let Some(ids) = self.of_mailbox.get(&mailbox) else { return };
        let heard = ids.iter().filter_map(|id| Some((id, self.known.get(id)?)));
        for (id, subscription) in heard.filter(|(_, known)| known.hears(folder, what)) {
            let sender = subscription.stream.and_then(|stream| self.streams.get(&stream));
            let Some(sender) = sender else { continue }; // lost
            let event = Box::new(event(owner, folder, what, at));
            let message = StreamMessage::Event { subscription: id.clone(), event };
            if sender.try_send(message).is_err() {
                tracing::debug!("An event found no room on its stream and is lost");
            }
        }
    }

    pub(crate) fn lose_all(&mut self) {
        self.known.clear();
        self.of_mailbox.clear();
        self.end_all(|| StreamMessage::Lost);
    }

    pub(crate) fn cut_streams(&mut self) {
        self.end_all(|| StreamMessage::Cut);
    }

    fn end_all(&mut self, message: impl Fn() -> StreamMessage) {
        let streams: Vec<u64> = self.streams.keys().copied().collect();
        for stream in streams {
            self.end(stream, message());
        }
    }

    /// A stream whose channel is full sees its end instead.
    fn end(&mut self, stream: u64, message: StreamMessage) {
        if let Some(sender) = self.streams.remove(&stream)
            && sender.try_send(message).is_err()
        {
            tracing::debug!("A stream ended without being told why");
        }
    }
}

/// Laid out as in documented ids: the server's name, a GUID and a stamp.
pub(crate) fn new_id(chance: &Chance) -> String {
    let mut bytes = 15_u16.to_le_bytes().to_vec();
    bytes.extend_from_slice(b"exchange-sim-01");
    bytes.extend_from_slice(&16_u16.to_le_bytes());
    bytes.extend_from_slice(chance.uuid().as_bytes());
    bytes.extend_from_slice(&chance.u64().to_le_bytes());
    STANDARD.encode(bytes)
}

pub(crate) fn event(owner: &Mailbox, folder: u64, what: &Happening, at: Timestamp) -> Event {
    let object = |number: u64| -> ItemId {
        let change = owner.items.get(&number).map_or(0, |stored| stored.change);
        owner.item_id(number, change)
    };
    let of = |number, folder| {
        ObjectEvent::of_item(object(number), owner.folder_id(folder), DateTime::from(at))
    };
    let from_old = |old, new, from, to| ObjectEvent {
        old_item_id: Some(object(old)),
        old_parent_folder_id: Some(owner.folder_id(from)),
        ..of(new, to)
    };
    match what {
        Happening::Created(number) => Event::Created(of(*number, folder)),
        Happening::Modified(number) => Event::Modified(of(*number, folder)),
        Happening::Deleted(number) => Event::Deleted(of(*number, folder)),
        Happening::Moved { old, new, from, to } => Event::Moved(from_old(*old, *new, *from, *to)),
        Happening::Copied { old, new, from, to } => Event::Copied(from_old(*old, *new, *from, *to)),
    }
}
