//! Subscriptions that keep what happens: until somebody asks, or until it is delivered.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, routing::post};
use ews::{
    ResponseCode,
    ids::DistinguishedFolderName,
    operations::{
        Event, EventType, GetEvents, PullSubscription, PushSubscription, SendNotification,
        SendNotificationResult, Subscribe, SubscribeReply, SubscriptionRequest, SubscriptionStatus,
        Unsubscribe,
    },
};
use tokio::sync::mpsc;

use super::{ALICE, Client, Site, meeting};

fn events() -> Vec<EventType> {
    vec![EventType::Created, EventType::Modified, EventType::Deleted, EventType::Moved]
}

async fn pull(client: &Client<'_>, minutes: i32) -> Result<(String, String), ResponseCode> {
    let subscription = SubscriptionRequest::Pull(PullSubscription {
        subscribe_to_all_folders: None,
        folder_ids: vec![DistinguishedFolderName::Calendar.into()],
        event_types: events(),
        watermark: None,
        timeout: minutes,
    });
    let SubscribeReply { subscription_id, watermark } =
        client.one(&Subscribe { subscription }).await?;
    Ok(subscription_id.zip(watermark).expect("both"))
}

async fn ask(client: &Client<'_>, id: &str, since: &str) -> Result<Vec<Event>, ResponseCode> {
    let request = GetEvents { subscription_id: id.to_owned(), watermark: since.to_owned() };
    let notification = client.one(&request).await?.notification.expect("a notification");
    assert_eq!(notification.subscription_id.as_deref(), Some(id));
    assert_eq!(notification.previous_watermark.as_deref(), Some(since));
    Ok(notification.events)
}

fn watermark(event: &Event) -> String {
    let object = event.object_event().and_then(|event| event.watermark.clone());
    object.expect("something happened, and it has a watermark")
}

#[tokio::test(start_paused = true)]
async fn what_happened_is_kept_until_it_was_asked_beyond() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let (id, start) = pull(&alice, 10).await.expect("subscribed");
    assert!(matches!(ask(&alice, &id, &start).await.as_deref(), Ok([Event::Status(_)])));
    site.simulator.create_meeting(ALICE, meeting("Review", &[])).expect("created");
    let first = ask(&alice, &id, &start).await.expect("events");
    assert!(matches!(first.as_slice(), [Event::Created(_), Event::Modified(_)]));
    assert_eq!(ask(&alice, &id, &start).await, Ok(first.clone()), "the answer may be lost");
    let rest = ask(&alice, &id, &watermark(&first[0])).await.expect("events");
    assert_eq!(rest, [first[1].clone()]);
    let nothing = ask(&alice, &id, &watermark(&first[1])).await;
    assert!(matches!(nothing.as_deref(), Ok([Event::Status(_)])));
    let junk = ask(&alice, &id, "junk").await;
    assert_eq!(junk, Err(ResponseCode::ErrorInvalidWatermark));

    alice.one(&Unsubscribe { subscription_id: id.clone() }).await.expect("unsubscribed");
    let gone = ask(&alice, &id, &start).await;
    assert_eq!(gone, Err(ResponseCode::ErrorSubscriptionNotFound));
}

#[tokio::test(start_paused = true)]
async fn who_does_not_ask_is_forgotten_and_who_asks_too_late_misses_some() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let (id, start) = pull(&alice, 1).await.expect("subscribed");
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(ask(&alice, &id, &start).await, Err(ResponseCode::ErrorExpiredSubscription));
    assert_eq!(ask(&alice, &id, &start).await, Err(ResponseCode::ErrorSubscriptionNotFound));
    assert_eq!(pull(&alice, 0).await, Err(ResponseCode::ErrorInvalidSubscriptionRequest));

    let (id, start) = pull(&alice, 10).await.expect("subscribed");
    for _ in 0..600 {
        site.simulator.create_meeting(ALICE, meeting("Review", &[])).expect("created");
    }
    let missed = ask(&alice, &id, &start).await;
    assert_eq!(missed, Err(ResponseCode::ErrorMissedNotificationEvents));
    assert_eq!(ask(&alice, &id, &start).await.map(|events| events.len()), Ok(50));
}

