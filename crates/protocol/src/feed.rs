//! How a person's list changes: gap-free revisions, catching up, and the event stream.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    command::FreeBusyAnswer,
    ids::{KeyUrl, MeetingId},
    join_button::JoinButton,
    keys::FramesDown,
    meeting::{SealedMeeting, SealedParticipant},
    sealed::Sealed,
};

/// `<incarnation>-<rev>`. The incarnation grows when the database was restored with possible
/// loss; a position of another incarnation means reading the list again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub incarnation: i64,
    pub rev: i64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.incarnation, self.rev)
    }
}

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let number = |digits: &str| {
            let digits_only = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            if digits_only { digits.parse().ok() } else { None }
        };
        let (incarnation, rev) = text.split_once('-').ok_or(NotAPosition)?;
        match (number(incarnation), number(rev)) {
            (Some(incarnation), Some(rev)) => Ok(Self { incarnation, rev }),
            (None, _) | (_, None) => Err(NotAPosition),
        }
    }
}

/// The text is not `<incarnation>-<rev>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a position: expected <incarnation>-<rev>")]
pub struct NotAPosition;

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Answer of the list: everything in the window, with the position it was read at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeetingList {
    pub items: Vec<SealedMeeting>,
    pub hc: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    pub position: Position,
}

/// Answer of `changes`: covers (from, to] completely.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    pub from: Position,
    pub to: Position,
    pub more: bool,
    pub changes: Vec<Change>,
}

/// The last state of one meeting at `rev`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub rev: i64,
    pub id: MeetingId,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum What {
    Upsert { meeting: Box<SealedMeeting> },
    Delete,
}

/// Answer of `calendarEvents/{id}/notes`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MeetingNotes {
    pub id: MeetingId,
    pub series_id: MeetingId,
    pub links: Vec<crate::meeting::Link>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted_notes: Option<Sealed>,
    pub encryption_key_url: KeyUrl,
}

/// Answer of `calendarEvents/{id}/participants`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MeetingParticipants {
    pub id: MeetingId,
    pub series_id: MeetingId,
    pub links: Vec<crate::meeting::Link>,
    pub encrypted_participants: Vec<SealedParticipant>,
    pub encryption_key_url: KeyUrl,
}

/// Answer of `joinButtons?state=shown`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinButtons {
    pub items: Vec<JoinButton>,
}

/// One message of the event stream: `{id, data: {eventType, …}, hc?: {position}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    pub id: String,
    pub data: EventData,
    /// Only on events that move the position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hc: Option<At>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "eventType")]
pub enum EventData {
    #[serde(rename = "calendar.meeting.create")]
    Create {
        #[serde(rename = "calendarMeetingExternal")]
        meeting: Box<SealedMeeting>,
    },
    #[serde(rename = "calendar.meeting.update")]
    Update {
        #[serde(rename = "calendarMeetingExternal")]
        meeting: Box<SealedMeeting>,
    },
    #[serde(rename = "calendar.meeting.delete")]
    Delete {
        #[serde(rename = "calendarMeetingExternal")]
        meeting: DeletedMeeting,
    },
    #[serde(rename = "hc.join_button")]
    JoinButton {
        #[serde(rename = "joinButton")]
        button: JoinButton,
    },
    #[serde(rename = "calendar.free_busy")]
    FreeBusy {
        #[serde(rename = "calendarFreeBusyScheduleResponse")]
        answer: Box<FreeBusyAnswer>,
    },
    /// Answers of the key server; for whoever recognizes them.
    #[serde(rename = "encryption.kms_message")]
    KeyFrames { encryption: FramesDown },
    /// The client must read the list again and go on from there.
    #[serde(rename = "hc.resync")]
    Resync { position: Position },
    /// The token ends soon.
    #[serde(rename = "hc.reauth")]
    Reauth {
        #[serde(rename = "expiresAt")]
        expires_at: Timestamp,
    },
}

impl EventData {
    /// The `event:` line of the stream.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "calendar.meeting.create",
            Self::Update { .. } => "calendar.meeting.update",
            Self::Delete { .. } => "calendar.meeting.delete",
            Self::JoinButton { .. } => "hc.join_button",
            Self::FreeBusy { .. } => "calendar.free_busy",
            Self::KeyFrames { .. } => "encryption.kms_message",
            Self::Resync { .. } => "hc.resync",
            Self::Reauth { .. } => "hc.reauth",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedMeeting {
    pub id: MeetingId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_two_numbers() {
        let position: Position = "3-4711".parse().expect("a position");
        assert_eq!(position, Position { incarnation: 3, rev: 4711 });
        assert_eq!(position.to_string(), "3-4711");
        for odd in ["", "3", "3-", "-3-1", "3-+1", "3-1-1", "a-b", "3-99999999999999999999"] {
            assert_eq!(odd.parse::<Position>(), Err(NotAPosition), "{odd}");
        }
    }

    #[test]
    fn a_deletion_reads_as_the_contract_says() {
        let envelope = Envelope {
            id: "e".into(),
            data: EventData::Delete { meeting: DeletedMeeting { id: MeetingId("m".into()) } },
            hc: Some(At { position: Position { incarnation: 1, rev: 2 } }),
        };
        let json = serde_json::to_string(&envelope).expect("serializable");
        assert_eq!(
            json,
            r#"{"id":"e","data":{"eventType":"calendar.meeting.delete","calendarMeetingExternal":{"id":"m"}},"hc":{"position":"1-2"}}"#
        );
        assert_eq!(serde_json::from_str::<Envelope>(&json).expect("readable"), envelope);
    }
}
