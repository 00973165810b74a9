//! A whole installation in one virtual world: Exchange (simulated), connector, cloud, key server,
//! development issuer, and people with their clients.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use connector::{
    Connector,
    alarms::Alarms,
    config::{Binding, Mechanism, Secret},
    exchange::Connection,
};
use exchange_sim::{CalendarEntry, MailKind, MeetingRef, NewMeeting, Simulator};
use hybridcal::{
    client::{Client, OpenedMeeting, Tokens, TrustClient, Watch},
    dev_issuer::{DevIssuer, DevPerson},
};
use jiff::{SignedDuration, Timestamp};
use kms::{
    config::{CloudKey, Place, PostgresAddress, StaticIdentity},
    connector_key::{ConnectorKey, KeyFiles},
};
use protocol::ids::{ConnectorId, OrganizationId, UserId};
use tokio::task::JoinHandle;
use url::Url;
use world::{World, database::scratch, memory::Memory, stop::Stopper};

pub(crate) const ALICE: &str = "alice@example.com";
pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const CAROL: &str = "carol@example.com";
pub(crate) const BLUE_ROOM: &str = "room-blue@example.com";
pub(crate) const SERVICE_PASSWORD: &str = "service-password";

const CONNECTORS: [&str; 2] = ["connector-1", "connector-2"];

/// What has to happen happens within this, or the test has found something.
const PATIENCE: Duration = Duration::from_mins(30);
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(crate) struct Site {
    pub(crate) memory: Memory,
    pub(crate) exchange: Simulator,
    pub(crate) settings: Settings,
    pub(crate) places: Places,
    issuer: DevIssuer,
    key: KeyFiles,
    /// The authority that vouches for the key server.
    pub(crate) key_root: Option<String>,
    /// One that only connects outward.
    key_server: Option<cloud::KnownConnector>,
    connector: Option<RunningConnector>,
    cloud: Option<(Stopper, cloud::Running)>,
    _stopper: Stopper,
}

/// Where the databases are: in files if the test wants a folder, else on PostgreSQL if there is a
/// server, else in memory.
#[derive(Clone)]
pub(crate) struct Places {
    pub(crate) cloud: String,
    kms: Place,
}

impl Places {
    fn in_folder(data: &Path) -> Self {
        let cloud = format!("sqlite:{}", data.join("cloud.db").display());
        Self { cloud, kms: Place::File(data.join("kms.db")) }
    }

    async fn new(settings: &Settings) -> Self {
        if let Some(data) = &settings.data {
            return Self::in_folder(data);
        }
        match scratch::server() {
            Some(server) => {
                let schema = async || scratch::schema(&server).await.expect("a place");
                Self {
                    cloud: schema().await,
                    kms: Place::Postgres(PostgresAddress(schema().await)),
                }
            }
            None => Self { cloud: "sqlite::memory:".into(), kms: Place::Memory },
        }
    }
}

struct RunningConnector {
    task: JoinHandle<()>,
    _stopper: Stopper,
    alarms: Alarms,
    connection: Connection,
}

/// One that stands by.
pub(crate) struct SecondConnector(RunningConnector);

impl SecondConnector {
    /// From now on it is the site's connector.
    pub(crate) fn take_over(self, site: &mut Site) {
        site.connector = Some(self.0);
    }
}

