//! Jitsi Meet. Plain: who knows the name of a room is in, so the name cannot be guessed. With
//! tokens: the server lets in who brings one, and that is made when somebody clicks, never earlier.

mod token;

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use self::token::Tokens;
pub use self::token::{Algorithm, TokenSettings};
use crate::{
    join_link::JoinLink,
    key::ConferenceKey,
    meeting::ProviderFailure,
    provider::{ProviderSettingsError, checked_url},
};

/// How such links are recognised again.
pub(crate) const CLASS: &str = "jitsi.selfhosted";

/// As the administrator writes it down.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JitsiSettings {
    /// `https://meet.example.com`
    pub server: String,
    /// For a server that lets in only who brings a token.
    pub token: Option<TokenSettings>,
}

#[derive(Clone, Debug)]
pub struct Jitsi {
    server: Url,
    tokens: Option<Tokens>,
}

/// Who clicks, as the others see them.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    /// Stable, and need not say anything.
    pub id: &'a str,
    pub name: &'a str,
    pub email: &'a str,
    /// An address of a picture, or nothing.
    pub avatar: &'a str,
}

/// Lets one person in for a short time: to be opened, not to be kept, written down or logged.
#[derive(Clone, PartialEq, Eq)]
pub struct LateLink(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LateLinkFailure {
    #[error("the link is not one of this server's rooms")]
    OtherLink,
    #[error("the token cannot be signed")]
    Unsigned,
}

impl Jitsi {
    pub(crate) fn new(settings: &JitsiSettings) -> Result<Self, ProviderSettingsError> {
        let mut server = checked_url(&settings.server)?;
        if server.query().is_some() || server.fragment().is_some() {
            return Err(ProviderSettingsError::HasQueryOrFragment);
        }
        if !server.path().ends_with('/') {
            let folder = format!("{}/", server.path());
            server.set_path(&folder);
        }
        let tokens =
            settings.token.as_ref().map(|token| Tokens::new(token, &server)).transpose()?;
        Ok(Self { server, tokens })
    }

    pub(crate) fn server(&self) -> &Url {
        &self.server
    }

    /// The title stays out of the room name: the server and its logs would learn it.
    pub(crate) fn join_link(&self, key: &ConferenceKey) -> Result<JoinLink, ProviderFailure> {
        JoinLink::made("jitsi", CLASS, &format!("{}{}", self.server, key.room_name()))
    }

    /// The link of an invitation, for one person and from now on for a while. Without tokens it is
    /// the link itself.
    pub fn late_link(
        &self,
        link: &JoinLink,
        person: &Person<'_>,
        now: Timestamp,
    ) -> Result<LateLink, LateLinkFailure> {
        let room = self.room(link).ok_or(LateLinkFailure::OtherLink)?;
        let mut url = self.server.join(&room).or(Err(LateLinkFailure::OtherLink))?;
        if let Some(tokens) = &self.tokens {
            let token = tokens.sign(&room, person, now).ok_or(LateLinkFailure::Unsigned)?;
            url.query_pairs_mut().append_pair("jwt", &token);
        }
        Ok(LateLink(url.into()))
    }

    /// Room names ignore case; the server compares the token's with the lower-case one.
    fn room(&self, link: &JoinLink) -> Option<String> {
        let room = link.as_str().strip_prefix(self.server.as_str())?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let is_room = !room.is_empty() && room.chars().all(is_name) && !room.starts_with('.');
        is_room.then(|| room.to_ascii_lowercase())
    }
}

impl LateLink {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LateLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LateLink(…)")
    }
}

impl fmt::Debug for Person<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(…)")
    }
}

#[cfg(test)]
mod tests;
