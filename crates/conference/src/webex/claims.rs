//! One at a time for each meeting, and what is not settled about it: Webex's lists may lag behind,
//! so for a while after a request "not found" does not mean "not made".

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::answer::Meeting;

/// After so long a list shows what was made. Nobody has published how long it really takes.
pub(super) const SETTLED_AFTER: Duration = Duration::from_secs(30);
/// More than can be under way; the oldest is forgotten.
const MARKS_MAX: usize = 10_000;

#[derive(Default)]
pub(super) struct Claims {
    locks: Mutex<BTreeMap<String, Arc<AsyncMutex<()>>>>,
    /// Since when: asked for and the answer is not known, or made while somebody else may have done
    /// so, too.
    marks: Mutex<BTreeMap<String, Timestamp>>,
    /// By series: exceptions that Webex threw away and that are to be made again.
    exceptions: Mutex<BTreeMap<String, Vec<Meeting>>>,
}

impl Claims {
    /// Nobody else in this process deals with the meeting until the guard is dropped.
    pub(super) async fn lock(&self, tag: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = held(&self.locks);
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(locks.entry(tag.to_owned()).or_default())
        };
        lock.lock_owned().await
    }

    pub(super) fn mark(&self, tag: &str, now: Timestamp) {
        let mut marks = held(&self.marks);
        marks.insert(tag.to_owned(), now);
        if marks.len() > MARKS_MAX {
            let oldest = marks.iter().min_by_key(|(_, since)| **since);
            if let Some(oldest) = oldest.map(|(tag, _)| tag.clone()) {
                marks.remove(&oldest);
            }
        }
    }

    /// How long "not found" is not to be believed yet.
    pub(super) fn doubt(&self, tag: &str, now: Timestamp) -> Option<Duration> {
        let since = held(&self.marks).get(tag).copied()?;
        let settled = since.checked_add(SETTLED_AFTER).ok()?;
        let left = Duration::try_from(settled.duration_since(now)).ok()?;
        (!left.is_zero()).then_some(left)
    }

    /// Whether nobody has looked for a second one since it could be seen.
    pub(super) fn is_unchecked(&self, tag: &str) -> bool {
        held(&self.marks).contains_key(tag)
    }

    /// Looked at; what is older than the lag of lists is settled.
    pub(super) fn checked(&self, tag: &str, now: Timestamp) {
        if self.doubt(tag, now).is_none() {
            held(&self.marks).remove(tag);
        }
    }

    pub(super) fn forget(&self, tag: &str) {
        held(&self.marks).remove(tag);
    }

    pub(super) fn keep_exceptions(&self, series: &str, exceptions: Vec<Meeting>) {
        if !exceptions.is_empty() {
            held(&self.exceptions).insert(series.to_owned(), exceptions);
        }
    }

    pub(super) fn take_exceptions(&self, series: &str) -> Vec<Meeting> {
        held(&self.exceptions).remove(series).unwrap_or_default()
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn for_a_while_nothing_found_means_nothing() {
        let claims = Claims::default();
        assert_eq!(claims.doubt("a", at(0)), None);
        claims.mark("a", at(0));
        assert_eq!(claims.doubt("a", at(10)), Some(Duration::from_secs(20)));
        claims.checked("a", at(10));
        assert!(claims.is_unchecked("a"), "looked too early");
        assert_eq!(claims.doubt("a", at(30)), None);
        claims.checked("a", at(30));
        assert!(!claims.is_unchecked("a"));
    }

    #[tokio::test]
    async fn a_meeting_is_dealt_with_by_one_at_a_time_and_locks_do_not_pile_up() {
        let claims = Claims::default();
        let one = claims.lock("a").await;
        let other = claims.lock("b").await;
        tokio::select! {
            biased;
            _second = claims.lock("a") => panic!("two at once"),
            () = tokio::task::yield_now() => {}
        }
        drop((one, other));
        let _third = claims.lock("a").await;
        assert_eq!(held(&claims.locks).len(), 1);
    }
}
