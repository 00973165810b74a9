//! All followed mailboxes: a few workers take turns at many, so that an idle mailbox costs next to
//! nothing and a noisy one no more than its turn.

use std::{
    collections::{BTreeMap, HashMap},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use protocol::ids::{MailboxAddress, UserId};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    board::{Board, Seat},
    follower::{Follower, Rest, Shared},
    news::News,
};

/// Mailboxes that something is being done for at once.
pub const WORKERS: usize = 64;
/// What is remembered of mailboxes in memory, roughly; beyond that those idle longest are forgotten
/// and read from the cloud again when something happens in them.
pub const REMEMBERED_BYTES_MAX: usize = 32 * 1024 * 1024;
/// After a defect.
const TAKE_UP_ANEW: Duration = Duration::from_secs(30);
/// A pause gets longer by a part of itself, so that those who began together do not end together.
const PAUSE_JITTER_PART: u32 = 10;

/// Mailboxes and whose turn it is. Cheap to clone.
#[derive(Clone)]
pub struct Fleet(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    board: Arc<Board>,
    members: Vec<Member>,
    remembered: Mutex<Remembered>,
    remembered_bytes_max: usize,
}

struct Member {
    address: MailboxAddress,
    user: UserId,
    /// `None` while a worker has it.
    follower: Mutex<Option<Box<Follower>>>,
}

/// Who remembers how much, the one idle longest first.
#[derive(Default)]
struct Remembered {
    bytes: usize,
    clock: u64,
    by_age: BTreeMap<u64, Seat>,
    of: HashMap<Seat, (u64, usize)>,
}

impl Fleet {
    pub fn new(
        shared: &Arc<Shared>,
        addresses: Vec<MailboxAddress>,
        remembered_bytes_max: usize,
    ) -> Self {
        let board = Arc::new(Board::new(u32::try_from(addresses.len()).unwrap_or(u32::MAX)));
        let seats = (0..).map(Seat);
        let member = |(address, seat): (MailboxAddress, Seat)| {
            let inbox = board.inbox(seat);
            let follower = Follower::new(Arc::clone(shared), address.clone(), inbox);
            let (user, follower) = (follower.user(), Mutex::new(Some(Box::new(follower))));
            Member { address, user, follower }
        };
        let members = addresses.into_iter().zip(seats).map(member).collect();
        Self(Arc::new(Inner {
            shared: Arc::clone(shared),
            board: Arc::clone(&board),
            members,
            remembered: Mutex::default(),
            remembered_bytes_max,
        }))
    }

    /// Starts everything; none of these tasks ends by itself.
    pub fn start(&self, tasks: &mut JoinSet<()>) {
        let board = Arc::clone(&self.0.board);
        tasks.spawn(async move { board.keep_time().await });
        let fleet = self.clone();
        tasks.spawn(async move { fleet.watch_leases().await });
        for _ in 0..WORKERS.min(self.0.members.len()) {
            let fleet = self.clone();
            tasks.spawn(async move { fleet.work().await });
        }
    }

    async fn watch_leases(&self) {
        let leases = &self.0.shared.leases;
        let mut changes = leases.changes();
        loop {
            if changes.changed().await.is_err() {
                // The renewing task has ended, and with it soon this one.
                return std::future::pending().await;
            }
            self.0.board.leases_changed(|seat| {
                self.0.member(seat).is_some_and(|member| leases.held(member.user).is_some())
            });
        }
    }

    async fn work(&self) {
        loop {
            let (seat, news) = self.0.board.take().await;
            let Some(member) = self.0.member(seat) else { continue };
            let Some(mut follower) = member.take() else { continue };
            // A defect of ours must neither stop the worker nor forget the mailbox silently.
            let stepping = AssertUnwindSafe(self.0.step(&mut follower, news));
            let rest = match stepping.catch_unwind().await {
                Ok(rest) => rest,
                Err(_panic) => {
                    tracing::error!(
                        alarm.id = "defect",
                        mailbox.id = %member.user,
                        "Following a mailbox broke off; taking it up anew"
                    );
                    follower = self.0.anew(member, seat);
                    Rest::Pause(TAKE_UP_ANEW)
                }
            };
            let bytes = follower.loaded_bytes();
            member.put_back(follower);
            for seat in self.0.remembers(seat, bytes) {
                self.0.forget(seat);
            }
            self.0.rest(seat, rest);
        }
    }
}

