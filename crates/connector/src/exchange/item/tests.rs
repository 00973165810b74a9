//! Calendar items as Exchange has them, odd ones included.

use ews::{DateTime, ItemId, Mailbox, items::Body as WireBody, time_zone::TimeZoneDefinition};

use super::*;

fn time(text: &str) -> DateTime {
    DateTime::parse(text).expect("a time")
}

fn owner() -> MailboxAddress {
    MailboxAddress::new("alice@example.com").expect("an address")
}

fn item() -> CalendarItem {
    CalendarItem {
        item_id: Some(ItemId::new("AAMk", "DwAA")),
        subject: Some("Plan".into()),
        start: Some(time("2026-11-24T10:00:00Z")),
        end: Some(time("2026-11-24T11:00:00Z")),
        uid: Some("uid-1".into()),
        my_response_type: Some(Wire::Organizer),
        is_meeting: Some(true),
        organizer: Some(Mailbox::named("Alice Adams", "alice@example.com")),
        body: Some(WireBody::html("<p>Agenda</p>")),
        ..CalendarItem::default()
    }
}

fn read(item: &CalendarItem) -> Entry {
    entry(item, &owner()).expect("an entry")
}

#[test]
fn an_item_without_an_end_is_listed_and_says_so() {
    let entry = read(&CalendarItem { end: None, ..item() });
    assert_eq!(entry.meeting.end.to_string(), "2026-11-24T10:30:00Z");
    assert_eq!(entry.meeting.notes, [note::NO_END]);
}

#[test]
fn an_end_before_the_start_is_no_end() {
    let entry = read(&CalendarItem { end: Some(time("2026-11-24T09:00:00Z")), ..item() });
    assert_eq!(entry.meeting.end.to_string(), "2026-11-24T10:30:00Z");
}

#[test]
fn zones_are_known_by_windows_and_other_names() {
    let zone = |id: &str| {
        let zone = TimeZoneDefinition { id: Some(id.into()), ..TimeZoneDefinition::default() };
        read(&CalendarItem { start_time_zone: Some(zone), ..item() }).meeting.notes
    };
    for known in ["W. Europe Standard Time", "Europe/Berlin", "UTC", "tzone://Microsoft/Utc", ""] {
        assert!(zone(known).is_empty(), "{known}");
    }
    assert_eq!(zone("Customized Time Zone"), [note::UNKNOWN_TIME_ZONE]);
}

#[test]
fn without_a_start_there_is_nothing_to_list() {
    assert!(entry(&CalendarItem { start: None, ..item() }, &owner()).is_none());
}

#[test]
fn whose_copy_it_is_comes_from_exchange_not_from_the_organizers_name() {
    assert!(read(&item()).is_organizer);
    let invited = CalendarItem { my_response_type: Some(Wire::NoResponseReceived), ..item() };
    assert!(!read(&invited).is_organizer, "although the organizer's address is the owner's");
    let own = CalendarItem { my_response_type: None, is_meeting: Some(false), ..item() };
    assert!(read(&own).is_organizer, "an appointment of one's own");
    let forwarded = CalendarItem { my_response_type: Some(Wire::Unknown), ..item() };
    assert!(!read(&forwarded).is_organizer);
}

#[test]
fn occurrences_are_told_apart_by_the_start_the_series_gave_them() {
    let moved = CalendarItem {
        calendar_item_type: Some(CalendarItemType::Exception),
        original_start: Some(time("2026-11-24T08:00:00Z")),
        ..item()
    };
    assert_eq!(read(&moved).recurrence_id().as_deref(), Some("2026-11-24T08:00:00Z"));
    assert_eq!(read(&item()).recurrence_id(), None);
}

#[test]
fn names_are_cleaned_and_cut() {
    let long = format!("a\u{202e}b\n{}", "x".repeat(1000));
    let entry = read(&CalendarItem { subject: Some(long), ..item() });
    assert!(entry.meeting.subject.0.starts_with("ab x"), "{:.9}", entry.meeting.subject.0);
    assert_eq!(entry.meeting.subject.0.chars().count(), LINE_CHARACTERS_MAX);
}

#[test]
fn nothing_of_an_entry_is_shown_by_debug() {
    let shown = format!("{:?}", read(&item()));
    for content in ["Plan", "Agenda", "Adams", "alice@"] {
        assert!(!shown.contains(content), "{shown}");
    }
}

#[test]
fn occurrences_that_somebody_was_invited_to_one_by_one_are_told_apart() {
    let orphan = |date: [u8; 4]| {
        let id = [&[4, 0, 0, 0][..], &[0; 12], &date, &[7; 20]].concat();
        let property =
            ExtendedProperty::new(ExtendedFieldUri::global_object_id(), STANDARD.encode(id));
        read(&CalendarItem { extended_properties: vec![property], ..item() }).recurrence_id()
    };
    assert_eq!(orphan([0x07, 0xea, 10, 20]).as_deref(), Some("2026-10-20T00:00:00Z"));
    assert_eq!(orphan([0x07, 0xea, 10, 27]).as_deref(), Some("2026-10-27T00:00:00Z"));
    assert_eq!(orphan([0; 4]), None);
    assert_eq!(orphan([0xff; 4]), None);
}
