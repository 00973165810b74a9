//! Who is away: from automatic replies in Exchange to what colleagues see.

use std::time::Duration;

use exchange_sim::{AutomaticReplies, Trouble};
use jiff::Timestamp;
use protocol::presence::{Status, StatusKind};
use world::memory::Recording;

use crate::site::{ALICE, BOB, Settings, Site};

/// In which colleagues see a change.
const A_MINUTE: Duration = Duration::from_secs(60);

async fn site() -> (Site, Recording) {
    let settings = Settings { presence: true, ..Settings::default() };
    let mut site = Site::without_connector(settings).await;
    let crossing = site.memory.record("connector", "cloud");
    site.start_connector();
    // Everybody has been read and told about once.
    let reads = || site.exchange.requests("GetUserOofSettings") >= 4;
    site.until_true("everybody was read", reads).await;
    site.pass(Duration::from_secs(5)).await;
    (site, crossing)
}

async fn is_away(site: &Site) -> bool {
    site.status(BOB, ALICE).await.status == StatusKind::OutOfOffice
}

async fn within_a_minute(site: &Site, is_so: impl Fn(&Status) -> bool) -> Status {
    let end = site.now().checked_add(A_MINUTE).expect("a time");
    loop {
        let status = site.status(BOB, ALICE).await;
        if is_so(&status) {
            return status;
        }
        assert!(site.now() < end, "not within a minute: {status:?}");
        site.pass(Duration::from_secs(1)).await;
    }
}

fn scheduled(start: Timestamp, end: Timestamp) -> AutomaticReplies {
    AutomaticReplies::Scheduled { start, end, message: "KanarieAbwesend".into() }
}

#[tokio::test(start_paused = true)]
async fn automatic_replies_show_within_a_minute_and_end_at_their_time() {
    let (site, crossing) = site().await;
    assert!(!is_away(&site).await);
    let end = site.in_minutes(120);
    let replies = scheduled(site.in_minutes(-1), end);
    site.exchange.set_automatic_replies(ALICE, replies).expect("set");
    let status = within_a_minute(&site, |s| s.status == StatusKind::OutOfOffice).await;
    assert_eq!(status.expires_time, Some(end));
    assert_eq!(site.status(ALICE, BOB).await.status, StatusKind::Unknown);
    site.until(end.checked_sub(Duration::from_secs(1)).expect("a time")).await;
    assert!(is_away(&site).await);
    site.until(end).await;
    assert!(!is_away(&site).await);
    let bytes = crossing.bytes();
    assert!(!bytes.is_empty());
    let canary = b"KanarieAbwesend";
    assert!(!bytes.windows(canary.len()).any(|window| window == canary), "the text left");
}

#[tokio::test(start_paused = true)]
async fn switched_on_without_an_end_it_lasts_until_switched_off() {
    let (site, _) = site().await;
    let replies = AutomaticReplies::On { message: "Away".into() };
    site.exchange.set_automatic_replies(ALICE, replies).expect("set");
    let status = within_a_minute(&site, |s| s.status == StatusKind::OutOfOffice).await;
    assert_eq!((status.expires_time, status.expires_ttl), (None, -1));
    site.pass(Duration::from_secs(3600)).await;
    assert!(is_away(&site).await);
    site.exchange.set_automatic_replies(ALICE, AutomaticReplies::Off).expect("set");
    within_a_minute(&site, |s| s.status == StatusKind::Unknown).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_new_costs_a_request_a_round_for_everybody() {
    let (site, _) = site().await;
    let asked = |name| site.exchange.requests(name);
    let before = (asked("GetMailTips"), asked("GetUserOofSettings"));
    site.pass(Duration::from_secs(3600)).await;
    let tips = asked("GetMailTips") - before.0;
    assert!((70..=80).contains(&tips), "{tips} in an hour");
    assert_eq!(asked("GetUserOofSettings"), before.1);
}

#[tokio::test(start_paused = true)]
async fn without_tips_everybody_is_asked_one_by_one() {
    let (site, _) = site().await;
    site.exchange.trouble(
        Some("GetMailTips"),
        u32::MAX,
        Trouble::Fault(ews::ResponseCode::ErrorMailTipsDisabled),
    );
    let replies = AutomaticReplies::On { message: "Away".into() };
    site.exchange.set_automatic_replies(ALICE, replies).expect("set");
    site.pass(Duration::from_secs(11 * 60)).await;
    assert!(is_away(&site).await);
}
