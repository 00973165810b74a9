//! Who signs people in, as seen from inside: the sign-in provider's published keys, fetched and
//! kept fresh, and the connectors' keys from the configuration.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{Jwk, JwkSet},
};
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use crate::{World, http::Request};

/// Tokens longer than this are not looked at.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Keys are fetched again after this, or earlier for an unknown key id.
const KEYS_FRESH: SignedDuration = SignedDuration::from_hours(1);
/// An unknown key id causes at most one fetch in this time.
const FETCH_PAUSE: SignedDuration = SignedDuration::from_secs(10);
const FETCH_DEADLINE: Duration = Duration::from_secs(10);
/// Token ids remembered to refuse repetition; a full memory refuses new tokens until some expire.
const SEEN_TOKENS_MAX: usize = 100_000;
const ALGORITHMS: [Algorithm; 3] = [Algorithm::ES256, Algorithm::RS256, Algorithm::EdDSA];

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the token is not valid here")]
    Token,
    #[error("the sign-in provider cannot be reached to check the token")]
    Unreachable,
}

/// An OpenID provider. Cheap to clone; clones share its keys.
#[derive(Clone)]
pub struct Issuer {
    world: World,
    url: Url,
    keys: Arc<tokio::sync::Mutex<Keys>>,
}

#[derive(Default)]
struct Keys {
    set: Vec<Jwk>,
    fetched: Option<Timestamp>,
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
        Self { world, url, keys: Arc::default() }
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

    async fn key(&self, id: Option<&str>) -> Result<Jwk, Refused> {
        let mut keys = self.keys.lock().await;
        let now = self.world.clock.now();
        let age = keys.fetched.map(|fetched| now.duration_since(fetched));
        let found = keys.find(id);
        let must_fetch = match (age, &found) {
            (None, _) => true,
            (Some(age), Some(_)) => age >= KEYS_FRESH,
            (Some(age), None) => age >= FETCH_PAUSE,
        };
        if !must_fetch {
            return found.ok_or(Refused::Token);
        }
        match self.fetch().await {
            Ok(set) => {
                *keys = Keys { set, fetched: Some(now) };
                keys.find(id).ok_or(Refused::Token)
            }
            // Keys we already have stay good while the provider is away.
            Err(refused) => found.ok_or(refused),
        }
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
}

/// `https`, or plain HTTP that does not leave this computer.
pub fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => is_loopback(url),
        _ => false,
    }
}

/// Whether the URL's host is this computer itself, by address or by the name `localhost`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Those who sign for themselves with a key that the configuration names: connectors.
#[derive(Clone, Default)]
pub struct KnownSigners {
    keys: Arc<BTreeMap<String, DecodingKey>>,
    seen: Arc<Mutex<HashMap<String, i64>>>,
}

#[derive(Debug, thiserror::Error)]
#[error("the public key of {name} is not a PEM file with a P-256 key")]
pub struct NotAKey {
    pub name: String,
}

#[derive(Deserialize, Clone)]
struct SelfSigned {
    iss: String,
    iat: i64,
    exp: i64,
    jti: String,
}

impl KnownSigners {
    /// Public keys in PEM by signer name.
    pub fn new(pems: &BTreeMap<String, String>) -> Result<Self, NotAKey> {
        let key = |(name, pem): (&String, &String)| {
            let key = DecodingKey::from_ec_pem(pem.as_bytes());
            let key = key.map_err(|_reason| NotAKey { name: name.clone() })?;
            Ok((name.clone(), key))
        };
        let keys = pems.iter().map(key).collect::<Result<_, _>>()?;
        Ok(Self { keys: Arc::new(keys), seen: Arc::default() })
    }

    /// The signer's name, if the token is fresh, theirs, and not seen before.
    pub fn verify(
        &self,
        token: &str,
        audience: &str,
        now: Timestamp,
        life_seconds_max: i64,
    ) -> Result<String, Refused> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Refused::Token);
        }
        // Names the key to try; believed only once that key has confirmed it.
        let claimed: SelfSigned = unverified(token)?;
        let key = self.keys.get(&claimed.iss).ok_or(Refused::Token)?;
        let validation = validation(Algorithm::ES256, audience);
        let claims: SelfSigned = checked(token, key, &validation, now)?;
        let life = claims.exp.saturating_sub(claims.iat);
        let is_fresh = claims.iat <= now.as_second() + life_seconds_max && life <= life_seconds_max;
        if !is_fresh || claims.jti.is_empty() {
            return Err(Refused::Token);
        }
        self.remember(&claims, now.as_second())?;
        Ok(claims.iss)
    }

    fn remember(&self, claims: &SelfSigned, now: i64) -> Result<(), Refused> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= SEEN_TOKENS_MAX {
            seen.retain(|_, exp| *exp > now);
        }
        let is_full = seen.len() >= SEEN_TOKENS_MAX;
        let token = format!("{}\0{}", claims.iss, claims.jti);
        if is_full || seen.insert(token, claims.exp).is_some() {
            return Err(Refused::Token);
        }
        Ok(())
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

fn unverified<Claims: DeserializeOwned>(token: &str) -> Result<Claims, Refused> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = token.split('.').nth(1).ok_or(Refused::Token)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_reason| Refused::Token)?;
    serde_json::from_slice(&payload).map_err(|_reason| Refused::Token)
}

#[cfg(test)]
mod tests;
