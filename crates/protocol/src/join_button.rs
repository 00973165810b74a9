//! When a Join button is on the screen: from five minutes before the start until the end. The
//! cloud, the terminal and (in its own words) the web app follow the same rule.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{ids::MeetingId, meeting::SealedMeeting};

/// How long before the start the button appears.
pub const LEAD: SignedDuration = SignedDuration::from_mins(5);

/// The times of one meeting's button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JoinButton {
    pub meeting_id: MeetingId,
    pub appears_at: Timestamp,
    pub disappears_at: Timestamp,
    /// The meeting's content revision: grows when the meeting moves, so an older button is void.
    pub generation: i64,
    /// Whether it is on the screen at the moment of the message.
    pub shown: bool,
}

impl JoinButton {
    /// `None` if there is nothing to join.
    pub fn of(meeting: &SealedMeeting, now: Timestamp) -> Option<Self> {
        meeting.meeting_join_info.as_ref()?;
        if meeting.is_deleted {
            return None;
        }
        let (appears_at, disappears_at) = window(meeting.start, meeting.duration_minutes);
        Some(Self {
            meeting_id: meeting.id.clone(),
            appears_at,
            disappears_at,
            generation: meeting.hc.rev,
            shown: appears_at <= now && now < disappears_at,
        })
    }
}

/// From when until when, both saturating at the ends of time.
pub fn window(start: Timestamp, duration_minutes: u32) -> (Timestamp, Timestamp) {
    let duration = SignedDuration::from_mins(i64::from(duration_minutes));
    (
        start.checked_sub(LEAD).unwrap_or(Timestamp::MIN),
        start.checked_add(duration).unwrap_or(Timestamp::MAX),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_minutes_before_until_the_end() {
        let start: Timestamp = "2026-11-24T10:00:00Z".parse().expect("a time");
        let (appears, disappears) = window(start, 30);
        assert_eq!(appears.to_string(), "2026-11-24T09:55:00Z");
        assert_eq!(disappears.to_string(), "2026-11-24T10:30:00Z");
        assert_eq!(window(Timestamp::MAX, u32::MAX).1, Timestamp::MAX);
    }
}
