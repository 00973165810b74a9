//! An entry of an Exchange calendar, in our words.

use base64::{Engine, engine::general_purpose::STANDARD};
use conference::{invitation_block, plain_text};
use ews::{
    CalendarItem, ExtendedFieldUri, FieldUri, Item, field,
    fields::PropertyType,
    items::{Attendee, BodyType, CalendarItemType, ExtendedProperty, ResponseType as Wire},
    shapes::{BaseShape, BodyTypeWanted, ItemShape},
};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};
use protocol::{
    ids::MailboxAddress,
    meeting::{ParticipantKind, ParticipantType, ResponseType, Sensitivity},
};

use super::{
    rule,
    zone::{self, Zone},
};
use crate::{
    entry::{Body, Entry, Kind, Mark, Version},
    meeting::{LINE_CHARACTERS_MAX, Meeting, PARTICIPANTS_MAX, Participant, Person, Plain, note},
    news::SourceId,
    stamp::Stamp,
};

/// Property set of our one property; drawn once for this project.
const STAMP_SET: &str = "2e5597d2-4407-41bd-be17-eeeb7898b91b";
const STAMP_NAME: &str = "HybridCalendar";
/// Set and name of our property, for who meets it in a document.
pub(super) const STAMP: (&str, &str) = (STAMP_SET, STAMP_NAME);
/// Occurrences of one series that are looked at for a keyword of their own.
const EXCEPTIONS_MAX: usize = 50;
/// How long an entry without an end is taken to last.
const DURATION_ASSUMED: SignedDuration = SignedDuration::from_mins(30);

/// One row of a window, enough to see whether it has changed.
pub struct Row {
    pub id: SourceId,
    pub version: Version,
    pub kind: Kind,
    pub uid: Vec<u8>,
    pub original_start: Option<Timestamp>,
    pub start: Timestamp,
    pub end: Timestamp,
    /// There may be a keyword, or there was one.
    pub may_ask: bool,
    pub is_cancelled: bool,
}

pub fn stamp_uri() -> ExtendedFieldUri {
    ExtendedFieldUri::named(STAMP_SET, STAMP_NAME, PropertyType::String)
}

pub fn stamp_property(stamp: &Stamp) -> ExtendedProperty {
    ExtendedProperty::new(stamp_uri(), stamp.to_text())
}

/// What a window and a page of changes ask for: enough to compare.
pub fn row_shape() -> ItemShape {
    let fields = [
        field::START,
        field::END,
        field::LOCATION,
        field::IS_CANCELLED,
        field::CALENDAR_ITEM_TYPE,
        field::ORIGINAL_START,
        field::UID,
        FieldUri::from(ExtendedFieldUri::clean_global_object_id()),
        FieldUri::from(ExtendedFieldUri::global_object_id()),
        FieldUri::from(stamp_uri()),
    ];
    fields.into_iter().fold(ItemShape::of(BaseShape::IdOnly), ItemShape::with)
}

/// Everything an entry is made of.
pub fn entry_shape() -> ItemShape {
    let fields = [
        field::SUBJECT,
        field::SENSITIVITY,
        field::BODY,
        field::CULTURE,
        field::LAST_MODIFIED_TIME,
        field::UID,
        field::START,
        field::END,
        field::ORIGINAL_START,
        field::IS_ALL_DAY_EVENT,
        field::LOCATION,
        field::IS_MEETING,
        field::IS_CANCELLED,
        field::MEETING_REQUEST_WAS_SENT,
        field::CALENDAR_ITEM_TYPE,
        field::MY_RESPONSE_TYPE,
        field::ORGANIZER,
        field::REQUIRED_ATTENDEES,
        field::OPTIONAL_ATTENDEES,
        field::RESOURCES,
        field::START_TIME_ZONE,
        FieldUri::from(ExtendedFieldUri::clean_global_object_id()),
        FieldUri::from(ExtendedFieldUri::global_object_id()),
        FieldUri::from(stamp_uri()),
    ];
    let shape = ItemShape::of(BaseShape::IdOnly).with_body_as(BodyTypeWanted::Best);
    fields.into_iter().fold(shape, ItemShape::with)
}

