//! Talks to Janus over its HTTP transport: a session for each matter, ended when it is settled.

use std::{fmt, path::PathBuf, time::Duration};

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;
use world::{World, http::Request};

use super::{
    answer::{self, Asked, Said, Trouble},
    room::Room,
};
use crate::{
    provider::{ProviderSettingsError, checked_url},
    secret_file::Secret,
};

/// For each question. Janus answers these from its memory.
const DEADLINE: Duration = Duration::from_secs(10);
/// The longest of these answers takes a few hundred bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
const PLUGIN: &str = "janus.plugin.videoroom";
/// What a room is called that nobody told the title of.
const NO_TITLE: &str = "-";
/// Who may send pictures and sound at once in one room.
const PUBLISHERS_DEFAULT: u32 = 25;
/// More of a title says nothing more.
const TITLE_CHARACTERS_MAX: usize = 200;
/// Bits per second that each sender is told not to exceed.
const BITRATE: u32 = 1_500_000;

/// Where Janus is, and what it wants to hear.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Its HTTP transport: `http://127.0.0.1:8088/janus`.
    pub server: String,
    /// `admin_key` of the VideoRoom plugin.
    pub admin_key_file: PathBuf,
    /// `api_secret` of Janus, if it has one.
    pub api_secret_file: Option<PathBuf>,
    /// Who may send pictures and sound at once in one room.
    #[serde(default = "publishers_default")]
    pub publishers: u32,
}

fn publishers_default() -> u32 {
    PUBLISHERS_DEFAULT
}

#[derive(Clone)]
pub struct Server {
    api: Url,
    admin_key: Secret,
    api_secret: Option<Secret>,
    publishers: u32,
    world: World,
}

/// What is told about a room.
#[derive(Clone, Copy, Default)]
pub struct Look<'a> {
    pub title: Option<&'a str>,
    pub is_permanent: bool,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server(…)")
    }
}

/// A plugin's handle in a session.
struct Session<'a> {
    server: &'a Server,
    url: Url,
    handle: Url,
}

impl Server {
    pub fn new(settings: &ServerSettings, world: World) -> Result<Self, ProviderSettingsError> {
        let mut api = checked_url(&settings.server)?;
        if api.query().is_some() || api.fragment().is_some() {
            return Err(ProviderSettingsError::HasQueryOrFragment);
        }
        let path = api.path().trim_end_matches('/').to_owned();
        api.set_path(&path);
        Ok(Self {
            api,
            admin_key: Secret::read("admin_key_file", &settings.admin_key_file)?,
            api_secret: Secret::read_if_given(
                "api_secret_file",
                settings.api_secret_file.as_ref(),
            )?,
            publishers: settings.publishers,
            world,
        })
    }

    /// Without a slash at its end.
    pub fn api(&self) -> &Url {
        &self.api
    }

    pub fn api_secret(&self) -> Option<&str> {
        self.api_secret.as_ref().map(Secret::expose)
    }

    /// Makes the room; one that is there is brought to the same look, which only works on ours.
    pub async fn make(&self, room: &Room, look: &Look<'_>) -> Result<(), Trouble> {
        let session = self.session().await?;
        let made = match session.ask(self.creation(room, look), Asked::Create).await {
            Err(Trouble::Exists) => session.ask(edit(room, look), Asked::Existing).await,
            made => made,
        };
        session.end().await;
        made.map(drop)
    }

