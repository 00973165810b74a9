//! One connection to a server, owned by whoever holds it: what is agreed on with it, such as a
//! sign-in, belongs to nobody else.

use std::{io, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    HeaderMap, StatusCode,
    body::Incoming as HyperBody,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{Request, Response};
use crate::{
    memory::Crossing,
    network::{Connected, Network},
    tls::Certificate,
};

/// HTTP/1.1; carries one request at a time.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    network: Network,
    certificate: Option<Certificate>,
    opened: Instant,
    used: Instant,
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

impl Connection {
    pub(super) async fn to(network: &Network, url: &Url) -> Result<Self, Failure> {
        let Connected { stream, certificate } =
            network.connect(url).await.map_err(Failure::Connect)?;
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(|error| Failure::Broken(error.into()))?;
        tokio::spawn(async move {
            // What goes wrong here is told to whoever waits for the answer.
            let _told = connection.await;
        });
        let now = Instant::now();
        Ok(Self { sender, network: network.clone(), certificate, opened: now, used: now })
    }

    /// What the server showed; none without TLS.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    pub fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    /// For how long nothing was asked.
    pub fn idle(&self) -> Duration {
        self.used.elapsed()
    }

    /// Whether the next request may go now, as far as one can know.
    pub fn is_ready(&self) -> bool {
        self.sender.is_ready() && !self.sender.is_closed()
    }

    /// Sends and reads the whole answer, also of a refusal: only then can the next request follow.
    pub async fn send(&mut self, request: Request) -> Result<Response, Failure> {
        let until = Instant::now() + request.deadline;
        timeout_at(until, self.send_now(request)).await.unwrap_or(Err(Failure::Deadline))
    }

    /// Returns as soon as the answer's head is there; the deadline covers only that.
    pub async fn open(mut self, request: Request) -> Result<Incoming, Failure> {
        let until = Instant::now() + request.deadline;
        let host = host(&request.url);
        let answer = timeout_at(until, self.exchange(request)).await;
        let (head, body) = answer.unwrap_or(Err(Failure::Deadline))?.into_parts();
        let network = self.network;
        Ok(Incoming { status: head.status, headers: head.headers, body, network, host })
    }

    pub(super) async fn send_now(&mut self, request: Request) -> Result<Response, Failure> {
        let bytes_max = request.answer_bytes_max;
        let (head, body) = self.exchange(request).await?.into_parts();
        let body = match Limited::new(body, bytes_max).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return Err(Failure::TooLarge { bytes_max });
            }
            Err(error) => return Err(Failure::Broken(error)),
        };
        self.used = Instant::now();
        Ok(Response { status: head.status, headers: head.headers, body })
    }

    async fn exchange(&mut self, request: Request) -> Result<hyper::Response<HyperBody>, Failure> {
        let host = host(&request.url);
        let request = request.into_hyper()?;
        self.cross(&host, Crossing::Request).await?;
        self.sender.ready().await.map_err(|error| Failure::Broken(error.into()))?;
        let answer = self.sender.send_request(request).await;
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
