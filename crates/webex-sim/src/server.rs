//! The HTTP side: a request is read whole, meets its trouble, is carried out, and its answer is
//! spoilt if that was ordered.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, header},
    response::Response,
};
use futures_util::stream;
use serde_json::{Value, json};

use crate::{
    answer::Asked,
    faults::{Lie, Trouble},
    refusal::{Refusal, respond},
    service::Service,
};

const BODY_BYTES_MAX: usize = 1024 * 1024;
/// More than any client should read.
const HUGE_BYTES: usize = 6 * 1024 * 1024;
const PAGE: &str = "This is a simulator of the Webex Meetings interface, for development and tests. It is not Webex.";

/// What every request shares.
pub(crate) type Shared = Arc<Mutex<Service>>;

/// A poisoned lock belongs to a test that failed already.
pub(crate) fn locked(shared: &Shared) -> MutexGuard<'_, Service> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn router(shared: Shared) -> Router {
    Router::new().fallback(serve).with_state(shared)
}

async fn serve(State(shared): State<Shared>, request: Request) -> Response {
    let mut response = carried_out(&shared, request).await;
    // By the simulated clock, which the one of the HTTP library does not follow.
    let date = locked(&shared).date();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

async fn carried_out(shared: &Shared, request: Request) -> Response {
    let Some(asked) = read(request).await else {
        return respond(404, json!({"message": PAGE}).to_string());
    };
    let operation = asked.operation();
    tracing::debug!(?operation, "The Webex simulator is asked");
    let trouble = {
        let mut service = locked(shared);
        *service.requests.entry(operation).or_default() += 1;
        service.troubles.take(operation)
    };
    match &trouble {
        Some(Trouble::Status { status, retry_after }) => {
            let mut refusal = Refusal::new(*status, "the simulator was told to fail");
            refusal.retry_after = *retry_after;
            return refusal.response(0);
        }
        Some(Trouble::Drop) => return broken(),
        Some(Trouble::Slow(time)) => tokio::time::sleep(*time).await,
        Some(
            Trouble::StatusAfterwards(_) | Trouble::LoseAnswer | Trouble::Silence | Trouble::Lie(_),
        )
        | None => {}
    }
    let response = locked(shared).answer(&asked);
    match trouble {
        Some(Trouble::StatusAfterwards(status)) => {
            Refusal::new(status, "the simulator was told to fail").response(0)
        }
        Some(Trouble::LoseAnswer) => broken(),
        Some(Trouble::Silence) => std::future::pending().await,
        Some(Trouble::Lie(lie)) => distorted(&lie, response).await,
        Some(Trouble::Status { .. } | Trouble::Drop | Trouble::Slow(_)) | None => response,
    }
}

async fn read(request: Request) -> Option<Asked> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.ok()?;
    let decoded = |part: &str| {
        let form = format!("p={}", part.replace('+', "%2B"));
        url::form_urlencoded::parse(form.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    let path = head.uri.path().strip_prefix("/v1/")?;
    let query = head.uri.query().unwrap_or_default();
    let host = head.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    Some(Asked {
        path: path.split('/').map(decoded).collect::<Option<_>>()?,
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        host: host.to_owned(),
        method: head.method,
        headers: head.headers,
        body: body.to_vec(),
    })
}

async fn distorted(lie: &Lie, response: Response) -> Response {
    let (head, body) = response.into_parts();
    let body = to_bytes(body, HUGE_BYTES).await.unwrap_or_default();
    let mut value: Value = serde_json::from_slice(&body).unwrap_or_default();
    let body = match lie {
        Lie::NotJson => "<!doctype html><title>Sign in</title>".to_owned(),
        Lie::Huge => " ".repeat(HUGE_BYTES),
        Lie::OtherLink => {
            each(&mut value, &mut |shown| {
                shown.insert("webLink".to_owned(), json!("https://evil.example/j.php?MTID=m1"));
            });
            value.to_string()
        }
        Lie::SomebodyElses => {
            each(&mut value, &mut |shown| {
                shown.insert("hostEmail".to_owned(), json!("mallory@example.com"));
            });
            value.to_string()
        }
        Lie::Without(name) => {
            each(&mut value, &mut |shown| {
                shown.remove(*name);
            });
            value.to_string()
        }
    };
    let mut head = head;
    head.headers.remove("content-length");
    Response::from_parts(head, Body::from(body))
}

/// All that is shown: one thing, or those of a list.
fn each(value: &mut Value, change: &mut impl FnMut(&mut serde_json::Map<String, Value>)) {
    let Some(fields) = value.as_object_mut() else { return };
    match fields.get_mut("items").and_then(Value::as_array_mut) {
        Some(items) => items.iter_mut().filter_map(Value::as_object_mut).for_each(change),
        None => change(fields),
    }
}

/// A body that breaks the connection.
fn broken() -> Response {
    let reset = Err::<bytes::Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset));
    Response::new(Body::from_stream(stream::iter([reset])))
}
