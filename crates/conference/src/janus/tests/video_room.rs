//! A VideoRoom as far as the provider speaks to it; words and codes are those of version 1.1.2.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use serde_json::{Value, json};
use world::{World, stop::Stop};

pub(super) const API_SECRET: &str = "api-secret";
const ADMIN_KEY: &str = "admin";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Well,
    OtherApiSecret,
    OtherAdminKey,
    Numbers,
    NoPlugin,
    OtherTransaction,
    Garbled,
    Huge,
    Status,
    Dropping,
    Silent,
    LosesAnswerToCreate,
}

#[derive(Clone)]
pub(super) struct VideoRoom(Arc<Mutex<Inside>>);

struct Inside {
    mood: Mood,
    rooms: BTreeMap<String, Value>,
    sessions: usize,
}

impl VideoRoom {
    pub(super) async fn start(world: &World, stop: Stop) -> Self {
        let inside = Inside { mood: Mood::Well, rooms: BTreeMap::new(), sessions: 0 };
        let this = Self(Arc::new(Mutex::new(inside)));
        let router = Router::new()
            .route("/janus", post(answer))
            .route("/janus/11", post(answer))
            .route("/janus/11/22", post(answer))
            .with_state(this.clone());
        let listener = world.network.listen("janus.localhost:8088").await.expect("free");
        tokio::spawn(world::http::serve(listener, router, stop));
        this
    }

    pub(super) fn set(&self, mood: Mood) {
        self.0.lock().expect("whole").mood = mood;
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.lock().expect("whole").rooms.keys().cloned().collect()
    }

    pub(super) fn told(&self, room: &str, what: &str) -> Value {
        self.0.lock().expect("whole").rooms[room][what].clone()
    }

    /// As after a restart.
    pub(super) fn forget_all(&self) {
        self.0.lock().expect("whole").rooms.clear();
    }

    /// Somebody else's rooms now.
    pub(super) fn take_over(&self) {
        for room in self.0.lock().expect("whole").rooms.values_mut() {
            room["secret"] = "somebody else's".into();
        }
    }

    pub(super) fn sessions(&self) -> usize {
        self.0.lock().expect("whole").sessions
    }
}

async fn answer(State(there): State<VideoRoom>, body: String) -> (StatusCode, String) {
    let said: Value = serde_json::from_str(&body).expect("JSON");
    let mood = there.0.lock().expect("whole").mood;
    if mood == Mood::Silent {
        std::future::pending::<()>().await;
    }
    let is_creation = said["body"]["request"] == "create";
    let mut answer = there.0.lock().expect("whole").answer(&said);
    answer["transaction"] = match mood {
        Mood::OtherTransaction => "another".into(),
        _ => said["transaction"].clone(),
    };
    match mood {
        Mood::Garbled => (StatusCode::OK, "<html>".into()),
        Mood::Huge => (StatusCode::OK, format!("{answer}{}", " ".repeat(1 << 20))),
        Mood::Status => (StatusCode::BAD_GATEWAY, answer.to_string()),
        Mood::LosesAnswerToCreate if is_creation => (StatusCode::BAD_GATEWAY, String::new()),
        _ => (StatusCode::OK, answer.to_string()),
    }
}

impl Inside {
    fn answer(&mut self, said: &Value) -> Value {
        let error =
            |code: u32| json!({ "janus": "error", "error": { "code": code, "reason": "x" } });
        if self.mood == Mood::OtherApiSecret || said["apisecret"] != API_SECRET {
            return error(403);
        }
        match said["janus"].as_str().expect("a verb") {
            "create" => {
                self.sessions += 1;
                json!({ "janus": "success", "data": { "id": 11 } })
            }
            "attach" if self.mood == Mood::NoPlugin => error(460),
            "attach" => json!({ "janus": "success", "session_id": 11, "data": { "id": 22 } }),
            "destroy" => {
                self.sessions -= 1;
                json!({ "janus": "success", "session_id": 11 })
            }
            "message" if self.mood == Mood::Dropping => error(458),
            "message" => {
                let data = match self.room(&said["body"]) {
                    Ok(data) => data,
                    Err(code) => json!({ "videoroom": "event", "error_code": code, "error": "x" }),
                };
                let plugindata = json!({ "plugin": "janus.plugin.videoroom", "data": data });
                json!({ "janus": "success", "session_id": 11, "sender": 22, "plugindata": plugindata })
            }
            verb => panic!("nobody says {verb}"),
        }
    }

    fn room(&mut self, body: &Value) -> Result<Value, u32> {
        if self.mood == Mood::Numbers {
            return Err(430);
        }
        let name = body["room"].as_str().expect("a name").to_owned();
        let request = body["request"].as_str().expect("a request");
        let is_right_key = body["admin_key"] == ADMIN_KEY && self.mood != Mood::OtherAdminKey;
        let known = self.rooms.get_mut(&name);
        match (request, known) {
            ("create", _) if !is_right_key => Err(433),
            ("create", Some(_)) => Err(427),
            ("create", None) => {
                self.rooms.insert(name.clone(), body.clone());
                Ok(json!({ "videoroom": "created", "room": name, "permanent": false }))
            }
            ("exists", known) => {
                Ok(json!({ "videoroom": "success", "room": name, "exists": known.is_some() }))
            }
            (_, None) => Err(426),
            (_, Some(room)) if room["secret"] != body["secret"] => Err(433),
            ("edit", Some(room)) => {
                room["description"] = body["new_description"].clone();
                room["pin"] = body["new_pin"].clone();
                Ok(json!({ "videoroom": "edited", "room": name, "permanent": false }))
            }
            ("destroy", Some(_)) => {
                self.rooms.remove(&name);
                Ok(json!({ "videoroom": "destroyed", "room": name, "permanent": false }))
            }
            (request, Some(_)) => panic!("nobody asks for {request}"),
        }
    }
}
