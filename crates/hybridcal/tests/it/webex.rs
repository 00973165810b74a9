//! A keyword that leads to Webex: the meeting there follows the invitation, also when the connector dies
//! at any message.

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use connector::config::{Config, ProviderSettings};
use exchange_sim::{Changes, MailKind, NewMeeting, Occasion};
use world::stop::{Stop, Stopper};

use crate::{
    invitation::{blocks, plan},
    site::{ALICE, BOB, Settings, Site, time},
};

/// Longer than a provider in trouble is left alone.
const A_WHILE: Duration = Duration::from_secs(200);

struct Webex {
    simulator: webex_sim::Simulator,
    _stopper: Stopper,
}

/// Each test has a thread of its own.
fn folder() -> PathBuf {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("main").replace("::", "-");
    std::env::temp_dir().join(format!("hc-site-{}-{name}", std::process::id()))
}

fn leads_to_webex(config: &mut Config) {
    let path = |file: &str| folder().join(file).display().to_string();
    let settings = serde_json::json!({
        "kind": "webex",
        "client_id": "sample-app",
        "client_secret_file": path("secret"),
        "first_tokens_file": path("first.json"),
        "token_file": path("tokens"),
        "token_key_file": path("key"),
        "api": "http://webex.localhost/v1",
    });
    let settings: ProviderSettings = serde_json::from_value(settings).expect("settings");
    config.conferences = BTreeMap::from([("webex".to_owned(), settings)]);
    config.keywords = BTreeMap::from([("@webex".to_owned(), "webex".to_owned())]);
}

async fn begin(seed: u64) -> (Site, Webex) {
    fs::create_dir_all(folder()).expect("a folder");
    drop(fs::remove_file(folder().join("tokens")));
    for (file, text) in [
        ("secret", "sample-app-secret"),
        ("first.json", r#"{"refresh_token":"sample-refresh-token"}"#),
        ("key", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="),
    ] {
        fs::write(folder().join(file), text).expect("written");
    }
    let settings = Settings { seed, change_config: leads_to_webex, ..Settings::default() };
    let site = Site::without_connector(settings).await;
    let (stopper, stop): (Stopper, Stop) = Stopper::new();
    let mut config = webex_sim::Config::sample("webex.localhost:80");
    // An answer with new tokens may be lost in a crash; what then becomes of it, another test shows.
    config.is_rotating = false;
    let simulator = webex_sim::start(config, site.memory.host("webex"), stop).await;
    (site, Webex { simulator: simulator.expect("it starts"), _stopper: stopper })
}

fn at_webex(site: &Site) -> NewMeeting {
    NewMeeting { location: Some("Room 4; @webex".to_owned()), ..plan(site) }
}

async fn settled(site: &Site) {
    for address in [ALICE, BOB] {
        site.until_joinable(address, "Plan").await;
    }
    site.pass(A_WHILE).await;
}

/// One meeting at Webex, one block, one update.
fn check(site: &Site, webex: &Webex, when: &str) {
    let meetings = webex.simulator.meetings();
    assert_eq!(meetings.len(), 1, "{when}: {meetings:?}");
    let link = format!("https://example.webex.com/example/j.php?MTID=m{}", meetings[0].id);
    for address in [ALICE, BOB] {
        let entry = site.entry(address, "Plan");
        assert_eq!(blocks(&entry.body.content), 1, "{when}");
        assert_eq!(entry.location, Some(format!("Room 4; @webex; {link}")), "{when}");
    }
    assert_eq!(site.mails(BOB, MailKind::Update), 1, "{when}");
    assert_eq!(webex.simulator.mails(), 0, "{when}");
}

#[tokio::test(start_paused = true)]
async fn the_meeting_at_webex_follows_the_invitation() {
    let (mut site, webex) = begin(1).await;
    site.start_connector();
    let meeting = site.invite(ALICE, at_webex(&site));
    settled(&site).await;
    check(&site, &webex, "made");
    let found = webex.simulator.meetings().remove(0);
    assert_eq!((found.host.as_str(), found.title.as_str()), (ALICE, "Plan"));
    assert_eq!(found.start, site.entry(ALICE, "Plan").start);

    let (start, end) = (time("2026-11-24T12:00:00Z"), time("2026-11-24T13:00:00Z"));
    let moved = Changes { start: Some(start), end: Some(end), ..Changes::default() };
    site.exchange.change_meeting(&meeting, Occasion::Whole, &moved).expect("moved");
    site.pass(A_WHILE).await;
    let there = webex.simulator.meetings().remove(0);
    assert_eq!((there.id, there.start, there.end), (found.id, start, end));

    site.exchange.cancel(&meeting, Occasion::Whole).expect("called off");
    site.pass(A_WHILE).await;
    assert_eq!(webex.simulator.meetings(), []);
    assert_eq!((webex.simulator.made(), webex.simulator.mails()), (1, 0));
    fs::remove_dir_all(folder()).expect("removed");
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_dies_at_any_message_leaves_one_meeting() {
    let (mut site, webex) = begin(0).await;
    site.start_connector();
    site.invite(ALICE, at_webex(&site));
    site.until_joinable(BOB, "Plan").await;
    let asked = site.memory.crossings("connector");
    settled(&site).await;
    check(&site, &webex, "without a crash");
    println!("messages until Bob can join: {asked}");
    drop((site, webex));
    for nth in 1..=asked {
        let (mut site, webex) = begin(nth).await;
        site.memory.crash_at("connector", nth);
        site.start_connector_that_will_crash();
        site.invite(ALICE, at_webex(&site));
        site.memory.crashed("connector").await;
        site.kill_connector().await;
        site.start_connector();
        settled(&site).await;
        check(&site, &webex, &format!("crashed at message {nth}"));
    }
    fs::remove_dir_all(folder()).expect("removed");
}
