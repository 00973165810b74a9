//! What goes well.

use std::fs;

use connector::config::Secret;
use hybridcal::commands::{
    calendar::{CalendarClient, NewMeeting, Zone},
    exchange_sim::SAMPLE_PASSWORD,
};
use jiff::SignedDuration;
use url::Url;
use world::{World, tls::Trust};

use crate::{
    program::{Program, check, connector, trusting, until},
    realm::Realm,
};

const ALICE: &str = "alice@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_exchange_lets_the_bound_ticket_in_and_notifications_arrive() {
    let realm = Realm::start().await;
    let (_exchange, url) = Program::exchange(&realm, "require");
    let config = connector(&realm, &url, ALICE, &trusting(&realm.folder.join("tls")));
    let found = check(&realm, &config, &[]).await;
    for step in ["exchange", "sign-in", "connection", "mailbox", "calendar", "stream"] {
        assert_eq!(found.at(step), "ok", "{step}: {}", found.what(step));
    }
    assert!(found.what("sign-in").starts_with("signed in"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_followed_beyond_the_end_of_a_ticket() {
    let realm = Realm::start().await;
    realm.limit_tickets(3);
    let (_exchange, url) = Program::exchange(&realm, "require");
    let _roles = Program::start(&realm, &["run", "--config", &whole(&realm, &url)], &[]);
    let alice = Alice::at(&realm, url);
    alice.is_followed().await;
    realm.until_a_ticket_has_ended().await;
    alice.is_followed().await;
    let log = fs::read_to_string(realm.folder.join("run.log")).expect("a log");
    assert!(!log.contains("Kerberos"), "{log}");
}

/// She signs in with her password, as people's clients may here.
struct Alice {
    world: World,
    client: CalendarClient,
}

impl Alice {
    fn at(realm: &Realm, exchange: Url) -> Self {
        let ca_file = Some(realm.folder.join("tls/ca.pem"));
        let world = World::system(&Trust { ca_file, ..Trust::default() }).expect("a world");
        let password = Secret::new(SAMPLE_PASSWORD.into());
        let client = CalendarClient::new(world.clone(), exchange, "alice", &password);
        Self { world, client: client.expect("a client") }
    }

    /// Makes a meeting with the keyword and waits until a link stands there.
    async fn is_followed(&self) {
        let start = self.world.clock.now() + SignedDuration::from_hours(2);
        let end = start + SignedDuration::from_hours(1);
        let meeting = NewMeeting {
            subject: "Plan".into(),
            start,
            duration: SignedDuration::from_mins(30),
            zone: Zone::named("Europe/Berlin", start).expect("a zone"),
            location: Some("@meet".into()),
            body: None,
            invited: Vec::new(),
            rooms: Vec::new(),
            repeats: None,
        };
        let id = self.client.create(&meeting).await.expect("created");
        until("the keyword has become a link", || async {
            let listed = self.client.list(start, end).await.expect("listed");
            let mut ours = listed.iter().filter(|entry| entry.id == id);
            ours.any(|entry| entry.location.contains("https://meet.example.com")).then_some(())
        })
        .await;
    }
}

/// A configuration file with all roles.
pub(crate) fn whole(realm: &Realm, exchange: &Url) -> String {
    let folder = realm.folder.display();
    let connector = connector(realm, exchange, ALICE, &trusting(&realm.folder.join("tls")));
    let public = fs::read_to_string(realm.folder.join("public")).expect("a public key");
    let [cloud, kms, issuer] = ["cloud", "kms", "issuer"].map(|_role| free_address());
    let connector = connector
        .replacen("http://127.0.0.1:1", &format!("http://{cloud}"), 1)
        .replacen("http://127.0.0.1:1", &format!("http://{kms}"), 1);
    let config = format!(
        "{connector}
[cloud]
listen = \"{cloud}\"
public_url = \"http://{cloud}\"
organization = \"example\"
database = \"sqlite::memory:\"
issuer = \"http://{issuer}\"
client_id = \"web\"
kms_url = \"http://{kms}\"
kms_host = \"127.0.0.1\"
web = false
[[cloud.connectors]]
id = \"connector-1\"
{public}
[kms]
listen = \"{kms}\"
host = \"127.0.0.1\"
database = \"memory\"
master_key = \"memory\"
organization = \"example\"
issuer = \"http://{issuer}\"
web_origins = []
[[kms.connectors]]
id = \"connector-1\"
{public}
[dev_issuer]
listen = \"{issuer}\"
people = []
"
    );
    let file = format!("{folder}/whole.toml");
    fs::write(&file, config).expect("written");
    file
}

fn free_address() -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").to_string()
}
