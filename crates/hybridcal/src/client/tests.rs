//! A meeting to show, and the client against a scripted cloud.

use jiff::SignedDuration;
use protocol::{
    join_button::{JoinButton, window},
    meeting::{ResponseType, Sensitivity},
};

use super::*;

pub(crate) fn standup() -> OpenedMeeting {
    standup_at("a", "2026-11-24T09:00:00Z", 1)
}

pub(crate) fn standup_at(id: &str, start: &str, revision: i64) -> OpenedMeeting {
    let id = MeetingId(id.into());
    let start: Timestamp = start.parse().expect("a time");
    let (appears_at, disappears_at) = window(start, 15);
    let meeting_id = id.clone();
    let button =
        JoinButton { meeting_id, appears_at, disappears_at, generation: revision, shown: false };
    OpenedMeeting {
        series: id.clone(),
        id,
        start,
        end: start + SignedDuration::from_mins(15),
        is_all_day: false,
        first_day: None,
        is_recurring: false,
        sensitivity: Sensitivity::Normal,
        response: ResponseType::Accepted,
        subject: Opened::Text("Stand-up".into()),
        location: Some(Opened::Text("Room 4".into())),
        agenda: None,
        join_url: Some(Opened::Text("https://meet.example.org/standup".into())),
        dial: None,
        passcode: None,
        alternatives: None,
        explanation: None,
        organizer: None,
        participants: Vec::new(),
        notes: Vec::new(),
        revision,
        button: Some(button),
    }
}

#[test]
fn a_refusal_says_what_to_do() {
    let check = |status, body: &str, expected: Option<&str>| {
        let failure = refusal(status, body.as_bytes()).map(|failure| format!("{failure:?}"));
        assert_eq!(failure.as_deref(), expected, "{status}");
    };
    check(200, "", None);
    check(401, "", Some("NotSignedIn"));
    check(410, "", Some("ListAgain"));
    check(503, "", Some("Busy { after: None }"));
    let slow = r#"{"type":"/problems/slow-down","title":"","status":429,"retryAfterMs":1500}"#;
    check(429, slow, Some("Busy { after: Some(1.5s) }"));
    let large = r#"{"type":"/problems/window-too-large","title":"","status":400}"#;
    check(400, large, Some("WindowTooLarge"));
    check(400, "{}", Some("Refused { status: 400 }"));
    check(302, "", Some("Refused { status: 302 }"));
}

#[test]
fn a_cloud_may_live_under_a_path() {
    let check = |cloud: &str, expected: &str| {
        let cloud = Url::parse(cloud).expect("a URL");
        assert_eq!(at(&cloud, routes::EVENTS).expect("a URL").as_str(), expected);
    };
    check("https://c.example.org", "https://c.example.org/calendar/api/v1/events");
    check("https://c.example.org/hc/", "https://c.example.org/hc/calendar/api/v1/events");
}

#[test]
fn content_stays_out_of_logs() {
    let shown = format!("{:?}", standup());
    assert_eq!(shown, "OpenedMeeting(a, …)");
    assert_eq!(format!("{:?}", Opened::Text("secret".into())), "…");
}

mod scripted;
