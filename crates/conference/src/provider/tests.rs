//! Providers promise: the same key, the same link; nothing of the meeting is given away.

use crate::join_link::{self, Body, Rules, Sender, Site, Sources};

use super::{Provider, ProviderSettings, ProviderSettingsError};
use crate::{ConferenceKey, Room, Wish};

fn key() -> ConferenceKey {
    ConferenceKey::derive(b"secret", "Ann@example.com", b"uid", None)
}

fn provider(settings: &str) -> Result<Provider, ProviderSettingsError> {
    let world = world::World::in_memory("2026-11-24T09:00:00Z".parse().unwrap(), 1).host("here");
    Provider::new(&toml::from_str::<ProviderSettings>(settings).unwrap(), &world)
}

fn wish(title: &str) -> Wish {
    Wish {
        key: key(),
        organizer: "ann@example.com".into(),
        title: title.into(),
        start: "2026-11-24T10:00:00Z".parse().unwrap(),
        end: "2026-11-24T11:00:00Z".parse().unwrap(),
        zone: None,
        recurrence: None,
        room: Room::Usual,
    }
}

async fn link(settings: &str, title: &str) -> String {
    let conference = provider(settings).unwrap().ensure(&wish(title), None).await.unwrap();
    conference.join_link.as_str().to_owned()
}

#[tokio::test]
async fn a_jitsi_room_is_named_after_the_key_alone() {
    let settings = "kind = 'jitsi'\nserver = 'https://meet.example.com'";
    let first = link(settings, "Plan").await;
    assert_eq!(first, link(settings, "Layoffs").await);
    let room = first.strip_prefix("https://meet.example.com/").unwrap();
    assert_eq!(room.len(), 32);
    assert!(room.chars().all(|c| matches!(c, 'a'..='z' | '2'..='7')), "{room}");
}

#[tokio::test]
async fn a_template_escapes_the_title() {
    let settings =
        "kind = 'url-template'\ntemplate = 'https://meet.example/{slug}?subject={title_urlenc}#x'";
    let link = link(settings, "Q&A {slug} #1 ü/..").await;
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

#[tokio::test]
async fn nothing_shows_in_debug_output() {
    let provider = provider("kind = 'jitsi'\nserver = 'https://meet.example.com'").unwrap();
    let conference = provider.ensure(&wish("Plan"), None).await.unwrap();
    let shown = format!("{conference:?} {:?} {:?}", key(), wish("Plan"));
    assert!(
        !shown.contains("meet.example.com") && !shown.contains("Plan") && shown.contains('…'),
        "{shown}"
    );
}

#[tokio::test]
async fn what_we_make_is_recognised_again_from_our_own_people() {
    for settings in [
        "kind = 'jitsi'\nserver = 'https://meet.example.com:8443'",
        "kind = 'jitsi'\nserver = 'http://localhost:8000'",
        "kind = 'url-template'\ntemplate = 'https://rooms.example/r/{slug}?t={title_urlenc}'",
    ] {
        let provider = provider(settings).unwrap();
        let rules =
            Rules::new(&Site { self_hosted: provider.own_hosts(), ..Site::default() }).unwrap();
        let made = provider.ensure(&wish("Plan & more"), None).await.unwrap().join_link;
        let text = format!("Room 4; {}", made.as_str());
        let find = |sender| {
            let body = Body::Text("");
            join_link::find(
                &Sources { stamp: None, location: &text, properties: &[], body, sender },
                &rules,
            )
        };
        assert_eq!(find(Sender::Internal).join, Some(made), "{settings}");
        assert_eq!(find(Sender::External).join, None, "{settings}");
    }
}

#[test]
fn webex_needs_a_key_for_its_tokens_and_takes_no_secret_inline() {
    let settings = "kind = 'webex'\nclient_id = 'c'\nclient_secret_file = 's'\ntoken_file = 't'\ntoken_key_file = '/nowhere/key'\n";
    let refused = provider(settings).map(|_| ());
    assert_eq!(refused, Err(ProviderSettingsError::NoTokenKey));
    let inline = format!("{settings}client_secret = 'x'\n");
    assert!(toml::from_str::<ProviderSettings>(&inline).is_err());
}
