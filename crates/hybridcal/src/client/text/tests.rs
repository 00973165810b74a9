//! What people read.

use super::*;
use crate::client::{Why, tests::standup};

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn check(meetings: &[OpenedMeeting], now: &str, expected: &[&str]) {
    let zone = TimeZone::fixed(jiff::tz::offset(1));
    let text = agenda(meetings, time(now), &zone);
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn days_hold_aligned_lines_and_the_button_when_it_is_shown() {
    let standup = standup();
    let mut holiday = standup.clone();
    holiday.subject = Opened::Text("Public holiday".into());
    holiday.is_all_day = true;
    (holiday.location, holiday.button) = (None, None);
    let mut deploy = standup.clone();
    (deploy.start, deploy.end) = (time("2026-11-25T22:00:00Z"), time("2026-11-26T00:00:00Z"));
    deploy.is_recurring = true;
    deploy.sensitivity = Sensitivity::Private;
    deploy.response = ResponseType::Tentative;
    deploy.button = None;
    let list = [deploy, standup, holiday];
    check(
        &list,
        "2026-11-24T08:55:00Z",
        &[
            "Tuesday, 24 November 2026",
            "  all day           Public holiday",
            "  10:00–10:15       Stand-up        Room 4",
            "                    [Join] https://meet.example.org/standup",
            "",
            "Wednesday, 25 November 2026",
            "  23:00–01:00 (+1)  Stand-up  Room 4  (series, private, tentative)",
        ],
    );
    let text = agenda(&list, time("2026-11-24T08:54:59Z"), &TimeZone::UTC);
    assert!(!text.contains("[Join]"));
}

#[test]
fn what_stays_closed_is_said_in_plain_words() {
    let mut closed = standup();
    closed.subject = Opened::Cannot(Why::NoAccess);
    closed.location = Some(Opened::Cannot(Why::Altered));
    closed.join_url = Some(Opened::Cannot(Why::UnsafeLink));
    check(
        &[closed],
        "2026-11-24T09:00:00Z",
        &[
            "Tuesday, 24 November 2026",
            "  10:00–10:15       (cannot open: no access to the key)  (place: altered after it was sealed)",
            "                    [Join] (cannot open: the link is not a safe one)",
        ],
    );
}

#[test]
fn an_empty_list_says_so() {
    check(&[], "2026-11-24T09:00:00Z", &["Nothing in these days."]);
}

#[test]
fn a_terminal_finds_nothing_to_obey() {
    assert_eq!(clean("a\u{1b}[31m\r\nb\tc\u{9b}2J \u{202e}d\u{0}"), "a[31m b c2J d");
    let mut nameless = standup();
    nameless.subject = Opened::Text("\u{1b}\n".into());
    assert_eq!(title(&nameless), "(no title)");
}

#[test]
fn why_there_is_a_button_is_said_line_by_line() {
    let mut meeting = standup();
    meeting.explanation =
        Some(Opened::Text("The place says @meet.\u{1b}[31m\nJoin opens it.".into()));
    let zone = TimeZone::fixed(jiff::tz::offset(1));
    let text = explanation(&meeting, time("2026-11-24T08:00:00Z"), &zone);
    let expected = [
        "Tue 24 Nov  10:00–10:15  Stand-up  Room 4",
        "  The place says @meet.[31m",
        "  Join opens it.",
        "  The button is there from 09:55 to 10:15.",
        "  [Join] https://meet.example.org/standup",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    (meeting.explanation, meeting.button) = (None, None);
    let text = explanation(&meeting, time("2026-11-24T08:00:00Z"), &zone);
    assert!(text.contains("said nothing about it"), "{text}");
    meeting.explanation = Some(Opened::Cannot(Why::NoAccess));
    let text = explanation(&meeting, time("2026-11-24T08:00:00Z"), &zone);
    assert!(text.contains("(explanation: no access to the key)"), "{text}");
}
