//! Calendars as they are: whatever one item looks like, it is listed properly or left out, and the
//! rest of the calendar goes on.

use ews::{items::Body, time_zone::TimeZoneDefinition};
use exchange_sim::{NewMeeting, Oddity};
use hybridcal::client::OpenedMeeting;
use jiff::SignedDuration;

use crate::{
    invitation::{blocks, plan},
    site::{ALICE, BOB, Settings, Site, time},
};

/// A site whose connector has not started yet, so that it never sees anything as it should be.
async fn before_the_first_look() -> Site {
    Site::without_connector(Settings::default()).await
}

fn appointment(site: &Site, subject: &str) -> NewMeeting {
    let body = Some(Body::html(format!("<p>Agenda of {subject}</p>")));
    NewMeeting { body, ..NewMeeting::new(subject, site.in_minutes(60), site.in_minutes(120)) }
}

/// Starts the connector and waits for an ordinary meeting that comes last.
async fn listed_after(site: &mut Site) -> Vec<OpenedMeeting> {
    site.start_connector();
    site.invite(ALICE, plan(site));
    site.until_joinable(BOB, "Plan").await;
    site.until_joinable(ALICE, "Plan").await;
    let list = site.list(ALICE).await;
    assert!(site.alarms().is_empty(), "{:?}", site.alarms());
    list
}

fn find<'l>(list: &'l [OpenedMeeting], subject: &str) -> Option<&'l OpenedMeeting> {
    list.iter().find(|meeting| meeting.subject.text() == Some(subject))
}

fn zone(id: &str) -> Oddity {
    Oddity::Zone(Box::new(TimeZoneDefinition::with_id(id)))
}

