//! Who signs people in, as seen from inside: the sign-in provider's published keys, fetched and
//! kept fresh, and the connectors' keys from the configuration.

mod signers;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{Jwk, JwkSet},
};
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

pub use self::signers::{KnownSigners, NotAKey};
use crate::{World, http::Request, network::is_loopback_name};

/// Tokens longer than this are not looked at.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Keys are fetched again after this, or earlier for an unknown key id.
const KEYS_FRESH: SignedDuration = SignedDuration::from_hours(1);
/// Between two attempts to fetch, successful or not, however many unknown key ids come along.
const FETCH_PAUSE: SignedDuration = SignedDuration::from_secs(10);
/// The same while the keys we have answer the question and are merely old.
const REFRESH_PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// For each of the two requests of a fetch.
const FETCH_DEADLINE: Duration = Duration::from_secs(3);
const ALGORITHMS: [Algorithm; 3] = [Algorithm::ES256, Algorithm::RS256, Algorithm::EdDSA];

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the token is not valid here")]
    Token,
    #[error("the sign-in provider cannot be reached to check the token")]
    Unreachable,
    #[error("too many tokens in a short time")]
    TooMany,
}

/// An OpenID provider. Cheap to clone; clones share its keys.
#[derive(Clone)]
pub struct Issuer {
    world: World,
    url: Url,
    keys: Arc<Mutex<Keys>>,
    /// Held by the one fetch that is under way; whoever cannot do without it waits here.
    fetching: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Keys {
    set: Vec<Jwk>,
    fetched: Option<Timestamp>,
    /// When the last fetch began, however it ended.
    tried: Option<Timestamp>,
    /// Whether the last fetch that ended brought keys.
    is_provider_there: bool,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: Url,
}

#[derive(Deserialize)]
struct Expiry {
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
}

impl Issuer {
    /// `url` exactly as the provider names itself.
    pub fn new(world: World, url: Url) -> Self {
        Self { world, url, keys: Arc::default(), fetching: Arc::default() }
    }

    /// The claims of a token that this provider signed for this audience and that has not ended.
    pub async fn verify<Claims: DeserializeOwned + Clone>(
        &self,
        token: &str,
        audience: &str,
    ) -> Result<Claims, Refused> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Refused::Token);
        }
        let header = decode_header(token).map_err(|_reason| Refused::Token)?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(Refused::Token);
        }
        let jwk = self.key(header.kid.as_deref()).await?;
        let key = DecodingKey::from_jwk(&jwk).map_err(|_reason| Refused::Token)?;
        let mut validation = validation(header.alg, audience);
        validation.set_issuer(&[self.name()]);
        checked(token, &key, &validation, self.world.clock.now())
    }

    /// Whether the provider answers; for health checks.
    pub async fn reachable(&self) -> bool {
        self.fetch().await.is_ok()
    }

    /// Issuer identifiers are compared as text; `Url` adds a slash to a bare origin.
    fn name(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// A known key at once; an unknown one after at most one fetch.
    async fn key(&self, id: Option<&str>) -> Result<Jwk, Refused> {
        let found = self.known(id);
        self.refresh_if_due(found.is_ok());
        if found.is_ok() {
            return found;
        }
        drop(self.fetching.lock().await);
        self.known(id)
    }

    fn known(&self, id: Option<&str>) -> Result<Jwk, Refused> {
        let keys = self.keys();
        let missing = if keys.is_provider_there { Refused::Token } else { Refused::Unreachable };
        keys.find(id).ok_or(missing)
    }

    fn refresh_if_due(&self, is_known: bool) {
        let now = self.world.clock.now();
        let mut keys = self.keys();
        if !keys.is_due(is_known, now) {
            return;
        }
        let Ok(turn) = Arc::clone(&self.fetching).try_lock_owned() else { return };
        keys.tried = Some(now);
        let issuer = self.clone();
        // A task of its own, so that a caller who hangs up does not take the fetch along.
        tokio::spawn(async move {
            issuer.refresh().await;
            drop(turn);
        });
    }

    async fn refresh(&self) {
        let fetched = self.fetch().await;
        let now = self.world.clock.now();
        let mut keys = self.keys();
        keys.is_provider_there = fetched.is_ok();
        // Keys we already have stay good while the provider is away.
        if let Ok(set) = fetched {
            keys.set = set;
            keys.fetched = Some(now);
        }
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self) -> Result<Vec<Jwk>, Refused> {
        let discovery = format!("{}/.well-known/openid-configuration", self.name());
        let discovery = Url::parse(&discovery).map_err(|_reason| Refused::Unreachable)?;
        let discovery: Discovery = self.get(&discovery).await?;
        let same_issuer = discovery.issuer.trim_end_matches('/') == self.name();
        if !same_issuer || !is_safe(&discovery.jwks_uri) {
            return Err(Refused::Unreachable);
        }
        let set: JwkSet = self.get(&discovery.jwks_uri).await?;
        Ok(set.keys)
    }

    async fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<T, Refused> {
        let request = Request::get(url).deadline(FETCH_DEADLINE);
        let answer = self.world.http.send(request).await.map_err(|error| {
            tracing::warn!(%error, "Cannot reach the sign-in provider");
            Refused::Unreachable
        })?;
        serde_json::from_slice(&answer.body).map_err(|_reason| Refused::Unreachable)
    }
}

impl Keys {
    fn find(&self, id: Option<&str>) -> Option<Jwk> {
        let is_it = |jwk: &&Jwk| id.is_none() || jwk.common.key_id.as_deref() == id;
        self.set.iter().find(is_it).cloned()
    }

    fn is_due(&self, is_known: bool, now: Timestamp) -> bool {
        // A clock that was set back must not put the next fetch off.
        let is_past = |since: Option<Timestamp>, pause| {
            since.is_none_or(|since| now.duration_since(since).abs() >= pause)
        };
        if is_known {
            is_past(self.fetched, KEYS_FRESH) && is_past(self.tried, REFRESH_PAUSE)
        } else {
            is_past(self.tried, FETCH_PAUSE)
        }
    }
}

/// `https`, or plain HTTP that does not leave this computer.
pub fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => is_loopback(url),
        _ => false,
    }
}

/// Whether the URL's host is this computer itself, by address or by the name `localhost` or one
/// below it, which the network never asks a resolver about.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => is_loopback_name(name),
        None => false,
    }
}

fn validation(algorithm: Algorithm, audience: &str) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[audience]);
    // The library would ask the computer's clock; `checked` asks ours.
    validation.validate_exp = false;
    validation.required_spec_claims = ["exp", "aud"].map(str::to_owned).into();
    validation
}

fn checked<Claims: DeserializeOwned + Clone>(
    token: &str,
    key: &DecodingKey,
    validation: &Validation,
    now: Timestamp,
) -> Result<Claims, Refused> {
    let refused = |_reason| Refused::Token;
    let claims: serde_json::Value = decode(token, key, validation).map_err(refused)?.claims;
    let not_readable = |_reason| Refused::Token;
    let expiry: Expiry = serde_json::from_value(claims.clone()).map_err(not_readable)?;
    let now = now.as_second();
    if expiry.exp <= now || expiry.nbf.is_some_and(|nbf| nbf > now) {
        return Err(Refused::Token);
    }
    serde_json::from_value(claims).map_err(not_readable)
}

#[cfg(test)]
mod tests;
