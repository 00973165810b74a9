//! Janus' VideoRoom: our own rooms on a server of our own, entered through our own page.
//!
//! Nothing needs to be remembered: a room's name follows from the meeting's key, and its pin and
//! secret from the name and the room key. So whoever holds the room key can make the room again
//! when Janus has lost it by a restart, and nobody else can make one.

mod answer;
mod room;
mod server;

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;
use world::World;

pub use self::{
    answer::Trouble,
    room::{Room, RoomKey},
    server::{Look, Server, ServerSettings},
};
use crate::{
    join_link::JoinLink,
    key::ConferenceKey,
    meeting::{Conference, Held, ProviderFailure, Reference, Room as Wanted, Wish},
    provider::{ProviderSettingsError, checked_url},
};

/// How such links are recognised again.
pub(crate) const CLASS: &str = "janus.room";
/// The folder of the join page; the room's name follows.
pub const PAGE_PATH: &str = "/room/";

/// As the administrator writes it down.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JanusSettings {
    /// Where people reach the join page: `https://rooms.example.com`.
    pub rooms_url: String,
    /// At least 32 characters of chance; the same file as in `[rooms]`.
    pub room_key_file: PathBuf,
    /// Keep rooms in Janus' own configuration, so that it has them after a restart.
    #[serde(default)]
    pub permanent: bool,
    /// Tell Janus a meeting's title, which the join page then shows.
    #[serde(default)]
    pub titles: bool,
    pub janus: ServerSettings,
}

#[derive(Clone, Debug)]
pub struct Janus {
    server: Server,
    rooms_url: Url,
    key: RoomKey,
    is_permanent: bool,
    has_titles: bool,
}

impl Janus {
    pub fn new(settings: &JanusSettings, world: &World) -> Result<Self, ProviderSettingsError> {
        let rooms_url = checked_url(&settings.rooms_url)?;
        if rooms_url.path() != "/" || rooms_url.query().is_some() || rooms_url.fragment().is_some()
        {
            return Err(ProviderSettingsError::HasPath);
        }
        Ok(Self {
            server: Server::new(&settings.janus, world.clone())?,
            rooms_url,
            key: RoomKey::read(&settings.room_key_file)?,
            is_permanent: settings.permanent,
            has_titles: settings.titles,
        })
    }

    pub(crate) fn rooms_url(&self) -> &Url {
        &self.rooms_url
    }

    /// Made if it is not there; else brought to what it should be.
    pub async fn ensure(&self, wish: &Wish) -> Result<Conference, ProviderFailure> {
        let is_personal = wish.room == Wanted::Personal;
        let room = match is_personal {
            true => self.key.personal(&wish.organizer),
            false => self.key.room(wish.key.room_name()),
        };
        let title = (self.has_titles && !is_personal).then_some(wish.title.as_str());
        self.server.make(&room, &Look { title, is_permanent: self.is_permanent }).await?;
        let link = format!("{}{}", self.rooms_url.as_str().trim_end_matches('/'), room.link());
        let mut conference = Conference::of_link(JoinLink::made("janus", CLASS, &link)?);
        // For those whose mail gateway has cut the link's end off: the page asks for it then.
        conference.passcode = Some(room.pin().to_owned());
        // A personal room outlives its meetings.
        conference.reference = (!is_personal).then(|| Reference(room.name().to_owned()));
        Ok(conference)
    }

    /// Never the personal room: its name does not follow from a meeting's key.
    pub async fn cancel(&self, held: &Held) -> Result<(), ProviderFailure> {
        let room = self.key.room(held.key.room_name());
        Ok(self.server.destroy(&room, self.is_permanent).await?)
    }

    pub async fn check(&self) -> Result<(), ProviderFailure> {
        Ok(self.server.check().await?)
    }

    pub fn knows(room: Wanted) -> bool {
        match room {
            Wanted::Usual | Wanted::OneTime | Wanted::Personal => true,
            Wanted::Space => false,
        }
    }

    /// Which room a key leads to, for those who ask Janus themselves.
    pub fn room_of(&self, key: &ConferenceKey) -> Room {
        self.key.room(key.room_name())
    }
}

#[cfg(test)]
mod tests;
