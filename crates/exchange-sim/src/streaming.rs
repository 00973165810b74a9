//! GetStreamingEvents: an answer without end, one complete document per chunk.

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    io,
    sync::Arc,
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use ews::{
    ResponseCode, ResponseMessage,
    operations::{
        Answer, ConnectionStatus, Event, GetStreamingEvents, GetStreamingEventsReply, Notification,
        Response,
    },
};
use futures_util::stream;
use tokio::{sync::mpsc, time::Instant};
use world::stop::Stop;

use crate::{
    backends::Route,
    failure::refuse,
    faults::Notices,
    server::{Shared, version},
    subscriptions::{IDS_MAX, StreamMessage},
    throttling::{Admitted, Kind, admit},
};

/// What the schema allows, in minutes.
const TIMEOUT_MINUTES_MAX: i32 = 30;
/// Events put into one document.
const EVENTS_MAX: usize = 50;

/// How streams arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamManner {
    /// Documents are cut into chunks of so many bytes.
    pub bytes_per_chunk: Option<usize>,
    /// Before each chunk.
    pub pause: Duration,
}

/// Where a stream is in its life.
enum Stage {
    Opening,
    Open,
    /// Open, and nothing comes any more.
    Silent,
    /// Nothing follows.
    Ended,
}

struct Streaming {
    shared: Arc<Shared>,
    id: u64,
    events: mpsc::Receiver<StreamMessage>,
    /// Taken from the queue while events were collected; comes next.
    held: Option<StreamMessage>,
    /// To be told later than in their turn.
    late: Vec<(String, Event)>,
    /// Of a document that is told in pieces.
    pieces: VecDeque<Bytes>,
    subscriptions: Vec<String>,
    until: Instant,
    heartbeat: Duration,
    stage: Stage,
    stop: Stop,
    _admitted: Admitted,
}

/// Either the endless answer, or the one document that refuses it.
pub(crate) fn open(
    shared: &Arc<Shared>,
    mailbox: &str,
    route: &Route,
    request: &GetStreamingEvents,
) -> Result<Body, Answer> {
    let refused = |code| Err(Answer::GetStreamingEvents(Response::of(Err(refuse(code)))));
    let ids = request.subscription_ids.clone();
    if ids.len() > IDS_MAX {
        return refused(ResponseCode::ErrorInvalidRequest);
    }
    let admitted = match admit(shared, mailbox, Kind::Stream) {
        Ok(admitted) => admitted,
        Err(throttled) => return refused(throttled.code()),
    };
    let mut store = shared.store();
    let (now, back_end) = (store.clock.now(), store.back_ends.target(route, mailbox));
    let unknown = store.subscriptions.unknown(&ids, back_end, now);
    if !unknown.is_empty() || ids.is_empty() {
        drop(store);
        return Ok(once(word(shared, not_found(unknown))));
    }
    let opened = store.subscriptions.open(&ids);
    drop(store);
    let (id, events) = match opened {
        Ok(opened) => opened,
        Err(error) => return refused(error.code),
    };
    let minutes = request.connection_timeout.clamp(1, TIMEOUT_MINUTES_MAX);
    let lasts = Duration::from_secs(60 * u64::from(minutes.unsigned_abs()));
    let streaming = Streaming {
        shared: Arc::clone(shared),
        id,
        events,
        held: None,
        late: Vec::new(),
        pieces: VecDeque::new(),
        subscriptions: ids,
        until: Instant::now() + lasts,
        heartbeat: shared.heartbeat,
        stage: Stage::Opening,
        stop: shared.stop.clone(),
        _admitted: admitted,
    };
    Ok(Body::from_stream(stream::unfold(streaming, |mut streaming| async {
        let next = streaming.next().await?;
        Some((next, streaming))
    })))
}

impl Drop for Streaming {
    fn drop(&mut self) {
        let mut store = self.shared.store();
        let now = store.clock.now();
        store.subscriptions.closed(self.id, &self.subscriptions, now);
    }
}

