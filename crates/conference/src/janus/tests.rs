//! The provider against a small VideoRoom that answers in the words of a real one.

mod video_room;

use std::{fs, time::Duration};

use jiff::Timestamp;
use world::{World, memory::Memory, stop::Stopper};

use self::video_room::{API_SECRET, Mood, VideoRoom};
use super::{CLASS, Janus, JanusSettings, Look, RoomKey, ServerSettings, Trouble};
use crate::{
    join_link::{self, Body, Rules, Sender, Site, Sources},
    key::ConferenceKey,
    meeting::{Conference, Held, ProviderFailure, Room as Wanted, Wish},
    provider::{Provider, ProviderSettingsError},
};

struct Place {
    janus: Janus,
    there: VideoRoom,
    memory: Memory,
    _stop: Stopper,
    _folder: Folder,
}

/// Secrets on the disk, for as long as a test.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("hybridcal-janus-{}", world::chance::Chance::System.uuid());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder");
        for (name, text) in [
            ("admin.key", "admin\n"),
            ("api.secret", API_SECRET),
            ("room.key", "0123456789abcdef0123456789abcdef"),
            ("short.key", "0123456789abcdef"),
            ("empty", " \n"),
        ] {
            fs::write(folder.join(name), text).expect("a file");
        }
        Self(folder)
    }

    fn settings(&self, room_key: &str) -> JanusSettings {
        JanusSettings {
            rooms_url: "https://rooms.example.com".into(),
            room_key_file: self.0.join(room_key),
            permanent: false,
            titles: true,
            janus: ServerSettings {
                server: "http://janus.localhost:8088/janus/".into(),
                admin_key_file: self.0.join("admin.key"),
                api_secret_file: Some(self.0.join("api.secret")),
                publishers: 9,
            },
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

async fn place() -> Place {
    let memory = World::in_memory(Timestamp::UNIX_EPOCH, 7);
    let (stopper, stop) = Stopper::new();
    let there = VideoRoom::start(&memory.host("janus.localhost"), stop).await;
    let folder = Folder::new();
    let janus = Janus::new(&folder.settings("room.key"), &memory.host("connector")).expect("right");
    Place { janus, there, memory, _stop: stopper, _folder: folder }
}

fn key() -> ConferenceKey {
    ConferenceKey::derive(b"secret", "ann@example.com", b"uid", None)
}

fn wish(title: &str, room: Wanted) -> Wish {
    let (start, end) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
    let (organizer, title) = ("Ann@example.com".into(), title.into());
    Wish { key: key(), organizer, title, start, end, zone: None, recurrence: None, room }
}

fn held(conference: &Conference) -> Held {
    let (from, to) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
    let reference = conference.reference.clone();
    Held { key: key(), organizer: "ann@example.com".into(), reference, from, to }
}

#[tokio::test(start_paused = true)]
async fn a_room_is_made_once_follows_its_meeting_and_ends_with_it() {
    let Place { janus, there, .. } = &place().await;
    let made = janus.ensure(&wish("Plan", Wanted::Usual)).await.expect("made");
    let (room, pin) = made.join_link.as_str().split_once('#').expect("a pin");
    let name = room.strip_prefix("https://rooms.example.com/room/").expect("our page");
    assert_eq!((there.names(), made.passcode.as_deref()), (vec![name.to_owned()], Some(pin)));
    assert_eq!(there.told(name, "pin"), pin);
    assert_eq!(there.told(name, "description"), "Plan");
    assert_eq!(there.told(name, "publishers"), 9);

    let again = janus.ensure(&wish("Plan", Wanted::OneTime)).await.expect("there");
    let changed = janus.ensure(&wish("New plan", Wanted::Usual)).await.expect("changed");
    assert_eq!((&again.join_link, &changed.join_link), (&made.join_link, &made.join_link));
    assert_eq!((there.names().len(), there.told(name, "description")), (1, "New plan".into()));

    there.forget_all();
    janus.ensure(&wish("New plan", Wanted::Usual)).await.expect("made again");
    assert_eq!(there.names(), [name]);
    janus.cancel(&held(&made)).await.expect("gone");
    assert!(there.names().is_empty());
    janus.cancel(&held(&made)).await.expect("gone already");
    assert_eq!(there.sessions(), 0, "each session is ended");
}

#[tokio::test(start_paused = true)]
async fn a_personal_room_stays() {
    let Place { janus, there, .. } = &place().await;
    let usual = janus.ensure(&wish("Plan", Wanted::Usual)).await.expect("made");
    let own = janus.ensure(&wish("Plan", Wanted::Personal)).await.expect("made");
    assert!(own.join_link != usual.join_link && own.reference.is_none());
    let name = own.join_link.as_str()["https://rooms.example.com/room/".len()..][..32].to_owned();
    assert_eq!(there.told(&name, "description"), "-", "no title of one meeting");
    janus.cancel(&held(&own)).await.expect("done");
    assert_eq!(there.names(), [name]);
}

#[tokio::test(start_paused = true)]
async fn what_janus_refuses_calls_a_person_and_what_passes_does_not() {
    use ProviderFailure as F;
    let Place { janus, there, memory, .. } = &place().await;
    let ensured = async |mood: Mood| {
        there.set(mood);
        let made = janus.ensure(&wish("Plan", Wanted::Usual)).await.err();
        there.set(Mood::Well);
        made
    };
    let is_refused = |failure: &Option<F>| matches!(failure, Some(F::Refused(_)));
    let is_trouble = |failure: &Option<F>| matches!(failure, Some(F::Trouble(_)));
    for mood in [Mood::OtherApiSecret, Mood::OtherAdminKey, Mood::Numbers, Mood::NoPlugin] {
        let failure = ensured(mood).await;
        assert!(is_refused(&failure), "{mood:?}: {failure:?}");
    }
    for mood in [
        Mood::OtherTransaction,
        Mood::Garbled,
        Mood::Huge,
        Mood::Status,
        Mood::Dropping,
        Mood::Silent,
    ] {
        let failure = ensured(mood).await;
        assert!(is_trouble(&failure), "{mood:?}: {failure:?}");
    }
    assert!(there.names().is_empty());
    let before = memory.clock().now();
    memory.cut("connector", "janus.localhost");
    assert!(is_trouble(&ensured(Mood::Well).await));
    let waited = memory.clock().now().duration_since(before);
    assert!(waited < jiff::SignedDuration::from_secs(1), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_janus_is_not_waited_for_for_long() {
    let Place { janus, there, memory, .. } = &place().await;
    there.set(Mood::Silent);
    let before = memory.clock().now();
    janus.ensure(&wish("Plan", Wanted::Usual)).await.expect_err("silence");
    let waited = Duration::try_from(memory.clock().now().duration_since(before)).expect("ahead");
    assert!(waited <= Duration::from_secs(11), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_lost_after_the_deed_makes_no_second_room() {
    let Place { janus, there, .. } = &place().await;
    there.set(Mood::LosesAnswerToCreate);
    assert!(janus.ensure(&wish("Plan", Wanted::Usual)).await.is_err());
    assert_eq!(there.names().len(), 1);
    there.set(Mood::Well);
    janus.ensure(&wish("Plan", Wanted::Usual)).await.expect("found");
    assert_eq!(there.names().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_room_with_another_secret_is_left_alone() {
    let Place { janus, there, .. } = &place().await;
    let made = janus.ensure(&wish("Plan", Wanted::Usual)).await.expect("made");
    there.take_over();
    let refused =
        |done: Result<(), ProviderFailure>| matches!(done, Err(ProviderFailure::Refused(_)));
    assert!(refused(janus.cancel(&held(&made)).await));
    assert!(refused(janus.ensure(&wish("Mine", Wanted::Usual)).await.map(drop)));
    assert_eq!(there.told(&there.names()[0], "description"), "Plan");
}

#[tokio::test(start_paused = true)]
async fn the_check_tries_all_keys_and_leaves_nothing() {
    let Place { janus, there, .. } = &place().await;
    janus.check().await.expect("well");
    assert!(there.names().is_empty());
    there.set(Mood::OtherAdminKey);
    assert!(matches!(janus.check().await, Err(ProviderFailure::Refused(_))));
}

#[tokio::test(start_paused = true)]
async fn the_page_finds_and_reopens_rooms_by_the_link_alone() {
    let Place { janus, there, .. } = &place().await;
    let made = janus.ensure(&wish("Plan", Wanted::Usual)).await.expect("made");
    let (url, pin) = made.join_link.as_str().split_once('#').expect("a pin");
    let name = url.rsplit('/').next().expect("a name");
    let key = RoomKey::new(b"0123456789abcdef0123456789abcdef");
    let room = key.admit(name, pin).expect("our link");
    assert_eq!(janus.server.exists(&room).await, Ok(true));
    there.forget_all();
    assert_eq!(janus.server.exists(&room).await, Ok(false));
    janus.server.make(&room, &Look::default()).await.expect("made");
    assert_eq!(
        (there.told(name, "pin"), there.told(name, "description")),
        (pin.into(), "-".into())
    );
    janus.cancel(&held(&made)).await.expect("the same secret");

    let other = RoomKey::new(b"another key of at least 32 bytes");
    let longer = format!("{pin}a");
    for (key, name, pin) in [
        (&key, name, "aaaaaaaaaa"),
        (&key, name, ""),
        (&key, name, &longer),
        (&other, name, pin),
        (&key, "x", pin),
        (&key, &name.to_uppercase(), pin),
        (&key, &name.replace(&name[..1], "/"), pin),
    ] {
        assert_eq!(key.admit(name, pin), None, "{name} {pin}");
    }
}

#[tokio::test(start_paused = true)]
async fn our_links_are_recognised_again_with_their_pin() {
    let Place { janus, .. } = &place().await;
    let made = janus.ensure(&wish("Plan", Wanted::Usual)).await.expect("made").join_link;
    let rules = Rules::new(&Site {
        self_hosted: Provider::Janus(Box::new(janus.clone())).own_hosts(),
        ..Site::default()
    })
    .expect("rules");
    let find = |location: &str, sender| {
        let sources =
            Sources { stamp: None, properties: &[], location, body: Body::Text(""), sender };
        join_link::find(&sources, &rules).join
    };
    let location = format!("Kitchen; {}", made.as_str());
    assert_eq!((find(&location, Sender::Internal), made.class()), (Some(made.clone()), CLASS));
    assert_eq!(find(&location, Sender::External), None);
    assert_eq!(find("https://rooms.example.com/assets/room.js", Sender::Internal), None);
}

#[test]
fn settings_that_cannot_work_are_refused() {
    use ProviderSettingsError as E;
    let folder = Folder::new();
    let refused = |change: &dyn Fn(&mut JanusSettings)| {
        let mut settings = folder.settings("room.key");
        change(&mut settings);
        let memory = World::system(&world::tls::Trust::default()).expect("a world");
        Janus::new(&settings, &memory).err()
    };
    assert_eq!(refused(&|_| {}), None);
    assert_eq!(refused(&|s| s.rooms_url = "https://example.com/rooms".into()), Some(E::HasPath));
    assert_eq!(refused(&|s| s.rooms_url = "http://rooms.example.com".into()), Some(E::NotHttps));
    assert_eq!(refused(&|s| s.janus.server = "http://janus.example.com".into()), Some(E::NotHttps));
    let short = |s: &mut JanusSettings| s.room_key_file = folder.0.join("short.key");
    assert_eq!(refused(&short), Some(E::ShortKey { setting: "room_key_file" }));
    let missing = |s: &mut JanusSettings| s.janus.admin_key_file = folder.0.join("nothing");
    assert!(matches!(refused(&missing), Some(E::SecretFile { setting: "admin_key_file", .. })));
    let empty = |s: &mut JanusSettings| s.janus.api_secret_file = Some(folder.0.join("empty"));
    assert!(matches!(refused(&empty), Some(E::SecretFile { setting: "api_secret_file", .. })));
}

#[test]
fn codes_are_understood_by_what_was_asked() {
    use super::answer::{Asked, read};
    let said = |code: u32, asked| {
        let data = format!("{{\"videoroom\":\"event\",\"error_code\":{code},\"error\":\"x\"}}");
        let body = format!(
            "{{\"janus\":\"success\",\"transaction\":\"t\",\"plugindata\":{{\"data\":{data}}}}}"
        );
        read(body.as_bytes(), "t", asked).err()
    };
    for (code, asked, trouble) in [
        (426, Asked::Existing, Trouble::NoRoom),
        (427, Asked::Create, Trouble::Exists),
        (428, Asked::Existing, Trouble::Refused),
        (429, Asked::Create, Trouble::AdminKey),
        (429, Asked::Existing, Trouble::NotOurs),
        (430, Asked::Create, Trouble::Numbers),
        (433, Asked::Create, Trouble::AdminKey),
        (433, Asked::Existing, Trouble::NotOurs),
        (499, Asked::Create, Trouble::Refused),
    ] {
        assert_eq!(said(code, asked), Some(trouble), "{code} {asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_room_shows_in_debug_output() {
    let Place { janus, .. } = &place().await;
    let room = janus.room_of(&key());
    let shown = format!("{janus:?} {room:?} {:?}", wish("Plan", Wanted::Usual));
    for secret in [room.name(), room.pin(), "Plan", "admin", API_SECRET, "0123456789abcdef"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}
