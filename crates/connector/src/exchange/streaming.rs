//! The stream: one endless answer carries the notifications of many mailboxes. It only marks
//! mailboxes as changed; what changed is read by their followers.

use std::{collections::BTreeMap, time::Duration};

use ews::{
    Operation,
    operations::{
        ConnectionStatus, Event, EventObject, GetStreamingEvents, GetStreamingEventsReply,
    },
    streaming::Splitter,
};
use protocol::ids::MailboxAddress;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};
use world::{World, http::Incoming, stop::Stop};

use super::{Connection, Failure, Session, session::SubscriptionId};
use crate::{
    alarms::Alarms,
    entry::Version,
    news::{Inbox, SourceId},
    remedy::{Reason, Remedy},
};

/// Subscriptions one stream carries; Exchange's own bound is 200.
pub const SUBSCRIPTIONS_MAX: usize = 200;
/// Exchange ends the stream after this and we open the next.
const CONNECTION_MINUTES: i32 = 29;
/// Exchange gives a sign of life every 45 s; twice that without a byte means that it is dead.
const SILENCE_MAX: Duration = Duration::from_secs(90);
/// Mailboxes that subscribe at about the same time share one opening.
const GATHER: Duration = Duration::from_millis(200);
/// The same when a stream is open already, which others would have to leave.
const GATHER_MORE: Duration = Duration::from_secs(1);
/// A stream that lived so long was a good one, however it ended.
const GOOD_LIFE: Duration = Duration::from_secs(30);
const BACK_OFF_MAX: Duration = Duration::from_mins(5);
/// Then a person is told that notifications do not arrive.
const FAILURES_TOLD: u32 = 5;
/// Spread over the streams, so that they do not all come back at once.
const REOPEN_JITTER: Duration = Duration::from_secs(2);
const COMMANDS_MAX: usize = 256;
/// Time to give subscriptions back at the end.
const FAREWELL_MAX: Duration = Duration::from_secs(3);

/// Hands subscriptions to a stream. Cheap to clone.
#[derive(Clone)]
pub struct Stream(mpsc::Sender<Member>);

struct Member {
    subscription: SubscriptionId,
    mailbox: MailboxAddress,
    inbox: Inbox,
}

struct Group {
    connection: Connection,
    world: World,
    joining: mpsc::Receiver<Member>,
    members: BTreeMap<SubscriptionId, Member>,
    /// To be carried by the next stream.
    waiting: Vec<Member>,
    failures: u32,
    alarms: Alarms,
}

/// Why the stream has to be opened again.
enum End {
    SomebodyJoined,
    /// Closed in good order, cut, silent.
    Over,
    Failed(Failure),
}

impl Stream {
    /// The stream and the task that keeps it open; told to stop, it gives the subscriptions back.
    pub fn new(
        connection: Connection,
        world: World,
        alarms: Alarms,
        stop: Stop,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (sender, joining) = mpsc::channel(COMMANDS_MAX);
        let (members, waiting) = (BTreeMap::new(), Vec::new());
        let group = Group { connection, world, joining, members, waiting, failures: 0, alarms };
        (Self(sender), group.run(stop))
    }

    /// From the moment the stream is open with it, `inbox` hears about the mailbox.
    pub async fn carry(&self, subscription: SubscriptionId, mailbox: MailboxAddress, inbox: Inbox) {
        // A stream whose task has ended takes its followers' tasks with it.
        let _ended = self.0.send(Member { subscription, mailbox, inbox }).await;
    }
}

impl Group {
    async fn run(mut self, stop: Stop) {
        tokio::select! {
            () = self.carry_on() => {}
            () = stop.stopped() => {
                // What is not given back in time ends by itself.
                let _given_back = timeout(FAREWELL_MAX, self.unsubscribe()).await;
            }
        }
    }

