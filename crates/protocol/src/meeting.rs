//! A meeting as the cloud stores it and as clients receive it: clear facts for timers and lists,
//! everything a person could read sealed.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ids::{KeyUrl, MeetingId, UserId},
    sealed::Sealed,
};

/// Plain text formats we write: 1 = the text itself, unpadded.
pub const SCHEMA: u16 = 1;

/// One meeting of one person. The cloud fills `hc.user_rev`, the links and nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedMeeting {
    pub id: MeetingId,
    /// The same for all occurrences of a series; the meeting's own id for single meetings.
    pub series_id: MeetingId,
    pub start: Timestamp,
    pub duration_minutes: u32,
    /// Only if the organizer is a user of this organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizer: Option<UserId>,
    pub is_recurring: bool,
    pub is_all_day: bool,
    pub is_deleted: bool,
    pub last_modified: Timestamp,
    pub meeting_sensitivity: Sensitivity,
    /// The listed person's own answer.
    pub response_type: ResponseType,
    pub encryption_key_url: KeyUrl,
    pub encrypted_subject: Sealed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted_location: Option<Sealed>,
    /// Agenda as plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted_notes: Option<Sealed>,
    /// Present only if there is something to join.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_join_info: Option<SealedJoinInfo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted_organizer: Option<SealedPerson>,
    pub encrypted_participants: Vec<SealedParticipant>,
    /// Absolute addresses on the cloud's own origin; filled by the cloud.
    #[serde(default)]
    pub links: Vec<Link>,
    pub hc: Additions,
}

/// Sealed fields by the names their seals are bound to.
pub mod field {
    pub const SUBJECT: &str = "encryptedSubject";
    pub const LOCATION: &str = "encryptedLocation";
    pub const NOTES: &str = "encryptedNotes";
    pub const JOIN_URL: &str = "meetingJoinInfo/meetingJoinURL";
    pub const JOIN_URI: &str = "meetingJoinInfo/meetingJoinURI";
    pub const PASSCODE: &str = "hc/encryptedPasscode";
    pub const ALTERNATIVES: &str = "hc/encryptedAlternatives";
    pub const EXPLANATION: &str = "hc/encryptedExplanation";
    pub const ORGANIZER_NAME: &str = "encryptedOrganizer/encryptedName";
    pub const ORGANIZER_ADDRESS: &str = "encryptedOrganizer/encryptedEmailAddress";

    pub fn participant_name(id: &str) -> String {
        format!("encryptedParticipants/{id}/encryptedName")
    }

    pub fn participant_address(id: &str) -> String {
        format!("encryptedParticipants/{id}/encryptedEmailAddress")
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SealedJoinInfo {
    #[serde(rename = "meetingJoinURL")]
    pub join_url: Sealed,
    /// What a room device dials.
    #[serde(default, rename = "meetingJoinURI", skip_serializing_if = "Option::is_none")]
    pub join_uri: Option<Sealed>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedPerson {
    pub encrypted_email_address: Sealed,
    pub encrypted_name: Sealed,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedParticipant {
    /// Keyed hash of the address: equal for the same person, tells nothing else.
    pub id: Uuid,
    #[serde(rename = "type")]
    pub kind: ParticipantKind,
    pub response_type: ResponseType,
    pub participant_type: ParticipantType,
    #[serde(flatten)]
    pub person: SealedPerson,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub href: String,
    pub rel: String,
}

/// What we add to the contract; foreign clients ignore it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Additions {
    /// Content revision, set by the connector, part of every seal; grows with each change.
    pub rev: i64,
    /// The user's revision at which this state was committed; set by the cloud.
    #[serde(default)]
    pub user_rev: i64,
    pub schema: u16,
    /// Fields that were cut at a bound.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub truncated: Vec<String>,
    /// First day of an all-day meeting in its own zone, which the clear start alone does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_day: Option<Date>,
    /// Things worth telling a person about this entry, as stable words (`no-end`, `unknown-time-zone`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What people type when they join by another way than the link.
    #[serde(default, rename = "encryptedPasscode", skip_serializing_if = "Option::is_none")]
    pub passcode: Option<Sealed>,
    /// Other links, best first, one per line.
    #[serde(default, rename = "encryptedAlternatives", skip_serializing_if = "Option::is_none")]
    pub alternatives: Option<Sealed>,
    /// Why there is this Join button, or none, line by line.
    #[serde(default, rename = "encryptedExplanation", skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Sealed>,
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $(#[serde(rename = $word)] $variant,)*
            /// A word of a newer version; clients treat it as unknown.
            #[serde(other, rename = "UNKNOWN")]
            Unknown,
        }
    };
}
words! {
    /// How confidential the organizer marked it.
    Sensitivity { Normal = "NORMAL", Personal = "PERSONAL", Private = "PRIVATE", Confidential = "CONFIDENTIAL", }
}
words! {
    /// What somebody answered.
    ResponseType {
        UnknownResponse = "UNKNOWN_RESPONSE", NoResponse = "NO_RESPONSE", Organizer = "ORGANIZER",
        Tentative = "TENTATIVE", Accepted = "ACCEPTED", Declined = "DECLINED",
    }
}
words! {
    /// Who or what takes part.
    ParticipantKind { Person = "PERSON", Room = "ROOM", Resource = "RESOURCE", Group = "GROUP", }
}
words! {
    /// Whether somebody must come.
    ParticipantType { Required = "REQUIRED", Optional = "OPTIONAL", }
}
