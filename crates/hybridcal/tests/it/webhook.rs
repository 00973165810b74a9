//! A provider that must be called, over a meeting's whole life: what the receiver hears, and that
//! there is one conference for one meeting whatever happens on the way.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode};
use conference::webhook::WebhookSettings;
use connector::config::{Config, ProviderSettings};
use exchange_sim::{Changes, MeetingRef, NewMeeting, Occasion};
use serde_json::{Value, json};
use world::stop::Stopper;

use crate::site::{ALICE, BOB, Settings, Site};

const HOST: &str = "calls.example.com";
const A_WHILE: Duration = Duration::from_mins(5);

/// What the other system knows.
#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    /// By key.
    conferences: BTreeMap<String, Value>,
    made: usize,
    heard: Vec<String>,
    mood: Mood,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Mood {
    #[default]
    Well,
    /// Nothing is done.
    Down,
    /// All is done, and the answer is lost.
    Deaf,
    /// A link to somebody else's host.
    Lying,
}

struct Story {
    site: Site,
    receiver: Receiver,
    _stopper: Stopper,
}

/// A path that the settings can name without being told: they are made by a plain function.
fn secret_file() -> PathBuf {
    std::env::temp_dir().join(format!("hybridcal-webhook-{}", std::process::id()))
}

fn change_config(config: &mut Config) {
    fs::write(secret_file(), "a secret that is long enough").expect("written");
    let settings = WebhookSettings {
        url: format!("https://{HOST}/hook"),
        secret_files: vec![secret_file()],
        hosts: vec!["rooms.example.com".into()],
        allow_private: false,
        rooms: Vec::new(),
    };
    config.conferences.insert("calls".into(), ProviderSettings::Webhook(settings));
    config.keywords.insert("@call".into(), "calls".into());
}

impl Story {
    async fn begins(mood: Mood) -> (Self, MeetingRef) {
        let site = Site::start_with(Settings { change_config, ..Settings::default() }).await;
        let receiver = Receiver::default();
        receiver.be(mood);
        let (stopper, stop) = Stopper::new();
        let router = Router::new().fallback(answer).with_state(receiver.clone());
        let listener = site.memory.host(HOST).network.listen(&format!("{HOST}:443")).await;
        tokio::spawn(world::http::serve(listener.expect("free"), router, stop));
        let meeting = NewMeeting {
            location: Some("@call".into()),
            required: vec![BOB.into()],
            ..NewMeeting::new("Plan", site.in_minutes(600), site.in_minutes(630))
        };
        let meeting = site.invite(ALICE, meeting);
        site.pass(A_WHILE).await;
        (Self { site, receiver, _stopper: stopper }, meeting)
    }

    async fn change(&self, meeting: &MeetingRef, changes: &Changes) {
        self.site.exchange.change_meeting(meeting, Occasion::Whole, changes).expect("changed");
        self.site.pass(A_WHILE).await;
    }

    async fn link(&self, whose: &str) -> Option<String> {
        let meeting = self.site.listed(whose, "Plan").await?;
        meeting.join_url.and_then(|link| link.text().map(str::to_owned))
    }
}

impl Receiver {
    fn be(&self, mood: Mood) {
        self.0.lock().expect("whole").mood = mood;
    }

    fn heard(&self) -> Vec<String> {
        self.0.lock().expect("whole").heard.clone()
    }

    fn conferences(&self) -> Vec<Value> {
        self.0.lock().expect("whole").conferences.values().cloned().collect()
    }

    fn made(&self) -> usize {
        self.0.lock().expect("whole").made
    }
}

async fn answer(State(there): State<Receiver>, body: String) -> (StatusCode, String) {
    let event: Value = serde_json::from_str(&body).expect("JSON");
    let (mood, answer) = {
        let mut inside = there.0.lock().expect("whole");
        (inside.mood, inside.answer(&event))
    };
    match mood {
        Mood::Down => (StatusCode::BAD_GATEWAY, String::new()),
        Mood::Deaf => std::future::pending().await,
        Mood::Well | Mood::Lying => (StatusCode::OK, answer.to_string()),
    }
}

