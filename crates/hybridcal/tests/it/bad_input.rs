//! Bad input gets a clear alarm and loses nothing.

use std::time::Duration;

use ews::items::Body;
use exchange_sim::{NewMeeting, Trouble};

use crate::{
    invitation::{blocks, plan},
    site::{ALICE, BOB, CAROL, Settings, Site},
};

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_tried_twice_and_then_hourly() {
    let settings = Settings { service_password: "wrong".into(), ..Settings::default() };
    let site = Site::start_with(settings).await;
    site.pass(Duration::from_secs(50 * 60)).await;
    assert_eq!(site.exchange.sign_in_attempts("svc-cal"), 2);
    assert_eq!(site.alarms(), ["exchange-password"]);
    site.pass(Duration::from_secs(5 * 3600)).await;
    let attempts = site.exchange.sign_in_attempts("svc-cal");
    assert!((5..=9).contains(&attempts), "one probe an hour: {attempts}");
}

#[tokio::test(start_paused = true)]
async fn one_refusal_is_not_a_wrong_password() {
    let mut site = Site::without_connector(Settings::default()).await;
    site.exchange.trouble(None, 1, Trouble::Unauthorized);
    site.invite(ALICE, plan(&site));
    site.start_connector();
    site.until_joinable(BOB, "Plan").await;
    assert!(site.alarms().is_empty());
}

#[tokio::test(start_paused = true)]
async fn mailboxes_out_of_reach_are_named_and_do_not_stop_the_others() {
    let mut settings = Settings { may_not_impersonate: vec![BOB.into()], ..Settings::default() };
    settings.mailboxes.push("nobody@example.com".into());
    let site = Site::start_with(settings).await;
    let meeting = NewMeeting { required: vec![BOB.into(), CAROL.into()], ..plan(&site) };
    site.invite(ALICE, meeting);
    site.until_joinable(CAROL, "Plan").await;
    site.until_true("both alarms", || {
        let mut alarms = site.alarms();
        alarms.sort_unstable();
        alarms == ["exchange-impersonation", "exchange-mailbox"]
    })
    .await;
    assert!(site.list(BOB).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn malformed_answers_are_survived() {
    let site = Site::start().await;
    site.invite(ALICE, plan(&site));
    site.until_joinable(BOB, "Plan").await;
    site.exchange.trouble(None, 4, Trouble::Garbage);
    site.invite(ALICE, NewMeeting { subject: "Second".into(), ..plan(&site) });
    site.until_joinable(BOB, "Second").await;
    site.exchange.trouble(None, 4, Trouble::Unavailable);
    site.invite(ALICE, NewMeeting { subject: "Third".into(), ..plan(&site) });
    site.until_joinable(BOB, "Third").await;
    site.pass(Duration::from_secs(7200)).await;
    assert!(site.alarms().is_empty(), "cured alarms are cleared: {:?}", site.alarms());
}

#[tokio::test(start_paused = true)]
async fn a_huge_body_is_listed_and_left_alone_and_its_organizer_is_told() {
    let site = Site::start().await;
    let huge = format!("<html><body>{}</body></html>", "<p>Word's own HTML</p>".repeat(100_000));
    assert!(huge.len() > 2 * 1024 * 1024);
    let body = Some(Body::html(huge.clone()));
    site.invite(ALICE, NewMeeting { body, subject: "Huge".into(), ..plan(&site) });
    site.invite(ALICE, plan(&site));
    site.until_joinable(BOB, "Plan").await;
    let listed = site.until_list(ALICE, "both", |list| list.len() == 2).await;
    let listed = listed.into_iter().find(|m| m.subject.text() == Some("Huge")).expect("listed");
    assert_eq!(listed.notes, ["body-too-large"]);
    assert_eq!(site.entry(ALICE, "Huge").body.content, huge, "untouched");
    assert_eq!(blocks(&site.entry(ALICE, "Plan").body.content), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_modifier_writes_nothing_and_says_so() {
    let site = Site::start().await;
    site.invite(ALICE, NewMeeting { location: Some("@meet:someday".into()), ..plan(&site) });
    let list = site.until_list(ALICE, "listed", |list| list.len() == 1).await;
    assert_eq!(list[0].notes, ["unknown-modifier"]);
    assert_eq!(site.entry(ALICE, "Plan").location.as_deref(), Some("@meet:someday"));
}

#[tokio::test(start_paused = true)]
async fn hostile_links_give_no_button() {
    let site = Site::start().await;
    for (n, link) in [
        "https://zoom.us@evil.example/j/91234567890",
        "https://zoom.us.evil.example/j/91234567890",
        "https://evilzoom.us/j/91234567890",
        "https://evil.example/?next=https://zoom.us/j/91234567890",
        "javascript:alert(1)",
        "https://1.2.3.4/j/91234567890",
    ]
    .into_iter()
    .enumerate()
    {
        let meeting = NewMeeting {
            location: None,
            body: Some(Body::text(link)),
            subject: format!("Hostile {n}"),
            ..plan(&site)
        };
        site.invite(CAROL, meeting);
    }
    let list = site.until_list(BOB, "all listed", |list| list.len() == 6).await;
    assert!(list.iter().all(|meeting| meeting.join_url.is_none()));
}

/// More than one commit may carry: it is cut into several.
#[tokio::test(start_paused = true)]
async fn a_daily_series_with_hundreds_of_people_is_listed() {
    let site = Site::start().await;
    let mut required: Vec<String> =
        (0..480).map(|n| format!("guest-{n}@elsewhere.example")).collect();
    required.push(BOB.into());
    let recurrence = ews::items::Recurrence {
        pattern: ews::items::RecurrencePattern::Daily(ews::items::Daily { interval: 1 }),
        range: ews::items::RecurrenceRange::Numbered(ews::items::Numbered {
            start_date: "2026-11-24".parse().expect("a date"),
            number_of_occurrences: 60,
        }),
    };
    site.invite(ALICE, NewMeeting { required, recurrence: Some(recurrence), ..plan(&site) });
    let is_complete = |list: &[hybridcal::client::OpenedMeeting]| {
        list.len() >= 31 && list.iter().all(|m| m.join_url.is_some() && m.participants.len() == 481)
    };
    site.until_list(ALICE, "a month of it", is_complete).await;
    assert!(site.alarms().is_empty());
}
