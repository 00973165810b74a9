//! Tokens: good ones, and everything that must not pass for one.

use std::{collections::BTreeMap, time::Duration};

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use axum::{Json, Router, routing::get};
use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;
use crate::stop::{Stop, Stopper};

const NOW: i64 = 1_795_510_800; // 2026-11-24T09:00:00Z

struct Key {
    signing: EncodingKey,
    pem: String,
    jwk: Value,
}

fn key(id: &str) -> Key {
    let random = SystemRandom::new();
    let pkcs8 =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("key");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref());
    let pair = pair.expect("key");
    let point = pair.public_key().as_ref().to_vec();
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("DER");
    let body = STANDARD.encode(der.as_ref());
    let part = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
    Key {
        signing: EncodingKey::from_ec_der(pkcs8.as_ref()),
        pem: format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"),
        jwk: json!({"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":id,"x":part(1..33),"y":part(33..65)}),
    }
}

fn token(key: &Key, id: &str, claims: &Value) -> String {
    let header = Header { kid: Some(id.into()), ..Header::new(Algorithm::ES256) };
    encode(&header, claims, &key.signing).expect("a token")
}

async fn provider(world: &World, key: &Key, stop: Stop) {
    let discovery = json!({"issuer": "https://issuer", "jwks_uri": "https://issuer/keys"});
    let keys = json!({"keys": [key.jwk]});
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(move || async { Json(discovery) }))
        .route("/keys", get(move || async { Json(keys) }));
    let listener = world.network.listen("issuer:443").await.expect("free");
    tokio::spawn(crate::http::serve(listener, router, stop));
}

fn claims() -> Value {
    json!({"iss":"https://issuer","aud":"hc-api","sub":"a","email":"ann@example.com","exp":NOW + 300})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

#[tokio::test(start_paused = true)]
async fn a_persons_token() {
    let memory = World::in_memory("2026-11-24T09:00:00Z".parse().expect("a time"), 1);
    assert_eq!(memory.clock().now().as_second(), NOW);
    let (ours, other) = (key("k1"), key("k1"));
    let (_stopper, stop) = Stopper::new();
    provider(&memory.host("issuer"), &ours, stop).await;
    let issuer = Issuer::new(memory.host("cloud"), Url::parse("https://issuer").expect("a URL"));
    let verify = async |token: &str| issuer.verify::<Value>(token, "hc-api").await;

    let good = verify(&token(&ours, "k1", &claims())).await.expect("good");
    assert_eq!(good["email"], "ann@example.com");
    for bad in [
        token(&other, "k1", &claims()),
        token(&ours, "k2", &claims()),
        token(&ours, "k1", &with("aud", json!("hc-kms"))),
        token(&ours, "k1", &with("iss", json!("https://other"))),
        token(&ours, "k1", &with("exp", json!(NOW))),
        token(&ours, "k1", &with("nbf", json!(NOW + 60))),
        "x".repeat(TOKEN_BYTES_MAX + 1),
        "a.b.c".into(),
        String::new(),
        encode(&Header::new(Algorithm::HS256), &claims(), &EncodingKey::from_secret(b"x"))
            .expect("a token"),
    ] {
        assert_eq!(verify(&bad).await.err(), Some(Refused::Token));
    }
    // It ends on our clock.
    let ending = token(&ours, "k1", &claims());
    memory.clock().sleep(Duration::from_secs(301)).await;
    assert_eq!(verify(&ending).await.err(), Some(Refused::Token));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_away_is_said_so_and_found_again() {
    let memory = World::in_memory("2026-11-24T09:00:00Z".parse().expect("a time"), 1);
    let ours = key("k1");
    let issuer = Issuer::new(memory.host("cloud"), Url::parse("https://issuer").expect("a URL"));
    let good = token(&ours, "k1", &claims());
    let answer = issuer.verify::<Value>(&good, "hc-api").await;
    assert_eq!(answer.err(), Some(Refused::Unreachable));
    let (_stopper, stop) = Stopper::new();
    provider(&memory.host("issuer"), &ours, stop).await;
    assert!(issuer.verify::<Value>(&good, "hc-api").await.is_ok());
    memory.cut("cloud", "issuer");
    assert!(issuer.verify::<Value>(&good, "hc-api").await.is_ok(), "keys we have stay good");
}

#[test]
fn a_connectors_own_token() {
    let (ours, other) = (key("c"), key("c"));
    let signers = BTreeMap::from([("connector-1".to_owned(), ours.pem.clone())]);
    let signers = KnownSigners::new(&signers).expect("keys");
    let now = Timestamp::from_second(NOW).expect("a time");
    let claims = |jti: &str, life: i64| json!({"iss":"connector-1","sub":"connector-1","aud":"hc-api","iat":NOW,"exp":NOW+life,"jti":jti});
    let verify = |token: &str, now| signers.verify(token, "hc-api", now, 60);
    let good = token(&ours, "c", &claims("1", 60));
    assert_eq!(verify(&good, now), Ok("connector-1".into()));
    assert_eq!(verify(&good, now), Err(Refused::Token), "each is good once");
    for bad in [
        token(&other, "c", &claims("2", 60)),
        token(&ours, "c", &claims("3", 61)),
        token(&ours, "c", &claims("", 60)),
        "x.y".into(),
    ] {
        assert_eq!(verify(&bad, now), Err(Refused::Token));
    }
    let late = Timestamp::from_second(NOW + 61).expect("a time");
    assert_eq!(verify(&token(&ours, "c", &claims("4", 60)), late), Err(Refused::Token));
    let other_audience = token(&ours, "c", &claims("5", 60));
    assert_eq!(signers.verify(&other_audience, "hc-kms", now, 60), Err(Refused::Token));
}

#[test]
fn plain_http_stays_on_this_computer() {
    let safe = |url: &str| is_safe(&Url::parse(url).expect("a URL"));
    assert!(safe("https://login.example.com/"));
    assert!(safe("http://127.0.0.1:8080/"));
    assert!(safe("http://[::1]:8080/"));
    assert!(safe("http://localhost/"));
    assert!(!safe("http://login.example.com/"));
    assert!(!safe("http://127.0.0.1.example.com/"));
    assert!(!safe("ftp://127.0.0.1/"));
}
