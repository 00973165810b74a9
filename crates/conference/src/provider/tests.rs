//! Providers promise: the same key, the same link; nothing of the meeting is given away.

use crate::join_link::{self, Body, Rules, Sender, Site, Sources};

use super::{ConferenceKey, Provider, ProviderSettings, ProviderSettingsError, base32};

fn key() -> ConferenceKey {
    ConferenceKey::derive(b"secret", "Ann@example.com", b"uid", None)
}

fn provider(settings: &str) -> Result<Provider, ProviderSettingsError> {
    Provider::new(&toml::from_str::<ProviderSettings>(settings).unwrap())
}

fn link(settings: &str, title: &str) -> String {
    let conference = provider(settings).unwrap().conference(&key(), title).unwrap();
    conference.join_link.as_str().to_owned()
}

#[test]
fn a_jitsi_room_is_named_after_the_key_alone() {
    let settings = "kind = 'jitsi'\nserver = 'https://meet.example.com'";
    let first = link(settings, "Plan");
    assert_eq!(first, link(settings, "Layoffs"));
    let room = first.strip_prefix("https://meet.example.com/").unwrap();
    assert_eq!(room.len(), 32);
    assert!(room.chars().all(|c| matches!(c, 'a'..='z' | '2'..='7')), "{room}");
}

#[test]
fn a_template_escapes_the_title() {
    let settings =
        "kind = 'url-template'\ntemplate = 'https://meet.example/{slug}?subject={title_urlenc}#x'";
    let link = link(settings, "Q&A {slug} #1 ü/..");
    assert!(link.ends_with("?subject=Q%26A%20%7Bslug%7D%20%231%20%C3%BC%2F..#x"), "{link}");
}

#[test]
fn settings_that_cannot_work_are_refused() {
    use ProviderSettingsError as E;
    let jitsi = |server: &str| provider(&format!("kind = 'jitsi'\nserver = '{server}'")).err();
    let template =
        |text: &str| provider(&format!("kind = 'url-template'\ntemplate = '{text}'")).err();
    assert_eq!(jitsi("http://meet.example.com"), Some(E::NotHttps));
    assert_eq!(jitsi("http://localhost:8000"), None);
    assert_eq!(jitsi("http://127.0.0.1:8000/x"), None);
    assert_eq!(jitsi("meet"), Some(E::NotAUrl));
    assert_eq!(jitsi("https://a:b@meet.example.com"), Some(E::HasUser));
    assert_eq!(jitsi("https://meet.example.com/?x"), Some(E::HasQueryOrFragment));
    assert_eq!(template("https://meet.example/{slug}"), None);
    assert_eq!(template("https://meet.example/x"), Some(E::NoSlug));
    assert_eq!(template("https://meet.example/{slug}/{who}"), Some(E::UnknownPlaceholder));
    assert_eq!(template("https://{slug}.example/"), Some(E::UnknownPlaceholder));
    assert!(
        toml::from_str::<ProviderSettings>("kind = 'jitsi'\nserver = 'x'\ncolour = 1").is_err()
    );
}

#[test]
fn every_part_of_a_key_counts() {
    let keys = [
        ConferenceKey::derive(b"secret", "ann@example.com", b"uid", Some("")),
        ConferenceKey::derive(b"secret", "ann@example.com", b"uid", Some("20261124")),
        ConferenceKey::derive(b"other", "ann@example.com", b"uid", None),
        ConferenceKey::derive(b"secret", "ann@example.comu", b"id", None),
        ConferenceKey::derive(b"secret", "bob@example.com", b"uid", None),
    ];
    assert!(keys.iter().all(|other| *other != key()));
    assert_eq!(key(), ConferenceKey::derive(b"secret", "ANN@example.com", b"uid", None));
}

#[test]
fn nothing_shows_in_debug_output() {
    let provider = provider("kind = 'jitsi'\nserver = 'https://meet.example.com'").unwrap();
    let conference = provider.conference(&key(), "Plan").unwrap();
    let shown = format!("{conference:?} {:?}", key());
    assert!(!shown.contains("meet.example.com") && shown.contains('…'), "{shown}");
}

#[test]
fn base32_is_the_usual_one() {
    assert_eq!(base32(b"foobar".iter().copied()), "mzxw6ytboi");
    assert_eq!(base32(b"f".iter().copied()), "my");
}

#[test]
fn what_we_make_is_recognised_again_from_our_own_people() {
    for settings in [
        "kind = 'jitsi'\nserver = 'https://meet.example.com:8443'",
        "kind = 'jitsi'\nserver = 'http://localhost:8000'",
        "kind = 'url-template'\ntemplate = 'https://rooms.example/r/{slug}?t={title_urlenc}'",
    ] {
        let provider = provider(settings).unwrap();
        let rules = Rules::new(&Site { own_hosts: vec![provider.own_host()] }).unwrap();
        let made = provider.conference(&key(), "Plan & more").unwrap().join_link;
        let text = format!("Room 4; {}", made.as_str());
        let find = |sender| {
            let body = Body::Text("");
            join_link::find(&Sources { stamp: None, location: &text, body, sender }, &rules)
        };
        assert_eq!(find(Sender::Internal).join, Some(made), "{settings}");
        assert_eq!(find(Sender::External).join, None, "{settings}");
    }
}
