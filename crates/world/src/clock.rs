//! What time it is: the computer's clock, or one that tests move.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Cheap to clone; all clones of a virtual clock show the same time.
#[derive(Clone)]
pub enum Clock {
    System,
    /// Follows tokio's paused clock.
    Virtual(Virtual),
}

#[derive(Clone)]
pub struct Virtual {
    start: Timestamp,
    origin: Instant,
    holds: Arc<Holds>,
}

#[derive(Default)]
struct Holds {
    count: Mutex<usize>,
    released: Condvar,
}

impl Clock {
    pub fn virtual_from(start: Timestamp) -> Self {
        Self::Virtual(Virtual { start, origin: Instant::now(), holds: Arc::default() })
    }

    pub fn now(&self) -> Timestamp {
        match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that asks the computer")]
            Self::System => Timestamp::now(),
            Self::Virtual(clock) => {
                let passed = SignedDuration::try_from(clock.origin.elapsed());
                let passed = passed.unwrap_or(SignedDuration::MAX);
                clock.start.checked_add(passed).unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// Milliseconds since 1970, as content revisions use them.
    pub fn now_ms(&self) -> i64 {
        self.now().as_millisecond()
    }

    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    /// Returns at once if the time has passed.
    pub async fn sleep_until(&self, time: Timestamp) {
        // A far-away time is reached in steps, which also follows a corrected computer clock.
        loop {
            let left = time.duration_since(self.now());
            let Ok(left) = Duration::try_from(left) else { return };
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(SLEEP_STEP_MAX)).await;
        }
    }

    /// While a hold lives, virtual time stands still: databases answer from other threads, which
    /// a paused runtime takes for idleness. Nothing on the computer's clock.
    #[must_use]
    pub fn hold(&self) -> Hold {
        match self {
            Self::System => Hold(None),
            Self::Virtual(clock) => Hold::begin(Arc::clone(&clock.holds)),
        }
    }
}

const SLEEP_STEP_MAX: Duration = Duration::from_secs(3600);

/// See [`Clock::hold`].
pub struct Hold(Option<Arc<Holds>>);

impl Hold {
    fn begin(holds: Arc<Holds>) -> Self {
        let mut count = holds.count.lock().unwrap_or_else(PoisonError::into_inner);
        *count += 1;
        if *count == 1 {
            let waiting = Arc::clone(&holds);
            // tokio does not advance paused time while a blocking task runs.
            tokio::task::spawn_blocking(move || waiting.wait());
        }
        drop(count);
        Self(Some(holds))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(holds) = &self.0 {
            let mut count = holds.count.lock().unwrap_or_else(PoisonError::into_inner);
            *count -= 1;
            if *count == 0 {
                holds.released.notify_all();
            }
        }
    }
}

impl Holds {
    fn wait(&self) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        while *count > 0 {
            count = self.released.wait(count).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nine() -> Timestamp {
        "2026-11-24T09:00:00Z".parse().expect("a time")
    }

    #[tokio::test(start_paused = true)]
    async fn virtual_time_passes_by_sleeping() {
        let clock = Clock::virtual_from(nine());
        clock.sleep_until("2026-11-25T09:00:00Z".parse().expect("a time")).await;
        assert_eq!(clock.now().to_string(), "2026-11-25T09:00:00Z");
        clock.sleep_until(nine()).await; // already past
        assert_eq!(clock.now().to_string(), "2026-11-25T09:00:00Z");
    }

    #[tokio::test(start_paused = true)]
    async fn time_stands_still_while_held() {
        let clock = Clock::virtual_from(nine());
        let hold = clock.hold();
        let (done, waited) = std::sync::mpsc::channel::<()>();
        let other_thread = std::thread::spawn(move || done.send(()));
        let answer = tokio::task::spawn_blocking(move || waited.recv());
        tokio::select! {
            answer = answer => assert!(answer.is_ok()),
            () = clock.sleep(Duration::from_secs(3600)) => panic!("time ran on"),
        }
        assert_eq!(clock.now(), nine());
        drop(hold);
        assert!(other_thread.join().is_ok());
        clock.sleep(Duration::from_secs(1)).await;
        assert!(clock.now() > nine());
    }
}
