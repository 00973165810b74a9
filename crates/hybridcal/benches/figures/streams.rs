//! What a cloud does for many people at once: a list, and one change to everybody who watches.

use std::{fs, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, future::join_all, stream};
use kms::connector_key::ConnectorKey;
use protocol::{
    connector::{Commit, LeaseRequest},
    ids::{ConnectorId, SHARDS, Shard, UserId},
    meeting::SealedMeeting,
    routes,
    token::AUDIENCE_API,
};
use serde::Serialize;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::{mpsc, oneshot},
    time::Instant,
};
use url::Url;
use uuid::Uuid;
use world::http::Request;

use crate::{
    bounds::meeting,
    site::{self, Site},
};

/// As many as a cloud takes.
const STREAMS: usize = 10_000;
/// Files that this process needs for other things than both ends of each stream.
const OTHER_FILES: usize = 500;
/// Connections made at once, and requests.
const AT_ONCE: usize = 16;
/// The window of a list with so many meetings is read so often.
const MEETINGS: usize = 100;
/// A lease lasts for ten seconds.
const RENEWED: Duration = Duration::from_secs(3);
const LISTS: usize = 2000;
const CREATED: &[u8] = b"calendar.meeting.create";

pub(crate) fn run() {
    let streams = STREAMS.min(files_max().saturating_sub(OTHER_FILES) / 2);
    let site = Site::start("streams", streams);
    let connector = Connector::new(&site);
    println!("\n== a list of {MEETINGS} meetings in 38 days, asked for {AT_ONCE} at once");
    site.bench.block_on(lists(&site, &connector));
    println!("\n== {streams} event streams, one change to each");
    site.bench.block_on(everybody(&site, &connector, streams));
}

/// Of open files, sockets included, that the system lets this process have.
fn files_max() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").expect("Linux");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("a limit");
    line.split_whitespace().nth(3).and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX)
}

/// Commits as a connector does, in its name.
struct Connector {
    key: ConnectorKey,
    owner: Uuid,
    cloud: Url,
}

impl Connector {
    fn new(site: &Site) -> Self {
        let key = ConnectorKey::new(ConnectorId("bench".into()), site.connector_key());
        let (owner, cloud) = (site.world.chance.uuid(), site.cloud_url());
        Self { key: key.expect("a key"), owner, cloud }
    }

    async fn post(&self, site: &Site, path: &str, body: &impl Serialize) {
        let world = &site.world;
        let token = self.key.token(AUDIENCE_API, world.clock.now(), &world.chance).expect("signs");
        let url = self.cloud.join(path).expect("a URL");
        let body = serde_json::to_vec(body).expect("JSON");
        let post = Request::post(&url, body).json();
        let post = post.header("authorization", &format!("Bearer {token}"));
        let answer = world.http.send(post).await.expect("an answer");
        assert!(answer.status.is_success(), "{path}: {}", answer.status);
    }

    async fn lease(&self, site: &Site) {
        let shards = (0..SHARDS).map(Shard).collect();
        self.post(site, routes::LEASES, &LeaseRequest { owner: self.owner, shards }).await;
    }

    async fn commit(&self, site: &Site, user: UserId, upserts: Vec<SealedMeeting>) {
        let commit = Commit {
            owner: self.owner,
            lease_epoch: 1,
            expect_version: 0,
            batch_id: site.world.chance.uuid(),
            sealed_state: "x".repeat(1000),
            upserts,
            deletes: Vec::new(),
        };
        let path = routes::with(routes::MAILBOX_COMMITS, &user.to_string());
        self.post(site, &path, &commit).await;
    }
}

