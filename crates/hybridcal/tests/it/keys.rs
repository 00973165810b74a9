//! Keys that are replaced, revoked and destroyed under a running connector and its people.

use std::{collections::BTreeSet, fs, time::Duration};

use exchange_sim::NewMeeting;
use hybridcal::client::Why;
use kms::{client::KeyFailure, custody::Whom};
use protocol::ids::{KeyUrl, OrganizationId, UserId};

use crate::{
    canary::Folder,
    invitation::plan,
    site::{ALICE, BOB, Settings, Site},
};

/// By then connectors have heard of it.
const HEARD: Duration = Duration::from_secs(61);
/// By then each mailbox has been looked at.
const SWEPT: Duration = Duration::from_secs(3700);

fn user(address: &str) -> UserId {
    UserId::of(&OrganizationId("example".into()), address)
}

async fn with_one_meeting(folder: &Folder) -> Site {
    let settings = Settings { data: Some(folder.0.clone()), ..Settings::default() };
    let site = Site::start_with(settings).await;
    invite(&site, "Before").await;
    site
}

/// Alice invites Bob, hours ahead, so that nothing passes while time does.
async fn invite(site: &Site, subject: &str) {
    let (start, end) = (site.in_minutes(600), site.in_minutes(630));
    site.invite(ALICE, NewMeeting { subject: subject.into(), start, end, ..plan(site) });
    site.until_joinable(BOB, subject).await;
}

async fn keys(site: &Site, address: &str) -> BTreeSet<KeyUrl> {
    site.sealed(address).await.into_iter().map(|meeting| meeting.encryption_key_url).collect()
}

#[tokio::test(start_paused = true)]
async fn after_a_rotation_new_seals_have_the_new_key_and_old_ones_still_open() {
    let folder = Folder::new();
    let site = with_one_meeting(&folder).await;
    let old = keys(&site, BOB).await;
    assert_eq!(old.len(), 1);
    let custody = site.custody().await;
    custody.rotate(&Whom::Everybody).await.expect("beside the server");
    site.pass(HEARD).await;
    invite(&site, "After").await;
    let both = keys(&site, BOB).await;
    assert!(both.len() == 2 && both.is_superset(&old), "{both:?}");
    let list = site.list(BOB).await;
    assert!(list.len() == 2 && list.iter().all(|meeting| meeting.subject.text().is_some()));
    // No second one from the next seal on.
    site.pass(SWEPT).await;
    invite(&site, "Later").await;
    assert_eq!(keys(&site, BOB).await, both);
}

#[tokio::test(start_paused = true)]
async fn a_revoked_key_is_given_to_nobody_and_everything_is_sealed_anew() {
    let folder = Folder::new();
    let site = with_one_meeting(&folder).await;
    let old = keys(&site, BOB).await.into_iter().next().expect("a key");
    let custody = site.custody().await;
    custody.revoke(&Whom::Person(user(BOB))).await.expect("beside the server");
    assert!(matches!(site.keys_of(BOB).retrieve(&old).await, Err(KeyFailure::Revoked)));
    let connector = site.keys_of_connector();
    assert!(matches!(connector.retrieve(&old).await, Err(KeyFailure::Revoked)));
    let list = site.list(BOB).await;
    assert_eq!(list[0].subject.why(), Some(Why::KeyGone));
    // Without anything happening in the calendar.
    site.pass(SWEPT).await;
    let list = site.list(BOB).await;
    assert_eq!(list[0].subject.text(), Some("Before"));
    assert!(!keys(&site, BOB).await.contains(&old));
    assert_eq!(keys(&site, ALICE).await.len(), 1);
    assert_eq!(site.list(ALICE).await[0].subject.text(), Some("Before"));
    assert_eq!(site.alarms(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_revocation_while_no_connector_runs_is_caught_up_with() {
    let folder = Folder::new();
    let mut site = with_one_meeting(&folder).await;
    site.kill_connector().await;
    let custody = site.custody().await;
    custody.revoke(&Whom::Everybody).await.expect("beside the server");
    site.start_connector();
    let is_open = |list: &[hybridcal::client::OpenedMeeting]| {
        list.len() == 1 && list[0].subject.text() == Some("Before")
    };
    site.until_list(BOB, "sealed anew", is_open).await;
}

#[tokio::test(start_paused = true)]
async fn after_an_erasure_nothing_opens_also_from_a_copy_of_the_calendar() {
    let folder = Folder::new();
    let mut site = with_one_meeting(&folder).await;
    let copy = Folder::new();
    for name in ["cloud.db", "cloud.db-wal"] {
        fs::copy(folder.0.join(name), copy.0.join(name)).expect("copied");
    }
    let old = keys(&site, BOB).await.into_iter().next().expect("a key");
    let custody = site.custody().await;
    custody.erase(user(BOB)).await.expect("beside the server");
    site.pass(SWEPT).await;
    assert!(site.alarms().contains(&"kms-erased"), "{:?}", site.alarms());

    let is_shut = |list: &[hybridcal::client::OpenedMeeting]| {
        list.len() == 1 && list[0].subject.why() == Some(Why::KeyGone)
    };
    assert!(is_shut(&site.list(BOB).await));
    let (_stopper, _running) = site.restored_cloud(&copy.0).await;
    assert!(is_shut(&site.list_at("https://restored", BOB).await));
    assert_eq!(site.list_at("https://restored", ALICE).await[0].subject.text(), Some("Before"));
    let connector = site.keys_of_connector();
    assert!(matches!(connector.retrieve(&old).await, Err(KeyFailure::Gone)));
    // Nor is anything sealed for him any more, also not by a connector that starts now.
    site.kill_connector().await;
    site.start_connector();
    site.pass(SWEPT).await;
    assert!(is_shut(&site.list(BOB).await));
    assert_eq!(site.list(ALICE).await[0].subject.text(), Some("Before"));
    let whole = custody.verify(&[]).await.expect("whole");
    assert!(whole.head.seq > 0);

    custody.readmit(user(BOB)).await.expect("beside the server");
    let is_open = |list: &[hybridcal::client::OpenedMeeting]| {
        list.len() == 1 && list[0].subject.text() == Some("Before")
    };
    site.pass(SWEPT).await;
    site.until_list(BOB, "sealed with new keys", is_open).await;
}
