//! The event stream: a person's changes as they happen, and their Join buttons.
//!
//! Next to nothing is buffered for a slow reader: changes are read from the database a page at a
//! time, and only once the reader has taken the page before. Hints from the feed say when to look.
//! So a stream neither loses nor repeats a change, whatever its speed.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use bytes::Bytes;
use futures_util::stream::unfold;
use jiff::{SignedDuration, Timestamp};
use protocol::feed::{At, DeletedMeeting, Envelope, EventData, Position};
use serde::Deserialize;
use tokio::sync::mpsc;

use super::{App, Asked};
use crate::{
    auth::Person,
    error::{Refusal, Result},
    feed::{Following, Heard},
    join_button::Buttons,
    store::{self, CatchUp, ChangeKind, LoggedChange},
};

/// Changes read at once per stream: what one slow reader can make us keep.
const CHANGES_MAX: u16 = 16;
/// Pieces between a stream and its connection.
const PIECES_MAX: usize = 1;
/// A reader who takes nothing for so long is let go.
const UNREAD_MAX: SignedDuration = SignedDuration::from_secs(60);
/// Silence that a client may take for a dead connection is longer than this.
const PING_PERIOD: SignedDuration = SignedDuration::from_secs(15);
/// How long before its token ends a client is told.
const REAUTH_LEAD: SignedDuration = SignedDuration::from_secs(60);
/// After a cut, clients come back spread over this.
const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_SPREAD: Duration = Duration::from_secs(4);

#[derive(Deserialize)]
pub(crate) struct Query {
    #[serde(default)]
    since: Option<String>,
}