/// What a test may want otherwise.
pub(crate) struct Settings {
    pub(crate) start: Timestamp,
    pub(crate) seed: u64,
    pub(crate) mailboxes: Vec<String>,
    /// `connector-1` or `connector-2`; cloud and key server know both.
    pub(crate) connector: &'static str,
    pub(crate) service_password: String,
    pub(crate) may_not_impersonate: Vec<String>,
    pub(crate) exchange_url: Option<String>,
    pub(crate) autodiscover: Option<connector::config::Autodiscover>,
    /// Whether the simulator checks requests against Microsoft's schema, if it is at hand.
    pub(crate) is_schema_checked: bool,
    /// What the connector may remember in memory, if not as much as usual.
    pub(crate) remembered_bytes_max: Option<usize>,
    /// Servers behind Exchange's one address.
    pub(crate) back_ends: usize,
    /// What clients of Exchange see when they connect.
    pub(crate) certificate: Option<world::tls::Certificate>,
    /// Further settings of Exchange, and of the connector for it.
    pub(crate) change_exchange: fn(&mut exchange_sim::Config),
    pub(crate) change_connector: fn(&mut connector::config::Exchange),
    /// Further settings of the connector, beside Exchange.
    pub(crate) change_config: fn(&mut connector::config::Config),
    /// Where the connector records what it writes.
    pub(crate) writing_log: Option<PathBuf>,
    /// Folder of the databases; in memory if there is none.
    pub(crate) data: Option<PathBuf>,
    /// Where the connector records what Exchange says.
    pub(crate) trace_folder: Option<PathBuf>,
    /// Whether automatic replies are watched; a site without is quiet when nothing happens.
    pub(crate) presence: bool,
    /// Whether the key server cannot be connected to, and fetches its frames from the cloud.
    pub(crate) is_relayed: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            start: time("2026-11-24T08:00:00Z"),
            seed: 1,
            mailboxes: [ALICE, BOB, CAROL, BLUE_ROOM].map(str::to_owned).to_vec(),
            connector: "connector-1",
            service_password: SERVICE_PASSWORD.to_owned(),
            may_not_impersonate: Vec::new(),
            exchange_url: Some("https://exchange/EWS/Exchange.asmx".to_owned()),
            autodiscover: None,
            is_schema_checked: true,
            remembered_bytes_max: None,
            back_ends: 1,
            certificate: None,
            change_exchange: |_| {},
            change_connector: |_| {},
            change_config: |_| {},
            writing_log: None,
            data: None,
            trace_folder: None,
            presence: false,
            is_relayed: false,
        }
    }
}