impl Streaming {
    /// The next chunk.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        let manner = self.shared.store().stream_manner;
        if self.pieces.is_empty() {
            let document = match self.next_document().await? {
                Ok(document) => word(&self.shared, document),
                Err(error) => return Some(Err(error)),
            };
            let bytes = manner.bytes_per_chunk.unwrap_or(usize::MAX).max(1);
            let mut rest = document;
            while rest.len() > bytes {
                self.pieces.push_back(rest.split_to(bytes));
            }
            self.pieces.push_back(rest);
        }
        if !manner.pause.is_zero() {
            tokio::time::sleep(manner.pause).await;
        }
        self.pieces.pop_front().map(Ok)
    }

    async fn next_document(&mut self) -> Option<io::Result<Bytes>> {
        match self.stage {
            Stage::Ended => None,
            Stage::Opening => {
                self.stage = Stage::Open;
                Some(Ok(status(ConnectionStatus::Ok)))
            }
            Stage::Open | Stage::Silent => Some(self.wait().await),
        }
    }

    async fn wait(&mut self) -> io::Result<Bytes> {
        let mut beat = Instant::now() + self.heartbeat;
        loop {
            let message = match self.held.take() {
                Some(held) => Some(held),
                None => tokio::select! {
                    message = self.events.recv() => message,
                    () = tokio::time::sleep_until(beat.min(self.until)) => {
                        if let Some(said) = self.on_time() {
                            return said;
                        }
                        beat = Instant::now() + self.heartbeat;
                        continue;
                    }
                    () = self.stop.stopped() => return self.cut(),
                },
            };
            if let Some(said) = self.on(message) {
                return said;
            }
        }
    }

    fn on_time(&mut self) -> Option<io::Result<Bytes>> {
        let is_over = Instant::now() >= self.until;
        match self.stage {
            // Whatever is between us is dead; the client must find out.
            Stage::Silent => {
                self.until += self.heartbeat;
                None
            }
            Stage::Opening | Stage::Open | Stage::Ended if is_over => {
                self.stage = Stage::Ended;
                Some(Ok(status(ConnectionStatus::Closed)))
            }
            Stage::Opening | Stage::Open | Stage::Ended => {
                let late = std::mem::take(&mut self.late);
                Some(Ok(if late.is_empty() {
                    status(ConnectionStatus::Ok)
                } else {
                    notification(late)
                }))
            }
        }
    }

    fn on(&mut self, message: Option<StreamMessage>) -> Option<io::Result<Bytes>> {
        if matches!(self.stage, Stage::Silent) {
            return match message {
                Some(
                    StreamMessage::Event { .. }
                    | StreamMessage::Replaced
                    | StreamMessage::Lost(_)
                    | StreamMessage::Close
                    | StreamMessage::Silence
                    | StreamMessage::Missed,
                ) => None,
                Some(StreamMessage::Cut) | None => Some(self.cut()),
            };
        }
        match message {
            Some(StreamMessage::Event { subscription, event }) => {
                self.collect(subscription, *event).map(Ok)
            }
            Some(StreamMessage::Replaced) => {
                Some(Ok(self.refuse(ResponseCode::ErrorNewEventStreamConnectionOpened)))
            }
            Some(StreamMessage::Missed) => {
                Some(Ok(self.refuse(ResponseCode::ErrorMissedNotificationEvents)))
            }
            Some(StreamMessage::Lost(ids)) => {
                self.stage = Stage::Ended;
                Some(Ok(not_found(ids)))
            }
            Some(StreamMessage::Close) => {
                self.stage = Stage::Ended;
                Some(Ok(status(ConnectionStatus::Closed)))
            }
            Some(StreamMessage::Silence) => {
                self.stage = Stage::Silent;
                None
            }
            Some(StreamMessage::Cut) | None => Some(self.cut()),
        }
    }

    /// This event, and those that wait already.
    fn collect(&mut self, subscription: String, event: Event) -> Option<Bytes> {
        let mut found = vec![(subscription, event)];
        for _ in 1..EVENTS_MAX {
            match self.events.try_recv() {
                Ok(StreamMessage::Event { subscription, event }) => {
                    found.push((subscription, *event));
                }
                Ok(other) => {
                    self.held = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        let found = self.garble(found);
        (!found.is_empty()).then(|| notification(found))
    }

    /// Loses, repeats and puts off as ordered.
    fn garble(&mut self, found: Vec<(String, Event)>) -> Vec<(String, Event)> {
        let store = self.shared.store();
        let Some((chance, notices)) = store.notices.clone() else { return found };
        drop(store);
        let Notices { lost_per_mille, repeated_per_mille, late_per_mille } = notices;
        let mut told = Vec::new();
        let mut later = Vec::new();
        for event in found {
            if chance.below(1000) < lost_per_mille {
                continue;
            }
            if chance.below(1000) < repeated_per_mille {
                told.push(event.clone());
            }
            let place = if chance.below(1000) < late_per_mille { &mut later } else { &mut told };
            place.push(event);
        }
        told.append(&mut self.late); // after what came later
        self.late = later;
        told
    }

    fn refuse(&mut self, code: ResponseCode) -> Bytes {
        self.stage = Stage::Ended;
        document(ResponseMessage::Error(refuse(code)))
    }

    fn cut(&mut self) -> io::Result<Bytes> {
        self.stage = Stage::Ended;
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

fn notification(events: Vec<(String, Event)>) -> Bytes {
    let mut found: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for (subscription, event) in events {
        found.entry(subscription).or_default().push(event);
    }
    let notifications = found.into_iter().map(|(id, events)| Notification {
        subscription_id: Some(id),
        more_events: Some(false),
        events,
        ..Notification::default()
    });
    document(ResponseMessage::Success(GetStreamingEventsReply {
        notifications: notifications.collect(),
        ..GetStreamingEventsReply::default()
    }))
}

fn status(status: ConnectionStatus) -> Bytes {
    document(ResponseMessage::Success(GetStreamingEventsReply::status(status)))
}

/// Good ids beside bad ones get nothing either.
fn not_found(ids: Vec<String>) -> Bytes {
    let mut error = refuse(ResponseCode::ErrorSubscriptionNotFound);
    error.error_subscription_ids = ids;
    document(ResponseMessage::Error(error))
}

fn document(message: ResponseMessage<GetStreamingEventsReply>) -> Bytes {
    Answer::GetStreamingEvents(Response::of(message)).write(&version()).into()
}

fn word(shared: &Shared, document: Bytes) -> Bytes {
    let manner = shared.store().manner;
    match String::from_utf8(document.into()) {
        Ok(text) => manner.word(text).into(),
        Err(error) => error.into_bytes().into(),
    }
}

fn once(document: Bytes) -> Body {
    Body::from_stream(stream::iter([Ok::<_, Infallible>(document)]))
}