    async fn unsubscribe(&mut self) {
        let members = std::mem::take(&mut self.members).into_values();
        let ending = members.map(|member| {
            let session = Session::new(self.connection.clone(), member.mailbox);
            async move {
                if let Err(failure) = session.unsubscribe(member.subscription).await {
                    tracing::debug!(error = %failure, "A subscription was not given back");
                }
            }
        });
        futures_util::future::join_all(ending).await;
    }

    async fn carry_on(&mut self) {
        loop {
            if !self.gather().await {
                return;
            }
            let opened_at = Instant::now();
            let end = self.follow().await;
            let lived = opened_at.elapsed();
            if lived >= GOOD_LIFE {
                self.failures = 0;
            }
            let wait = match end {
                End::SomebodyJoined => Duration::ZERO,
                End::Over if lived >= GOOD_LIFE => self.world.chance.jitter(REOPEN_JITTER),
                End::Over => self.after(&Failure::EndedAtOnce).await,
                End::Failed(failure) => self.after(&failure).await,
            };
            if !wait.is_zero() {
                self.members.values().for_each(|member| member.inbox.stream_broken());
            }
            self.world.clock.sleep(wait).await;
        }
    }

    /// Waits until there is something to carry; `false` when there never will be.
    async fn gather(&mut self) -> bool {
        if self.members.is_empty() && self.waiting.is_empty() {
            match self.joining.recv().await {
                Some(member) => self.waiting.push(member),
                None => return false,
            }
            self.world.clock.sleep(GATHER).await;
        }
        while let Ok(member) = self.joining.try_recv() {
            self.waiting.push(member);
        }
        for member in std::mem::take(&mut self.waiting) {
            // A mailbox has one subscription; an earlier one is given up.
            self.members.retain(|_, other| other.mailbox != member.mailbox);
            self.members.insert(member.subscription.clone(), member);
        }
        true
    }

