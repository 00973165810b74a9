//! Figures over real sockets on this computer: memory per followed mailbox, requests to Exchange,
//! and the time from a change in Exchange to the event at a client. `make bench` runs it.
//!
//! Exchange is the simulator, in this process with cloud and key server; the connector runs in a
//! process of its own, so that its memory can be told apart.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench prints, and stops when something is wrong"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use exchange_sim::{NewMeeting, Occasion, Person, Simulator};
use hybridcal::{
    client::{Client, Notice, Tokens},
    dev_issuer::{DevIssuer, DevPerson},
};
use jiff::SignedDuration;
use kms::{config::Place, connector_key::ConnectorKey};
use protocol::ids::{ConnectorId, OrganizationId};
use tokio::time::Instant;
use url::Url;
use world::{World, stop::Stopper, tls::Trust};

const MAILBOXES_FEW: usize = 100;
const MAILBOXES_MANY: usize = 1100;
const CHANGES: usize = 300;

#[tokio::main]
async fn main() {
    let folder = std::env::temp_dir().join(format!("hybridcal-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let few = follow(&folder.join("few"), MAILBOXES_FEW).await;
    let many = follow(&folder.join("many"), MAILBOXES_MANY).await;
    fs::remove_dir_all(&folder).expect("removed");
    let more = MAILBOXES_MANY - MAILBOXES_FEW;
    let bytes = many.connector_bytes.saturating_sub(few.connector_bytes) / more;
    println!();
    println!(
        "connector's memory, {MAILBOXES_FEW} mailboxes      {:>8} KiB",
        few.connector_bytes / 1024
    );
    println!(
        "connector's memory, {MAILBOXES_MANY} mailboxes     {:>8} KiB",
        many.connector_bytes / 1024
    );
    println!("memory per followed mailbox           {bytes:>8} bytes");
    println!("time until {MAILBOXES_MANY} mailboxes are followed   {:>8} ms", many.follow_ms);
    println!("requests to Exchange per mailbox for it   {:>8.2}", many.requests_per_mailbox);
    println!("requests to Exchange per change       {:>8.2}", many.requests_per_change);
    println!("from the change in Exchange to the opened event at the client, {CHANGES} changes:");
    println!(
        "  p50 {:>8} µs   p99 {:>8} µs   (with {MAILBOXES_MANY} mailboxes followed)",
        many.p50, many.p99
    );
    println!();
    println!(
        "What limits: one machine runs everything; each change costs one fsync of the cloud's database."
    );
}

struct Figures {
    connector_bytes: usize,
    follow_ms: u128,
    requests_per_mailbox: f64,
    requests_per_change: f64,
    p50: u128,
    p99: u128,
}

async fn follow(folder: &Path, mailboxes: usize) -> Figures {
    fs::create_dir_all(folder).expect("a folder");
    let world = World::system(&Trust::default()).expect("a world");
    let (stopper, stop) = Stopper::new();
    let mut config = exchange_sim::Config::sample_with("127.0.0.1:0", || "demo".to_owned());
    config.people = (0..mailboxes)
        .map(|n| Person::new(&format!("person-{n}@example.com"), &format!("Person {n}"), "demo"))
        .collect();
    config.rooms.clear();
    let exchange =
        exchange_sim::start(config, world.clone(), stop.clone()).await.expect("Exchange");
    let key = ConnectorKey::generate(&world.chance).expect("a key");
    let addresses = [free(&world).await, free(&world).await, free(&world).await];
    let [cloud, kms, issuer_at] = &addresses;
    let people = (0..2).map(|n| DevPerson {
        address: format!("person-{n}@example.com"),
        name: String::new(),
        password: "demo".into(),
    });
    let issuer =
        DevIssuer::new(world.clone(), url(issuer_at), people.collect(), "web".into(), vec![]);
    let issuer = issuer.expect("an issuer");
    let listener = world.network.listen(issuer_at).await.expect("free");
    tokio::spawn(world::http::serve(listener, issuer.router(), stop.clone()));
    let connectors = ConnectorId("bench".into());
    let kms_config = kms::config::Config {
        listen: kms.clone(),
        tls: None,
        host: "keys".into(),
        database: Place::File(folder.join("kms.db")),
        master_key: Place::Memory,
        organization: OrganizationId("bench".into()),
        issuer: url(issuer_at),
        web_origins: vec![],
        connectors: vec![kms::config::Connector {
            id: connectors.clone(),
            public_key: key.public_pem.clone(),
        }],
    };
    kms::server::start(kms_config, world.clone(), stop.clone()).await.expect("the key server");
    let cloud_config = cloud::Config {
        listen: cloud.clone(),
        tls: None,
        public_url: url(cloud),
        organization: OrganizationId("bench".into()),
        database: format!("sqlite:{}", folder.join("cloud.db").display()),
        issuer: url(issuer_at),
        client_id: "web".into(),
        kms_url: url(kms),
        kms_host: "keys".into(),
        connectors: vec![cloud::KnownConnector {
            id: connectors,
            public_key: key.public_pem.clone(),
        }],
        notice: None,
        web: false,
    };
    cloud::start(cloud_config, world.clone(), stop).await.expect("the cloud");

    let began = Instant::now();
    let connector = Connector::start(folder, &key.private_pem, &exchange, cloud, kms, mailboxes);
    // Everybody has an open stream, and the last has been read.
    until(|| exchange.requests("FindItem") >= mailboxes as u64).await;
    let follow_ms = began.elapsed().as_millis();
    until_quiet(&exchange).await;
    let requests = exchange.requests_total();
    let connector_bytes = connector.memory_bytes();

    let tokens = Tokens {
        api: issuer.token("person-0@example.com", protocol::token::AUDIENCE_API),
        kms: issuer.token("person-0@example.com", protocol::token::AUDIENCE_KMS),
    };
    let client = Client::connect(world.clone(), &url(cloud), tokens).await.expect("signed in");
    let (times, changes_requests) = changes(&exchange, &client, &world).await;
    drop(connector);
    drop(stopper);
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let ratio = |a: u64, b: usize| a as f64 / b as f64;
    Figures {
        connector_bytes,
        follow_ms,
        requests_per_mailbox: ratio(requests, mailboxes),
        requests_per_change: ratio(changes_requests, CHANGES),
        p50: times[times.len() / 2],
        p99: times[times.len() * 99 / 100],
    }
}

/// One meeting in one mailbox is moved again and again; the client watches.
async fn changes(exchange: &Simulator, client: &Client, world: &World) -> (Vec<u128>, u64) {
    let now = jiff::Timestamp::from_second(world.clock.now().as_second()).expect("a time");
    let start = now + SignedDuration::from_hours(24);
    let meeting = NewMeeting::new("Bench", start, start + SignedDuration::from_mins(30));
    let mut watch = client.watch();
    while !matches!(watch.next().await.expect("a notice"), Notice::Connected) {}
    let meeting = exchange.create_meeting("person-0@example.com", meeting).expect("a meeting");
    while !matches!(watch.next().await.expect("a notice"), Notice::Changed(_)) {}
    until_quiet(exchange).await;
    let before = exchange.requests_total();
    let mut times = Vec::with_capacity(CHANGES);
    for n in 1..=CHANGES {
        let start = start + SignedDuration::from_mins(i64::try_from(n).expect("small"));
        let end = start + SignedDuration::from_mins(30);
        let began = Instant::now();
        exchange.move_meeting(&meeting, Occasion::Whole, start, end).expect("moved");
        loop {
            match watch.next().await.expect("a notice") {
                Notice::Changed(meeting) if meeting.start == start => break,
                _ => {}
            }
        }
        times.push(began.elapsed().as_micros());
    }
    let requests = exchange.requests_total() - before;
    times.sort_unstable();
    (times, requests)
}

struct Connector(Child);

impl Connector {
    fn start(
        folder: &Path,
        private_key: &str,
        exchange: &Simulator,
        cloud: &str,
        kms: &str,
        mailboxes: usize,
    ) -> Self {
        let key_file = folder.join("connector.key");
        fs::write(&key_file, private_key).expect("written");
        let addresses: Vec<String> =
            (0..mailboxes).map(|n| format!("\"person-{n}@example.com\"")).collect();
        let config = format!(
            "[connector]\nid = \"bench\"\norganization = \"bench\"\nkey_file = {key_file:?}\n\
             cloud_url = \"http://{cloud}\"\nkms_url = \"http://{kms}\"\nkms_host = \"keys\"\n\
             mailboxes = [{}]\n[connector.exchange]\nurl = \"{}\"\nuser = \"svc-cal\"\n\
             password = \"demo\"\nallow_plain_http_on_loopback = true\n",
            addresses.join(", "),
            exchange.url(),
        );
        let config_file: PathBuf = folder.join("connector.toml");
        fs::write(&config_file, config).expect("written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_hybridcal"));
        command.args(["--log", "error", "run", "--config"]).arg(&config_file).stdout(Stdio::null());
        Self(command.spawn().expect("a connector"))
    }

    /// Resident, as the kernel counts it.
    fn memory_bytes(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).expect("a status");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse::<usize>().ok());
        kib.expect("a number") * 1024
    }
}

impl Drop for Connector {
    fn drop(&mut self) {
        self.0.kill().expect("ended");
        self.0.wait().expect("ended");
    }
}

async fn free(world: &World) -> String {
    world.network.listen("127.0.0.1:0").await.expect("a port").address().to_owned()
}

fn url(address: &str) -> Url {
    Url::parse(&format!("http://{address}")).expect("a URL")
}

async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// No request for a while.
async fn until_quiet(exchange: &Simulator) {
    loop {
        let before = exchange.requests_total();
        tokio::time::sleep(Duration::from_secs(1)).await;
        if exchange.requests_total() == before {
            return;
        }
    }
}
