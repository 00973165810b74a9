//! The client: a small pool for ordinary calls, an own connection for endless answers.
//!
//! It never follows redirects, so that credentials stay with the host they were meant for.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{Connection, Failure, Incoming, Request, Response};
use crate::network::Network;

/// Idle connections kept per origin.
const IDLE_CONNECTIONS_MAX: usize = 16;
/// Less than the 120 s after which IIS closes a connection.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// Cheap to clone; clones share the pool.
#[derive(Clone)]
pub struct Client {
    network: Network,
    idle: Arc<Mutex<BTreeMap<String, Vec<Connection>>>>,
}

impl Client {
    pub(crate) fn new(network: Network) -> Self {
        Self { network, idle: Arc::default() }
    }

    /// A connection of one's own, for what must not be shared.
    pub async fn connect(&self, url: &Url, deadline: Duration) -> Result<Connection, Failure> {
        let until = Instant::now() + deadline;
        let connecting = Connection::to(&self.network, url);
        timeout_at(until, connecting).await.unwrap_or(Err(Failure::Deadline))
    }

    /// Sends and reads the whole answer.
    pub async fn send(&self, request: Request) -> Result<Response, Failure> {
        let until = Instant::now() + request.deadline;
        timeout_at(until, self.send_now(request)).await.unwrap_or(Err(Failure::Deadline))
    }

    /// Sends on a connection of its own and returns as soon as the answer's head is there; the
    /// deadline covers only that.
    pub async fn open(&self, request: Request) -> Result<Incoming, Failure> {
        let until = Instant::now() + request.deadline;
        let opened =
            async { Connection::to(&self.network, &request.url).await?.open(request).await };
        timeout_at(until, opened).await.unwrap_or(Err(Failure::Deadline))
    }

    async fn send_now(&self, request: Request) -> Result<Response, Failure> {
        let origin = request.url.origin().ascii_serialization();
        let mut connection = match self.take_idle(&origin) {
            Some(connection) => connection,
            None => Connection::to(&self.network, &request.url).await?,
        };
        let answer = connection.send_now(request).await?;
        self.put_idle(origin, connection);
        Ok(answer)
    }

    fn take_idle(&self, origin: &str) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = idle.get_mut(origin)?;
        while let Some(connection) = connections.pop() {
            if connection.idle() < IDLE_MAX && connection.is_ready() {
                return Some(connection);
            }
        }
        None
    }

    fn put_idle(&self, origin: String, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = idle.entry(origin).or_default();
        if connections.len() < IDLE_CONNECTIONS_MAX {
            connections.push(connection);
        }
    }
}
