//! The server: an axum router on a listener, with bounds and a graceful end.

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};
use tower::ServiceExt;

use super::Peer;
use crate::{
    network::{Accepted, Listener},
    stop::Stop,
};

/// Connections served at once; further ones wait to be accepted.
pub const CONNECTIONS_MAX: usize = 20_000;
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// What running requests get to finish in when the server ends.
const DRAIN_MAX: Duration = Duration::from_secs(5);
/// After a failed accept, most often for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until told to stop, then lets running requests finish.
pub async fn serve(listener: Listener, router: Router, stop: Stop) {
    serve_at_most(CONNECTIONS_MAX, listener, router, stop).await;
}

pub(super) async fn serve_at_most(
    connections_max: usize,
    mut listener: Listener,
    router: Router,
    stop: Stop,
) {
    let places = Arc::new(Semaphore::new(connections_max));
    let mut connections = JoinSet::new();
    loop {
        // A full server still hears that it is to stop, and clears away what has ended.
        let place = tokio::select! {
            () = stop.stopped() => break,
            place = Arc::clone(&places).acquire_owned() => place,
            Some(_ended) = connections.join_next(), if !connections.is_empty() => continue,
        };
        let Ok(place) = place else { return };
        let accepted = tokio::select! {
            () = stop.stopped() => break,
            accepted = listener.accept() => accepted,
            Some(_ended) = connections.join_next(), if !connections.is_empty() => continue,
        };
        match accepted {
            Ok(accepted) => {
                let (router, stop) = (router.clone(), stop.clone());
                connections.spawn(async move {
                    serve_connection(accepted, router, stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "Cannot accept a connection; trying again");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    // Whoever is not done by then is cut off with the set.
    let _drained =
        timeout(DRAIN_MAX, async { while connections.join_next().await.is_some() {} }).await;
}

async fn serve_connection(accepted: Accepted, router: Router, stop: Stop) {
    let stream = match timeout(HEAD_TIMEOUT, accepted.stream()).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            return tracing::debug!(%error, "A connection ended before TLS was agreed");
        }
        Err(_elapsed) => return,
    };
    let peer = Peer::default();
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        router.clone().oneshot(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.stopped() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "A connection ended early");
    }
}
