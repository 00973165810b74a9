//! Tokens: good ones, and everything that must not pass for one.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

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

pub(super) const NOW: i64 = 1_795_510_800; // 2026-11-24T09:00:00Z

pub(super) struct Key {
    signing: EncodingKey,
    pub(super) pem: String,
    jwk: Value,
}

pub(super) fn key(id: &str) -> Key {
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

pub(super) fn token(key: &Key, id: &str, claims: &Value) -> String {
    let header = Header { kid: Some(id.into()), ..Header::new(Algorithm::ES256) };
    encode(&header, claims, &key.signing).expect("a token")
}

/// What the provider was asked for, and what it does about it.
#[derive(Clone, Default)]
struct Provider {
    fetches: Arc<AtomicUsize>,
    is_silent: Arc<AtomicBool>,
    keys: Arc<Mutex<Vec<Value>>>,
}

async fn provider(world: &World, key: &Key, stop: Stop) -> Provider {
    let provider = Provider::default();
    provider.publish(key);
    let (asked, published) = (provider.clone(), provider.clone());
    let discovery = async move || {
        asked.fetches.fetch_add(1, Ordering::SeqCst);
        if asked.is_silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        Json(json!({"issuer": "https://issuer", "jwks_uri": "https://issuer/keys"}))
    };
    let keys = async move || Json(json!({"keys": *published.keys.lock().expect("keys")}));
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/keys", get(keys));
    let listener = world.network.listen("issuer:443").await.expect("free");
    tokio::spawn(crate::http::serve(listener, router, stop));
    provider
}

impl Provider {
    fn publish(&self, key: &Key) {
        self.keys.lock().expect("keys").push(key.jwk.clone());
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
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
    memory.clock().sleep(Duration::from_secs(10)).await;
    assert!(issuer.verify::<Value>(&good, "hc-api").await.is_ok());
    memory.cut("cloud", "issuer");
    assert!(issuer.verify::<Value>(&good, "hc-api").await.is_ok(), "keys we have stay good");
}

fn lasting() -> Value {
    with("exp", json!(NOW + 100_000))
}

#[tokio::test(start_paused = true)]
async fn a_silent_provider_holds_up_nobody_whose_key_is_known() {
    let memory = World::in_memory("2026-11-24T09:00:00Z".parse().expect("a time"), 1);
    let clock = memory.clock();
    let ours = key("k1");
    let (_stopper, stop) = Stopper::new();
    let provider = provider(&memory.host("issuer"), &ours, stop).await;
    let issuer = Issuer::new(memory.host("cloud"), Url::parse("https://issuer").expect("a URL"));
    let good = token(&ours, "k1", &lasting());
    let verify = async |token: &str| issuer.verify::<Value>(token, "hc-api").await.map(drop);
    assert_eq!(verify(&good).await, Ok(()));
    assert_eq!(provider.fetches(), 1);

    provider.is_silent.store(true, Ordering::SeqCst);
    clock.sleep(Duration::from_secs(3600)).await;
    let old = clock.now();
    for _ in 0..100 {
        assert_eq!(verify(&good).await, Ok(()));
    }
    assert_eq!(clock.now(), old, "known keys do not wait");
    let strangers: Vec<_> = (0..100).map(|n| token(&ours, &format!("x{n}"), &lasting())).collect();
    let refused = futures_util::future::join_all(strangers.iter().map(|token| verify(token))).await;
    assert!(refused.iter().all(|answer| *answer == Err(Refused::Unreachable)));
    assert_eq!(clock.now().duration_since(old).as_secs(), 3, "one deadline for all of them");
    assert_eq!(provider.fetches(), 2);

    let pause = clock.now();
    assert_eq!(verify(&strangers[0]).await, Err(Refused::Unreachable));
    assert_eq!(clock.now(), pause, "no second attempt so soon");
    clock.sleep(Duration::from_secs(30)).await;
    assert_eq!(verify(&good).await, Ok(()));
    assert_eq!(provider.fetches(), 2, "known keys try again after a minute");
    clock.sleep(Duration::from_secs(30)).await;
    assert_eq!(verify(&good).await, Ok(()));
    clock.sleep(Duration::from_secs(5)).await;
    assert_eq!(provider.fetches(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_found_after_the_pause() {
    let memory = World::in_memory("2026-11-24T09:00:00Z".parse().expect("a time"), 1);
    let (first, second) = (key("k1"), key("k2"));
    let (_stopper, stop) = Stopper::new();
    let provider = provider(&memory.host("issuer"), &first, stop).await;
    let issuer = Issuer::new(memory.host("cloud"), Url::parse("https://issuer").expect("a URL"));
    let verify = async |token: &str| issuer.verify::<Value>(token, "hc-api").await.map(drop);
    assert_eq!(verify(&token(&first, "k1", &claims())).await, Ok(()));
    provider.publish(&second);
    let new = token(&second, "k2", &claims());
    assert_eq!(verify(&new).await, Err(Refused::Token));
    assert_eq!(provider.fetches(), 1);
    memory.clock().sleep(Duration::from_secs(10)).await;
    assert_eq!(verify(&new).await, Ok(()));
    assert_eq!(provider.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_hangs_up_does_not_end_the_fetch() {
    use futures_util::FutureExt;
    let memory = World::in_memory("2026-11-24T09:00:00Z".parse().expect("a time"), 1);
    let ours = key("k1");
    let (_stopper, stop) = Stopper::new();
    let provider = provider(&memory.host("issuer"), &ours, stop).await;
    let issuer = Issuer::new(memory.host("cloud"), Url::parse("https://issuer").expect("a URL"));
    let good = token(&ours, "k1", &claims());
    assert!(issuer.verify::<Value>(&good, "hc-api").now_or_never().is_none());
    assert!(issuer.verify::<Value>(&good, "hc-api").await.is_ok());
    assert_eq!(provider.fetches(), 1);
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