impl Settings {
    fn exchange_settings(
        &self,
        mut exchange: connector::config::Exchange,
    ) -> connector::config::Exchange {
        (self.change_connector)(&mut exchange);
        exchange
    }
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::start_with(Settings::default()).await
    }

    pub(crate) async fn start_with(settings: Settings) -> Self {
        let mut site = Self::without_connector(settings).await;
        site.start_connector();
        site
    }

    pub(crate) async fn without_connector(settings: Settings) -> Self {
        let memory = World::in_memory(settings.start, settings.seed);
        let (stopper, stop) = Stopper::new();
        let mut sample = exchange_sim::Config::sample_with("exchange:443", || "x".to_owned());
        sample.schema = published_schema().filter(|_| settings.is_schema_checked);
        sample.back_ends = settings.back_ends;
        for account in &mut sample.service_accounts {
            account.password = SERVICE_PASSWORD.to_owned();
            account.may_not_impersonate = settings.may_not_impersonate.clone();
        }
        (settings.change_exchange)(&mut sample);
        if let Some(certificate) = &settings.certificate {
            memory.show_certificate("exchange:443", certificate.clone());
        }
        let exchange = exchange_sim::start(sample.clone(), memory.host("exchange"), stop.clone());
        let exchange = exchange.await.expect("Exchange starts");
        let people = sample.people.iter().chain(&sample.rooms).map(|person| DevPerson {
            address: person.address.clone(),
            name: person.name.clone(),
            password: "x".into(),
        });
        let issuer = DevIssuer::new(
            memory.host("issuer.localhost"),
            issuer_url(),
            people.collect(),
            "web".into(),
            vec!["https://cloud".into()],
        );
        let issuer = issuer.expect("an issuer");
        let network = memory.host("issuer.localhost").network;
        let listener = network.listen("issuer.localhost:80").await.expect("free");
        tokio::spawn(world::http::serve(listener, issuer.router(), stop.clone()));
        let key = ConnectorKey::generate(&memory.host("connector").chance).expect("a key");
        let places = Places::new(&settings).await;
        let mut kms = kms_config(&key, &places);
        let key_server = settings.is_relayed.then(|| relayed(&mut kms, &memory));
        let kms = kms::server::start(kms, memory.host("kms"), stop).await;
        let key_root = kms.expect("the KMS starts").root;
        let mut site = Self {
            memory,
            exchange,
            settings,
            places,
            issuer,
            key,
            key_root,
            key_server,
            connector: None,
            cloud: None,
            _stopper: stopper,
        };
        site.start_cloud().await;
        site
    }

    async fn start_cloud(&mut self) {
        let mut config = cloud_config(&self.key, &self.places, "cloud");
        config.key_server = self.key_server.clone();
        let (stopper, stop) = Stopper::new();
        let running = cloud::start(config, self.memory.host("cloud"), stop).await;
        self.cloud = Some((stopper, running.expect("the cloud starts")));
    }

    /// After a crash or without one; what lies in memory only is gone.
    pub(crate) async fn restart_cloud(&mut self) {
        if let Some((stopper, running)) = self.cloud.take() {
            stopper.stop();
            running.ended().await;
        }
        self.memory.revive("cloud");
        self.start_cloud().await;
    }

    /// A person's token for one of the two servers.
    pub(crate) fn token(&self, address: &str, audience: &str) -> String {
        self.issuer.token(address, audience)
    }

    /// A second node on the database of the first; it lives as long as what is returned.
    pub(crate) async fn second_cloud(&self, host: &str) -> Stopper {
        let (stopper, stop) = Stopper::new();
        let cloud = cloud_config(&self.key, &self.places, host);
        cloud::start(cloud, self.memory.host(host), stop).await.expect("a second cloud");
        stopper
    }

    /// Starts a connector, as after a reboot: it knows nothing but its settings.
    pub(crate) fn start_connector(&mut self) {
        self.memory.revive("connector");
        self.connector = Some(self.connector());
    }

    /// The same with a crash ordered before.
    pub(crate) fn start_connector_that_will_crash(&mut self) {
        self.connector = Some(self.connector());
    }

    /// Another one with the same settings, beside the first.
    pub(crate) fn second_connector(&self) -> SecondConnector {
        SecondConnector(self.connector())
    }

    fn connector(&self) -> RunningConnector {
        let config = connector_config(&self.settings);
        let private = self.key.private_pem.clone();
        let connector = Connector::with_key(config, self.memory.host("connector"), private);
        let mut connector = connector.expect("usable settings");
        if let Some(bytes) = self.settings.remembered_bytes_max {
            connector = connector.remember_at_most(bytes);
        }
        let (alarms, connection) = (connector.alarms(), connector.connection());
        let (stopper, stop) = Stopper::new();
        let task = tokio::spawn(async move {
            connector.run(stop).await.expect("it runs");
        });
        RunningConnector { task, _stopper: stopper, alarms, connection }
    }

    /// Whether one runs that no crash was ordered for.
    pub(crate) fn is_connector_alive(&self) -> bool {
        self.connector.is_some() && !self.memory.is_crashing("connector")
    }

    /// Ends it wherever it is, without any goodbye.
    pub(crate) async fn kill_connector(&mut self) {
        if let Some(connector) = self.connector.take() {
            connector.task.abort();
            let _killed = connector.task.await;
        }
    }

    /// What `hybridcal check` finds.
    pub(crate) async fn check(&self) -> Vec<connector::check::Finding> {
        let name = format!("hybridcal-check-{}.pem", world::chance::Chance::System.uuid());
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, &*self.key.private_pem).expect("written");
        let mut config = connector_config(&self.settings);
        config.key_file = Some(file.clone());
        let findings = connector::check::check(&config, &self.memory.host("connector")).await;
        std::fs::remove_file(file).expect("removed");
        findings
    }

    /// Ids of the alarms that are raised now.
    pub(crate) fn alarms(&self) -> Vec<&'static str> {
        let connector = self.connector.as_ref().expect("a connector");
        let mut ids: Vec<_> = connector.alarms.list().into_iter().map(|(_, id)| id).collect();
        ids.dedup();
        ids
    }

    pub(crate) fn connection(&self) -> Connection {
        self.connector.as_ref().expect("a connector").connection.clone()
    }

    /// Requests the connector has sent to Exchange.
    pub(crate) fn requests(&self) -> u64 {
        self.connector.as_ref().expect("a connector").connection.requests()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.memory.clock().now()
    }

    /// So many minutes from now, to the second as calendars have it.
    pub(crate) fn in_minutes(&self, minutes: i64) -> Timestamp {
        let now = Timestamp::from_second(self.now().as_second()).expect("a time");
        now + SignedDuration::from_mins(minutes)
    }

    pub(crate) async fn until(&self, time: Timestamp) {
        self.memory.clock().sleep_until(time).await;
    }

    pub(crate) async fn pass(&self, duration: Duration) {
        self.memory.clock().sleep(duration).await;
    }

    pub(crate) fn invite(&self, organizer: &str, meeting: NewMeeting) -> MeetingRef {
        self.exchange.create_meeting(organizer, meeting).expect("an invitation")
    }

    pub(crate) async fn client(&self, address: &str) -> Client {
        self.client_at("https://cloud", address).await
    }

    /// Somebody who talks to this node.
    pub(crate) async fn client_at(&self, cloud: &str, address: &str) -> Client {
        let tokens = Tokens {
            api: self.issuer.token(address, protocol::token::AUDIENCE_API),
            kms: self.issuer.token(address, protocol::token::AUDIENCE_KMS),
        };
        let cloud = Url::parse(cloud).expect("a URL");
        let client = Client::connect(self.memory.host("laptop"), &cloud, tokens).await;
        client.expect("signed in")
    }

    /// The trust list as an administrator sees it.
    pub(crate) fn trust(&self, address: &str) -> TrustClient {
        let token = self.issuer.token(address, protocol::token::AUDIENCE_API);
        let cloud = Url::parse("https://cloud").expect("a URL");
        TrustClient::new(self.memory.host("laptop"), &cloud, token).expect("a safe address")
    }

    pub(crate) async fn watch(&self, address: &str) -> Watch {
        self.client(address).await.watch()
    }

    /// An administrator beside the running key server; needs databases in files.
    pub(crate) async fn custody(&self) -> kms::custody::Custody {
        let config = kms_config(&self.key, &self.places);
        let custody = kms::custody::Custody::open(&config, self.memory.host("kms")).await;
        custody.expect("beside the server")
    }

    /// Somebody's list as it lies in the cloud.
    pub(crate) async fn sealed(&self, address: &str) -> Vec<protocol::meeting::SealedMeeting> {
        let url = format!("https://cloud{}", protocol::routes::MEETINGS);
        let token = self.issuer.token(address, protocol::token::AUDIENCE_API);
        let request = world::http::Request::get(&Url::parse(&url).expect("a URL")).bearer(&token);
        let answer = self.memory.host("laptop").http.send(request).await.expect("an answer");
        let list: protocol::feed::MeetingList =
            serde_json::from_slice(&answer.body).expect("a list");
        list.items
    }

    /// A client of the key server in somebody's own name.
    pub(crate) fn keys_of(&self, address: &str) -> kms::client::KeyClient {
        let token = self.issuer.token(address, protocol::token::AUDIENCE_KMS);
        let credential = kms::client::Credential::Person { token };
        self.keys("web", credential)
    }

    /// A client of the key server in the connector's name.
    pub(crate) fn keys_of_connector(&self) -> kms::client::KeyClient {
        let id = ConnectorId(self.settings.connector.into());
        let key = ConnectorKey::new(id, &self.key.private_pem).expect("a key");
        self.keys(self.settings.connector, kms::client::Credential::Connector(key))
    }

    fn keys(&self, id: &str, credential: kms::client::Credential) -> kms::client::KeyClient {
        let url = Url::parse("https://kms").expect("a URL");
        let world = self.memory.host("laptop");
        kms::client::KeyClient::new(world, &url, "kms", id, credential).expect("a URL")
    }

    /// Another cloud, from a copy of the first one's database, at `https://restored`.
    pub(crate) async fn restored_cloud(&self, data: &Path) -> (Stopper, cloud::Running) {
        let config = cloud_config(&self.key, &Places::in_folder(data), "restored");
        let (stopper, stop) = Stopper::new();
        let running = cloud::start(config, self.memory.host("restored"), stop).await;
        (stopper, running.expect("the copy starts"))
    }

    /// Somebody's list, of a cloud elsewhere.
    pub(crate) async fn list_at(&self, cloud: &str, address: &str) -> Vec<OpenedMeeting> {
        let tokens = Tokens {
            api: self.issuer.token(address, protocol::token::AUDIENCE_API),
            kms: self.issuer.token(address, protocol::token::AUDIENCE_KMS),
        };
        let cloud = Url::parse(cloud).expect("a URL");
        let client = Client::connect(self.memory.host("laptop"), &cloud, tokens).await;
        client.expect("signed in").list().await.expect("a list").0
    }

    /// What a colleague sees of somebody's presence.
    pub(crate) async fn status(&self, asking: &str, about: &str) -> protocol::presence::Status {
        let user = UserId::of(&OrganizationId("example".into()), about);
        let path = format!("https://cloud{}?userId={user}", protocol::routes::COMPOSITIONS);
        let token = self.issuer.token(asking, protocol::token::AUDIENCE_API);
        let url = Url::parse(&path).expect("a URL");
        let request = world::http::Request::get(&url).bearer(&token);
        let answer = self.memory.host("laptop").http.send(request).await.expect("an answer");
        serde_json::from_slice(&answer.body).expect("a status")
    }

    /// Somebody's list as the terminal client opens it.
    pub(crate) async fn list(&self, address: &str) -> Vec<OpenedMeeting> {
        self.client(address).await.list().await.expect("a list").0
    }

    /// The one meeting of that subject, if it is listed.
    pub(crate) async fn listed(&self, address: &str, subject: &str) -> Option<OpenedMeeting> {
        let list = self.list(address).await;
        let mut found = list.into_iter().filter(|meeting| meeting.subject.text() == Some(subject));
        let first = found.next();
        assert!(found.next().is_none(), "{subject} is listed twice");
        first
    }

    /// Waits until somebody's list is as it should be.
    pub(crate) async fn until_list(
        &self,
        address: &str,
        what: &str,
        is_so: impl Fn(&[OpenedMeeting]) -> bool,
    ) -> Vec<OpenedMeeting> {
        let client = self.client(address).await;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let list = client.list().await.expect("a list").0;
            if is_so(&list) {
                return list;
            }
            assert!(tokio::time::Instant::now() < deadline, "never happened: {what}");
            self.pass(LOOK_EVERY).await;
        }
    }

    /// Waits until a state of Exchange, of the connector or of anything else is reached.
    pub(crate) async fn until_true(&self, what: &str, is_so: impl Fn() -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !is_so() {
            assert!(tokio::time::Instant::now() < deadline, "never happened: {what}");
            self.pass(LOOK_EVERY).await;
        }
    }

    /// Waits until a meeting is listed with something to join, and gives its link.
    pub(crate) async fn until_joinable(&self, address: &str, subject: &str) -> String {
        let is_joinable = |meeting: &OpenedMeeting| {
            meeting.subject.text() == Some(subject) && meeting.join_url.is_some()
        };
        let list =
            self.until_list(address, "a join link", |list| list.iter().any(is_joinable)).await;
        let meeting = list.into_iter().find(is_joinable).expect("just seen");
        let link = meeting.join_url.and_then(|link| link.text().map(str::to_owned));
        link.expect("a link that opens")
    }

    /// An entry of somebody's calendar as Exchange has it.
    pub(crate) fn entry(&self, address: &str, subject: &str) -> CalendarEntry {
        let calendar = self.exchange.calendar(address);
        let mut found = calendar.into_iter().filter(|entry| entry.subject == subject);
        found.next().expect("in the calendar")
    }

    /// How many mails of a kind somebody got about a meeting.
    pub(crate) fn mails(&self, address: &str, kind: MailKind) -> usize {
        self.exchange.mails(address).into_iter().filter(|mail| mail.kind == kind).count()
    }
}