    /// Ends the room; that there is none is as good.
    pub async fn destroy(&self, room: &Room, is_permanent: bool) -> Result<(), Trouble> {
        let session = self.session().await?;
        let body = json!({
            "request": "destroy", "room": room.name(), "secret": room.secret(),
            "permanent": is_permanent,
        });
        let ended = session.ask(body, Asked::Existing).await;
        session.end().await;
        match ended {
            Ok(_) | Err(Trouble::NoRoom) => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }

    pub async fn exists(&self, room: &Room) -> Result<bool, Trouble> {
        let session = self.session().await?;
        let body = json!({ "request": "exists", "room": room.name() });
        let said = session.ask(body, Asked::Existing).await;
        session.end().await;
        match said? {
            Said::Room { exists: Some(exists) } => Ok(exists),
            Said::Room { exists: None } | Said::Done | Said::Made(_) => Err(Trouble::Unreadable),
        }
    }

    /// Makes and ends a room that nobody hears of: only so do all keys show that they are right.
    pub async fn check(&self) -> Result<(), Trouble> {
        let room = Room::throw_away(&self.world.chance);
        self.make(&room, &Look::default()).await?;
        self.destroy(&room, false).await
    }

    fn creation(&self, room: &Room, look: &Look<'_>) -> Value {
        json!({
            "request": "create", "admin_key": self.admin_key.expose(), "room": room.name(),
            "description": look.description(), "secret": room.secret(), "pin": room.pin(),
            "publishers": self.publishers, "bitrate": BITRATE, "fir_freq": 10,
            "is_private": true, "permanent": look.is_permanent,
        })
    }

    /// One that somebody else goes on with; Janus drops it when it hears nothing for a minute.
    pub async fn new_session(&self) -> Result<u64, Trouble> {
        made(self.say(&self.api, json!({ "janus": "create" }), Asked::Existing).await?)
    }

    async fn session(&self) -> Result<Session<'_>, Trouble> {
        let url = below(&self.api, self.new_session().await?);
        let attach = json!({ "janus": "attach", "plugin": PLUGIN });
        let handle = below(&url, made(self.say(&url, attach, Asked::Existing).await?)?);
        Ok(Session { server: self, url, handle })
    }

    /// One question and its own answer, known by the transaction.
    async fn say(&self, url: &Url, mut message: Value, asked: Asked) -> Result<Said, Trouble> {
        let transaction = self.world.chance.uuid().simple().to_string();
        if let Some(message) = message.as_object_mut() {
            message.insert("transaction".into(), transaction.as_str().into());
            if let Some(secret) = self.api_secret() {
                message.insert("apisecret".into(), secret.into());
            }
        }
        let request = Request::post(url, message.to_string()).json();
        let request = request.deadline(DEADLINE).answer_bytes_max(ANSWER_BYTES_MAX);
        let answer = self.world.http.send(request).await.or(Err(Trouble::Unreachable))?;
        if !answer.status.is_success() {
            return Err(Trouble::Unreachable);
        }
        answer::read(&answer.body, &transaction, asked)
    }
}

impl Session<'_> {
    async fn ask(&self, body: Value, asked: Asked) -> Result<Said, Trouble> {
        let message = json!({ "janus": "message", "body": body });
        self.server.say(&self.handle, message, asked).await
    }

    /// If that fails, Janus ends it by itself after a minute.
    async fn end(self) {
        let end = json!({ "janus": "destroy" });
        let _ended = self.server.say(&self.url, end, Asked::Existing).await;
    }
}

impl Look<'_> {
    fn description(&self) -> String {
        let title = self.title.map(str::trim).filter(|title| !title.is_empty());
        title.unwrap_or(NO_TITLE).chars().take(TITLE_CHARACTERS_MAX).collect()
    }
}

fn edit(room: &Room, look: &Look<'_>) -> Value {
    json!({
        "request": "edit", "room": room.name(), "secret": room.secret(), "new_pin": room.pin(),
        "new_description": look.description(), "permanent": look.is_permanent,
    })
}

fn made(said: Said) -> Result<u64, Trouble> {
    match said {
        Said::Made(id) => Ok(id),
        Said::Done | Said::Room { .. } => Err(Trouble::Unreadable),
    }
}

fn below(url: &Url, id: u64) -> Url {
    let mut below = url.clone();
    below.set_path(&format!("{}/{id}", url.path()));
    below
}
