//! Whether somebody is away, as far as automatic replies say: a state and a return date, never a
//! text. That somebody is there is never claimed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::UserId;

/// Most people asked about at once.
pub const SUBJECTS_MAX: usize = 50;

/// What a connector tells about the owner of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum Presence {
    #[serde(rename = "ooo")]
    OutOfOffice {
        /// Until it is switched off, if nothing is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    Available,
}

/// Fenced like a commit, so that a connector that lost its lease overwrites nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PresenceReport {
    pub owner: Uuid,
    pub lease_epoch: i64,
    #[serde(flatten)]
    pub presence: Presence,
}

/// What a client hears about one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    pub subject: UserId,
    pub status: StatusKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_time: Option<Timestamp>,
    /// When it ends by itself; left out if nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_time: Option<Timestamp>,
    /// Seconds until then; −1 = no end is known.
    #[serde(rename = "expiresTTL")]
    pub expires_ttl: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StatusKind {
    #[serde(rename = "ooo")]
    OutOfOffice,
    Unknown,
}

/// `POST compositions`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subjects {
    pub subjects: Vec<UserId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusList {
    pub status_list: Vec<Status>,
}

/// `POST mailboxes/{user}/presence`: stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {}

impl Presence {
    /// As it is now: an absence whose end has passed is over.
    pub fn at(self, now: Timestamp) -> Self {
        match self {
            Self::OutOfOffice { until: Some(until) } if until <= now => Self::Available,
            Self::OutOfOffice { .. } | Self::Available => self,
        }
    }
}

impl Status {
    /// `since`: when what is known was told.
    pub fn of(subject: UserId, known: Option<(Presence, Timestamp)>, now: Timestamp) -> Self {
        let unknown = Self {
            subject,
            status: StatusKind::Unknown,
            status_time: None,
            expires_time: None,
            expires_ttl: -1,
        };
        match known.map(|(presence, since)| (presence.at(now), since)) {
            Some((Presence::OutOfOffice { until }, since)) => Self {
                status: StatusKind::OutOfOffice,
                status_time: Some(since),
                expires_time: until,
                expires_ttl: until.map_or(-1, |until| until.duration_since(now).as_secs()),
                ..unknown
            },
            Some((Presence::Available, since)) => Self { status_time: Some(since), ..unknown },
            None => unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_report_is_flat_and_holds_no_text() {
        let until = Some(time("2026-11-27T08:00:00Z"));
        let presence = Presence::OutOfOffice { until };
        let report = PresenceReport { owner: Uuid::nil(), lease_epoch: 3, presence };
        let json = serde_json::to_string(&report).expect("serializable");
        assert_eq!(
            json,
            r#"{"owner":"00000000-0000-0000-0000-000000000000","leaseEpoch":3,"state":"ooo","until":"2026-11-27T08:00:00Z"}"#
        );
        assert_eq!(serde_json::from_str::<PresenceReport>(&json).expect("readable"), report);
    }

    #[test]
    fn an_absence_ends_by_itself() {
        let (user, since) = (UserId(Uuid::nil()), time("2026-11-24T08:00:00Z"));
        let absence = Presence::OutOfOffice { until: Some(time("2026-11-24T10:00:00Z")) };
        let at = |now| Status::of(user, Some((absence, since)), time(now));
        let during = at("2026-11-24T09:00:00Z");
        assert_eq!((during.status, during.expires_ttl), (StatusKind::OutOfOffice, 3600));
        assert_eq!(at("2026-11-24T10:00:00Z").status, StatusKind::Unknown);
        let open = Some((Presence::OutOfOffice { until: None }, since));
        assert_eq!(Status::of(user, open, since).expires_ttl, -1);
    }
}
