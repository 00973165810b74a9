//! What the parts below ours can do at most on this computer: the disk, SQLite, HTTP over
//! loopback, and the reading of an answer. Other figures are to be held against these.

use std::{fs::File, io::Write as _, sync::Arc, time::Duration};

use axum::{Router, routing::get};
use cloud::Store;
use ews::{
    ConnectingSid, ItemId, ItemRef, Operation as _, RequestHeader,
    operations::GetItem,
    shapes::{BaseShape, ItemShape},
};
use futures_util::future::join_all;
use jiff::Timestamp;
use protocol::{
    connector::{Commit, Committed},
    ids::{ConnectorId, OrganizationId, SHARDS, Shard},
    meeting::SealedMeeting,
};
use sqlx::{AnyPool, any::AnyPoolOptions};
use tokio::time::Instant;
use uuid::Uuid;
use world::{World, database::scratch, http::Request, stop::Stopper};

use crate::{
    changes::Calendars,
    site::{self, Site},
};

const LASTS: Duration = Duration::from_secs(1);
/// As many as a connector has under way.
const AT_ONCE: usize = 16;

pub(crate) fn run() {
    let site = Site::start("bounds", 1);
    println!("\n== bounds of this computer, each measured alone");
    let mut file = File::create(site.file("sync")).expect("a file");
    let syncs = per_second(|| {
        file.write_all(&[0; 4096]).expect("written");
        file.sync_data().expect("written");
    });
    println!("writes of 4 KiB, each synced {syncs:>23.0} per second");
    for (name, [bare, store]) in databases(&site) {
        upserts(&site, name, &bare, &store);
    }
    println!("HTTP requests, {AT_ONCE} at once {:>26.0} per second", http(&site));
    let answer = site.bench.block_on(get_item(&site));
    let reads = per_second(|| drop(GetItem::read_answer(&answer).expect("an answer")));
    println!(
        "reading a GetItem answer of {} bytes {reads:>14.0} per second and processor",
        answer.len()
    );
}

fn per_second(mut work: impl FnMut()) -> f64 {
    let (began, mut done) = (Instant::now(), 0);
    while began.elapsed() < LASTS {
        work();
        done += 1;
    }
    f64::from(done) / began.elapsed().as_secs_f64()
}

/// Each with a place for the bare statement and one for the store; PostgreSQL if there is a server.
fn databases(site: &Site) -> Vec<(&'static str, [String; 2])> {
    let file = |name| format!("sqlite:{}?mode=rwc", site.file(name).display());
    let mut databases = vec![("SQLite", [file("bare.db"), file("commits.db")])];
    if let Some(server) = scratch::server() {
        let schema = || site.bench.block_on(scratch::schema(&server)).expect("a place");
        databases.push(("PostgreSQL", [schema(), schema()]));
    }
    databases
}

fn upserts(site: &Site, name: &str, bare: &str, store: &str) {
    let bare = site.bench.block_on(bare_statement(bare));
    println!("{:<36} {bare:>15.0} per second", format!("bare {name}, a statement each"));
    let [alone, together] = site.bench.block_on(commits(site, store));
    for (how, rate) in [("one by one".to_owned(), alone), (format!("{AT_ONCE} at once"), together)]
    {
        let what = format!("commits of the cloud, {how}");
        println!("{what:<36} {rate:>15.0} per second, {:.2} of bare", rate / bare);
    }
}

async fn bare_statement(url: &str) -> f64 {
    sqlx::any::install_default_drivers();
    let pool: AnyPool =
        AnyPoolOptions::new().max_connections(1).connect(url).await.expect("a database");
    if url.starts_with("sqlite:") {
        let settings = "pragma journal_mode = wal; pragma synchronous = full";
        sqlx::raw_sql(settings).execute(&pool).await.expect("set");
    }
    let table = "create table t (id BIGINT primary key, body TEXT not null)";
    sqlx::raw_sql(table).execute(&pool).await.expect("a table");
    let (began, mut done) = (Instant::now(), 0_i64);
    while began.elapsed() < LASTS {
        let insert = sqlx::query("insert into t (id, body) values ($1, $2)");
        insert.bind(done).bind("x".repeat(1000)).execute(&pool).await.expect("inserted");
        done += 1;
    }
    done as f64 / began.elapsed().as_secs_f64()
}

