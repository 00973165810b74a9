//! An installation over loopback sockets: simulated Exchange, cloud, key server, sign-in.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use cloud::Observed;
use exchange_sim::{Person, Simulator};
use hybridcal::dev_issuer::DevIssuer;
use jiff::Timestamp;
use kms::{config::Place, connector_key::ConnectorKey};
use protocol::ids::{ConnectorId, OrganizationId, UserId};
use tokio::{
    runtime::{Builder, Runtime},
    sync::broadcast,
};
use url::Url;
use world::{
    World,
    stop::{Stop, Stopper},
    tls::Trust,
};

/// Of each role; there are two processors in the goal.
const THREADS: usize = 2;

pub(crate) struct Site {
    pub(crate) exchange: Simulator,
    pub(crate) commits: broadcast::Receiver<Observed>,
    pub(crate) world: World,
    pub(crate) issuer: DevIssuer,
    pub(crate) people: usize,
    /// Where the bench itself runs what needs a runtime.
    pub(crate) bench: Runtime,
    folder: PathBuf,
    stopper: Option<Stopper>,
    runtimes: Vec<Runtime>,
    cloud: String,
    kms: String,
    key: String,
}

impl Site {
    pub(crate) fn start(name: &str, people: usize) -> Self {
        let folder = format!("hybridcal-bench-{}-{name}-{people}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        fs::create_dir_all(&folder).expect("a folder");
        let world = World::system(&Trust::default()).expect("a world");
        let (stopper, stop) = Stopper::new();
        let [exchanges, clouds, bench] = ["exchange", "cloud", "bench"].map(runtime);
        let mut config = exchange_sim::Config::sample_with("127.0.0.1:0", || "demo".to_owned());
        config.people = (0..people).map(person).collect();
        config.rooms.clear();
        let start = exchange_sim::start(config, world.clone(), stop.clone());
        let exchange = exchanges.block_on(start).expect("Exchange");
        let key = ConnectorKey::generate(&world.chance).expect("a key");
        let [cloud, kms] = clouds.block_on(async { [free(&world).await, free(&world).await] });
        let issuer = clouds.block_on(issuer(&world, stop.clone()));
        let running = servers(&world, stop, &folder, &key.public_pem, [&cloud, &kms], &issuer);
        let commits = clouds.block_on(running).observe();
        let stopper = Some(stopper);
        let key = key.private_pem.to_string();
        let runtimes = vec![exchanges, clouds];
        Self {
            exchange,
            commits,
            world,
            issuer,
            people,
            bench,
            folder,
            stopper,
            runtimes,
            cloud,
            kms,
            key,
        }
    }

    pub(crate) fn cloud_url(&self) -> Url {
        url(&self.cloud)
    }

    pub(crate) fn connector_key(&self) -> &str {
        &self.key
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A connector's configuration that follows everybody.
    pub(crate) fn connector_config(&self) -> PathBuf {
        let key_file = self.file("connector.key");
        fs::write(&key_file, &self.key).expect("written");
        let addresses: Vec<String> =
            (0..self.people).map(|n| format!("\"{}\"", address(n))).collect();
        let config = format!(
            "[connector]\nid = \"bench\"\norganization = \"bench\"\nkey_file = {key_file:?}\npresence = false\n\
             cloud_url = \"http://{}\"\nkms_url = \"http://{}\"\nkms_host = \"keys\"\n\
             mailboxes = [{}]\n[connector.exchange]\nurl = \"{}\"\nuser = \"svc-cal\"\n\
             password = \"demo\"\nsign_in = [\"basic\"]\nallow_plain_http_on_loopback = true\n\
             [connector.keywords]\n\"@meet\" = \"jitsi\"\n[connector.conferences.jitsi]\n\
             kind = \"jitsi\"\nserver = \"https://meet.example.com\"\n",
            self.cloud,
            self.kms,
            addresses.join(", "),
            self.exchange.url(),
        );
        let file = self.file("connector.toml");
        fs::write(&file, config).expect("written");
        file
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_second(self.world.clock.now().as_second()).expect("a time")
    }

    pub(crate) fn pause(&self, duration: Duration) {
        self.bench.block_on(self.world.clock.sleep(duration));
    }

    /// Waits until Exchange has not been asked anything for a second.
    pub(crate) fn until_quiet(&self) {
        loop {
            let before = self.exchange.requests_total();
            self.pause(Duration::from_secs(1));
            if self.exchange.requests_total() == before {
                return;
            }
        }
    }

    /// Requests so far, by operation.
    pub(crate) fn requests(&self) -> Vec<(&'static str, u64)> {
        OPERATIONS.iter().map(|operation| (*operation, self.exchange.requests(operation))).collect()
    }
}

/// What a connector asks; whatever else it may ask is in the total.
const OPERATIONS: [&str; 7] = [
    "Subscribe",
    "SyncFolderItems",
    "FindItem",
    "GetItem",
    "UpdateItem",
    "GetFolder",
    "GetStreamingEvents",
];

impl Drop for Site {
    fn drop(&mut self) {
        drop(self.stopper.take());
        for runtime in self.runtimes.drain(..) {
            runtime.shutdown_background();
        }
        fs::remove_dir_all(&self.folder).expect("removed");
    }
}

pub(crate) fn address(number: usize) -> String {
    format!("person-{number}@example.com")
}

pub(crate) fn user(number: usize) -> UserId {
    UserId::of(&OrganizationId("bench".into()), &address(number))
}

fn person(number: usize) -> Person {
    Person::new(&address(number), &format!("Person {number}"), "demo")
}

pub(crate) fn runtime(name: &str) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(THREADS).thread_name(name).enable_all().build().expect("threads")
}

async fn servers(
    world: &World,
    stop: Stop,
    folder: &Path,
    public_key: &str,
    [cloud, kms]: [&String; 2],
    issuer: &DevIssuer,
) -> cloud::Running {
    let connectors = ConnectorId("bench".into());
    let issuer = Url::parse(issuer.name()).expect("a URL");
    let kms_config = kms::config::Config {
        channel: None,
        cloud: None,
        connectors_read_unbound_keys: false,
        listen: Some(kms.clone()),
        tls: None,
        host: "keys".into(),
        database: Place::File(folder.join("kms.db")),
        master_key: kms::config::KeyPlace::Memory,
        next_master_key: None,
        organization: OrganizationId("bench".into()),
        issuer: issuer.clone(),
        web_origins: vec![],
        content_key_days: kms::config::content_key_days(),
        people_in_ten_minutes: kms::config::people_in_ten_minutes(),
        audit: kms::config::Audit::default(),
        connectors: vec![kms::config::Connector {
            id: connectors.clone(),
            public_key: public_key.to_owned(),
            people_in_ten_minutes: None,
        }],
    };
    kms::server::start(kms_config, world.clone(), stop.clone()).await.expect("the key server");
    let cloud_config = cloud::Config {
        listen: cloud.clone(),
        tls: None,
        public_url: url(cloud),
        organization: OrganizationId("bench".into()),
        database: format!("sqlite:{}", folder.join("cloud.db").display()),
        issuer,
        client_id: "web".into(),
        kms_url: url(kms),
        kms_host: "keys".into(),
        connectors: vec![cloud::KnownConnector {
            id: connectors,
            public_key: public_key.to_owned(),
        }],
        key_server: None,
        administrators: Vec::new(),
        notice: None,
        web: false,
    };
    cloud::start(cloud_config, world.clone(), stop).await.expect("the cloud")
}

/// Signs in whoever watches.
async fn issuer(world: &World, stop: Stop) -> DevIssuer {
    let listener = world.network.listen("127.0.0.1:0").await.expect("a port");
    let address = url(listener.address());
    let issuer = DevIssuer::new(world.clone(), address, Vec::new(), "web".into(), Vec::new());
    let issuer = issuer.expect("a sign-in provider");
    tokio::spawn(world::http::serve(listener, issuer.router(), stop));
    issuer
}

async fn free(world: &World) -> String {
    world.network.listen("127.0.0.1:0").await.expect("a port").address().to_owned()
}

pub(crate) fn url(address: &str) -> Url {
    Url::parse(&format!("http://{address}")).expect("a URL")
}
