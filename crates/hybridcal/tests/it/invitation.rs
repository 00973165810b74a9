//! The main job: an invitation with a keyword gets its link, and everybody invited can join.

use ews::items::{Body, ResponseType};
use exchange_sim::{Changes, MailKind, NewMeeting, Occasion};

use crate::site::{ALICE, BLUE_ROOM, BOB, CAROL, Site, time};

/// In English and in German.
const BEGINS: [&str; 2] = [
    "~~~~~~~~ Online meeting (Hybrid Calendar) ~~~~~~~~",
    "~~~~~~~~ Online-Besprechung (Hybrid Calendar) ~~~~~~~~",
];

pub(crate) fn plan(site: &Site) -> NewMeeting {
    NewMeeting {
        location: Some("Room 4; @meet".into()),
        body: Some(Body::html("<html><body><p>Agenda</p></body></html>")),
        required: vec![BOB.into()],
        ..NewMeeting::new("Plan", site.in_minutes(60), site.in_minutes(90))
    }
}

/// How many of our blocks stand in a text.
pub(crate) fn blocks(text: &str) -> usize {
    BEGINS.iter().map(|begin| text.matches(begin).count()).sum()
}

#[tokio::test(start_paused = true)]
async fn a_keyword_becomes_a_link_in_every_copy_and_in_every_list() {
    let site = Site::start().await;
    site.invite(ALICE, plan(&site));

    let link = site.until_joinable(BOB, "Plan").await;
    assert!(link.starts_with("https://meet.example.com/"), "{link}");
    assert_eq!(site.until_joinable(ALICE, "Plan").await, link);
    for address in [ALICE, BOB] {
        let entry = site.entry(address, "Plan");
        assert_eq!(entry.location.as_deref(), Some(format!("Room 4; @meet; {link}").as_str()));
        assert_eq!(blocks(&entry.body.content), 1);
        assert!(entry.body.content.contains(&link) && entry.body.content.contains("<p>Agenda</p>"));
    }
    assert_eq!(site.mails(BOB, MailKind::Request), 1);
    assert_eq!(site.mails(BOB, MailKind::Update), 1, "the one update with the link");

    let listed = site.listed(BOB, "Plan").await.expect("listed");
    assert_eq!(listed.start, site.entry(BOB, "Plan").start);
    assert_eq!(listed.organizer.expect("an organizer").address.text(), Some(ALICE));
    assert_eq!(listed.agenda.expect("an agenda").text().map(str::trim), Some("Agenda"));
    assert_eq!(
        listed.location.expect("a place").text(),
        Some("Room 4"),
        "link and keyword are left out"
    );
    assert!(listed.notes.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_moved_meeting_moves_and_a_cancelled_one_goes() {
    let site = Site::start().await;
    let meeting = site.invite(ALICE, plan(&site));
    let link = site.until_joinable(BOB, "Plan").await;
    let before = site.listed(BOB, "Plan").await.expect("listed");

    let (start, end) = (site.in_minutes(180), site.in_minutes(200));
    site.exchange.move_meeting(&meeting, Occasion::Whole, start, end).expect("moved");
    for address in [ALICE, BOB] {
        let is_moved = |m: &hybridcal::client::OpenedMeeting| m.start == start && m.end == end;
        site.until_list(address, "the new time", |list| list.iter().any(is_moved)).await;
    }
    let after = site.listed(BOB, "Plan").await.expect("listed");
    assert_eq!(after.id, before.id, "the same meeting");
    assert_eq!(after.join_url.and_then(|link| link.text().map(str::to_owned)), Some(link));
    assert_eq!(site.mails(BOB, MailKind::Update), 2, "ours with the link, Alice's with the time");

    site.exchange.cancel(&meeting, Occasion::Whole).expect("cancelled");
    for address in [ALICE, BOB] {
        site.until_list(address, "an empty list", <[_]>::is_empty).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_keyword_added_later_works_too_and_other_changes_write_nothing() {
    let site = Site::start().await;
    let meeting = site.invite(ALICE, NewMeeting { location: Some("Room 4".into()), ..plan(&site) });
    site.until_list(BOB, "a listed meeting", |list| list.len() == 1).await;
    assert!(site.listed(BOB, "Plan").await.expect("listed").join_url.is_none());

    let location = Some("Room 4 @MEET".to_owned());
    let changes = Changes { location, ..Changes::default() };
    site.exchange.change_meeting(&meeting, Occasion::Whole, &changes).expect("changed");
    site.until_joinable(BOB, "Plan").await;
    assert_eq!(site.mails(BOB, MailKind::Update), 2);

    let changes = Changes { subject: Some("Plan B".into()), ..Changes::default() };
    site.exchange.change_meeting(&meeting, Occasion::Whole, &changes).expect("changed");
    site.until_joinable(BOB, "Plan B").await;
    site.pass(std::time::Duration::from_secs(600)).await;
    assert_eq!(site.mails(BOB, MailKind::Update), 3, "only Alice's own");
    assert_eq!(blocks(&site.entry(ALICE, "Plan B").body.content), 1);
}

#[tokio::test(start_paused = true)]
async fn a_draft_is_filled_in_without_any_mail() {
    let site = Site::start().await;
    site.invite(ALICE, NewMeeting { is_sent: false, ..plan(&site) });
    site.until_joinable(ALICE, "Plan").await;
    assert!(site.exchange.mails(BOB).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_keyword_in_somebody_elses_invitation_does_nothing() {
    let mut settings = crate::site::Settings::default();
    settings.mailboxes.retain(|address| address != ALICE);
    let site = Site::start_with(settings).await;
    site.invite(ALICE, plan(&site));
    site.until_list(BOB, "a listed meeting", |list| list.len() == 1).await;
    site.pass(std::time::Duration::from_secs(600)).await;
    assert!(site.listed(BOB, "Plan").await.expect("listed").join_url.is_none());
    assert_eq!(site.entry(BOB, "Plan").location.as_deref(), Some("Room 4; @meet"));
    assert_eq!(site.mails(BOB, MailKind::Update), 0);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_somebody_pasted_is_found_and_nothing_is_written() {
    let site = Site::start().await;
    let body = Body::text("Join: https://zoom.us/j/91234567890?pwd=abc\r\nBring the slides.");
    site.invite(ALICE, NewMeeting { location: None, body: Some(body), ..plan(&site) });
    let link = site.until_joinable(BOB, "Plan").await;
    assert_eq!(link, "https://zoom.us/j/91234567890?pwd=abc");
    assert_eq!(site.mails(BOB, MailKind::Update), 0);
}

#[tokio::test(start_paused = true)]
async fn rooms_and_colleagues_see_it_and_answers_arrive() {
    let site = Site::start().await;
    let invitation = NewMeeting {
        optional: vec![CAROL.into()],
        resources: vec![BLUE_ROOM.into()],
        ..plan(&site)
    };
    let meeting = site.invite(ALICE, invitation);
    for address in [BLUE_ROOM, CAROL] {
        site.until_joinable(address, "Plan").await;
    }
    site.exchange.respond(BOB, &meeting.uid, &ResponseType::Accept).expect("accepted");
    let has_accepted = |list: &[hybridcal::client::OpenedMeeting]| {
        list.iter().flat_map(|meeting| &meeting.participants).any(|participant| {
            participant.person.address.text() == Some(BOB)
                && participant.response == protocol::meeting::ResponseType::Accepted
        })
    };
    site.until_list(ALICE, "Bob's answer", has_accepted).await;
    site.exchange.respond(CAROL, &meeting.uid, &ResponseType::Decline).expect("declined");
    site.until_list(CAROL, "a declined meeting gone", <[_]>::is_empty).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_there_before_the_connector_is_found_however_far_ahead() {
    let mut site = Site::without_connector(crate::site::Settings::default()).await;
    site.invite(ALICE, plan(&site));
    let next_year = (time("2027-06-01T09:00:00Z"), time("2027-06-01T10:00:00Z"));
    let later =
        NewMeeting { start: next_year.0, end: next_year.1, subject: "Later".into(), ..plan(&site) };
    site.invite(ALICE, later);
    let over = (time("2026-11-20T09:00:00Z"), time("2026-11-20T10:00:00Z"));
    let past = NewMeeting { start: over.0, end: over.1, subject: "Past".into(), ..plan(&site) };
    site.invite(ALICE, past);
    site.start_connector();

    site.until_joinable(BOB, "Plan").await;
    site.until_true("a link in the far meeting", || {
        blocks(&site.entry(BOB, "Later").body.content) == 1
    })
    .await;
    assert!(site.listed(BOB, "Later").await.is_none(), "beyond the window of the list");
    let past = site.listed(BOB, "Past").await.expect("seven days back are listed");
    assert!(past.join_url.is_none(), "nothing is written into what is over");
}

/// Figures for the record: requests per change, and the time from Exchange to a client's event.
#[tokio::test(start_paused = true)]
async fn a_change_costs_few_requests() {
    let site = Site::start().await;
    let meeting = site.invite(ALICE, plan(&site));
    site.until_joinable(BOB, "Plan").await;
    site.pass(std::time::Duration::from_secs(60)).await;
    let before = site.requests();
    let (start, end) = (site.in_minutes(240), site.in_minutes(260));
    site.exchange.move_meeting(&meeting, Occasion::Whole, start, end).expect("moved");
    site.until_list(BOB, "the new time", |list| list.iter().any(|m| m.start == start)).await;
    site.pass(std::time::Duration::from_secs(60)).await;
    let requests = site.requests() - before;
    println!("requests to Exchange for one change in two mailboxes: {requests}");
    assert_eq!(requests, 2, "one GetItem per mailbox concerned");
}