/// Masters alone say when their series ends.
pub fn master_shape() -> ItemShape {
    entry_shape()
        .with(field::LAST_OCCURRENCE)
        .with(field::RECURRENCE)
        .with(field::MODIFIED_OCCURRENCES)
}

/// `None` for what is not an entry of a calendar, or has no start: it cannot stand in a list.
pub fn row(item: &Item) -> Option<Row> {
    let item = item.calendar_item()?;
    let (start, end) = times(item)?;
    let (id, version) = identity(item)?;
    let location = item.location.as_deref().unwrap_or_default();
    let kind = kind(item);
    let original_start = original_start(item, kind, start);
    Some(Row {
        id,
        version,
        kind,
        uid: uid(item),
        original_start,
        start,
        end,
        may_ask: location.contains('@') || item.extended_property(&stamp_uri()).is_some(),
        is_cancelled: item.is_cancelled.unwrap_or(false),
    })
}

pub fn entry(item: &CalendarItem, owner: &MailboxAddress) -> Option<Entry> {
    let (start, end) = times(item)?;
    let (id, version) = identity(item)?;
    let mut notes = Vec::new();
    if item.end.is_none() {
        notes.push(note::NO_END);
    }
    let zone = zone::resolve(item.start_time_zone.as_ref(), start);
    let first_day = first_day(item, start, &zone);
    if !zone.is_known() {
        notes.push(note::UNKNOWN_TIME_ZONE);
    }
    let kind = kind(item);
    let body = body(item);
    let is_organizer = is_organizer(item, owner);
    let stamp = item.extended_property(&stamp_uri()).and_then(ExtendedProperty::value);
    let attendees = [&item.required_attendees, &item.optional_attendees, &item.resources];
    Some(Entry {
        original_start: original_start(item, kind, start),
        id,
        version,
        kind,
        uid: uid(item),
        is_organizer,
        is_cancelled: item.is_cancelled.unwrap_or(false),
        request_was_sent: item.meeting_request_was_sent.unwrap_or(false),
        has_attendees: attendees.iter().any(|list| !list.is_empty()),
        zone: zone.iana_name(),
        recurrence: rule::recurrence(item.recurrence.as_ref(), series_ends(item)),
        exceptions: exceptions(item),
        series_ends: series_ends(item),
        culture: item.culture.clone(),
        mark: stamp.map_or(Mark::None, |text| {
            Stamp::from_text(text).map_or(Mark::Unreadable, Mark::Stamped)
        }),
        location: Plain(item.location.clone().unwrap_or_default()),
        is_body_cut: is_body_cut(item),
        meeting: Meeting {
            first_day,
            ..meeting(item, owner, is_organizer, &body, (start, end), notes)
        },
        body,
    })
}

fn meeting(
    item: &CalendarItem,
    owner: &MailboxAddress,
    is_organizer: bool,
    body: &Body,
    (start, end): (Timestamp, Timestamp),
    notes: Vec<&'static str>,
) -> Meeting {
    // The link has its button; an agenda is what people wrote.
    let agenda = match body {
        Body::Html(html) => plain_text::from_html(&invitation_block::without_blocks(
            &html.0,
            invitation_block::Kind::Html,
        )),
        Body::Text(text) => plain_text::from_text(&invitation_block::without_blocks(
            &text.0,
            invitation_block::Kind::Text,
        )),
    };
    let lists = [
        (&item.required_attendees, ParticipantType::Required, ParticipantKind::Person),
        (&item.optional_attendees, ParticipantType::Optional, ParticipantKind::Person),
        (&item.resources, ParticipantType::Required, ParticipantKind::Room),
    ];
    let everybody = lists.into_iter().flat_map(|(list, participation, kind)| {
        list.iter().map(move |attendee| participant(attendee, participation, kind))
    });
    let count = lists.iter().map(|(list, ..)| list.len()).sum::<usize>();
    let own_response = if is_organizer {
        ResponseType::Organizer
    } else {
        response(item.my_response_type.as_ref())
    };
    let modified = item.last_modified_time.and_then(ews::DateTime::utc);
    Meeting {
        subject: line(item.subject.as_deref()),
        location: line(item.location.as_deref()),
        is_agenda_cut: agenda.is_truncated || is_body_cut(item),
        agenda: Plain(agenda.text),
        start,
        end,
        is_all_day: item.is_all_day_event.unwrap_or(false),
        first_day: None,
        is_recurring: kind(item) != Kind::Single,
        sensitivity: sensitivity(item),
        response: own_response,
        organizer: item.organizer.as_ref().map(person).or_else(|| {
            let name = Plain(owner.as_str().into());
            is_organizer.then(|| Person { name, address: Some(owner.clone()) })
        }),
        participants: everybody.take(PARTICIPANTS_MAX).collect(),
        is_participants_cut: count > PARTICIPANTS_MAX,
        last_modified: modified.unwrap_or(start),
        join_link: None,
        dial: None,
        passcode: None,
        alternatives: Vec::new(),
        explanation: Vec::new(),
        notes,
    }
}

