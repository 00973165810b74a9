//! A directory in memory that answers two questions.

use std::sync::{Arc, Mutex};

use tokio::io::AsyncReadExt;
use world::{World, memory::Memory};

use super::{ber::server, *};

const URL_BERLIN: &str = "https://berlin.example.com/autodiscover/autodiscover.xml";
const URL_PARIS: &str = "https://paris.example.com/autodiscover/autodiscover.xml";
const URL_ANY: &str = "https://any.example.com/autodiscover/autodiscover.xml";

/// Answers each message it gets with the next of these; gives back what it got.
async fn serve(memory: &Memory, answers: Vec<Vec<u8>>) -> Arc<Mutex<Vec<u8>>> {
    let network = memory.host("dc").network;
    let mut listener = network.listen("dc.example.com:636").await.expect("free");
    let heard = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&heard);
    tokio::spawn(async move {
        let mut stream = listener.accept().await.expect("a caller").stream().await.expect("it");
        for answer in answers {
            let mut buffer = vec![0; 4096];
            let read = stream.read(&mut buffer).await.expect("a message");
            told.lock().expect("unpoisoned").extend_from_slice(&buffer[..read]);
            stream.write_all(&answer).await.expect("still there");
        }
    });
    heard
}

fn directory(site: Option<&str>) -> Directory {
    Directory {
        url: Url::parse("ldaps://dc.example.com").expect("a URL"),
        site: site.map(str::to_owned),
        account: Some(("svc@example.com".into(), Secret::new("a-password".into()))),
    }
}

fn memory() -> Memory {
    World::in_memory("2026-11-24T09:00:00Z".parse().expect("a time"), 1)
}

#[tokio::test(start_paused = true)]
async fn points_of_our_site_come_first() {
    let memory = memory();
    let root = [server::record(2, &[(ROOT, &["CN=Configuration,DC=x"])]), server::done(2, 0)];
    let points = [
        server::record(3, &[(URLS, &[URL_PARIS]), (KEYWORDS, &["Site=Paris"])]),
        server::record(3, &[("keywords", &["x"]), ("ServiceBindingInformation", &[URL_ANY])]),
        server::record(3, &[(URLS, &[URL_BERLIN]), (KEYWORDS, &["x", "Site=Berlin"])]),
        server::done(3, 0),
    ];
    let answers = vec![server::bound(1, 0), root.concat(), points.concat()];
    let heard = serve(&memory, answers).await;
    let found = directory(Some("berlin")).points(&memory.host("connector")).await;
    assert_eq!(found.expect("points"), [URL_BERLIN, URL_ANY, URL_PARIS]);
    let heard = String::from_utf8_lossy(&heard.lock().expect("unpoisoned")).into_owned();
    for said in ["svc@example.com", "CN=Configuration,DC=x", AUTODISCOVER_KEYWORD] {
        assert!(heard.contains(said), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_and_nonsense_are_failures() {
    for (answer, expected) in [
        (server::bound(1, 49), "the directory refuses with result 49"),
        (vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff], "the directory's answer cannot be read"),
        (vec![0x30, 0x01, 0x00], "the directory's answer cannot be read"),
        (Vec::new(), "the directory cannot be reached"),
    ] {
        let memory = memory();
        let _heard = serve(&memory, vec![answer]).await;
        let failure = directory(None).points(&memory.host("connector")).await.expect_err("no");
        assert_eq!(failure.to_string(), expected);
    }
    let nobody = directory(None).points(&memory().host("connector")).await;
    assert!(matches!(nobody, Err(Failure::Unreachable(_))));
}
