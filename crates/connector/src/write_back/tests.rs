//! When something is written, and when not; to whom mail goes; and that twice is once.

use conference::join_link::Sender;
use jiff::SignedDuration;
use protocol::meeting::{ResponseType, Sensitivity};
use serde_json::json;

use super::*;
use crate::{config::Config, meeting::Meeting};

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
        "keywords": {"@meet": "jitsi", "@other": "other"},
        "conferences": {
            "jitsi": {"kind": "jitsi", "server": "https://meet.example.com"},
            "other": {"kind": "url-template", "template": "https://other.example.com/{slug}"},
        },
    }))
    .expect("a configuration");
    let world = world::World::in_memory(time(NOW), 1).host("connector");
    Practice::new(&config, &world).expect("usable")
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
        zone: None,
        recurrence: None,
        exceptions: Vec::new(),
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
            dial: None,
            passcode: None,
            alternatives: Vec::new(),
            explanation: Vec::new(),
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
    decide_with(entry, None)
}

fn decide_with(entry: &Entry, master: Option<&Entry>) -> Decision {
    practice().decide(&Case { entry, master, owner: &alice(), secret: SECRET, now: time(NOW) })
}

/// As the pass does it; these providers need not be called, so that nothing is waited for.
fn made(entry: &Entry, plan: &Plan) -> Write {
    let practice = practice();
    let provider = practice.provider(&plan.found.conference).expect("a provider");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let conference = runtime.block_on(provider.ensure(&plan.wish, None)).expect("a conference");
    practice.write(entry, plan, &conference, time(NOW))
}

fn written_with(entry: &Entry, master: Option<&Entry>) -> Write {
    match decide_with(entry, master) {
        Decision::Make(plan) => made(entry, &plan),
        Decision::Strip(write) => *write,
        other => panic!("nothing is written: {other:?}"),
    }
}

fn written(entry: &Entry) -> Write {
    written_with(entry, None)
}

fn left_alone(entry: &Entry) -> Option<&'static str> {
    match decide(entry) {
        Decision::Leave(note) => note,
        Decision::Keep(_) => None,
        other => panic!("something is written: {other:?}"),
    }
}

/// As it stands in the calendar after a write.
fn after(entry: &Entry) -> Entry {
    let mut after = entry.clone();
    after.after(written(entry), Version("DwAB".into()));
    after
}

