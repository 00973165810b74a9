//! TLS over loopback: who is believed, and what is known of the certificate.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

use super::*;
use crate::network::{Network, Proxy};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("tls-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// A server that says one byte to each; its port.
async fn serve(identity: &Identity) -> String {
    let network = Network::internet(&Trust::default()).expect("a network");
    let mut listener = network.listen_tls("127.0.0.1:0", identity).await.expect("free");
    let address = listener.address().to_owned();
    tokio::spawn(async move {
        while let Ok(accepted) = listener.accept().await {
            if let Ok(mut stream) = accepted.stream().await {
                let _sent = stream.write_all(b"!").await;
            }
        }
    });
    address.rsplit_once(':').expect("a port").1.to_owned()
}

/// What a client with this trust sees.
async fn look(trust: &Trust, url: &str) -> std::io::Result<Certificate> {
    let network = Network::internet(trust).expect("a network");
    let mut connected = network.connect(&Url::parse(url).expect("a URL")).await?;
    let mut byte = [0];
    connected.stream.read_exact(&mut byte).await?;
    Ok(connected.certificate.expect("one was shown"))
}

fn pinned(pin: &[u8; 32]) -> Trust {
    let text: Vec<String> = pin.iter().map(|byte| format!("{byte:02X}")).collect();
    Trust { pins: vec![text.join(":").parse().expect("a pin")], ..Trust::default() }
}

#[tokio::test]
async fn authorities_and_pins_are_believed_and_nobody_else() {
    let folder = Folder::new();
    let identity = throw_away_identity(&folder.0, &["localhost"]).expect("written");
    let url = format!("https://localhost:{}", serve(&identity).await);
    let seen = identity.certificate().expect("readable");

    let by_authority = Trust { ca_file: Some(folder.0.join(CA_FILE)), ..Trust::default() };
    assert_eq!(look(&by_authority, &url).await.expect("trusted"), seen);
    assert!(look(&Trust::default(), &url).await.is_err(), "nobody vouches for it");

    assert_eq!(look(&pinned(&seen.sha256), &url).await.expect("named"), seen);
    let key = seen.key_sha256.expect("a key");
    assert!(look(&pinned(&key), &url).await.is_ok(), "its key is named");
    let other = Trust { ca_file: by_authority.ca_file.clone(), ..pinned(&[7; 32]) };
    assert!(look(&other, &url).await.is_err(), "an authority does not replace the pin");
    let by_number = url.replace("localhost", "127.0.0.1");
    assert!(look(&pinned(&seen.sha256), &by_number).await.is_err(), "it is of another host");
}

#[test]
fn pins_are_64_digits() {
    assert!("ab".repeat(32).parse::<Pin>().is_ok());
    for text in [String::new(), "ab".repeat(31), "zz".repeat(32), "a".repeat(65)] {
        assert_eq!(text.parse::<Pin>(), Err(NotAPin), "{text}");
    }
}

/// One connection for a proxy: what the client says first, and then `answer`.
async fn proxy(answer: &'static str) -> (Url, tokio::task::JoinHandle<String>) {
    let network = Network::internet(&Trust::default()).expect("a network");
    let mut listener = network.listen("127.0.0.1:0").await.expect("free");
    let url = Url::parse(&format!("http://{}", listener.address())).expect("a URL");
    let heard = tokio::spawn(async move {
        let mut stream = listener.accept().await.expect("one").stream().await.expect("plain");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("more"));
        }
        stream.write_all(answer.as_bytes()).await.expect("sent");
        String::from_utf8(head).expect("text")
    });
    (url, heard)
}

#[tokio::test]
async fn a_proxy_is_asked_by_name_and_with_its_password() {
    for (answer, said) in [
        ("HTTP/1.1 407 No\r\n\r\n", "refuses its user or password"),
        ("HTTP/1.1 502 No\r\n\r\n", "status 502"),
        ("nonsense\r\n\r\n", "does not speak HTTP"),
    ] {
        let (url, heard) = proxy(answer).await;
        let proxy = Proxy::new(&url, Some(("user", "secret"))).expect("a proxy");
        assert!(!format!("{proxy:?}").contains("secret"));
        let network = Network::internet_through(&Trust::default(), Some(proxy));
        let exchange = Url::parse("https://mail.example.com/x").expect("a URL");
        let failure = network.expect("a network").connect(&exchange).await.err().expect("none");
        assert!(failure.to_string().contains(said), "{failure}");
        let heard = heard.await.expect("heard");
        assert!(heard.starts_with("CONNECT mail.example.com:443 HTTP/1.1\r\n"), "{heard}");
        assert!(heard.contains("Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"), "{heard}");
    }
}
