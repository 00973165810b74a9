//! Follows the list through what networks and servers do: lists, streams, catches up, comes back.
//! A task of its own, so that buttons come and go while it waits.

mod pace;

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use jiff::{SignedDuration, Timestamp};
use protocol::{
    feed::{Position, What},
    ids::MeetingId,
    meeting::SealedMeeting,
};
use tokio::sync::mpsc;
use world::http;

use super::{
    Client, Failure, OpenedChange, OpenedMeeting,
    feed::{Feed, Step},
    sse::{Item, Parser},
};
use pace::{Pace, Remedy, remedy};

/// The cloud says something every 15 s.
const SILENCE_MAX: Duration = Duration::from_secs(40);
/// The list's window moves on with the days.
const LIST_PERIOD: SignedDuration = SignedDuration::from_hours(6);
/// How often a key server that did not answer is asked again.
const KEY_PERIOD: SignedDuration = SignedDuration::from_secs(30);
/// Meetings that wait for a key server; further ones wait for the next list.
const WAITING_MAX: usize = 1000;

/// What happened, opened.
pub(super) enum Told {
    Connected,
    Disconnected(Failure),
    Listed(Vec<OpenedMeeting>),
    Change(OpenedChange),
    /// The last thing told.
    Ended(Failure),
}

pub(super) struct Follower {
    client: Client,
    told: mpsc::Sender<Told>,
    feed: Feed,
    due: Due,
    list_at: Timestamp,
    waiting: BTreeMap<MeetingId, SealedMeeting>,
    /// The earliest time there is while nothing waits.
    ask_keys_at: Timestamp,
    /// Each outage is told once.
    is_down: bool,
    pace: Pace,
}

/// What must be read before the stream says everything again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    Nothing,
    CatchUp,
    List,
}

/// Why following ends.
enum Stop {
    Failure(Failure),
    /// Nobody listens any more.
    Unwatched,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<http::Failure> for Stop {
    fn from(failure: http::Failure) -> Self {
        Self::Failure(failure.into())
    }
}

impl Follower {
    pub(super) fn new(client: Client, told: mpsc::Sender<Told>) -> Self {
        let now = client.world.clock.now();
        Self {
            client,
            told,
            feed: Feed::new(Position { incarnation: 0, rev: 0 }),
            due: Due::List,
            list_at: now,
            waiting: BTreeMap::new(),
            ask_keys_at: Timestamp::MIN,
            is_down: false,
            pace: Pace::default(),
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            let failure = match self.follow().await {
                Ok(never) => match never {},
                Err(Stop::Unwatched) => return,
                Err(Stop::Failure(failure)) => failure,
            };
            let wait = match remedy(&failure) {
                Remedy::TryAgain { after } => after,
                Remedy::CatchUp => {
                    self.due = self.due.or(Due::CatchUp);
                    None
                }
                Remedy::ListAgain => {
                    self.due = Due::List;
                    None
                }
                Remedy::GiveUp => {
                    // Nobody listening is an end as well.
                    let _unwatched = self.tell(Told::Ended(failure)).await.is_err();
                    return;
                }
            };
            let is_news = !std::mem::replace(&mut self.is_down, true);
            if is_news && self.tell(Told::Disconnected(failure)).await.is_err() {
                return;
            }
            let pause = self.pace.pause(wait);
            let pause = pause + self.client.world.chance.jitter(pause / 4);
            self.client.world.clock.sleep(pause).await;
        }
    }

    /// One connection, until it ends.
    async fn follow(&mut self) -> Result<Infallible, Stop> {
        self.read_what_is_due().await?;
        let mut stream = self.client.events(self.feed.position()).await?;
        self.pace.succeeded();
        self.is_down = false;
        self.tell(Told::Connected).await?;
        let mut parser = Parser::default();
        loop {
            let piece = tokio::select! {
                piece = stream.chunk() => piece?.ok_or(Failure::StreamEnded)?,
                () = self.client.world.clock.sleep(SILENCE_MAX) => return Err(Failure::Silent.into()),
            };
            for item in parser.push(&piece).map_err(|_bound| Failure::TooLarge)? {
                match item {
                    Item::Retry(retry) => self.pace.set_retry(retry),
                    Item::Message { data } => self.on_message(&data).await?,
                }
            }
            self.on_time().await?;
        }
    }

