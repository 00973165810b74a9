//! How much we ask of one Exchange server at once: fewer requests and smaller batches whenever it
//! says that it is busy, slowly more again while it does not (additive increase, multiplicative
//! decrease).

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

/// Requests under way at once to one server, streams not counted: to begin with, and at most.
const REQUESTS_FIRST: usize = 16;
pub const REQUESTS_MAX: usize = 48;
/// Entries asked for in one request, at most.
pub const BATCH_MAX: usize = 50;
/// Signals within this belong to the same overload.
const HALVE_EVERY: Duration = Duration::from_secs(1);
/// One more request, and twice the batch, after each such time without a signal.
const QUIET: Duration = Duration::from_mins(1);

/// Requests are let in in the order in which they came.
pub struct Budget {
    room: Semaphore,
    state: Mutex<State>,
}

struct State {
    limit: usize,
    /// Permits that are out and must not come back.
    excess: usize,
    batch: usize,
    changed_at: Instant,
}

/// A request under way.
pub struct Entered<'a> {
    budget: &'a Budget,
    permit: Option<SemaphorePermit<'a>>,
}

impl Default for Budget {
    fn default() -> Self {
        let state = State {
            limit: REQUESTS_FIRST,
            excess: 0,
            batch: BATCH_MAX,
            changed_at: Instant::now(),
        };
        Self { room: Semaphore::new(REQUESTS_FIRST), state: Mutex::new(state) }
    }
}

impl Budget {
    pub async fn enter(&self) -> Entered<'_> {
        Entered { budget: self, permit: self.room.acquire().await.ok() }
    }

    /// How many entries to ask for in one request now.
    pub fn batch(&self) -> usize {
        self.state().batch
    }

    /// The server says that it is busy.
    pub fn slow_down(&self) {
        let mut state = self.state();
        let now = Instant::now();
        let is_same_overload = state.limit < REQUESTS_FIRST || state.batch < BATCH_MAX;
        if is_same_overload && now.duration_since(state.changed_at) < HALVE_EVERY {
            return;
        }
        state.changed_at = now;
        state.batch = (state.batch / 2).max(1);
        let fewer = state.limit / 2;
        state.limit -= fewer;
        let forgotten = self.room.forget_permits(fewer);
        state.excess += fewer - forgotten;
        tracing::info!(
            requests = state.limit,
            batch = state.batch,
            "Exchange is busy; asking for less"
        );
    }

    /// The server answered as if nothing were the matter.
    pub fn went_well(&self) {
        let mut state = self.state();
        let now = Instant::now();
        if now.duration_since(state.changed_at) < QUIET {
            return;
        }
        state.changed_at = now;
        state.batch = (state.batch * 2).min(BATCH_MAX);
        if state.limit < REQUESTS_MAX {
            state.limit += 1;
            if state.excess > 0 {
                state.excess -= 1;
            } else {
                self.room.add_permits(1);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut state = self.budget.state();
        if state.excess > 0
            && let Some(permit) = self.permit.take()
        {
            state.excess -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn room(budget: &Budget) -> usize {
        budget.room.available_permits()
    }

    #[tokio::test(start_paused = true)]
    async fn halves_once_per_overload_down_to_one_and_recovers_slowly() {
        let budget = Budget::default();
        budget.slow_down();
        budget.slow_down();
        assert_eq!((room(&budget), budget.batch()), (8, 25), "one overload");
        for _ in 0..8 {
            advance(HALVE_EVERY).await;
            budget.slow_down();
        }
        assert_eq!((room(&budget), budget.batch()), (1, 1), "never nothing");
        budget.went_well();
        assert_eq!(room(&budget), 1, "not at once");
        for _ in 0..100 {
            advance(QUIET).await;
            budget.went_well();
        }
        assert_eq!((room(&budget), budget.batch()), (REQUESTS_MAX, BATCH_MAX));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_under_way_may_finish_but_makes_no_room() {
        let budget = Budget::default();
        let mut under_way = Vec::new();
        for _ in 0..REQUESTS_FIRST {
            under_way.push(budget.enter().await);
        }
        budget.slow_down();
        under_way.truncate(10);
        assert_eq!(room(&budget), 0, "ten are still under way, eight would be allowed");
        under_way.clear();
        assert_eq!(room(&budget), REQUESTS_FIRST / 2);
    }
}
