//! A receiver in the same process: notes each call, checks its signature in its own way, answers.

use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{Context, SHA256};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use world::{World, stop::Stop};

#[derive(Clone)]
pub(super) struct Receiver(Arc<Mutex<Inside>>);

struct Inside {
    calls: Vec<Call>,
    status: u16,
    retry_after: Option<&'static str>,
    answer: String,
    /// Answers are lost on the way.
    is_losing: bool,
}

#[derive(Clone)]
pub(super) struct Call {
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Receiver {
    pub(super) async fn start(world: &World, stop: Stop) -> Self {
        let answer = json!({ "join_url": "https://meet.example.com/r/7Q", "provider_ref": "7Q" });
        let inside = Inside {
            calls: Vec::new(),
            status: 200,
            retry_after: None,
            answer: answer.to_string(),
            is_losing: false,
        };
        let this = Self(Arc::new(Mutex::new(inside)));
        let router = Router::new().fallback(answer_call).with_state(this.clone());
        let listener = world.network.listen("calls.example.com:443").await.expect("free");
        tokio::spawn(world::http::serve(listener, router, stop));
        this
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.0.lock().expect("whole").calls.clone()
    }

    pub(super) fn last(&self) -> Value {
        serde_json::from_str(&self.calls().last().expect("a call").body).expect("JSON")
    }

    pub(super) fn say(&self, status: u16, answer: &Value) {
        let mut inside = self.0.lock().expect("whole");
        (inside.status, inside.answer) = (status, answer.to_string());
    }

    pub(super) fn say_text(&self, answer: &str) {
        self.0.lock().expect("whole").answer = answer.to_owned();
    }

    pub(super) fn retry_after(&self, seconds: Option<&'static str>) {
        self.0.lock().expect("whole").retry_after = seconds;
    }

    pub(super) fn lose_answers(&self, is_losing: bool) {
        self.0.lock().expect("whole").is_losing = is_losing;
    }
}

async fn answer_call(State(there): State<Receiver>, headers: HeaderMap, body: String) -> Response {
    let (is_losing, status, retry_after, answer) = {
        let mut inside = there.0.lock().expect("whole");
        inside.calls.push(Call { headers, body });
        (inside.is_losing, inside.status, inside.retry_after, inside.answer.clone())
    };
    if is_losing {
        std::future::pending::<()>().await;
    }
    let status = StatusCode::from_u16(status).expect("a status");
    match retry_after {
        Some(seconds) => (status, [("retry-after", seconds)], answer).into_response(),
        None => (status, answer).into_response(),
    }
}

impl Call {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().expect("text")
    }

    /// How many of the signatures are right for this secret.
    pub(super) fn right_signatures(&self, secret: &[u8]) -> usize {
        let (id, time) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let signed = format!("{id}.{time}.{}", self.body);
        let right = format!("v1,{}", STANDARD.encode(mac(secret, signed.as_bytes())));
        self.header("webhook-signature").split(' ').filter(|given| *given == right).count()
    }
}

/// HMAC as RFC 2104 defines it, by hand.
pub(super) fn mac(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        block.iter_mut().zip(secret).for_each(|(pad, secret)| *pad ^= secret);
        block
    };
    let hash = |parts: [&[u8]; 2]| {
        let mut context = Context::new(&SHA256);
        parts.iter().for_each(|part| context.update(part));
        context.finish().as_ref().to_vec()
    };
    assert!(secret.len() <= 64, "longer ones would be hashed first");
    hash([&pad(0x5c), &hash([&pad(0x36), message])])
}
