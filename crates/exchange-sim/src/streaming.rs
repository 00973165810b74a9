//! GetStreamingEvents: an answer without end, one complete document per chunk.

use std::{collections::BTreeMap, convert::Infallible, io, sync::Arc, time::Duration};

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
    failure::refuse,
    server::{Shared, version},
    subscriptions::StreamMessage,
};

/// What the schema allows, in minutes.
const TIMEOUT_MINUTES_MAX: i32 = 30;
/// Events put into one document.
const EVENTS_MAX: usize = 50;

/// Where a stream is in its life.
enum Stage {
    Opening,
    Open,
    /// Nothing follows.
    Ended,
}

struct Streaming {
    events: mpsc::Receiver<StreamMessage>,
    /// Taken from the queue while events were collected; comes next.
    held: Option<StreamMessage>,
    subscriptions: Vec<String>,
    until: Instant,
    heartbeat: Duration,
    stage: Stage,
    stop: Stop,
}

/// Either the endless answer, or the one document that refuses it.
pub(crate) fn open(shared: &Arc<Shared>, request: &GetStreamingEvents) -> Result<Body, Answer> {
    let ids = request.subscription_ids.clone();
    let mut store = shared.store();
    let unknown = store.subscriptions.unknown(&ids);
    if !unknown.is_empty() || ids.is_empty() {
        return Ok(once(not_found(unknown)));
    }
    let opened = store.subscriptions.open(&ids);
    drop(store);
    let events = match opened {
        Ok(events) => events,
        Err(error) => return Err(Answer::GetStreamingEvents(Response::of(Err(error)))),
    };
    let minutes = request.connection_timeout.clamp(1, TIMEOUT_MINUTES_MAX);
    let lasts = Duration::from_secs(60 * u64::from(minutes.unsigned_abs()));
    let streaming = Streaming {
        events,
        held: None,
        subscriptions: ids,
        until: Instant::now() + lasts,
        heartbeat: shared.heartbeat,
        stage: Stage::Opening,
        stop: shared.stop.clone(),
    };
    Ok(Body::from_stream(stream::unfold(streaming, |mut streaming| async {
        let next = streaming.next().await?;
        Some((next, streaming))
    })))
}

impl Streaming {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        match self.stage {
            Stage::Ended => None,
            Stage::Opening => {
                self.stage = Stage::Open;
                Some(Ok(status(ConnectionStatus::Ok)))
            }
            Stage::Open => Some(self.wait().await),
        }
    }

    async fn wait(&mut self) -> io::Result<Bytes> {
        if let Some(held) = self.held.take() {
            return self.on(Some(held));
        }
        let beat = Instant::now() + self.heartbeat;
        tokio::select! {
            message = self.events.recv() => self.on(message),
            () = tokio::time::sleep_until(beat.min(self.until)) => {
                if beat < self.until {
                    return Ok(status(ConnectionStatus::Ok));
                }
                self.stage = Stage::Ended;
                Ok(status(ConnectionStatus::Closed))
            }
            () = self.stop.stopped() => self.cut(),
        }
    }

    fn on(&mut self, message: Option<StreamMessage>) -> io::Result<Bytes> {
        match message {
            Some(StreamMessage::Event { subscription, event }) => {
                Ok(self.collect(subscription, *event))
            }
            Some(StreamMessage::Replaced) => {
                self.stage = Stage::Ended;
                let code = ResponseCode::ErrorNewEventStreamConnectionOpened;
                Ok(document(ResponseMessage::Error(refuse(code))))
            }
            Some(StreamMessage::Lost) => {
                self.stage = Stage::Ended;
                Ok(not_found(std::mem::take(&mut self.subscriptions)))
            }
            Some(StreamMessage::Cut) | None => self.cut(),
        }
    }

    /// This event, and those that wait already.
    fn collect(&mut self, subscription: String, event: Event) -> Bytes {
        let mut found: BTreeMap<String, Vec<Event>> = BTreeMap::new();
        found.entry(subscription).or_default().push(event);
        for _ in 1..EVENTS_MAX {
            match self.events.try_recv() {
                Ok(StreamMessage::Event { subscription, event }) => {
                    found.entry(subscription).or_default().push(*event);
                }
                Ok(other) => {
                    self.held = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        let notifications = found.into_iter().map(|(id, events)| Notification {
            subscription_id: Some(id),
            more_events: Some(false),
            events,
            ..Notification::default()
        });
        let reply = GetStreamingEventsReply {
            notifications: notifications.collect(),
            ..GetStreamingEventsReply::default()
        };
        document(ResponseMessage::Success(reply))
    }

    fn cut(&mut self) -> io::Result<Bytes> {
        self.stage = Stage::Ended;
        Err(io::ErrorKind::ConnectionReset.into())
    }
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

fn once(document: Bytes) -> Body {
    Body::from_stream(stream::iter([Ok::<_, Infallible>(document)]))
}
