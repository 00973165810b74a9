//! One stream: an endless answer carries the notifications of many mailboxes. It only marks
//! mailboxes as changed; what changed is read by their followers.
//!
//! Whoever is carried must not miss anything when others join or when the time of a connection is
//! over: the next connection is opened while the last one still speaks, and only when the last one
//! ended by itself is everybody told to read anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use ews::{
    Operation, ResponseCode,
    operations::{
        ConnectionStatus, Event, EventObject, GetStreamingEvents, GetStreamingEventsReply,
    },
    streaming::Splitter,
};
use protocol::ids::MailboxAddress;
use tokio::{
    sync::{Mutex, OwnedMutexGuard, mpsc},
    task::{AbortHandle, JoinSet},
    time::{Instant, timeout},
};
use world::{World, stop::Stop};

use super::{Connection, Failure, Session, affinity::Affinity, session::SubscriptionId};
use crate::{
    alarms::Alarms,
    board::Inbox,
    entry::Version,
    news::{News, SourceId},
    remedy::{Reason, Remedy},
};

/// Exchange ends a connection after this …
const CONNECTION_MINUTES: i32 = 30;
/// … and the next is opened before, at some moment of this length.
const RENEW_AFTER: Duration = Duration::from_mins(27);
const RENEW_JITTER: Duration = Duration::from_mins(2);
/// Exchange gives a sign of life every 45 s; twice that without a byte means that it is dead.
const SILENCE_MAX: Duration = Duration::from_secs(90);
/// Mailboxes that subscribe at about the same time share one opening.
const GATHER: Duration = Duration::from_millis(200);
/// The same when a connection is open already.
const GATHER_MORE: Duration = Duration::from_secs(1);
/// A connection that has been followed by another is listened to for so long.
const OVERLAP: Duration = Duration::from_secs(5);
/// A connection that lived so long was a good one, however it ended.
const GOOD_LIFE: Duration = Duration::from_secs(30);
const BACK_OFF_MAX: Duration = Duration::from_mins(5);
/// Then a person is told that notifications do not arrive.
const FAILURES_TOLD: u32 = 5;
/// Spread over the streams, so that they do not all come back at once.
const REOPEN_JITTER: Duration = Duration::from_secs(2);
/// Documents that have arrived and wait for being read; then Exchange has to wait.
const HEARD_MAX: usize = 16;
/// Time to give subscriptions back at the end.
const FAREWELL_MAX: Duration = Duration::from_secs(3);

/// A stream as others see it. Cheap to clone.
#[derive(Clone)]
pub struct Stream {
    /// Of itself bounded: a mailbox joins once with a subscription and leaves once.
    commands: mpsc::UnboundedSender<Command>,
    anchor: Arc<Mutex<Option<Affinity>>>,
}

/// A mailbox with the subscription by which it is announced.
pub struct Member {
    pub subscription: SubscriptionId,
    pub mailbox: MailboxAddress,
    pub inbox: Inbox,
}

enum Command {
    Join(Member),
    Leave(SubscriptionId),
}

/// The stream's own side.
pub struct Group {
    connection: Connection,
    world: World,
    alarms: Alarms,
    commands: mpsc::UnboundedReceiver<Command>,
    anchor: Arc<Mutex<Option<Affinity>>>,
    members: Members,
    lines: Lines,
    open_at: Option<Instant>,
    /// When the current connection will have proved to be a good one.
    settled_at: Option<Instant>,
    failures: u32,
    farewells: JoinSet<()>,
}

/// Connections, by what they are for us.
struct Lines {
    heard: mpsc::Sender<(u64, Heard)>,
    hearing: mpsc::Receiver<(u64, Heard)>,
    count: u64,
    /// The one that carries us.
    current: Option<Line>,
    /// The one that will.
    next: Option<Line>,
    /// The one that did, and when it is given up.
    last: Option<(Line, Instant)>,
}

struct Line {
    number: u64,
    asked: BTreeSet<SubscriptionId>,
    task: AbortHandle,
}

enum Heard {
    Document(Vec<u8>),
    Ended(Failure),
}

/// Which of the connections.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Current,
    Next,
    Last,
}

#[derive(Default)]
struct Members(BTreeMap<SubscriptionId, Carried>);

struct Carried {
    mailbox: MailboxAddress,
    inbox: Inbox,
    /// Without a gap since it was last told to read everything.
    is_heard: bool,
}

impl Stream {
    /// Whoever subscribes first becomes the anchor; until then, others wait here.
    pub async fn anchor(&self) -> OwnedMutexGuard<Option<Affinity>> {
        Arc::clone(&self.anchor).lock_owned().await
    }

