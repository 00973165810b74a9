//! What a participant may say to Janus. Everything else stays here: making and ending rooms,
//! throwing people out, forwarding media elsewhere, recording to files of Janus' computer.

use serde_json::{Map, Value};

/// An object of JSON.
pub(super) type Message = Map<String, Value>;

const PLUGIN: &str = "janus.plugin.videoroom";

/// Requests to the VideoRoom, each with the members it may have.
const REQUESTS: &[(&str, &[&str])] = &[
    ("join", &["ptype", "room", "pin", "display", "streams"]),
    ("publish", &["display", "descriptions"]),
    ("configure", &["descriptions"]),
    ("start", &["room"]),
    ("unpublish", &[]),
    ("leave", &[]),
];
const DESCRIPTION: &[&str] = &["type", "sdp"];
const CANDIDATE: &[&str] = &["candidate", "sdpMid", "sdpMLineIndex", "completed"];

/// To a session: attach to the VideoRoom and to nothing else, or end.
pub(super) fn to_session(body: &[u8]) -> Option<Message> {
    let said: Message = serde_json::from_slice(body).ok()?;
    let mut message = begun(&said)?;
    match said.get("janus")?.as_str()? {
        "attach" => message.insert("plugin".into(), PLUGIN.into()),
        "keepalive" | "destroy" => None,
        _ => return None,
    };
    Some(message)
}

/// To a handle in a session.
pub(super) fn to_handle(body: &[u8]) -> Option<Message> {
    let said: Message = serde_json::from_slice(body).ok()?;
    let mut message = begun(&said)?;
    match said.get("janus")?.as_str()? {
        "message" => {
            message.insert("body".into(), request(said.get("body")?)?);
            if let Some(jsep) = said.get("jsep") {
                message.insert("jsep".into(), only(jsep, DESCRIPTION)?.into());
            }
        }
        "trickle" => {
            let candidate = only(said.get("candidate")?, CANDIDATE)?;
            message.insert("candidate".into(), candidate.into());
        }
        "hangup" | "detach" => {}
        _ => return None,
    }
    Some(message)
}

fn begun(said: &Message) -> Option<Message> {
    let member = |name: &str| Some((name.to_owned(), said.get(name)?.as_str()?.into()));
    Some(Message::from_iter([member("janus")?, member("transaction")?]))
}

fn request(body: &Value) -> Option<Value> {
    let name = body.get("request")?.as_str()?;
    let (name, members) = REQUESTS.iter().find(|(known, _)| *known == name)?;
    let mut request = only(body, members)?;
    request.insert("request".into(), (*name).into());
    Some(request.into())
}

fn only(from: &Value, names: &[&str]) -> Option<Message> {
    let kept = from.as_object()?.iter().filter(|(name, _)| names.contains(&name.as_str()));
    Some(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn handle(text: &str) -> Option<String> {
        to_handle(text.as_bytes()).map(|message| Value::from(message).to_string())
    }

    #[test]
    fn what_a_participant_needs_passes() {
        for text in [
            r#"{"janus":"message","transaction":"t","body":{"request":"join","ptype":"publisher","room":"r","pin":"p","display":"Ann"}}"#,
            r#"{"janus":"message","transaction":"t","body":{"request":"publish"},"jsep":{"type":"offer","sdp":"v=0"}}"#,
            r#"{"janus":"message","transaction":"t","body":{"request":"start","room":"r"},"jsep":{"type":"answer","sdp":"v=0"}}"#,
            r#"{"janus":"trickle","transaction":"t","candidate":{"candidate":"c","sdpMid":"0","sdpMLineIndex":0}}"#,
            r#"{"janus":"trickle","transaction":"t","candidate":{"completed":true}}"#,
            r#"{"janus":"hangup","transaction":"t"}"#,
            r#"{"janus":"detach","transaction":"t"}"#,
        ] {
            let given: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(to_handle(text.as_bytes()).map(Value::from), Some(given), "{text}");
        }
    }

    #[test]
    fn nothing_else_passes() {
        for request in [
            "create",
            "destroy",
            "edit",
            "kick",
            "moderate",
            "list",
            "listparticipants",
            "rtp_forward",
            "stop_rtp_forward",
            "enable_recording",
            "allowed",
            "exists",
            "Join",
        ] {
            let body = json!({ "janus": "message", "transaction": "t",
                "body": { "request": request, "room": "r", "secret": "s", "admin_key": "k" } });
            assert_eq!(handle(&body.to_string()), None, "{request}");
        }
        for text in [
            "",
            "[]",
            "7",
            "{}",
            r#"{"janus":"message"}"#,
            r#"{"janus":"message","transaction":"t"}"#,
            r#"{"janus":"message","transaction":7,"body":{"request":"leave"}}"#,
            r#"{"janus":"info","transaction":"t"}"#,
            r#"{"janus":"create","transaction":"t"}"#,
            r#"{"janus":"claim","transaction":"t"}"#,
        ] {
            assert_eq!(handle(text), None, "{text}");
            assert_eq!(to_session(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn members_that_reach_further_are_left_out() {
        let recorded = handle(
            r#"{"janus":"message","transaction":"t","apisecret":"x","opaque_id":"o","body":{
            "request":"publish","record":true,"filename":"/etc/x","bitrate":1},
            "jsep":{"type":"offer","sdp":"v=0","e2ee":true}}"#,
        );
        let recorded: Value = serde_json::from_str(&recorded.expect("passes")).expect("JSON");
        assert_eq!(
            recorded,
            json!({ "janus": "message", "transaction": "t", "body": { "request": "publish" },
                "jsep": { "type": "offer", "sdp": "v=0" } })
        );
        let attached = to_session(
            br#"{"janus":"attach","transaction":"t","plugin":"janus.plugin.streaming","loop_index":1}"#,
        );
        let expected = json!({ "janus": "attach", "transaction": "t", "plugin": PLUGIN });
        assert_eq!(attached.map(Value::from), Some(expected));
    }
}