    async fn follow(&mut self) -> End {
        let mut stream = match self.open().await {
            Ok(stream) => stream,
            Err(failure) => return End::Failed(failure),
        };
        let mut splitter = Splitter::new();
        let mut is_open = false;
        // Who joins waits a little for others: each reopening makes everybody read again.
        let mut reopen_at: Option<Instant> = None;
        loop {
            let reopening = async {
                match reopen_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let chunk = tokio::select! {
                chunk = timeout(SILENCE_MAX, stream.chunk()) => chunk,
                Some(member) = self.joining.recv() => {
                    self.waiting.push(member);
                    let first = reopen_at.get_or_insert_with(|| Instant::now() + GATHER_MORE);
                    reopen_at = Some((*first).max(Instant::now() + GATHER));
                    continue;
                }
                () = reopening => return End::SomebodyJoined,
            };
            let chunk = match chunk {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => return End::Over,
                Ok(Err(failure)) => return End::Failed(failure.into()),
                Err(_elapsed) => return End::Failed(Failure::Silent),
            };
            if splitter.push(&chunk).is_err() {
                return End::Failed(Failure::StreamOverflow);
            }
            while let Some(document) = splitter.next_document() {
                match self.document(&document, &mut is_open) {
                    Ok(None) => {}
                    Ok(Some(end)) => return end,
                    Err(failure) => return End::Failed(failure),
                }
            }
        }
    }

    async fn open(&self) -> Result<Incoming, Failure> {
        let request = GetStreamingEvents {
            subscription_ids: self.members.keys().map(|id| id.0.clone()).collect(),
            connection_timeout: CONNECTION_MINUTES,
        };
        // The anchor's budget pays for the connection.
        let anchor = self.members.values().next().map(|member| &member.mailbox);
        self.connection.open(anchor, &request).await
    }

    fn document(&mut self, document: &[u8], is_open: &mut bool) -> Result<Option<End>, Failure> {
        let answer = GetStreamingEvents::read_answer(document)?;
        for message in answer.messages {
            let (reply, error) = match message {
                ews::ResponseMessage::Success(reply) => (reply, None),
                ews::ResponseMessage::Warning(reply, error) => (reply, Some(error)),
                ews::ResponseMessage::Error(error) => {
                    return self.refused(error).map(Some);
                }
            };
            if !reply.error_subscription_ids.is_empty() {
                self.lose(&reply.error_subscription_ids);
                return Ok(Some(End::SomebodyJoined));
            }
            if let Some(error) = error {
                return Err(error.into());
            }
            if !*is_open {
                *is_open = true;
                self.members.values().for_each(|member| member.inbox.listening());
            }
            self.notify(&reply);
            if reply.connection_status == Some(ConnectionStatus::Closed) {
                return Ok(Some(End::Over));
            }
        }
        Ok(None)
    }

    /// With one bad id the good ones hear nothing either: the bad ones are taken out.
    fn refused(&mut self, error: ews::ItemError) -> Result<End, Failure> {
        if error.error_subscription_ids.is_empty() {
            return Err(error.into());
        }
        self.lose(&error.error_subscription_ids);
        Ok(End::SomebodyJoined)
    }

    fn lose(&mut self, ids: &[String]) {
        for id in ids {
            if let Some(member) = self.members.remove(&SubscriptionId(id.clone())) {
                member.inbox.subscription_lost();
            }
        }
    }

    fn lose_all(&mut self) {
        for member in std::mem::take(&mut self.members).into_values() {
            member.inbox.subscription_lost();
        }
    }

    fn notify(&self, reply: &GetStreamingEventsReply) {
        for notification in &reply.notifications {
            let id = notification.subscription_id.clone().map(SubscriptionId);
            let Some(member) = id.and_then(|id| self.members.get(&id)) else { continue };
            for event in &notification.events {
                hint(&member.inbox, event);
            }
        }
    }

    /// How long to stay away. What is given up is given back to Exchange, which bounds the number
    /// of subscriptions.
    async fn after(&mut self, failure: &Failure) -> Duration {
        let mailboxes = self.members.len();
        tracing::warn!(error = %failure, mailboxes, failures = self.failures, "The stream broke");
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES_TOLD {
            self.alarms.raise(Reason::NoStream, None);
        }
        let doubled = Duration::from_secs(1 << self.failures.saturating_sub(1).min(8));
        let back_off = doubled.min(BACK_OFF_MAX) + self.world.chance.jitter(REOPEN_JITTER);
        match failure.remedy() {
            Remedy::RetryAfter(wait) => wait.max(back_off),
            Remedy::Resubscribe => {
                self.lose_all();
                // The first time this is a fail-over, and there is no time to lose.
                if self.failures > 1 { back_off } else { Duration::ZERO }
            }
            // It may concern the anchor alone, in whose name the stream is opened.
            Remedy::GiveUp(_) => {
                self.lose_anchor().await;
                back_off
            }
            Remedy::BackOff
            | Remedy::SyncFromScratch
            | Remedy::ReadState
            | Remedy::WaitForLease => back_off,
        }
    }

    async fn lose_anchor(&mut self) {
        if let Some((_, member)) = self.members.pop_first() {
            let session = Session::new(self.connection.clone(), member.mailbox);
            let ending = session.unsubscribe(member.subscription);
            let _given_back = timeout(FAREWELL_MAX, ending).await;
            member.inbox.subscription_lost();
        }
    }
}

fn hint(inbox: &Inbox, event: &Event) {
    match event {
        Event::Created(change) | Event::Modified(change) => match &change.object {
            EventObject::Item(id) => {
                inbox.changed(SourceId(id.id.clone()), id.change_key.clone().map(Version));
            }
            EventObject::Folder(_) => {}
        },
        // What left, came or was doubled is best seen in the window.
        Event::Deleted(_) | Event::Moved(_) | Event::Copied(_) => inbox.everything_changed(),
        Event::NewMail(_) | Event::FreeBusyChanged(_) | Event::Status(_) => {}
    }
}
