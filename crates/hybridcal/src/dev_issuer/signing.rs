//! The development issuer's key: drawn at its start, gone with it.

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kms::connector_key::ConnectorKey;
use serde::Serialize;
use serde_json::{Value, json};
use world::chance::Chance;

const KEY_ID: &str = "development";
/// Length of each coordinate of a P-256 point.
const COORDINATE_BYTES: usize = 32;

/// A P-256 key for signing (ES256).
pub(super) struct Key {
    signing: EncodingKey,
    x: String,
    y: String,
}

/// Of access and identity tokens.
#[derive(Serialize)]
pub(super) struct Claims<'a> {
    pub(super) iss: &'a str,
    pub(super) aud: &'a str,
    pub(super) sub: &'a str,
    pub(super) email: &'a str,
    pub(super) email_verified: bool,
    pub(super) name: &'a str,
    pub(super) iat: i64,
    pub(super) exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nonce: Option<&'a str>,
}

impl Key {
    pub(super) fn draw(chance: &Chance) -> Option<Self> {
        let files = ConnectorKey::generate(chance).ok()?;
        let signing = EncodingKey::from_ec_pem(files.private_pem.as_bytes()).ok()?;
        let body = files.public_pem.lines().filter(|line| !line.starts_with("-----"));
        let der = STANDARD.decode(body.collect::<String>()).ok()?;
        // A public key in DER ends with its point, uncompressed: x, then y.
        let (rest, y) = der.split_at_checked(der.len().checked_sub(COORDINATE_BYTES)?)?;
        let (_, x) = rest.split_at_checked(rest.len().checked_sub(COORDINATE_BYTES)?)?;
        Some(Self { signing, x: URL_SAFE_NO_PAD.encode(x), y: URL_SAFE_NO_PAD.encode(y) })
    }

    /// As a JSON Web Key.
    pub(super) fn public(&self) -> Value {
        json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KEY_ID,
            "x": self.x, "y": self.y,
        })
    }

    /// Should signing ever fail, the empty text is a token that everybody refuses.
    pub(super) fn sign(&self, claims: &Claims<'_>) -> String {
        let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::ES256) };
        encode(&header, claims, &self.signing).unwrap_or_default()
    }
}