    /// To a stream that has ended nobody is carried; who joined is told so by its end.
    pub fn join(&self, member: Member) {
        if let Err(refused) = self.commands.send(Command::Join(member))
            && let Command::Join(member) = refused.0
        {
            member.inbox.note(News::subscription_lost);
        }
    }

    pub fn leave(&self, subscription: SubscriptionId) {
        // Nobody is carried by one that has ended.
        let _ended = self.commands.send(Command::Leave(subscription));
    }

    pub fn has_ended(&self) -> bool {
        self.commands.is_closed()
    }
}

impl Group {
    pub fn new(connection: Connection, world: World, alarms: Alarms) -> (Stream, Self) {
        let (commands, obeyed) = mpsc::unbounded_channel();
        let (heard, hearing) = mpsc::channel(HEARD_MAX);
        let anchor = Arc::default();
        let stream = Stream { commands, anchor: Arc::clone(&anchor) };
        let lines = Lines { heard, hearing, count: 0, current: None, next: None, last: None };
        let group = Self {
            connection,
            world,
            alarms,
            commands: obeyed,
            anchor,
            members: Members::default(),
            lines,
            open_at: None,
            settled_at: None,
            failures: 0,
            farewells: JoinSet::new(),
        };
        (stream, group)
    }

    /// Keeps the stream open; told to stop, it gives the subscriptions back.
    pub async fn run(mut self, stop: Stop) {
        tokio::select! {
            () = self.carry_on() => {}
            () = stop.stopped() => {
                // What is not given back in time ends by itself.
                let _given_back = timeout(FAREWELL_MAX, self.give_back()).await;
            }
        }
    }

    async fn give_back(&mut self) {
        for (subscription, member) in std::mem::take(&mut self.members.0) {
            self.unsubscribe(subscription, member.mailbox);
        }
        while self.farewells.join_next().await.is_some() {}
    }

    fn unsubscribe(&mut self, subscription: SubscriptionId, mailbox: MailboxAddress) {
        let session = Session::new(self.connection.clone(), mailbox);
        while self.farewells.try_join_next().is_some() {}
        self.farewells.spawn(async move {
            if let Err(failure) = session.unsubscribe(subscription).await {
                tracing::debug!(error = %failure, "A subscription was not given back");
            }
        });
    }

    async fn carry_on(&mut self) {
        loop {
            if self.members.0.is_empty() {
                self.lines.close();
            }
            let last_until = self.lines.last.as_ref().map(|(_, until)| *until);
            let wake_at = [self.open_at, self.settled_at, last_until];
            let wake_at = wake_at.into_iter().flatten().min();
            let waking = async {
                match wake_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                Some((number, heard)) = self.lines.hearing.recv() => {
                    if let Some(role) = self.lines.role(number) {
                        self.heard(role, heard).await;
                    }
                }
                () = waking => self.woken().await,
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Join(member) => {
                let Member { subscription, mailbox, inbox } = member;
                let carried = Carried { mailbox, inbox, is_heard: false };
                self.members.0.insert(subscription, carried);
                let now = Instant::now();
                let is_open = self.lines.current.is_some();
                let first = if is_open { GATHER_MORE } else { GATHER };
                let soon = now + first;
                // After a failure its wait is kept.
                let is_waiting = !is_open && self.failures > 0 && self.open_at.is_some();
                if !is_waiting {
                    self.open_at = Some(self.open_at.map_or(soon, |at| at.min(soon)));
                }
            }
            Command::Leave(subscription) => {
                if let Some(member) = self.members.0.remove(&subscription) {
                    self.unsubscribe(subscription, member.mailbox);
                }
            }
        }
    }

    async fn woken(&mut self) {
        let now = Instant::now();
        if self.lines.last.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.lines.last = None;
        }
        if self.settled_at.is_some_and(|at| at <= now) {
            self.settled_at = None;
            self.failures = 0;
            self.alarms.clear(Reason::NoStream);
        }
        if self.open_at.is_some_and(|at| at <= now) {
            self.open_at = None;
            self.open().await;
        }
    }

    /// Opens the next connection, with everybody. If one is being opened already, who has joined
    /// meanwhile goes with the one after it.
    async fn open(&mut self) {
        if self.lines.next.is_some() || self.members.0.is_empty() {
            return;
        }
        let asked: BTreeSet<SubscriptionId> = self.members.0.keys().cloned().collect();
        let request = GetStreamingEvents {
            subscription_ids: asked.iter().map(|id| id.0.clone()).collect(),
            connection_timeout: CONNECTION_MINUTES,
        };
        let affinity = self.affinity().await;
        self.lines.open(self.connection.clone(), affinity, request, asked);
    }

