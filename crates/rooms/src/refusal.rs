//! Why the page does not get what it asked for, in words that the page knows; the only place with
//! status codes.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Not a link of ours, or its end is missing.
    WrongLink,
    /// The room is gone, and must stay so.
    Closed,
    /// Janus does not answer, or not as it should.
    NoJanus,
    /// Nothing that a participant needs to say.
    NotAllowed,
    Busy,
    NotFound,
    Method,
}

impl Refusal {
    fn words(self) -> (StatusCode, &'static str) {
        match self {
            Self::WrongLink => (StatusCode::FORBIDDEN, "wrong-link"),
            Self::Closed => (StatusCode::GONE, "closed"),
            Self::NoJanus => (StatusCode::BAD_GATEWAY, "no-janus"),
            Self::NotAllowed => (StatusCode::BAD_REQUEST, "not-allowed"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found"),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "method"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, why) = self.words();
        let kind = [(header::CONTENT_TYPE, "application/json")];
        (status, kind, format!("{{\"why\":\"{why}\"}}")).into_response()
    }
}
