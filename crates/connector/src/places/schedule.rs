//! When to look for mailboxes again: everybody daily, the missing more often. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Everybody is looked for again a little before a day has passed, so that connectors that were
/// started together do not ask together for ever.
const DAY: SignedDuration = SignedDuration::from_hours(24);
pub(super) const EARLIER_MAX: Duration = Duration::from_hours(2);
/// Those who were not found are looked for again after this, doubled each time.
const RETRY_MIN: SignedDuration = SignedDuration::from_mins(1);
const RETRY_MAX: SignedDuration = SignedDuration::from_hours(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Everybody,
    TheMissing,
    Nobody,
}

pub(super) struct Schedule {
    everybody: Timestamp,
    missing: Timestamp,
    pause: SignedDuration,
}

impl Schedule {
    /// Everybody is due now.
    pub(super) fn from(now: Timestamp) -> Self {
        Self { everybody: now, missing: now, pause: RETRY_MIN }
    }

    /// Who is to be looked for; `earlier` is drawn by the caller.
    pub(super) fn due(&mut self, now: Timestamp, earlier: Duration) -> Due {
        if now >= self.everybody {
            let earlier = SignedDuration::try_from(earlier).unwrap_or_default();
            self.everybody = later(now, DAY - earlier);
            self.pause = RETRY_MIN;
            return Due::Everybody;
        }
        if now >= self.missing { Due::TheMissing } else { Due::Nobody }
    }

    /// A look has ended.
    pub(super) fn looked(&mut self, now: Timestamp) {
        self.missing = later(now, self.pause);
        self.pause = (self.pause * 2).min(RETRY_MAX);
    }

    /// Something was decided: the missing may be found now.
    pub(super) fn at_once(&mut self, now: Timestamp) {
        self.missing = now;
        self.pause = RETRY_MIN;
    }
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(minutes * 60).expect("a time")
    }

    #[test]
    fn everybody_daily_and_the_missing_with_growing_pauses() {
        let mut schedule = Schedule::from(at(0));
        let hour = Duration::from_hours(1);
        assert_eq!(schedule.due(at(0), hour), Due::Everybody);
        schedule.looked(at(0));
        assert_eq!(schedule.due(at(0), hour), Due::Nobody);
        for (due, next) in [(1, 3), (3, 7), (7, 15)] {
            assert_eq!(schedule.due(at(due), hour), Due::TheMissing, "{due}");
            schedule.looked(at(due));
            assert_eq!(schedule.due(at(next - 1), hour), Due::Nobody, "{next}");
        }
        schedule.at_once(at(8));
        assert_eq!(schedule.due(at(8), hour), Due::TheMissing);
        for _ in 0..20 {
            schedule.looked(at(8));
        }
        assert_eq!(schedule.due(at(8 + 59), hour), Due::Nobody);
        assert_eq!(schedule.due(at(8 + 60), hour), Due::TheMissing, "an hour at most");
        assert_eq!(schedule.due(at(23 * 60 - 1), hour), Due::TheMissing);
        assert_eq!(schedule.due(at(23 * 60), hour), Due::Everybody, "a day less an hour");
    }
}
