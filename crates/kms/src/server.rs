//! The key server: a path for the draft's messages as plain JSON, one for its frames, one for
//! health; or none at all, if it fetches its frames from a cloud.

mod answers;
mod custody;
mod devices;
mod frames;
mod relay;
mod reply;
mod resources;
mod shared;
mod target;

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Request, State, rejection::BytesRejection},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use protocol::{
    keys::{FRAMES_BYTES_MAX, FRAMES_MAX, FramesDown, FramesUp, KEY_MESSAGE_BYTES_MAX, KeyRequest},
    problem::{self, Problem, name},
    routes,
};
use tokio::{task::JoinHandle, time::timeout};
use world::{
    World,
    http::serve,
    issuer::{Issuer, KnownSigners, NotAKey},
    network::Listener,
    stop::Stop,
    tls::Identity,
};

use crate::{
    channel::static_key::{StaticKey, StaticKeyFailure},
    config::{Config, Tls},
    master_key::{self, MasterKeyFailure},
    quota::Quota,
    store::{Store, StoreFailure},
};
use answers::Kms;
use custody::{Watch, keep_log};
use frames::ChannelParts;
use relay::Outward;

/// From the first byte of the body to the answer; includes asking the sign-in provider.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a browser may remember that it may ask.
const PREFLIGHT_SECONDS: &str = "600";

/// A server that is up.
pub struct Running {
    /// `host:port`; none if nobody can connect to it.
    pub address: Option<String>,
    /// How the channel introduces itself, and the authority made along with it for trying out.
    pub site: Option<protocol::keys::KeyServerSite>,
    pub root: Option<String>,
    /// Ends some time after the stop.
    pub join: JoinHandle<()>,
}

