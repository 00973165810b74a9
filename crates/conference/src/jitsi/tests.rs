//! Tokens are exactly those of `tests/vectors.json`, which `interop/signatures.mjs` checks with
//! another implementation.

use std::{fs, path::PathBuf};

use jiff::Timestamp;
use serde_json::Value;

use super::{Algorithm, Jitsi, JitsiSettings, LateLinkFailure, Person, TokenSettings};
use crate::{join_link::JoinLink, key::ConferenceKey, provider::ProviderSettingsError};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const PERSON: Person<'_> = Person {
    id: "u-7",
    name: "Änne & Ben",
    email: "aenne@example.com",
    avatar: "https://calendar.example.com/a.png",
};

/// A key file for as long as it is read.
struct KeyFile(PathBuf);

impl KeyFile {
    fn new(text: &str) -> Self {
        let name = format!("hybridcal-jitsi-{}", world::chance::Chance::System.uuid());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, text).expect("a file");
        Self(path)
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.0);
    }
}

fn jitsi(algorithm: Algorithm, key: &str) -> Result<Jitsi, ProviderSettingsError> {
    let file = KeyFile::new(key);
    Jitsi::new(&JitsiSettings {
        server: "https://meet.example.com".into(),
        token: Some(TokenSettings {
            app_id: "hybridcal".into(),
            algorithm,
            key_file: file.0.clone(),
            key_id: Some("key-1".into()),
            audience: "jitsi".into(),
            tenant: None,
            lifetime_minutes: 60,
        }),
    })
}

fn link(jitsi: &Jitsi) -> JoinLink {
    jitsi
        .join_link(&ConferenceKey::derive(b"secret", "ann@example.com", b"uid", None))
        .expect("a link")
}

fn now() -> Timestamp {
    "2026-11-25T09:00:00Z".parse().expect("a time")
}

#[test]
fn a_late_link_holds_the_agreed_token_and_the_invitation_none() {
    let vectors: Value = serde_json::from_str(include_str!("tests/vectors.json")).expect("JSON");
    for (algorithm, key, name) in [
        (Algorithm::Hs256, SECRET, "hs256"),
        (Algorithm::Rs256, include_str!("tests/rsa-for-tests.pem"), "rs256"),
    ] {
        let jitsi = jitsi(algorithm, key).expect("right settings");
        let link = link(&jitsi);
        assert!(!link.as_str().contains('?'));
        let late = jitsi.late_link(&link, &PERSON, now()).expect("a link");
        let (bare, token) = late.as_str().split_once("?jwt=").expect("a token");
        assert_eq!((bare, Some(token)), (link.as_str(), vectors[name]["token"].as_str()), "{name}");
        assert_eq!(format!("{late:?}{PERSON:?}{jitsi:?}").matches("eyJ").count(), 0);
    }
}

#[test]
fn only_a_room_of_this_server_gets_a_token() {
    let jitsi = jitsi(Algorithm::Hs256, SECRET).expect("right settings");
    let late = |url: &str| {
        let link = JoinLink::made("jitsi", super::CLASS, url).expect("a URL");
        jitsi.late_link(&link, &PERSON, now()).map(|late| late.as_str().to_owned())
    };
    for url in [
        "https://meet.example.com.evil.example/room",
        "https://evil.example/room",
        "http://meet.example.com/room",
        "https://meet.example.com/",
        "https://meet.example.com/a/b",
        "https://meet.example.com/room?jwt=x",
        "https://meet.example.com/%2a",
        "https://meet.example.com/..%2f",
    ] {
        assert_eq!(late(url), Err(LateLinkFailure::OtherLink), "{url}");
    }
    // Otherwise the token would be for another room than the one that the server opens.
    assert!(late("https://meet.example.com/Room").expect("a link").contains("/room?jwt="));
}

#[test]
fn without_tokens_the_link_is_enough() {
    let settings = JitsiSettings { server: "https://meet.example.com/jitsi".into(), token: None };
    let jitsi = Jitsi::new(&settings).expect("right settings");
    let link = link(&jitsi);
    assert!(link.as_str().starts_with("https://meet.example.com/jitsi/"));
    let late = jitsi.late_link(&link, &PERSON, now()).expect("a link");
    assert_eq!(late.as_str(), link.as_str());
}

#[test]
fn keys_that_cannot_work_are_refused() {
    use ProviderSettingsError as E;
    let setting = "token.key_file";
    assert_eq!(jitsi(Algorithm::Hs256, "short").err(), Some(E::ShortKey { setting }));
    assert_eq!(jitsi(Algorithm::Rs256, SECRET).err(), Some(E::NotAKey { setting }));
    assert!(matches!(jitsi(Algorithm::Hs256, " ").err(), Some(E::SecretFile { .. })));
    let text = "kind = 'jitsi'\nserver = 'https://meet.example.com'\n[token]\napp_id = 'a'\n\
                algorithm = 'none'\nkey_file = 'x'";
    assert!(toml::from_str::<crate::ProviderSettings>(text).is_err(), "no such algorithm");
}