/// Whatever a test was about, what the simulator said meanwhile kept to the published schema.
impl Drop for Site {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.exchange.own_offences(), [""; 0]);
        }
    }
}

/// Microsoft's schema, if it lies beside this repository: then every request of ours is checked.
fn published_schema() -> Option<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/ews/xsd/V2016_10");
    let found = Some(PathBuf::from(folder)).filter(|folder| folder.is_dir());
    if found.is_none() {
        println!("NOT CHECKED against the published schema: it is not at {folder}");
    }
    found
}

fn issuer_url() -> Url {
    Url::parse("http://issuer.localhost").expect("a URL")
}

/// A key server that only connects outward.
fn relayed(kms: &mut kms::config::Config, memory: &Memory) -> cloud::KnownConnector {
    let key = ConnectorKey::generate(&memory.host("kms").chance).expect("a key");
    let id = ConnectorId("kms-1".into());
    kms.listen = None;
    kms.channel = Some(StaticIdentity::Memory);
    kms.cloud = Some(kms::config::Cloud {
        url: Url::parse("https://cloud").expect("a URL"),
        id: id.clone(),
        key: CloudKey::Text(key.private_pem.into()),
    });
    cloud::KnownConnector { id, public_key: key.public_pem }
}

fn kms_config(key: &KeyFiles, places: &Places) -> kms::config::Config {
    kms::config::Config {
        listen: Some("kms:443".into()),
        tls: None,
        host: "kms".into(),
        database: places.kms.clone(),
        master_key: kms::config::KeyPlace::Memory,
        next_master_key: None,
        organization: OrganizationId("example".into()),
        issuer: issuer_url(),
        web_origins: Vec::new(),
        content_key_days: kms::config::content_key_days(),
        people_in_ten_minutes: kms::config::people_in_ten_minutes(),
        audit: kms::config::Audit::default(),
        connectors: CONNECTORS
            .map(|id| kms::config::Connector {
                id: ConnectorId(id.into()),
                public_key: key.public_pem.clone(),
                people_in_ten_minutes: None,
            })
            .to_vec(),
        channel: None,
        cloud: None,
        connectors_read_unbound_keys: false,
    }
}

