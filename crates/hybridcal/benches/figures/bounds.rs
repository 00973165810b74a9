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
use world::{World, http::Request, stop::Stopper};

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
    let bare = site.bench.block_on(bare_statement(&site));
    println!("bare SQLite, a synced statement each {bare:>15.0} per second");
    let [alone, together] = site.bench.block_on(commits(&site));
    println!(
        "commits of the cloud, one by one {alone:>19.0} per second, {:.2} of bare",
        alone / bare
    );
    println!(
        "commits of the cloud, {AT_ONCE} at once {together:>19.0} per second, {:.2} of bare",
        together / bare
    );
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

async fn bare_statement(site: &Site) -> f64 {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite:{}?mode=rwc", site.file("bare.db").display());
    let pool: AnyPool =
        AnyPoolOptions::new().max_connections(1).connect(&url).await.expect("a database");
    let settings = "pragma journal_mode = wal; pragma synchronous = full; \
                    create table t (id BIGINT primary key, body TEXT not null)";
    sqlx::raw_sql(settings).execute(&pool).await.expect("a table");
    let (began, mut done) = (Instant::now(), 0_i64);
    while began.elapsed() < LASTS {
        let insert = sqlx::query("insert into t (id, body) values ($1, $2)");
        insert.bind(done).bind("x".repeat(1000)).execute(&pool).await.expect("inserted");
        done += 1;
    }
    done as f64 / began.elapsed().as_secs_f64()
}

/// One at a time, and as many at once as a connector has under way; per second.
async fn commits(site: &Site) -> [f64; 2] {
    let address = format!("sqlite:{}", site.file("commits.db").display());
    let clock = site.world.clock.clone();
    let store = Store::open(&address, OrganizationId("bench".into()), clock).await;
    let store = store.expect("a database");
    let (connector, owner) = (ConnectorId("bench".into()), site.world.chance.uuid());
    let all: Vec<Shard> = (0..SHARDS).map(Shard).collect();
    let (now, hour) = (site.world.clock.now(), Duration::from_secs(3600));
    store.take_leases(&connector, owner, &all, now, hour).await.expect("leases");
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
