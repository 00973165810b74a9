//! What Janus says, and what is to be made of it.
//!
//! Its own mistakes come as `error`, those of the VideoRoom as a success whose data holds an
//! `error_code`; both with HTTP's status 200. The numbers look like HTTP's and are not.

use serde::Deserialize;

use crate::meeting::ProviderFailure;

/// Why something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error("Janus cannot be reached, or did not answer in time")]
    Unreachable,
    #[error("Janus answered what nobody can read")]
    Unreadable,
    #[error("Janus has dropped the session")]
    Dropped,
    #[error("Janus did not take the API secret (api_secret_file)")]
    ApiSecret,
    #[error("Janus has no VideoRoom plugin")]
    NoPlugin,
    #[error("the VideoRoom did not take the admin key (admin_key_file)")]
    AdminKey,
    #[error("the VideoRoom wants numbers as names: string_ids must be true")]
    Numbers,
    #[error("a room of that name has another secret (room_key_file)")]
    NotOurs,
    #[error("there is no such room")]
    NoRoom,
    #[error("there is such a room already")]
    Exists,
    #[error("the VideoRoom refused")]
    Refused,
}

/// What was asked, since the same code means different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Create,
    Existing,
}

#[derive(Deserialize)]
struct Answer {
    janus: String,
    transaction: Option<String>,
    data: Option<Made>,
    plugindata: Option<PluginData>,
    error: Option<CoreError>,
}

#[derive(Deserialize)]
struct Made {
    id: u64,
}

#[derive(Deserialize)]
struct PluginData {
    data: RoomAnswer,
}

#[derive(Deserialize)]
struct CoreError {
    code: i64,
}

#[derive(Deserialize)]
struct RoomAnswer {
    error_code: Option<i64>,
    exists: Option<bool>,
}

/// An answer to that very transaction.
#[derive(Clone, Copy)]
pub(super) enum Said {
    Done,
    Made(u64),
    Room { exists: Option<bool> },
}

pub(super) fn read(body: &[u8], transaction: &str, asked: Asked) -> Result<Said, Trouble> {
    let answer: Answer = serde_json::from_slice(body).or(Err(Trouble::Unreadable))?;
    if answer.transaction.as_deref() != Some(transaction) {
        return Err(Trouble::Unreadable);
    }
    if let Some(CoreError { code }) = answer.error {
        return Err(of_core(code));
    }
    if answer.janus != "success" {
        return Err(Trouble::Unreadable);
    }
    match (answer.plugindata, answer.data) {
        (Some(PluginData { data }), _) => match data.error_code {
            Some(code) => Err(of_room(code, asked)),
            None => Ok(Said::Room { exists: data.exists }),
        },
        (None, Some(Made { id })) => Ok(Said::Made(id)),
        (None, None) => Ok(Said::Done),
    }
}

fn of_core(code: i64) -> Trouble {
    match code {
        403 | 405 => Trouble::ApiSecret,
        458 | 459 => Trouble::Dropped,
        460 | 461 => Trouble::NoPlugin,
        _ => Trouble::Refused,
    }
}

fn of_room(code: i64, asked: Asked) -> Trouble {
    match (code, asked) {
        (426, _) => Trouble::NoRoom,
        (427, _) => Trouble::Exists,
        // What is missing is the one thing we may not have, a key.
        (429 | 433, Asked::Create) => Trouble::AdminKey,
        (429 | 433, Asked::Existing) => Trouble::NotOurs,
        (430, _) => Trouble::Numbers,
        _ => Trouble::Refused,
    }
}

impl From<Trouble> for ProviderFailure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unreachable => {
                Self::Trouble("Janus cannot be reached, or did not answer in time")
            }
            Trouble::Unreadable => Self::Trouble("Janus answered what nobody can read"),
            Trouble::Dropped => Self::Trouble("Janus has dropped the session"),
            Trouble::ApiSecret => Self::Refused("Janus did not take the API secret"),
            Trouble::NoPlugin => Self::Refused("Janus has no VideoRoom plugin"),
            Trouble::AdminKey => Self::Refused("the VideoRoom did not take the admin key"),
            Trouble::Numbers => Self::Refused("the VideoRoom needs string_ids = true"),
            Trouble::NotOurs => {
                Self::Refused("a room was made with another room key, or by somebody else")
            }
            Trouble::NoRoom | Trouble::Exists => Self::Trouble("a room came or went meanwhile"),
            Trouble::Refused => Self::Meeting("the VideoRoom refused"),
        }
    }
}
