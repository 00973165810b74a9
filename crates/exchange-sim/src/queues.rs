//! Pull and push subscriptions: unlike those of streams they keep what happens until it is fetched
//! or delivered.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use ews::{
    ResponseCode,
    operations::{Event, Notification, StatusEvent},
};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, mpsc};
use url::Url;
use world::chance::Chance;

use crate::{
    failure::{Outcome, refuse},
    ids::checksum,
    mailbox::{Mailbox, key},
    subscriptions::{Happening, Subscription, event, new_id},
};

/// In the whole organization; more are refused.
const QUEUES_MAX: usize = 2_000;
/// Kept for one subscription; with more it misses some, and is told so.
const EVENTS_MAX: usize = 1_024;
/// In one notification.
const EVENTS_PER_NOTIFICATION: usize = 50;

#[derive(Default)]
pub(crate) struct Queues {
    known: BTreeMap<String, Queue>,
    /// Where new push subscriptions are told; their delivery begins there.
    pushes: Option<mpsc::Sender<String>>,
}

struct Queue {
    subscription: Subscription,
    delivery: Delivery,
    events: VecDeque<(u64, Event)>,
    /// The number of the latest event; watermarks are such numbers.
    last: u64,
    has_missed: bool,
}

/// How a subscriber gets to know.
pub(crate) enum Delivery {
    /// By asking; who does not for so long is forgotten.
    Pull { timeout: SignedDuration, asked: Timestamp },
    /// By being sent to, and if nothing happens, a sign of life this often.
    Push { url: Url, status_frequency: Duration, news: Arc<Notify> },
}

/// What is sent to a listener next.
pub(crate) struct Parcel {
    pub(crate) url: Url,
    pub(crate) status_frequency: Duration,
    pub(crate) news: Arc<Notify>,
    pub(crate) notification: Notification,
    /// Everything up to here is in it.
    pub(crate) up_to: u64,
}

impl Queues {
    pub(crate) fn send_pushes_to(&mut self, sender: mpsc::Sender<String>) {
        self.pushes = Some(sender);
    }

    /// The new subscription's id, and its first watermark.
    pub(crate) fn add(
        &mut self,
        subscription: Subscription,
        delivery: Delivery,
        host: &str,
        chance: &Chance,
    ) -> Outcome<(String, String)> {
        if self.known.len() >= QUEUES_MAX {
            return Err(refuse(ResponseCode::ErrorExceededSubscriptionCount));
        }
        let id = new_id(host, chance);
        if let (Delivery::Push { .. }, Some(pushes)) = (&delivery, &self.pushes)
            && pushes.try_send(id.clone()).is_err()
        {
            return Err(refuse(ResponseCode::ErrorExceededSubscriptionCount));
        }
        let events = VecDeque::new();
        let queue = Queue { subscription, delivery, events, last: 0, has_missed: false };
        self.known.insert(id.clone(), queue);
        Ok((id, watermark(0)))
    }

    /// Ends a pull subscription; a push subscription ends when its listener says so.
    pub(crate) fn unsubscribe(&mut self, id: &str) -> Option<Outcome<()>> {
        match self.known.get(id)?.delivery {
            Delivery::Pull { .. } => Some(self.remove(id)),
            Delivery::Push { .. } => Some(Err(refuse(ResponseCode::ErrorInvalidSubscription))),
        }
    }

    fn remove(&mut self, id: &str) -> Outcome<()> {
        let removed = self.known.remove(id);
        removed.map(drop).ok_or_else(|| refuse(ResponseCode::ErrorSubscriptionNotFound))
    }

    /// A push subscription that nobody wants any more, if it is still there.
    pub(crate) fn end(&mut self, id: &str) {
        self.known.remove(id);
    }

    pub(crate) fn lose_all(&mut self) {
        self.known.clear();
    }

    pub(crate) fn count(&self) -> usize {
        self.known.len()
    }

