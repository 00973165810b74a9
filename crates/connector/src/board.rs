//! Whose turn it is: which mailboxes have something to do, which wait and for what. One queue, each
//! mailbox in it at most once, first come first served: a noisy mailbox takes one turn and then
//! stands behind everybody else.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::{Notify, Semaphore},
    time::{Instant, sleep_until},
};

use crate::news::News;

/// A mailbox by its number in the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat(pub u32);

/// Shared by workers, streams and the keeper of time.
pub struct Board {
    state: Mutex<State>,
    /// One permit per mailbox in the queue.
    queued: Semaphore,
    earlier_timer: Notify,
}

struct State {
    seats: Vec<Standing>,
    queue: VecDeque<Seat>,
    timers: BTreeSet<(Instant, Seat)>,
}

struct Standing {
    news: News,
    phase: Phase,
    due: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Queued,
    /// A worker is at it.
    Busy,
    /// For news, or for its time.
    Waiting,
    /// For its time alone; news is kept.
    Pausing,
    AwaitingLease,
}

/// Where one mailbox's news goes. Cheap to clone.
#[derive(Clone)]
pub struct Inbox {
    board: Arc<Board>,
    seat: Seat,
}

impl Board {
    /// All of them have something to do at first.
    pub fn new(mailboxes: u32) -> Self {
        let standing = || Standing { news: News::default(), phase: Phase::Queued, due: None };
        let state = State {
            seats: (0..mailboxes).map(|_| standing()).collect(),
            queue: (0..mailboxes).map(Seat).collect(),
            timers: BTreeSet::new(),
        };
        let queued = Semaphore::new(state.queue.len());
        Self { state: Mutex::new(state), queued, earlier_timer: Notify::new() }
    }

    pub fn inbox(self: &Arc<Self>, seat: Seat) -> Inbox {
        Inbox { board: Arc::clone(self), seat }
    }

    /// Waits for somebody's turn, and takes it with the news there is.
    pub async fn take(&self) -> (Seat, News) {
        loop {
            if let Ok(permit) = self.queued.acquire().await {
                permit.forget();
            }
            let mut state = self.state();
            if let Some(seat) = state.queue.pop_front()
                && let Some(standing) = state.at(seat)
            {
                standing.phase = Phase::Busy;
                return (seat, std::mem::take(&mut standing.news));
            }
        }
    }

    /// A worker is done with a mailbox until there is news or this moment has come.
    pub fn wait(&self, seat: Seat, until: Instant) {
        let mut state = self.state();
        match state.at(seat) {
            Some(standing) if !standing.news.is_none() => self.queue(&mut state, seat),
            Some(_) | None => self.rest(&mut state, seat, Phase::Waiting, Some(until)),
        }
    }

    /// … until this moment has come, whatever the news.
    pub fn pause(&self, seat: Seat, until: Instant) {
        self.rest(&mut self.state(), seat, Phase::Pausing, Some(until));
    }

    pub fn await_lease(&self, seat: Seat) {
        self.rest(&mut self.state(), seat, Phase::AwaitingLease, None);
    }

    /// Those who waited for a lease that is now held may go on.
    pub fn leases_changed(&self, is_held: impl Fn(Seat) -> bool) {
        let mut state = self.state();
        let seats = (0..).map(Seat).zip(&state.seats);
        let awaiting = seats.filter(|(_, standing)| standing.phase == Phase::AwaitingLease);
        let held: Vec<Seat> =
            awaiting.map(|(seat, _)| seat).filter(|seat| is_held(*seat)).collect();
        for seat in held {
            self.queue(&mut state, seat);
        }
    }

    /// Lets those whose time has come take their turn; never ends.
    pub async fn keep_time(&self) {
        loop {
            let earlier = self.earlier_timer.notified();
            let next = self.wake_due(Instant::now());
            let due = async {
                match next {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => {}
                () = earlier => {}
            }
        }
    }

    /// When the next is due.
    fn wake_due(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state();
        loop {
            let (at, seat) = *state.timers.first()?;
            if at > now {
                return Some(at);
            }
            self.queue(&mut state, seat);
        }
    }

    fn queue(&self, state: &mut State, seat: Seat) {
        state.forget_timer(seat);
        if let Some(standing) = state.at(seat) {
            standing.phase = Phase::Queued;
            state.queue.push_back(seat);
            self.queued.add_permits(1);
        }
    }

    fn rest(&self, state: &mut State, seat: Seat, phase: Phase, due: Option<Instant>) {
        state.forget_timer(seat);
        let Some(standing) = state.at(seat) else { return };
        standing.phase = phase;
        standing.due = due;
        if let Some(at) = due {
            let is_earlier = state.timers.first().is_none_or(|(first, _)| at < *first);
            state.timers.insert((at, seat));
            if is_earlier {
                self.earlier_timer.notify_one();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn at(&mut self, seat: Seat) -> Option<&mut Standing> {
        self.seats.get_mut(usize::try_from(seat.0).ok()?)
    }

    fn forget_timer(&mut self, seat: Seat) {
        if let Some(at) = self.at(seat).and_then(|standing| standing.due.take()) {
            self.timers.remove(&(at, seat));
        }
    }
}

impl Inbox {
    /// Marks something, and wakes the mailbox if that is what it waits for.
    pub fn note(&self, mark: impl FnOnce(&mut News)) {
        let mut state = self.board.state();
        let Some(standing) = state.at(self.seat) else { return };
        mark(&mut standing.news);
        if standing.phase == Phase::Waiting {
            self.board.queue(&mut state, self.seat);
        }
    }
}

#[cfg(test)]
mod tests;