/// One at a time, and as many at once as a connector has under way; per second.
async fn commits(site: &Site, address: &str) -> [f64; 2] {
    let clock = site.world.clock.clone();
    let store = Store::open(address, OrganizationId("bench".into()), clock).await;
    let store = store.expect("a database");
    let (connector, owner) = (ConnectorId("bench".into()), site.world.chance.uuid());
    let all: Vec<Shard> = (0..SHARDS).map(Shard).collect();
    let hour = Duration::from_secs(3600);
    store.take_leases(&connector, owner, &all, hour).await.expect("leases");
    let (mut rates, mut version) = ([0.0; 2], 0);
    for (rate, at_once) in rates.iter_mut().zip([1, AT_ONCE]) {
        let (began, mut done) = (Instant::now(), 0_usize);
        while began.elapsed() < LASTS {
            let one = |n: usize| {
                let commit = commit(&site.world, owner, 0);
                store.commit(&connector, site::user(version * AT_ONCE + n), commit)
            };
            let answers: Vec<Result<Committed, _>> = join_all((0..at_once).map(one)).await;
            assert!(answers.iter().all(Result::is_ok), "a commit was refused");
            version += 1;
            done += at_once;
        }
        *rate = done as f64 / began.elapsed().as_secs_f64();
    }
    store.close().await;
    rates
}

fn commit(world: &World, owner: Uuid, expect_version: i64) -> Commit {
    Commit {
        owner,
        lease_epoch: 1,
        expect_version,
        batch_id: world.chance.uuid(),
        sealed_state: "x".repeat(1000),
        upserts: vec![meeting(world, world.clock.now())],
        deletes: Vec::new(),
    }
}

/// With four participants, as large as sealed ones are.
pub(crate) fn meeting(world: &World, start: Timestamp) -> SealedMeeting {
    let sealed = || "x".repeat(300);
    let participant = || {
        serde_json::json!({
            "id": world.chance.uuid(), "type": "person", "responseType": "unknown",
            "participantType": "required", "encryptedName": sealed(),
            "encryptedEmailAddress": sealed(),
        })
    };
    let meeting = serde_json::json!({
        "id": world.chance.uuid().to_string(), "seriesId": "series",
        "start": start, "durationMinutes": 30, "organizer": null,
        "isRecurring": false, "isAllDay": false, "isDeleted": false,
        "lastModified": start, "meetingSensitivity": "normal",
        "responseType": "accepted",
        "encryptionKeyUrl": "kms://keys/keys/00000000-0000-0000-0000-000000000000",
        "encryptedSubject": sealed(), "encryptedLocation": sealed(), "encryptedNotes": sealed(),
        "encryptedParticipants": (0..4).map(|_| participant()).collect::<Vec<_>>(),
        "links": [], "hc": { "rev": 1, "userRev": 0, "schema": 1, "truncated": [], "notes": [] },
    });
    serde_json::from_value(meeting).expect("a meeting")
}

/// The smallest request to the smallest server, both ours.
fn http(site: &Site) -> f64 {
    let servers = site::runtime("exchange");
    let (stopper, stop) = Stopper::new();
    let router = Router::new().route("/", get(async || "ok"));
    let network = site.world.network.clone();
    let address = servers.block_on(async move {
        let listener = network.listen("127.0.0.1:0").await.expect("a port");
        let address = listener.address().to_owned();
        tokio::spawn(world::http::serve(listener, router, stop));
        address
    });
    let url = Arc::new(site::url(&address));
    let done = site.bench.block_on(async {
        let asking = (0..AT_ONCE).map(|_| {
            let (http, url) = (site.world.http.clone(), Arc::clone(&url));
            tokio::spawn(async move {
                let (began, mut done) = (Instant::now(), 0_u32);
                while began.elapsed() < LASTS {
                    http.send(Request::get(&url)).await.expect("an answer");
                    done += 1;
                }
                done
            })
        });
        join_all(asking).await.into_iter().map(|done| done.expect("no panic")).sum::<u32>()
    });
    drop(stopper);
    servers.shutdown_background();
    f64::from(done) / LASTS.as_secs_f64()
}

/// The answer to the question a connector asks about a changed meeting, more or less.
async fn get_item(site: &Site) -> Vec<u8> {
    let calendars = Calendars::fill(site);
    let id = ItemId { id: calendars.first_id().to_owned(), change_key: None };
    let item_shape = ItemShape::of(BaseShape::AllProperties);
    let request = GetItem { item_shape, item_ids: vec![ItemRef::Item(id)] };
    let header = RequestHeader::impersonating(ConnectingSid::SmtpAddress(site::address(0)));
    let url = site.exchange.url().parse().expect("a URL");
    let request = Request::post(&url, request.write_request(&header))
        .header("content-type", "text/xml; charset=utf-8")
        .header("authorization", "Basic c3ZjLWNhbDpkZW1v");
    site.world.http.send(request).await.expect("an answer").body.to_vec()
}
