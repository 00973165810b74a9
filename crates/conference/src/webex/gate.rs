//! When the whole tenant is left alone: while it said "too many", and for a while after several
//! failures in a row (a circuit breaker that lets one request through to see).

use std::time::Duration;

use jiff::Timestamp;

/// Failures in a row that open the circuit.
const FAILURES_MAX: u32 = 5;
/// For how long at first, doubled each time up to the second.
const OPEN_FIRST: Duration = Duration::from_secs(30);
const OPEN_MAX: Duration = Duration::from_secs(10 * 60);

#[derive(Debug, Default)]
pub(super) struct Gate {
    failures: u32,
    closed_until: Option<Timestamp>,
}

impl Gate {
    /// How long to wait before asking; none if one may.
    pub(super) fn wait(&mut self, now: Timestamp) -> Option<Duration> {
        let until = self.closed_until?;
        let left = until.duration_since(now);
        match Duration::try_from(left) {
            Ok(left) if !left.is_zero() => Some(left),
            Ok(_) | Err(_) => {
                // One goes and looks; until it is back, the others wait a little.
                self.closed_until = (self.failures >= FAILURES_MAX).then(|| later(now, OPEN_FIRST));
                None
            }
        }
    }

    /// 429: nobody asks anything.
    pub(super) fn pause(&mut self, now: Timestamp, time: Duration) {
        let until = later(now, time);
        self.closed_until = Some(self.closed_until.map_or(until, |other| other.max(until)));
    }

    pub(super) fn failed(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        if let Some(beyond) = self.failures.checked_sub(FAILURES_MAX) {
            let time = OPEN_FIRST.saturating_mul(2_u32.saturating_pow(beyond.min(10)));
            self.pause(now, time.min(OPEN_MAX));
        }
    }

    /// It answers; a pause that was asked for goes on.
    pub(super) fn answered(&mut self) {
        if self.failures >= FAILURES_MAX {
            self.closed_until = None;
        }
        self.failures = 0;
    }
}

fn later(now: Timestamp, time: Duration) -> Timestamp {
    now.checked_add(time).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_pause_holds_everybody_back_until_it_is_over() {
        let mut gate = Gate::default();
        assert_eq!(gate.wait(at(0)), None);
        gate.pause(at(0), Duration::from_secs(10));
        gate.pause(at(1), Duration::from_secs(2));
        gate.answered();
        assert_eq!(gate.wait(at(4)), Some(Duration::from_secs(6)));
        assert_eq!(gate.wait(at(10)), None);
        assert_eq!(gate.wait(at(10)), None);
    }

    #[test]
    fn failures_in_a_row_open_the_circuit_for_longer_and_longer() {
        let mut gate = Gate::default();
        for _ in 1..FAILURES_MAX {
            gate.failed(at(0));
        }
        assert_eq!(gate.wait(at(0)), None);
        gate.failed(at(0));
        assert_eq!(gate.wait(at(1)), Some(Duration::from_secs(29)));
        assert_eq!(gate.wait(at(30)), None, "one may look");
        assert!(gate.wait(at(30)).is_some(), "and only one");
        gate.failed(at(31));
        assert_eq!(gate.wait(at(31)), Some(Duration::from_secs(60)));
        assert_eq!(gate.wait(at(91)), None);
        gate.answered();
        assert_eq!(gate.wait(at(91)), None);
        gate.failed(at(92));
        assert_eq!(gate.wait(at(92)), None, "counted from the beginning");
    }
}
