//! What a status of Webex means, and what becomes of it: one table.

use std::time::Duration;

use crate::meeting::ProviderFailure;

/// What became of a call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CallFailure {
    /// 423: this meeting is locked; or we were told to wait before, and did not even ask.
    Wait(Duration),
    /// 429: nobody of this tenant asks anything for so long.
    TooMany(Duration),
    /// Nothing reached the service.
    NotSent,
    /// Time-outs, broken connections, 5xx, answers that make no sense: it may have happened.
    Uncertain(&'static str),
    /// 504: a list may have been too long.
    TooSlow,
    /// 400 and whatever else says that this request is wrong.
    Invalid(&'static str),
    /// 401 twice, or no token to be had.
    SignedOut(&'static str),
    /// 403
    Forbidden,
    /// 404 and 410
    Gone,
    /// 409
    Conflict,
    /// 415
    MediaType,
    /// Today's requests are used up, all but a reserve.
    Quota,
    /// An answer that must not be believed.
    Lie(&'static str),
}

/// Longer ones are asked about again.
const WAIT_MAX: Duration = Duration::from_secs(60 * 60);
/// If Webex does not say for how long.
const WAIT_DEFAULT: Duration = Duration::from_secs(30);

impl CallFailure {
    pub(super) fn of(status: u16, retry_after: Option<Duration>) -> Self {
        match status {
            401 => Self::SignedOut("Webex does not take the access token"),
            403 => Self::Forbidden,
            404 | 410 => Self::Gone,
            409 => Self::Conflict,
            415 => Self::MediaType,
            423 => Self::Wait(retry_after.unwrap_or(WAIT_DEFAULT).min(WAIT_MAX)),
            429 => Self::TooMany(retry_after.unwrap_or(WAIT_DEFAULT).min(WAIT_MAX)),
            504 => Self::TooSlow,
            500..=599 => Self::Uncertain("Webex failed"),
            400..=499 => Self::Invalid("Webex finds the request wrong"),
            // Redirects are not followed: the token would go along.
            _ => Self::Uncertain("Webex answered with a status that makes no sense"),
        }
    }

    /// Whether the call may have been carried out.
    pub(super) fn is_uncertain(&self) -> bool {
        match self {
            Self::Uncertain(_) | Self::TooSlow | Self::Lie(_) => true,
            Self::Wait(_)
            | Self::TooMany(_)
            | Self::NotSent
            | Self::Invalid(_)
            | Self::SignedOut(_)
            | Self::Forbidden
            | Self::Gone
            | Self::Conflict
            | Self::MediaType
            | Self::Quota => false,
        }
    }

    /// Whether the service is to be spared.
    pub(super) fn is_outage(&self) -> bool {
        match self {
            Self::NotSent | Self::Uncertain(_) | Self::TooSlow => true,
            Self::Wait(_)
            | Self::TooMany(_)
            | Self::Invalid(_)
            | Self::SignedOut(_)
            | Self::Forbidden
            | Self::Gone
            | Self::Conflict
            | Self::MediaType
            | Self::Quota
            | Self::Lie(_) => false,
        }
    }
}

impl From<CallFailure> for ProviderFailure {
    fn from(failure: CallFailure) -> Self {
        match failure {
            CallFailure::Wait(time) | CallFailure::TooMany(time) => Self::Wait(time),
            CallFailure::NotSent => Self::Trouble("Webex cannot be reached"),
            CallFailure::Uncertain(why) | CallFailure::Lie(why) => Self::Trouble(why),
            CallFailure::TooSlow => Self::Trouble("Webex did not answer in time"),
            CallFailure::Invalid(why) => Self::Meeting(why),
            CallFailure::SignedOut(why) => Self::Refused(why),
            CallFailure::Forbidden => Self::Refused(
                "Webex forbids it: the app lacks a scope, or the host a licence or this site",
            ),
            CallFailure::Gone => Self::Meeting("Webex knows no such host or meeting"),
            CallFailure::Conflict => Self::Trouble("somebody changes the meeting at the same time"),
            CallFailure::MediaType => {
                Self::Refused("Webex takes neither media type of changes: patch_media_type")
            }
            CallFailure::Quota => {
                Self::Refused("nearly all meetings that Webex allows a day have been made")
            }
        }
    }
}

/// Seconds, as Webex writes it; anything else is not understood.
pub(super) fn retry_after(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_its_reaction() {
        let minute = Duration::from_secs(60);
        let at_once = |status| ProviderFailure::from(CallFailure::of(status, Some(minute)));
        for status in [400, 405, 428, 404, 410] {
            assert!(matches!(at_once(status), ProviderFailure::Meeting(_)), "{status}");
        }
        for status in [401, 403, 415] {
            assert!(matches!(at_once(status), ProviderFailure::Refused(_)), "{status}");
        }
        for status in [409, 500, 502, 503, 504, 302, 100] {
            assert!(matches!(at_once(status), ProviderFailure::Trouble(_)), "{status}");
        }
        for status in [423, 429] {
            assert_eq!(at_once(status), ProviderFailure::Wait(minute), "{status}");
        }
        let long = CallFailure::of(429, Some(Duration::from_secs(999_999)));
        assert_eq!(long, CallFailure::TooMany(WAIT_MAX));
        assert_eq!(CallFailure::of(423, None), CallFailure::Wait(WAIT_DEFAULT));
        assert_eq!(retry_after(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }
}
