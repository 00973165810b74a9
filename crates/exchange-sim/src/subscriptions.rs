//! Standing orders for notifications, and the streams that carry them. What happens while no
//! stream carries a subscription is lost, as in Exchange.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

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
/// What one request may name; more are refused.
pub(crate) const IDS_MAX: usize = 200;
/// Events that wait for one stream to be written; when there are more, the stream says that it
/// missed some.
const STREAM_EVENTS_MAX: usize = 1_024;

#[derive(Default)]
pub(crate) struct Subscriptions {
    known: BTreeMap<String, Subscription>,
    by_mailbox: BTreeMap<String, BTreeSet<String>>,
    streams: BTreeMap<u64, mpsc::Sender<StreamMessage>>,
    last_stream: u64,
    /// How long one lives that no stream carries.
    pub(crate) idle_max: Option<Duration>,
}

pub(crate) struct Subscription {
    pub(crate) mailbox: String,
    /// All of them if there is no list.
    pub(crate) folders: Option<BTreeSet<u64>>,
    pub(crate) wanted: Vec<EventType>,
    pub(crate) back_end: usize,
    stream: Option<u64>,
    /// Since when no stream carries it.
    idle_since: Timestamp,
}

/// What a stream is told.
pub(crate) enum StreamMessage {
    Event {
        subscription: String,
        event: Box<Event>,
    },
    /// Another stream took over.
    Replaced,
    /// These subscriptions are gone.
    Lost(Vec<String>),
    /// The connection breaks, without a word.
    Cut,
    /// The server ends it in good order, before its time.
    Close,
    /// It stays open, and nothing comes any more.
    Silence,
    /// There was more to tell than could be kept.
    Missed,
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
        back_end: usize,
        now: Timestamp,
    ) -> Self {
        let mailbox = key(mailbox);
        Self { mailbox, folders, wanted, back_end, stream: None, idle_since: now }
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
    /// `host` is that of its back end, `max` how many one mailbox may have.
    pub(crate) fn add(
        &mut self,
        subscription: Subscription,
        host: &str,
        max: usize,
        chance: &Chance,
    ) -> Outcome<String> {
        let of_mailbox = self.by_mailbox.get(&subscription.mailbox).map_or(0, BTreeSet::len);
        if self.known.len() >= SUBSCRIPTIONS_MAX || of_mailbox >= max {
            return Err(refuse(ResponseCode::ErrorExceededSubscriptionCount));
        }
        let id = new_id(host, chance);
        self.by_mailbox.entry(subscription.mailbox.clone()).or_default().insert(id.clone());
        self.known.insert(id.clone(), subscription);
        Ok(id)
    }

    pub(crate) fn remove(&mut self, id: &str, now: Timestamp) -> Outcome<()> {
        self.expire(now);
        let removed = self.forget(id);
        removed.map(drop).ok_or_else(|| refuse(ResponseCode::ErrorSubscriptionNotFound))
    }

    fn forget(&mut self, id: &str) -> Option<Subscription> {
        let removed = self.known.remove(id)?;
        if let Some(ids) = self.by_mailbox.get_mut(&removed.mailbox) {
            ids.remove(id);
        }
        Some(removed)
    }

    pub(crate) fn count(&self) -> usize {
        self.known.len()
    }

    pub(crate) fn open_streams(&mut self) -> usize {
        self.streams.retain(|_, sender| !sender.is_closed());
        self.streams.len()
    }

    /// Ids that nobody knows at this back end.
    pub(crate) fn unknown(
        &mut self,
        ids: &[String],
        back_end: usize,
        now: Timestamp,
    ) -> Vec<String> {
        self.expire(now);
        let is_here = |id: &String| self.known.get(id).is_some_and(|s| s.back_end == back_end);
        ids.iter().filter(|id| !is_here(id)).cloned().collect()
    }

    fn expire(&mut self, now: Timestamp) {
        let Some(idle_max) = self.idle_max else { return };
        let is_over = |subscription: &Subscription| {
            let idle = Duration::try_from(now.duration_since(subscription.idle_since));
            subscription.stream.is_none() && idle.is_ok_and(|idle| idle > idle_max)
        };
        let over: Vec<String> =
            self.known.iter().filter(|(_, s)| is_over(s)).map(|(id, _)| id.clone()).collect();
        for id in over {
            self.forget(&id);
        }
    }

    /// A stream that carries these subscriptions from now on; older streams of theirs end.
    pub(crate) fn open(&mut self, ids: &[String]) -> Outcome<(u64, mpsc::Receiver<StreamMessage>)> {
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
        Ok((self.last_stream, receiver))
    }

    /// The connection is gone: its subscriptions are idle from now on.
    pub(crate) fn closed(&mut self, stream: u64, ids: &[String], now: Timestamp) {
        self.streams.remove(&stream);
        for id in ids {
            if let Some(subscription) = self.known.get_mut(id)
                && subscription.stream == Some(stream)
            {
                subscription.stream = None;
                subscription.idle_since = now;
            }
        }
    }

    pub(crate) fn tell(&mut self, owner: &Mailbox, folder: u64, what: &Happening, at: Timestamp) {
        let Some(ids) = self.by_mailbox.get(&key(&owner.person.address)) else { return };
        let mut overflowing = Vec::new();
        for id in ids {
            let Some(known) = self.known.get(id).filter(|known| known.hears(folder, what)) else {
                continue;
            };
            let Some(stream) = known.stream else { continue }; // lost
            let Some(sender) = self.streams.get(&stream) else { continue };
            let event = Box::new(event(owner, folder, what, at));
            let message = StreamMessage::Event { subscription: id.clone(), event };
            // The last place is for why it ends.
            if sender.capacity() > 1 && sender.try_send(message).is_ok() {
                continue;
            }
            overflowing.push(stream);
        }
        for stream in overflowing {
            self.end(stream, StreamMessage::Missed);
        }
    }

    /// Subscriptions that are gone, and the streams that carried them.
    pub(crate) fn lose(&mut self, is_meant: impl Fn(&Subscription) -> bool) {
        let lost: Vec<String> =
            self.known.iter().filter(|(_, s)| is_meant(s)).map(|(id, _)| id.clone()).collect();
        let mut told: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for id in lost {
            if let Some(stream) = self.forget(&id).and_then(|subscription| subscription.stream) {
                told.entry(stream).or_default().push(id);
            }
        }
        for (stream, ids) in told {
            self.end(stream, StreamMessage::Lost(ids));
        }
    }

    pub(crate) fn end_all(&mut self, message: impl Fn() -> StreamMessage) {
        let streams: Vec<u64> = self.streams.keys().copied().collect();
        for stream in streams {
            self.end(stream, message());
        }
    }

    /// From now on they say nothing, and nobody notices.
    pub(crate) fn silence(&mut self) {
        for sender in self.streams.values() {
            if sender.try_send(StreamMessage::Silence).is_err() {
                tracing::debug!("A stream was too full to fall silent");
            }
        }
    }

    fn end(&mut self, stream: u64, message: StreamMessage) {
        if let Some(sender) = self.streams.remove(&stream)
            && sender.try_send(message).is_err()
        {
            tracing::debug!("A stream ended without being told why");
        }
    }
}

/// Laid out as in documented ids: the server's name, a GUID and a stamp, lengths before the first
/// two.
pub(crate) fn new_id(host: &str, chance: &Chance) -> String {
    let length = u16::try_from(host.len()).unwrap_or(u16::MAX);
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend_from_slice(host.as_bytes());
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
