//! Where connections may lead: for addresses that come from outside, not into our own networks.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::net::TcpStream;

#[derive(Clone, Copy)]
pub(super) enum Reach {
    Anywhere,
    /// Only to addresses of the public internet. Looked at after the name was resolved, since a
    /// public name may lead to a private address, and to another one each time.
    Public,
}

impl Reach {
    pub(super) async fn dial(self, (host, port): (&str, u16)) -> io::Result<TcpStream> {
        let tcp = match self {
            Self::Anywhere => connect((host, port)).await?,
            Self::Public => {
                let addresses: Vec<_> = tokio::net::lookup_host((host, port)).await?.collect();
                connect(&*public(&addresses)?).await?
            }
        };
        tcp.set_nodelay(true)?;
        Ok(tcp)
    }
}

async fn connect(address: impl tokio::net::ToSocketAddrs) -> io::Result<TcpStream> {
    #[expect(clippy::disallowed_methods, reason = "the one place that connects")]
    let tcp = TcpStream::connect(address).await;
    tcp
}

/// All of them are public, or it is refused: one private address among others is no accident.
fn public(addresses: &[SocketAddr]) -> io::Result<Vec<SocketAddr>> {
    match addresses.iter().all(|address| is_public(address.ip())) {
        true => Ok(addresses.to_vec()),
        false => Err(io::Error::new(io::ErrorKind::PermissionDenied, "a private address")),
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

/// IANA's registry of special-purpose addresses, as far as nobody is meant to be called there.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_for_protocols = a == 192 && b == 0 && c == 0;
    let is_for_benchmarks = a == 198 && (b == 18 || b == 19);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || is_shared
        || is_for_protocols
        || is_for_benchmarks)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Global unicast is 2000::/3; of that, 2001:db8::/32 is for documents and 3fff::/20 too.
    let [first, second, ..] = address.segments();
    let is_global = first & 0xe000 == 0x2000;
    let is_documentation =
        (first == 0x2001 && second == 0x0db8) || first == 0x3fff && second < 0x1000;
    is_global && !is_documentation
}

/// An IPv4 address in one of its IPv6 dresses: mapped, translated (64:ff9b::/96), 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bytes = address.octets();
    let last = || Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(12..)?).ok()?));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => last(),
        [0x2002, ..] => Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(2..6)?).ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_told_from_public_ones() {
        for (address, expected) in [
            ("93.184.216.34", true),
            ("2a00:1450:4001:80b::200e", true),
            ("172.15.0.1", true),
            ("100.63.0.1", true),
            ("127.0.0.1", false),
            ("127.8.0.1", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("198.18.0.1", false),
            ("192.0.2.1", false),
            ("::1", false),
            ("::", false),
            ("fe80::1", false),
            ("fd00::1", false),
            ("ff02::1", false),
            ("2001:db8::1", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:93.184.216.34", true),
            ("64:ff9b::7f00:1", false),
            ("2002:c0a8:101::1", false),
        ] {
            assert_eq!(is_public(address.parse().expect("an address")), expected, "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_called() {
        #[expect(clippy::disallowed_methods, reason = "somebody inside to be called")]
        let inside = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = inside.local_addr().expect("an address").port();
        for host in ["localhost", "127.0.0.1"] {
            let refused = Reach::Public.dial((host, port)).await.expect_err("inside");
            assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied, "{host}");
            assert!(Reach::Anywhere.dial((host, port)).await.is_ok(), "{host}");
        }
    }
}