#[derive(Debug, thiserror::Error)]
pub enum StartFailure {
    #[error("cannot listen on {address}")]
    Listen { address: String, source: io::Error },
    #[error(transparent)]
    Store(#[from] StoreFailure),
    #[error("the key database cannot be read or written")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    MasterKey(#[from] MasterKeyFailure),
    #[error(transparent)]
    ConnectorKey(#[from] NotAKey),
    #[error("{0} is not a host for key URLs")]
    Host(String),
    #[error("the channel cannot be offered")]
    Channel(#[from] StaticKeyFailure),
    #[error("the key file for the cloud cannot be used")]
    CloudKey(#[source] Option<io::Error>),
    #[error("the key server neither listens nor fetches frames from a cloud")]
    Unreachable,
    #[error("frames come from a cloud only through a channel: its key is missing")]
    NoChannel,
    #[error(transparent)]
    AuditKey(#[from] crate::custody::NoAuditKey),
}

/// Returns when requests are accepted.
pub async fn start(config: Config, world: World, stop: Stop) -> Result<Running, StartFailure> {
    check_host(&config.host)?;
    let signers: BTreeMap<String, String> =
        config.connectors.iter().map(|c| (c.id.0.clone(), c.public_key.clone())).collect();
    let signers = KnownSigners::new(&signers)?;
    let store = Store::open(&config.database, world.clock.clone()).await?;
    let (organization, chance) = (&config.organization, &world.chance);
    let master_key = master_key::open(&store, &config.master_key, organization, chance).await?;
    let channel = match &config.channel {
        Some(of) => Some(StaticKey::find(of, &config.host)?),
        None => None,
    };
    let site = channel.as_ref().map(|key| key.site().clone());
    let root = channel.as_ref().and_then(StaticKey::root).map(str::to_owned);
    let outward = match (&config.cloud, &site) {
        (Some(cloud), Some(site)) => Some(Arc::new(Outward::new(cloud, site.clone())?)),
        (Some(_), None) => return Err(StartFailure::NoChannel),
        (None, _) if config.listen.is_none() => return Err(StartFailure::Unreachable),
        (None, _) => None,
    };
    let listener = match &config.listen {
        Some(address) => {
            let failed = |source| StartFailure::Listen { address: address.clone(), source };
            Some(listen(address, config.tls.clone(), &world).await.map_err(failed)?)
        }
        None => None,
    };
    let address = listener.as_ref().map(|listener| listener.address().to_owned());
    let watch = Watch::new(&config);
    let keeping = keep_log(&config, &store, &master_key, &world, stop.clone()).await?;
    let kms = Arc::new(Kms {
        issuer: Issuer::new(world.clone(), config.issuer),
        host: config.host,
        organization: config.organization,
        connectors: config.connectors.into_iter().map(|connector| connector.id).collect(),
        store: store.clone(),
        master_key,
        signers,
        quota: Quota::default(),
        connectors_read_unbound_keys: config.connectors_read_unbound_keys,
        channel: channel.map(|static_key| ChannelParts {
            static_key,
            brake: frames::Brake::default(),
            answering: frames::Answering::default(),
        }),
        watch,
        world,
    });
    let router = router(Arc::clone(&kms), config.web_origins);
    let join = tokio::spawn(async move {
        let serving = async {
            match listener {
                Some(listener) => serve(listener, router, stop.clone()).await,
                None => stop.stopped().await,
            }
        };
        let fetching = async {
            if let Some(outward) = outward {
                outward.run(&kms, &stop).await;
            }
        };
        tokio::join!(serving, fetching, purge(&kms, &stop));
        if let Err(error) = keeping.await {
            tracing::error!(%error, "The keeper of the log ended badly");
        }
        store.close().await;
    });
    Ok(Running { address, site, root, join })
}

/// How often what has ended is removed. A channel's secret shall not lie there for much longer
/// than the channel lives.
const CHANNELS_PURGE_PERIOD: Duration = Duration::from_secs(300);
const PURGE_PERIOD: Duration = Duration::from_secs(3600);

async fn purge(kms: &Kms, stop: &Stop) {
    let period = if kms.channel.is_some() { CHANNELS_PURGE_PERIOD } else { PURGE_PERIOD };
    loop {
        tokio::select! {
            () = kms.world.clock.sleep(period) => {}
            () = stop.stopped() => return,
        }
        let now = kms.world.clock.now();
        let old = now.checked_sub(shared::UNBOUND_KEPT).unwrap_or(now);
        match kms.store.purge_ended(now, old).await {
            Ok(ended) => tracing::debug!(ended, "Removed channels and unbound keys that ended"),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "Could not remove what has ended; trying again later");
            }
        }
    }
}

/// It stands in every header of every seal, so it must be an ordinary one.
fn check_host(host: &str) -> Result<(), StartFailure> {
    let is_ordinary = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:".contains(&b);
    let fits = !host.is_empty() && host.len() <= HOST_BYTES_MAX;
    if fits && host.bytes().all(is_ordinary) {
        Ok(())
    } else {
        Err(StartFailure::Host(host.into()))
    }
}

/// RFC 1035, and a port.
const HOST_BYTES_MAX: usize = 260;

async fn listen(address: &str, tls: Option<Tls>, world: &World) -> io::Result<Listener> {
    match tls {
        None => world.network.listen(address).await,
        Some(Tls { certificate_file, key_file }) => {
            let identity = Identity { certificate_file, key_file };
            world.network.listen_tls(address, &identity).await
        }
    }
}

fn router(kms: Arc<Kms>, web_origins: Vec<String>) -> Router {
    Router::new()
        .route(routes::KMS, post(message))
        .route(routes::HEALTH, get(health))
        .layer(DefaultBodyLimit::max(KEY_MESSAGE_BYTES_MAX))
        .route(
            routes::KMS_FRAMES,
            get(introduce).post(frames).layer(DefaultBodyLimit::max(FRAMES_BYTES_MAX)),
        )
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn_with_state(Arc::<[String]>::from(web_origins), for_browsers))
        .with_state(kms)
}

/// 200 whenever the message was understood; its own `status` says the rest.
async fn message(State(kms): State<Arc<Kms>>, body: Result<Bytes, BytesRejection>) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return refuse(
                StatusCode::PAYLOAD_TOO_LARGE,
                name::TOO_LARGE,
                "The message is too long",
            );
        }
        Err(_broken) => return malformed(),
    };
    let Ok(request) = serde_json::from_slice::<KeyRequest>(&body) else { return malformed() };
    let answer = kms.answer(&request).await;
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

