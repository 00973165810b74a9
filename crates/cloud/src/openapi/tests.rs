//! The document says what the program does.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use axum::http::Method;
use protocol::{
    command::{
        AnswerItem, CommandName, CommandResult, FreeBusyAccepted, FreeBusyAdditions,
        FreeBusyAnswer, FreeBusyRequest, ItemError, Kind, MeetingDone, Outcome, RoomsAnswer,
        SealedAnswer, SignedCommand, Statement, WaitingCommand, WaitingCommands, Why,
    },
    feed::{At, Changes, Envelope, EventData, MeetingList, Position},
    ids::{KeyUrl, MeetingId, OrganizationId, UserId},
    presence::{Presence, PresenceReport, Status, StatusList},
    problem::Problem,
    sealed::Sealed,
};
use serde::Serialize;
use uuid::Uuid;
use world::http::Request;

use super::*;
use crate::tests::{TestCloud, meeting::meeting, people::url};

/// Set to write the copy anew.
const BLESS: &str = "HYBRIDCAL_BLESS";

#[test]
fn the_copy_in_the_documents_is_the_document() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api/openapi.json");
    let made = serde_json::to_string_pretty(&document()).expect("JSON") + "\n";
    if std::env::var_os(BLESS).is_some() {
        fs::write(&file, &made).expect("written");
    }
    let copy = fs::read_to_string(&file).expect("docs/api/openapi.json");
    assert!(copy == made, "{BLESS}=1 cargo test -p cloud openapi writes it anew");
}

#[test]
fn every_route_is_described_and_every_name_is_there() {
    let document = document();
    for route in table() {
        let methods = document["paths"][route.path].as_object().expect("an object");
        assert!(!methods.is_empty(), "{} is not described", route.path);
    }
    for operation in operations() {
        let is_served = table().iter().any(|route| route.path == operation.path);
        assert!(is_served, "{} is described and not served", operation.path);
    }
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().expect("a name");
        assert!(document["components"]["schemas"][name].is_object(), "{name} is missing");
    }
}

/// What is described answers, and what is not described is no method of that path.
#[tokio::test(start_paused = true)]
async fn the_methods_are_those_that_are_served() {
    let cloud = TestCloud::start().await;
    let connector = cloud.connector().await;
    let person = cloud.person("ann@example.com").token;
    let described = operations();
    for route in table() {
        let token = match route.who {
            Who::Connector => None,
            Who::Anyone | Who::Person => Some(&person),
            // Whoever is neither hears nothing of methods.
            Who::Administrator | Who::KeyServer => continue,
        };
        for method in [Method::GET, Method::POST, Method::PATCH, Method::DELETE] {
            let filled = route.path.replace("{key}", &Uuid::nil().to_string());
            let filled = filled.replace("{user}", &Uuid::nil().to_string());
            let target = url(&filled.replace("{id}", "YQ"));
            let request = match method {
                Method::GET => Request::get(&target),
                Method::POST => Request::post(&target, "{}"),
                Method::PATCH => Request::patch(&target, "{}"),
                _ => Request::delete(&target),
            };
            let token = token.cloned().unwrap_or_else(|| connector.token());
            let request = request.bearer(&token).deadline(Duration::from_secs(60));
            let status = cloud.client.http.open(request).await.expect("an answer").status.as_u16();
            let is_described = described.iter().any(|o| o.path == route.path && o.method == method);
            assert_eq!(status != 405, is_described, "{method} {}: {status}", route.path);
        }
    }
}

/// Everything that is sent stands in its schema, and what must be there is.
fn check(schemas: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().expect("a name");
        return check(schemas, &schemas[name], value, name);
    }
    let is_it = match schema["type"].as_str().unwrap_or("object") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        other => panic!("{at}: {other}"),
    };
    assert!(is_it, "{at}: {schema} is not {value}");
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{at}: {value}");
    }
    for item in value.as_array().into_iter().flatten() {
        check(schemas, &schema["items"], item, at);
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    for required in schema["required"].as_array().into_iter().flatten() {
        assert!(!value[required.as_str().expect("a name")].is_null(), "{at} lacks {required}");
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        let schema = properties.get(name);
        check(schemas, schema.unwrap_or_else(|| panic!("{at}: {name}")), member, name);
    }
}