/// With another place, as somebody typed it.
fn placed(entry: &Entry, place: &str) -> Entry {
    Entry { location: Plain(place.into()), ..entry.clone() }
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
    let stamp = write.stamp.expect("a stamp");
    assert_eq!(stamp.location.0, "Room 4; @meet");
    assert!(stamp.was_told && stamp.link.0 == link);
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
    let link = practice().links(&entry, Sender::Internal).join.expect("a link");
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

#[test]
fn a_keyword_taken_out_takes_out_what_it_brought() {
    let before = entry();
    let entry = after(&before);
    let without = placed(&entry, &entry.location.0.replace("; @meet", ""));
    let write = written(&without);
    assert_eq!(write.location, Some(Plain("Room 4".into())));
    assert_eq!(write.body.expect("a body").text(), before.body.text(), "byte for byte");
    assert_eq!((write.stamp, write.mails), (None, Mails::AllAttendees));
    assert_eq!(written(&placed(&entry, "Room 4")).location, None, "nothing of ours is in it");
}

#[test]
fn from_a_draft_it_goes_silently_and_from_what_was_sent_it_is_told() {
    let draft = Entry { request_was_sent: false, ..entry() };
    let mut placed = placed(&after(&draft), "Room 4");
    assert_eq!(written(&placed).mails, Mails::Nobody);
    placed.request_was_sent = true;
    assert_eq!(written(&placed).mails, Mails::AllAttendees, "the invitation had it");
}

#[test]
fn another_word_for_the_same_room_is_nobodys_news() {
    let entry = after(&entry());
    let other = placed(&entry, &entry.location.0.replace("@meet", "@meet:onetime"));
    let write = written(&other);
    assert_eq!((write.body.is_none(), write.mails), (true, Mails::Nobody));
}

#[test]
fn a_link_that_somebody_made_longer_is_theirs() {
    let entry = after(&entry());
    for end in ["/x", "-2", "?x=1"] {
        let place = format!("{}{end}", entry.location.0);
        assert_eq!(left_alone(&placed(&entry, &place)), None, "{place}");
    }
}

#[test]
fn another_keyword_takes_the_place_of_the_first_in_one_write() {
    let entry = after(&entry());
    let first = entry.stamp().expect("a stamp").link.0.clone();
    let other = placed(&entry, &entry.location.0.replace("@meet", "@other"));
    let write = written(&other);
    let body = write.body.as_ref().expect("a body").text();
    assert!(body.contains("https://other.example.com/") && !body.contains(&first), "{body}");
    let place = &write.location.as_ref().expect("a place").0;
    assert!(place.starts_with("Room 4; @other; https://other.example.com/"), "{place}");
    assert!(!place.contains(&first));
    assert_eq!(write.cause, Cause::KeywordChanged);
}

#[test]
fn what_was_edited_by_hand_is_left_alone() {
    let entry = after(&entry());
    let edited = entry.body.text().replace("Join the online meeting", "Call me");
    let edited = Entry { body: Body::Html(Plain(edited)), ..entry };
    assert_eq!(left_alone(&edited), Some(note::EDITED_BY_HAND));
    let changed = placed(&edited, &edited.location.0.replace("@meet", "@other"));
    assert_eq!(left_alone(&changed), Some(note::EDITED_BY_HAND));
    assert_eq!(left_alone(&placed(&edited, "Room 4")), Some(note::EDITED_BY_HAND));
    let taken_out = Entry { body: Body::Html(Plain("<p>Agenda</p>".into())), ..edited };
    assert_eq!(left_alone(&taken_out), Some(note::EDITED_BY_HAND), "and not put in again");
}

#[test]
fn a_link_that_people_took_out_of_the_place_stays_out() {
    let entry = after(&entry());
    assert_eq!(left_alone(&placed(&entry, "Room 4; @meet")), None);
    assert_eq!(left_alone(&placed(&entry, "Room 5; @meet")), None);
}

#[test]
fn a_link_of_the_same_service_means_that_nothing_is_added() {
    let body = "<p><a href=\"https://meet.example.com/standup\">here</a></p>";
    let linked = Entry { body: Body::Html(Plain(body.into())), ..entry() };
    assert_eq!(left_alone(&linked), Some(note::ALREADY_LINKED));
    let place = placed(&entry(), "@meet https://meet.example.com/standup");
    assert_eq!(left_alone(&place), Some(note::ALREADY_LINKED));
    let foreign = "<p><a href=\"https://zoom.us/j/91234567890\">Zoom</a></p>";
    let foreign = Entry { body: Body::Html(Plain(foreign.into())), ..entry() };
    let with = after(&foreign);
    assert!(with.body.text().contains("zoom.us"), "it stays");
    let findings = practice().links(&with, Sender::Internal);
    assert_eq!(findings.join.expect("a link").provider(), "jitsi", "the keyword wins");
    assert_eq!(findings.alternatives.len(), 1);
}

fn series() -> Entry {
    let ends = Some(time("2027-01-05T11:00:00Z"));
    Entry { kind: Kind::SeriesMaster, series_ends: ends, ..entry() }
}

fn exception(master: &Entry, place: &str) -> Entry {
    let original_start = Some(time("2026-12-01T10:00:00Z"));
    let base = Entry { kind: Kind::Exception, original_start, ..master.clone() };
    Entry { series_ends: None, ..placed(&base, place) }
}

#[test]
fn an_exception_inherits_what_its_series_asks_for() {
    let master = after(&series());
    for place in [master.location.0.as_str(), "Room 4; @meet", "Room 9; @meet", "Room 5", ""] {
        let decision = decide_with(&exception(&master, place), Some(&master));
        assert!(matches!(decision, Decision::Leave(None)), "{place}: {decision:?}");
    }
    let unmarked = Entry { mark: Mark::None, ..exception(&master, "Room 4; @meet") };
    assert!(matches!(decide_with(&unmarked, Some(&master)), Decision::Leave(None)));
}

#[test]
fn a_keyword_on_one_occurrence_gives_it_a_conference_of_its_own() {
    let master = placed(&series(), "Room 4");
    let one = exception(&master, "Room 4; @meet");
    let write = written_with(&one, Some(&master));
    let of_series = written(&series());
    assert_ne!(write.location, of_series.location, "another room than the series would have");
    let mut one = one;
    one.after(write, Version("DwAB".into()));
    assert!(matches!(decide_with(&one, Some(&master)), Decision::Keep(_)));
    let without = written_with(&placed(&one, "Room 4"), Some(&master));
    assert_eq!((without.stamp, without.cause), (None, Cause::KeywordRemoved));
}

#[test]
fn another_keyword_on_one_occurrence_takes_the_place_of_its_series() {
    let master = after(&series());
    let one = exception(&master, "Room 4; @other");
    let write = written_with(&one, Some(&master));
    let body = write.body.expect("a body");
    assert!(body.text().contains("other.example.com"));
    assert!(!body.text().contains("meet.example.com"), "the inherited block is replaced");
}

#[test]
fn undoing_takes_out_the_block_and_nobody_hears_of_it() {
    let before = entry();
    let mut entry = after(&before);
    let write = practice().undo(&entry, time(NOW)).expect("something to undo");
    assert_eq!(write.body.as_ref().expect("a body").text(), before.body.text());
    assert_eq!(
        (write.location.clone(), write.mails),
        (Some(before.location.clone()), Mails::Nobody)
    );
    entry.after(write, Version("DwAC".into()));
    assert_eq!(left_alone(&entry), Some(note::EDITED_BY_HAND), "it is not written again");
    assert!(practice().undo(&entry, time(NOW)).is_none(), "nothing is left to undo");
    let over = time(NOW) + SignedDuration::from_hours(100);
    assert!(practice().undo(&after(&before), over).is_none());
}

#[test]
fn a_room_that_a_conference_does_not_have_is_told() {
    assert_eq!(left_alone(&placed(&entry(), "@meet:myroom")), Some(note::NO_SUCH_ROOM));
    written(&placed(&entry(), "@meet:onetime"));
}

#[test]
fn a_private_title_stays_at_home() {
    let private = Meeting { sensitivity: Sensitivity::Private, ..entry().meeting };
    let Decision::Make(plan) = decide(&Entry { meeting: private, ..entry() }) else {
        panic!("a conference")
    };
    assert_eq!(plan.wish.title, "Private meeting");
}
