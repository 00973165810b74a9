//! Who exists in the simulated organization: people, rooms and service accounts.

use std::path::PathBuf;

use serde::Deserialize;
use world::{chance::Chance, tls::Identity};

use crate::auth::SignIn;
use crate::policies::{FreeBusyAccess, MailTipsPolicy, RoomList};

/// The simulator's configuration: where it listens, and who exists.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `host:port`; port 0 lets the system choose.
    pub listen: String,
    pub organization: String,
    #[serde(default)]
    pub people: Vec<Person>,
    #[serde(default)]
    pub rooms: Vec<Person>,
    #[serde(default)]
    pub service_accounts: Vec<ServiceAccount>,
    #[serde(default)]
    pub room_lists: Vec<RoomList>,
    #[serde(default)]
    pub mail_tips: MailTipsPolicy,
    /// An idle stream shows a sign of life this often.
    #[serde(default = "heartbeat_seconds_default")]
    pub heartbeat_seconds: u64,
    /// Folder with Microsoft's `types.xsd` and `messages.xsd`: requests that break them are refused.
    #[serde(default)]
    pub schema: Option<PathBuf>,
    /// Servers behind the one address, each the home of some mailboxes.
    #[serde(default = "back_ends_default")]
    pub back_ends: usize,
    #[serde(default)]
    pub sign_in: SignIn,
    /// Certificate and key to listen with; plain HTTP without them.
    #[serde(default)]
    pub tls: Option<Identity>,
}

/// Somebody, or a room, with a mailbox.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub address: String,
    pub name: String,
    /// Other names to sign in with, beside the address and what stands before its `@`.
    #[serde(default)]
    pub user_names: Vec<String>,
    pub password: String,
    /// An IANA or Windows id.
    #[serde(default = "time_zone_default")]
    pub time_zone: String,
    #[serde(default = "culture_default")]
    pub culture: String,
    /// What everybody else sees of the calendar.
    #[serde(default)]
    pub free_busy: FreeBusyAccess,
}

/// An account with the role ApplicationImpersonation and no mailbox of its own.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccount {
    pub user_name: String,
    pub password: String,
    /// Mailboxes outside its management scope.
    #[serde(default)]
    pub may_not_impersonate: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Person,
    Room,
}

fn heartbeat_seconds_default() -> u64 {
    HEARTBEAT_SECONDS
}

fn back_ends_default() -> usize {
    1
}

fn time_zone_default() -> String {
    "Europe/Berlin".to_owned()
}

fn culture_default() -> String {
    "en-US".to_owned()
}

/// What Exchange does.
const HEARTBEAT_SECONDS: u64 = 45;

impl Config {
    /// Alice, Bob, Carol, a blue room and the service account `svc-cal`, with drawn passwords.
    pub fn sample(listen: &str, chance: &Chance) -> Self {
        Self::sample_with(listen, || chance.uuid().simple().to_string())
    }

    /// The same, with passwords from the caller.
    pub fn sample_with(listen: &str, mut password: impl FnMut() -> String) -> Self {
        let mut person = |address: &str, name: &str| Person::new(address, name, &password());
        let people = vec![
            person("alice@example.com", "Alice Adams"),
            person("bob@example.com", "Bob Brown"),
            person("carol@example.com", "Carol Clark"),
        ];
        let rooms = vec![person("room-blue@example.com", "Blue Room")];
        let service = ServiceAccount {
            user_name: "svc-cal".to_owned(),
            password: password(),
            may_not_impersonate: Vec::new(),
        };
        let room_list = RoomList {
            address: "rooms@example.com".to_owned(),
            name: "All rooms".to_owned(),
            rooms: rooms.iter().map(|room: &Person| room.address.clone()).collect(),
        };
        Self {
            listen: listen.to_owned(),
            organization: "Example".to_owned(),
            people,
            rooms,
            service_accounts: vec![service],
            room_lists: vec![room_list],
            mail_tips: MailTipsPolicy::default(),
            heartbeat_seconds: HEARTBEAT_SECONDS,
            schema: None,
            back_ends: back_ends_default(),
            sign_in: SignIn::default(),
            tls: None,
        }
    }

    /// The password of a person, room or service account, by address or user name.
    pub fn password(&self, account: &str) -> Option<&str> {
        let person = self.everybody().find(|(person, _)| person.is_called(account));
        let service = || self.service_accounts.iter().find(|service| service.is_called(account));
        person.map(|(person, _)| person.password.as_str()).or_else(|| Some(&service()?.password))
    }

    pub(crate) fn everybody(&self) -> impl Iterator<Item = (&Person, Kind)> {
        let people = self.people.iter().map(|person| (person, Kind::Person));
        people.chain(self.rooms.iter().map(|room| (room, Kind::Room)))
    }
}

impl Person {
    pub fn new(address: &str, name: &str, password: &str) -> Self {
        Self {
            address: address.to_owned(),
            name: name.to_owned(),
            user_names: Vec::new(),
            password: password.to_owned(),
            time_zone: time_zone_default(),
            culture: culture_default(),
            free_busy: FreeBusyAccess::default(),
        }
    }

    pub(crate) fn is_called(&self, user: &str) -> bool {
        let local = self.address.split('@').next().unwrap_or_default();
        user.eq_ignore_ascii_case(&self.address)
            || user.eq_ignore_ascii_case(local)
            || self.user_names.iter().any(|name| name.eq_ignore_ascii_case(user))
    }
}

impl ServiceAccount {
    /// By its name, also when that is written as an address.
    pub(crate) fn is_called(&self, user: &str) -> bool {
        let local = user.split('@').next().unwrap_or_default();
        user.eq_ignore_ascii_case(&self.user_name) || local.eq_ignore_ascii_case(&self.user_name)
    }
}

/// Without names and passwords.
impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("address", &self.address).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceAccount").field("user_name", &self.user_name).finish_non_exhaustive()
    }
}
