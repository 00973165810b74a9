//! How an answer is put into the draft's words, and what the log keeps of it.

use jiff::Timestamp;
use protocol::keys::{
    AuthorizationObject, Device, KeyAnswer, KeyChanges, KeyObject, KeyRead, KeyRequest, Method,
    REVOKED, ResourceObject,
};
use uuid::Uuid;
use world::issuer::Refused;

use crate::{audit::Entry, permission::Caller};

/// What is given, before it becomes JSON.
pub(super) enum Given {
    Nothing,
    Made(Box<KeyObject>),
    Key(Box<KeyObject>),
    Keys(Vec<KeyObject>),
    Reads(Vec<KeyRead>),
    /// No key, so it does not stand in the log.
    Changes(KeyChanges),
    Device(Box<Device>),
    /// Unbound ones; their rows are not in the log yet.
    NewKeys(Vec<KeyObject>),
    NewResource(Box<ResourceObject>),
    Resource(Box<ResourceObject>),
    NewAuthorizations(Vec<AuthorizationObject>),
    Authorizations(Vec<AuthorizationObject>),
}

/// Why nothing is given.
#[derive(Debug)]
pub(super) enum Denied {
    Malformed(&'static str),
    Token,
    NotPermitted,
    /// Also for what belongs to somebody else.
    NotFound,
    /// It is bound to something else, or has ended.
    Conflict,
    Revoked,
    /// Erased for good.
    Gone,
    SlowDown {
        retry_after_ms: u64,
    },
    NotOffered,
    /// The sign-in provider or the database is away.
    NotNow,
}

/// After which a caller may try again when a neighbour of ours is away.
const NOT_NOW_RETRY_MS: u64 = 2_000;

/// The same when a caller has signed more tokens than are remembered: some end every second.
const TOO_MANY_RETRY_MS: u64 = 5_000;

impl From<Refused> for Denied {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Token => Self::Token,
            Refused::Unreachable => Self::NotNow,
            Refused::TooMany => Self::SlowDown { retry_after_ms: TOO_MANY_RETRY_MS },
        }
    }
}

fn status(given: &Result<Given, Denied>) -> u16 {
    match given {
        Ok(
            Given::Made(_)
            | Given::NewKeys(_)
            | Given::NewResource(_)
            | Given::NewAuthorizations(_),
        ) => 201,
        Ok(
            Given::Nothing
            | Given::Key(_)
            | Given::Keys(_)
            | Given::Reads(_)
            | Given::Changes(_)
            | Given::Device(_)
            | Given::Resource(_)
            | Given::Authorizations(_),
        ) => 200,
        Err(Denied::Malformed(_)) => 400,
        Err(Denied::Token) => 401,
        Err(Denied::NotPermitted) => 403,
        Err(Denied::NotFound) => 404,
        Err(Denied::Conflict) => 409,
        Err(Denied::Revoked) => 405,
        Err(Denied::Gone) => 410,
        Err(Denied::SlowDown { .. }) => 429,
        Err(Denied::NotOffered) => 501,
        Err(Denied::NotNow) => 503,
    }
}

pub(super) fn to_answer(request_id: Uuid, given: Result<Given, Denied>) -> KeyAnswer {
    let status = status(&given);
    let mut answer = KeyAnswer {
        status,
        request_id,
        key: None,
        keys: None,
        device: None,
        resource: None,
        authorizations: None,
        reason: None,
        retry_after_ms: None,
        error_code: None,
        reads: None,
        changes: None,
    };
    match given {
        Ok(Given::Nothing) => {}
        Ok(Given::Made(key) | Given::Key(key)) => answer.key = Some(*key),
        Ok(Given::Keys(keys) | Given::NewKeys(keys)) => answer.keys = Some(keys),
        Ok(Given::Resource(resource) | Given::NewResource(resource)) => {
            answer.resource = Some(*resource);
        }
        Ok(Given::Authorizations(all) | Given::NewAuthorizations(all)) => {
            answer.authorizations = Some(all);
        }
        Ok(Given::Reads(reads)) => answer.reads = Some(reads),
        Ok(Given::Changes(changes)) => answer.changes = Some(changes),
        Ok(Given::Device(device)) => answer.device = Some(*device),
        Err(denied) => {
            answer.reason = Some(denied.reason().into());
            answer.retry_after_ms = denied.retry_after_ms();
            answer.error_code = matches!(denied, Denied::Revoked).then_some(REVOKED);
        }
    }
    answer
}

impl Denied {
    fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(what) => what,
            Self::Token => "the token is not valid here",
            Self::NotPermitted => "not permitted",
            Self::NotFound => "no such key, or not yours",
            Self::Conflict => "bound to something else, or ended",
            Self::Revoked => "the key was revoked",
            Self::Gone => "the key was destroyed",
            Self::SlowDown { .. } => "too many requests",
            Self::NotOffered => "not offered",
            Self::NotNow => "not possible at the moment",
        }
    }

    fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::SlowDown { retry_after_ms } => Some(*retry_after_ms),
            Self::NotNow => Some(NOT_NOW_RETRY_MS),
            Self::Malformed(_)
            | Self::Token
            | Self::NotPermitted
            | Self::NotFound
            | Self::Conflict
            | Self::Revoked
            | Self::Gone
            | Self::NotOffered => None,
        }
    }
}

/// Longest URI kept in the log; longer ones are not ours anyway.
const LOGGED_URI_BYTES_MAX: usize = 200;

pub(super) fn log_entry(
    caller: &Caller,
    request: &KeyRequest,
    given: &Result<Given, Denied>,
    now: Timestamp,
) -> Entry {
    let actor = match caller {
        Caller::Person(user) => format!("user {user}"),
        Caller::Connector(connector) => format!("connector {connector}"),
    };
    let op = match request.method {
        Method::Create => "create",
        Method::Retrieve => "retrieve",
        Method::Update => "update",
        Method::Delete => "delete",
    };
    let object = match given {
        Ok(Given::Made(key) | Given::Key(key)) => key.uri.0.clone(),
        Ok(Given::Device(device)) => device.uri.clone(),
        Ok(Given::NewResource(resource)) => resource.uri.clone(),
        Ok(
            Given::Nothing
            | Given::Keys(_)
            | Given::Reads(_)
            | Given::Changes(_)
            | Given::NewKeys(_)
            | Given::Resource(_)
            | Given::NewAuthorizations(_)
            | Given::Authorizations(_),
        )
        | Err(_) => {
            let end = request.uri.floor_char_boundary(LOGGED_URI_BYTES_MAX);
            request.uri.get(..end).unwrap_or_default().into()
        }
    };
    let result = i64::from(status(given));
    Entry { time: now.to_string(), actor, op: op.into(), object, result }
}