    /// In the name of the anchor; if that has left, somebody else stands in.
    async fn affinity(&self) -> Option<Affinity> {
        let mut anchor = self.anchor.lock().await;
        let is_there = |affinity: &Affinity| {
            self.members.0.values().any(|member| member.mailbox == affinity.anchor)
        };
        if !anchor.as_ref().is_some_and(is_there) {
            let first = self.members.0.values().next();
            let cookie = anchor.take().and_then(|affinity| affinity.cookie);
            *anchor = first.map(|member| Affinity { anchor: member.mailbox.clone(), cookie });
        }
        anchor.clone()
    }

    async fn heard(&mut self, role: Role, heard: Heard) {
        let failure = match heard {
            Heard::Ended(failure) => failure,
            Heard::Document(document) => match self.document(role, &document) {
                Ok(()) => return,
                Err(failure) => failure,
            },
        };
        match role {
            Role::Last => self.lines.last = None,
            Role::Next => {
                self.lines.next = None;
                self.failed(failure).await;
            }
            Role::Current => {
                self.lines.current = None;
                let has_successor = self.lines.next.is_some();
                if has_successor && is_superseded(&failure) {
                    return;
                }
                self.members.0.values_mut().for_each(|member| member.is_heard = false);
                self.settled_at = None;
                if !has_successor {
                    self.failed(failure).await;
                }
            }
        }
    }

    /// One document of a connection, which has thereby shown that it is open.
    fn document(&mut self, role: Role, document: &[u8]) -> Result<(), Failure> {
        let answer = GetStreamingEvents::read_answer(document)?;
        for message in answer.messages {
            let reply = match message {
                ews::ResponseMessage::Success(reply) => reply,
                ews::ResponseMessage::Warning(reply, error) => {
                    if reply.error_subscription_ids.is_empty() {
                        return Err(error.into());
                    }
                    reply
                }
                ews::ResponseMessage::Error(error) => {
                    if error.error_subscription_ids.is_empty() {
                        return Err(error.into());
                    }
                    return Err(self.lose(&error.error_subscription_ids));
                }
            };
            if !reply.error_subscription_ids.is_empty() {
                return Err(self.lose(&reply.error_subscription_ids));
            }
            if role == Role::Next {
                self.promote();
            }
            self.notify(&reply);
            if reply.connection_status == Some(ConnectionStatus::Closed) {
                return Err(Failure::Closed);
            }
        }
        Ok(())
    }

    /// The next connection is open: it carries everybody it was asked to.
    fn promote(&mut self) {
        let Some(next) = self.lines.next.take() else { return };
        let mut is_somebody_missing = false;
        for (subscription, member) in &mut self.members.0 {
            if !next.asked.contains(subscription) {
                is_somebody_missing = true;
            } else if !member.is_heard {
                member.is_heard = true;
                member.inbox.note(News::listening);
            }
        }
        let now = Instant::now();
        let renew_at = now + RENEW_AFTER + self.world.chance.jitter(RENEW_JITTER);
        self.open_at = Some(if is_somebody_missing { now + GATHER_MORE } else { renew_at });
        let before = self.lines.current.replace(next);
        self.lines.last = before.map(|line| (line, now + OVERLAP));
        self.settled_at = Some(now + GOOD_LIFE);
    }

    /// With one bad id the good ones hear nothing either: the bad ones are taken out.
    fn lose(&mut self, ids: &[String]) -> Failure {
        for id in ids {
            if let Some(member) = self.members.0.remove(&SubscriptionId(id.clone())) {
                member.inbox.note(News::subscription_lost);
            }
        }
        Failure::SubscriptionsLost
    }

    fn notify(&self, reply: &GetStreamingEventsReply) {
        for notification in &reply.notifications {
            let id = notification.subscription_id.clone().map(SubscriptionId);
            let Some(member) = id.and_then(|id| self.members.0.get(&id)) else { continue };
            member
                .inbox
                .note(|news| notification.events.iter().for_each(|event| hint(news, event)));
        }
    }

    /// Decides when to try again. What is given up is given back to Exchange, which bounds the
    /// number of subscriptions.
    async fn failed(&mut self, failure: Failure) {
        let mailboxes = self.members.0.len();
        let wait = match failure {
            // In good order, or mended already.
            Failure::Closed if self.failures == 0 => self.world.chance.jitter(REOPEN_JITTER),
            // Again and again, it would be a loop without a rest.
            Failure::SubscriptionsLost if self.failures == 0 => Duration::ZERO,
            failure => {
                tracing::warn!(error = %failure, mailboxes, failures = self.failures, "The stream broke");
                self.after(&failure).await
            }
        };
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES_TOLD {
            self.alarms.raise(Reason::NoStream, None);
        }
        if !wait.is_zero() && self.lines.current.is_none() {
            self.members.0.values().for_each(|member| member.inbox.note(News::stream_broken));
        }
        self.open_at = Some(Instant::now() + wait);
    }

