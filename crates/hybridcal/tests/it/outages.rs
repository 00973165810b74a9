//! Cloud, key server, Exchange away for a while: nothing is missing when they are back.

use std::time::Duration;

use ews::ResponseCode;
use exchange_sim::{NewMeeting, Occasion, Trouble};

use crate::{
    invitation::{blocks, plan},
    site::{ALICE, BOB, Site},
};

fn named(site: &Site, subject: &str) -> NewMeeting {
    NewMeeting { subject: subject.into(), ..plan(site) }
}

#[tokio::test(start_paused = true)]
async fn the_cloud_is_away_while_meetings_change() {
    let site = Site::start().await;
    let moved = site.invite(ALICE, named(&site, "Moved"));
    let cancelled = site.invite(ALICE, named(&site, "Cancelled"));
    site.until_joinable(BOB, "Moved").await;
    site.until_joinable(BOB, "Cancelled").await;

    site.memory.cut("connector", "cloud");
    site.pass(Duration::from_secs(60)).await;
    let (start, end) = (site.in_minutes(100), site.in_minutes(110));
    site.exchange.move_meeting(&moved, Occasion::Whole, start, end).expect("moved");
    site.exchange.cancel(&cancelled, Occasion::Whole).expect("cancelled");
    site.invite(ALICE, named(&site, "New"));
    site.pass(Duration::from_secs(1200)).await;
    assert!(site.listed(BOB, "New").await.is_none(), "the cloud could not hear of it");

    site.memory.mend("connector", "cloud");
    let is_right = |list: &[hybridcal::client::OpenedMeeting]| {
        list.len() == 2
            && list.iter().any(|m| m.subject.text() == Some("Moved") && m.start == start)
            && list.iter().any(|m| m.subject.text() == Some("New") && m.join_url.is_some())
    };
    site.until_list(BOB, "everything as in Exchange", is_right).await;
    assert_eq!(blocks(&site.entry(ALICE, "New").body.content), 1);
}

#[tokio::test(start_paused = true)]
async fn exchange_is_away_for_an_hour() {
    let site = Site::start().await;
    site.invite(ALICE, named(&site, "Before"));
    site.until_joinable(BOB, "Before").await;
    site.memory.cut("connector", "exchange");
    site.pass(Duration::from_secs(600)).await;
    site.invite(
        ALICE,
        NewMeeting {
            start: site.in_minutes(300),
            end: site.in_minutes(330),
            ..named(&site, "During")
        },
    );
    site.pass(Duration::from_secs(3000)).await;
    site.memory.mend("connector", "exchange");
    site.until_joinable(BOB, "During").await;
}

#[tokio::test(start_paused = true)]
async fn the_key_server_is_away_when_the_connector_starts() {
    let mut site = Site::without_connector(crate::site::Settings::default()).await;
    site.memory.cut("connector", "kms");
    site.invite(
        ALICE,
        NewMeeting { start: site.in_minutes(300), end: site.in_minutes(330), ..plan(&site) },
    );
    site.start_connector();
    site.pass(Duration::from_secs(600)).await;
    assert_eq!(blocks(&site.entry(ALICE, "Plan").body.content), 0, "it waits");
    site.memory.mend("connector", "kms");
    site.until_joinable(BOB, "Plan").await;
}

