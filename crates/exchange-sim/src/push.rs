//! SendNotification: carries what push subscriptions hear to those who listen.

use std::{sync::Arc, time::Duration};

use ews::{
    ResponseMessage,
    operations::{GetEventsReply, SendNotification, SendNotificationResult, SubscriptionStatus},
};
use tokio::{sync::mpsc, time::Instant};
use world::http::{Client, Request};

use crate::{
    queues::Parcel,
    server::{Shared, version},
};

/// Push subscriptions that wait for their first delivery.
pub(crate) const WAITING_MAX: usize = 1_024;
/// A listener that is not reached so many times in a row is given up.
const FAILURES_MAX: u32 = 4;
const FAILURE_WAIT: Duration = Duration::from_secs(1);
const DEADLINE: Duration = Duration::from_secs(10);
/// Of a listener's answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Begins the delivery of each new push subscription, until told to stop.
pub(crate) async fn run(shared: Arc<Shared>, http: Client, mut started: mpsc::Receiver<String>) {
    let stop = shared.stop.clone();
    loop {
        tokio::select! {
            id = started.recv() => match id {
                Some(id) => drop(tokio::spawn(deliver(Arc::clone(&shared), http.clone(), id))),
                None => return,
            },
            () = stop.stopped() => return,
        }
    }
}

/// The first notification is a sign of life: it shows that somebody listens.
async fn deliver(shared: Arc<Shared>, http: Client, id: String) {
    let stop = shared.stop.clone();
    let (mut delivered, mut failures) = (0, 0);
    loop {
        let Some(parcel) = shared.store().queues.parcel(&id, delivered) else { return };
        let (up_to, news) = (parcel.up_to, parcel.news.clone());
        let mut pause = parcel.status_frequency;
        match send(&http, parcel).await {
            Some(SubscriptionStatus::Ok) => {
                (delivered, failures) = (up_to, 0);
                let mut store = shared.store();
                store.queues.delivered(&id, up_to);
                if store.queues.has_news(&id) {
                    continue;
                }
            }
            Some(SubscriptionStatus::Unsubscribe | SubscriptionStatus::Other(_)) => break,
            None => {
                failures += 1;
                if failures >= FAILURES_MAX {
                    tracing::info!("A push subscription ends: nobody listens");
                    break;
                }
                pause = FAILURE_WAIT * 2_u32.pow(failures);
            }
        }
        let until = Instant::now() + pause;
        loop {
            tokio::select! {
                () = news.notified(), if failures == 0 => {
                    if shared.store().queues.has_news(&id) {
                        break;
                    }
                }
                () = tokio::time::sleep_until(until) => break,
                () = stop.stopped() => return,
            }
        }
    }
    shared.store().queues.end(&id);
}

/// What the listener said; `None` if it said nothing that can be read.
async fn send(http: &Client, parcel: Parcel) -> Option<SubscriptionStatus> {
    let reply = GetEventsReply { notification: Some(parcel.notification) };
    let document = SendNotification(vec![ResponseMessage::Success(reply)]).write(&version());
    let request = Request::post(&parcel.url, document)
        .header("content-type", "text/xml; charset=utf-8")
        .header("soapaction", SOAP_ACTION)
        .deadline(DEADLINE)
        .answer_bytes_max(ANSWER_BYTES_MAX);
    let answer = http.send(request).await.ok().filter(|answer| answer.status.is_success())?;
    let result = SendNotificationResult::read(&answer.body).ok()?;
    Some(result.subscription_status)
}

const SOAP_ACTION: &str =
    "http://schemas.microsoft.com/exchange/services/2006/messages/SendNotification";
