//! Why a request is refused, and the only place that knows status codes.
//!
//! Nothing here carries what the request said: an answer cannot echo input, other people's ids or
//! internal text. Somebody else's meeting and a meeting that does not exist are the same answer.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use protocol::{
    feed::Position,
    problem::{MEDIA_TYPE, Problem, name},
};
use uuid::Uuid;
use world::issuer;

use crate::store::{self, CommitRefused};

/// What a client of an answer "not now" should wait.
const RETRY_AFTER_MS: u64 = 2_000;

pub(crate) type Result<T> = std::result::Result<T, Refusal>;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    TokenInvalid,
    NotPermitted,
    NotFound,
    Method,
    Invalid {
        field: &'static str,
    },
    WindowTooLarge,
    TooLarge,
    MediaType,
    /// Too many streams.
    SlowDown,
    StaleLease,
    StateConflict,
    /// A connector did not carry out what was ordered.
    Conflict,
    PreconditionFailed,
    IdempotencyMismatch,
    ConnectorOffline,
    ConnectorTimeout,
    Resync {
        position: Position,
    },
    /// The key server is not connected; nothing happened.
    KeyServiceOffline,
    /// The database or the sign-in provider does not answer; nothing happened.
    Maintenance,
}

impl Refusal {
    pub(crate) fn problem(self) -> Problem {
        let (status, name, title) = self.words();
        let mut problem = Problem::new(status.as_u16(), name, title);
        match self {
            Self::Invalid { field } => problem.field = Some(field.into()),
            Self::Resync { position } => problem.position = Some(position),
            Self::SlowDown
            | Self::ConnectorOffline
            | Self::ConnectorTimeout
            | Self::KeyServiceOffline
            | Self::Maintenance => problem.retry_after_ms = Some(RETRY_AFTER_MS),
            Self::TokenInvalid
            | Self::NotPermitted
            | Self::NotFound
            | Self::Method
            | Self::WindowTooLarge
            | Self::TooLarge
            | Self::MediaType
            | Self::StaleLease
            | Self::StateConflict
            | Self::Conflict
            | Self::PreconditionFailed
            | Self::IdempotencyMismatch => {}
        }
        problem
    }

    fn words(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::TokenInvalid => (S::UNAUTHORIZED, name::TOKEN_INVALID, "Sign in again"),
            Self::NotPermitted => (S::FORBIDDEN, name::NOT_PERMITTED, "This is not allowed"),
            Self::NotFound => (S::NOT_FOUND, name::NOT_FOUND, "There is nothing here"),
            Self::Method => {
                (S::METHOD_NOT_ALLOWED, name::INVALID_REQUEST, "This method does not exist here")
            }
            Self::Invalid { .. } => {
                (S::BAD_REQUEST, name::INVALID_REQUEST, "The request cannot be understood")
            }
            Self::WindowTooLarge => {
                (S::BAD_REQUEST, name::WINDOW_TOO_LARGE, "Ask for fewer days at once")
            }
            Self::TooLarge => (S::PAYLOAD_TOO_LARGE, name::TOO_LARGE, "The request is too large"),
            Self::MediaType => {
                (S::UNSUPPORTED_MEDIA_TYPE, "media-type", "Only application/json is read here")
            }
            Self::SlowDown => (S::TOO_MANY_REQUESTS, name::SLOW_DOWN, "Too many at once"),
            Self::StaleLease => {
                (S::CONFLICT, name::STALE_LEASE, "Somebody else follows this mailbox")
            }
            Self::StateConflict => {
                (S::CONFLICT, name::STATE_CONFLICT, "The mailbox's state has another version")
            }
            Self::Conflict => {
                (S::CONFLICT, name::STATE_CONFLICT, "This cannot be done with the meeting as it is")
            }
            Self::PreconditionFailed => {
                (S::PRECONDITION_FAILED, name::PRECONDITION_FAILED, "The meeting has changed")
            }
            Self::IdempotencyMismatch => (
                S::UNPROCESSABLE_ENTITY,
                name::IDEMPOTENCY_MISMATCH,
                "This key was used for another request",
            ),
            Self::ConnectorOffline => {
                (S::SERVICE_UNAVAILABLE, name::CONNECTOR_OFFLINE, "Nobody follows this mailbox now")
            }
            Self::ConnectorTimeout => (S::GATEWAY_TIMEOUT, name::CONNECTOR_TIMEOUT, "Not done yet"),
            Self::Resync { .. } => (S::GONE, name::RESYNC_REQUIRED, "Read the list again"),
            Self::KeyServiceOffline => {
                let title = "The organization's key server is not connected";
                (S::SERVICE_UNAVAILABLE, name::KEY_SERVICE_OFFLINE, title)
            }
            Self::Maintenance => (S::SERVICE_UNAVAILABLE, name::MAINTENANCE, "Try again soon"),
        }
    }

    /// The answer, naming the request as the log does.
    pub(crate) fn answer(self, request: Uuid) -> Response {
        let mut problem = self.problem();
        problem.instance = Some(request.to_string());
        let status = StatusCode::from_u16(problem.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(problem)).into_response();
        let media_type = HeaderValue::from_static(MEDIA_TYPE);
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        response
    }
}

/// A handler does not know the request's id; the outermost layer turns the mark into the answer.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<store::Failure> for Refusal {
    fn from(failure: store::Failure) -> Self {
        let error: &dyn std::error::Error = &failure;
        tracing::error!(error, "The database could not answer a request");
        Self::Maintenance
    }
}

impl From<CommitRefused> for Refusal {
    fn from(refused: CommitRefused) -> Self {
        match refused {
            CommitRefused::StaleLease => Self::StaleLease,
            CommitRefused::StateConflict => Self::StateConflict,
            CommitRefused::Failed(failure) => failure.into(),
        }
    }
}

impl From<issuer::Refused> for Refusal {
    fn from(refused: issuer::Refused) -> Self {
        match refused {
            issuer::Refused::Token => Self::TokenInvalid,
            issuer::Refused::Unreachable => Self::Maintenance,
            issuer::Refused::TooMany => Self::SlowDown,
        }
    }
}