    pub(crate) fn tell(&mut self, owner: &Mailbox, folder: u64, what: &Happening, at: Timestamp) {
        let mailbox = key(&owner.person.address);
        let heard = self.known.values_mut().filter(|queue| queue.subscription.mailbox == mailbox);
        for queue in heard.filter(|queue| queue.subscription.hears(folder, what)) {
            queue.last += 1;
            let event = event(owner, folder, what, at).with_watermark(watermark(queue.last));
            queue.events.push_back((queue.last, event));
            if queue.events.len() > EVENTS_MAX {
                queue.events.pop_front();
                queue.has_missed = true;
            }
            if let Delivery::Push { news, .. } = &queue.delivery {
                news.notify_one();
            }
        }
    }

    /// What happened since a watermark; what came before it is forgotten.
    pub(crate) fn events_since(
        &mut self,
        id: &str,
        since: &str,
        now: Timestamp,
    ) -> Outcome<Notification> {
        let not_found = || refuse(ResponseCode::ErrorSubscriptionNotFound);
        let queue = self.known.get_mut(id).ok_or_else(not_found)?;
        let Delivery::Pull { timeout, asked } = &mut queue.delivery else {
            return Err(refuse(ResponseCode::ErrorInvalidPullSubscriptionId));
        };
        let is_expired = now.duration_since(*asked) > *timeout;
        *asked = now;
        let missed = std::mem::take(&mut queue.has_missed);
        let number = read_watermark(since).filter(|number| *number <= queue.last);
        if is_expired {
            self.remove(id)?;
            return Err(refuse(ResponseCode::ErrorExpiredSubscription));
        }
        if missed {
            return Err(refuse(ResponseCode::ErrorMissedNotificationEvents));
        }
        queue.forget(number.ok_or_else(|| refuse(ResponseCode::ErrorInvalidWatermark))?);
        Ok(queue.notification(id, since).0)
    }

    /// What a listener gets next; `None` once there is no such subscription.
    pub(crate) fn parcel(&self, id: &str, delivered: u64) -> Option<Parcel> {
        let queue = self.known.get(id)?;
        let Delivery::Push { url, status_frequency, news } = &queue.delivery else { return None };
        let (notification, up_to) = queue.notification(id, &watermark(delivered));
        Some(Parcel {
            url: url.clone(),
            status_frequency: *status_frequency,
            news: Arc::clone(news),
            up_to: up_to.unwrap_or(delivered),
            notification,
        })
    }

    /// Forgets what was delivered.
    pub(crate) fn delivered(&mut self, id: &str, up_to: u64) {
        if let Some(queue) = self.known.get_mut(id) {
            queue.forget(up_to);
        }
    }

    /// Whether something waits to be delivered, or nothing ever will.
    pub(crate) fn has_news(&self, id: &str) -> bool {
        self.known.get(id).is_none_or(|queue| !queue.events.is_empty())
    }
}

impl Queue {
    fn forget(&mut self, up_to: u64) {
        while self.events.front().is_some_and(|(number, _)| *number <= up_to) {
            self.events.pop_front();
        }
    }

    /// The oldest events, and the number of the last of them; without any a sign of life.
    fn notification(&self, id: &str, since: &str) -> (Notification, Option<u64>) {
        let found = self.events.iter().take(EVENTS_PER_NOTIFICATION);
        let up_to = found.clone().next_back().map(|(number, _)| *number);
        let mut events: Vec<Event> = found.map(|(_, event)| event.clone()).collect();
        if events.is_empty() {
            events.push(Event::Status(StatusEvent { watermark: Some(since.to_owned()) }));
        }
        let notification = Notification {
            subscription_id: Some(id.to_owned()),
            previous_watermark: Some(since.to_owned()),
            more_events: Some(self.events.len() > EVENTS_PER_NOTIFICATION),
            events,
        };
        (notification, up_to)
    }
}

fn watermark(number: u64) -> String {
    let bytes = number.to_be_bytes();
    STANDARD.encode([bytes, checksum(&bytes).to_be_bytes()].concat())
}

fn read_watermark(text: &str) -> Option<u64> {
    let bytes = STANDARD.decode(text.trim()).ok()?;
    let (number, check) = bytes.split_at_checked(8)?;
    let number: [u8; 8] = number.try_into().ok()?;
    (check == checksum(&number).to_be_bytes()).then(|| u64::from_be_bytes(number))
}
