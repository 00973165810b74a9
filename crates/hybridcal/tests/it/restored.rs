//! The cloud's database is replaced by an older one, as after a restore or when a standby that was
//! behind takes over: said once, and everything becomes as it is in Exchange.

use cloud::Store;
use exchange_sim::{MailKind, NewMeeting, Occasion};
use hybridcal::client::OpenedMeeting;
use protocol::ids::OrganizationId;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use world::database::scratch;

use crate::{
    invitation::{blocks, plan},
    site::{ALICE, BOB, Settings, Site},
};

const TABLES: [&str; 8] =
    ["site", "head", "meeting", "change", "mailbox_state", "commit_result", "presence", "lease"];

/// Statements as an administrator would have them carried out, all at once.
async fn administer(site: &Site, statements: impl Fn(&str) -> String) {
    let hold = site.memory.clock().hold();
    let mut database = AnyConnection::connect(&site.places.cloud).await.expect("a database");
    if site.places.cloud.starts_with("postgres:") {
        let ours = "select set_config('hybridcal.organization', 'example', false)";
        sqlx::query(ours).execute(&mut database).await.expect("set");
    }
    let all: Vec<_> = TABLES.iter().map(|table| statements(table)).collect();
    let begin = if site.places.cloud.starts_with("sqlite:") { "begin immediate" } else { "begin" };
    let all = format!("{begin}; {}; commit", all.join("; "));
    sqlx::raw_sql(AssertSqlSafe(all)).execute(&mut database).await.expect("done");
    database.close().await.expect("closed");
    drop(hold);
}

fn named(site: &Site, subject: &str) -> NewMeeting {
    NewMeeting { subject: subject.into(), ..plan(site) }
}

#[tokio::test(start_paused = true)]
async fn after_a_failover_that_lost_something_lists_equal_calendars_again() {
    let folder = std::env::temp_dir().join(format!("hybridcal-restored-{}", std::process::id()));
    let data = scratch::server().is_none().then(|| folder.clone());
    if data.is_some() {
        std::fs::create_dir_all(&folder).expect("made");
    }
    let mut site = Site::start_with(Settings { data: data.clone(), ..Settings::default() }).await;
    let moved = site.invite(ALICE, named(&site, "Moved"));
    let cancelled = site.invite(ALICE, named(&site, "Cancelled"));
    for subject in ["Moved", "Cancelled"] {
        site.until_joinable(BOB, subject).await;
    }
    administer(&site, |table| format!("create table kept_{table} as select * from {table}")).await;

    let (start, end) = (site.in_minutes(200), site.in_minutes(210));
    site.exchange.move_meeting(&moved, Occasion::Whole, start, end).expect("moved");
    site.exchange.cancel(&cancelled, Occasion::Whole).expect("cancelled");
    site.invite(ALICE, named(&site, "New"));
    let is_right = |list: &[OpenedMeeting]| {
        let is_new = |it: &OpenedMeeting| it.subject.text() == Some("New") && it.join_url.is_some();
        let is_moved = |it: &OpenedMeeting| it.subject.text() == Some("Moved") && it.start == start;
        list.len() == 2 && list.iter().any(is_new) && list.iter().any(is_moved)
    };
    for address in [ALICE, BOB] {
        site.until_list(address, "everything as in Exchange", is_right).await;
    }
    let updates = site.mails(BOB, MailKind::Update);

    administer(&site, |table| {
        format!("delete from {table}; insert into {table} select * from kept_{table}")
    })
    .await;
    let older = site.list(BOB).await;
    assert!(!is_right(&older) && older.len() == 2, "it went back");
    let organization = OrganizationId("example".into());
    let clock = site.memory.clock().clone();
    let store = Store::open(&site.places.cloud, organization, clock).await.expect("a database");
    store.raise_incarnation().await.expect("raised");
    store.close().await;

    // As docs/operating.md says. Nothing happens in Exchange meanwhile.
    site.kill_connector().await;
    site.start_connector();
    for address in [ALICE, BOB] {
        site.until_list(address, "everything as in Exchange once more", is_right).await;
    }
    assert_eq!(site.mails(BOB, MailKind::Update), updates, "nobody got a mail");
    for subject in ["Moved", "New"] {
        assert_eq!(blocks(&site.entry(ALICE, subject).body.content), 1, "{subject}");
    }
    drop(site);
    if data.is_some() {
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
