//! The daemon beside the calendar source: follows mailboxes, writes join details back, and seals
//! meetings before they leave. The only place where plain text and keys meet; on disk nothing but
//! configuration, secrets, and two records without content that an administrator may ask for.
//!
//! Start reading at [`mailbox`] (what is decided) and [`follower`] (what is done).

pub mod alarms;
pub mod board;
pub mod brakes;
pub mod check;
pub mod cloud;
pub mod commands;
pub mod config;
pub mod entry;
pub mod exchange;
pub mod failure;
pub mod fleet;
pub mod follower;
pub mod lease;
pub mod mailbox;
pub mod meeting;
pub mod news;
pub mod pass;
pub mod places;
pub mod practice;
pub mod presence;
pub mod remedy;
pub mod stamp;
pub mod state;
pub mod undo;
pub mod upload;
pub mod write_back;

use std::{fs, sync::Arc};

use kms::{
    client::{Credential, KeyClient},
    connector_key::ConnectorKey,
};
use protocol::ids::UserId;
use tokio::task::JoinSet;
use world::{World, stop::Stop};

use crate::{
    alarms::Alarms,
    brakes::Brakes,
    cloud::Cloud,
    config::{Config, Mistake},
    exchange::{Connection, streams::Streams},
    fleet::Fleet,
    follower::Shared,
    practice::Practice,
};

/// A connector that is ready to run: its settings have been checked.
pub struct Connector {
    config: Config,
    world: World,
    connection: Connection,
    practice: Arc<Practice>,
    private_key: zeroize::Zeroizing<String>,
    alarms: Alarms,
    remembered_bytes_max: usize,
}

impl Connector {
    /// Says what is wrong with the settings before anything is touched.
    pub fn new(config: Config, world: World) -> Result<Self, Mistake> {
        let private_key = read_key(&config)?;
        Self::with_key(config, world, private_key)
    }

    /// With a key that stands in no file.
    pub fn with_key(
        config: Config,
        world: World,
        private_key: zeroize::Zeroizing<String>,
    ) -> Result<Self, Mistake> {
        config.check()?;
        let connection = Connection::new(&world, &config.exchange)?;
        connection.discover_for(&config)?;
        let practice = Arc::new(Practice::new(&config, &world)?);
        Ok(Self {
            config,
            world,
            connection,
            practice,
            private_key,
            alarms: Alarms::default(),
            remembered_bytes_max: fleet::REMEMBERED_BYTES_MAX,
        })
    }

    /// Less than [`fleet::REMEMBERED_BYTES_MAX`], even nothing: all of it lies in the cloud.
    #[must_use]
    pub fn remember_at_most(mut self, bytes: usize) -> Self {
        self.remembered_bytes_max = bytes;
        self
    }

    pub fn alarms(&self) -> Alarms {
        self.alarms.clone()
    }

    pub fn connection(&self) -> Connection {
        self.connection.clone()
    }

    /// Follows the mailboxes until told to stop. Dropping the future at any moment is a crash
    /// that the next start recovers from.
    pub async fn run(self, stop: Stop) -> Result<(), Mistake> {
        let Self { config, world, connection, practice, private_key, alarms, remembered_bytes_max } =
            self;
        let key =
            || ConnectorKey::new(config.id.clone(), &private_key).map_err(|_reason| Mistake::Key);
        let cloud = Cloud::new(world.clone(), config.cloud_url.clone(), Arc::new(key()?));
        let keys = KeyClient::new(
            world.clone(),
            &config.kms_url,
            &config.kms_host(),
            &config.id.0,
            Credential::Connector(key()?),
        );
        let keys = keys.map_err(|_reason| Mistake::NotSafe { setting: "kms_url" })?;
        let addresses = config.addresses()?;
        let users: Vec<UserId> = addresses
            .iter()
            .map(|address| UserId::of(&config.organization, address.as_str()))
            .collect();
        let (leases, renewing) = lease::start(world.clone(), cloud.clone(), &users, alarms.clone());
        let streams = Streams::new(connection.clone(), world.clone(), alarms.clone(), stop.clone());
        let shared = Arc::new(Shared {
            world: world.clone(),
            connection: connection.clone(),
            cloud,
            keys,
            organization: config.organization.clone(),
            connector: config.id.clone(),
            practice,
            brakes: Arc::new(Brakes::new(&config.writing)),
            domains: config.own_domains()?.into(),
            followed: Arc::new(addresses.iter().cloned().collect()),
            leases,
            streams: streams.clone(),
            alarms,
        });
        let mailboxes = addresses.len();
        let mut tasks = JoinSet::new();
        tasks.spawn(renewing);
        if connection.has_discovery() {
            tasks.spawn(places::keep_places(Arc::clone(&shared), addresses.clone()));
        }
        if config.presence {
            tasks.spawn(presence::watch(Arc::clone(&shared), addresses.clone()));
        }
        tasks.spawn(commands::watch(Arc::clone(&shared), addresses.clone()));
        let fleet = Fleet::new(&shared, addresses, remembered_bytes_max);
        fleet.start(&mut tasks);
        tracing::info!(mailboxes, "Following");
        // None of them ends by itself; if one does, that is a defect, and going on without it would
        // mean that changes are missed silently.
        let is_defect = tokio::select! {
            () = stop.stopped() => false,
            Some(_ended) = tasks.join_next() => true,
        };
        if is_defect {
            return Err(Mistake::Ended);
        }
        tasks.shutdown().await;
        streams.ended().await;
        Ok(())
    }
}

fn read_key(config: &Config) -> Result<zeroize::Zeroizing<String>, Mistake> {
    let path = config.key_file.as_ref().ok_or(Mistake::NoKey)?;
    let unreadable =
        |source| Mistake::Unreadable { setting: "key_file", path: path.clone(), source };
    Ok(zeroize::Zeroizing::new(fs::read_to_string(path).map_err(unreadable)?))
}
