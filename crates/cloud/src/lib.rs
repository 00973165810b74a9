//! The service people and devices talk to; it stores and moves what it cannot open.
//!
//! [`store`] is what it keeps. `routes` is the table of everything that can be asked, `api` has a
//! file per resource, `feed` and `api/events` carry changes to those who watch. There is no key,
//! nothing that could open a meeting, and nothing that speaks to Exchange.

use std::{io, sync::Arc, time::Duration};

use tokio::{sync::broadcast, task::JoinHandle};
use world::{
    World,
    issuer::{Issuer, KnownSigners, NotAKey},
    stop::Stop,
};

mod api;
mod auth;
mod config;
mod desk;
mod error;
mod feed;
mod join_button;
mod neighbours;
mod openapi;
mod relay;
mod routes;
pub mod store;
mod web;

pub use config::{Config, KnownConnector, Tls};
pub use feed::Observed;
pub use store::Store;
pub use web::web_client_included;

/// How often old meetings and the old end of the log are removed.
const PURGE_PERIOD: Duration = Duration::from_secs(3600);

/// A cloud that listens.
pub struct Running {
    address: String,
    store: Store,
    feed: feed::Feed,
    tasks: Vec<JoinHandle<()>>,
}

/// Why a cloud did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartFailure {
    #[error("cannot listen on {address}")]
    Listen { address: String, source: io::Error },
    #[error("cannot open the database")]
    Store(#[from] store::Failure),
    #[error(transparent)]
    Connector(#[from] NotAKey),
}

impl Running {
    /// `host:port`, with the port that was chosen.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Every commit as it is stored, for those who measure; a slow reader misses some.
    pub fn observe(&self) -> broadcast::Receiver<Observed> {
        self.feed.observe()
    }

    /// Returns when the cloud has stopped and its database is closed.
    pub async fn ended(self) {
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "A part of the cloud ended badly");
            }
        }
        self.store.close().await;
    }
}

/// Starts a cloud; when this returns, it listens.
pub async fn start(config: Config, world: World, stop: Stop) -> Result<Running, StartFailure> {
    let signers = KnownSigners::new(&config.connector_keys())?;
    let key_servers = KnownSigners::new(&config.key_server_keys())?;
    let clock = world.clock.clone();
    let store = Store::open(&config.database, config.organization.clone(), clock).await?;
    let listener = match config.identity() {
        Some(identity) => world.network.listen_tls(&config.listen, &identity).await,
        None => world.network.listen(&config.listen).await,
    };
    let cannot_listen = |source| StartFailure::Listen { address: config.listen.clone(), source };
    let listener = listener.map_err(cannot_listen)?;
    let address = listener.address().to_owned();
    let feed = feed::Feed::default();
    let app = Arc::new(api::App {
        store: store.clone(),
        feed: feed.clone(),
        desk: desk::Desk::default(),
        issuer: Issuer::new(world.clone(), config.issuer.clone()),
        signers,
        key_servers,
        relay: relay::Relay::default(),
        world: world.clone(),
        config,
        stop: stop.clone(),
    });
    tracing::info!(%address, "The cloud listens on {address}");
    let mut tasks = Vec::new();
    if store.may_be_shared() {
        let neighbours =
            neighbours::follow(store.clone(), feed.clone(), world.clone(), stop.clone());
        tasks.push(tokio::spawn(neighbours));
    }
    tasks.push(tokio::spawn(purge(store.clone(), world, stop.clone())));
    tasks.push(tokio::spawn(world::http::serve(listener, routes::router(app), stop)));
    Ok(Running { address, store, feed, tasks })
}

async fn purge(store: Store, world: World, stop: Stop) {
    loop {
        match store.purge(world.clock.now()).await {
            Ok(store::Purged { meetings, changes }) => {
                tracing::debug!(meetings, changes, "Removed what is too old");
            }
            Err(failure) => {
                let error: &dyn std::error::Error = &failure;
                tracing::warn!(error, "Could not remove what is too old; trying again later");
            }
        }
        if let Err(failure) = store.forget_commands(world.clock.now()).await {
            let error: &dyn std::error::Error = &failure;
            tracing::warn!(error, "Could not forget old commands; trying again later");
        }
        tokio::select! {
            () = world.clock.sleep(PURGE_PERIOD) => {}
            () = stop.stopped() => return,
        }
    }
}

#[cfg(test)]
mod tests;
