//! What people order from the app: done in Exchange once, whatever crashes, and for nobody else.

use std::time::Duration;

use exchange_sim::MailKind;
use hybridcal::client::{Failure, Invitee, MeetingText, Order, Orders};
use protocol::{
    command::{CommandName, Kind, MeetingDone, Role},
    ids::{MeetingId, OrganizationId, UserId},
    meeting::ResponseType,
};
use uuid::Uuid;

use crate::{
    canary::Folder,
    site::{ALICE, BLUE_ROOM, BOB, CAROL, Settings, Site},
};

mod crashes;
mod free_busy;
mod hostile;

/// Everybody is followed: the people of these tests are told whatever happens at once.
async fn followed(site: &Site) {
    for address in [ALICE, BOB] {
        site.until_list(address, "a list", |_| true).await;
    }
    site.pass(Duration::from_secs(20)).await;
}

async fn orders(site: &Site, address: &str) -> Orders {
    site.client(address).await.orders().await.expect("a device")
}

fn invitee(address: &str, role: Role) -> Invitee {
    Invitee { address: address.into(), role }
}

fn review(site: &Site) -> MeetingText {
    MeetingText {
        subject: Some("Review".into()),
        location: Some("Blue".into()),
        notes: Some("Bring numbers".into()),
        times: Some((site.in_minutes(60), site.in_minutes(90))),
        invited: Some(vec![
            invitee(BOB, Role::Required),
            invitee(CAROL, Role::Optional),
            invitee(BLUE_ROOM, Role::Room),
        ]),
    }
}

fn held(site: &Site, address: &str, subject: &str) -> usize {
    site.exchange.calendar(address).iter().filter(|entry| entry.subject == subject).count()
}

async fn listed(site: &Site, address: &str, subject: &str) -> MeetingId {
    let is_it = |m: &hybridcal::client::OpenedMeeting| m.subject.text() == Some(subject);
    let list = site.until_list(address, subject, |list| list.iter().any(is_it)).await;
    list.into_iter().find(is_it).expect("just seen").id
}

#[tokio::test(start_paused = true)]
async fn an_invitation_from_the_app_reaches_everybody_once_and_comes_into_the_lists() {
    let site = Site::start().await;
    followed(&site).await;
    let alice = orders(&site, ALICE).await;
    let id = alice.create(&review(&site)).await.expect("done").expect("an id");
    assert_eq!(held(&site, ALICE, "Review"), 1);
    assert_eq!(site.mails(BOB, MailKind::Request), 1);
    assert_eq!(site.mails(CAROL, MailKind::Request), 1);
    assert_eq!(listed(&site, ALICE, "Review").await, id, "under the id that was answered");
    listed(&site, BOB, "Review").await;
    let entry = site.entry(ALICE, "Review");
    assert_eq!((entry.location.as_deref(), entry.attendees.len()), (Some("Blue"), 3));
}

#[tokio::test(start_paused = true)]
async fn it_is_changed_answered_and_called_off() {
    let site = Site::start().await;
    followed(&site).await;
    let (alice, bob) = (orders(&site, ALICE).await, orders(&site, BOB).await);
    let id = alice.create(&review(&site)).await.expect("done").expect("an id");
    let at_bobs = listed(&site, BOB, "Review").await;
    listed(&site, ALICE, "Review").await;

    bob.respond(&at_bobs, Kind::Tentative).await.expect("answered");
    let answers = site.entry(ALICE, "Review").attendees;
    let of_bob = answers.iter().find(|(address, _)| address == BOB).expect("invited");
    assert_eq!(of_bob.1.as_str(), "Tentative");
    site.until_list(BOB, "the answer", |list| {
        list.iter().any(|m| m.id == at_bobs && m.response == ResponseType::Tentative)
    })
    .await;
    // The same answer once more is no second mail.
    bob.respond(&at_bobs, Kind::Tentative).await.expect("answered");
    assert_eq!(site.mails(ALICE, MailKind::TentativelyAccepted), 1);

    let times = Some((site.in_minutes(120), site.in_minutes(150)));
    let later = MeetingText { times, subject: Some("Review 2".into()), ..MeetingText::default() };
    alice.change(&id, &later).await.expect("changed");
    let entry = site.entry(BOB, "Review 2");
    assert_eq!(Some((entry.start, entry.end)), times);
    assert_eq!(entry.location.as_deref(), Some("Blue"), "the rest stays");
    assert_eq!(site.mails(BOB, MailKind::Update), 1);
    listed(&site, ALICE, "Review 2").await;

    assert!(matches!(bob.cancel(&at_bobs).await, Err(Failure::Conflict)), "it is not Bob's");
    alice.cancel(&id).await.expect("called off");
    assert_eq!(held(&site, ALICE, "Review 2"), 0);
    assert_eq!(site.mails(BOB, MailKind::Cancellation), 1);
    site.until_list(ALICE, "gone", <[_]>::is_empty).await;
    assert!(matches!(alice.cancel(&id).await, Err(Failure::NotFound)));
}