fn cloud_config(key: &KeyFiles, places: &Places, host: &str) -> cloud::Config {
    cloud::Config {
        listen: format!("{host}:443"),
        tls: None,
        public_url: Url::parse(&format!("https://{host}")).expect("a URL"),
        organization: OrganizationId("example".into()),
        database: places.cloud.clone(),
        issuer: issuer_url(),
        client_id: "web".into(),
        kms_url: Url::parse("https://kms").expect("a URL"),
        kms_host: "kms".into(),
        connectors: CONNECTORS
            .map(|id| cloud::KnownConnector {
                id: ConnectorId(id.into()),
                public_key: key.public_pem.clone(),
            })
            .to_vec(),
        key_server: None,
        administrators: vec![ALICE.to_owned()],
        notice: None,
        web: false,
    }
}

pub(crate) fn connector_config(settings: &Settings) -> connector::config::Config {
    let jitsi = connector::config::ProviderSettings::Jitsi(conference::jitsi::JitsiSettings {
        server: "https://meet.example.com".into(),
        token: None,
    });
    let mut config = connector::config::Config {
        id: ConnectorId(settings.connector.into()),
        organization: OrganizationId("example".into()),
        key_file: None,
        cloud_url: Url::parse("https://cloud").expect("a URL"),
        kms_url: Url::parse("https://kms").expect("a URL"),
        kms_host: None,
        exchange: settings.exchange_settings(connector::config::Exchange {
            url: settings.exchange_url.as_deref().map(|url| Url::parse(url).expect("a URL")),
            user: "svc-cal".into(),
            password: Some(Secret::new(settings.service_password.clone())),
            password_file: None,
            ca_file: None,
            pins: Vec::new(),
            proxy: None,
            sign_in: vec![Mechanism::Basic],
            channel_binding: Binding::Auto,
            second: None,
            allow_plain_http_on_loopback: false,
            autodiscover: settings.autodiscover.clone(),
            trace_folder: settings.trace_folder.clone(),
        }),
        mailboxes: settings.mailboxes.clone(),
        domains: Vec::new(),
        presence: settings.presence,
        keywords: BTreeMap::from([("@meet".to_owned(), "jitsi".to_owned())]),
        conferences: BTreeMap::from([("jitsi".to_owned(), jitsi)]),
        links: connector::config::Site::default(),
        invitation: connector::config::Invitation::default(),
        writing: connector::config::Writing {
            log_folder: settings.writing_log.clone(),
            ..connector::config::Writing::default()
        },
    };
    (settings.change_config)(&mut config);
    config
}
