//! Buttons come and go by the list and the clock alone.

use super::*;
use crate::client::{Opened, tests::standup_at};

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn names(edges: Vec<Edge>) -> Vec<String> {
    let name = |edge| match edge {
        Edge::Appeared(meeting, button) => format!("+{} {}", meeting.id, button.disappears_at),
        Edge::Gone(id) => format!("-{id}"),
    };
    edges.into_iter().map(name).collect()
}

#[test]
fn a_button_appears_and_disappears_once() {
    let mut screen = Screen::default();
    screen.list(vec![standup_at("a", "2026-11-24T09:00:00Z", 1)]);
    let mut check = |now: &str, expected: &[&str], next: Option<&str>| {
        assert_eq!(names(screen.look(time(now))), expected, "{now}");
        assert_eq!(screen.next_edge(time(now)), next.map(time), "{now}");
    };
    check("2026-11-24T08:54:59Z", &[], Some("2026-11-24T08:55:00Z"));
    check("2026-11-24T08:55:00Z", &["+a 2026-11-24T09:15:00Z"], Some("2026-11-24T09:15:00Z"));
    check("2026-11-24T09:14:59Z", &[], Some("2026-11-24T09:15:00Z"));
    check("2026-11-24T09:15:00Z", &["-a"], None);
    check("2026-11-24T09:16:00Z", &[], None);
}

#[test]
fn a_moved_meeting_moves_its_button() {
    let mut screen = Screen::default();
    screen.list(vec![standup_at("a", "2026-11-24T09:00:00Z", 1)]);
    let now = time("2026-11-24T09:00:00Z");
    assert_eq!(names(screen.look(now)), ["+a 2026-11-24T09:15:00Z"]);
    assert!(screen.put(standup_at("a", "2026-11-24T09:02:00Z", 2)));
    assert_eq!(names(screen.look(now)), ["+a 2026-11-24T09:17:00Z"]);
    assert!(screen.put(standup_at("a", "2026-11-24T12:00:00Z", 3)));
    assert_eq!(names(screen.look(now)), ["-a"]);
    assert_eq!(screen.next_edge(now), Some(time("2026-11-24T11:55:00Z")));
}

#[test]
fn another_link_is_told_and_another_title_is_not() {
    let mut screen = Screen::default();
    let mut meeting = standup_at("a", "2026-11-24T09:00:00Z", 1);
    let now = meeting.start;
    screen.list(vec![meeting.clone()]);
    assert_eq!(screen.look(now).len(), 1);
    meeting.revision = 2;
    meeting.subject = Opened::Text("Sit-down".into());
    assert!(screen.put(meeting.clone()));
    assert!(screen.look(now).is_empty());
    meeting.revision = 3;
    meeting.join_url = Some(Opened::Text("https://meet.example.org/other".into()));
    assert!(screen.put(meeting));
    assert_eq!(screen.look(now).len(), 1);
}

#[test]
fn what_is_deleted_or_missing_in_a_list_loses_its_button() {
    let mut screen = Screen::default();
    let [a, b] = ["a", "b"].map(|id| standup_at(id, "2026-11-24T09:00:00Z", 1));
    let now = a.start;
    screen.list(vec![a, b.clone()]);
    assert_eq!(screen.look(now).len(), 2);
    assert!(screen.remove(&b.id));
    assert!(!screen.remove(&b.id));
    assert_eq!(names(screen.look(now)), ["-b"]);
    screen.list(Vec::new());
    assert_eq!(names(screen.look(now)), ["-a"]);
}

#[test]
fn older_content_does_not_replace_newer() {
    let mut screen = Screen::default();
    screen.list(vec![standup_at("a", "2026-11-24T09:00:00Z", 5)]);
    let older = standup_at("a", "2026-11-24T12:00:00Z", 4);
    assert!(!screen.put(older.clone()));
    let listed = screen.list(vec![older]);
    assert_eq!(listed.iter().map(|meeting| meeting.revision).collect::<Vec<_>>(), [5]);
    // Said twice, it is news once.
    assert!(!screen.put(standup_at("a", "2026-11-24T09:00:00Z", 5)));
}
