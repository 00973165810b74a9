//! When something is written, and when not; to whom mail goes; and that twice is once.

use protocol::meeting::{ResponseType, Sensitivity};
use serde_json::json;

use super::*;
use crate::meeting::Meeting;

const NOW: &str = "2026-11-24T09:00:00Z";
const SECRET: &[u8] = b"a secret";

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn practice() -> Practice {
    let config: Config = serde_json::from_value(json!({
        "id": "connector-1", "organization": "example",
        "cloud_url": "https://cloud", "kms_url": "https://kms",
        "exchange": {"url": "https://exchange/EWS/Exchange.asmx", "user": "svc", "password": "x"},
        "mailboxes": ["alice@example.com"],
        "keywords": {"@meet": "jitsi"},
        "conferences": {"jitsi": {"kind": "jitsi", "server": "https://meet.example.com"}},
    }))
    .expect("a configuration");
    Practice::new(&config).expect("usable")
}

fn alice() -> MailboxAddress {
    MailboxAddress::new("alice@example.com").expect("an address")
}

/// An invitation of Alice's own that asks for a conference.
fn entry() -> Entry {
    Entry {
        id: SourceId("AAMk".into()),
        version: Version("DwAA".into()),
        kind: Kind::Single,
        uid: b"uid-1".to_vec(),
        original_start: None,
        is_organizer: true,
        is_cancelled: false,
        request_was_sent: true,
        has_attendees: true,
        series_ends: None,
        culture: Some("en-US".into()),
        mark: Mark::None,
        location: Plain("Room 4; @meet".into()),
        body: Body::Html(Plain("<html><body><p>Agenda</p></body></html>".into())),
        is_body_cut: false,
        meeting: Meeting {
            subject: Plain("Plan".into()),
            location: Plain("Room 4; @meet".into()),
            agenda: Plain::default(),
            is_agenda_cut: false,
            start: time("2026-11-24T10:00:00Z"),
            end: time("2026-11-24T11:00:00Z"),
            is_all_day: false,
            first_day: None,
            is_recurring: false,
            sensitivity: Sensitivity::Normal,
            response: ResponseType::Organizer,
            organizer: None,
            participants: Vec::new(),
            is_participants_cut: false,
            last_modified: time(NOW),
            join_link: None,
            notes: Vec::new(),
        },
    }
}

#[test]
fn a_body_of_which_only_a_part_came_is_never_written_back() {
    let cut = Entry { is_body_cut: true, ..entry() };
    assert!(matches!(decide(&cut), Decision::Leave(Some(note::BODY_CUT))));
}

fn decide(entry: &Entry) -> Decision {
    practice().decide(entry, &alice(), SECRET, time(NOW))
}

fn written(entry: &Entry) -> Write {
    match decide(entry) {
        Decision::Write(write) => *write,
        Decision::Leave(note) => panic!("nothing is written: {note:?}"),
    }
}

fn left_alone(entry: &Entry) -> Option<&'static str> {
    match decide(entry) {
        Decision::Write(_) => panic!("something is written"),
        Decision::Leave(note) => note,
    }
}

#[test]
fn a_keyword_in_ones_own_invitation_is_answered_with_link_block_and_stamp() {
    let write = written(&entry());
    let location = write.location.as_ref().expect("the link fits").0.clone();
    let (typed, link) = location.rsplit_once("; ").expect("appended");
    assert_eq!(typed, "Room 4; @meet", "what was typed stays");
    assert!(link.starts_with("https://meet.example.com/"), "{link}");
    let body = write.body.as_ref().expect("a body").text().to_owned();
    assert!(body.contains(link) && body.starts_with("<html><body><p>Agenda</p>"));
    assert_eq!(write.stamp.location.0, "Room 4; @meet");
    assert_eq!(write.mails, Mails::AllAttendees);
    assert_eq!(write.version, Version("DwAA".into()));
}

#[test]
fn what_has_been_written_is_not_written_again() {
    let mut entry = entry();
    let write = written(&entry);
    entry.after(write, Version("DwAB".into()));
    assert_eq!(left_alone(&entry), None);
    assert_eq!(entry.version, Version("DwAB".into()));
    let link = practice().join_link(&entry, Sender::Internal).expect("a link");
    assert!(entry.location.0.ends_with(link.as_str()));
}

