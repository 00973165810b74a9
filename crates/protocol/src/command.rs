//! What a person orders in their calendar: sealed for the connector, signed by their device, and
//! carried by a cloud that can read neither who is invited nor make such an order itself.
//!
//! The form is a flattened JWS (RFC 7515, 7.2.2) whose payload is a [`Statement`]; each text in it
//! is sealed under a key that the key server gives to connectors and to that person only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ids::{KeyUrl, MeetingId, OrganizationId, UserId},
    problem::Problem,
    sealed::Sealed,
};

/// Largest signed command, as JSON: an agenda and all attendees fit.
pub const COMMAND_BYTES_MAX: usize = 256 * 1024;
/// After this nobody carries a command out any more, in milliseconds.
pub const COMMAND_LIFE_MS: i64 = 10 * 60 * 1000;
/// How far clocks of devices and connectors may differ, in milliseconds.
pub const CLOCK_SKEW_MS: i64 = 60 * 1000;
/// Most people and rooms one command may invite.
pub const ATTENDEES_MAX: usize = 300;
/// Most people one question about free time may name.
pub const FREE_BUSY_PEOPLE_MAX: usize = 100;
/// Most spans of one person in an answer about free time; later ones are cut.
pub const FREE_BUSY_SPANS_MAX: usize = 400;
/// Most rooms in an answer.
pub const ROOMS_MAX: usize = 1000;
/// Largest result, as JSON: schedules that do not fit any more are left out and said so.
pub const RESULT_BYTES_MAX: usize = 512 * 1024;
/// Most commands handed to a connector at once; the next question brings more.
pub const COMMANDS_AT_ONCE_MAX: usize = 16;
/// Most commands a connector may say it has already.
pub const COMMANDS_EXCEPT_MAX: usize = 512;

/// Three segments in base64url. `protected` is `{"alg":"ES256","kid":"<device>"}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedCommand {
    pub protected: String,
    pub payload: String,
    pub signature: String,
}

/// The protected header of a [`SignedCommand`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureHeader {
    pub alg: String,
    /// The device: the thumbprint of its public key (RFC 7638).
    pub kid: String,
}

/// What was signed: everything that decides what is done, for whom, when and how often.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    pub organization: OrganizationId,
    /// Whose mailbox; the signer's own.
    pub user: UserId,
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<MeetingId>,
    /// Drawn once for one wish.
    pub idempotency_key: Uuid,
    /// The sender's clock.
    pub sent_at_ms: i64,
    pub encryption_key_url: KeyUrl,
    /// Texts by the names in [`field`].
    pub sealed: BTreeMap<String, Sealed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    Create,
    /// Of what is named; the rest stays.
    Change,
    Cancel,
    Accept,
    Tentative,
    Decline,
    FreeBusy,
    Rooms,
}

/// Names of sealed texts: each is bound to its own.
pub mod field {
    pub const SUBJECT: &str = "subject";
    pub const LOCATION: &str = "location";
    /// Agenda as plain text.
    pub const NOTES: &str = "notes";
    /// RFC 3339.
    pub const START: &str = "start";
    pub const END: &str = "end";
    /// `[{"email", "type": "REQUIRED" | "OPTIONAL" | "ROOM"}]`
    pub const ATTENDEES: &str = "attendees";
    /// `["address"]`
    pub const EMAILS: &str = "emails";

    pub fn answer_email(index: usize) -> String {
        format!("items/{index}/email")
    }

    pub fn answer_name(index: usize) -> String {
        format!("items/{index}/encryptedName")
    }

    pub fn answer_schedule(index: usize) -> String {
        format!("items/{index}/encryptedSchedule")
    }
}

/// Where a sealed text of a command, or of its answer, belongs.
#[derive(Clone, Copy, Debug)]
pub struct CommandPlace<'a> {
    pub organization: &'a OrganizationId,
    pub user: UserId,
    pub idempotency_key: Uuid,
    pub field: &'a str,
    /// The clock of whoever sealed it, in milliseconds.
    pub revision: i64,
}

/// `POST freebusy`; the answer comes as an event.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FreeBusyRequest {
    /// The command's idempotency key.
    pub request_id: Uuid,
    #[serde(flatten)]
    pub command: SignedCommand,
}

/// The request was taken; its answer comes as an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FreeBusyAccepted {
    pub request_id: Uuid,
}

/// Answer to `create` and `change`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MeetingDone {
    /// Left out if the meeting cannot be in the person's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<MeetingId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global_meeting_id: Option<MeetingId>,
}

