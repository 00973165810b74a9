//! A simulated Webex and connectors that call it.

use std::{fs, path::PathBuf, time::Duration};

use conference::{
    Conference, ConferenceKey, Held, ProviderFailure, Recurrence, Reference, Room, Wish,
    webex::{Webex, WebexSettings},
};
use webex_sim::{Config, Found, Simulator, start};
use world::{World, chance::Chance, memory::Memory, stop::Stopper};

pub(crate) const NOW: &str = "2026-11-25T10:30:20Z";
pub(crate) const ALICE: &str = "alice@example.com";
pub(crate) const BOB: &str = "bob@example.com";

pub(crate) struct Office {
    pub(crate) memory: Memory,
    pub(crate) simulator: Simulator,
    pub(crate) folder: PathBuf,
    _stopper: Stopper,
}

impl Office {
    pub(crate) async fn new() -> Self {
        Self::from_seed(1).await
    }

    pub(crate) async fn from_seed(seed: u64) -> Self {
        let memory = World::in_memory(NOW.parse().unwrap(), seed);
        let (stopper, stop) = Stopper::new();
        let config = Config::sample("webex.localhost:80");
        let simulator = start(config, memory.host("webex"), stop).await.unwrap();
        let folder = std::env::temp_dir().join(format!("hc-webex-{}", Chance::System.uuid()));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("secret"), "sample-app-secret\n").unwrap();
        let office = Self { memory, simulator, folder, _stopper: stopper };
        office.bring("sample-refresh-token");
        office
    }

    /// A first pair of tokens, as an administrator brings it from the portal.
    pub(crate) fn bring(&self, refresh: &str) {
        let text = format!(r#"{{"access_token":"unused","refresh_token":"{refresh}"}}"#);
        fs::write(self.folder.join("first.json"), text).unwrap();
    }

    pub(crate) fn connector(&self) -> Webex {
        self.connector_with("a", "")
    }

    /// `name` is its host and its token file.
    pub(crate) fn connector_with(&self, name: &str, more: &str) -> Webex {
        let path = |file: &str| self.folder.join(file).display().to_string();
        let api = self.simulator.api();
        let mut text = format!(
            "client_secret_file = '{}'\nfirst_tokens_file = '{}'\ntoken_file = '{}'\ntoken_key_file = '{}'\napi = '{api}'\n",
            path("secret"),
            path("first.json"),
            path(&format!("tokens-{name}")),
            path("key"),
        );
        if !more.contains("client_id") {
            text.push_str("client_id = 'sample-app'\n");
        }
        text.push_str(more);
        let settings: WebexSettings = toml::from_str(&text).unwrap();
        Webex::new(&settings, &self.memory.host(name), &[7; 32]).unwrap()
    }

    /// An integration of Alice's.
    pub(crate) fn integration(&self, more: &str) -> Webex {
        fs::write(self.folder.join("secret"), "sample-integration-secret").unwrap();
        self.bring("sample-integration-refresh-token");
        let id = "client_id = 'sample-integration'\naccount = 'person'\n";
        self.connector_with("integration", &format!("{id}{more}"))
    }

    pub(crate) async fn pass(&self, seconds: u64) {
        self.memory.clock().sleep(Duration::from_secs(seconds)).await;
    }

    /// The one meeting there is.
    pub(crate) fn only(&self) -> Found {
        let mut meetings = self.simulator.meetings();
        assert_eq!(meetings.len(), 1, "{meetings:?}");
        meetings.remove(0)
    }
}

/// Tries again as a connector does, until it succeeds or need not be tried again.
pub(crate) async fn persist(
    office: &Office,
    connector: &Webex,
    wish: &Wish,
) -> Result<Conference, ProviderFailure> {
    for _ in 0..TRIES_MAX {
        match connector.ensure(wish, None).await {
            Err(ProviderFailure::Wait(time)) => office.memory.clock().sleep(time).await,
            Err(ProviderFailure::Trouble(_)) => office.pass(20).await,
            outcome => return outcome,
        }
    }
    panic!("{TRIES_MAX} tries do not do");
}

/// The same for the end of a meeting.
pub(crate) async fn persist_end(
    office: &Office,
    connector: &Webex,
    held: &Held,
) -> Result<(), ProviderFailure> {
    for _ in 0..TRIES_MAX {
        match connector.cancel(held).await {
            Err(ProviderFailure::Wait(time)) => office.memory.clock().sleep(time).await,
            Err(ProviderFailure::Trouble(_)) => office.pass(20).await,
            outcome => return outcome,
        }
    }
    panic!("{TRIES_MAX} tries do not do");
}

const TRIES_MAX: usize = 60;

impl Drop for Office {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).unwrap();
    }
}

pub(crate) fn key(uid: &str) -> ConferenceKey {
    ConferenceKey::derive(b"secret", ALICE, uid.as_bytes(), None)
}

pub(crate) fn wish(uid: &str) -> Wish {
    Wish {
        key: key(uid),
        organizer: ALICE.to_owned(),
        title: "Plan".to_owned(),
        start: "2026-12-01T09:00:00Z".parse().unwrap(),
        end: "2026-12-01T10:00:00Z".parse().unwrap(),
        zone: Some("Europe/Berlin".to_owned()),
        recurrence: None,
        room: Room::OneTime,
    }
}

pub(crate) fn series(uid: &str, rule: &str) -> Wish {
    let recurrence = Some(Recurrence { rule: rule.to_owned(), ends: None });
    Wish { recurrence, ..wish(uid) }
}

pub(crate) fn held(wish: &Wish, reference: Option<&Reference>) -> Held {
    Held {
        key: wish.key.clone(),
        organizer: wish.organizer.clone(),
        reference: reference.cloned(),
        from: wish.start,
        to: wish.end,
    }
}
