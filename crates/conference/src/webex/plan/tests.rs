//! Times within Webex's rules, and no update for what is so already.

use jiff::Timestamp;

use super::{Plan, Unplannable};
use crate::{
    key::ConferenceKey,
    meeting::{Recurrence, Room, Wish},
    webex::answer::Meeting,
};

const NOW: &str = "2026-11-25T10:30:20Z";

fn wish(start: &str, end: &str, rule: Option<&str>) -> Wish {
    Wish {
        key: ConferenceKey::derive(b"secret", "ann@example.com", b"uid", None),
        organizer: "ann@example.com".into(),
        title: "Plan".into(),
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
        zone: Some("Europe/Berlin".into()),
        recurrence: rule.map(|rule| Recurrence { rule: rule.into(), ends: None }),
        room: Room::OneTime,
    }
}

fn plan(wish: &Wish) -> Result<Plan, Unplannable> {
    Plan::new(wish, NOW.parse().unwrap())
}

fn there(start: &str, end: &str, recurrence: Option<&str>) -> Meeting {
    let text = serde_json::json!({"id": "m", "start": start, "end": end, "recurrence": recurrence});
    Meeting::read(&text).unwrap()
}

#[test]
fn times_are_brought_within_the_rules() {
    for (start, end, planned) in [
        ("2026-12-01T09:00:42Z", "2026-12-01T10:00:59Z", ["2026-12-01T10:00", "2026-12-01T11:00"]),
        ("2026-12-01T09:00:00Z", "2026-12-01T09:05:00Z", ["2026-12-01T10:00", "2026-12-01T10:10"]),
        ("2026-12-01T09:00:00Z", "2026-12-03T09:00:00Z", ["2026-12-01T10:00", "2026-12-02T09:59"]),
        // within this minute, and long begun
        ("2026-11-25T10:30:50Z", "2026-11-25T11:00:00Z", ["2026-11-25T11:31", "2026-11-25T12:00"]),
        ("2026-11-25T09:00:00Z", "2026-11-25T10:35:00Z", ["2026-11-25T11:31", "2026-11-25T11:41"]),
    ] {
        let plan = plan(&wish(start, end, None)).unwrap_or_else(|_| panic!("{start}"));
        let seen = [&plan.start, &plan.end].map(|time| time.strftime("%Y-%m-%dT%H:%M").to_string());
        assert_eq!(seen, planned, "{start}");
    }
}

#[test]
fn what_cannot_be_made_is_not_asked_for() {
    for (start, end, rule, why) in [
        ("2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z", None, Unplannable::Over),
        ("2036-11-25T10:31:00Z", "2036-11-25T11:00:00Z", None, Unplannable::TooFar),
        ("2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z", Some("FREQ=HOURLY"), Unplannable::Rule),
        (
            "2026-01-01T09:00:00Z",
            "2026-01-01T10:00:00Z",
            Some("FREQ=DAILY;COUNT=9"),
            Unplannable::Over,
        ),
    ] {
        assert_eq!(plan(&wish(start, end, rule)).err(), Some(why), "{start}");
    }
}

#[test]
fn what_webex_made_of_a_plan_needs_no_update() {
    let single = wish("2026-12-01T09:00:42Z", "2026-12-01T09:05:00Z", None);
    let plan_single = plan(&single).unwrap();
    assert!(plan_single.has_times_of(&there("2026-12-01T09:00:00Z", "2026-12-01T09:10:00Z", None)));
    assert!(!plan_single.has_times_of(&there(
        "2026-12-01T09:01:00Z",
        "2026-12-01T09:11:00Z",
        None
    )));
    assert!(!plan_single.has_times_of(&there(
        "2026-12-01T09:00:00Z",
        "2026-12-01T09:11:00Z",
        None
    )));

    // Began in January; the keyword came in October, when Webex's series began.
    let series = wish("2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z", Some("FREQ=WEEKLY"));
    let plan_series = plan(&series).unwrap();
    assert_eq!(plan_series.recurrence().as_deref(), Some("FREQ=WEEKLY;INTERVAL=1"));
    let (start, end) = ("2026-10-05T10:00:00+02:00", "2026-10-05T11:00:00+02:00");
    for rule in ["FREQ=WEEKLY;INTERVAL=1", "FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;WKST=SU"] {
        assert!(plan_series.has_times_of(&there(start, end, Some(rule))), "{rule}");
    }
    for rule in ["FREQ=WEEKLY;BYDAY=MO,TU", "FREQ=WEEKLY;COUNT=20", "FREQ=DAILY", "nonsense"] {
        assert!(!plan_series.has_times_of(&there(start, end, Some(rule))), "{rule}");
    }
    let later =
        there("2026-10-05T11:00:00+02:00", "2026-10-05T12:00:00+02:00", Some("FREQ=WEEKLY"));
    assert!(!plan_series.has_times_of(&later));
    assert!(!plan_series.has_times_of(&there(start, end, None)));
}

#[test]
fn a_meeting_that_runs_is_not_moved() {
    let running = plan(&wish("2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z", None)).unwrap();
    assert!(running.has_times_of(&there("2026-11-25T10:20:00Z", "2026-11-25T11:00:00Z", None)));
    assert!(!running.has_times_of(&there("2026-11-27T10:00:00Z", "2026-11-27T11:00:00Z", None)));
}

#[test]
fn a_series_that_is_counted_keeps_its_end() {
    let wished = wish("2026-11-02T09:00:00Z", "2026-11-02T10:00:00Z", Some("FREQ=WEEKLY;COUNT=10"));
    let plan = plan(&wished).unwrap();
    assert_eq!(plan.recurrence().as_deref(), Some("FREQ=WEEKLY;INTERVAL=1;COUNT=6"));
    let made_now =
        there("2026-11-30T09:00:00Z", "2026-11-30T10:00:00Z", Some("FREQ=WEEKLY;COUNT=6"));
    let made_then =
        there("2026-11-02T09:00:00Z", "2026-11-02T10:00:00Z", Some("FREQ=WEEKLY;COUNT=10"));
    let longer =
        there("2026-11-02T09:00:00Z", "2026-11-02T10:00:00Z", Some("FREQ=WEEKLY;COUNT=11"));
    assert!(plan.has_times_of(&made_now) && plan.has_times_of(&made_then));
    assert!(!plan.has_times_of(&longer));
}

#[test]
fn a_cut_series_is_extended_only_when_little_is_left() {
    let rule = "FREQ=DAILY;UNTIL=20400101T000000Z";
    let plan = plan(&wish("2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z", Some(rule))).unwrap();
    let until = |until: &str| {
        let rule = format!("FREQ=DAILY;UNTIL={until}");
        there("2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z", Some(&rule))
    };
    assert!(plan.has_times_of(&until("20310104T090000Z")));
    assert!(!plan.has_times_of(&until("20270301T090000Z")));
    let end: Timestamp = plan.end.timestamp();
    assert_eq!(end, "2026-11-26T10:00:00Z".parse().unwrap());
}
