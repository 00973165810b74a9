//! What an administrator writes down about Webex, and what of it cannot work.

use std::{fs, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

use crate::{
    meeting::Room,
    provider::{ProviderSettingsError, checked_url},
};

const API_DEFAULT: &str = "https://webexapis.com/v1";
/// Below these names lie the pages of Webex's sites.
const LINK_DOMAINS_DEFAULT: [&str; 2] = ["webex.com", "webex.com.cn"];

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebexSettings {
    /// Of the service app or integration.
    pub client_id: String,
    /// A file with nothing but the client secret.
    pub client_secret_file: PathBuf,
    /// The first pair of tokens as the developer portal shows it (JSON). Read when there is no
    /// `token_file` yet, and again whenever another pair stands in it.
    pub first_tokens_file: Option<PathBuf>,
    /// Where the present tokens are kept, sealed.
    pub token_file: PathBuf,
    /// A file with the key of that seal: 32 random bytes in base64.
    pub token_key_file: PathBuf,
    #[serde(default)]
    pub account: Account,
    /// The site on which meetings are made; the host's preferred one if left out.
    pub site: Option<String>,
    /// What the bare keyword means.
    #[serde(default)]
    pub usual_room: UsualRoom,
    /// Id of the space for which the modifier `:space` makes meetings.
    pub space: Option<String>,
    #[serde(default)]
    pub unfit_rule: UnfitRule,
    #[serde(default)]
    pub patch_media_type: PatchMediaType,
    #[serde(default = "api_default")]
    pub api: String,
    /// For how many minutes before the start people and rooms may wait inside without the host.
    #[serde(default)]
    pub join_before_host_minutes: EarlyMinutes,
    /// Links elsewhere are not believed.
    #[serde(default = "link_domains_default")]
    pub link_domains: Vec<String>,
}

/// Who calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Account {
    /// With the scopes of an administrator: on behalf of everybody.
    #[default]
    ServiceApp,
    /// An integration of one person: that person's meetings only.
    Person,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UsualRoom {
    #[default]
    OneTime,
    Personal,
    Space,
}

/// What becomes of a series whose rule Webex does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnfitRule {
    #[default]
    PersonalRoom,
    Refuse,
}

/// The specification says the second, clients in wide use say the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PatchMediaType {
    #[default]
    Json,
    JsonPatch,
}

/// Webex knows 0, 5, 10 and 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub struct EarlyMinutes(u8);

impl TryFrom<u8> for EarlyMinutes {
    type Error = &'static str;

    fn try_from(minutes: u8) -> Result<Self, Self::Error> {
        let is_known = matches!(minutes, 0 | 5 | 10 | 15);
        is_known.then_some(Self(minutes)).ok_or("Webex knows 0, 5, 10 and 15")
    }
}

impl Default for EarlyMinutes {
    fn default() -> Self {
        Self(5)
    }
}

impl EarlyMinutes {
    pub(super) fn minutes(self) -> u8 {
        self.0
    }
}

impl WebexSettings {
    pub(crate) fn api(&self) -> Result<Url, ProviderSettingsError> {
        let mut api = checked_url(&self.api)?;
        if api.query().is_some() || api.fragment().is_some() {
            return Err(ProviderSettingsError::HasQueryOrFragment);
        }
        let folder = format!("{}/", api.path().trim_end_matches('/'));
        api.set_path(&folder);
        Ok(api)
    }

    /// The room that is meant.
    pub(super) fn room(&self, asked: Room) -> Room {
        match (asked, self.usual_room) {
            (Room::Usual, UsualRoom::OneTime) => Room::OneTime,
            (Room::Usual, UsualRoom::Personal) => Room::Personal,
            (Room::Usual, UsualRoom::Space) => Room::Space,
            (Room::Personal | Room::OneTime | Room::Space, _) => asked,
        }
    }

    /// Must be read before anything else can be.
    pub(super) fn token_key(&self) -> Option<Zeroizing<[u8; 32]>> {
        let text = Zeroizing::new(fs::read_to_string(&self.token_key_file).ok()?);
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).ok()?);
        bytes.as_slice().try_into().ok().map(Zeroizing::new)
    }

    pub(super) fn acts_for(&self, organizer: &str) -> Option<String> {
        match self.account {
            Account::ServiceApp => Some(organizer.to_owned()),
            Account::Person => None,
        }
    }
}

impl PatchMediaType {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::JsonPatch => "application/json-patch+json",
        }
    }

    pub(super) fn other(self) -> Self {
        match self {
            Self::Json => Self::JsonPatch,
            Self::JsonPatch => Self::Json,
        }
    }
}

fn api_default() -> String {
    API_DEFAULT.to_owned()
}

fn link_domains_default() -> Vec<String> {
    LINK_DOMAINS_DEFAULT.map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(more: &str) -> Result<WebexSettings, toml::de::Error> {
        let needed =
            "client_id = 'C1'\nclient_secret_file = 's'\ntoken_file = 't'\ntoken_key_file = 'k'\n";
        toml::from_str(&format!("{needed}{more}"))
    }

    #[test]
    fn what_is_left_out_has_a_meaning_and_mistakes_are_refused() {
        let settings = read("").unwrap();
        assert_eq!(settings.api().unwrap().as_str(), "https://webexapis.com/v1/");
        assert_eq!(settings.room(Room::Usual), Room::OneTime);
        assert_eq!(settings.acts_for("a@b.example").as_deref(), Some("a@b.example"));
        assert!(read("client_secret = 'inline'").is_err());
        assert!(read("usual_room = 'kitchen'").is_err());
        assert!(read("join_before_host_minutes = 7").is_err());
    }

    #[test]
    fn plain_http_is_for_this_computer_only() {
        for (api, is_good) in [
            ("https://api.example/v1/", true),
            ("http://127.0.0.1:9/v1", true),
            ("http://api.example/v1", false),
            ("https://u:p@api.example/v1", false),
            ("https://api.example/v1?x", false),
        ] {
            let settings = read(&format!("api = '{api}'")).unwrap();
            assert_eq!(settings.api().is_ok(), is_good, "{api}");
        }
    }
}