/// A connector asks for commands of the mailboxes it holds the leases of; the cloud waits a while
/// if there are none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandsRequest {
    pub owner: Uuid,
    /// Those it has already, or that are none of its own.
    pub except: Vec<CommandName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandName {
    pub user: UserId,
    pub idempotency_key: Uuid,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingCommands {
    pub commands: Vec<WaitingCommand>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingCommand {
    #[serde(flatten)]
    pub name: CommandName,
    pub command: SignedCommand,
}

/// Fenced like a commit.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandResult {
    pub owner: Uuid,
    pub lease_epoch: i64,
    pub outcome: Outcome,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Outcome {
    Done {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        meeting_id: Option<MeetingId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer: Option<SealedAnswer>,
    },
    Refused {
        why: Why,
    },
}

/// Why a connector does not carry a command out; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Why {
    /// Not signed by a device of this person, or sealed or made for another place.
    NotPermitted,
    /// Too old, from the future, or something newer was done already.
    Stale,
    /// The meeting is not in the calendar.
    NotFound,
    /// The texts in it make no sense.
    Invalid,
    /// The meeting is not of a kind, or not in a state, in which this can be done.
    Conflict,
    /// The calendar's server refused it.
    Refused,
}

/// An answer's texts, under the person's content key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedAnswer {
    pub encryption_key_url: KeyUrl,
    /// The connector's clock in milliseconds, part of every seal.
    pub rev: i64,
    pub items: Vec<AnswerItem>,
}

/// A person asked about, or a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerItem {
    pub email: Sealed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted_name: Option<Sealed>,
    /// `[{start, end, status}]`, free time left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted_schedule: Option<Sealed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ItemError>,
}

/// Why nothing is known about one of those who were asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ItemError {
    /// Exchange does not say: unknown there, or not for this person.
    NoData,
    TooLarge,
}

/// `calendarFreeBusyScheduleResponse` of the event `calendar.free_busy`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FreeBusyAnswer {
    pub request_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_key_url: Option<KeyUrl>,
    #[serde(default)]
    pub calendar_free_busy_items: Vec<AnswerItem>,
    pub hc: FreeBusyAdditions,
}

/// What we add to the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreeBusyAdditions {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rev: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// Answer of `POST rooms`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomsAnswer {
    pub encryption_key_url: KeyUrl,
    pub items: Vec<AnswerItem>,
    pub hc: FreeBusyAdditions,
}

/// Who is invited, as it stands in the sealed [`field::ATTENDEES`]. Content: no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitedText {
    pub email: String,
    #[serde(rename = "type")]
    pub role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    Required,
    Optional,
    Room,
}

/// One span in a sealed schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusySpan {
    pub start: jiff::Timestamp,
    pub end: jiff::Timestamp,
    pub status: BusyStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BusyStatus {
    Tentative,
    Busy,
    Oof,
    WorkingElsewhere,
    NoData,
}

impl Kind {
    /// As it stands in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Cancel => "cancel",
            Self::Accept => "accept",
            Self::Tentative => "tentative",
            Self::Decline => "decline",
            Self::FreeBusy => "freeBusy",
            Self::Rooms => "rooms",
        }
    }

    /// Whether it is about a meeting that is there.
    pub fn has_meeting(self) -> bool {
        match self {
            Self::Change | Self::Cancel | Self::Accept | Self::Tentative | Self::Decline => true,
            Self::Create | Self::FreeBusy | Self::Rooms => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_reads_as_it_is_documented() {
        let refused = Outcome::Refused { why: Why::NotPermitted };
        let json = serde_json::to_string(&refused).expect("serializable");
        assert_eq!(json, r#"{"outcome":"refused","why":"notPermitted"}"#);
        let done = Outcome::Done { meeting_id: Some(MeetingId("m".into())), answer: None };
        let json = serde_json::to_string(&done).expect("serializable");
        assert_eq!(json, r#"{"outcome":"done","meetingId":"m"}"#);
        assert!(serde_json::from_str::<Outcome>(&json).expect("readable") == done);
    }

    #[test]
    fn what_is_not_known_is_not_signed_for() {
        let text = r#"{"organization":"o","user":"00000000-0000-0000-0000-000000000000",
            "kind":"create","idempotencyKey":"00000000-0000-0000-0000-000000000000",
            "sentAtMs":1,"encryptionKeyUrl":"kms://h/keys/1","sealed":{}"#;
        assert!(serde_json::from_str::<Statement>(&format!("{text}}}")).is_ok());
        assert!(serde_json::from_str::<Statement>(&format!(r#"{text},"more":1}}"#)).is_err());
    }

    #[test]
    fn a_kind_has_one_word_everywhere() {
        for kind in [Kind::Create, Kind::Change, Kind::FreeBusy, Kind::Rooms, Kind::Tentative] {
            let json = serde_json::to_string(&kind).expect("serializable");
            assert_eq!(json, format!("\"{}\"", kind.word()));
        }
    }
}