async fn lists(site: &Site, connector: &Connector) {
    let person = site.people; // nobody who watches below
    connector.lease(site).await;
    let today = (0..MEETINGS).map(|_| meeting(&site.world, site.now())).collect();
    connector.commit(site, site::user(person), today).await;
    let token = site.issuer.token(&site::address(person), AUDIENCE_API);
    let url = Arc::new(site.cloud_url().join(routes::MEETINGS).expect("a URL"));
    let asking = (0..AT_ONCE).map(|_| {
        let (http, url, token) = (site.world.http.clone(), Arc::clone(&url), token.clone());
        tokio::spawn(async move {
            let mut times = Vec::with_capacity(LISTS / AT_ONCE);
            let mut bytes = 0;
            for _ in 0..LISTS / AT_ONCE {
                let began = Instant::now();
                let get = Request::get(&url).header("authorization", &format!("Bearer {token}"));
                bytes = http.send(get).await.expect("a list").body.len();
                times.push(began.elapsed());
            }
            (times, bytes)
        })
    });
    let began = Instant::now();
    let all: Vec<_> = join_all(asking).await.into_iter().map(|it| it.expect("no panic")).collect();
    let per_second = LISTS as f64 / began.elapsed().as_secs_f64();
    let bytes = all.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0);
    let times = all.into_iter().flat_map(|(times, _)| times).collect();
    println!("{:<34}{per_second:>8.0} per second, {} KiB each", "lists", bytes / 1024);
    println!("{:<34}{}", "until the last byte", percentiles(times));
}

async fn everybody(site: &Site, connector: &Connector, streams: usize) {
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let began = Instant::now();
    let opening = (0..streams).map(|person| {
        let (opened, is_open) = oneshot::channel();
        tokio::spawn(listen(site.world.network.clone(), request(site, person), opened, {
            let arrived = arrived.clone();
            move || arrived.send((person, Instant::now())).expect("the bench waits")
        }));
        async move { is_open.await.expect("a stream") }
    });
    stream::iter(opening).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    println!("{:<34}{:>8.1} s", "time until all are open", began.elapsed().as_secs_f64());
    connector.lease(site).await;
    let mut commits = site.commits.resubscribe();
    let watching = tokio::spawn(async move {
        let mut times = std::collections::HashMap::new();
        while times.len() < streams {
            let commit = commits.recv().await.expect("a slow bench would be wrong");
            times.insert(commit.user, commit.at);
        }
        times
    });
    let began = Instant::now();
    let all = (0..streams).map(|person| {
        connector.commit(site, site::user(person), vec![meeting(&site.world, site.now())])
    });
    let committing = stream::iter(all).buffer_unordered(AT_ONCE).collect::<Vec<()>>();
    let renewing = async {
        loop {
            site.world.clock.sleep(RENEWED).await;
            connector.lease(site).await;
        }
    };
    tokio::select! {
        _all = committing => {}
        () = renewing => {}
    }
    let committed = streams as f64 / began.elapsed().as_secs_f64();
    println!("{:<34}{committed:>8.0} per second", "changes committed");
    let stored = watching.await.expect("no panic");
    let mut times = Vec::with_capacity(streams);
    for _ in 0..streams {
        let (person, at) = arrivals.recv().await.expect("an event");
        times.push(at.duration_since(stored[&site::user(person)]));
    }
    println!("{:<34}{}", "stored until read by its person", percentiles(times));
}

fn request(site: &Site, person: usize) -> (Url, String) {
    let token = site.issuer.token(&site::address(person), AUDIENCE_API);
    let cloud = site.cloud_url();
    let host = cloud.authority().to_owned();
    let head = format!(
        "GET {} HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\nauthorization: Bearer {token}\r\n\r\n",
        routes::EVENTS
    );
    (cloud, head)
}

/// Tells when the stream is open and when the first meeting came.
async fn listen(
    network: world::network::Network,
    (url, head): (Url, String),
    opened: oneshot::Sender<()>,
    arrived: impl FnOnce(),
) {
    let mut stream = network.connect(&url).await.expect("a connection").stream;
    stream.write_all(head.as_bytes()).await.expect("sent");
    let (mut read, mut opened) = (Vec::new(), Some(opened));
    loop {
        let more = stream.read_buf(&mut read).await.expect("an open stream");
        assert!(more > 0, "the cloud closed a stream");
        if let Some(opened) = opened.take_if(|_| read.windows(4).any(|part| part == b"\r\n\r\n")) {
            assert!(read.starts_with(b"HTTP/1.1 200"), "a stream was refused");
            opened.send(()).expect("the bench waits");
        }
        if read.windows(CREATED.len()).any(|part| part == CREATED) {
            break;
        }
    }
    arrived();
    // Open until the end, as in life.
    while stream.read_buf(&mut read).await.is_ok_and(|more| more > 0) {
        read.clear();
    }
}

fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at =
        |thousandths: usize| times[(times.len() - 1) * thousandths / 1000].as_secs_f64() * 1000.0;
    format!("p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms", at(500), at(990), at(1000))
}
