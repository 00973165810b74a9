//! A meeting as its owner reads it. Never serialized, and `Debug` shows no content.

use std::fmt;

use jiff::{Timestamp, civil::Date};
use protocol::{
    ids::MeetingId,
    join_button::JoinButton,
    meeting::{ParticipantKind, ParticipantType, ResponseType, Sensitivity},
};

/// One field: its text, or why there is none.
#[derive(Clone, PartialEq, Eq)]
pub enum Opened {
    Text(String),
    Cannot(Why),
}

/// Why a field stays closed; the rest of the meeting is usable all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("the key server cannot be reached")]
    KeyServerUnreachable,
    #[error("the key server asks to sign in again")]
    NotSignedIn,
    #[error("no access to the key")]
    NoAccess,
    #[error("the key was destroyed")]
    KeyGone,
    #[error("the key belongs to another key server")]
    OtherKeyServer,
    #[error("the key server gave no usable key")]
    KeyUnusable,
    #[error("altered after it was sealed")]
    Altered,
    #[error("older than what was already seen")]
    Outdated,
    #[error("the link is not a safe one")]
    UnsafeLink,
}

impl Why {
    /// A stable word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::KeyServerUnreachable => "key-server-unreachable",
            Self::NotSignedIn => "not-signed-in",
            Self::NoAccess => "no-access",
            Self::KeyGone => "key-gone",
            Self::OtherKeyServer => "other-key-server",
            Self::KeyUnusable => "key-unusable",
            Self::Altered => "altered",
            Self::Outdated => "outdated",
            Self::UnsafeLink => "unsafe-link",
        }
    }
}

impl Opened {
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Cannot(_) => None,
        }
    }

    pub fn why(&self) -> Option<Why> {
        match self {
            Self::Text(_) => None,
            Self::Cannot(why) => Some(*why),
        }
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("…"),
            Self::Cannot(why) => write!(f, "Cannot({why:?})"),
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
pub struct OpenedMeeting {
    pub id: MeetingId,
    pub series: MeetingId,
    pub start: Timestamp,
    pub end: Timestamp,
    pub is_all_day: bool,
    /// First day of an all-day meeting as its organizer counts it.
    pub first_day: Option<Date>,
    pub is_recurring: bool,
    pub sensitivity: Sensitivity,
    /// The listed person's own answer.
    pub response: ResponseType,
    pub subject: Opened,
    pub location: Option<Opened>,
    pub agenda: Option<Opened>,
    /// Only https, or http on a loopback address.
    pub join_url: Option<Opened>,
    /// What a room device dials.
    pub dial: Option<Opened>,
    pub passcode: Option<Opened>,
    /// Other links, one per line.
    pub alternatives: Option<Opened>,
    /// Why there is this Join button, or none, line by line.
    pub explanation: Option<Opened>,
    pub organizer: Option<OpenedPerson>,
    pub participants: Vec<OpenedParticipant>,
    /// Stable words for what is odd about the entry.
    pub notes: Vec<String>,
    /// `hc.rev`
    pub revision: i64,
    pub(super) button: Option<JoinButton>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedPerson {
    pub name: Opened,
    pub address: Opened,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedParticipant {
    pub person: OpenedPerson,
    pub kind: ParticipantKind,
    pub response: ResponseType,
    pub participation: ParticipantType,
}

impl fmt::Debug for OpenedMeeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenedMeeting({}, …)", self.id)
    }
}

impl OpenedMeeting {
    /// `None` if there is nothing to join. The button needs nothing that was sealed.
    pub fn join_button(&self, now: Timestamp) -> Option<JoinButton> {
        let button = self.button.clone()?;
        let shown = button.appears_at <= now && now < button.disappears_at;
        Some(JoinButton { shown, ..button })
    }

    /// The link, if it could be opened.
    pub fn join_link(&self) -> Option<&str> {
        self.join_url.as_ref()?.text()
    }

    /// Every field that stays closed, by the name it has in the terminal's JSON.
    pub fn closed_fields(&self) -> Vec<(&'static str, Why)> {
        let organizer = self.organizer.as_ref();
        let people = self.participants.iter().map(|participant| &participant.person);
        let closed = |field: Option<&Opened>| field.and_then(Opened::why);
        let closed_person = |person: &OpenedPerson| person.name.why().or(person.address.why());
        let fields = [
            ("subject", self.subject.why()),
            ("location", closed(self.location.as_ref())),
            ("agenda", closed(self.agenda.as_ref())),
            ("joinUrl", closed(self.join_url.as_ref())),
            ("dial", closed(self.dial.as_ref())),
            ("passcode", closed(self.passcode.as_ref())),
            ("alternatives", closed(self.alternatives.as_ref())),
            ("explanation", closed(self.explanation.as_ref())),
            ("organizer", organizer.and_then(closed_person)),
            ("participants", people.into_iter().find_map(closed_person)),
        ];
        fields.into_iter().filter_map(|(name, why)| Some((name, why?))).collect()
    }

    /// Whether asking the key server again may help.
    pub(super) fn awaits_key(&self) -> bool {
        self.closed_fields().iter().any(|(_, why)| *why == Why::KeyServerUnreachable)
    }
}
