//! Opened meetings as lines of JSON: the one place where plain content becomes text for programs.
//! Built by hand, since content types are never serializable; this is the person's own terminal,
//! and they asked for it by a flag.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    Opened, OpenedMeeting, OpenedParticipant, OpenedPerson,
    text::{is_mark, is_unprintable},
};

pub(crate) fn meeting(meeting: &OpenedMeeting, now: Timestamp) -> Value {
    let closed = meeting.closed_fields().into_iter();
    let closed: Map<_, _> = closed.map(|(name, why)| (name.into(), why.word().into())).collect();
    let participants: Vec<_> = meeting.participants.iter().map(participant).collect();
    let button = meeting.join_button(now).map(|button| {
        json!({
            "appearsAt": button.appears_at,
            "disappearsAt": button.disappears_at,
            "shown": button.shown,
        })
    });
    json!({
        "id": meeting.id,
        "seriesId": meeting.series,
        "subject": meeting.subject.text(),
        "start": meeting.start,
        "end": meeting.end,
        "isAllDay": meeting.is_all_day,
        "firstDay": meeting.first_day,
        "isRecurring": meeting.is_recurring,
        "sensitivity": word(&meeting.sensitivity),
        "response": word(&meeting.response),
        "location": text(meeting.location.as_ref()),
        "agenda": text(meeting.agenda.as_ref()),
        "joinUrl": meeting.join_link(),
        "dial": text(meeting.dial.as_ref()),
        "passcode": text(meeting.passcode.as_ref()),
        "alternatives": lines(meeting.alternatives.as_ref()),
        "button": button,
        "organizer": meeting.organizer.as_ref().map(person),
        "participants": participants,
        "notes": meeting.notes,
        "cannotOpen": closed,
    })
}

/// Why a meeting has its Join button, or none.
pub(crate) fn explanation(meeting: &OpenedMeeting) -> Value {
    json!({
        "id": meeting.id,
        "subject": meeting.subject.text(),
        "start": meeting.start,
        "joinUrl": meeting.join_link(),
        "notes": meeting.notes,
        "explanation": lines(meeting.explanation.as_ref()),
    })
}

/// One line. What a terminal might obey stands escaped, which for programs is the same text.
pub(crate) fn line(value: &Value) -> String {
    let mut line = String::new();
    for character in value.to_string().chars() {
        // Outside of strings JSON holds none of these; those below U+0020 are escaped already.
        if is_unprintable(character) || is_mark(character) {
            line.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            line.push(character);
        }
    }
    line
}

fn text(field: Option<&Opened>) -> Option<&str> {
    field?.text()
}

/// One per line of the field.
fn lines(field: Option<&Opened>) -> Vec<&str> {
    text(field).map(|text| text.lines().collect()).unwrap_or_default()
}

fn person(person: &OpenedPerson) -> Value {
    json!({ "name": person.name.text(), "address": person.address.text() })
}

fn participant(participant: &OpenedParticipant) -> Value {
    let OpenedParticipant { person, kind, response, participation } = participant;
    json!({
        "name": person.name.text(),
        "address": person.address.text(),
        "type": word(kind),
        "response": word(response),
        "participation": word(participation),
    })
}

/// A word of the client contract.
fn word(word: &impl Serialize) -> Value {
    serde_json::to_value(word).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Why, tests::standup};

    fn now() -> Timestamp {
        "2026-11-24T08:56:00Z".parse().expect("a time")
    }

    #[test]
    fn a_meeting_is_one_object() {
        let object = meeting(&standup(), now());
        assert_eq!(object["subject"], "Stand-up");
        assert_eq!(object["start"], "2026-11-24T09:00:00Z");
        assert_eq!(object["end"], "2026-11-24T09:15:00Z");
        assert_eq!(object["joinUrl"], "https://meet.example.org/standup");
        let button = json!({
            "appearsAt": "2026-11-24T08:55:00Z", "disappearsAt": "2026-11-24T09:15:00Z",
            "shown": true,
        });
        assert_eq!(object["button"], button);
        assert_eq!(object["cannotOpen"], json!({}));
    }

    #[test]
    fn what_stays_closed_is_said() {
        let mut closed = standup();
        closed.subject = Opened::Cannot(Why::Altered);
        closed.join_url = Some(Opened::Cannot(Why::UnsafeLink));
        let object = meeting(&closed, now());
        assert_eq!(object["subject"], Value::Null);
        assert_eq!(object["joinUrl"], Value::Null);
        assert_eq!(object["cannotOpen"], json!({"subject": "altered", "joinUrl": "unsafe-link"}));
    }

    #[test]
    fn a_terminal_finds_nothing_to_obey() {
        let value = json!({ "subject": "a\u{1b}[2J\n\u{9b}31m\u{202e}b\u{7f}" });
        let line = line(&value);
        assert!(line.bytes().all(|byte| byte.is_ascii_graphic()), "{line}");
        assert_eq!(serde_json::from_str::<Value>(&line).expect("JSON"), value);
    }
}
