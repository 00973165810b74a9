//! Plain Jitsi Meet: who knows the name of a room is in, so the name cannot be guessed.

use url::Url;

use crate::{
    join_link::JoinLink,
    key::ConferenceKey,
    meeting::ProviderFailure,
    provider::{ProviderSettingsError, checked_url},
};

/// How such links are recognised again.
pub(crate) const CLASS: &str = "jitsi.selfhosted";

#[derive(Clone, Debug)]
pub struct Jitsi {
    server: Url,
}

impl Jitsi {
    pub(crate) fn new(server: &str) -> Result<Self, ProviderSettingsError> {
        let mut server = checked_url(server)?;
        if server.query().is_some() || server.fragment().is_some() {
            return Err(ProviderSettingsError::HasQueryOrFragment);
        }
        if !server.path().ends_with('/') {
            let folder = format!("{}/", server.path());
            server.set_path(&folder);
        }
        Ok(Self { server })
    }

    pub(crate) fn server(&self) -> &Url {
        &self.server
    }

    /// The title stays out of the room name: the server and its logs would learn it.
    pub(crate) fn join_link(&self, key: &ConferenceKey) -> Result<JoinLink, ProviderFailure> {
        JoinLink::made("jitsi", CLASS, &format!("{}{}", self.server, key.room_name()))
    }
}
