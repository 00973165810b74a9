//! A meeting in plain text, as it exists only inside the connector. Nothing here can be
//! serialized, and `Debug` shows no content.

use std::fmt;

use conference::join_link::JoinLink;
use jiff::{Timestamp, civil::Date};
use protocol::{
    ids::MailboxAddress,
    meeting::{ParticipantKind, ParticipantType, ResponseType, Sensitivity},
};

/// Text that people wrote.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Plain(pub String);

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// One line of a person's list, before it is sealed.
#[derive(Clone, Debug)]
pub struct Meeting {
    pub subject: Plain,
    pub location: Plain,
    /// Agenda as plain text.
    pub agenda: Plain,
    pub is_agenda_cut: bool,
    pub start: Timestamp,
    pub end: Timestamp,
    pub is_all_day: bool,
    /// First day of an all-day meeting as its organizer counts it, if the zone is known.
    pub first_day: Option<Date>,
    pub is_recurring: bool,
    pub sensitivity: Sensitivity,
    pub response: ResponseType,
    pub organizer: Option<Person>,
    pub participants: Vec<Participant>,
    pub is_participants_cut: bool,
    pub last_modified: Timestamp,
    pub join_link: Option<JoinLink>,
    /// What a room device dials.
    pub dial: Option<Plain>,
    pub passcode: Option<Plain>,
    /// Other links of this meeting, best first.
    pub alternatives: Vec<JoinLink>,
    /// Line by line, how its Join button came about, or why it has none.
    pub explanation: Vec<Plain>,
    /// Stable words for what is odd about the entry.
    pub notes: Vec<&'static str>,
}

/// What sealing and JSON add to one text, roughly and rather too much.
const SEALED_FIELD_BYTES: usize = 512;

impl Meeting {
    /// How large it will be when sealed, roughly: texts grow by a third and by what is around them.
    pub fn sealed_bytes(&self) -> usize {
        let people = self.participants.iter().map(|participant| participant.person.name.0.len());
        let explanation: usize = self.explanation.iter().map(|line| line.0.len()).sum();
        let others: usize = self.alternatives.iter().map(|link| link.as_str().len()).sum();
        let texts = self.subject.0.len() + self.location.0.len() + self.agenda.0.len();
        let texts = texts + explanation + others;
        let fields = 12 + 2 * self.participants.len();
        (texts + people.sum::<usize>()) * 4 / 3 + fields * SEALED_FIELD_BYTES
    }

    /// The place as it was typed: the link behind it has its button.
    pub fn show_place_without(&mut self, link: &JoinLink) {
        let typed = self.location.0.strip_suffix(link.as_str());
        if let Some(typed) = typed.and_then(|typed| typed.strip_suffix("; ")) {
            self.location = Plain(typed.to_owned());
        }
    }
}

#[derive(Clone, Debug)]
pub struct Person {
    pub name: Plain,
    pub address: Option<MailboxAddress>,
}

#[derive(Clone, Debug)]
pub struct Participant {
    pub person: Person,
    pub kind: ParticipantKind,
    pub response: ResponseType,
    pub participation: ParticipantType,
}

/// Participants listed per meeting; the rest is cut and said so.
pub const PARTICIPANTS_MAX: usize = 500;
/// Characters of a subject or a place that are kept.
pub const LINE_CHARACTERS_MAX: usize = 256;

/// Stable words in `hc.notes`.
pub mod note {
    pub const NO_END: &str = "no-end";
    pub const UNKNOWN_TIME_ZONE: &str = "unknown-time-zone";
    pub const BODY_CUT: &str = "body-cut";
    pub const BODY_TOO_LARGE: &str = "body-too-large";
    pub const UNKNOWN_MODIFIER: &str = "unknown-modifier";
    /// The conference that the keyword stands for has no room of this kind.
    pub const NO_SUCH_ROOM: &str = "no-such-room";
    /// People have put a link of this service there themselves.
    pub const ALREADY_LINKED: &str = "already-linked";
    /// What we wrote was changed by hand; it is left as it is.
    pub const EDITED_BY_HAND: &str = "edited-by-hand";
    /// Asked for, and not there yet.
    pub const PENDING: &str = "conference-pending";
    /// Would be written if this were no rehearsal.
    pub const DRY_RUN: &str = "dry-run";
    pub const NO_CONFERENCE: &str = "no-conference";
    /// The kind of room that was asked for could not be had; it became another.
    pub const OTHER_ROOM: &str = "other-room";
}