pub(crate) async fn stream(
    State(app): State<Arc<App>>,
    Extension(person): Extension<Person>,
    Asked(query): Asked<Query>,
    headers: HeaderMap,
) -> Result<Response> {
    let last_event = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let since = last_event.map(str::to_owned).or(query.since);
    let stream = Stream::begin(app, person, since.as_deref()).await?;
    let (reader, pieces) = mpsc::channel(PIECES_MAX);
    tokio::spawn(stream.run(reader));
    let pieces = unfold(pieces, async |mut pieces| {
        let piece = pieces.recv().await?;
        Some((Ok::<_, Infallible>(piece), pieces))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let media_type = HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

/// One client's stream, a task of its own: a client that leaves does not cut a question to the
/// database in two.
struct Stream {
    app: Arc<App>,
    person: Person,
    following: Following,
    /// Everything up to here was told.
    told: Position,
    /// Whether the log may hold more than was told.
    is_behind: bool,
    buttons: Buttons,
    are_buttons_due: bool,
    /// `None` once told.
    reauth_at: Option<Timestamp>,
    ping_at: Timestamp,
    pending: VecDeque<Bytes>,
}

impl Stream {
    async fn begin(app: Arc<App>, person: Person, since: Option<&str>) -> Result<Self> {
        // First follow, then read: what happens in between is in the log, and a hint is waiting.
        let following = app.feed.follow(person.user).map_err(|_full| Refusal::SlowDown)?;
        let head = app.store.position(person.user).await?;
        let now = app.world.clock.now();
        let mut stream = Self {
            told: head,
            is_behind: true,
            following,
            buttons: Buttons::default(),
            are_buttons_due: true,
            reauth_at: Some(person.expires.checked_sub(REAUTH_LEAD).unwrap_or(now)),
            ping_at: after(now, PING_PERIOD),
            pending: VecDeque::new(),
            app,
            person,
        };
        let retry = RETRY_MIN + stream.app.world.chance.jitter(RETRY_SPREAD);
        stream.pending.push_back(format!("retry: {}\n\n", retry.as_millis()).into());
        match since.map(str::parse) {
            Some(Ok(since)) => stream.told = since,
            Some(Err(_not_a_position)) => stream.resync(head),
            None => {}
        }
        Ok(stream)
    }

    /// Runs no faster than its reader, and no longer than its token. Whoever is cut off comes back
    /// with the last position.
    async fn run(mut self, reader: mpsc::Sender<Bytes>) {
        let (clock, stop) = (self.app.world.clock.clone(), self.app.stop.clone());
        while let Some(piece) = self.next(&reader).await {
            let until = after(clock.now(), UNREAD_MAX).min(self.person.expires);
            tokio::select! {
                sent = reader.send(piece) => if sent.is_err() { return },
                () = clock.sleep_until(until) => return,
                () = stop.stopped() => return,
            }
        }
    }

    /// The next piece of the answer; `None` at its end.
    async fn next(&mut self, reader: &mpsc::Sender<Bytes>) -> Option<Bytes> {
        loop {
            let now = self.app.world.clock.now();
            if now >= self.person.expires || self.app.stop.is_stopped() || reader.is_closed() {
                return None;
            }
            if let Some(piece) = self.pending.pop_front() {
                self.ping_at = after(now, PING_PERIOD);
                return Some(piece);
            }
            if let Err(failure) = self.look(now).await {
                let error: &dyn std::error::Error = &failure;
                tracing::warn!(user = %self.person.user, error, "A stream ends: no database");
                return None;
            }
            if self.pending.is_empty() && !self.is_behind {
                self.wait(reader).await;
            }
        }
    }

    /// Puts everything that is to be told now into `pending`.
    async fn look(&mut self, now: Timestamp) -> store::Result<()> {
        if self.is_behind {
            self.catch_up().await?;
        }
        if self.are_buttons_due || self.buttons.due().is_some_and(|due| due <= now) {
            self.are_buttons_due = false;
            for button in self.buttons.look(&self.app.store, self.person.user, now).await? {
                self.tell(EventData::JoinButton { button }, None);
            }
        }
        if self.reauth_at.is_some_and(|at| at <= now) {
            self.reauth_at = None;
            self.tell(EventData::Reauth { expires_at: self.person.expires }, None);
        }
        if self.pending.is_empty() && self.ping_at <= now {
            self.pending.push_back(Bytes::from_static(b": ping\n\n"));
        }
        Ok(())
    }

    async fn catch_up(&mut self) -> store::Result<()> {
        let store = &self.app.store;
        match store.changes_since(self.person.user, self.told, CHANGES_MAX).await? {
            CatchUp::Changes { head, changes } => {
                self.are_buttons_due |= !changes.is_empty();
                for change in changes {
                    self.told.rev = change.rev;
                    let data = self.event(change);
                    self.tell(data, Some(At { position: self.told }));
                }
                self.is_behind = self.told.rev < head.rev;
            }
            CatchUp::Resync { head } => self.resync(head),
        }
        Ok(())
    }

    fn resync(&mut self, head: Position) {
        self.told = head;
        self.is_behind = true;
        self.are_buttons_due = true;
        self.tell(EventData::Resync { position: head }, None);
    }

    fn event(&self, change: LoggedChange) -> EventData {
        let LoggedChange { id, kind, meeting, .. } = change;
        let Some(meeting) = meeting else {
            return EventData::Delete { meeting: DeletedMeeting { id } };
        };
        let meeting = Box::new(self.app.linked(*meeting));
        match kind {
            ChangeKind::Create => EventData::Create { meeting },
            // Deleted and made anew since: its present state is what counts.
            ChangeKind::Update | ChangeKind::Delete => EventData::Update { meeting },
        }
    }

    /// Only what moves the position has an `id:`, so nothing else moves `Last-Event-ID`.
    fn tell(&mut self, data: EventData, hc: Option<At>) {
        let position = hc.map(|at| at.position.to_string());
        let id_line = position.as_ref().map(|id| format!("id: {id}\n")).unwrap_or_default();
        let id = position.unwrap_or_else(|| self.app.world.chance.uuid().to_string());
        let name = data.name();
        match serde_json::to_string(&Envelope { id, data, hc }) {
            Ok(json) => {
                let piece = format!("{id_line}event: {name}\ndata: {json}\n\n");
                self.pending.push_back(piece.into());
            }
            Err(error) => tracing::error!(%error, "An event cannot be written"),
        }
    }

    async fn wait(&mut self, reader: &mpsc::Sender<Bytes>) {
        let timers = [self.buttons.due(), self.reauth_at, Some(self.ping_at)];
        let timer = timers.into_iter().flatten().fold(self.person.expires, Timestamp::min);
        let clock = self.app.world.clock.clone();
        tokio::select! {
            heard = self.following.heard() => match heard {
                Heard::News => self.is_behind = true,
                Heard::Told(event) => self.tell(EventData::clone(&event), None),
            },
            () = clock.sleep_until(timer) => {}
            () = self.app.stop.stopped() => {}
            () = reader.closed() => {}
        }
    }
}

fn after(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}
