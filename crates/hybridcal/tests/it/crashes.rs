//! The connector dies between any two steps: after a restart there is exactly one block, one
//! conference, and attendees got one update.

use std::time::Duration;

use exchange_sim::MailKind;
use hybridcal::client::OpenedMeeting;

use crate::{
    invitation::{blocks, plan},
    site::{ALICE, BOB, Settings, Site},
};

/// Everything is done and quiet.
async fn settled(site: &Site) {
    for address in [ALICE, BOB] {
        site.until_joinable(address, "Plan").await;
    }
    site.pass(Duration::from_secs(30)).await;
}

fn check(site: &Site, list: &[OpenedMeeting], when: &str) {
    let entry = site.entry(ALICE, "Plan");
    assert_eq!(blocks(&entry.body.content), 1, "blocks, {when}");
    assert_eq!(blocks(&site.entry(BOB, "Plan").body.content), 1, "blocks at Bob's, {when}");
    assert_eq!(site.mails(BOB, MailKind::Request), 1, "requests, {when}");
    assert_eq!(site.mails(BOB, MailKind::Update), 1, "updates, {when}");
    assert_eq!(list.len(), 1, "listed, {when}");
    let link = list[0].join_url.as_ref().and_then(|link| link.text()).expect("a link");
    let location = entry.location.expect("a place");
    assert_eq!(location, format!("Room 4; @meet; {link}"), "one conference, {when}");
}

async fn crash_at(nth: u64) {
    let settings = Settings { seed: nth, ..Settings::default() };
    let mut site = Site::without_connector(settings).await;
    site.memory.crash_at("connector", nth);
    site.start_connector_that_will_crash();
    site.invite(ALICE, plan(&site));
    site.memory.crashed("connector").await;
    site.kill_connector().await;
    site.start_connector();
    settled(&site).await;
    check(&site, &site.list(BOB).await, &format!("crashed at message {nth}"));
}

#[tokio::test(start_paused = true)]
async fn at_every_message_it_sends_or_receives() {
    let site = Site::start().await;
    site.invite(ALICE, plan(&site));
    settled(&site).await;
    check(&site, &site.list(BOB).await, "without a crash");
    let messages = site.memory.crossings("connector");
    println!("messages until everything is done: {messages}");
    assert!(messages > 20);
    drop(site);
    for nth in 1..=messages {
        crash_at(nth).await;
    }
}

/// Found by a seed: a statement that was cut short took the key database with it.
#[tokio::test(start_paused = true)]
async fn somebody_who_hangs_up_in_the_middle_harms_nobody() {
    let site = Site::start().await;
    site.invite(ALICE, plan(&site));
    settled(&site).await;
    for moments in (0..400).step_by(7) {
        // A new client has neither connections nor keys.
        let asking = async { site.client(BOB).await.list().await.map(drop) };
        let hanging_up = async {
            for _ in 0..moments {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = hanging_up => {}
            answer = asking => answer.expect("a list"),
        }
    }
    check(&site, &site.list(BOB).await, "after many hung up");
}

#[tokio::test(start_paused = true)]
async fn again_and_again() {
    let mut site = Site::without_connector(Settings::default()).await;
    site.invite(ALICE, plan(&site));
    for seconds in [0, 1, 2, 11, 12, 13, 1, 11, 30] {
        site.start_connector();
        site.pass(Duration::from_secs(seconds)).await;
        site.kill_connector().await;
    }
    site.start_connector();
    settled(&site).await;
    check(&site, &site.list(BOB).await, "after many restarts");
}

#[tokio::test(start_paused = true)]
async fn a_second_connector_waits_until_the_first_is_gone() {
    let mut site = Site::start().await;
    site.invite(ALICE, plan(&site));
    settled(&site).await;
    let second = site.second_connector();
    site.pass(Duration::from_secs(120)).await;
    site.kill_connector().await;
    second.take_over(&mut site);
    let later = exchange_sim::NewMeeting { subject: "Later".into(), ..plan(&site) };
    site.invite(ALICE, later);
    site.until_joinable(BOB, "Later").await;
    let link = site.entry(ALICE, "Later");
    assert_eq!(blocks(&link.body.content), 1);
}