#[tokio::test(start_paused = true)]
async fn an_appointment_for_oneself_tells_nobody() {
    let site = Site::start().await;
    followed(&site).await;
    let alice = orders(&site, ALICE).await;
    let alone = MeetingText { invited: None, ..review(&site) };
    let id = alice.create(&alone).await.expect("done").expect("an id");
    listed(&site, ALICE, "Review").await;
    let notes = MeetingText { notes: Some("None".into()), ..MeetingText::default() };
    alice.change(&id, &notes).await.expect("changed");
    alice.cancel(&id).await.expect("removed");
    assert_eq!(held(&site, ALICE, "Review"), 0);
    assert!(site.exchange.mails(BOB).is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_a_connector_an_order_waits_and_is_done_when_one_comes() {
    let mut site = Site::start().await;
    followed(&site).await;
    let alice = orders(&site, ALICE).await;
    site.kill_connector().await;
    let order = order(&alice, &review(&site));
    // Its lease still stands: the cloud waits, in vain.
    let answer = alice.send_once::<MeetingDone>(&order).await;
    assert!(matches!(answer, Err(Failure::Busy { after: Some(_) })));
    site.pass(Duration::from_secs(60)).await;
    assert!(matches!(alice.send_once::<MeetingDone>(&order).await, Err(Failure::Busy { .. })));
    site.start_connector();
    let done: MeetingDone = alice.send(&order).await.expect("done");
    assert!(done.meeting_id.is_some());
    assert_eq!((held(&site, ALICE, "Review"), site.mails(BOB, MailKind::Request)), (1, 1));
    // Who repeats it later, by any mistake, gets the same answer.
    let again: MeetingDone = alice.send(&order).await.expect("known");
    assert_eq!(again.meeting_id, done.meeting_id);
    assert_eq!(site.mails(BOB, MailKind::Request), 1);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_nobody_took_in_time_is_never_done() {
    let mut site = Site::start().await;
    followed(&site).await;
    let alice = orders(&site, ALICE).await;
    site.kill_connector().await;
    let order = order(&alice, &review(&site));
    assert!(alice.send_once::<MeetingDone>(&order).await.is_err());
    site.pass(Duration::from_secs(11 * 60)).await;
    site.start_connector();
    site.pass(Duration::from_secs(120)).await;
    assert!(matches!(alice.send_once::<MeetingDone>(&order).await, Err(Failure::Conflict)));
    assert_eq!(held(&site, ALICE, "Review"), 0);
}

/// As a client makes it to create a meeting.
fn order(orders: &Orders, meeting: &MeetingText) -> Order {
    let texts = hybridcal::client::texts(meeting).expect("texts");
    orders.order(Kind::Create, None, &texts).expect("an order")
}

#[tokio::test(start_paused = true)]
async fn a_rehearsal_writes_nothing_and_answers_questions() {
    let change_config = |config: &mut connector::config::Config| config.writing.dry_run = true;
    let site = Site::start_with(Settings { change_config, ..Settings::default() }).await;
    followed(&site).await;
    let alice = orders(&site, ALICE).await;
    assert!(matches!(alice.create(&review(&site)).await, Err(Failure::Conflict)));
    assert_eq!(held(&site, ALICE, "Review"), 0);
    let (from, to) = (site.in_minutes(0), site.in_minutes(60));
    assert_eq!(alice.free_busy(&[BOB.into()], from, to).await.expect("an answer").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_order_stands_in_the_record_before_and_after() {
    let folder = Folder::new();
    let settings = Settings { writing_log: Some(folder.0.clone()), ..Settings::default() };
    let site = Site::start_with(settings).await;
    followed(&site).await;
    orders(&site, ALICE).await.create(&review(&site)).await.expect("done");
    let record: Vec<u8> = folder.files().into_iter().flat_map(|(_, bytes)| bytes).collect();
    let record = String::from_utf8(record).expect("text");
    let results: Vec<_> = record
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .filter(|line| line["cause"] == "order-create")
        .map(|line| line["result"].as_str().expect("a word").to_owned())
        .collect();
    assert_eq!(results, ["begun", "written"]);
    assert!(!record.contains("Review") && !record.contains(BOB));
}
