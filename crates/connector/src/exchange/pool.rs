//! Connections on which somebody signed in. They belong to that account for life: one is never
//! lent to another, and a stream never takes one from here.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use url::Url;
use world::http::Connection;

/// Exchange may forget a sign-in; it is not asked to remember one for longer.
const AGE_MAX: Duration = Duration::from_mins(10);
/// Less than the 120 s after which IIS closes a connection.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// Idle connections kept per server and account.
const IDLE_CONNECTIONS_MAX: usize = 64;

#[derive(Default)]
pub(super) struct Pool(Mutex<BTreeMap<Key, Vec<Connection>>>);

/// To which server, as which principal, and what the sign-in was bound to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    origin: String,
    principal: u64,
    certificate: Option<[u8; 32]>,
}

impl Pool {
    pub(super) fn take(&self, url: &Url, principal: u64) -> Option<Connection> {
        let origin = url.origin().ascii_serialization();
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = |key: &Key| key.origin == origin && key.principal == principal;
        for (_, connections) in idle.iter_mut().filter(|(key, _)| ours(key)) {
            while let Some(connection) = connections.pop() {
                if is_usable(&connection) {
                    return Some(connection);
                }
            }
        }
        None
    }

    pub(super) fn put(&self, url: &Url, principal: u64, connection: Connection) {
        let key = Key {
            origin: url.origin().ascii_serialization(),
            principal,
            certificate: connection.certificate().map(|seen| seen.sha256),
        };
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = idle.entry(key).or_default();
        if connections.len() < IDLE_CONNECTIONS_MAX {
            connections.push(connection);
        }
        // What is old goes, also of principals that are no more.
        idle.retain(|_, connections| {
            connections.retain(|connection| connection.idle() < IDLE_MAX);
            !connections.is_empty()
        });
    }
}

fn is_usable(connection: &Connection) -> bool {
    connection.age() < AGE_MAX && connection.idle() < IDLE_MAX && connection.is_ready()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use world::{World, http::Request, stop::Stopper};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_lent_to_its_account_only_and_not_for_long() {
        let memory = World::in_memory(jiff::Timestamp::UNIX_EPOCH, 1);
        let listener = memory.host("exchange").network.listen("exchange:443").await.expect("free");
        let (_stopper, stop) = Stopper::new();
        tokio::spawn(world::http::serve(listener, Router::new(), stop));
        let url: Url = "https://exchange/".parse().expect("a URL");
        let world = memory.host("connector");
        let pool = Pool::default();

        let connecting = world.http.connect(&url, Duration::from_secs(5));
        let mut connection = connecting.await.expect("connected");
        connection.send(Request::get(&url)).await.expect("an answer");
        pool.put(&url, 1, connection);
        assert!(pool.take(&url, 2).is_none(), "another account's");
        assert!(pool.take(&"https://other/".parse().expect("a URL"), 1).is_none(), "elsewhere");
        connection = pool.take(&url, 1).expect("its own");
        assert!(pool.take(&url, 1).is_none(), "lent once");

        for _ in 0..23 {
            pool.put(&url, 1, connection);
            tokio::time::sleep(Duration::from_secs(25)).await;
            connection = pool.take(&url, 1).expect("younger than ten minutes");
            connection.send(Request::get(&url)).await.expect("an answer");
        }
        pool.put(&url, 1, connection);
        tokio::time::sleep(Duration::from_secs(26)).await;
        assert!(pool.take(&url, 1).is_none(), "too old");
    }
}
