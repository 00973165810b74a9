//! What makes a conference: the providers of an organization.

use serde::Deserialize;
use url::Url;

use world::{World, issuer::is_loopback};

use crate::{
    jitsi::{self, Jitsi},
    join_link::OwnHost,
    meeting::{Conference, Held, ProviderFailure, Reference, Room, Wish},
    url_template::{self, UrlTemplate},
    webex::{Webex, WebexSettings},
};

/// How conferences are made; one variant per provider. With those that need not be called the same
/// key always gives the same link.
#[derive(Clone, Debug)]
pub enum Provider {
    Jitsi(Jitsi),
    UrlTemplate(UrlTemplate),
    Webex(Webex),
}

/// A provider as the administrator writes it down.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ProviderSettings {
    /// `server` is the address of a Jitsi Meet installation: `https://meet.example.com`.
    Jitsi {
        server: String,
    },
    /// `template` holds `{slug}` once or more and, if wanted, `{title_urlenc}`.
    UrlTemplate {
        template: String,
    },
    Webex(Box<WebexSettings>),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderSettingsError {
    #[error("the address is not a URL")]
    NotAUrl,
    #[error("the address must begin with https:// (http:// only on this computer)")]
    NotHttps,
    #[error("the address must not hold a user name or a password")]
    HasUser,
    #[error("the address of the server must not have a query or a fragment")]
    HasQueryOrFragment,
    #[error("the template needs {{slug}} in its path, query or fragment")]
    NoSlug,
    #[error("the template may only hold {{slug}} and {{title_urlenc}}, and not in the host")]
    UnknownPlaceholder,
    #[error("token_key_file must hold 32 random bytes in base64 (openssl rand -base64 32)")]
    NoTokenKey,
}

impl Provider {
    /// `world` is for those that must be called.
    pub fn new(settings: &ProviderSettings, world: &World) -> Result<Self, ProviderSettingsError> {
        match settings {
            ProviderSettings::Jitsi { server } => Jitsi::new(server).map(Self::Jitsi),
            ProviderSettings::UrlTemplate { template } => {
                UrlTemplate::new(template).map(Self::UrlTemplate)
            }
            ProviderSettings::Webex(settings) => {
                Webex::from_settings(settings, world).map(Self::Webex)
            }
        }
    }

    /// Whose links it makes, as link recognition names it.
    pub fn service(&self) -> &'static str {
        match self {
            Self::Jitsi(_) => "jitsi",
            Self::UrlTemplate(_) => "url-template",
            Self::Webex(_) => "webex",
        }
    }

    /// Whether a conference comes into being by a call, and so must be ended by one.
    pub fn needs_calls(&self) -> bool {
        match self {
            Self::Jitsi(_) | Self::UrlTemplate(_) => false,
            Self::Webex(_) => true,
        }
    }

    /// Which kinds of rooms it has.
    pub fn knows(&self, room: Room) -> bool {
        match self {
            // A room of theirs is for one meeting: no more can be asked for, and no less.
            Self::Jitsi(_) | Self::UrlTemplate(_) => matches!(room, Room::Usual | Room::OneTime),
            // What it cannot do for somebody, it says, and does the next best.
            Self::Webex(_) => true,
        }
    }

    /// The conference of this wish: looked for by its key, made if there is none. Doing it again
    /// gives the same one.
    pub async fn ensure(
        &self,
        wish: &Wish,
        known: Option<&Reference>,
    ) -> Result<Conference, ProviderFailure> {
        match self {
            Self::Jitsi(jitsi) => jitsi.join_link(&wish.key).map(Conference::of_link),
            Self::UrlTemplate(template) => {
                template.join_link(&wish.key, &wish.title).map(Conference::of_link)
            }
            Self::Webex(webex) => webex.ensure(wish, known).await,
        }
    }

    /// Title, time and recurrence as they are now.
    pub async fn update(
        &self,
        wish: &Wish,
        reference: &Reference,
    ) -> Result<Conference, ProviderFailure> {
        match self {
            Self::Jitsi(_) | Self::UrlTemplate(_) => self.ensure(wish, Some(reference)).await,
            Self::Webex(webex) => webex.update(wish, reference).await,
        }
    }

    /// Ends it. One that is gone, or never was, is as good as ended.
    pub async fn cancel(&self, held: &Held) -> Result<(), ProviderFailure> {
        match self {
            Self::Jitsi(_) | Self::UrlTemplate(_) => Ok(()),
            Self::Webex(webex) => webex.cancel(held).await,
        }
    }

    /// Whether it would do its work now.
    pub async fn check(&self) -> Result<(), ProviderFailure> {
        match self {
            Self::Jitsi(_) | Self::UrlTemplate(_) => Ok(()),
            Self::Webex(webex) => webex.check().await,
        }
    }

    /// The entry by which links of this provider are recognised again, from our own people only;
    /// none if everybody knows them.
    pub fn own_host(&self) -> Option<OwnHost> {
        let (url, class) = match self {
            Self::Jitsi(jitsi) => (jitsi.server(), jitsi::CLASS),
            Self::UrlTemplate(template) => (template.example(), url_template::CLASS),
            Self::Webex(_) => return None,
        };
        Some(OwnHost {
            host: host_and_port(url),
            class: class.to_owned(),
            internal: true,
            dial: None,
        })
    }
}

/// An address an administrator may give: https, or http on this computer; nobody's name in it.
pub(crate) fn checked_url(text: &str) -> Result<Url, ProviderSettingsError> {
    let Ok(url) = Url::parse(text) else {
        return Err(ProviderSettingsError::NotAUrl);
    };
    let is_loopback_http = url.scheme() == "http" && is_loopback(&url);
    if url.scheme() != "https" && !is_loopback_http {
        return Err(ProviderSettingsError::NotHttps);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ProviderSettingsError::HasUser);
    }
    Ok(url)
}

pub(crate) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests;