fn times(item: &CalendarItem) -> Option<(Timestamp, Timestamp)> {
    // We send no time zone context, so Exchange answers in UTC; anything else is read as such.
    let utc = |time: ews::DateTime| time.to_timestamp(&TimeZone::UTC);
    let start = item.start.and_then(utc)?;
    let assumed = || start.checked_add(DURATION_ASSUMED).ok();
    let end = item.end.and_then(utc).filter(|end| *end >= start).or_else(assumed)?;
    Some((start, end))
}

fn identity(item: &CalendarItem) -> Option<(SourceId, Version)> {
    let id = item.item_id.as_ref()?;
    let version = Version(id.change_key.clone().unwrap_or_default());
    Some((SourceId(id.id.clone()), version))
}

fn kind(item: &CalendarItem) -> Kind {
    match item.calendar_item_type {
        Some(CalendarItemType::Occurrence) => Kind::Occurrence,
        Some(CalendarItemType::Exception) => Kind::Exception,
        Some(CalendarItemType::RecurringMaster) => Kind::SeriesMaster,
        Some(CalendarItemType::Single | CalendarItemType::Other(_)) | None => Kind::Single,
    }
}

/// The clean global object id, if need be made from the other one, from which it differs in the
/// date alone; items that never had one are known by their UID or item id.
fn uid(item: &CalendarItem) -> Vec<u8> {
    let clean = item.clean_global_object_id().map(str::to_owned).or_else(|| cleaned(item));
    let item_id = || item.item_id.as_ref().map(|id| id.id.clone());
    clean.or_else(|| item.uid.clone()).or_else(item_id).unwrap_or_default().into_bytes()
}

fn cleaned(item: &CalendarItem) -> Option<String> {
    let property = item.extended_property(&ExtendedFieldUri::global_object_id())?;
    let mut bytes = STANDARD.decode(property.value()?).ok()?;
    bytes.get_mut(DATE_BYTES)?.fill(0);
    Some(STANDARD.encode(bytes))
}

/// Where a global object id carries the date of an occurrence.
const DATE_BYTES: std::ops::Range<usize> = 16..20;

fn original_start(item: &CalendarItem, kind: Kind, start: Timestamp) -> Option<Timestamp> {
    match kind {
        Kind::SeriesMaster => None,
        Kind::Single => orphan_date(item),
        Kind::Occurrence | Kind::Exception => {
            Some(item.original_start.and_then(ews::DateTime::utc).unwrap_or(start))
        }
    }
}

/// Who is invited to single occurrences only has them as entries of their own, all with the clean
/// id of the series. The date of each stands in its global object id (MS-OXOCAL 2.2.1.27: bytes 16
/// to 19 are year, month and day, zero for what is no occurrence).
fn orphan_date(item: &CalendarItem) -> Option<Timestamp> {
    let property = item.extended_property(&ExtendedFieldUri::global_object_id())?;
    let bytes = STANDARD.decode(property.value()?).ok()?;
    let [high, low, month, day] = *bytes.get(DATE_BYTES)?.first_chunk()?;
    let year = i16::from_be_bytes([high, low]);
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    (year > 0).then(|| TimeZone::UTC.to_timestamp(date.to_datetime(Time::midnight())).ok())?
}

