//! Subscribe and Unsubscribe: to the changes of one mailbox, in any of the three ways; GetEvents.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use ews::{
    FolderRef, ResponseCode,
    operations::{
        EventType, GetEvents, GetEventsReply, Nothing, Subscribe, SubscribeReply,
        SubscriptionRequest, Unsubscribe,
    },
};
use jiff::SignedDuration;
use tokio::sync::Notify;
use url::Url;

use super::{folder, own};
use crate::{
    auth::Caller,
    failure::{Outcome, refuse},
    mailbox::Store,
    queues::Delivery,
    subscriptions::Subscription,
};

/// What the schema allows for time-outs and signs of life.
const MINUTES: std::ops::RangeInclusive<i32> = 1..=1440;

pub(super) fn subscribe(
    store: &mut Store,
    caller: &Caller,
    request: &Subscribe,
) -> Outcome<SubscribeReply> {
    match &request.subscription {
        SubscriptionRequest::Streaming(wanted) => {
            let wish = Wish {
                folders: &wanted.folder_ids,
                all: wanted.subscribe_to_all_folders,
                events: &wanted.event_types,
            };
            let subscription = wish.subscription(store, caller)?;
            let chance = store.chance.clone();
            let host = store.back_ends.host(caller.back_end).to_owned();
            let max = caller.subscriptions_max;
            let id = store.subscriptions.add(subscription, &host, max, &chance)?;
            Ok(SubscribeReply { subscription_id: Some(id), watermark: None })
        }
        SubscriptionRequest::Pull(wanted) => {
            let wish = Wish {
                folders: &wanted.folder_ids,
                all: wanted.subscribe_to_all_folders,
                events: &wanted.event_types,
            };
            let timeout = SignedDuration::from_mins(i64::from(minutes(wanted.timeout)?));
            let delivery = Delivery::Pull { timeout, asked: store.clock.now() };
            queue(store, caller, &wish, wanted.watermark.as_deref(), delivery)
        }
        SubscriptionRequest::Push(wanted) => {
            let wish = Wish {
                folders: &wanted.folder_ids,
                all: wanted.subscribe_to_all_folders,
                events: &wanted.event_types,
            };
            let invalid = || refuse(ResponseCode::ErrorInvalidPushSubscriptionUrl);
            let url: Url = wanted.url.trim().parse().map_err(|_unreadable| invalid())?;
            if !matches!(url.scheme(), "http" | "https") {
                return Err(invalid());
            }
            let minutes = u64::from(minutes(wanted.status_frequency)?.unsigned_abs());
            let status_frequency = Duration::from_secs(60 * minutes);
            let news = Arc::new(Notify::new());
            let delivery = Delivery::Push { url, status_frequency, news };
            queue(store, caller, &wish, wanted.watermark.as_deref(), delivery)
        }
        SubscriptionRequest::Other(_) => Err(refuse(ResponseCode::ErrorInvalidSubscriptionRequest)),
    }
}

pub(super) fn unsubscribe(store: &mut Store, request: &Unsubscribe) -> Outcome<Nothing> {
    let id = &request.subscription_id;
    let now = store.clock.now();
    match store.queues.unsubscribe(id) {
        Some(outcome) => outcome?,
        None => store.subscriptions.remove(id, now)?,
    }
    Ok(Nothing::default())
}

pub(super) fn get_events(store: &mut Store, request: &GetEvents) -> Outcome<GetEventsReply> {
    let now = store.clock.now();
    let found = store.queues.events_since(&request.subscription_id, &request.watermark, now)?;
    Ok(GetEventsReply { notification: Some(found) })
}

/// What all three kinds have in common.
struct Wish<'r> {
    folders: &'r [FolderRef],
    all: Option<bool>,
    events: &'r [EventType],
}

impl Wish<'_> {
    fn subscription(&self, store: &Store, caller: &Caller) -> Outcome<Subscription> {
        let folders = self
            .folders
            .iter()
            .map(|named| folder(store, caller, named))
            .collect::<Outcome<BTreeSet<u64>>>()?;
        let folders = (self.all != Some(true)).then_some(folders);
        if folders.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err(refuse(ResponseCode::ErrorInvalidSubscriptionRequest));
        }
        let mailbox = &own(store, caller)?.person.address;
        let now = store.clock.now();
        Ok(Subscription::new(mailbox, folders, self.events.to_vec(), caller.back_end, now))
    }
}

fn queue(
    store: &mut Store,
    caller: &Caller,
    wish: &Wish<'_>,
    since: Option<&str>,
    delivery: Delivery,
) -> Outcome<SubscribeReply> {
    if since.is_some_and(|since| !since.is_empty()) {
        return Err(refuse(ResponseCode::ErrorInvalidWatermark)); // no history is kept
    }
    let subscription = wish.subscription(store, caller)?;
    let chance = store.chance.clone();
    let host = store.back_ends.host(caller.back_end).to_owned();
    let (id, watermark) = store.queues.add(subscription, delivery, &host, &chance)?;
    Ok(SubscribeReply { subscription_id: Some(id), watermark: Some(watermark) })
}

fn minutes(given: i32) -> Outcome<i32> {
    let is_valid = MINUTES.contains(&given);
    is_valid.then_some(given).ok_or_else(|| refuse(ResponseCode::ErrorInvalidSubscriptionRequest))
}