    async fn after(&mut self, failure: &Failure) -> Duration {
        let doubled = Duration::from_secs(1 << self.failures.min(8));
        let back_off = doubled.min(BACK_OFF_MAX) + self.world.chance.jitter(REOPEN_JITTER);
        match failure.remedy() {
            Remedy::RetryAfter(wait) => wait.max(back_off),
            Remedy::Resubscribe | Remedy::Relocate => {
                self.members.lose_all();
                // The first time this is a fail-over, and there is no time to lose.
                if self.failures > 0 { back_off } else { Duration::ZERO }
            }
            // It may concern the anchor alone, in whose name the stream is opened.
            Remedy::GiveUp(_) | Remedy::Doubt(_) => {
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
        let Some(affinity) = self.affinity().await else { return };
        let of_anchor =
            |(_, member): &(&SubscriptionId, &Carried)| member.mailbox == affinity.anchor;
        let subscription = self.members.0.iter().find(of_anchor).map(|(id, _)| id.clone());
        let Some(subscription) = subscription else { return };
        if let Some(member) = self.members.0.remove(&subscription) {
            member.inbox.note(News::subscription_lost);
            self.unsubscribe(subscription, member.mailbox);
        }
    }
}

impl Lines {
    fn open(
        &mut self,
        connection: Connection,
        affinity: Option<Affinity>,
        request: GetStreamingEvents,
        asked: BTreeSet<SubscriptionId>,
    ) {
        let Some(affinity) = affinity else { return };
        self.count += 1;
        let (number, heard) = (self.count, self.heard.clone());
        let reading = async move {
            let ended = read(&connection, &affinity, &request, number, &heard).await;
            // Nobody hears it who does not want to.
            let _unheard = heard.send((number, Heard::Ended(ended))).await;
        };
        let task = tokio::spawn(reading).abort_handle();
        self.next = Some(Line { number, asked, task });
    }

    fn close(&mut self) {
        (self.current, self.next, self.last) = (None, None, None);
    }

    /// `None` for one that was given up.
    fn role(&self, number: u64) -> Option<Role> {
        let is = |line: Option<&Line>| line.is_some_and(|line| line.number == number);
        if is(self.current.as_ref()) {
            Some(Role::Current)
        } else if is(self.next.as_ref()) {
            Some(Role::Next)
        } else if is(self.last.as_ref().map(|(line, _)| line)) {
            Some(Role::Last)
        } else {
            None
        }
    }
}

/// Passes on what a connection says until it says nothing more.
async fn read(
    connection: &Connection,
    affinity: &Affinity,
    request: &GetStreamingEvents,
    number: u64,
    heard: &mpsc::Sender<(u64, Heard)>,
) -> Failure {
    let mut stream = match connection.open(affinity, request).await {
        Ok(stream) => stream,
        Err(failure) => return failure,
    };
    let mut splitter = Splitter::new();
    loop {
        let chunk = match timeout(SILENCE_MAX, stream.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => return Failure::Ended,
            Ok(Err(failure)) => return failure.into(),
            Err(_elapsed) => return Failure::Silent,
        };
        if splitter.push(&chunk).is_err() {
            return Failure::StreamOverflow;
        }
        while let Some(document) = splitter.next_document() {
            connection.recorder().document(&document);
            if heard.send((number, Heard::Document(document))).await.is_err() {
                return Failure::Closed;
            }
        }
    }
}

/// Exchange ends a connection when another carries the same subscriptions.
fn is_superseded(failure: &Failure) -> bool {
    failure.code() == Some(&ResponseCode::ErrorNewEventStreamConnectionOpened)
}

impl Members {
    fn lose_all(&mut self) {
        for member in std::mem::take(&mut self.0).into_values() {
            member.inbox.note(News::subscription_lost);
        }
    }
}

/// However the stream ends: nobody goes on believing to be carried.
impl Drop for Members {
    fn drop(&mut self) {
        self.lose_all();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn hint(news: &mut News, event: &Event) {
    match event {
        Event::Created(change) | Event::Modified(change) => match &change.object {
            EventObject::Item(id) => {
                news.changed(SourceId(id.id.clone()), id.change_key.clone().map(Version));
            }
            EventObject::Folder(_) => {}
        },
        // What left, came or was doubled is best seen in the window.
        Event::Deleted(_) | Event::Moved(_) | Event::Copied(_) => news.everything_changed(),
        Event::NewMail(_) | Event::FreeBusyChanged(_) | Event::Status(_) => {}
    }
}