/// An appointment that nobody was invited to has no response type: it is its owner's own.
fn is_organizer(item: &CalendarItem, owner: &MailboxAddress) -> bool {
    match &item.my_response_type {
        Some(Wire::Organizer) => true,
        Some(Wire::Unknown) | None => {
            let address =
                item.organizer.as_ref().and_then(|mailbox| mailbox.email_address.as_deref());
            // An organizer whose address is not one of SMTP is somebody, and not the owner.
            let is_own = address.is_none_or(|address| {
                MailboxAddress::new(address).is_some_and(|address| address == *owner)
            });
            is_own && !item.is_meeting.unwrap_or(false)
        }
        Some(
            Wire::Tentative
            | Wire::Accept
            | Wire::Decline
            | Wire::NoResponseReceived
            | Wire::Other(_),
        ) => false,
    }
}

fn body(item: &CalendarItem) -> Body {
    match &item.body {
        Some(body) if body.body_type == BodyType::Html => Body::Html(Plain(body.content.clone())),
        Some(body) => Body::Text(Plain(body.content.clone())),
        None => Body::Text(Plain::default()),
    }
}

/// Start is the moment of midnight where the organizer is: which day that was, only the zone tells.
fn first_day(item: &CalendarItem, start: Timestamp, zone: &Zone) -> Option<Date> {
    match zone {
        Zone::Known(zone) if item.is_all_day_event == Some(true) => {
            Some(start.to_zoned(zone.clone()).date())
        }
        Zone::Known(_) | Zone::Unsaid | Zone::Unknown => None,
    }
}

fn is_body_cut(item: &CalendarItem) -> bool {
    item.body.as_ref().is_some_and(|body| body.is_truncated == Some(true))
}

/// `None` for a series without end, or what is not a series.
fn series_ends(item: &CalendarItem) -> Option<Timestamp> {
    item.last_occurrence.as_ref().and_then(|occurrence| occurrence.end.utc())
}

/// The latest first: those that are over cannot ask for anything.
fn exceptions(item: &CalendarItem) -> Vec<(SourceId, Timestamp)> {
    let latest = item.modified_occurrences.iter().rev().take(EXCEPTIONS_MAX);
    let known = latest.filter_map(|occurrence| {
        Some((SourceId(occurrence.item_id.id.clone()), occurrence.end.utc()?))
    });
    known.collect()
}

fn participant(
    attendee: &Attendee,
    participation: ParticipantType,
    kind: ParticipantKind,
) -> Participant {
    Participant {
        person: person(&attendee.mailbox),
        kind,
        response: response(attendee.response_type.as_ref()),
        participation,
    }
}

fn person(mailbox: &ews::Mailbox) -> Person {
    let address = mailbox.email_address.as_deref();
    let name = mailbox.name.as_deref().filter(|name| !name.trim().is_empty()).or(address);
    Person { name: line(name), address: address.and_then(MailboxAddress::new) }
}

fn response(wire: Option<&Wire>) -> ResponseType {
    match wire {
        Some(Wire::Organizer) => ResponseType::Organizer,
        Some(Wire::Tentative) => ResponseType::Tentative,
        Some(Wire::Accept) => ResponseType::Accepted,
        Some(Wire::Decline) => ResponseType::Declined,
        Some(Wire::NoResponseReceived) => ResponseType::NoResponse,
        Some(Wire::Unknown | Wire::Other(_)) | None => ResponseType::UnknownResponse,
    }
}

fn sensitivity(item: &CalendarItem) -> Sensitivity {
    match &item.sensitivity {
        Some(ews::items::Sensitivity::Personal) => Sensitivity::Personal,
        Some(ews::items::Sensitivity::Private) => Sensitivity::Private,
        Some(ews::items::Sensitivity::Confidential) => Sensitivity::Confidential,
        Some(ews::items::Sensitivity::Normal | ews::items::Sensitivity::Other(_)) | None => {
            Sensitivity::Normal
        }
    }
}

fn line(text: Option<&str>) -> Plain {
    let clean = plain_text::from_text(text.unwrap_or_default()).text;
    let words: Vec<&str> = clean.split_whitespace().collect();
    let words = words.join(" ");
    let characters = words.chars().filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}'));
    Plain(characters.take(LINE_CHARACTERS_MAX).collect())
}

#[cfg(test)]
mod tests;