#[test]
fn the_same_meeting_always_gets_the_same_room_and_another_one_another() {
    let again = written(&entry()).location;
    assert_eq!(written(&entry()).location, again);
    let other = Entry { uid: b"uid-2".to_vec(), ..entry() };
    assert_ne!(written(&other).location, again);
}

#[test]
fn a_copied_entry_counts_as_new() {
    let mut entry = entry();
    let write = written(&entry);
    entry.after(write, Version("DwAB".into()));
    let first = entry.location.clone();
    entry.uid = b"uid-of-the-copy".to_vec();
    let copy = written(&entry);
    let location = copy.location.expect("a place").0;
    assert!(location.starts_with("Room 4; @meet; https://") && location != first.0, "{location}");
    assert_eq!(location.matches("https://").count(), 1, "not the link it was copied with");
    let body = copy.body.expect("a body");
    assert_eq!(
        body.text().matches("https://").count(),
        2,
        "one block: address and text of one link"
    );
}

#[test]
fn nobody_elses_copy_is_touched_and_nothing_that_is_over() {
    let base = entry();
    let over = |text: &str| Meeting { end: time(text), ..entry().meeting };
    let cases = [
        Entry { is_organizer: false, ..base.clone() },
        Entry { is_cancelled: true, ..base.clone() },
        Entry { meeting: over("2026-11-24T09:00:00Z"), ..base.clone() },
        Entry { kind: Kind::Occurrence, ..base.clone() },
        Entry { kind: Kind::Exception, ..base.clone() },
        Entry { mark: Mark::Unreadable, ..base.clone() },
        Entry { location: Plain("Room 4".into()), ..base.clone() },
        Entry { location: Plain("joe@meet.example.com".into()), ..base.clone() },
        Entry { kind: Kind::SeriesMaster, series_ends: Some(time("2026-11-20T09:00:00Z")), ..base },
    ];
    for entry in cases {
        assert_eq!(left_alone(&entry), None, "{entry:?}");
    }
}

#[test]
fn a_series_that_goes_on_is_written_to_although_its_first_date_is_past() {
    let first = Meeting { end: time("2026-01-05T11:00:00Z"), ..entry().meeting };
    let master = Entry { kind: Kind::SeriesMaster, meeting: first, ..entry() };
    written(&master);
    let ends = Some(time("2027-01-05T11:00:00Z"));
    written(&Entry { series_ends: ends, ..master });
}

#[test]
fn mail_goes_out_only_where_an_invitation_had_gone_out() {
    let draft = Entry { request_was_sent: false, ..entry() };
    assert_eq!(written(&draft).mails, Mails::Nobody);
    let alone = Entry { has_attendees: false, ..entry() };
    assert_eq!(written(&alone).mails, Mails::Nobody);
}

#[test]
fn the_organizer_is_told_why_nothing_happened() {
    let unknown = Entry { location: Plain("@meet:later".into()), ..entry() };
    assert_eq!(left_alone(&unknown), Some(note::UNKNOWN_MODIFIER));
    let large = Body::Text(Plain("x".repeat(BODY_BYTES_MAX + 1)));
    assert_eq!(left_alone(&Entry { body: large, ..entry() }), Some(note::BODY_TOO_LARGE));
}

#[test]
fn a_place_that_is_full_keeps_what_was_typed_and_the_block_has_the_link() {
    let typed = format!("{} @meet", "x".repeat(240));
    let write = written(&Entry { location: Plain(typed), ..entry() });
    assert!(write.location.is_none());
    assert!(write.body.expect("a body").text().contains("https://meet.example.com/"));
}

#[test]
fn plain_text_stays_plain_text_and_german_is_answered_in_german() {
    let body = Body::Text(Plain("Tagesordnung".into()));
    let write = written(&Entry { body, culture: Some("de-DE".into()), ..entry() });
    let Some(Body::Text(text)) = write.body else { panic!("another type of body") };
    assert!(text.0.starts_with("Tagesordnung") && text.0.contains("teilnehmen"), "{}", text.0);
}

#[test]
fn people_read_the_place_without_the_keyword() {
    let practice = practice();
    for (typed, read) in [
        ("Room 4; @meet", "Room 4"),
        ("@meet", ""),
        ("@meet, Room 4", "Room 4"),
        ("Room 4 / @meet / Berlin", "Room 4; Berlin"),
        ("Room 4", "Room 4"),
        ("joe@meet.example.com", "joe@meet.example.com"),
    ] {
        assert_eq!(practice.place_without_keyword(typed), read, "{typed}");
    }
}
