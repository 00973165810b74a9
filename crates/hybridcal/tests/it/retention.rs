//! What the cloud keeps of calendars: seven days back and thirty-one ahead, and nothing else.

use std::time::Duration;

use exchange_sim::NewMeeting;
use jiff::{SignedDuration, Timestamp};
use sqlx::{AnyConnection, Connection as _, Row as _};
use world::database::scratch;

use crate::{
    invitation::plan,
    site::{ALICE, BOB, Settings, Site},
};

const DAY_MINUTES: i64 = 24 * 60;
const BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A purge comes every hour.
const PURGED_WITHIN: SignedDuration = SignedDuration::from_hours(1);
const AHEAD: SignedDuration = SignedDuration::from_hours(31 * 24);

/// When each stored meeting begins and ends, of whoever it is.
async fn stored(site: &Site) -> Vec<(Timestamp, Timestamp)> {
    let hold = site.memory.clock().hold();
    let mut database = AnyConnection::connect(&site.places.cloud).await.expect("a database");
    if site.places.cloud.starts_with("postgres:") {
        let ours = "select set_config('hybridcal.organization', 'example', false)";
        sqlx::query(ours).execute(&mut database).await.expect("set");
    }
    let rows = sqlx::query("select starts_at, ends_at from meeting").fetch_all(&mut database).await;
    let time = |micros| Timestamp::from_microsecond(micros).expect("a time");
    let times = |row: sqlx::any::AnyRow| {
        (time(row.try_get(0).expect("a time")), time(row.try_get(1).expect("a time")))
    };
    let times = rows.expect("rows").into_iter().map(times).collect();
    database.close().await.expect("closed");
    drop(hold);
    times
}

#[tokio::test(start_paused = true)]
async fn only_the_window_lies_in_the_database() {
    // A database in memory could not be looked into.
    let folder = std::env::temp_dir().join(format!("hybridcal-retention-{}", std::process::id()));
    let data = scratch::server().is_none().then(|| folder.clone());
    if data.is_some() {
        std::fs::create_dir_all(&folder).expect("made");
    }
    let mut site =
        Site::without_connector(Settings { data: data.clone(), ..Settings::default() }).await;
    for (subject, day) in [("Last week", -6), ("Soon", 0), ("This month", 25), ("Next month", 40)] {
        let start = site.in_minutes(60 + day * DAY_MINUTES);
        let end = start + SignedDuration::from_mins(30);
        site.invite(ALICE, NewMeeting { subject: subject.into(), start, end, ..plan(&site) });
    }
    let check = async |site: &Site, listed: &[&str]| {
        for address in [ALICE, BOB] {
            let is_so = |list: &[hybridcal::client::OpenedMeeting]| {
                let mut subjects: Vec<_> = list.iter().filter_map(|it| it.subject.text()).collect();
                subjects.sort_unstable();
                subjects == listed
            };
            site.until_list(address, &format!("{listed:?}"), is_so).await;
        }
        let stored = stored(site).await;
        assert_eq!(stored.len(), 2 * listed.len(), "stored, but not listed");
        let now = site.now();
        for (start, end) in stored {
            assert!(end > now - BACK - PURGED_WITHIN && start < now + AHEAD, "{start} at {now}");
        }
    };
    site.start_connector();
    check(&site, &["Last week", "Soon", "This month"]).await;
    // Days pass of which nobody tells the cloud; it forgets by itself.
    site.kill_connector().await;
    site.pass(Duration::from_secs(2 * 24 * 3600 + 7200)).await;
    check(&site, &["Soon", "This month"]).await;
    site.pass(Duration::from_secs(8 * 24 * 3600)).await;
    check(&site, &["This month"]).await;
    // What comes into the window is found by the next reading.
    site.start_connector();
    check(&site, &["Next month", "This month"]).await;
    drop(site);
    if data.is_some() {
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
