//! Automatic replies as a mailbox keeps them, and whether they are sent just now.

use ews::{
    DateTime, ResponseCode,
    out_of_office::{Duration, ExternalAudience, OofSettings, OofState, ReplyBody},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::failure::{Outcome, refuse};

/// What somebody set up, for tests that act for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AutomaticReplies {
    Off,
    On { message: String },
    Scheduled { start: Timestamp, end: Timestamp, message: String },
}

impl AutomaticReplies {
    pub(crate) fn into_settings(self) -> OofSettings {
        let (oof_state, duration, message) = match self {
            Self::Off => return OofSettings::disabled(),
            Self::On { message } => (OofState::Enabled, None, message),
            Self::Scheduled { start, end, message } => {
                let times = Duration { start_time: start.into(), end_time: end.into() };
                (OofState::Scheduled, Some(times), message)
            }
        };
        OofSettings {
            oof_state,
            external_audience: Some(ExternalAudience::All),
            duration,
            internal_reply: Some(ReplyBody::of(message.clone())),
            external_reply: Some(ReplyBody::of(message)),
        }
    }
}

/// Settings as they are kept: times in UTC, a schedule with a beginning before its end.
pub(crate) fn accept(wanted: &OofSettings, zone: &TimeZone) -> Outcome<OofSettings> {
    let mut settings = wanted.clone();
    let invalid = || refuse(ResponseCode::ErrorInvalidScheduledOofDuration);
    if let Some(Duration { start_time, end_time }) = &mut settings.duration {
        let (start, end) = (start_time.to_timestamp(zone), end_time.to_timestamp(zone));
        let (start, end) = start.zip(end).ok_or_else(invalid)?;
        (*start_time, *end_time) = (start.into(), end.into());
    }
    match settings.oof_state {
        OofState::Disabled | OofState::Enabled => Ok(settings),
        OofState::Scheduled => match schedule(&settings) {
            Some((start, end)) if start < end => Ok(settings),
            Some(_) | None => Err(invalid()),
        },
        OofState::Other(_) => Err(refuse(ResponseCode::ErrorInvalidUserOofSettings)),
    }
}

/// Settings as clients see them: there is always a duration, whatever the state.
pub(crate) fn shown(kept: Option<&OofSettings>, now: Timestamp) -> OofSettings {
    let mut settings = kept.cloned().unwrap_or_else(OofSettings::disabled);
    settings.external_audience.get_or_insert(ExternalAudience::None);
    settings.duration.get_or_insert_with(|| Duration {
        start_time: DateTime::from(now),
        end_time: DateTime::from(now + DURATION_DEFAULT),
    });
    for reply in [&mut settings.internal_reply, &mut settings.external_reply] {
        let reply = reply.get_or_insert_with(ReplyBody::default);
        reply.message.get_or_insert_default(); // a client reads it unasked
    }
    settings
}

const DURATION_DEFAULT: SignedDuration = SignedDuration::from_hours(24);

/// What a colleague who writes now gets, and until when if that is known.
pub(crate) fn current(
    kept: Option<&OofSettings>,
    now: Timestamp,
) -> Option<(ReplyBody, Option<Duration>)> {
    let settings = kept?;
    let reply = settings.internal_reply.clone().unwrap_or_default();
    match settings.oof_state {
        OofState::Enabled => Some((reply, None)),
        OofState::Scheduled => {
            let (start, end) = schedule(settings)?;
            (start <= now && now < end).then(|| (reply, settings.duration.clone()))
        }
        OofState::Disabled | OofState::Other(_) => None,
    }
}

fn schedule(settings: &OofSettings) -> Option<(Timestamp, Timestamp)> {
    let duration = settings.duration.as_ref()?;
    duration.start_time.utc().zip(duration.end_time.utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_current_from_its_start_until_its_end() {
        let at = |text: &str| -> Timestamp { text.parse().expect("a time") };
        let (start, end) = (at("2026-11-24T10:00:00Z"), at("2026-11-25T10:00:00Z"));
        let message = "Away".to_owned();
        let kept = AutomaticReplies::Scheduled { start, end, message }.into_settings();
        let is_current = |now: &str| current(Some(&kept), at(now)).is_some();
        assert!(!is_current("2026-11-24T09:59:59Z"));
        assert!(is_current("2026-11-24T10:00:00Z"));
        assert!(is_current("2026-11-25T09:59:59Z"));
        assert!(!is_current("2026-11-25T10:00:00Z"));
    }

    #[test]
    fn a_schedule_needs_times_in_order() {
        let scheduled = OofSettings { oof_state: OofState::Scheduled, ..OofSettings::disabled() };
        let code = accept(&scheduled, &TimeZone::UTC).expect_err("no times").code;
        assert_eq!(code, ResponseCode::ErrorInvalidScheduledOofDuration);
    }
}
