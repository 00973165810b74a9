//! What makes a conference: the providers of this organization, and the key that names a meeting.

use std::fmt;

use aws_lc_rs::hmac;
use serde::Deserialize;
use url::{Host, Url};

use crate::{
    jitsi::{self, Jitsi},
    join_link::{JoinLink, OwnHost},
    url_template::{self, UrlTemplate},
};

/// How many bytes of the key name a room: 160 bits, more than anybody can guess.
const ROOM_NAME_BYTES: usize = 20;

/// How conferences are made; one variant per provider. Both are idempotent by construction:
/// the same key always gives the same link, and nothing needs to be called.
#[derive(Clone, Debug)]
pub enum Provider {
    Jitsi(Jitsi),
    UrlTemplate(UrlTemplate),
}

/// A provider as the administrator writes it down.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ProviderSettings {
    /// `server` is the address of a Jitsi Meet installation: `https://meet.example.com`.
    Jitsi { server: String },
    /// `template` holds `{slug}` once or more and, if wanted, `{title_urlenc}`.
    UrlTemplate { template: String },
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
}

/// A place to meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conference {
    pub join_link: JoinLink,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConferenceFailure {
    #[error("the join link would not be a valid URL")]
    Malformed,
    #[error("the join link would be too long")]
    TooLong,
}

/// Names one meeting towards a provider, which learns nothing from it. Two connectors compute the
/// same key.
#[derive(Clone, PartialEq, Eq)]
pub struct ConferenceKey([u8; 32]);

impl Provider {
    pub fn new(settings: &ProviderSettings) -> Result<Self, ProviderSettingsError> {
        match settings {
            ProviderSettings::Jitsi { server } => Jitsi::new(server).map(Self::Jitsi),
            ProviderSettings::UrlTemplate { template } => {
                UrlTemplate::new(template).map(Self::UrlTemplate)
            }
        }
    }

    /// The conference of this key: made if there is none yet, the same one ever after.
    pub fn conference(
        &self,
        key: &ConferenceKey,
        title: &str,
    ) -> Result<Conference, ConferenceFailure> {
        let join_link = match self {
            Self::Jitsi(jitsi) => jitsi.join_link(key),
            Self::UrlTemplate(template) => template.join_link(key, title),
        }?;
        Ok(Conference { join_link })
    }

    /// The entry by which links of this provider are recognised again, from our own people only.
    pub fn own_host(&self) -> OwnHost {
        let (url, class) = match self {
            Self::Jitsi(jitsi) => (jitsi.server(), jitsi::CLASS),
            Self::UrlTemplate(template) => (template.example(), url_template::CLASS),
        };
        OwnHost { host: host_and_port(url), class: class.to_owned(), internal: true }
    }
}

impl ConferenceKey {
    pub fn derive(secret: &[u8], mailbox: &str, uid: &[u8], recurrence: Option<&str>) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let mut context = hmac::Context::with_key(&key);
        part(&mut context, mailbox.to_lowercase().as_bytes());
        part(&mut context, uid);
        // No recurrence id is something else than an empty one: it adds no part.
        if let Some(recurrence) = recurrence {
            part(&mut context, recurrence.as_bytes());
        }
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
        Self(bytes)
    }

    /// Lower-case base32, since room names ignore case.
    pub(crate) fn room_name(&self) -> String {
        base32(self.0.iter().copied().take(ROOM_NAME_BYTES))
    }
}

impl fmt::Debug for ConferenceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConferenceKey(…)")
    }
}

/// The length stands first, so that no two lists of parts look alike.
fn part(context: &mut hmac::Context, bytes: &[u8]) {
    context.update(&bytes.len().to_be_bytes());
    context.update(bytes);
}

fn base32(bytes: impl Iterator<Item = u8>) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let digit = |value: u32| {
        let index = usize::try_from(value & 31).unwrap_or_default();
        DIGITS.get(index).copied().map_or('a', char::from)
    };
    let (mut name, mut buffer, mut bits) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        buffer = (buffer << 8 | u32::from(byte)) & 0xffff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            name.push(digit(buffer >> bits));
        }
    }
    if bits > 0 {
        name.push(digit(buffer << (5 - bits)));
    }
    name
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

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

pub(crate) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests;
