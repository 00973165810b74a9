//! Connections: real ones, or pipes inside the process.

use std::{borrow::Cow, io, sync::Arc};

use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use url::Url;

use crate::{
    memory::Host,
    tls::{Identity, Trust, TrustFailure},
};

/// Where `localhost` and the names below it lead.
const LOOPBACK: &str = "127.0.0.1";

/// Cheap to clone.
#[derive(Clone)]
pub enum Network {
    Internet(TlsConnector),
    Memory(Host),
}

/// A byte stream both ways, whatever it runs over.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

pub type Stream = Box<dyn Duplex>;

/// Accepts connections; bound as soon as it exists.
pub struct Listener {
    address: String,
    source: Source,
}

enum Source {
    Tcp(TcpListener),
    Tls(TcpListener, TlsAcceptor),
    Memory(mpsc::Receiver<tokio::io::DuplexStream>),
}

/// A connection that was asked for; TLS is agreed on in the connection's own task, so that a slow
/// stranger does not keep others waiting.
pub struct Accepted(Pending);

enum Pending {
    Ready(Stream),
    Tls(TcpStream, TlsAcceptor),
}

impl Network {
    pub fn internet(trust: &Trust) -> Result<Self, TrustFailure> {
        Ok(Self::Internet(TlsConnector::from(trust.client()?)))
    }

    /// A connection to the URL's host and port, with TLS for `https`.
    pub async fn connect(&self, url: &Url) -> io::Result<Stream> {
        let unusable = || io::Error::new(io::ErrorKind::InvalidInput, "a URL without a host");
        let host = url.host_str().ok_or_else(unusable)?;
        let port = url.port_or_known_default().ok_or_else(unusable)?;
        match self {
            Self::Internet(tls) => {
                let bare = host.trim_start_matches('[').trim_end_matches(']');
                #[expect(clippy::disallowed_methods, reason = "the one place that connects")]
                let tcp = TcpStream::connect((dialled(bare), port)).await?;
                tcp.set_nodelay(true)?;
                if url.scheme() != "https" {
                    return Ok(Box::new(tcp));
                }
                let name = ServerName::try_from(bare.to_owned()).map_err(io::Error::other)?;
                Ok(Box::new(tls.connect(name, tcp).await?))
            }
            Self::Memory(from) => Ok(Box::new(from.connect(&format!("{host}:{port}")).await?)),
        }
    }

    /// `address` is `host:port`; port 0 lets the system choose.
    pub async fn listen(&self, address: &str) -> io::Result<Listener> {
        match self {
            Self::Internet(_) => {
                #[expect(clippy::disallowed_methods, reason = "the one place that listens")]
                let listener = TcpListener::bind(&*bound(address)).await?;
                let address = listener.local_addr()?.to_string();
                Ok(Listener { address, source: Source::Tcp(listener) })
            }
            Self::Memory(host) => {
                let (address, pipes) = host.listen(address)?;
                Ok(Listener { address, source: Source::Memory(pipes) })
            }
        }
    }

    /// The same with TLS; pipes in memory need none.
    pub async fn listen_tls(&self, address: &str, identity: &Identity) -> io::Result<Listener> {
        let Listener { address, source } = self.listen(address).await?;
        let source = match source {
            Source::Tcp(tcp) => {
                let config = identity.server().map_err(io::Error::other)?;
                Source::Tls(tcp, TlsAcceptor::from(Arc::clone(&config)))
            }
            Source::Tls(..) | Source::Memory(_) => source,
        };
        Ok(Listener { address, source })
    }
}

impl Listener {
    /// `host:port`, with the port that was chosen.
    pub fn address(&self) -> &str {
        &self.address
    }

    pub async fn accept(&mut self) -> io::Result<Accepted> {
        match &mut self.source {
            Source::Tcp(listener) => {
                let (tcp, _) = listener.accept().await?;
                tcp.set_nodelay(true)?;
                Ok(Accepted(Pending::Ready(Box::new(tcp))))
            }
            Source::Tls(listener, acceptor) => {
                let (tcp, _) = listener.accept().await?;
                tcp.set_nodelay(true)?;
                Ok(Accepted(Pending::Tls(tcp, acceptor.clone())))
            }
            Source::Memory(pipes) => match pipes.recv().await {
                Some(pipe) => Ok(Accepted(Pending::Ready(Box::new(pipe)))),
                None => std::future::pending().await,
            },
        }
    }
}

impl Accepted {
    pub async fn stream(self) -> io::Result<Stream> {
        match self.0 {
            Pending::Ready(stream) => Ok(stream),
            Pending::Tls(tcp, acceptor) => Ok(Box::new(acceptor.accept(tcp).await?)),
        }
    }
}

/// `localhost` and every name below it mean this computer (RFC 6761, section 6.3).
pub(crate) fn is_loopback_name(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// What to connect to for a host. Plain HTTP is allowed to loopback names, so no resolver gets to
/// say that they are somewhere else.
fn dialled(host: &str) -> &str {
    if is_loopback_name(host) { LOOPBACK } else { host }
}

/// What to bind for `host:port`; like [`dialled`].
fn bound(address: &str) -> Cow<'_, str> {
    match address.rsplit_once(':') {
        Some((host, port)) if is_loopback_name(host) => format!("{LOOPBACK}:{port}").into(),
        Some(_) | None => address.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_are_not_resolved() {
        for name in ["localhost", "LocalHost", "issuer.localhost", "a.b.localhost"] {
            assert_eq!(dialled(name), "127.0.0.1");
            assert_eq!(bound(&format!("{name}:8080")), "127.0.0.1:8080");
        }
        for name in ["::1", "127.0.0.2", "notlocalhost", "localhost.example.com", "localhost.x"] {
            assert_eq!(dialled(name), name);
        }
        for address in ["[::1]:80", "0.0.0.0:80", "localhost.example.com:80", "localhost"] {
            assert_eq!(bound(address), address);
        }
    }

    #[tokio::test]
    async fn a_loopback_name_reaches_a_listener_of_that_name() {
        let network = Network::internet(&Trust::default()).expect("a network");
        let mut listener = network.listen("issuer.localhost:0").await.expect("a free port");
        let port = listener.address().strip_prefix("127.0.0.1:").expect("loopback").to_owned();
        let url = Url::parse(&format!("http://other.localhost:{port}")).expect("a URL");
        let (here, there) = tokio::join!(network.connect(&url), listener.accept());
        assert!(here.is_ok() && there.is_ok());
    }
}
