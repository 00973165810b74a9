//! Which stream carries which mailbox: mailboxes that the same server of Exchange keeps share
//! streams, so that a stream meets no subscription it cannot carry.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use protocol::ids::MailboxAddress;
use tokio::task::JoinSet;
use world::{World, stop::Stop};

use super::{
    Connection, Failure, Session,
    affinity::Affinity,
    place::Place,
    session::SubscriptionId,
    streaming::{Group, Member, Stream},
};
use crate::{alarms::Alarms, board::Inbox};

/// Subscriptions one stream carries; Exchange's own bound is 200.
pub const SUBSCRIPTIONS_MAX: usize = 200;
/// The same while nobody knows which server keeps them: one bad id spoils less.
pub const SUBSCRIPTIONS_UNGROUPED_MAX: usize = 50;
/// A mailbox whose subscription is lost so often in a row gets a stream of its own.
const LOSSES_MAX: u32 = 3;

/// Cheap to clone.
#[derive(Clone)]
pub struct Streams(Arc<Inner>);

struct Inner {
    connection: Connection,
    world: World,
    alarms: Alarms,
    stop: Stop,
    streams: Mutex<BTreeMap<Key, Vec<Seated>>>,
    tasks: Mutex<JoinSet<()>>,
}

/// What the mailboxes of one stream have in common.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    place: Arc<Place>,
    /// By the subscription's id, if Exchange said nothing better.
    back_end: Option<String>,
    alone: Option<MailboxAddress>,
}

/// A stream and how many it carries, those on their way included.
#[derive(Clone)]
struct Seated {
    stream: Stream,
    taken: Arc<AtomicUsize>,
}

/// A mailbox on its stream; dropped, it leaves.
pub struct Carried {
    stream: Stream,
    subscription: SubscriptionId,
    _seat: Seat,
}

struct Seat(Arc<AtomicUsize>);

impl Key {
    fn members_max(&self) -> usize {
        match (&self.alone, &self.place.group, &self.back_end) {
            (Some(_), _, _) => 1,
            (None, None, None) => SUBSCRIPTIONS_UNGROUPED_MAX,
            (None, Some(_), _) | (None, None, Some(_)) => SUBSCRIPTIONS_MAX,
        }
    }
}

impl Streams {
    /// Told to stop, each stream gives its subscriptions back.
    pub fn new(connection: Connection, world: World, alarms: Alarms, stop: Stop) -> Self {
        let (streams, tasks) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { connection, world, alarms, stop, streams, tasks }))
    }

    /// Subscribes to a mailbox and puts it on a stream. From the moment the stream is open with
    /// it, `inbox` hears about the mailbox. `losses`: how often in a row that was in vain.
    pub async fn carry(
        &self,
        mailbox: &MailboxAddress,
        inbox: Inbox,
        losses: u32,
    ) -> Result<Carried, Failure> {
        let place = self.0.connection.place(Some(mailbox));
        let alone = (losses >= LOSSES_MAX).then(|| mailbox.clone());
        let is_grouped = place.group.is_some() && alone.is_none();
        let key = Key { place, back_end: None, alone };
        let session = Session::new(self.0.connection.clone(), mailbox.clone());
        if is_grouped {
            self.follow_anchor(key, &session, inbox).await
        } else {
            self.follow_id(key, &session, inbox).await
        }
    }

    /// Exchange has told which mailboxes belong together: the first of a stream is the anchor, the
    /// others go where it is.
    async fn follow_anchor(
        &self,
        key: Key,
        session: &Session,
        inbox: Inbox,
    ) -> Result<Carried, Failure> {
        let (stream, seat) = self.seat(key);
        let mut anchor = stream.anchor().await;
        let subscription = if let Some(affinity) = anchor.clone() {
            drop(anchor);
            session.subscribe(&affinity).await?.0
        } else {
            let own = Affinity::to(session.mailbox().clone());
            let (subscription, cookie) = session.subscribe(&own).await?;
            *anchor = Some(Affinity { cookie, ..own });
            subscription
        };
        Ok(Carried::new(
            stream,
            seat,
            Member { subscription, mailbox: session.mailbox().clone(), inbox },
        ))
    }

    /// Nobody has told; the id of the subscription may.
    async fn follow_id(
        &self,
        key: Key,
        session: &Session,
        inbox: Inbox,
    ) -> Result<Carried, Failure> {
        let own = Affinity::to(session.mailbox().clone());
        let (subscription, cookie) = session.subscribe(&own).await?;
        let (stream, seat) = self.seat(Key { back_end: subscription.back_end(), ..key });
        stream.anchor().await.get_or_insert(Affinity { cookie, ..own });
        Ok(Carried::new(
            stream,
            seat,
            Member { subscription, mailbox: session.mailbox().clone(), inbox },
        ))
    }

    /// A seat on a stream that has room, or on a new one.
    fn seat(&self, key: Key) -> (Stream, Seat) {
        let members_max = key.members_max();
        let mut streams = self.streams();
        let of_key = streams.entry(key).or_default();
        // One that has ended broke off by a defect; its mailboxes have been told.
        of_key.retain(|seated| !seated.stream.has_ended());
        let room = of_key.iter().find(|s| s.taken.load(Ordering::Relaxed) < members_max);
        let Seated { stream, taken } = room.cloned().unwrap_or_else(|| {
            let seated = Seated { stream: self.open(), taken: Arc::default() };
            of_key.push(seated.clone());
            seated
        });
        taken.fetch_add(1, Ordering::Relaxed);
        (stream, Seat(taken))
    }

    fn open(&self) -> Stream {
        let (connection, world) = (self.0.connection.clone(), self.0.world.clone());
        let (stream, group) = Group::new(connection, world, self.0.alarms.clone());
        let stop = self.0.stop.clone();
        self.tasks().spawn(group.run(stop));
        stream
    }

    /// Waits until all have given their subscriptions back.
    pub async fn ended(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks());
        while tasks.join_next().await.is_some() {}
    }

    fn streams(&self) -> MutexGuard<'_, BTreeMap<Key, Vec<Seated>>> {
        self.0.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Carried {
    fn new(stream: Stream, seat: Seat, member: Member) -> Self {
        let subscription = member.subscription.clone();
        stream.join(member);
        Self { stream, subscription, _seat: seat }
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        self.stream.leave(self.subscription.clone());
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