impl Inside {
    fn answer(&mut self, event: &Value) -> Value {
        let kind = event["type"].as_str().expect("a type");
        self.heard.push(kind.trim_start_matches("conference.").to_owned());
        if self.mood == Mood::Down {
            return Value::Null;
        }
        let key = event["data"]["key"].as_str().expect("a key").to_owned();
        if kind == "conference.delete" {
            self.conferences.remove(&key);
            return json!({});
        }
        self.made += usize::from(!self.conferences.contains_key(&key));
        self.conferences.insert(key.clone(), event["data"].clone());
        let host = if self.mood == Mood::Lying { "evil.example" } else { "rooms.example.com" };
        json!({ "join_url": format!("https://{host}/{key}"), "provider_ref": key })
    }
}

#[tokio::test(start_paused = true)]
async fn a_conference_follows_its_meeting_to_its_end() {
    let (story, meeting) = Story::begins(Mood::Well).await;
    let link = story.link(ALICE).await.expect("a link");
    assert!(link.starts_with("https://rooms.example.com/"), "{link}");
    assert_eq!(story.link(BOB).await.as_ref(), Some(&link));
    assert_eq!(story.receiver.heard(), ["create"]);

    let (start, end) = (story.site.in_minutes(700), story.site.in_minutes(760));
    let moved = Changes { start: Some(start), end: Some(end), ..Changes::default() };
    story.change(&meeting, &moved).await;
    assert_eq!(story.receiver.heard(), ["create", "update"]);
    assert_eq!(story.receiver.conferences()[0]["start"], start.to_string());
    assert_eq!(story.link(BOB).await, Some(link));

    story.site.exchange.cancel(&meeting, Occasion::Whole).expect("cancelled");
    story.site.pass(A_WHILE).await;
    assert_eq!(story.receiver.heard(), ["create", "update", "delete"]);
    assert!(story.receiver.conferences().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_keyword_that_goes_takes_its_conference_a_day_later() {
    let (story, meeting) = Story::begins(Mood::Well).await;
    let place = |text: &str| Changes { location: Some(text.into()), ..Changes::default() };
    let late = (story.site.in_minutes(60 * 72), story.site.in_minutes(60 * 73));
    let later = Changes { start: Some(late.0), end: Some(late.1), ..Changes::default() };
    story.change(&meeting, &later).await;
    story.change(&meeting, &place("Room 4")).await;
    assert_eq!((story.link(BOB).await, story.receiver.conferences().len()), (None, 1));
    story.site.pass(Duration::from_hours(25)).await;
    assert!(story.receiver.conferences().is_empty());
    story.change(&meeting, &place("@call")).await;
    assert_eq!((story.receiver.conferences().len(), story.receiver.made()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_down_is_asked_again_and_makes_one() {
    let (story, _) = Story::begins(Mood::Down).await;
    assert_eq!((story.link(ALICE).await, story.receiver.made()), (None, 0));
    story.receiver.be(Mood::Deaf);
    story.site.pass(A_WHILE).await;
    assert_eq!((story.link(ALICE).await, story.receiver.made()), (None, 1));
    story.receiver.be(Mood::Well);
    story.site.pass(A_WHILE).await;
    assert!(story.link(BOB).await.is_some());
    assert_eq!((story.receiver.made(), story.receiver.conferences().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_lies_changes_nothing_in_the_calendar() {
    let (story, _) = Story::begins(Mood::Lying).await;
    assert_eq!(story.link(ALICE).await, None);
    let place = story.site.entry(ALICE, "Plan").location;
    assert_eq!(place.as_deref(), Some("@call"));
    assert!(!story.site.entry(ALICE, "Plan").body.content.contains("evil"));
}
