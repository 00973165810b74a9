//! In the place of Janus: notes what it hears, and says what a page needs to hear.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, Uri},
};
use serde_json::{Value, json};
use world::{World, stop::Stop};

#[derive(Clone, Default)]
pub(super) struct StandIn(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    /// Path and query, and what was said.
    heard: Vec<(String, Value)>,
    has_room: bool,
    is_silent: bool,
}

impl StandIn {
    pub(super) async fn start(world: &World, stop: Stop) -> Self {
        let this = Self::default();
        let router = Router::new().fallback(answer).with_state(this.clone());
        let listener = world.network.listen("janus.localhost:8088").await.expect("free");
        tokio::spawn(world::http::serve(listener, router, stop));
        this
    }

    pub(super) fn heard(&self) -> Vec<(String, Value)> {
        self.0.lock().expect("whole").heard.clone()
    }

    /// To the VideoRoom.
    pub(super) fn requests(&self) -> Vec<String> {
        let request =
            |(_, said): &(String, Value)| said["body"]["request"].as_str().map(str::to_owned);
        self.heard().iter().filter_map(request).collect()
    }

    pub(super) fn has_room(&self, has_room: bool) {
        self.0.lock().expect("whole").has_room = has_room;
    }

    pub(super) fn fall_silent(&self) {
        self.0.lock().expect("whole").is_silent = true;
    }
}

async fn answer(State(there): State<StandIn>, uri: Uri, body: String) -> (StatusCode, String) {
    let said: Value = serde_json::from_str(&body).unwrap_or_default();
    let (is_silent, exists) = {
        let mut inside = there.0.lock().expect("whole");
        inside.heard.push((uri.to_string(), said.clone()));
        (inside.is_silent, inside.has_room)
    };
    if is_silent {
        std::future::pending::<()>().await;
    }
    match uri.path() {
        _ if said["janus"] == "create" || said["janus"] == "attach" => {
            success(&said, "data", &json!({ "id": 11 }))
        }
        "/janus/11" if said.is_null() => (StatusCode::OK, "[]".into()),
        path if path.starts_with("/janus/11") => {
            let data = json!({ "videoroom": "success", "exists": exists });
            success(&said, "plugindata", &json!({ "data": data }))
        }
        _ => (StatusCode::NOT_FOUND, "<html>".into()),
    }
}

fn success(said: &Value, name: &str, value: &Value) -> (StatusCode, String) {
    let answer = json!({ "janus": "success", "transaction": said["transaction"], name: value });
    (StatusCode::OK, answer.to_string())
}
