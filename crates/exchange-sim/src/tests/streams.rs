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

use super::{ALICE, BOB, Client, Site, meeting};
use crate::{Ids, Notices, Occasion, Policy, StreamManner};

async fn subscribe(client: &Client<'_>) -> String {
    let events =
        vec![EventType::Created, EventType::Modified, EventType::Deleted, EventType::Moved];
    let subscribe = Subscribe::streaming(vec![DistinguishedFolderName::Calendar.into()], events);
    client.one(&subscribe).await.expect("subscribed").subscription_id.expect("an id")
}

struct Stream(Incoming, Splitter);

/// Without a cookie, as from a client that knows nothing of back ends.
async fn refused(client: &Client<'_>, ids: &[&str]) -> ews::ItemError {
    let mut stream = Stream::open(client, ids, 1).await;
    stream.next().await.expect("a document").expect_err("an error")
}

impl Stream {
    async fn open(client: &Client<'_>, ids: &[&str], minutes: i32) -> Self {
        let request = GetStreamingEvents {
            subscription_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            connection_timeout: minutes,
        };
        let request = client.request(&request);
        let opened = client.site.memory.host("client").http.open(request).await;
        Self(opened.expect("a stream"), Splitter::new())
    }

    /// The next document; `None` at the end.
    async fn next(&mut self) -> Option<Result<GetStreamingEventsReply, ews::ItemError>> {
        // Large documents come in several pieces.
        let document = loop {
            if let Some(document) = self.1.next_document() {
                break document;
            }
            let chunk = self.0.chunk().await.expect("not broken")?;
            self.1.push(&chunk).expect("small");
        };
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

#[tokio::test(start_paused = true)]
async fn streams_close_fall_silent_and_miss_what_they_cannot_keep() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let id = subscribe(&alice).await;
    let open = async || {
        let mut stream = Stream::open(&alice, &[&id], 30).await;
        stream.status().await;
        stream
    };
    let mut stream = open().await;
    site.simulator.close_streams();
    assert_eq!(stream.status().await, Some(ConnectionStatus::Closed));
    let mut stream = open().await;
    site.simulator.miss_notifications();
    let error = stream.next().await.expect("a document").expect_err("an error");
    assert_eq!(error.code, ResponseCode::ErrorMissedNotificationEvents);
    let mut stream = open().await;
    for _ in 0..1100 {
        site.simulator.create_meeting(ALICE, meeting("One of many", &[])).expect("made");
    }
    while let Some(document) = stream.next().await {
        if let Err(error) = document {
            assert_eq!(error.code, ResponseCode::ErrorMissedNotificationEvents);
        }
    }
    let mut stream = open().await;
    site.simulator.silence_streams();
    site.simulator.create_meeting(ALICE, meeting("Unheard", &[])).expect("made");
    let hours = Duration::from_secs(7200);
    assert!(tokio::time::timeout(hours, stream.0.chunk()).await.is_err(), "not a byte");
    site.simulator.cut_streams();
    assert!(stream.0.chunk().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn documents_come_in_pieces_of_any_size() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let id = subscribe(&alice).await;
    for bytes in [1, 7, 100] {
        let pause = Duration::from_millis(1);
        site.simulator.set_stream_manner(StreamManner { bytes_per_chunk: Some(bytes), pause });
        let mut stream = Stream::open(&alice, &[&id], 30).await;
        site.simulator.create_meeting(ALICE, meeting("Told", &[])).expect("made");
        let (mut splitter, mut documents) = (Splitter::new(), 0);
        while documents < 2 {
            let chunk = stream.0.chunk().await.expect("not broken").expect("more");
            assert!(chunk.len() <= bytes);
            splitter.push(&chunk).expect("small");
            documents += usize::from(splitter.next_document().is_some());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn notifications_are_lost_repeated_and_late_as_the_seed_says() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let id = subscribe(&alice).await;
    let count = async |notices: Notices, meetings: usize| {
        site.simulator.garble_notices(7, notices);
        let mut stream = Stream::open(&alice, &[&id], 2).await;
        stream.status().await;
        for _ in 0..meetings {
            site.simulator.create_meeting(ALICE, meeting("Told", &[])).expect("made");
        }
        let mut events = 0;
        while let Some(document) = stream.next().await {
            let told = document.expect("no error").notifications;
            events += told.iter().map(|notification| notification.events.len()).sum::<usize>();
        }
        events
    };
    assert_eq!(count(Notices::default(), 100).await, 200);
    let lost = count(Notices { lost_per_mille: 500, ..Notices::default() }, 100).await;
    assert!((50..150).contains(&lost), "{lost}");
    let twice = count(Notices { repeated_per_mille: 500, ..Notices::default() }, 100).await;
    assert!((250..350).contains(&twice), "{twice}");
    let late = count(Notices { late_per_mille: 500, ..Notices::default() }, 100).await;
    assert_eq!(late, 200, "all of them in the end");
}

#[tokio::test(start_paused = true)]
async fn too_much_is_refused() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let id = subscribe(&alice).await;
    let many = vec![id.as_str(); 201];
    assert_eq!(refused(&alice, &many).await.code, ResponseCode::ErrorInvalidRequest);
    let policy = Policy { hanging_connections: 1, subscriptions: 2, ..Policy::default() };
    site.simulator.set_policy(policy);
    let second = subscribe(&alice).await;
    let third = Subscribe::streaming(
        vec![DistinguishedFolderName::Calendar.into()],
        vec![EventType::Created],
    );
    let error = alice.one(&third).await.map(drop);
    assert_eq!(error, Err(ResponseCode::ErrorExceededSubscriptionCount));
    let first = Stream::open(&alice, &[&id], 30).await;
    let error = refused(&alice, &[&second]).await;
    assert_eq!(error.code, ResponseCode::ErrorExceededConnectionCount);
    drop(first);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut stream = Stream::open(&alice, &[&second], 1).await;
    assert_eq!(stream.status().await, Some(ConnectionStatus::Ok));
}

#[tokio::test(start_paused = true)]
async fn a_subscription_without_a_stream_expires() {
    let site = Site::start().await;
    site.simulator.expire_subscriptions_after(Duration::from_secs(600));
    let alice = site.as_user("alice");
    let id = subscribe(&alice).await;
    let mut stream = Stream::open(&alice, &[&id], 20).await;
    while stream.next().await.is_some() {}
    tokio::time::sleep(Duration::from_secs(500)).await;
    let mut stream = Stream::open(&alice, &[&id], 1).await;
    assert_eq!(stream.status().await, Some(ConnectionStatus::Ok), "carried meanwhile");
    while stream.next().await.is_some() {}
    tokio::time::sleep(Duration::from_secs(601)).await;
    assert_eq!(refused(&alice, &[&id]).await.error_subscription_ids, [id]);
}

/// The host in a subscription's id.
fn host(id: &str) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(id).expect("base64");
    let length = usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
    assert_eq!(bytes.len(), 2 + length + 2 + 16 + 8);
    assert_eq!(bytes[2 + length..4 + length], [16, 0]);
    String::from_utf8(bytes[2..2 + length].to_vec()).expect("a name")
}

#[tokio::test(start_paused = true)]
async fn a_stream_carries_what_is_at_its_back_end() {
    let site = Site::with(|config| config.back_ends = 2).await;
    for (address, to) in [(ALICE, 0), (BOB, 1)] {
        let moved = site.simulator.move_mailbox(address, to, Duration::ZERO, Ids::Kept);
        moved.expect("moved");
    }
    let (alice, bob) = (site.as_user("alice"), site.as_user("bob"));
    let (of_alice, of_bob) = (subscribe(&alice).await, subscribe(&bob).await);
    assert_eq!(host(&of_alice), site.simulator.home(ALICE).1);
    assert_eq!(host(&of_bob), site.simulator.home(BOB).1);
    let error = refused(&alice, &[&of_alice, &of_bob]).await;
    assert_eq!(error.error_subscription_ids, std::slice::from_ref(&of_bob));

    // With affinity Bob's lands where Alice's is.
    let events = vec![EventType::Created];
    let ask = Subscribe::streaming(vec![DistinguishedFolderName::Calendar.into()], events);
    let request = alice.request(&ask).header("x-preferserveraffinity", "true");
    let answer = site.send(request).await;
    assert!(answer.headers.contains_key("x-feserver"));
    let cookie = answer.headers["set-cookie"].to_str().expect("text");
    let cookie = cookie.split(';').next().expect("a cookie").to_owned();
    assert!(cookie.starts_with("X-BackEndOverrideCookie=exchange-sim-01~"), "{cookie}");
    let request = bob.request(&ask).header("cookie", &cookie);
    let reply = Subscribe::read_answer(&site.send(request).await.body).expect("readable");
    let of_bob = reply.into_only().expect("one").expect("good").subscription_id.expect("an id");
    assert_eq!(host(&of_bob), host(&of_alice));
    let mut stream = Stream::open(&alice, &[&of_alice, &of_bob], 30).await;
    assert_eq!(stream.status().await, Some(ConnectionStatus::Ok));

    site.simulator.fail_over(0, Duration::from_secs(60));
    let error = stream.next().await.expect("a document").expect_err("an error");
    assert!(error.error_subscription_ids.contains(&of_alice));
    assert_eq!(site.simulator.home(ALICE).0, 1);
    assert_eq!(site.simulator.subscriptions(), 1, "Bob's first, at the other one");
}
