//! Drives the provider `webex` from a script: the life of a few meetings at the address it is given,
//! one line of JSON per step. For tests that put a foreign validator between provider and service.

#![expect(clippy::print_stdout, reason = "what it found is what it is for")]

use std::{error::Error, path::PathBuf, time::Duration};

use clap::Parser;
use conference::{
    Conference, ConferenceKey, Held, ProviderFailure, Recurrence, Reference, Room, Wish,
    webex::{Webex, WebexSettings},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use world::{World, tls::Trust};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug, Parser)]
struct Args {
    /// What stands before `/meetings`; http on this computer only.
    #[arg(long)]
    api: String,
    /// Holds `secret` and `first.json`; the token file is written there.
    #[arg(long)]
    folder: PathBuf,
    #[arg(long)]
    client_id: String,
    #[arg(long)]
    host: String,
    /// Leave out what the text of the specification has and its schema has not.
    #[arg(long)]
    by_schema: bool,
    /// How often each step is tried.
    #[arg(long, default_value_t = 40)]
    tries: usize,
    /// `json` or `json-patch`
    #[arg(long, default_value = "json")]
    patch_media_type: String,
}

struct Story {
    webex: Webex,
    world: World,
    host: String,
    by_schema: bool,
    tries: usize,
    failed: usize,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let path = |name: &str| args.folder.join(name);
    let settings: WebexSettings = serde_json::from_value(json!({
        "client_id": args.client_id,
        "client_secret_file": path("secret"),
        "first_tokens_file": path("first.json"),
        "token_file": path("tokens"),
        "token_key_file": path("unused"),
        "patch_media_type": args.patch_media_type,
        "api": args.api,
    }))?;
    let world = World::system(&Trust::default())?;
    let webex = Webex::new(&settings, &world, &[7; 32])?;
    let mut story = Story {
        webex,
        world,
        host: args.host,
        by_schema: args.by_schema,
        tries: args.tries,
        failed: 0,
    };
    story.tell().await;
    if story.failed > 0 { Err("a step failed".into()) } else { Ok(()) }
}

impl Story {
    async fn tell(&mut self) {
        let checked = self.webex.check().await;
        self.say("check", &checked);

        let single = self.wish("single", None);
        let made = self.persist("make", &single).await;
        let again = self.persist("make again", &single).await;
        self.expect("it is the same", made.is_some() && made == again);
        if let Some(reference) = made.as_ref().and_then(|made| made.reference.clone()) {
            let renamed = Wish { title: "Renamed".to_owned(), ..single.clone() };
            self.change("rename", &renamed, &reference).await;
            let moved = Wish { start: later(renamed.start), end: later(renamed.end), ..renamed };
            self.change("move", &moved, &reference).await;
            self.end("end", &moved, Some(reference)).await;
            self.end("end again", &moved, None).await;
        }

        let weekly = self.wish("series", Some("FREQ=WEEKLY;COUNT=8"));
        if let Some(made) = self.persist("make a series", &weekly).await
            && let Some(reference) = made.reference
        {
            let longer = self.wish("series", Some("FREQ=WEEKLY;COUNT=9"));
            self.change("make it longer", &longer, &reference).await;
            if !self.by_schema {
                let single = self.wish("series", None);
                self.change("make it a single one", &single, &reference).await;
            }
            self.end("end it", &longer, Some(reference)).await;
        }

        let personal = Wish { room: Room::Personal, ..self.wish("personal", None) };
        self.persist("personal room", &personal).await;
    }

    fn wish(&self, uid: &str, rule: Option<&str>) -> Wish {
        let now = self.world.clock.now();
        let start = now.saturating_add(SignedDuration::from_hours(48)).unwrap_or(now);
        Wish {
            key: ConferenceKey::derive(b"for trying out", &self.host, uid.as_bytes(), None),
            organizer: self.host.clone(),
            title: "Trying out".to_owned(),
            start,
            end: later(start),
            zone: Some("Europe/Berlin".to_owned()),
            recurrence: rule.map(|rule| Recurrence { rule: rule.to_owned(), ends: None }),
            room: Room::OneTime,
        }
    }

    async fn persist(&mut self, step: &str, wish: &Wish) -> Option<Conference> {
        for _ in 0..self.tries {
            let outcome = self.webex.ensure(wish, None).await;
            if !self.is_to_wait(&outcome).await {
                self.say(step, &outcome);
                return outcome.ok();
            }
        }
        self.expect(step, false);
        None
    }

    async fn change(&mut self, step: &str, wish: &Wish, reference: &Reference) {
        for _ in 0..self.tries {
            let outcome = self.webex.update(wish, reference).await;
            if !self.is_to_wait(&outcome).await {
                self.say(step, &outcome);
                return;
            }
        }
        self.expect(step, false);
    }

    async fn end(&mut self, step: &str, wish: &Wish, reference: Option<Reference>) {
        let held = Held {
            key: wish.key.clone(),
            organizer: wish.organizer.clone(),
            reference,
            from: wish.start,
            to: wish.end,
        };
        for _ in 0..self.tries {
            let outcome = self.webex.cancel(&held).await;
            if !self.is_to_wait(&outcome).await {
                self.say(step, &outcome);
                return;
            }
        }
        self.expect(step, false);
    }

    async fn is_to_wait<T>(&self, outcome: &Result<T, ProviderFailure>) -> bool {
        let time = match outcome {
            Err(ProviderFailure::Wait(time)) => *time,
            Err(ProviderFailure::Trouble(_)) => Duration::from_secs(1),
            Err(ProviderFailure::Meeting(_) | ProviderFailure::Refused(_)) | Ok(_) => return false,
        };
        self.world.clock.sleep(time).await;
        true
    }

    fn say<T>(&mut self, step: &str, outcome: &Result<T, ProviderFailure>) {
        let failure = outcome.as_ref().err().map(ToString::to_string);
        self.failed += usize::from(failure.is_some());
        println!("{}", json!({"step": step, "failure": failure}));
    }

    fn expect(&mut self, step: &str, is_so: bool) {
        let failure = (!is_so).then_some("it is not so");
        self.failed += usize::from(failure.is_some());
        println!("{}", json!({"step": step, "failure": failure}));
    }
}

fn later(time: Timestamp) -> Timestamp {
    time.saturating_add(HOUR).unwrap_or(time)
}
