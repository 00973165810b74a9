//! A request that is not carried out, in the form that Webex gives to that.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde_json::json;

pub(crate) const JSON: &str = "application/json;charset=UTF-8";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) why: String,
    pub(crate) retry_after: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(status: u16, why: impl Into<String>) -> Self {
        Self { status, why: why.into(), retry_after: None }
    }

    pub(crate) fn invalid(why: impl Into<String>) -> Self {
        Self::new(400, why)
    }

    pub(crate) fn response(&self, tracking: u64) -> Response {
        let body = json!({
            "message": "The simulator refuses the request.",
            "errors": [{"description": self.why}],
            "trackingId": format!("SIM_{tracking:016X}"),
        });
        let mut response = respond(self.status, body.to_string());
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

pub(crate) fn respond(status: u16, body: String) -> Response {
    let is_empty = body.is_empty();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert("x-hybridcal", HeaderValue::from_static("simulator"));
    if !is_empty {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    }
    response
}
