//! Meetings as tests and the demonstration say and see them.

use std::fmt;

use ews::{
    CalendarItem,
    items::{
        Attendee, Body, BodyType, CalendarItemType, ExtendedProperty, LegacyFreeBusy, Recurrence,
        ResponseType, Sensitivity,
    },
};
use jiff::Timestamp;

use crate::{
    calendar::Instance,
    mailbox::{Mailbox, Stored, key},
    shape::Rendered,
    zone,
};

/// A meeting, or an appointment if nobody is invited.
#[derive(Clone)]
pub struct NewMeeting {
    pub subject: String,
    pub start: Timestamp,
    pub end: Timestamp,
    pub location: Option<String>,
    pub body: Option<Body>,
    pub required: Vec<String>,
    pub optional: Vec<String>,
    pub resources: Vec<String>,
    pub recurrence: Option<Recurrence>,
    /// An IANA or Windows id; the organizer's own if there is none.
    pub time_zone: Option<String>,
    pub is_all_day: bool,
    pub is_private: bool,
    pub free_busy: Option<LegacyFreeBusy>,
    /// Whether invitations go out; without, it stays a draft.
    pub is_sent: bool,
}

/// What changes about a meeting; `None` stays as it is.
#[derive(Clone, Default)]
pub struct Changes {
    pub subject: Option<String>,
    pub start: Option<Timestamp>,
    pub end: Option<Timestamp>,
    pub location: Option<String>,
    pub body: Option<Body>,
    pub required: Option<Vec<String>>,
    pub is_private: Option<bool>,
}

/// An entry of somebody's calendar, by its place in the simulator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetingRef {
    pub mailbox: String,
    pub uid: String,
    /// The `ItemId` as clients know it.
    pub item_id: String,
}

/// The whole meeting, or one occurrence of its series, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    Whole,
    Occurrence(i32),
}

/// An entry as it is now.
#[derive(Clone)]
pub struct CalendarEntry {
    pub meeting: MeetingRef,
    pub occasion: Occasion,
    pub change_key: String,
    pub kind: CalendarItemType,
    pub subject: String,
    pub start: Timestamp,
    pub end: Timestamp,
    pub location: Option<String>,
    pub body: Body,
    pub is_organizer: bool,
    pub is_cancelled: bool,
    pub is_private: bool,
    pub my_response: ResponseType,
    pub free_busy: LegacyFreeBusy,
    /// Addresses of those invited, with their answers.
    pub attendees: Vec<(String, ResponseType)>,
    pub properties: Vec<ExtendedProperty>,
}

impl NewMeeting {
    /// An appointment of this length; invite people by filling the lists.
    pub fn new(subject: &str, start: Timestamp, end: Timestamp) -> Self {
        Self {
            subject: subject.to_owned(),
            start,
            end,
            location: None,
            body: None,
            required: Vec::new(),
            optional: Vec::new(),
            resources: Vec::new(),
            recurrence: None,
            time_zone: None,
            is_all_day: false,
            is_private: false,
            free_busy: None,
            is_sent: true,
        }
    }

    pub(super) fn into_item(self) -> CalendarItem {
        CalendarItem {
            subject: Some(self.subject),
            start: Some(self.start.into()),
            end: Some(self.end.into()),
            location: self.location,
            body: self.body,
            required_attendees: attendees(&self.required),
            optional_attendees: attendees(&self.optional),
            resources: attendees(&self.resources),
            recurrence: self.recurrence,
            start_time_zone: self.time_zone.as_deref().map(zone::definition),
            is_all_day_event: Some(self.is_all_day),
            sensitivity: self.is_private.then_some(Sensitivity::Private),
            legacy_free_busy_status: self.free_busy,
            ..CalendarItem::default()
        }
    }
}

impl Changes {
    pub(super) fn apply(&self, item: &mut CalendarItem) {
        let set = |to: &mut Option<String>, from: &Option<String>| {
            if from.is_some() {
                to.clone_from(from);
            }
        };
        set(&mut item.subject, &self.subject);
        set(&mut item.location, &self.location);
        item.start = self.start.map(Into::into).or(item.start);
        item.end = self.end.map(Into::into).or(item.end);
        item.body = self.body.clone().or_else(|| item.body.take());
        if let Some(required) = &self.required {
            item.required_attendees = attendees(required);
        }
        if let Some(is_private) = self.is_private {
            let sensitivity = if is_private { Sensitivity::Private } else { Sensitivity::Normal };
            item.sensitivity = Some(sensitivity);
        }
    }
}

fn attendees(addresses: &[String]) -> Vec<Attendee> {
    addresses.iter().map(|address| Attendee::new(ews::Mailbox::smtp(address))).collect()
}

/// An item, or one occurrence, as it is now.
pub(super) fn describe(
    mailbox: &Mailbox,
    number: u64,
    stored: &Stored,
    instance: Option<Instance>,
) -> CalendarEntry {
    let entry = &stored.entry;
    let item = Rendered::new(mailbox, number, stored, instance.as_ref()).item;
    let attendees = entry.attendees().map(|attendee| {
        let address = attendee.mailbox.email_address.clone().unwrap_or_default();
        (address, attendee.response_type.clone().unwrap_or(ResponseType::Unknown))
    });
    let id = item.item_id.unwrap_or_default();
    CalendarEntry {
        meeting: MeetingRef {
            mailbox: key(&mailbox.person.address),
            uid: item.uid.unwrap_or_default(),
            item_id: id.id,
        },
        occasion: instance.map_or(Occasion::Whole, |at| Occasion::Occurrence(at.index)),
        change_key: id.change_key.unwrap_or_default(),
        kind: item.calendar_item_type.unwrap_or(CalendarItemType::Single),
        subject: item.subject.unwrap_or_default(),
        start: item.start.and_then(ews::DateTime::utc).unwrap_or_default(),
        end: item.end.and_then(ews::DateTime::utc).unwrap_or_default(),
        location: item.location,
        body: item.body.unwrap_or(Body {
            body_type: BodyType::Text,
            is_truncated: None,
            content: String::new(),
        }),
        is_organizer: entry.is_organizer,
        is_cancelled: item.is_cancelled == Some(true),
        is_private: item.sensitivity == Some(Sensitivity::Private),
        my_response: item.my_response_type.unwrap_or(ResponseType::Unknown),
        free_busy: item.legacy_free_busy_status.unwrap_or(LegacyFreeBusy::Busy),
        attendees: attendees.collect(),
        properties: entry.item.extended_properties.clone(),
    }
}

/// Without what it says.
impl fmt::Debug for CalendarEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CalendarEntry")
            .field("kind", &self.kind)
            .field("start", &self.start)
            .field("end", &self.end)
            .field("my_response", &self.my_response)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NewMeeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewMeeting").field("start", &self.start).finish_non_exhaustive()
    }
}
