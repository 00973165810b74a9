//! Those who sign for themselves with a key that the configuration names: connectors.

use std::{
    collections::{BTreeMap, HashMap},
    hash::BuildHasher,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Refused, TOKEN_BYTES_MAX, checked, validation};

/// Tokens remembered of each signer to refuse repetition; when the memory is full, this signer has
/// to wait until some expire. A connector that meets 100 000 mailboxes for the first time signs
/// several hundred thousand within their life.
const SEEN_TOKENS_MAX: usize = 1_000_000;
/// A UUID needs 36.
const TOKEN_ID_BYTES_MAX: usize = 64;

/// Cheap to clone; clones share what they have seen.
#[derive(Clone, Default)]
pub struct KnownSigners {
    by_name: Arc<BTreeMap<String, Signer>>,
}

struct Signer {
    key: DecodingKey,
    seen: Mutex<Seen>,
}

/// Each signer has its own, so that a busy one does not lock out the others.
#[derive(Default)]
struct Seen {
    /// When they end, by a keyed hash of their ids: two that are alike by chance are rarer than
    /// broken memory, and nobody can aim at it.
    ends: HashMap<u64, i64>,
    /// The second in which ended tokens were last forgotten: more often would free nothing.
    cleared: i64,
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
        let signer = |(name, pem): (&String, &String)| {
            let key = DecodingKey::from_ec_pem(pem.as_bytes());
            let key = key.map_err(|_reason| NotAKey { name: name.clone() })?;
            Ok((name.clone(), Signer { key, seen: Mutex::default() }))
        };
        let by_name = pems.iter().map(signer).collect::<Result<_, _>>()?;
        Ok(Self { by_name: Arc::new(by_name) })
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
        let signer = self.by_name.get(&claimed.iss).ok_or(Refused::Token)?;
        let validation = validation(Algorithm::ES256, audience);
        let claims: SelfSigned = checked(token, &signer.key, &validation, now)?;
        let now = now.as_second();
        let life = claims.exp.saturating_sub(claims.iat);
        let is_fresh = claims.iat <= now + life_seconds_max && life <= life_seconds_max;
        if !is_fresh || !(1..=TOKEN_ID_BYTES_MAX).contains(&claims.jti.len()) {
            return Err(Refused::Token);
        }
        let mut seen = signer.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.remember(&claims.jti, claims.exp, now)?;
        Ok(claims.iss)
    }
}

impl Seen {
    fn remember(&mut self, id: &str, end: i64, now: i64) -> Result<(), Refused> {
        if self.ends.len() >= SEEN_TOKENS_MAX && self.cleared != now {
            self.ends.retain(|_, end| *end > now);
            self.cleared = now;
        }
        let id = self.ends.hasher().hash_one(id);
        if self.ends.contains_key(&id) {
            return Err(Refused::Token);
        }
        if self.ends.len() >= SEEN_TOKENS_MAX {
            return Err(Refused::TooMany);
        }
        self.ends.insert(id, end);
        Ok(())
    }
}

fn unverified<Claims: DeserializeOwned>(token: &str) -> Result<Claims, Refused> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = token.split('.').nth(1).ok_or(Refused::Token)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_reason| Refused::Token)?;
    serde_json::from_slice(&payload).map_err(|_reason| Refused::Token)
}

#[cfg(test)]
mod tests;
