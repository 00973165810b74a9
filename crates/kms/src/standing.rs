//! What an administrator ordered about a person's keys, and what follows from it: pure.

use jiff::{SignedDuration, Timestamp};

/// What was done, and about whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// New seals get a new key; the old one is still given out.
    Rotate,
    /// Keys made until then are given to nobody any more.
    Revoke,
    /// All keys are gone, and no new ones are made.
    Erase,
    /// Somebody who was erased gets new keys again.
    Readmit,
}

/// Everything ordered about one resource, put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    rotated_ms: Option<i64>,
    revoked_ms: Option<i64>,
    pub(crate) is_erased: bool,
}

impl Standing {
    /// From what was done, oldest first.
    pub(crate) fn of(acts: impl IntoIterator<Item = (What, i64)>) -> Self {
        let mut standing = Self::default();
        for (what, at_ms) in acts {
            match what {
                What::Rotate => standing.rotated_ms = standing.rotated_ms.max(Some(at_ms)),
                What::Revoke => standing.revoked_ms = standing.revoked_ms.max(Some(at_ms)),
                What::Erase => standing.is_erased = true,
                What::Readmit => standing.is_erased = false,
            }
        }
        standing
    }

    pub(crate) fn is_revoked(&self, made: Timestamp) -> bool {
        self.revoked_ms.is_some_and(|until| made.as_millisecond() <= until)
    }

    /// Whether new seals must not use this key any more, ordered or for its age.
    pub(crate) fn is_due(&self, made: Timestamp, now: Timestamp, used_max: SignedDuration) -> bool {
        let ordered = self.rotated_ms.max(self.revoked_ms);
        ordered.is_some_and(|at| made.as_millisecond() <= at)
            || now.duration_since(made) >= used_max
    }

    /// When a key that is made now counts as made: after what was ordered, also if it was in this
    /// very millisecond or the clock was set back.
    pub(crate) fn made(&self, now: Timestamp) -> Timestamp {
        let after = self.rotated_ms.max(self.revoked_ms).map(|at| at.saturating_add(1));
        let after = after.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        after.map_or(now, |after| after.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_what_was_ordered() {
        use What::{Erase, Readmit, Revoke, Rotate};

        let at = |ms| Timestamp::from_millisecond(ms).expect("a time");
        let long = SignedDuration::from_hours(24);
        let facts = |acts: &[(What, i64)], made| {
            let standing = Standing::of(acts.iter().copied());
            let (made, now) = (at(made), at(2000));
            (standing.is_due(made, now, long), standing.is_revoked(made), standing.is_erased)
        };
        assert_eq!(facts(&[], 500), (false, false, false));
        assert_eq!(facts(&[(Rotate, 1000)], 500), (true, false, false));
        assert_eq!(facts(&[(Rotate, 1000)], 1000), (true, false, false));
        assert_eq!(facts(&[(Rotate, 1000)], 1001), (false, false, false));
        assert_eq!(facts(&[(Revoke, 1000)], 1000), (true, true, false));
        assert_eq!(facts(&[(Revoke, 1000)], 1001), (false, false, false));
        assert_eq!(facts(&[(Revoke, 1000), (Rotate, 1500)], 1200), (true, false, false));
        assert_eq!(facts(&[(Erase, 1000)], 500), (false, false, true));
        assert_eq!(facts(&[(Erase, 1000), (Readmit, 1001)], 500), (false, false, false));
    }

    #[test]
    fn a_key_is_replaced_for_its_age_and_its_successor_is_not_due() {
        let at = |ms| Timestamp::from_millisecond(ms).expect("a time");
        let day = SignedDuration::from_hours(24);
        let none = Standing::default();
        assert!(!none.is_due(at(0), at(86_399_999), day));
        assert!(none.is_due(at(0), at(86_400_000), day));
        let revoked = Standing::of([(What::Revoke, 1000)]);
        for now in [at(999), at(1000)] {
            assert!(!revoked.is_revoked(revoked.made(now)), "not even with a clock set back");
        }
        assert_eq!(revoked.made(at(5000)), at(5000));
    }
}
