//! The client: a small pool for ordinary calls, an own connection for endless answers.
//!
//! It never follows redirects, so that credentials stay with the host they were meant for.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    HeaderMap, Method, StatusCode,
    body::Incoming as HyperBody,
    client::conn::http1::{self, SendRequest},
    header::{self, HeaderName, HeaderValue},
};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::{memory::Crossing, network::Network};

const DEADLINE_DEFAULT: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX_DEFAULT: usize = 1024 * 1024;
/// Idle connections kept per origin.
const IDLE_CONNECTIONS_MAX: usize = 16;
/// Less than the 120 s after which IIS closes a connection.
const IDLE_MAX: Duration = Duration::from_secs(60);
const USER_AGENT: &str = concat!("hybridcal/", env!("CARGO_PKG_VERSION"));

/// Cheap to clone; clones share the pool.
#[derive(Clone)]
pub struct Client {
    network: Network,
    idle: Arc<Mutex<BTreeMap<String, Vec<Idle>>>>,
}

struct Idle {
    sender: SendRequest<Full<Bytes>>,
    since: Instant,
}

pub struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    deadline: Duration,
    answer_bytes_max: usize,
}

pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// An answer that is still arriving, on a connection of its own.
pub struct Incoming {
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: HyperBody,
    network: Network,
    host: String,
}

/// What a caller has to tell apart: was anything sent, and is it worth trying again?
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Nothing was sent.
    #[error("cannot connect")]
    Connect(#[source] io::Error),
    /// Sent, at least in part; whether it had an effect is unknown.
    #[error("the connection broke")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The deadline passed; whether it had an effect is unknown.
    #[error("no answer in time")]
    Deadline,
    #[error("the answer is larger than {bytes_max} bytes")]
    TooLarge { bytes_max: usize },
    #[error("not a usable request: {0}")]
    Unusable(&'static str),
}

impl Request {
    pub fn get(url: &Url) -> Self {
        Self::new(Method::GET, url, Bytes::new())
    }

    pub fn post(url: &Url, body: impl Into<Bytes>) -> Self {
        Self::new(Method::POST, url, body.into())
    }

    fn new(method: Method, url: &Url, body: Bytes) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        Self {
            method,
            url: url.clone(),
            headers,
            body,
            deadline: DEADLINE_DEFAULT,
            answer_bytes_max: ANSWER_BYTES_MAX_DEFAULT,
        }
    }

    /// A value that HTTP does not allow is left out; callers pass their own constants or tokens.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    #[must_use]
    pub fn json(self) -> Self {
        self.header("content-type", "application/json")
    }

    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    #[must_use]
    pub fn answer_bytes_max(mut self, bytes: usize) -> Self {
        self.answer_bytes_max = bytes;
        self
    }
}

impl Client {
    pub(crate) fn new(network: Network) -> Self {
        Self { network, idle: Arc::default() }
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
        let opened = async {
            let host = host(&request.url);
            let mut sender = self.connect(&request.url).await?;
            let answer = self.exchange(&mut sender, request).await?;
            let (head, body) = answer.into_parts();
            let network = self.network.clone();
            Ok(Incoming { status: head.status, headers: head.headers, body, network, host })
        };
        timeout_at(until, opened).await.unwrap_or(Err(Failure::Deadline))
    }

    async fn send_now(&self, request: Request) -> Result<Response, Failure> {
        let origin = request.url.origin().ascii_serialization();
        let bytes_max = request.answer_bytes_max;
        let mut sender = match self.take_idle(&origin) {
            Some(sender) => sender,
            None => self.connect(&request.url).await?,
        };
        let answer = self.exchange(&mut sender, request).await?;
        let (head, body) = answer.into_parts();
        let body = match Limited::new(body, bytes_max).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return Err(Failure::TooLarge { bytes_max });
            }
            Err(error) => return Err(Failure::Broken(error)),
        };
        self.put_idle(origin, sender);
        Ok(Response { status: head.status, headers: head.headers, body })
    }

    async fn exchange(
        &self,
        sender: &mut SendRequest<Full<Bytes>>,
        request: Request,
    ) -> Result<hyper::Response<HyperBody>, Failure> {
        let host = host(&request.url);
        let request = request.into_hyper()?;
        self.cross(&host, Crossing::Request).await?;
        let answer = sender.send_request(request).await;
        self.cross(&host, Crossing::Answer).await?;
        answer.map_err(|error| Failure::Broken(error.into()))
    }

    async fn cross(&self, host: &str, crossing: Crossing) -> Result<(), Failure> {
        match &self.network {
            Network::Internet(_) => Ok(()),
            Network::Memory(from) => {
                let crossed = from.cross(host, crossing).await;
                crossed.map_err(|error| Failure::Broken(error.into()))
            }
        }
    }

    async fn connect(&self, url: &Url) -> Result<SendRequest<Full<Bytes>>, Failure> {
        let stream = self.network.connect(url).await.map_err(Failure::Connect)?;
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(|error| Failure::Broken(error.into()))?;
        tokio::spawn(async move {
            // What goes wrong here is told to whoever waits for the answer.
            let _told = connection.await;
        });
        Ok(sender)
    }

    fn take_idle(&self, origin: &str) -> Option<SendRequest<Full<Bytes>>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = idle.get_mut(origin)?;
        while let Some(Idle { sender, since }) = connections.pop() {
            if since.elapsed() < IDLE_MAX && !sender.is_closed() && sender.is_ready() {
                return Some(sender);
            }
        }
        None
    }

    fn put_idle(&self, origin: String, sender: SendRequest<Full<Bytes>>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = idle.entry(origin).or_default();
        if connections.len() < IDLE_CONNECTIONS_MAX {
            connections.push(Idle { sender, since: Instant::now() });
        }
    }
}

impl Request {
    fn into_hyper(self) -> Result<hyper::Request<Full<Bytes>>, Failure> {
        let unusable = || Failure::Unusable("the URL has no usable host or path");
        let mut target = self.url.path().to_owned();
        if let Some(query) = self.url.query() {
            target.push('?');
            target.push_str(query);
        }
        let mut authority = self.url.host_str().ok_or_else(unusable)?.to_owned();
        if let Some(port) = self.url.port() {
            authority.push_str(&format!(":{port}"));
        }
        let mut request = hyper::Request::new(Full::new(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = target.parse().ok().ok_or_else(unusable)?;
        *request.headers_mut() = self.headers;
        let authority = HeaderValue::from_str(&authority).ok().ok_or_else(unusable)?;
        request.headers_mut().insert(header::HOST, authority);
        Ok(request)
    }
}

impl Incoming {
    /// The next piece of the answer; `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let frame = self.body.frame().await;
            if let Network::Memory(from) = &self.network {
                let crossed = from.cross(&self.host, Crossing::Answer).await;
                crossed.map_err(|error| Failure::Broken(error.into()))?;
            }
            match frame {
                None => return Ok(None),
                Some(Err(error)) => return Err(Failure::Broken(error.into())),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}
