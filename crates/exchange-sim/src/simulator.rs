//! The simulator as tests and the demonstration hold it: start, act for people, count, trouble.

mod absence;
mod copying;
mod discovery;
mod meeting;
mod trouble;

use std::{fmt, sync::Arc};

use ews::{CalendarItem, ItemError, ResponseCode, items::ResponseType};
use jiff::Timestamp;
use tokio::sync::mpsc;
use world::{World, stop::Stop};

use self::meeting::describe;
use crate::{
    auth::{Attempts, Door},
    directory::{Config, Kind},
    failure::refuse,
    ids::{GlobalId, Key, KeyKind},
    invitations::{Keep, Tell},
    mailbox::{CALENDAR, Mailbox, Store, Stored, Target, key},
    mails::Mail,
    meetings::Fate,
    push,
    schema::{Schema, SchemaFailure},
    server::{Shared, locked, router},
};

pub use self::meeting::{CalendarEntry, Changes, MeetingRef, NewMeeting, Occasion};

/// A running simulator. Cheap to clone.
#[derive(Clone)]
pub struct Simulator {
    shared: Arc<Shared>,
    address: String,
}

#[derive(Debug, thiserror::Error)]
pub enum StartFailure {
    #[error("the Exchange simulator cannot listen")]
    Listen(#[from] std::io::Error),
    #[error("the schema for checking requests cannot be used")]
    Schema(#[from] SchemaFailure),
}

/// Why an act of a test was refused, as EWS would say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatorFailure(pub ResponseCode);

/// Listens and serves until told to stop.
pub async fn start(config: Config, world: World, stop: Stop) -> Result<Simulator, StartFailure> {
    let schema = config.schema.as_deref().map(Schema::read).transpose()?;
    let listener = match &config.tls {
        Some(identity) => world.network.listen_tls(&config.listen, identity).await?,
        None => world.network.listen(&config.listen).await?,
    };
    let door = Door { world: world.clone(), certificate: listener.certificate().cloned() };
    let address = listener.address().to_owned();
    let store = Store::new(&config, world.clock.clone(), world.chance.clone());
    let shared = Arc::new(Shared::new(config, store, schema, door, stop.clone()));
    let (pushes, started) = mpsc::channel(push::WAITING_MAX);
    shared.store().queues.send_pushes_to(pushes);
    tokio::spawn(push::run(Arc::clone(&shared), world.http.clone(), started));
    let serving = world::http::serve(listener, router(Arc::clone(&shared)), stop);
    tokio::spawn(serving);
    tracing::info!(%address, "The Exchange simulator listens; this is not an Exchange server");
    Ok(Simulator { shared, address })
}

/// Acting for people, as if they sat in front of their calendars.
impl Simulator {
    pub fn create_meeting(
        &self,
        organizer: &str,
        meeting: NewMeeting,
    ) -> Result<MeetingRef, SimulatorFailure> {
        let sending = if meeting.is_sent { SENT } else { UNSENT };
        let mut store = self.shared.store();
        let number = store.create(organizer, CALENDAR, meeting.into_item(), None, sending)?;
        Ok(reference(&store, organizer, number)?)
    }

    /// Changes a meeting in the owner's calendar and tells those invited.
    pub fn change_meeting(
        &self,
        meeting: &MeetingRef,
        occasion: Occasion,
        changes: &Changes,
    ) -> Result<(), SimulatorFailure> {
        self.change(meeting, occasion, changes, SENT)
    }

    /// The same without telling anybody.
    pub fn change_meeting_silently(
        &self,
        meeting: &MeetingRef,
        occasion: Occasion,
        changes: &Changes,
    ) -> Result<(), SimulatorFailure> {
        self.change(meeting, occasion, changes, UNSENT)
    }

    pub fn move_meeting(
        &self,
        meeting: &MeetingRef,
        occasion: Occasion,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<(), SimulatorFailure> {
        let changes = Changes { start: Some(start), end: Some(end), ..Changes::default() };
        self.change_meeting(meeting, occasion, &changes)
    }

    /// Calls a meeting, or one occurrence, off.
    pub fn cancel(&self, meeting: &MeetingRef, occasion: Occasion) -> Result<(), SimulatorFailure> {
        let mut store = self.shared.store();
        let target = target(&store, meeting, occasion)?;
        store.cancel(&target)?;
        Ok(())
    }

    /// Deletes from the owner's calendar for good, telling nobody.
    pub fn delete(&self, meeting: &MeetingRef, occasion: Occasion) -> Result<(), SimulatorFailure> {
        let mut store = self.shared.store();
        let target = target(&store, meeting, occasion)?;
        store.delete(&target, Fate::Gone, UNSENT)?;
        Ok(())
    }

    /// An attendee answers by the copy in the own calendar.
    pub fn respond(
        &self,
        attendee: &str,
        uid: &str,
        response: &ResponseType,
    ) -> Result<(), SimulatorFailure> {
        let mut store = self.shared.store();
        let meeting = find(&store, attendee, uid)?;
        let target = target(&store, &meeting, Occasion::Whole)?;
        store.respond(&target, response, true)?;
        Ok(())
    }

    fn change(
        &self,
        meeting: &MeetingRef,
        occasion: Occasion,
        changes: &Changes,
        sending: (Tell, Keep),
    ) -> Result<(), SimulatorFailure> {
        let mut store = self.shared.store();
        let target = target(&store, meeting, occasion)?;
        let apply = |item: &mut CalendarItem| {
            changes.apply(item);
            Ok(())
        };
        Ok(store.change(&target, apply, None, sending)?)
    }
}

/// Looking.
impl Simulator {
    /// Where EWS is, as clients of the same network reach it.
    pub fn url(&self) -> String {
        self.url_with(if self.shared.config.tls.is_some() { "https" } else { "http" })
    }

    /// In memory, clients may say `https` too.
    pub fn url_with(&self, scheme: &str) -> String {
        format!("{scheme}://{}/EWS/Exchange.asmx", self.address)
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// Everything in somebody's calendar: single entries, and masters of series with their
    /// exceptions after them. Unknown people have nothing.
    pub fn calendar(&self, address: &str) -> Vec<CalendarEntry> {
        let store = self.shared.store();
        let Ok(mailbox) = store.mailbox(address) else { return Vec::new() };
        let mut entries = Vec::new();
        for (number, stored) in in_calendar(mailbox) {
            entries.push(describe(mailbox, number, stored, None));
            for index in stored.entry.exceptions.keys() {
                if let Ok(instance) = stored.entry.instance(*index) {
                    entries.push(describe(mailbox, number, stored, Some(instance)));
                }
            }
        }
        entries
    }

    /// What takes place in a window, series expanded.
    pub fn agenda(&self, address: &str, from: Timestamp, to: Timestamp) -> Vec<CalendarEntry> {
        let store = self.shared.store();
        let Ok(mailbox) = store.mailbox(address) else { return Vec::new() };
        let mut entries = Vec::new();
        for (number, stored) in in_calendar(mailbox) {
            let entry = &stored.entry;
            if entry.is_series() {
                let instances = entry.instances_between(from, to).into_iter();
                entries.extend(instances.map(|at| describe(mailbox, number, stored, Some(at))));
            } else if entry.start() < to && entry.end() > from {
                entries.push(describe(mailbox, number, stored, None));
            }
        }
        entries.sort_by_key(|entry| entry.start);
        entries
    }

    /// The copy of a meeting in somebody's calendar.
    pub fn find(&self, address: &str, uid: &str) -> Option<MeetingRef> {
        find(&self.shared.store(), address, uid).ok()
    }

    /// Mails about meetings that somebody got, oldest first.
    pub fn mails(&self, address: &str) -> Vec<Mail> {
        self.shared.store().mails(address)
    }

    /// People and rooms: address and kind.
    pub fn mailboxes(&self) -> Vec<(String, Kind)> {
        let store = self.shared.store();
        store.mailboxes().map(|mailbox| (mailbox.person.address.clone(), mailbox.kind)).collect()
    }

    pub fn requests(&self, operation: &str) -> u64 {
        locked(&self.shared.requests).get(operation).copied().unwrap_or(0)
    }

    pub fn requests_total(&self) -> u64 {
        locked(&self.shared.requests).values().sum()
    }

    /// Answers that broke the published schema, where that is at hand. Stream answers are exempt:
    /// there the schema and all clients differ about a namespace.
    pub fn own_offences(&self) -> Vec<String> {
        locked(&self.shared.own_offences).clone()
    }

    pub fn sign_in_attempts(&self, user: &str) -> u64 {
        let attempts: &Attempts = &locked(&self.shared.attempts);
        attempts.of(user)
    }

    pub fn subscriptions(&self) -> usize {
        let store = self.shared.store();
        store.subscriptions.count() + store.queues.count()
    }

    pub fn open_streams(&self) -> usize {
        self.shared.store().subscriptions.open_streams()
    }
}

const SENT: (Tell, Keep) = (Tell::All, Keep::InSentItems);
const UNSENT: (Tell, Keep) = (Tell::Nobody, Keep::No);

fn in_calendar(mailbox: &Mailbox) -> impl Iterator<Item = (u64, &Stored)> {
    let items = mailbox.items.iter().map(|(number, stored)| (*number, stored));
    items.filter(|(_, stored)| stored.folder == CALENDAR)
}

fn reference(store: &Store, address: &str, number: u64) -> Result<MeetingRef, ItemError> {
    let mailbox = store.mailbox(address)?;
    let stored = store.item(address, number)?;
    Ok(MeetingRef {
        mailbox: key(address),
        uid: stored.entry.item.uid.clone().unwrap_or_else(|| stored.entry.global_id.uid()),
        item_id: mailbox.item_id(number, stored.change).id,
    })
}

fn find(store: &Store, address: &str, uid: &str) -> Result<MeetingRef, ItemError> {
    let mailbox = store.mailbox(address)?;
    let number = mailbox.copy_of(&GlobalId::from_uid(uid));
    let gone = || refuse(ResponseCode::ErrorItemNotFound);
    reference(store, address, number.ok_or_else(gone)?)
}

fn target(store: &Store, meeting: &MeetingRef, occasion: Occasion) -> Result<Target, ItemError> {
    let malformed = || refuse(ResponseCode::ErrorInvalidIdMalformed);
    let number = match Key::decode(&meeting.item_id).ok_or_else(malformed)?.kind {
        KeyKind::Item(number) | KeyKind::Occurrence(number, _) => number,
        KeyKind::Folder(_) => return Err(malformed()),
    };
    store.item(&meeting.mailbox, number)?;
    let instance = match occasion {
        Occasion::Whole => None,
        Occasion::Occurrence(index) => Some(index),
    };
    Ok(Target { mailbox: meeting.mailbox.clone(), number, instance })
}

impl From<ItemError> for SimulatorFailure {
    fn from(error: ItemError) -> Self {
        Self(error.code)
    }
}

impl fmt::Display for SimulatorFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the Exchange simulator refused: {}", self.0.as_str())
    }
}

impl std::error::Error for SimulatorFailure {}
