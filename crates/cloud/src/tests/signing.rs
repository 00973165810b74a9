//! Keys and tokens: a sign-in provider of one page, and what connectors sign themselves.

use std::time::Duration;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use axum::{Json, Router, routing::get};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use protocol::token::ConnectorClaims;
use serde_json::{Value, json};
use uuid::Uuid;
use world::{World, stop::Stop};

use super::PROVIDER;

pub(super) struct Key {
    id: &'static str,
    signing: EncodingKey,
    pub(super) pem: String,
    jwk: Value,
}

impl Key {
    pub(super) fn new(id: &'static str) -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref()).expect("a key");
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("DER");
        let body = STANDARD.encode(der.as_ref());
        // An uncompressed point: 4, x, y.
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        Self {
            id,
            signing: EncodingKey::from_ec_der(pkcs8.as_ref()),
            pem: format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"),
            jwk: json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": id, "x": x, "y": y}),
        }
    }

    /// Serves this key as the sign-in provider's.
    pub(super) async fn publish(&self, world: &World, stop: Stop) {
        let discovery = json!({"issuer": PROVIDER, "jwks_uri": format!("{PROVIDER}/keys")});
        let keys = json!({"keys": [self.jwk]});
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(async move || Json(discovery)))
            .route("/keys", get(async move || Json(keys)));
        let listener = world.network.listen("issuer:443").await.expect("a free address");
        tokio::spawn(world::http::serve(listener, router, stop));
    }

    pub(super) fn person(
        &self,
        address: &str,
        audience: &str,
        now: Timestamp,
        life: Duration,
    ) -> String {
        let exp = (now + life).as_second();
        self.sign(&json!({
            "iss": PROVIDER, "sub": address, "aud": audience, "exp": exp,
            "email": address, "email_verified": true,
        }))
    }

    pub(super) fn connector(&self, audience: &str, now: Timestamp, id: Uuid) -> String {
        let claims = ConnectorClaims {
            iss: self.id.into(),
            sub: self.id.into(),
            aud: audience.into(),
            iat: now.as_second(),
            exp: now.as_second() + 60,
            jti: id.to_string(),
        };
        self.sign(&json!(claims))
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.id.into()), ..Header::new(Algorithm::ES256) };
        encode(&header, claims, &self.signing).expect("a token")
    }
}
