//! Subscriptions and the streams that carry them.

use std::time::Duration;

use ews::{
    Operation, ResponseCode,
    ids::DistinguishedFolderName,
    operations::{
        ConnectionStatus, Event, EventType, GetStreamingEvents, GetStreamingEventsReply, Subscribe,
        Unsubscribe,
    },
    streaming::Splitter,
};
use world::http::Incoming;

use super::{ALICE, Client, Site, meeting};
use crate::Occasion;

async fn subscribe(client: &Client<'_>) -> String {
    let events =
        vec![EventType::Created, EventType::Modified, EventType::Deleted, EventType::Moved];
    let subscribe = Subscribe::streaming(vec![DistinguishedFolderName::Calendar.into()], events);
    client.one(&subscribe).await.expect("subscribed").subscription_id.expect("an id")
}

struct Stream(Incoming);

impl Stream {
    async fn open(client: &Client<'_>, ids: &[&str], minutes: i32) -> Self {
        let request = GetStreamingEvents {
            subscription_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            connection_timeout: minutes,
        };
        let request = client.request(&request);
        Self(client.site.memory.host("client").http.open(request).await.expect("a stream"))
    }

    /// The next document; `None` at the end.
    async fn next(&mut self) -> Option<Result<GetStreamingEventsReply, ews::ItemError>> {
        let chunk = self.0.chunk().await.expect("not broken")?;
        let mut splitter = Splitter::new();
        splitter.push(&chunk).expect("small");
        let document = splitter.next_document().expect("a whole document per chunk");
        assert!(String::from_utf8_lossy(&document).contains("<Envelope xmlns="));
        GetStreamingEvents::read_answer(&document).expect("readable").into_only()
    }

    async fn status(&mut self) -> Option<ConnectionStatus> {
        self.next().await?.expect("no error").connection_status
    }

    async fn events(&mut self) -> Vec<Event> {
        let reply = self.next().await.expect("a document").expect("no error");
        reply.notifications.into_iter().flat_map(|notification| notification.events).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_opens_beats_and_closes() {
    let site = Site::start().await;
    let alice = site.impersonating("svc-cal", ALICE);
    let id = subscribe(&alice).await;
    let before = site.memory.clock().now();
    let mut stream = Stream::open(&alice, &[&id], 1).await;
    assert_eq!(stream.status().await, Some(ConnectionStatus::Ok));
    assert_eq!(site.memory.clock().now(), before);
    assert_eq!(stream.status().await, Some(ConnectionStatus::Ok));
    assert_eq!(site.memory.clock().now().duration_since(before).as_secs(), 45);
    assert_eq!(stream.status().await, Some(ConnectionStatus::Closed));
    assert_eq!(site.memory.clock().now().duration_since(before).as_secs(), 60);
    assert!(stream.next().await.is_none());
    assert_eq!(site.simulator.subscriptions(), 1);
}

#[tokio::test(start_paused = true)]
async fn changes_are_told_while_a_stream_is_there() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let id = subscribe(&alice).await;
    site.simulator.create_meeting(ALICE, meeting("Lost", &[])).expect("made");
    let mut stream = Stream::open(&alice, &[&id], 30).await;
    stream.status().await;
    let made = site.simulator.create_meeting(ALICE, meeting("Told", &[])).expect("made");
    let events = stream.events().await;
    assert!(matches!(events.as_slice(), [Event::Created(_), Event::Modified(_)]));
    site.simulator.cancel(&made, Occasion::Whole).expect("cancelled");
    assert!(matches!(stream.events().await.as_slice(), [Event::Moved(_)]));
    let other = site.simulator.create_meeting("bob@example.com", meeting("Bob's", &[]));
    assert!(other.is_ok());
    assert!(stream.events().await.is_empty(), "only a sign of life");
}

#[tokio::test(start_paused = true)]
async fn one_bad_id_spoils_the_request() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let id = subscribe(&alice).await;
    let mut stream = Stream::open(&alice, &[&id, "dead"], 1).await;
    let error = stream.next().await.expect("a document").expect_err("an error");
    assert_eq!(error.code, ResponseCode::ErrorSubscriptionNotFound);
    assert_eq!(error.error_subscription_ids, ["dead"]);
    assert!(stream.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_latest_stream_has_the_subscription() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let id = subscribe(&alice).await;
    let mut first = Stream::open(&alice, &[&id], 30).await;
    first.status().await;
    let mut second = Stream::open(&alice, &[&id], 30).await;
    second.status().await;
    let error = first.next().await.expect("a document").expect_err("an error");
    assert_eq!(error.code, ResponseCode::ErrorNewEventStreamConnectionOpened);
    assert!(first.next().await.is_none());
    site.simulator.create_meeting(ALICE, meeting("Told", &[])).expect("made");
    assert_eq!(second.events().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn subscriptions_end_get_lost_and_streams_break() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let id = subscribe(&alice).await;
    let mut stream = Stream::open(&alice, &[&id], 30).await;
    stream.status().await;
    site.simulator.cut_streams();
    assert!(stream.0.chunk().await.is_err());
    let mut stream = Stream::open(&alice, &[&id], 30).await;
    stream.status().await;
    site.simulator.lose_subscriptions();
    let error = stream.next().await.expect("a document").expect_err("an error");
    assert_eq!(error.error_subscription_ids, std::slice::from_ref(&id));
    let unsubscribe = Unsubscribe { subscription_id: id };
    let unknown = Err(ResponseCode::ErrorSubscriptionNotFound);
    assert_eq!(alice.one(&unsubscribe).await.map(drop), unknown);
    let again = Unsubscribe { subscription_id: subscribe(&alice).await };
    assert!(alice.one(&again).await.is_ok());
    assert_eq!(site.simulator.subscriptions(), 0);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(site.simulator.open_streams(), 0);
}
