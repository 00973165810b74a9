//! An HTTP proxy on the way out, which lets TLS through by `CONNECT`.

use std::{fmt, io};

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;

/// What a proxy may say before it lets us through.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// Only for `https`: plain HTTP goes to this computer alone.
#[derive(Clone)]
pub struct Proxy {
    host: String,
    port: u16,
    authorization: Option<String>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Proxy {
    /// None if the URL is not that of a proxy: `http://host:port`.
    pub fn new(url: &Url, credentials: Option<(&str, &str)>) -> Option<Self> {
        let is_plain = url.scheme() == "http" && url.username().is_empty();
        let host = url.host_str().filter(|_| is_plain)?.to_owned();
        let authorization = credentials.map(|(user, password)| {
            format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
        });
        Some(Self { host, port: url.port_or_known_default()?, authorization })
    }

    pub(super) fn address(&self) -> (&str, u16) {
        (self.host.trim_start_matches('[').trim_end_matches(']'), self.port)
    }

    /// `authority` is `host:port`.
    pub(super) async fn let_through(&self, tcp: &mut TcpStream, authority: &str) -> io::Result<()> {
        let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
        if let Some(authorization) = &self.authorization {
            request.push_str("Proxy-Authorization: ");
            request.push_str(authorization);
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        tcp.write_all(request.as_bytes()).await?;
        let status = status(&read_head(tcp).await?);
        match status.ok_or_else(|| io::Error::other("the proxy does not speak HTTP"))? {
            200..=299 => Ok(()),
            407 => {
                let says = "the proxy refuses its user or password";
                Err(io::Error::new(io::ErrorKind::PermissionDenied, says))
            }
            status => Err(io::Error::other(format!("the proxy answered with status {status}"))),
        }
    }
}

/// Byte by byte, since what follows belongs to TLS.
async fn read_head(tcp: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_BYTES_MAX {
            return Err(io::Error::other("the proxy says too much"));
        }
        head.push(tcp.read_u8().await?);
    }
    Ok(head)
}

fn status(head: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(head).ok()?.lines().next()?;
    let (version, rest) = line.split_once(' ')?;
    if version.starts_with("HTTP/1.") { rest.get(..3)?.parse().ok() } else { None }
}
