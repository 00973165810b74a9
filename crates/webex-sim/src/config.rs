//! Who and what there is in the simulated organization.

use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Config {
    /// `host:port`; port 0 lets the system choose.
    pub listen: String,
    pub people: Vec<Person>,
    pub apps: Vec<App>,
    pub spaces: Vec<Space>,
    pub access_token_life: Duration,
    pub refresh_token_life: Duration,
    /// Whether using a refresh token makes a new one and ends the old one.
    pub is_rotating: bool,
    /// What a change may call itself.
    pub patch_media_types: Vec<String>,
    /// For how long lists do not show what was made.
    pub list_lag: Duration,
    /// How wrong the clock of its answers is.
    pub clock_ahead: Duration,
    /// Creates within 24 hours: by an app for everybody, for one host, and by a person.
    pub creates_max: (usize, usize, usize),
    /// `telephony.links` of personal rooms as in the example of the specification; else as in its
    /// schema.
    pub has_links_as_in_example: bool,
}

#[derive(Clone, Debug)]
pub struct Person {
    pub address: String,
    pub name: String,
    pub site: String,
    /// What stands in the link to the personal room.
    pub room: Option<String>,
    pub is_licensed: bool,
}

/// A service app or an integration.
#[derive(Clone, Debug)]
pub struct App {
    pub client_id: String,
    pub client_secret: String,
    pub caller: Caller,
    /// The refresh token it begins with.
    pub refresh_token: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// May act for everybody.
    Organization,
    /// May act for one person.
    Person(String),
}

#[derive(Clone, Debug)]
pub struct Space {
    pub id: String,
    /// Addresses; a service app is in no space.
    pub members: Vec<String>,
}

const HOUR: Duration = Duration::from_secs(60 * 60);

impl Config {
    /// Alice, Bob and an unlicensed Carol, with a service app and an integration of Alice's.
    pub fn sample(listen: &str) -> Self {
        let person = |name: &str, room: Option<&str>, is_licensed| Person {
            address: format!("{}@example.com", name.to_lowercase()),
            name: name.to_owned(),
            site: "example.webex.com".to_owned(),
            room: room.map(str::to_owned),
            is_licensed,
        };
        let app = |client_id: &str, caller, refresh_token: &str| App {
            client_id: client_id.to_owned(),
            client_secret: format!("{client_id}-secret"),
            caller,
            refresh_token: refresh_token.to_owned(),
        };
        Self {
            listen: listen.to_owned(),
            people: vec![
                person("Alice", Some("alice"), true),
                person("Bob", None, true),
                person("Carol", Some("carol"), false),
            ],
            apps: vec![
                app("sample-app", Caller::Organization, "sample-refresh-token"),
                app(
                    "sample-integration",
                    Caller::Person("alice@example.com".to_owned()),
                    "sample-integration-refresh-token",
                ),
            ],
            spaces: vec![Space {
                id: "sample-space".to_owned(),
                members: vec!["alice@example.com".to_owned()],
            }],
            access_token_life: HOUR,
            refresh_token_life: 24 * 90 * HOUR,
            is_rotating: true,
            patch_media_types: vec![
                "application/json".to_owned(),
                "application/json-patch+json".to_owned(),
            ],
            list_lag: Duration::ZERO,
            clock_ahead: Duration::ZERO,
            creates_max: (3000, 800, 100),
            has_links_as_in_example: true,
        }
    }

    pub(crate) fn person(&self, address: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.address.eq_ignore_ascii_case(address))
    }
}
