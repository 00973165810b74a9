//! Answers as the specification shows them, and answers that lie.

use serde_json::{Value, json};

use super::{Meeting, personal_room, sites, tracking_id};
use crate::meeting::{Conference, Reference};

fn domains() -> Vec<String> {
    vec!["webex.com".to_owned()]
}

fn meeting() -> Value {
    json!({
        "id": "870f", "meetingNumber": "123456789", "title": "T", "password": "BgJep@43",
        "phoneAndVideoSystemPassword": "12345678", "meetingType": "meetingSeries",
        "state": "something new", "timezone": "UTC", "start": "2026-12-01T10:00:00Z",
        "end": "2026-12-01T11:00:00Z", "hostEmail": "ann@example.com", "hostKey": "CANARY-key",
        "panelistPassword": "CANARY-panelist", "phoneAndVideoSystemPanelistPassword": "CANARY-pv",
        "startLink": "https://s.webex.com/CANARY", "joinLink": "https://s.webex.com/CANARY",
        "siteUrl": "s.webex.com", "webLink": "https://s.webex.com/s/j.php?MTID=m1",
        "sipAddress": "123456789@s.webex.com", "integrationTags": ["hc1-a"],
        "telephony": {
            "accessCode": "1", "links": [{"rel": "globalCallinNumbers"}],
            "callInNumbers": [{"label": "US Toll", "callInNumber": "+1-1", "tollType": "toll"},
                {"label": "US", "callInNumber": "+1-2", "tollType": "tollFree"}, {"label": "none"}],
        },
        "unheardOf": {"a": [1]},
    })
}

fn conference(value: &Value) -> Result<Conference, &'static str> {
    let meeting = Meeting::read(value).map_err(|unusable| unusable.0)?;
    let reference = Reference(meeting.id.clone());
    meeting.conference(reference, &domains()).map_err(|unusable| unusable.0)
}

#[test]
fn what_people_need_is_read_and_secrets_of_the_host_are_dropped() {
    let read = conference(&meeting()).unwrap();
    assert_eq!(read.join_link.as_str(), "https://s.webex.com/s/j.php?MTID=m1");
    let numbers: Vec<_> = read.dial_in.iter().map(|d| (&*d.number, d.is_toll_free)).collect();
    assert_eq!(numbers, [("+1-1", false), ("+1-2", true)]);
    let texts = [&read.sip_address, &read.number, &read.passcode, &read.device_passcode];
    let all = format!("{texts:?}{:?}", read.dial_in.iter().map(|d| &d.label).collect::<Vec<_>>());
    assert!(!all.contains("CANARY") && all.contains("BgJep@43") && all.contains("12345678"));
    assert!(!format!("{read:?}").contains("123"), "content is not shown");
}

#[test]
fn a_personal_room_may_have_either_shape_of_links() {
    for links in [json!([{"rel": "x"}]), json!({"rel": "x"}), Value::Null] {
        let body = json!({
            "topic": "Ann's room", "hostPin": "CANARY", "sipAddress": "ann@s.webex.com",
            "personalMeetingRoomLink": "https://s.webex.com/meet/ann", "dialInIpAddress": "192.0.2.1",
            "telephony": {"accessCode": "77", "callInNumbers": [], "links": links},
        });
        let room = personal_room(body.to_string().as_bytes(), &domains()).unwrap();
        assert_eq!(room.join_link.as_str(), "https://s.webex.com/meet/ann");
        assert!(room.number.as_deref() == Some("77") && room.reference.is_none());
    }
}

#[test]
fn answers_that_lie_are_not_believed() {
    let with = |name: &str, value: Value| {
        let mut meeting = meeting();
        meeting[name] = value;
        meeting
    };
    for link in [
        "https://s.webex.com.evil.example/j.php?MTID=m1",
        "https://evilwebex.com/j.php?MTID=m1",
        "https://webex.com/j.php",
        "http://s.webex.com/j.php",
        "https://s.webex.com:8443/j.php",
        "https://s.webex.com@evil.example/",
        "https://user:pass@s.webex.com/",
        "javascript:alert(1)",
        "",
    ] {
        assert!(conference(&with("webLink", json!(link))).is_err(), "{link}");
    }
    assert!(conference(&with("webLink", json!({}))).is_err());
    assert!(conference(&with("id", json!(null))).is_err());
    assert!(conference(&with("id", json!("x".repeat(600)))).is_err());
    // What only decorates is left out.
    assert!(conference(&with("sipAddress", json!("a\r\nb"))).unwrap().sip_address.is_none());
    assert!(conference(&with("telephony", json!("none"))).unwrap().dial_in.is_empty());
    assert!(conference(&with("integrationTags", json!({"a": 1}))).is_ok());
}

#[test]
fn lists_sites_and_tracking_ids() {
    let list = json!({"items": [meeting(), {"no": "id"}, 7]}).to_string();
    assert_eq!(Meeting::list(list.as_bytes()).unwrap().len(), 1);
    assert!(Meeting::list(b"{}").is_err() && Meeting::list(b"<html>").is_err());
    let body = br#"{"sites":[{"siteUrl":"a.webex.com","default":true},{}]}"#;
    assert_eq!(sites(body).unwrap(), ["a.webex.com"]);
    let tracked = |id: &str| tracking_id(json!({"trackingId": id}).to_string().as_bytes());
    assert_eq!(tracked("19085D1F_1598").as_deref(), Some("19085D1F_1598"));
    assert_eq!(tracked("ann@example.com"), None);
}
