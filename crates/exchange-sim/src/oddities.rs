//! Calendars as they are: what is odd about an item, on demand. Real servers keep such items for
//! years; whoever reads a calendar must list the rest of it all the same.

use ews::{CalendarItem, DateTime, ExtendedFieldUri, items::Body, time_zone::TimeZoneDefinition};
use jiff::SignedDuration;

/// One way for an item to be odd. It is so in every answer from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    NoStart,
    NoEnd,
    EndBeforeStart,
    NoOrganizer,
    NoSubject,
    NoBody,
    /// The server kept a part of the body to itself, and says so.
    TruncatedBody,
    /// Neither `UID` nor the ids of a meeting.
    NoIdentity,
    /// Only the global object id, which in a copy of one occurrence contains its date.
    NoCleanId,
    Zone(Box<TimeZoneDefinition>),
    /// A word that no schema knows.
    NovelType,
}

impl Oddity {
    pub(crate) fn apply(&self, item: &mut CalendarItem) {
        match self {
            Self::NoStart => item.start = None,
            Self::NoEnd => item.end = None,
            Self::EndBeforeStart => {
                let start = item.start.and_then(DateTime::utc);
                let before =
                    start.and_then(|at| at.checked_sub(SignedDuration::from_hours(1)).ok());
                item.end = before.map(DateTime::from);
            }
            Self::NoOrganizer => item.organizer = None,
            Self::NoSubject => item.subject = None,
            Self::NoBody => item.body = None,
            Self::TruncatedBody => {
                let body = item.body.take();
                item.body = body.map(|body| Body { is_truncated: Some(true), ..body });
            }
            Self::NoIdentity => {
                item.uid = None;
                without(item, &ExtendedFieldUri::clean_global_object_id());
                without(item, &ExtendedFieldUri::global_object_id());
            }
            Self::NoCleanId => without(item, &ExtendedFieldUri::clean_global_object_id()),
            Self::Zone(zone) => item.start_time_zone = Some(TimeZoneDefinition::clone(zone)),
            Self::NovelType => item.calendar_item_type = Some("Novel".into()),
        }
    }
}

fn without(item: &mut CalendarItem, uri: &ExtendedFieldUri) {
    item.extended_properties.retain(|property| !property.uri.is_same(uri));
}

/// Answers that are not as they should be, because a test wants it so.
#[derive(Default)]
pub(crate) struct Garbling {
    pub(crate) has_odd_items: bool,
    /// What answers say, and what they say instead: for what no well-formed value can express, such
    /// as forbidden characters, doubled elements and attributes nobody asked for.
    replaced: Vec<(String, String)>,
}

impl Garbling {
    pub(crate) fn add(&mut self, written: &str, said: &str) {
        self.replaced.push((written.to_owned(), said.to_owned()));
    }

    /// Whether answers still have to keep to the schema.
    pub(crate) fn is_honest(&self) -> bool {
        !self.has_odd_items && self.replaced.is_empty()
    }

    pub(crate) fn apply(&self, document: String) -> String {
        let replaced = self.replaced.iter();
        replaced.fold(document, |text, (written, said)| text.replace(written, said))
    }
}