#[tokio::test(start_paused = true)]
async fn odd_items_are_listed_with_a_note_or_left_out() {
    let mut site = before_the_first_look().await;
    let cases: [(&str, Oddity, Option<&[&str]>); 12] = [
        ("No start", Oddity::NoStart, None),
        ("No end", Oddity::NoEnd, Some(&["no-end"])),
        ("End before start", Oddity::EndBeforeStart, Some(&[])),
        ("No organizer", Oddity::NoOrganizer, Some(&[])),
        ("No body", Oddity::NoBody, Some(&[])),
        ("No identity", Oddity::NoIdentity, Some(&[])),
        ("No clean id", Oddity::NoCleanId, Some(&[])),
        ("Novel type", Oddity::NovelType, Some(&[])),
        ("Custom zone", zone("Customized Time Zone"), Some(&["unknown-time-zone"])),
        ("Display name", zone("(UTC+01:00) Amsterdam, Berlin, Bern"), Some(&[])),
        ("German zone", zone("Mitteleuropäische Zeit"), Some(&[])),
        ("Empty zone", zone(""), Some(&[])),
    ];
    for (subject, oddity, _) in &cases {
        let meeting = site.invite(ALICE, appointment(&site, subject));
        site.exchange.make_odd(&meeting, oddity.clone()).expect("it is there");
    }
    let list = listed_after(&mut site).await;
    for (subject, _, expected) in &cases {
        let notes = find(&list, subject)
            .map(|meeting| meeting.notes.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(notes.as_deref(), *expected, "{subject}");
    }
    let short = find(&list, "End before start").expect("listed");
    assert_eq!(short.end.duration_since(short.start), SignedDuration::from_mins(30));
    assert_eq!(list.len(), cases.len(), "all but one, and the ordinary meeting");
}

#[tokio::test(start_paused = true)]
async fn an_item_without_a_title_is_listed() {
    let mut site = before_the_first_look().await;
    let meeting = site.invite(ALICE, appointment(&site, "Untitled"));
    site.exchange.make_odd(&meeting, Oddity::NoSubject).expect("it is there");
    let list = listed_after(&mut site).await;
    assert!(find(&list, "").is_some() && list.len() == 2);
}

#[tokio::test(start_paused = true)]
async fn a_body_of_which_a_part_is_missing_is_never_written_back() {
    let mut site = before_the_first_look().await;
    let wants = NewMeeting { location: Some("@meet".into()), ..appointment(&site, "Cut") };
    let meeting = site.invite(ALICE, wants);
    site.exchange.make_odd(&meeting, Oddity::TruncatedBody).expect("it is there");
    let list = listed_after(&mut site).await;
    assert_eq!(find(&list, "Cut").expect("listed").notes, ["body-cut"]);
    let entry = site.entry(ALICE, "Cut");
    assert_eq!(blocks(&entry.body.content), 0);
    assert_eq!(entry.location.as_deref(), Some("@meet"));
}

#[tokio::test(start_paused = true)]
async fn characters_that_no_document_may_have_spoil_one_title_at_most() {
    let mut site = before_the_first_look().await;
    let cases = [
        ("Bell", "Be&#x7;l&#x0;l", "Be\u{fffd}l\u{fffd}l"),
        ("Raw", "R\u{1}a\u{0}w", "Raw"),
        ("Edge", "Ed&#xFFFE;ge\u{ffff}", "Ed\u{fffd}ge"),
        ("Entity", "Ent&nbsp;ity &", "Ent&nbsp;ity &"),
    ];
    for (subject, said, _) in cases {
        site.invite(ALICE, appointment(&site, subject));
        let element = |content: &str| format!("<t:Subject>{content}</t:Subject>");
        site.exchange.garble(&element(subject), &element(said));
    }
    let list = listed_after(&mut site).await;
    let titles: Vec<_> = list.iter().filter_map(|meeting| meeting.subject.text()).collect();
    for (subject, _, title) in cases {
        assert!(titles.contains(&title), "{subject}: {titles:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn documents_that_break_the_schema_are_read_all_the_same() {
    let mut site = before_the_first_look().await;
    for subject in ["Doubled", "Dressed", "Strange"] {
        site.invite(ALICE, appointment(&site, subject));
    }
    let shifted = NewMeeting::new("Shifted", time("2026-11-24T13:37:00Z"), site.in_minutes(600));
    site.invite(ALICE, shifted);
    let garble = |written: &str, said: &str| site.exchange.garble(written, said);
    garble(
        "Agenda of Doubled&lt;/p&gt;</t:Body>",
        "Agenda of Doubled&lt;/p&gt;</t:Body><t:Body BodyType=\"Text\">second</t:Body>",
    );
    garble(
        "<t:Body BodyType=\"HTML\">&lt;p&gt;Agenda of Dressed",
        "<t:Body xml:lang='de' odd='' BodyType=\"HTML\" x:y=''>&lt;p&gt;Agenda of Dressed",
    );
    garble(
        "<t:Body BodyType=\"HTML\">&lt;p&gt;Agenda of Strange",
        "<t:Body BodyType=\"RTF\">&lt;p&gt;Agenda of Strange",
    );
    garble("2026-11-24T13:37:00Z", "2026-11-24T14:37:00.0000000+01:00");
    let list = listed_after(&mut site).await;
    let agenda = |subject: &str| {
        let agenda = find(&list, subject).and_then(|meeting| meeting.agenda.clone());
        agenda.and_then(|agenda| agenda.text().map(|text| text.trim().to_owned()))
    };
    assert_eq!(agenda("Doubled").as_deref(), Some("Agenda of Doubled"));
    assert_eq!(agenda("Dressed").as_deref(), Some("Agenda of Dressed"));
    assert!(agenda("Strange").is_some());
    let shifted = find(&list, "Shifted").expect("listed");
    assert_eq!(shifted.start, time("2026-11-24T13:37:00Z"));
}

/// Midnight in Auckland is late morning of the day before in UTC.
#[tokio::test(start_paused = true)]
async fn an_all_day_meeting_stands_on_its_organizers_day() {
    let mut site = before_the_first_look().await;
    let all_day = NewMeeting {
        is_all_day: true,
        time_zone: Some("New Zealand Standard Time".into()),
        ..NewMeeting::new("Holiday", time("2026-11-25T11:00:00Z"), time("2026-11-26T11:00:00Z"))
    };
    site.invite(ALICE, all_day.clone());
    let unknown = site.invite(ALICE, NewMeeting { subject: "Somewhere".into(), ..all_day });
    site.exchange.make_odd(&unknown, zone("Customized Time Zone")).expect("it is there");
    let list = listed_after(&mut site).await;
    let day = |subject: &str| find(&list, subject).expect("listed").first_day;
    assert_eq!(day("Holiday"), Some(jiff::civil::date(2026, 11, 26)));
    assert_eq!(day("Somewhere"), None, "nobody knows; clients make the best of it");
}

/// Whatever the simulator says in an ordinary day keeps to the published schema.
#[tokio::test(start_paused = true)]
async fn answers_keep_to_the_published_schema() {
    let mut site = before_the_first_look().await;
    site.invite(ALICE, appointment(&site, "Appointment"));
    listed_after(&mut site).await;
    assert_eq!(site.exchange.own_offences(), [""; 0]);
}
