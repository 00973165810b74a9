//! The contract of `docs/api/webhook.md`, at a receiver in the same process.

mod receiver;

use std::{fs, path::PathBuf, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use world::{World, memory::Memory, stop::Stopper};

use self::receiver::{Receiver, mac};
use super::{KindOfRoom, Webhook, WebhookSettings, signature};
use crate::{
    join_link::{self, Body, Rules, Sender, Site, Sources},
    key::ConferenceKey,
    meeting::{Conference, Held, ProviderFailure, Recurrence, Reference, Room, Wish},
    provider::{Provider, ProviderSettings, ProviderSettingsError},
    secret_file::Secret,
};

const OLD: &str = "the first secret, long enough";
const NEW: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct Place {
    webhook: Webhook,
    receiver: Receiver,
    memory: Memory,
    folder: Folder,
    _stop: Stopper,
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("hybridcal-webhook-{}", world::chance::Chance::System.uuid());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder");
        for (name, text) in [("old", OLD), ("new", NEW), ("short", "short"), ("odd", "whsec_?")] {
            fs::write(folder.join(name), text).expect("a file");
        }
        Self(folder)
    }

    fn settings(&self, url: &str, secrets: &[&str]) -> WebhookSettings {
        WebhookSettings {
            url: url.into(),
            secret_files: secrets.iter().map(|name| self.0.join(name)).collect(),
            hosts: vec!["Meet.example.com".into(), "other.example.com:8443".into()],
            allow_private: false,
            rooms: vec![KindOfRoom::Personal],
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

async fn place() -> Place {
    let memory = World::in_memory("2026-11-25T09:00:00Z".parse().expect("a time"), 7);
    let (stopper, stop) = Stopper::new();
    let receiver = Receiver::start(&memory.host("calls.example.com"), stop).await;
    let folder = Folder::new();
    let settings = folder.settings("https://calls.example.com/hook", &["old"]);
    let webhook = Webhook::new(&settings, &memory.host("connector")).expect("right settings");
    Place { webhook, receiver, memory, folder, _stop: stopper }
}

fn key() -> ConferenceKey {
    ConferenceKey::derive(b"secret", "ann@example.com", b"uid", None)
}

fn wish(title: &str) -> Wish {
    Wish {
        key: key(),
        organizer: "ann@example.com".into(),
        title: title.into(),
        start: "2026-11-26T09:00:00Z".parse().expect("a time"),
        end: "2026-11-26T10:00:00Z".parse().expect("a time"),
        zone: Some("Europe/Berlin".into()),
        recurrence: None,
        room: Room::Usual,
    }
}

fn held(reference: Option<Reference>) -> Held {
    let Wish { key, organizer, start, end, .. } = wish("");
    Held { key, organizer, reference, from: start, to: end }
}

fn seven() -> Reference {
    Reference("7Q".into())
}

#[tokio::test(start_paused = true)]
async fn a_wish_is_a_signed_cloud_event() {
    let Place { webhook, receiver, .. } = &place().await;
    let made = webhook.ensure(&wish("Plan")).await.expect("made");
    assert_eq!(made.join_link.as_str(), "https://meet.example.com/r/7Q");
    assert_eq!(made.reference, Some(seven()));
    let tag = key().tag();
    assert_eq!(
        receiver.last(),
        json!({
            "specversion": "1.0", "id": tag, "source": "hybridcal", "type": "conference.create",
            "time": "2026-11-25T09:00:00Z", "subject": tag, "datacontenttype": "application/json",
            "data": {
                "key": tag, "organizer": "ann@example.com", "title": "Plan", "room": "usual",
                "start": "2026-11-26T09:00:00Z", "end": "2026-11-26T10:00:00Z",
                "time_zone": "Europe/Berlin",
            },
        })
    );
    let call = &receiver.calls()[0];
    assert_eq!(call.header("content-type"), "application/cloudevents+json; charset=utf-8");
    assert_eq!((call.header("idempotency-key"), call.header("webhook-id")), (&*tag, &*tag));
    assert_eq!(call.header("webhook-timestamp"), "1795597200");
    assert_eq!(call.right_signatures(OLD.as_bytes()), 1);
    assert_eq!(call.right_signatures(b"another"), 0);
}

#[tokio::test(start_paused = true)]
async fn the_example_of_the_contract_is_what_we_sign() {
    let page = include_str!("../../../../docs/api/webhook.md");
    let block = |name: &str| {
        let (_, rest) = page.split_once(&format!("```{name}\n")).expect("a block");
        rest.split_once("\n```").expect("its end").0
    };
    let header = |name: &str| {
        let line = block("headers").lines().find_map(|line| line.strip_prefix(name));
        line.expect("a header").strip_prefix(": ").expect("a value").to_owned()
    };
    let keys = block("secrets").lines().map(|line| signature::Key::new(&Secret::new(line.into())));
    let keys: Vec<_> = keys.collect::<Result<_, _>>().expect("secrets");
    let seconds = header("webhook-timestamp").parse().expect("a number");
    let signed = signature::header(&keys, &header("webhook-id"), seconds, block("body").as_bytes());
    assert_eq!(signed, header("webhook-signature"));
    // The shape is what we send, too.
    let body: Value = serde_json::from_str(block("body")).expect("JSON");
    let event = super::event::Event::delete(&held(Some(seven())));
    let ours = event.body("2026-11-25T09:00:00Z".parse().expect("a time"));
    let ours = String::from_utf8(ours).expect("text").replace(&key().tag(), "mzxw6ytboi");
    assert_eq!(ours, body.to_string());
    assert_eq!(ours, block("body"));
}

#[test]
fn our_second_hmac_is_the_one_of_the_standard() {
    // RFC 4231, 4.2 and 4.3.
    let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert!(hex(mac(&[0x0b; 20], b"Hi There")).starts_with("b0344c61d8db38535ca8afceaf0bf12b"));
    let second = hex(mac(b"Jefe", b"what do ya want for nothing?"));
    assert!(second.starts_with("5bdcc146bf60754e6a042426089575c7"));
}

#[tokio::test(start_paused = true)]
async fn two_secrets_sign_while_one_takes_over_from_the_other() {
    let Place { receiver, memory, folder, .. } = &place().await;
    let settings = folder.settings("https://calls.example.com/hook", &["old", "new"]);
    let webhook = Webhook::new(&settings, &memory.host("connector")).expect("right settings");
    webhook.ensure(&wish("Plan")).await.expect("made");
    let new = STANDARD.decode(&NEW["whsec_".len()..]).expect("base64");
    let call = &receiver.calls()[0];
    assert_eq!((call.right_signatures(OLD.as_bytes()), call.right_signatures(&new)), (1, 1));
    // A file that changes is read again, and one that is gone stops everything.
    fs::write(folder.0.join("old"), "the third secret, long enough").expect("written");
    webhook.ensure(&wish("Plan")).await.expect("made");
    assert_eq!(receiver.calls()[1].right_signatures(b"the third secret, long enough"), 1);
    fs::remove_file(folder.0.join("old")).expect("gone");
    assert!(matches!(webhook.ensure(&wish("Plan")).await, Err(ProviderFailure::Refused(_))));
    assert_eq!(receiver.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn repetitions_bear_the_same_id_and_other_wishes_another() {
    let Place { webhook, receiver, memory, .. } = &place().await;
    receiver.lose_answers(true);
    assert!(matches!(webhook.ensure(&wish("Plan")).await, Err(ProviderFailure::Trouble(_))));
    receiver.lose_answers(false);
    memory.clock().sleep(Duration::from_secs(600)).await;
    webhook.ensure(&wish("Plan")).await.expect("made");
    webhook.update(&wish("New"), &seven()).await.expect("changed");
    webhook.update(&wish("New"), &seven()).await.expect("changed");
    webhook.update(&wish("Newer"), &seven()).await.expect("changed");
    webhook.cancel(&held(Some(seven()))).await.expect("gone");
    webhook.cancel(&held(None)).await.expect("gone");
    let calls = receiver.calls();
    let ids: Vec<_> = calls.iter().map(|call| call.header("idempotency-key")).collect();
    let tag = key().tag();
    assert_eq!(ids[..2], [&tag, &tag]);
    assert!(ids[2] == ids[3] && ids[2] != ids[4] && ids[2].starts_with(&format!("{tag}.")));
    assert_eq!(ids[5..], [format!("{tag}.delete"), format!("{tag}.delete")]);
    let times: Vec<_> = calls.iter().map(|call| call.header("webhook-timestamp")).collect();
    assert!(times[0] < times[1], "a late repetition is signed anew");
    assert_eq!(receiver.last()["data"], json!({ "key": tag, "provider_ref": null }));
}

#[tokio::test(start_paused = true)]
async fn a_series_tells_its_rule() {
    let Place { webhook, receiver, .. } = &place().await;
    let recurrence = Recurrence { rule: "FREQ=WEEKLY;COUNT=4".into(), ends: None };
    let wish = Wish { recurrence: Some(recurrence), room: Room::Personal, zone: None, ..wish("x") };
    webhook.update(&wish, &seven()).await.expect("changed");
    let data = &receiver.last()["data"];
    assert_eq!(data["recurrence"], json!({ "rule": "FREQ=WEEKLY;COUNT=4", "ends": null }));
    assert_eq!((&data["room"], &data["provider_ref"]), (&json!("personal"), &json!("7Q")));
    assert!(webhook.knows(Room::Personal) && !webhook.knows(Room::Space));
}

#[tokio::test(start_paused = true)]
async fn everything_that_is_offered_is_taken() {
    let Place { webhook, receiver, .. } = &place().await;
    receiver.say(
        201,
        &json!({
            "join_url": "https://other.example.com:8443/x?y#z", "provider_ref": "r/1",
            "sip": "sip:7q@example.com", "passcode": "482 913", "expires": "2026-11-26T10:00:00Z",
            "dial_in": [{ "label": "Berlin", "number": "+49 (30) 123-45" },
                { "number": "0800 1", "toll_free": true }],
            "something": { "new": 1 },
        }),
    );
    let Conference { join_link, sip_address, passcode, dial_in, reference, .. } =
        webhook.ensure(&wish("Plan")).await.expect("made");
    assert_eq!(join_link.as_str(), "https://other.example.com:8443/x?y#z");
    assert_eq!(
        (sip_address.as_deref(), passcode.as_deref()),
        (Some("7q@example.com"), Some("482 913"))
    );
    assert_eq!(dial_in.len(), 2);
    assert!(!dial_in[0].is_toll_free && dial_in[1].is_toll_free && dial_in[0].label == "Berlin");
    assert_eq!(reference, Some(Reference("r/1".into())));
}

#[tokio::test(start_paused = true)]
async fn answers_that_lie_are_refused() {
    let Place { webhook, receiver, .. } = &place().await;
    let long = format!("https://meet.example.com/{}", "a".repeat(3000));
    let with = |name: &str, value: Value| {
        let mut answer = json!({ "join_url": "https://meet.example.com/r", "provider_ref": "7Q" });
        answer[name] = value;
        answer
    };
    let link = |text: &str| with("join_url", text.into());
    let cases = [
        link("https://evil.example/r"),
        link("https://meet.example.com.evil.example/r"),
        link("https://meet.example.com:8443/r"),
        link("https://meet.example.com@evil.example/r"),
        link("https://ann@meet.example.com/r"),
        link("http://meet.example.com/r"),
        link("http://127.0.0.1/r"),
        link("javascript:alert(1)//meet.example.com"),
        link("data:text/html,meet.example.com"),
        link("https://meet.example.com/a\u{202e}b"),
        link("https://meet.example.com/a\nb"),
        link(" https://meet.example.com/r"),
        link("https://\u{43c}eet.example.com/r"),
        link("/r"),
        link(""),
        link(&long),
        with("join_url", Value::Null),
        with("join_url", json!(["https://meet.example.com/r"])),
        with("provider_ref", Value::Null),
        with("provider_ref", "".into()),
        with("provider_ref", "x".repeat(201).into()),
        with("provider_ref", "a\u{0}b".into()),
        with("sip", "meet.example.com".into()),
        with("sip", "a@b@c".into()),
        with("sip", "a@b\r\nX: y".into()),
        with("passcode", "1\n2".into()),
        with("passcode", "9".repeat(65).into()),
        with("dial_in", json!([{ "number": "call <me>" }])),
        with("dial_in", json!([{ "number": "+49 1", "label": "a\u{202e}b" }])),
        with("expires", "soon".into()),
        with("expires", "2026-11-25T08:59:59Z".into()),
        with("expires", "2026-11-26T09:59:59Z".into()),
    ];
    for answer in cases {
        receiver.say(200, &answer);
        match webhook.ensure(&wish("Plan")).await {
            Err(ProviderFailure::Refused(_) | ProviderFailure::Meeting(_)) => {}
            other => panic!("{answer}: {other:?}"),
        }
    }
    for text in ["", "<html>", "[]", "{}", "\"x\""] {
        receiver.say_text(text);
        assert!(webhook.ensure(&wish("Plan")).await.is_err(), "{text}");
    }
    receiver.say_text(&" ".repeat(1 << 17));
    assert!(matches!(webhook.ensure(&wish("Plan")).await, Err(ProviderFailure::Refused(_))));
}

#[tokio::test(start_paused = true)]
async fn each_status_has_its_consequence() {
    use ProviderFailure as F;
    let Place { webhook, receiver, .. } = &place().await;
    let wait = |seconds| Some(F::Wait(Duration::from_secs(seconds)));
    for (status, retry_after, expected) in [
        (429, Some("7"), wait(7)),
        (429, None, wait(60)),
        (429, Some("99999"), wait(3600)),
        (503, Some("30"), wait(30)),
        (423, Some("5"), wait(5)),
        (503, Some("later"), Some(F::Trouble("the webhook is not available"))),
        (500, None, Some(F::Trouble("the webhook is in trouble"))),
        (409, None, Some(F::Trouble("the webhook is busy with this meeting"))),
        (422, None, Some(F::Meeting("the webhook refuses this meeting"))),
        (401, None, Some(F::Refused("the webhook does not take our signature"))),
        (302, None, Some(F::Refused("the webhook redirects, which is not followed"))),
        (404, None, Some(F::Refused("the webhook's address does not exist"))),
    ] {
        receiver.say(status, &json!({}));
        receiver.retry_after(retry_after);
        assert_eq!(webhook.ensure(&wish("Plan")).await.err(), expected, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_is_made_anew_or_stays_gone() {
    let Place { webhook, receiver, memory, .. } = &place().await;
    receiver.say(410, &json!({}));
    webhook.cancel(&held(Some(seven()))).await.expect("gone already");
    assert!(matches!(webhook.update(&wish("x"), &seven()).await, Err(ProviderFailure::Refused(_))));
    assert_eq!(receiver.last()["type"], "conference.create");
    receiver.say(204, &json!({}));
    webhook.check().await.expect("well");
    assert_eq!(receiver.last()["type"], "conference.check");
    memory.cut("connector", "calls.example.com");
    assert!(matches!(webhook.check().await, Err(ProviderFailure::Trouble(_))));
}

#[tokio::test(start_paused = true)]
async fn answered_links_are_recognised_again_from_our_own_people() {
    let Place { webhook, .. } = &place().await;
    let made = webhook.ensure(&wish("Plan")).await.expect("made").join_link;
    let self_hosted = Provider::Webhook(Box::new(webhook.clone())).own_hosts();
    let rules = Rules::new(&Site { self_hosted, ..Site::default() }).expect("rules");
    let find = |sender| {
        let sources = Sources {
            stamp: None,
            properties: &[],
            location: made.as_str(),
            body: Body::Text(""),
            sender,
        };
        join_link::find(&sources, &rules).join
    };
    assert_eq!((find(Sender::Internal), find(Sender::External)), (Some(made.clone()), None));
}

#[test]
fn settings_that_cannot_work_are_refused() {
    use ProviderSettingsError as E;
    let folder = Folder::new();
    let world = World::system(&world::tls::Trust::default()).expect("a world");
    let refused =
        |url: &str, secrets: &[&str]| Webhook::new(&folder.settings(url, secrets), &world).err();
    assert_eq!(refused("https://calls.example.com/hook", &["old", "new"]), None);
    assert_eq!(refused("http://127.0.0.1:9/hook", &["old"]), None);
    assert_eq!(refused("http://calls.example.com/hook", &["old"]), Some(E::NotHttps));
    assert_eq!(refused("https://a@calls.example.com/", &["old"]), Some(E::HasUser));
    assert_eq!(refused("https://calls.example.com/", &[]), Some(E::HowManySecrets));
    let setting = "secret_files";
    assert_eq!(refused("https://calls.example.com/", &["short"]), Some(E::ShortKey { setting }));
    assert_eq!(refused("https://calls.example.com/", &["odd"]), Some(E::ShortKey { setting }));
    let text = "kind = 'webhook'\nurl = 'https://x.example'\nsecret_files = ['a']\nsecret = 'b'";
    assert!(toml::from_str::<ProviderSettings>(text).is_err(), "no secret stands inline");
}

/// Over real sockets, since hosts in memory have no addresses.
#[tokio::test]
async fn a_private_network_needs_a_permission() {
    let folder = Folder::new();
    let world = World::system(&world::tls::Trust::default()).expect("a world");
    let mut settings = folder.settings("https://10.255.255.1/hook", &["old"]);
    let webhook = Webhook::new(&settings, &world).expect("right settings");
    let refusal =
        ProviderFailure::Refused("the webhook is in a private network, which needs allow_private");
    assert_eq!(webhook.check().await.err(), Some(refusal.clone()));
    settings.url = "https://127.0.0.1:9/hook".into();
    let webhook = Webhook::new(&settings, &world).expect("right settings");
    assert_ne!(webhook.check().await.err(), Some(refusal), "this computer is named outright");
}