#[test]
fn what_is_sent_stands_in_its_schema() {
    let schemas: Value = serde_json::from_str(SCHEMAS).expect("JSON");
    let check = |name: &str, value: &dyn erased::Json| {
        assert!(schemas[name].is_object(), "{name}");
        check(&schemas, &schemas[name], &value.json(), name);
    };
    let position = Position { incarnation: 1, rev: 2 };
    let (user, id) = (UserId(Uuid::nil()), MeetingId("m".into()));
    let meeting = meeting("a", 1, "10:00");
    check("Meeting", &meeting);
    check("MeetingList", &MeetingList { items: vec![meeting.clone()], hc: At { position } });
    check("Changes", &Changes { from: position, to: position, more: false, changes: Vec::new() });
    let problem = Problem { retry_after_ms: Some(1), ..Problem::new(503, "maintenance", "Soon") };
    check("Problem", &problem);
    let now = "2026-11-24T09:00:00Z".parse().expect("a time");
    let status = Status::of(user, Some((Presence::OutOfOffice { until: None }, now)), now);
    check("StatusList", &StatusList { status_list: vec![status] });
    let presence = Presence::OutOfOffice { until: Some(now) };
    check("PresenceReport", &PresenceReport { owner: Uuid::nil(), lease_epoch: 1, presence });
    let command =
        SignedCommand { protected: "p".into(), payload: "l".into(), signature: "s".into() };
    check("SignedCommand", &command);
    let request_id = Uuid::nil();
    check("FreeBusyRequest", &FreeBusyRequest { request_id, command: command.clone() });
    check("FreeBusyAccepted", &FreeBusyAccepted { request_id });
    let name = CommandName { user, idempotency_key: request_id };
    let waiting = WaitingCommand { name, command };
    check("WaitingCommands", &WaitingCommands { commands: vec![waiting] });
    let key = KeyUrl::new("kms", Uuid::nil());
    check(
        "Statement",
        &Statement {
            organization: OrganizationId("o".into()),
            user,
            kind: Kind::FreeBusy,
            meeting_id: Some(id.clone()),
            idempotency_key: request_id,
            sent_at_ms: 1,
            encryption_key_url: key.clone(),
            sealed: BTreeMap::from([("emails".into(), Sealed::from_compact("x".into()))]),
        },
    );
    let sealed = || Sealed::from_compact("x".into());
    let item = AnswerItem {
        email: sealed(),
        encrypted_name: Some(sealed()),
        encrypted_schedule: Some(sealed()),
        error: Some(ItemError::NoData),
    };
    let answer =
        SealedAnswer { encryption_key_url: key.clone(), rev: 1, items: vec![item.clone()] };
    for outcome in [
        Outcome::Refused { why: Why::Stale },
        Outcome::Done { meeting_id: Some(id.clone()), answer: Some(answer) },
    ] {
        check("CommandResult", &CommandResult { owner: request_id, lease_epoch: 1, outcome });
    }
    let hc = FreeBusyAdditions { rev: Some(1), problem: Some(problem) };
    let rooms =
        RoomsAnswer { encryption_key_url: key.clone(), items: vec![item.clone()], hc: hc.clone() };
    check("RoomsAnswer", &rooms);
    check(
        "MeetingDone",
        &MeetingDone { meeting_id: Some(id.clone()), global_meeting_id: Some(id) },
    );
    let answer = FreeBusyAnswer {
        request_id,
        encryption_key_url: Some(key),
        calendar_free_busy_items: vec![item],
        hc,
    };
    for data in [
        EventData::FreeBusy { answer: Box::new(answer) },
        EventData::Create { meeting: Box::new(meeting) },
        EventData::Resync { position },
    ] {
        check("Envelope", &Envelope { id: "e".into(), data, hc: Some(At { position }) });
    }
}

mod erased {
    use super::{Serialize, Value};

    /// Anything that is sent.
    pub(super) trait Json {
        fn json(&self) -> Value;
    }

    impl<T: Serialize> Json for T {
        fn json(&self) -> Value {
            serde_json::to_value(self).expect("serializable")
        }
    }
}
