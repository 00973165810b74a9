//! The join page of our own rooms, and the way from it to Janus.
//!
//! Whoever has a link gets a page, and through the door (`door`) a session with Janus; everything
//! that the page says to Janus passes `relay`, which lets through what a participant needs and adds
//! Janus' secret. Nothing is kept here: which link is ours is told by the room key.

use std::{io, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use conference::{
    ProviderSettingsError,
    janus::{RoomKey, Server},
};
use tokio::{sync::Semaphore, task::JoinHandle};
use url::Url;
use world::{World, stop::Stop, tls::Identity};

mod config;
mod door;
mod page;
mod refusal;
mod relay;

pub use config::{Config, Tls};
use refusal::Refusal;

/// What a page says at once; a description of its media takes up to ten thousand bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Requests to Janus at once. Each participant has one waiting for news and now and then another.
const REQUESTS_MAX: usize = 2000;

/// What every request shares.
struct Shared {
    janus: Server,
    key: RoomKey,
    may_reopen: bool,
    /// The only one whose pages are answered.
    origin: String,
    is_https: bool,
    world: World,
    requests: Semaphore,
}

/// A server of rooms that listens.
pub struct Running {
    pub address: String,
    pub join: JoinHandle<()>,
}

#[derive(Debug, thiserror::Error)]
pub enum StartFailure {
    #[error("cannot listen on {address}")]
    Listen { address: String, source: io::Error },
    #[error(transparent)]
    Settings(#[from] ProviderSettingsError),
}

/// Starts; when this returns, it listens.
pub async fn start(config: Config, world: World, stop: Stop) -> Result<Running, StartFailure> {
    let shared = Shared::new(&config, world.clone())?;
    let identity = config.tls.clone().map(Identity::from);
    let listener = match &identity {
        Some(identity) => world.network.listen_tls(&config.listen, identity).await,
        None => world.network.listen(&config.listen).await,
    };
    let cannot = |source| StartFailure::Listen { address: config.listen.clone(), source };
    let listener = listener.map_err(cannot)?;
    let address = listener.address().to_owned();
    let join = tokio::spawn(world::http::serve(listener, router(Arc::new(shared)), stop));
    Ok(Running { address, join })
}

impl Shared {
    fn new(config: &Config, world: World) -> Result<Self, ProviderSettingsError> {
        let public_url: &Url = &config.public_url;
        Ok(Self {
            janus: Server::new(&config.janus, world.clone())?,
            key: RoomKey::read(&config.room_key_file)?,
            may_reopen: config.reopen,
            origin: public_url.origin().ascii_serialization(),
            is_https: public_url.scheme() == "https",
            world,
            requests: Semaphore::new(REQUESTS_MAX),
        })
    }
}

fn router(shared: Arc<Shared>) -> Router {
    let to_janus = Router::new()
        .route("/door", post(door::enter))
        .route("/janus/{session}", get(relay::news).post(relay::to_session))
        .route("/janus/{session}/{handle}", post(relay::to_handle))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(Arc::clone(&shared), admit));
    Router::new()
        .route("/", get(page::room))
        .route("/room/{name}", get(page::room))
        .route("/assets/{name}", get(page::asset))
        .route("/health", get(async || "ok"))
        .merge(to_janus)
        .fallback(async || Refusal::NotFound)
        .method_not_allowed_fallback(async || Refusal::Method)
        .layer(from_fn(page::guard))
        .layer(from_fn_with_state(Arc::clone(&shared), around))
        .with_state(shared)
}

/// Only our own pages may ask, and only so many at once.
async fn admit(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN);
    // Browsers leave it out when a page only reads from its own server.
    if origin.is_some_and(|origin| origin.as_bytes() != shared.origin.as_bytes()) {
        return Refusal::NotAllowed.into_response();
    }
    let Ok(_place) = shared.requests.try_acquire() else {
        return Refusal::Busy.into_response();
    };
    next.run(request).await
}

async fn around(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if shared.is_https {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

#[cfg(test)]
mod tests;
