//! Service records (SRV, RFC 2782): which host offers a service of a domain. A small resolver,
//! since the system's own interface knows addresses only; what it says is a hint and never proof.

mod message;

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

use self::message::{is_truncated, query, services};
use crate::{World, network::Network};

/// Records looked at; a domain has one or two.
const SERVICES_MAX: usize = 16;
const NAME_SERVERS_MAX: usize = 3;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// A datagram of this size passes everywhere; larger answers come over TCP.
const DATAGRAM_BYTES_MAX: usize = 4096;
const DNS_PORT: u16 = 53;
const RESOLVER_SETTINGS: &str = "/etc/resolv.conf";

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub priority: u16,
    pub weight: u16,
    pub port: u16,
    /// Without the dot at its end.
    pub host: String,
}

impl World {
    /// The records of a name such as `_autodiscover._tcp.example.com`, best first; none if there
    /// are none.
    pub async fn services(&self, name: &str) -> io::Result<Vec<Service>> {
        let mut found = match &self.network {
            Network::Internet(_) => self.ask_name_servers(name).await?,
            Network::Memory(host) => host.services(name),
        };
        found.sort_by_key(|service| (service.priority, u16::MAX - service.weight));
        found.truncate(SERVICES_MAX);
        Ok(found)
    }

    async fn ask_name_servers(&self, name: &str) -> io::Result<Vec<Service>> {
        let settings = std::fs::read_to_string(RESOLVER_SETTINGS)?;
        let mut failure = io::Error::new(io::ErrorKind::NotFound, "no name server is configured");
        for server in name_servers(&settings) {
            let [a, b, ..] = self.chance.u64().to_be_bytes();
            let question = query([a, b], name)?;
            match timeout(ANSWER_TIMEOUT, ask(server, &question)).await {
                Ok(Ok(answer)) => return services(&question, &answer),
                Ok(Err(error)) => failure = error,
                Err(_elapsed) => failure = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(failure)
    }
}

fn name_servers(settings: &str) -> Vec<SocketAddr> {
    let address = |line: &str| {
        let address = line.trim().strip_prefix("nameserver")?.trim();
        Some(SocketAddr::new(address.parse().ok()?, DNS_PORT))
    };
    settings.lines().filter_map(address).take(NAME_SERVERS_MAX).collect()
}

async fn ask(server: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let any = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut answer = vec![0; DATAGRAM_BYTES_MAX];
    let length = socket.recv(&mut answer).await?;
    answer.truncate(length);
    if is_truncated(&answer) { ask_by_tcp(server, question).await } else { Ok(answer) }
}

async fn ask_by_tcp(server: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    #[expect(clippy::disallowed_methods, reason = "part of the place that connects")]
    let mut stream = TcpStream::connect(server).await?;
    stream.write_u16(u16::try_from(question.len()).map_err(io::Error::other)?).await?;
    stream.write_all(question).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_servers_come_from_the_systems_settings() {
        let settings = "# x\nsearch example.com\nnameserver 192.0.2.1\nnameserver\t2001:db8::1 \n\
                        nameserver x\n";
        let servers = name_servers(settings);
        assert_eq!(servers.len(), 2);
        assert_eq!(servers[0].to_string(), "192.0.2.1:53");
    }

    #[tokio::test(start_paused = true)]
    async fn the_best_record_comes_first() {
        let memory = World::in_memory("2026-11-24T09:00:00Z".parse().expect("a time"), 1);
        let service = |priority, weight, host: &str| Service {
            priority,
            weight,
            port: 443,
            host: host.to_owned(),
        };
        let records = vec![service(2, 0, "c"), service(1, 1, "b"), service(1, 5, "a")];
        memory.set_services("_x._tcp.example.com", records);
        let found = memory.host("h").services("_x._tcp.example.com").await.expect("an answer");
        let hosts: Vec<_> = found.iter().map(|service| service.host.as_str()).collect();
        assert_eq!(hosts, ["a", "b", "c"]);
        assert_eq!(memory.host("h").services("_y._tcp.example.com").await.expect("none"), []);
    }
}
