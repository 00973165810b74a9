//! What makes a conference: the providers of an organization.

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;
use world::{World, issuer::is_loopback};

use crate::{
    janus::{self, Janus, JanusSettings},
    jitsi::{self, Jitsi, JitsiSettings},
    join_link::OwnHost,
    meeting::{Conference, Held, ProviderFailure, Reference, Room, Wish},
    url_template::{self, UrlTemplate},
    webex::{Webex, WebexSettings},
    webhook::{self, Webhook, WebhookSettings},
};

/// How conferences are made; one variant per provider. With those that need not be called the same
/// key always gives the same link.
#[derive(Clone, Debug)]
pub enum Provider {
    /// Boxed, like others that hold keys or a world, so that the small ones stay small.
    Jitsi(Box<Jitsi>),
    UrlTemplate(UrlTemplate),
    Webex(Webex),
    Janus(Box<Janus>),
    Webhook(Box<Webhook>),
}

/// A provider as the administrator writes it down.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ProviderSettings {
    Jitsi(JitsiSettings),
    /// `template` holds `{slug}` once or more and, if wanted, `{title_urlenc}`.
    UrlTemplate {
        template: String,
    },
    Webex(Box<WebexSettings>),
    Janus(JanusSettings),
    Webhook(WebhookSettings),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderSettingsError {
    #[error("the address is not a URL")]
    NotAUrl,
    #[error("the address must begin with https:// (http:// only on this computer)")]
    NotHttps,
    #[error("the address must be that of a host alone, without a path")]
    HasPath,
    #[error("{setting}: {} cannot be read, is empty or far too large", path.display())]
    SecretFile { setting: &'static str, path: PathBuf },
    #[error("{setting} must hold more chance: `openssl rand -base64 32` makes enough")]
    ShortKey { setting: &'static str },
    #[error("{setting} does not hold such a key")]
    NotAKey { setting: &'static str },
    #[error("secret_files must name one file, or two while the secret changes")]
    HowManySecrets,
    #[error("token.lifetime_minutes is at least 1 and at most a day")]
    Lifetime,
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
            ProviderSettings::Jitsi(settings) => {
                Jitsi::new(settings).map(Box::new).map(Self::Jitsi)
            }
            ProviderSettings::UrlTemplate { template } => {
                UrlTemplate::new(template).map(Self::UrlTemplate)
            }
            ProviderSettings::Webex(settings) => {
                Webex::from_settings(settings, world).map(Self::Webex)
            }
            ProviderSettings::Janus(settings) => {
                Janus::new(settings, world).map(Box::new).map(Self::Janus)
            }
            ProviderSettings::Webhook(settings) => {
                Webhook::new(settings, world).map(Box::new).map(Self::Webhook)
            }
        }
    }

    /// Whose links it makes, as link recognition names it.
    pub fn service(&self) -> &'static str {
        match self {
            Self::Jitsi(_) => "jitsi",
            Self::UrlTemplate(_) => "url-template",
            Self::Webex(_) => "webex",
            Self::Janus(_) => "janus",
            Self::Webhook(_) => "webhook",
        }
    }

    /// Whether a conference comes into being by a call, and so must be ended by one.
    pub fn needs_calls(&self) -> bool {
        match self {
            Self::Jitsi(_) | Self::UrlTemplate(_) => false,
            Self::Webex(_) | Self::Janus(_) | Self::Webhook(_) => true,
        }
    }

    /// Which kinds of rooms it has.
    pub fn knows(&self, room: Room) -> bool {
        match self {
            // A room of theirs is for one meeting: no more can be asked for, and no less.
            Self::Jitsi(_) | Self::UrlTemplate(_) => matches!(room, Room::Usual | Room::OneTime),
            // What it cannot do for somebody, it says, and does the next best.
            Self::Webex(_) => true,
            Self::Janus(_) => Janus::knows(room),
            Self::Webhook(webhook) => webhook.knows(room),
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
            Self::Janus(janus) => janus.ensure(wish).await,
            Self::Webhook(webhook) => webhook.ensure(wish).await,
        }
    }

    /// Title, time and recurrence as they are now.
    pub async fn update(
        &self,
        wish: &Wish,
        reference: &Reference,
    ) -> Result<Conference, ProviderFailure> {
        match self {
            // The same call makes a room and brings it to what it should be.
            Self::Jitsi(_) | Self::UrlTemplate(_) | Self::Janus(_) => {
                self.ensure(wish, Some(reference)).await
            }
            Self::Webhook(webhook) => webhook.update(wish, reference).await,
            Self::Webex(webex) => webex.update(wish, reference).await,
        }
    }

    /// Ends it. One that is gone, or never was, is as good as ended.
    pub async fn cancel(&self, held: &Held) -> Result<(), ProviderFailure> {
        match self {
            Self::Jitsi(_) | Self::UrlTemplate(_) => Ok(()),
            Self::Webex(webex) => webex.cancel(held).await,
            Self::Janus(janus) => janus.cancel(held).await,
            Self::Webhook(webhook) => webhook.cancel(held).await,
        }
    }

    /// Whether it would do its work now.
    pub async fn check(&self) -> Result<(), ProviderFailure> {
        match self {
            Self::Jitsi(_) | Self::UrlTemplate(_) => Ok(()),
            Self::Webex(webex) => webex.check().await,
            Self::Janus(janus) => janus.check().await,
            Self::Webhook(webhook) => webhook.check().await,
        }
    }

    /// The entries by which links of this provider are recognised again, from our own people only;
    /// none if everybody knows them.
    pub fn own_hosts(&self) -> Vec<OwnHost> {
        let own = |host: String, class: &str| OwnHost {
            host,
            class: class.into(),
            internal: true,
            dial: None,
        };
        match self {
            Self::Jitsi(jitsi) => vec![own(host_and_port(jitsi.server()), jitsi::CLASS)],
            Self::UrlTemplate(template) => {
                vec![own(host_and_port(template.example()), url_template::CLASS)]
            }
            Self::Webex(_) => Vec::new(),
            Self::Janus(janus) => vec![own(host_and_port(janus.rooms_url()), janus::CLASS)],
            Self::Webhook(webhook) => {
                webhook.hosts().iter().map(|host| own(host.clone(), webhook::CLASS)).collect()
            }
        }
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
