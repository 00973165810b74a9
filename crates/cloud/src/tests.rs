//! A whole cloud in virtual time: real HTTP over pipes, a scratch database, a sign-in provider
//! and connectors with keys of their own.

mod access;
mod commands;
mod commits;
mod events;
mod lists;
pub(crate) mod meeting;
pub(crate) mod people;
mod presence;
mod relay;
mod signing;
mod trust;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use people::{Connector, Person};
use protocol::ids::{ConnectorId, OrganizationId};
use signing::Key;
use url::Url;
use world::{
    World,
    database::scratch,
    memory::Memory,
    stop::{Stop, Stopper},
};

use crate::{Config, KnownConnector, Running};

const PROVIDER: &str = "https://issuer";
const CLOUD: &str = "https://cloud";
const CONNECTORS: [&str; 2] = ["connector-1", "connector-2"];

/// One cloud, and everybody who talks to it.
pub(crate) struct TestCloud {
    memory: Memory,
    pub(crate) client: World,
    provider: Key,
    connector: Arc<Key>,
    other_connector: Arc<Key>,
    key_server: Key,
    running: Option<Running>,
    stopper: Stopper,
    stop: Stop,
}

impl TestCloud {
    /// It is nine o'clock.
    pub(crate) async fn start() -> Self {
        let memory = World::in_memory(meeting::at("09:00"), 1);
        let provider = Key::new("people");
        let [connector, other_connector] = CONNECTORS.map(|id| Arc::new(Key::new(id)));
        let (stopper, stop) = Stopper::new();
        provider.publish(&memory.host("issuer"), stop.clone()).await;
        let mut cloud = Self {
            client: memory.host("client"),
            memory,
            provider,
            connector,
            other_connector,
            key_server: Key::new("kms-1"),
            running: None,
            stopper,
            stop,
        };
        let world = cloud.memory.host("cloud");
        let hold = world.clock.hold();
        let database = scratch::address().await.expect("a place");
        drop(hold);
        let running = crate::start(cloud.config(database), world, cloud.stop.clone()).await;
        cloud.running = Some(running.expect("a cloud"));
        cloud
    }

    fn config(&self, database: String) -> Config {
        let url = |text| Url::parse(text).expect("a URL");
        Config {
            listen: "cloud:443".into(),
            tls: None,
            public_url: url(CLOUD),
            organization: OrganizationId("example".into()),
            database,
            issuer: url(PROVIDER),
            client_id: "web".into(),
            kms_url: url("https://kms.example.org"),
            kms_host: "kms.example.org".into(),
            connectors: CONNECTORS
                .into_iter()
                .zip([&self.connector, &self.other_connector])
                .map(|(id, key)| KnownConnector {
                    id: ConnectorId(id.into()),
                    public_key: key.pem.clone(),
                })
                .collect(),
            key_server: Some(KnownConnector {
                id: ConnectorId("kms-1".into()),
                public_key: self.key_server.pem.clone(),
            }),
            administrators: vec!["Admin@example.com".into()],
            notice: None,
            web: true,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.memory.clock().now()
    }

    /// Virtual time passes.
    pub(crate) async fn until(&self, time: &str) {
        self.memory.clock().sleep_until(meeting::at(time)).await;
    }

    /// Signed in for an hour.
    pub(crate) fn person(&self, address: &str) -> Person {
        self.person_for(address, Duration::from_secs(3600))
    }

    pub(crate) fn person_for(&self, address: &str, life: Duration) -> Person {
        let token = self.provider.person(address, "hc-api", self.now(), life);
        Person { world: self.client.clone(), token }
    }

    /// With all leases.
    pub(crate) async fn connector(&self) -> Connector {
        let mut connector = self.connector_without_leases();
        connector.take_all_leases().await;
        connector
    }

    pub(crate) fn connector_without_leases(&self) -> Connector {
        self.connector_with(&self.connector)
    }

    /// A second installation, with its own id.
    pub(crate) fn other_connector(&self) -> Connector {
        self.connector_with(&self.other_connector)
    }

    fn connector_with(&self, key: &Arc<Key>) -> Connector {
        Connector {
            world: self.client.clone(),
            key: Arc::clone(key),
            owner: self.memory.chance().uuid(),
            epoch: 0,
            versions: BTreeMap::new(),
        }
    }

    fn store(&self) -> &crate::Store {
        &self.running.as_ref().expect("running").store
    }
}

#[tokio::test(start_paused = true)]
async fn a_cloud_tells_clients_where_things_are_and_stops_when_told() {
    let mut cloud = TestCloud::start().await;
    let nobody = Person { world: cloud.client.clone(), token: String::new() };
    let site = nobody.get(protocol::routes::SITE).await;
    assert_eq!(site.json["kmsUrl"], "https://kms.example.org");
    assert_eq!(site.json["issuer"], PROVIDER);
    assert_eq!(nobody.get(protocol::routes::HEALTH).await.status, 200);
    cloud.stopper.stop();
    cloud.running.take().expect("running").ended().await;
}