impl Inner {
    fn member(&self, seat: Seat) -> Option<&Member> {
        self.members.get(usize::try_from(seat.0).ok()?)
    }

    /// Boxed, so that a worker at rest is small.
    async fn step(&self, follower: &mut Follower, news: News) -> Rest {
        Box::pin(follower.step(news)).await
    }

    fn anew(&self, member: &Member, seat: Seat) -> Box<Follower> {
        let (shared, inbox) = (Arc::clone(&self.shared), self.board.inbox(seat));
        Box::new(Follower::new(shared, member.address.clone(), inbox))
    }

    fn rest(&self, seat: Seat, rest: Rest) {
        let now = Instant::now();
        match rest {
            Rest::News(limit) => self.board.wait(seat, now + limit),
            Rest::Pause(time) => {
                let jitter = self.shared.world.chance.jitter(time / PAUSE_JITTER_PART);
                self.board.pause(seat, now + time + jitter);
            }
            Rest::Lease => {
                self.board.await_lease(seat);
                // It may have been granted since it was asked for.
                let held = |member: &Member| self.shared.leases.held(member.user).is_some();
                if self.member(seat).is_some_and(held) {
                    self.board.leases_changed(|other| other == seat);
                }
            }
        }
    }

    /// Notes what a mailbox remembers now, and says who has to forget.
    fn remembers(&self, seat: Seat, bytes: usize) -> Vec<Seat> {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.note(seat, bytes, self.remembered_bytes_max)
    }

    /// Unless a worker has it: then it is not idle, and is noted again when it is done.
    fn forget(&self, seat: Seat) {
        let Some(member) = self.member(seat) else { return };
        let mut follower = member.follower.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(follower) = follower.as_mut() {
            follower.unload();
        }
    }
}

impl Member {
    fn take(&self) -> Option<Box<Follower>> {
        self.follower.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put_back(&self, follower: Box<Follower>) {
        *self.follower.lock().unwrap_or_else(PoisonError::into_inner) = Some(follower);
    }
}

impl Remembered {
    fn note(&mut self, seat: Seat, bytes: usize, bytes_max: usize) -> Vec<Seat> {
        self.drop(seat);
        if bytes > 0 {
            self.clock += 1;
            self.by_age.insert(self.clock, seat);
            self.of.insert(seat, (self.clock, bytes));
            self.bytes += bytes;
        }
        let mut forgotten = Vec::new();
        while self.bytes > bytes_max {
            let Some((_, oldest)) = self.by_age.first_key_value().map(|(age, seat)| (*age, *seat))
            else {
                break;
            };
            self.drop(oldest);
            forgotten.push(oldest);
        }
        forgotten
    }

    fn drop(&mut self, seat: Seat) {
        if let Some((age, bytes)) = self.of.remove(&seat) {
            self.by_age.remove(&age);
            self.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_idle_longest_are_forgotten_first() {
        let mut remembered = Remembered::default();
        assert!(remembered.note(Seat(1), 40, 100).is_empty());
        assert!(remembered.note(Seat(2), 40, 100).is_empty());
        assert!(remembered.note(Seat(1), 50, 100).is_empty(), "used again");
        assert_eq!(remembered.note(Seat(3), 40, 100), [Seat(2)]);
        assert_eq!(remembered.bytes, 90);
        assert_eq!(remembered.note(Seat(4), 1000, 100), [Seat(1), Seat(3), Seat(4)]);
        assert_eq!((remembered.bytes, remembered.of.len(), remembered.by_age.len()), (0, 0, 0));
        assert!(remembered.note(Seat(1), 0, 100).is_empty(), "nothing is remembered");
    }
}