#[tokio::test(start_paused = true)]
async fn lost_subscriptions_cut_streams_and_void_bookmarks_are_recovered_from() {
    let site = Site::start().await;
    site.invite(ALICE, named(&site, "First"));
    site.until_joinable(BOB, "First").await;

    site.exchange.lose_subscriptions();
    site.invite(ALICE, named(&site, "Second"));
    site.until_joinable(BOB, "Second").await;

    site.exchange.cut_streams();
    site.invite(ALICE, named(&site, "Third"));
    site.until_joinable(BOB, "Third").await;

    site.exchange.invalidate_sync_states();
    site.exchange.cut_streams();
    site.invite(ALICE, named(&site, "Fourth"));
    site.until_joinable(BOB, "Fourth").await;
    for subject in ["First", "Second", "Third", "Fourth"] {
        assert_eq!(blocks(&site.entry(ALICE, subject).body.content), 1, "{subject}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_exchange_is_left_alone_for_as_long_as_it_asks() {
    let site = Site::start().await;
    site.invite(ALICE, named(&site, "First"));
    site.until_joinable(BOB, "First").await;
    let back_off = Duration::from_secs(120);
    site.exchange.trouble(None, 2, Trouble::Busy { back_off });
    let asked = site.now();
    site.invite(ALICE, named(&site, "Second"));
    site.until_joinable(BOB, "Second").await;
    let waited = site.now().duration_since(asked);
    assert!(waited >= jiff::SignedDuration::from_secs(120), "{waited}");
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_lost_is_not_done_twice() {
    let site = Site::start().await;
    site.exchange.trouble(Some("UpdateItem"), 1, Trouble::LoseAnswer);
    site.invite(ALICE, plan(&site));
    site.until_joinable(BOB, "Plan").await;
    site.pass(Duration::from_secs(3600)).await;
    assert_eq!(blocks(&site.entry(ALICE, "Plan").body.content), 1);
    assert_eq!(site.mails(BOB, exchange_sim::MailKind::Update), 1);
}

#[tokio::test(start_paused = true)]
async fn without_notifications_calendars_are_read_every_few_minutes() {
    let mut site = Site::without_connector(crate::site::Settings::default()).await;
    site.exchange.trouble(Some("GetStreamingEvents"), u32::MAX, Trouble::Unavailable);
    site.start_connector();
    site.pass(Duration::from_secs(120)).await;
    let asked = site.now();
    site.invite(ALICE, plan(&site));
    site.until_joinable(BOB, "Plan").await;
    let waited = site.now().duration_since(asked);
    assert!(waited <= jiff::SignedDuration::from_mins(11), "Alice's and then Bob's turn: {waited}");
    site.until_true("an alarm", || site.alarms().contains(&"exchange-stream")).await;
    site.exchange.end_trouble();
    site.until_true("a stream", || site.exchange.open_streams() > 0).await;
    site.invite(ALICE, named(&site, "Second"));
    site.until_joinable(BOB, "Second").await;
}

/// A pass may take much longer than a lease lasts: it is renewed meanwhile.
#[tokio::test(start_paused = true)]
async fn a_slow_exchange_is_read_to_the_end() {
    let mut site = Site::without_connector(crate::site::Settings::default()).await;
    for n in 0..30 {
        let subject = format!("Meeting {n}");
        site.invite(
            ALICE,
            NewMeeting {
                start: site.in_minutes(600),
                end: site.in_minutes(630),
                ..named(&site, &subject)
            },
        );
    }
    let delay_max = Duration::from_secs(1);
    site.memory.set_weather("connector", world::memory::Weather { lost_per_mille: 0, delay_max });
    site.start_connector();
    let is_done = |list: &[hybridcal::client::OpenedMeeting]| {
        list.len() == 30 && list.iter().all(|meeting| meeting.join_url.is_some())
    };
    site.until_list(BOB, "thirty links", is_done).await;
    assert_eq!(site.mails(BOB, exchange_sim::MailKind::Update), 30);
}

/// What a connector remembered can be opened by none of another name.
#[tokio::test(start_paused = true)]
async fn a_lost_memory_leaves_no_ghosts() {
    let mut site = Site::start().await;
    let gone = site.invite(ALICE, named(&site, "Gone"));
    site.invite(ALICE, named(&site, "Kept"));
    site.until_joinable(BOB, "Gone").await;
    site.until_joinable(BOB, "Kept").await;
    site.kill_connector().await;
    site.exchange.cancel(&gone, Occasion::Whole).expect("cancelled");
    site.settings.connector = "connector-2";
    site.start_connector();
    let is_right = |list: &[hybridcal::client::OpenedMeeting]| {
        list.len() == 1 && list[0].subject.text() == Some("Kept") && list[0].join_url.is_some()
    };
    for address in [ALICE, BOB] {
        site.until_list(address, "only what is in Exchange", is_right).await;
    }
    assert_eq!(blocks(&site.entry(ALICE, "Kept").body.content), 1);
    assert_eq!(site.mails(BOB, exchange_sim::MailKind::Update), 2, "one for each, and no more");
}

/// What is over after a request or two costs minutes, not hours.
#[tokio::test(start_paused = true)]
async fn passing_trouble_passes() {
    let part = |code, from, back_off| Trouble::Objects { from, code, back_off };
    let busy = ResponseCode::ErrorServerBusy;
    let troubles = [
        (None, Trouble::Fault(ResponseCode::ErrorInternalServerTransientError)),
        (None, Trouble::FaultWithStatusOk(busy.clone())),
        (None, Trouble::Busy { back_off: Duration::ZERO }),
        (None, Trouble::ResultWithStatusError),
        (None, Trouble::Slow(Duration::from_secs(50))),
        (None, Trouble::LoseAnswer),
        (None, Trouble::Drop),
        (None, Trouble::Unavailable),
        (Some("GetItem"), part(busy, 1, Some(Duration::from_secs(5)))),
        (Some("GetItem"), part(ResponseCode::ErrorBatchProcessingStopped, 1, None)),
        (Some("GetItem"), part(ResponseCode::ErrorBatchProcessingStopped, 0, None)),
        (Some("SyncFolderItems"), part(ResponseCode::ErrorInvalidSyncStateData, 0, None)),
        (Some("UpdateItem"), Trouble::Conflict),
        (Some("UpdateItem"), part(ResponseCode::ErrorInternalServerTransientError, 0, None)),
    ];
    for (operation, trouble) in troubles {
        let mut site = Site::without_connector(crate::site::Settings::default()).await;
        for subject in ["First", "Second", "Third"] {
            site.invite(ALICE, named(&site, subject));
        }
        site.exchange.trouble(operation, 2, trouble.clone());
        site.start_connector();
        let is_complete = |list: &[hybridcal::client::OpenedMeeting]| {
            list.len() == 3 && list.iter().all(|meeting| meeting.join_url.is_some())
        };
        let began = site.now();
        for address in [ALICE, BOB] {
            site.until_list(address, &format!("three links after {trouble:?}"), is_complete).await;
        }
        let took = site.now().duration_since(began);
        assert!(took.as_secs() < 600, "{trouble:?} took {took}");
        assert_eq!(site.mails(BOB, exchange_sim::MailKind::Update), 3, "{trouble:?}");
    }
}