/// What a listener hears, one list per delivery; it answers with the status it was told to.
struct Listener {
    heard: mpsc::Receiver<Vec<Event>>,
    status: Arc<Mutex<SubscriptionStatus>>,
}

impl Listener {
    async fn start(site: &Site) -> Self {
        let (sender, heard) = mpsc::channel(100);
        let status = Arc::new(Mutex::new(SubscriptionStatus::Ok));
        let answer = Arc::clone(&status);
        let listen = move |body: Bytes| async move {
            let pushed = SendNotification::read(&body).expect("readable").0;
            let events = pushed
                .into_iter()
                .filter_map(|message| message.into_result().ok()?.notification)
                .flat_map(|notification| notification.events)
                .collect();
            sender.send(events).await.expect("somebody looks");
            let subscription_status = answer.lock().expect("no panic").clone();
            SendNotificationResult { subscription_status }.write()
        };
        let network = site.memory.host("listener").network;
        let listener = network.listen("listener:80").await.expect("free");
        let router = Router::new().route("/heard", post(listen));
        let (stopper, stop) = world::stop::Stopper::new();
        tokio::spawn(async move {
            world::http::serve(listener, router, stop).await;
            drop(stopper);
        });
        Self { heard, status }
    }
}

async fn push(client: &Client<'_>, url: &str) -> Result<String, ResponseCode> {
    let subscription = SubscriptionRequest::Push(PushSubscription {
        subscribe_to_all_folders: None,
        folder_ids: vec![DistinguishedFolderName::Calendar.into()],
        event_types: events(),
        watermark: None,
        status_frequency: 5,
        url: url.to_owned(),
        caller_data: None,
    });
    let reply = client.one(&Subscribe { subscription }).await?;
    assert!(reply.watermark.is_some());
    Ok(reply.subscription_id.expect("an id"))
}

#[tokio::test(start_paused = true)]
async fn a_listener_is_told_until_it_declines() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let mut listener = Listener::start(&site).await;
    let id = push(&alice, "http://listener/heard").await.expect("subscribed");
    let heard = listener.heard.recv().await.expect("a delivery");
    assert!(matches!(heard.as_slice(), [Event::Status(_)]), "is anybody there?");

    let began = tokio::time::Instant::now();
    site.simulator.create_meeting(ALICE, meeting("Review", &[])).expect("created");
    let heard = listener.heard.recv().await.expect("a delivery");
    assert!(matches!(heard.as_slice(), [Event::Created(_), Event::Modified(_)]));
    assert!(began.elapsed() < Duration::from_secs(1));
    let heard = listener.heard.recv().await.expect("a delivery");
    assert!(matches!(heard.as_slice(), [Event::Status(_)]));
    assert!(began.elapsed() >= Duration::from_secs(300), "a sign of life every five minutes");

    let refused = alice.one(&Unsubscribe { subscription_id: id }).await;
    assert_eq!(refused.map(drop), Err(ResponseCode::ErrorInvalidSubscription));
    *listener.status.lock().expect("no panic") = SubscriptionStatus::Unsubscribe;
    assert_eq!(site.simulator.subscriptions(), 1);
    listener.heard.recv().await.expect("a last delivery");
    while site.simulator.subscriptions() > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_is_not_there_is_given_up() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let nonsense = push(&alice, "somewhere").await;
    assert_eq!(nonsense, Err(ResponseCode::ErrorInvalidPushSubscriptionUrl));
    push(&alice, "http://nowhere/").await.expect("subscribed");
    assert_eq!(site.simulator.subscriptions(), 1);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(site.simulator.subscriptions(), 0);
}
