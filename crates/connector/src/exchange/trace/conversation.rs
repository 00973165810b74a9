//! A fixed conversation with one mailbox that changes nothing in it, to be recorded.

use std::time::Duration;

use ews::{operations::GetStreamingEvents, streaming::Splitter};
use jiff::SignedDuration;
use protocol::ids::MailboxAddress;
use tokio::time::{Instant, timeout_at};
use url::Url;
use world::World;

use super::super::{
    Connection, Failure, Session, affinity::Affinity, presence::Absences, probe,
    schedule::Scheduler, session::SubscriptionId,
};

/// The window that the connector follows, too.
const WINDOW_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
const WINDOW_AHEAD: SignedDuration = SignedDuration::from_hours(31 * 24);
const FREE_AHEAD: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Entries that are read in full.
const ENTRIES_MAX: usize = 20;
/// Pages of the calendar's history.
const PAGES_MAX: usize = 3;
/// Exchange's own bound for one stream.
const STREAM_MINUTES_MAX: u64 = 30;

/// What to record.
pub struct Order {
    pub mailbox: MailboxAddress,
    /// How long to listen to the stream.
    pub listening: Duration,
}

/// One part of the conversation, and how it went; without content.
pub struct Step {
    pub name: &'static str,
    pub outcome: Result<String, Failure>,
}

/// Goes on after a refusal, since refusals are what traces are for; not after a refused sign-in.
pub async fn converse(
    world: &World,
    connection: &Connection,
    url: &Url,
    order: &Order,
) -> Vec<Step> {
    let mut steps = Steps(Vec::new());
    let offer = probe::offer(world, url).await;
    if let Ok(offer) = &offer {
        connection.recorder().offer(offer.status, &offer.headers);
    }
    let offer = offer.map_err(Failure::from);
    steps.put("reach", offer.map(|offer| format!("HTTP status {}", offer.status.as_u16())));
    let signed_in = probe::sign_in(connection, &order.mailbox).await;
    let version = |version: Option<String>| version.unwrap_or_else(|| "signed in".to_owned());
    if !steps.put("ConvertId", signed_in.map(version)) {
        return steps.0;
    }
    let session = Session::new(connection.clone(), order.mailbox.clone());
    let calendar = probe::calendar(connection, &order.mailbox).await;
    steps.put("GetFolder", calendar.map(|()| "the calendar".to_owned()));
    read(&mut steps, world, &session).await;
    away_and_free(&mut steps, world, connection, order).await;
    listen(&mut steps, connection, &session, order).await;
    steps.0
}

struct Steps(Vec<Step>);

impl Steps {
    /// Whether to go on.
    fn put(&mut self, name: &'static str, outcome: Result<String, Failure>) -> bool {
        let is_over = matches!(
            outcome,
            Err(Failure::SignInRefusedOnce | Failure::PasswordRefused | Failure::Http(_))
        );
        self.0.push(Step { name, outcome });
        !is_over
    }
}

async fn read(steps: &mut Steps, world: &World, session: &Session) {
    let now = world.clock.now();
    let (from, to) = (now.checked_sub(WINDOW_BACK), now.checked_add(WINDOW_AHEAD));
    let rows = session.window(from.unwrap_or(now), to.unwrap_or(now)).await;
    let ids: Vec<_> = match &rows {
        Ok(rows) => rows.iter().take(ENTRIES_MAX).map(|row| row.id.clone()).collect(),
        Err(_failure) => Vec::new(),
    };
    steps.put("FindItem", rows.map(|rows| format!("{} rows", rows.len())));
    if !ids.is_empty() {
        let entries = session.entries(&ids).await;
        steps.put("GetItem", entries.map(|found| format!("{} entries", found.len())));
    }
    let (mut sync_state, mut rows) = (None, 0);
    for _page in 0..PAGES_MAX {
        let page = match session.changes_since(sync_state.as_deref()).await {
            Ok(page) => page,
            Err(failure) => {
                steps.put("SyncFolderItems", Err(failure));
                return;
            }
        };
        rows += page.changed.len();
        sync_state = Some(page.sync_state);
        if page.is_last {
            break;
        }
    }
    steps.put("SyncFolderItems", Ok(format!("{rows} rows")));
}

async fn away_and_free(steps: &mut Steps, world: &World, connection: &Connection, order: &Order) {
    let (absences, mailbox) = (Absences::new(connection.clone(), world), &order.mailbox);
    let most = absences.recipients_max(mailbox).await;
    let limit = |most: Option<usize>| match most {
        Some(most) => format!("mail tips for {most} at once"),
        None => "no limit told".to_owned(),
    };
    steps.put("GetServiceConfiguration", most.map(limit));
    let tips = absences.tips(mailbox, std::slice::from_ref(mailbox)).await;
    steps.put("GetMailTips", tips.map(|tips| format!("{} tips", tips.len())));
    let replies = absences.replies(mailbox).await;
    steps.put("GetUserOofSettings", replies.map(|_state| "the automatic replies".to_owned()));
    let scheduler = Scheduler::new(connection.clone(), mailbox.clone());
    let now = world.clock.now();
    let to = now.checked_add(FREE_AHEAD).unwrap_or(now);
    let free = scheduler.availability(std::slice::from_ref(mailbox), now, to).await;
    let spans = free.and_then(|people| match people.into_iter().next() {
        Some(one) => one.spans,
        None => Err(Failure::Incomplete("an answer for the mailbox")),
    });
    steps.put("GetUserAvailability", spans.map(|spans| format!("{} spans", spans.len())));
    let rooms = scheduler.rooms().await;
    steps.put("GetRoomLists", rooms.map(|rooms| format!("{} rooms", rooms.len())));
}

async fn listen(steps: &mut Steps, connection: &Connection, session: &Session, order: &Order) {
    let mut affinity = Affinity::to(order.mailbox.clone());
    let subscription = match session.subscribe(&affinity).await {
        Ok((subscription, cookie)) => {
            affinity.cookie = cookie;
            subscription
        }
        Err(failure) => {
            steps.put("Subscribe", Err(failure));
            return;
        }
    };
    steps.put("Subscribe", Ok("subscribed".to_owned()));
    let documents = documents(connection, &affinity, &subscription, order).await;
    steps.put("GetStreamingEvents", documents.map(|count| format!("{count} documents")));
    let ended = session.unsubscribe(subscription).await;
    steps.put("Unsubscribe", ended.map(|()| "given back".to_owned()));
}

/// Listens until the time is over or the stream ends, whichever is first.
async fn documents(
    connection: &Connection,
    affinity: &Affinity,
    subscription: &SubscriptionId,
    order: &Order,
) -> Result<usize, Failure> {
    let until = Instant::now() + order.listening;
    let minutes = order.listening.as_secs().div_ceil(60).clamp(1, STREAM_MINUTES_MAX);
    let request = GetStreamingEvents {
        subscription_ids: vec![subscription.0.clone()],
        connection_timeout: i32::try_from(minutes).unwrap_or(1),
    };
    let mut stream = connection.open(affinity, &request).await?;
    let (mut splitter, mut count) = (Splitter::new(), 0);
    while let Ok(chunk) = timeout_at(until, stream.chunk()).await {
        let Some(chunk) = chunk? else { break };
        splitter.push(&chunk).map_err(|_overflow| Failure::StreamOverflow)?;
        while let Some(document) = splitter.next_document() {
            connection.recorder().document(&document);
            count += 1;
        }
    }
    Ok(count)
}
