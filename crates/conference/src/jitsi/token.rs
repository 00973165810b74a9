//! The token by which a Jitsi server knows that somebody may enter one room for a while.

use std::{fmt, path::PathBuf};

use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde::{Deserialize, Serialize};
use url::Url;

use super::Person;
use crate::{provider::ProviderSettingsError, secret_file::Secret};

/// For HS256: as long as what it makes (RFC 7518, 3.2).
const SECRET_BYTES_MIN: usize = 32;
/// For clocks that are behind ours.
const EARLY_SECONDS: i64 = 60;
const LIFETIME_MINUTES_DEFAULT: u16 = 60;
const LIFETIME_MINUTES_MAX: u16 = 24 * 60;

/// As the administrator writes it down.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSettings {
    /// `app_id` of the server; the token's issuer.
    pub app_id: String,
    pub algorithm: Algorithm,
    /// HS256: the `app_secret`. RS256: the private key, PEM.
    pub key_file: PathBuf,
    /// Which key it is, for servers that look keys up.
    pub key_id: Option<String>,
    #[serde(default = "audience_default")]
    pub audience: String,
    /// The token's subject: the server's host if left out, or `*`.
    pub tenant: Option<String>,
    /// How long a token lets in; whoever is in stays in.
    #[serde(default = "lifetime_default")]
    pub lifetime_minutes: u16,
}

fn audience_default() -> String {
    "jitsi".to_owned()
}

fn lifetime_default() -> u16 {
    LIFETIME_MINUTES_DEFAULT
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    #[serde(rename = "HS256")]
    Hs256,
    #[serde(rename = "RS256")]
    Rs256,
}

#[derive(Clone)]
pub(super) struct Tokens {
    header: Header,
    key: EncodingKey,
    issuer: String,
    audience: String,
    subject: String,
    lifetime_seconds: i64,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    room: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    context: Context<'a>,
}

#[derive(Serialize)]
struct Context<'a> {
    user: User<'a>,
}

/// Texts only: servers refuse anything else.
#[derive(Serialize)]
struct User<'a> {
    id: &'a str,
    name: &'a str,
    email: &'a str,
    avatar: &'a str,
}

impl Tokens {
    pub(super) fn new(
        settings: &TokenSettings,
        server: &Url,
    ) -> Result<Self, ProviderSettingsError> {
        const SETTING: &str = "token.key_file";
        let secret = Secret::read(SETTING, &settings.key_file)?;
        let bytes = secret.expose().as_bytes();
        let (algorithm, key) = match settings.algorithm {
            Algorithm::Hs256 if bytes.len() < SECRET_BYTES_MIN => {
                return Err(ProviderSettingsError::ShortKey { setting: SETTING });
            }
            Algorithm::Hs256 => (jsonwebtoken::Algorithm::HS256, EncodingKey::from_secret(bytes)),
            Algorithm::Rs256 => {
                let key = EncodingKey::from_rsa_pem(bytes);
                let not_a_key = ProviderSettingsError::NotAKey { setting: SETTING };
                (jsonwebtoken::Algorithm::RS256, key.or(Err(not_a_key))?)
            }
        };
        if !(1..=LIFETIME_MINUTES_MAX).contains(&settings.lifetime_minutes) {
            return Err(ProviderSettingsError::Lifetime);
        }
        let host = || server.host_str().unwrap_or_default().to_owned();
        Ok(Self {
            header: Header { kid: settings.key_id.clone(), ..Header::new(algorithm) },
            key,
            issuer: settings.app_id.clone(),
            audience: settings.audience.clone(),
            subject: settings.tenant.clone().unwrap_or_else(host),
            lifetime_seconds: i64::from(settings.lifetime_minutes) * 60,
        })
    }

    /// For this room and nobody else's.
    pub(super) fn sign(&self, room: &str, person: &Person<'_>, now: Timestamp) -> Option<String> {
        let Person { id, name, email, avatar } = *person;
        let now = now.as_second();
        let claims = Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: &self.subject,
            room,
            iat: now,
            nbf: now - EARLY_SECONDS,
            exp: now + self.lifetime_seconds,
            context: Context { user: User { id, name, email, avatar } },
        };
        encode(&self.header, &claims, &self.key).ok()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(…)")
    }
}
