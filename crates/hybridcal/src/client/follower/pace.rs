//! When and how to come back after a connection ended. Pure.

use std::time::Duration;

use crate::client::Failure;

const RETRY_MIN: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(60);

/// How long to wait before coming back.
pub(super) struct Pace {
    retry: Duration,
    failures: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { retry: RETRY_MIN, failures: 0 }
    }
}

impl Pace {
    /// What the cloud asked for.
    pub(super) fn set_retry(&mut self, retry: Duration) {
        self.retry = retry.clamp(RETRY_MIN, RETRY_MAX);
    }

    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Doubles with each attempt that failed, and lasts at least as long as asked for.
    pub(super) fn pause(&mut self, at_least: Option<Duration>) -> Duration {
        let factor = 2u32.saturating_pow(self.failures);
        self.failures = self.failures.saturating_add(1);
        let pause = self.retry.saturating_mul(factor);
        pause.max(at_least.unwrap_or_default()).min(RETRY_MAX)
    }
}

/// What to do about a connection that ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    TryAgain {
        after: Option<Duration>,
    },
    CatchUp,
    ListAgain,
    /// Only a person can help.
    GiveUp,
}

pub(super) fn remedy(failure: &Failure) -> Remedy {
    match failure {
        Failure::Unreachable(_) | Failure::Silent | Failure::StreamEnded | Failure::Unreadable => {
            Remedy::TryAgain { after: None }
        }
        Failure::Busy { after } => Remedy::TryAgain { after: *after },
        // A single answer may be larger than a message of the stream.
        Failure::TooLarge => Remedy::CatchUp,
        Failure::ListAgain => Remedy::ListAgain,
        Failure::UnsafeUrl { .. }
        | Failure::Token
        | Failure::NotSignedIn
        | Failure::NotPermitted
        | Failure::WindowTooLarge
        | Failure::Refused { .. }
        | Failure::Conflict
        | Failure::NotFound
        | Failure::Keys(_)
        | Failure::Device
        | Failure::Altered
        | Failure::Output(_)
        | Failure::Ended => Remedy::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coming_back_takes_longer_each_time_up_to_a_bound() {
        let mut pace = Pace::default();
        pace.set_retry(Duration::from_secs(2));
        let pauses: Vec<_> = (0..7).map(|_| pace.pause(None).as_secs()).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60]);
        pace.succeeded();
        assert_eq!(pace.pause(None).as_secs(), 2);
        assert_eq!(pace.pause(Some(Duration::from_secs(9))).as_secs(), 9);
    }

    #[test]
    fn a_refused_token_is_not_tried_again() {
        assert_eq!(remedy(&Failure::NotSignedIn), Remedy::GiveUp);
        assert_eq!(remedy(&Failure::Silent), Remedy::TryAgain { after: None });
        assert_eq!(remedy(&Failure::TooLarge), Remedy::CatchUp);
    }
}
