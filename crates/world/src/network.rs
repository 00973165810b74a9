//! Connections: real ones, or pipes inside the process.

mod proxy;
mod reach;

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
    tls::{Certificate, Identity, Trust, TrustFailure},
};

pub use proxy::Proxy;
use reach::Reach;

/// Where `localhost` and the names below it lead.
const LOOPBACK: &str = "127.0.0.1";

/// Cheap to clone.
#[derive(Clone)]
pub enum Network {
    Internet(Internet),
    Memory(Host),
}

/// Real sockets.
#[derive(Clone)]
pub struct Internet {
    tls: TlsConnector,
    proxy: Option<Proxy>,
    reach: Reach,
}

/// A way to a server, and the certificate that it showed.
pub struct Connected {
    pub stream: Stream,
    pub certificate: Option<Certificate>,
}

/// A byte stream both ways, whatever it runs over.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

pub type Stream = Box<dyn Duplex>;

/// Accepts connections; bound as soon as it exists.
pub struct Listener {
    address: String,
    certificate: Option<Certificate>,
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
        Self::internet_through(trust, None)
    }

    /// With a proxy for `https`, except to this computer.
    pub fn internet_through(trust: &Trust, proxy: Option<Proxy>) -> Result<Self, TrustFailure> {
        Ok(Self::Internet(Internet {
            tls: TlsConnector::from(trust.client()?),
            proxy,
            reach: Reach::Anywhere,
        }))
    }

    /// Without connections to private networks. Hosts in memory have no addresses to tell by.
    pub(crate) fn public_only(&self) -> Self {
        match self {
            Self::Internet(internet) => {
                Self::Internet(Internet { reach: Reach::Public, ..internet.clone() })
            }
            Self::Memory(_) => self.clone(),
        }
    }

    /// A connection to the URL's host and port, with TLS for `https`.
    pub async fn connect(&self, url: &Url) -> io::Result<Connected> {
        let unusable = || io::Error::new(io::ErrorKind::InvalidInput, "a URL without a host");
        let host = url.host_str().ok_or_else(unusable)?;
        let port = url.port_or_known_default().ok_or_else(unusable)?;
        match self {
            Self::Internet(internet) => internet.connect(url.scheme() == "https", host, port).await,
            Self::Memory(from) => {
                let address = format!("{host}:{port}");
                let stream = Box::new(from.connect(&address).await?);
                Ok(Connected { stream, certificate: from.certificate(&address) })
            }
        }
    }

    /// `address` is `host:port`; port 0 lets the system choose.
    pub async fn listen(&self, address: &str) -> io::Result<Listener> {
        match self {
            Self::Internet(_) => {
                #[expect(clippy::disallowed_methods, reason = "the one place that listens")]
                let listener = TcpListener::bind(&*bound(address)).await?;
                let address = listener.local_addr()?.to_string();
                Ok(Listener { address, certificate: None, source: Source::Tcp(listener) })
            }
            Self::Memory(host) => {
                let (address, pipes) = host.listen(address)?;
                let certificate = host.certificate(&address);
                Ok(Listener { address, certificate, source: Source::Memory(pipes) })
            }
        }
    }

    /// The same with TLS; pipes in memory need none, and only say that they have the certificate.
    pub async fn listen_tls(&self, address: &str, identity: &Identity) -> io::Result<Listener> {
        let Listener { address, source, .. } = self.listen(address).await?;
        let certificate = identity.certificate().map_err(io::Error::other)?;
        if let Self::Memory(host) = self {
            host.show_certificate(&address, certificate.clone());
        }
        let source = match source {
            Source::Tcp(tcp) => {
                let config = identity.server().map_err(io::Error::other)?;
                Source::Tls(tcp, TlsAcceptor::from(Arc::clone(&config)))
            }
            Source::Tls(..) | Source::Memory(_) => source,
        };
        Ok(Listener { address, certificate: Some(certificate), source })
    }
}

impl Internet {
    async fn connect(&self, is_tls: bool, host: &str, port: u16) -> io::Result<Connected> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if !is_tls {
            let tcp = self.reach.dial((dialled(bare), port)).await?;
            return Ok(Connected { stream: Box::new(tcp), certificate: None });
        }
        let tcp = match &self.proxy {
            Some(proxy) if !is_here(bare) => {
                let mut tcp = Reach::Anywhere.dial(proxy.address()).await?;
                proxy.let_through(&mut tcp, &format!("{host}:{port}")).await?;
                tcp
            }
            Some(_) | None => self.reach.dial((dialled(bare), port)).await?,
        };
        let name = ServerName::try_from(bare.to_owned()).map_err(io::Error::other)?;
        let stream = self.tls.connect(name, tcp).await?;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let certificate = shown.map(|der| Certificate::of(der));
        Ok(Connected { stream: Box::new(stream), certificate })
    }
}

/// This computer, by name or number.
fn is_here(host: &str) -> bool {
    let number = host.parse::<std::net::IpAddr>();
    is_loopback_name(host) || number.is_ok_and(|address| address.is_loopback())
}

impl Listener {
    /// `host:port`, with the port that was chosen.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What clients see.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
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
