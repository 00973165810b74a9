//! Service connection points: what Active Directory says about Autodiscover, asked over LDAP.
//! Only reads, and only two questions. The account's password goes over TLS or not at all.

mod ber;

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use url::Url;
use world::World;
use world::network::Stream;

use self::ber::{Filter, Message, Scope};
use crate::config::Secret;

/// Marks a service connection point that holds an address of Autodiscover.
const AUTODISCOVER_KEYWORD: &str = "77378F46-2C66-4aa9-A6A6-3E7A48B19596";
const DEADLINE: Duration = Duration::from_secs(20);
/// One message; a record is small.
const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// Records of one question; one per client access server.
const RECORDS_MAX: usize = 256;
const LDAPS_PORT: u16 = 636;
const LDAP_PORT: u16 = 389;

/// Whom to ask, and as whom.
pub struct Directory {
    pub url: Url,
    /// Points of this site come first.
    pub site: Option<String>,
    /// Nobody in particular over plain `ldap://`.
    pub account: Option<(String, Secret)>,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the directory cannot be reached")]
    Unreachable(#[source] io::Error),
    #[error("the directory does not answer in time")]
    Silent,
    #[error("the directory refuses with result {0}")]
    Refused(u8),
    #[error("the directory's answer cannot be read")]
    Malformed,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Unreachable(error)
    }
}

/// Values of one record: the addresses, and the words that describe it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Point {
    urls: Vec<String>,
    keywords: Vec<String>,
}

impl Directory {
    /// Addresses of Autodiscover, those of our site first, then those of no site.
    pub async fn points(&self, world: &World) -> Result<Vec<String>, Failure> {
        timeout(DEADLINE, self.ask(world)).await.unwrap_or(Err(Failure::Silent))
    }

    async fn ask(&self, world: &World) -> Result<Vec<String>, Failure> {
        let mut session = Session { stream: self.connect(world).await?, last_id: 0 };
        let account = self.account.as_ref();
        let (user, password) = account.map_or(("", ""), |(user, secret)| (user, secret.expose()));
        session.bind(user, password).await?;
        let root = session.search("", Scope::Base, &Filter::Present("objectClass"), &[ROOT]);
        let root = root.await?.into_iter().next().unwrap_or_default();
        let base = root.into_iter().next().and_then(|(_, values)| values.into_iter().next());
        let base = base.ok_or(Failure::Malformed)?;
        let filter = Filter::Both(
            Box::new(Filter::Equal("objectClass", "serviceConnectionPoint")),
            Box::new(Filter::Equal(KEYWORDS, AUTODISCOVER_KEYWORD)),
        );
        let found = session.search(&base, Scope::Subtree, &filter, &[URLS, KEYWORDS]).await?;
        Ok(sorted(found.into_iter().map(point).collect(), self.site.as_deref()))
    }

    /// TLS is the network's own, with its trust and its check of the name.
    async fn connect(&self, world: &World) -> Result<Stream, Failure> {
        let host = self.url.host_str().ok_or(Failure::Malformed)?;
        let (scheme, usual) =
            if self.is_safe() { ("https", LDAPS_PORT) } else { ("http", LDAP_PORT) };
        let port = self.url.port().unwrap_or(usual);
        let url = Url::parse(&format!("{scheme}://{host}:{port}"));
        let url = url.map_err(|_form| Failure::Malformed)?;
        Ok(world.network.connect(&url).await?.stream)
    }

    fn is_safe(&self) -> bool {
        self.url.scheme() == "ldaps"
    }
}

const ROOT: &str = "configurationNamingContext";
const URLS: &str = "serviceBindingInformation";
const KEYWORDS: &str = "keywords";

type Record = Vec<(String, Vec<String>)>;

fn point(record: Record) -> Point {
    let mut point = Point::default();
    for (name, values) in record {
        if name.eq_ignore_ascii_case(URLS) {
            point.urls = values;
        } else if name.eq_ignore_ascii_case(KEYWORDS) {
            point.keywords = values;
        }
    }
    point
}

fn sorted(mut points: Vec<Point>, site: Option<&str>) -> Vec<String> {
    let rank = |point: &Point| {
        let sites: Vec<&str> =
            point.keywords.iter().filter_map(|word| word.strip_prefix("Site=")).collect();
        match site {
            Some(ours) if sites.iter().any(|site| site.eq_ignore_ascii_case(ours)) => 0,
            Some(_) | None if sites.is_empty() => 1,
            Some(_) | None => 2,
        }
    };
    points.sort_by_key(rank);
    points.into_iter().flat_map(|point| point.urls).collect()
}

struct Session {
    stream: Stream,
    last_id: u8,
}

impl Session {
    async fn bind(&mut self, user: &str, password: &str) -> Result<(), Failure> {
        self.last_id += 1;
        self.stream.write_all(&ber::bind(self.last_id, user, password)).await?;
        loop {
            match self.receive().await? {
                Message::Bound(0) => return Ok(()),
                Message::Bound(code) => return Err(Failure::Refused(code)),
                Message::Record(_) | Message::Done(_) | Message::Other => {}
            }
        }
    }

    async fn search(
        &mut self,
        base: &str,
        scope: Scope,
        filter: &Filter,
        attributes: &[&str],
    ) -> Result<Vec<Record>, Failure> {
        self.last_id += 1;
        let request = ber::search(self.last_id, base, scope, filter, attributes);
        self.stream.write_all(&request).await?;
        let mut records = Vec::new();
        loop {
            match self.receive().await? {
                Message::Record(record) if records.len() < RECORDS_MAX => records.push(record),
                Message::Done(0) => return Ok(records),
                Message::Done(code) => return Err(Failure::Refused(code)),
                Message::Record(_) | Message::Bound(_) | Message::Other => {}
            }
        }
    }

    async fn receive(&mut self) -> Result<Message, Failure> {
        let mut head = vec![0; 2];
        self.stream.read_exact(&mut head).await?;
        let more = head.last().map_or(0, |length| ber::length_bytes(*length));
        let mut length = vec![0; more];
        self.stream.read_exact(&mut length).await?;
        head.extend(length);
        let bytes = ber::body_length(&head).filter(|bytes| *bytes <= MESSAGE_BYTES_MAX);
        let mut body = vec![0; bytes.ok_or(Failure::Malformed)?];
        self.stream.read_exact(&mut body).await?;
        ber::read(&body).ok_or(Failure::Malformed)
    }
}

#[cfg(test)]
mod tests;