/// Frames that come directly; the same answers as through a cloud.
async fn frames(State(kms): State<Arc<Kms>>, body: Result<Bytes, BytesRejection>) -> Response {
    let Ok(body) = body else { return malformed() };
    let Ok(up) = serde_json::from_slice::<FramesUp>(&body) else { return malformed() };
    let is_ours = introduction(&kms).is_some_and(|site| site.kms_cluster == up.destination);
    if !is_ours || up.kms_messages.len() > FRAMES_MAX {
        return malformed();
    }
    let down = FramesDown { kms_messages: kms.answer_frames(&up.kms_messages).await };
    ([(header::CACHE_CONTROL, "no-store")], Json(down)).into_response()
}

async fn introduce(State(kms): State<Arc<Kms>>) -> Response {
    match introduction(&kms) {
        Some(site) => Json(site).into_response(),
        None => refuse(StatusCode::NOT_FOUND, name::NOT_FOUND, "No channel is offered here"),
    }
}

fn introduction(kms: &Kms) -> Option<&protocol::keys::KeyServerSite> {
    Some(kms.channel.as_ref()?.static_key.site())
}

fn malformed() -> Response {
    refuse(StatusCode::BAD_REQUEST, name::INVALID_REQUEST, "Not a message for a key server")
}

async fn health(State(kms): State<Arc<Kms>>) -> StatusCode {
    if kms.store.is_reachable().await { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// In a task of its own: somebody who hangs up must not cut a statement short, since the database
/// driver then gives up the connection, and with it a database in memory.
async fn in_time(request: Request, next: Next) -> Response {
    let answering = tokio::spawn(next.run(request));
    match timeout(REQUEST_TIMEOUT, answering).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_panicked)) => {
            refuse(StatusCode::INTERNAL_SERVER_ERROR, name::MAINTENANCE, "Not answered")
        }
        Err(_elapsed) => {
            refuse(StatusCode::SERVICE_UNAVAILABLE, name::SLOW_DOWN, "Not answered in time")
        }
    }
}

fn refuse(status: StatusCode, name: &str, title: &str) -> Response {
    let problem = Problem::new(status.as_u16(), name, title);
    let media_type = [(header::CONTENT_TYPE, problem::MEDIA_TYPE)];
    (status, media_type, Json(problem)).into_response()
}

/// CORS: which web apps' scripts may read our answers. Tokens travel in the body, no cookies.
async fn for_browsers(
    State(web_origins): State<Arc<[String]>>,
    request: Request,
    next: Next,
) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let known = origin.filter(|origin| web_origins.iter().any(|known| origin == known.as_str()));
    let is_preflight = request.method() == Method::OPTIONS;
    let mut response = match (is_preflight, &known) {
        (false, _) => next.run(request).await,
        (true, Some(_)) => StatusCode::NO_CONTENT.into_response(),
        (true, None) => {
            refuse(StatusCode::FORBIDDEN, name::NOT_PERMITTED, "Not for this web origin")
        }
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = known {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if is_preflight {
            allow_posting(headers);
        }
    }
    response
}

fn allow_posting(headers: &mut HeaderMap) {
    let mut allow = |name, value| headers.insert(name, HeaderValue::from_static(value));
    allow(header::ACCESS_CONTROL_ALLOW_METHODS, "POST");
    allow(header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type");
    allow(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS);
}

#[cfg(test)]
mod tests;
