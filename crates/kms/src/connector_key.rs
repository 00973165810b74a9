//! How a connector proves who it is: it signs a token of its own for each request, with a key
//! whose public half stands in the configuration of the cloud and of the key server.

use aws_lc_rs::{
    agreement,
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use protocol::{
    ids::ConnectorId,
    token::{CONNECTOR_TOKEN_SECONDS, ConnectorClaims},
};
use world::chance::Chance;
use zeroize::Zeroizing;

use crate::pem;

/// A P-256 key for signing (ES256, RFC 7518). No `Debug`.
pub struct ConnectorKey {
    connector: ConnectorId,
    pair: EcdsaKeyPair,
}

/// Both halves as text files.
pub struct KeyFiles {
    pub private_pem: Zeroizing<String>,
    pub public_pem: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectorKeyFailure {
    #[error("not a PKCS #8 PEM file with a P-256 private key")]
    NotAKey,
    #[error("the key does not sign")]
    CannotSign,
}

impl ConnectorKey {
    pub fn new(connector: ConnectorId, private_pem: &str) -> Result<Self, ConnectorKeyFailure> {
        let der = pem::read(PRIVATE, private_pem).ok_or(ConnectorKeyFailure::NotAKey)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der)
            .map_err(|_rejected| ConnectorKeyFailure::NotAKey)?;
        Ok(Self { connector, pair })
    }

    pub fn generate(chance: &Chance) -> Result<KeyFiles, ConnectorKeyFailure> {
        generate(chance).ok_or(ConnectorKeyFailure::NotAKey)
    }

    pub fn connector(&self) -> &ConnectorId {
        &self.connector
    }

    /// Good once, for a minute, for one audience.
    pub fn token(
        &self,
        audience: &str,
        now: Timestamp,
        chance: &Chance,
    ) -> Result<String, ConnectorKeyFailure> {
        let claims = ConnectorClaims {
            iss: self.connector.0.clone(),
            sub: self.connector.0.clone(),
            aud: audience.into(),
            iat: now.as_second(),
            exp: now.as_second() + CONNECTOR_TOKEN_SECONDS,
            jti: chance.uuid().to_string(),
        };
        let cannot = ConnectorKeyFailure::CannotSign;
        let claims = serde_json::to_vec(&claims).map_err(|_form| cannot)?;
        let [header, claims] = [HEADER, &claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        let signed = format!("{header}.{claims}");
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.map_err(|_unspecified| cannot)?);
        Ok(format!("{signed}.{signature}"))
    }
}

const PRIVATE: &str = "PRIVATE KEY";
const HEADER: &[u8] = br#"{"alg":"ES256","typ":"JWT"}"#;
/// Nearly every 32 bytes are a P-256 key; a second failure in a row means something else is wrong.
const DRAWS_MAX: usize = 4;

fn generate(chance: &Chance) -> Option<KeyFiles> {
    let pair = draw_pair(chance)?;
    let private = Zeroizing::new(pair.to_pkcs8v1().ok()?.as_ref().to_vec());
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
    Some(KeyFiles {
        private_pem: Zeroizing::new(pem::write(PRIVATE, &private)),
        public_pem: pem::write("PUBLIC KEY", public.as_ref()),
    })
}

pub(crate) fn draw_pair(chance: &Chance) -> Option<EcdsaKeyPair> {
    (0..DRAWS_MAX).find_map(|_| draw(chance))
}

fn draw(chance: &Chance) -> Option<EcdsaKeyPair> {
    let mut scalar = Zeroizing::new([0; 32]);
    chance.fill(&mut *scalar);
    let point = agreement::PrivateKey::from_private_key(&agreement::ECDH_P256, &*scalar).ok()?;
    let point = point.compute_public_key().ok()?;
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    EcdsaKeyPair::from_private_key_and_public_key(algorithm, &*scalar, point.as_ref()).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use protocol::token::{AUDIENCE_API, AUDIENCE_KMS};
    use world::issuer::KnownSigners;

    use super::*;

    #[test]
    fn a_token_is_believed_once_and_by_its_audience_only() {
        let chance = Chance::seeded(1);
        let files = ConnectorKey::generate(&chance).expect("a key");
        let key = ConnectorKey::new(ConnectorId("c-1".into()), &files.private_pem).expect("a key");
        let signers = BTreeMap::from([("c-1".to_owned(), files.public_pem)]);
        let signers = KnownSigners::new(&signers).expect("a public key");
        let now = Timestamp::from_second(1_795_510_800).expect("a time");
        let verify =
            |token: &str, audience| signers.verify(token, audience, now, CONNECTOR_TOKEN_SECONDS);

        let token = key.token(AUDIENCE_KMS, now, &chance).expect("signs");
        assert_eq!(verify(&token, AUDIENCE_KMS), Ok("c-1".into()));
        assert!(verify(&token, AUDIENCE_KMS).is_err(), "it is good once");
        let token = key.token(AUDIENCE_API, now, &chance).expect("signs");
        assert!(verify(&token, AUDIENCE_KMS).is_err());
        assert!(verify(&token, AUDIENCE_API).is_ok());
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        for text in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            let key = ConnectorKey::new(ConnectorId("c-1".into()), text);
            assert_eq!(key.err(), Some(ConnectorKeyFailure::NotAKey));
        }
    }
}
