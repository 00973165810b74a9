//! A calendar entry as a source gives it, in our words: what a meeting is made from, and what
//! decides whether join details are written into it.

use jiff::Timestamp;

use crate::{
    meeting::{Meeting, Plain},
    news::SourceId,
    stamp::Stamp,
};

/// The source's version of an entry; a write names the one it has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Single,
    Occurrence,
    Exception,
    SeriesMaster,
}

#[derive(Clone, Debug)]
pub enum Body {
    Html(Plain),
    Text(Plain),
}

impl Body {
    pub fn text(&self) -> &str {
        match self {
            Self::Html(text) | Self::Text(text) => &text.0,
        }
    }
}

/// What our property says about an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    None,
    Stamped(Stamp),
    /// Written by a later version of this program, or damaged: the entry is left alone.
    Unreadable,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub id: SourceId,
    pub version: Version,
    pub kind: Kind,
    /// The same in every participant's copy and in all occurrences.
    pub uid: Vec<u8>,
    /// Which occurrence: its start by the rule of the series.
    pub original_start: Option<Timestamp>,
    /// This is the organizer's own copy.
    pub is_organizer: bool,
    pub is_cancelled: bool,
    /// Attendees have been told.
    pub request_was_sent: bool,
    pub has_attendees: bool,
    /// IANA name of the zone it was planned in, if it has one.
    pub zone: Option<String>,
    /// Of a series' master.
    pub recurrence: Option<conference::Recurrence>,
    /// Of a series' master: occurrences that differ, with their ends.
    pub exceptions: Vec<(SourceId, Timestamp)>,
    /// End of a series' last occurrence; `None` if it has no end, or is no series.
    pub series_ends: Option<Timestamp>,
    /// Language tag such as `de-DE`.
    pub culture: Option<String>,
    pub mark: Mark,
    /// As it stands in the calendar, uncut.
    pub location: Plain,
    pub body: Body,
    /// Exchange gave a part of the body only: writing that back would destroy the rest.
    pub is_body_cut: bool,
    pub meeting: Meeting,
}

impl Entry {
    /// Part of the meeting's id: which occurrence of the series it is.
    pub fn recurrence_id(&self) -> Option<String> {
        self.original_start.map(|start| start.to_string())
    }

    /// Whether nobody can meet there any more.
    pub fn is_over(&self, now: Timestamp) -> bool {
        match self.kind {
            Kind::SeriesMaster => self.series_ends.is_some_and(|end| end <= now),
            Kind::Single | Kind::Occurrence | Kind::Exception => self.meeting.end <= now,
        }
    }
}