    async fn on_message(&mut self, data: &str) -> Result<(), Stop> {
        match self.feed.on_message(data) {
            Step::Nothing => {}
            Step::Change(meeting) => self.change(*meeting).await?,
            Step::Delete(id) => self.delete(id).await?,
            Step::CatchUp => self.due = self.due.or(Due::CatchUp),
            Step::ListAgain => self.due = Due::List,
        }
        self.read_what_is_due().await
    }

    /// Looked at whenever the cloud says anything, which it does every 15 s.
    async fn on_time(&mut self) -> Result<(), Stop> {
        let now = self.client.world.clock.now();
        if self.list_at <= now {
            self.due = Due::List;
        }
        if self.ask_keys_at <= now && !self.waiting.is_empty() {
            self.ask_keys_at = after(now, KEY_PERIOD);
            let meetings: Vec<_> = self.waiting.values().cloned().collect();
            for opened in self.open(&meetings).await {
                if !opened.awaits_key() {
                    self.tell(Told::Change(OpenedChange::Changed(Box::new(opened)))).await?;
                }
            }
        }
        self.read_what_is_due().await
    }

    /// Stays due until it succeeded, whatever happens to the connection.
    async fn read_what_is_due(&mut self) -> Result<(), Stop> {
        while self.due == Due::CatchUp {
            self.catch_up().await?;
        }
        if self.due == Due::List {
            let (meetings, position) = self.client.list_sealed(None).await?;
            self.waiting.clear();
            let opened = self.open(&meetings).await;
            self.feed = Feed::new(position);
            self.list_at = after(self.client.world.clock.now(), LIST_PERIOD);
            self.due = Due::Nothing;
            self.tell(Told::Listed(opened)).await?;
        }
        Ok(())
    }

    async fn catch_up(&mut self) -> Result<(), Stop> {
        let page = match self.client.changes_sealed(self.feed.position()).await {
            Ok(page) => page,
            Err(Failure::ListAgain) => {
                self.due = Due::List;
                return Ok(());
            }
            Err(failure) => return Err(failure.into()),
        };
        match self.feed.on_page(&page) {
            Step::ListAgain => {
                self.due = Due::List;
                return Ok(());
            }
            Step::CatchUp => {}
            Step::Nothing | Step::Change(_) | Step::Delete(_) => self.due = Due::Nothing,
        }
        for change in page.changes {
            match change.what {
                What::Upsert { meeting } => self.change(*meeting).await?,
                What::Delete => self.delete(change.id).await?,
            }
        }
        Ok(())
    }

    async fn change(&mut self, meeting: SealedMeeting) -> Result<(), Stop> {
        if meeting.is_deleted {
            return self.delete(meeting.id).await;
        }
        for opened in self.open(&[meeting]).await {
            self.tell(Told::Change(OpenedChange::Changed(Box::new(opened)))).await?;
        }
        Ok(())
    }

    async fn delete(&mut self, id: MeetingId) -> Result<(), Stop> {
        self.waiting.remove(&id);
        self.tell(Told::Change(OpenedChange::Deleted(id))).await
    }

    /// Remembers those that a key server's silence keeps closed.
    async fn open(&mut self, meetings: &[SealedMeeting]) -> Vec<OpenedMeeting> {
        let opened = self.client.opener.open(meetings).await;
        for (sealed, opened) in meetings.iter().zip(&opened) {
            if !opened.awaits_key() {
                self.waiting.remove(&sealed.id);
            } else if self.waiting.len() < WAITING_MAX {
                self.waiting.insert(sealed.id.clone(), sealed.clone());
            }
        }
        if self.waiting.is_empty() {
            self.ask_keys_at = Timestamp::MIN;
        } else if self.ask_keys_at == Timestamp::MIN {
            self.ask_keys_at = after(self.client.world.clock.now(), KEY_PERIOD);
        }
        opened
    }

    async fn tell(&self, told: Told) -> Result<(), Stop> {
        self.told.send(told).await.map_err(|_closed| Stop::Unwatched)
    }
}

impl Due {
    /// The list covers what catching up would.
    fn or(self, other: Self) -> Self {
        match self {
            Self::List => Self::List,
            Self::Nothing | Self::CatchUp => other,
        }
    }
}

fn after(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}
