//! Against any other EWS server: connector and check need nothing that Exchange's documents do
//! not promise.

use std::time::Duration;

use exchange_sim::{Changes, MailKind, Manner, NewMeeting, Occasion, Trouble};
use hybridcal::client::OpenedMeeting;

use crate::{
    invitation::{blocks, plan},
    recurring::weekly,
    site::{ALICE, BOB, Settings, Site, time},
};

/// What a server does otherwise, and what it then is called here.
fn manners() -> Vec<(&'static str, Manner)> {
    let exchange = Manner::default();
    let strange = Manner {
        keeps_order: false,
        keeps_prefixes: false,
        has_header: false,
        fault_status: 200,
        result_status: 500,
        expands_series: false,
        detects_conflicts: false,
    };
    vec![
        ("Exchange", exchange),
        ("another order of elements", Manner { keeps_order: false, ..exchange }),
        ("other prefixes", Manner { keeps_prefixes: false, ..exchange }),
        ("no header", Manner { has_header: false, ..exchange }),
        ("faults with HTTP 200", Manner { fault_status: 200, ..exchange }),
        ("results with HTTP 500", Manner { result_status: 500, ..exchange }),
        ("series that are not expanded", Manner { expands_series: false, ..exchange }),
        ("no detection of conflicts", Manner { detects_conflicts: false, ..exchange }),
        ("everything at once", strange),
    ]
}

async fn site(manner: Manner) -> Site {
    let start = time("2026-10-12T08:00:00Z");
    let mut site = Site::without_connector(Settings { start, ..Settings::default() }).await;
    site.exchange.set_manner(manner);
    site.start_connector();
    site
}

fn written_once(site: &Site, subject: &str, people: usize, server: &str) {
    for address in [ALICE, BOB] {
        let entry = site.entry(address, subject);
        assert_eq!(blocks(&entry.body.content), 1, "{subject} at {address}: {server}");
    }
    assert_eq!(site.mails(BOB, MailKind::Update), people, "{subject}: {server}");
}

#[tokio::test(start_paused = true)]
async fn a_meeting_gets_its_link_and_the_list_is_right() {
    for (server, manner) in manners() {
        let site = site(manner).await;
        let meeting = site.invite(ALICE, plan(&site));
        let link = site.until_joinable(BOB, "Plan").await;
        assert_eq!(site.until_joinable(ALICE, "Plan").await, link, "{server}");
        written_once(&site, "Plan", 1, server);

        // A fault, then somebody moves it.
        let busy = Trouble::Busy { back_off: Duration::from_secs(3) };
        site.exchange.trouble(None, 2, busy);
        let (start, end) = (site.in_minutes(300), site.in_minutes(330));
        site.exchange.move_meeting(&meeting, Occasion::Whole, start, end).expect("moved");
        let is_moved = |list: &[OpenedMeeting]| list.len() == 1 && list[0].start == start;
        for address in [ALICE, BOB] {
            let list = site.until_list(address, server, is_moved).await;
            let listed = list[0].join_url.as_ref().and_then(|link| link.text());
            assert_eq!(listed, Some(link.as_str()), "{server}");
        }
        site.pass(Duration::from_secs(3700)).await;
        written_once(&site, "Plan", 2, server); // ours, and the one of whoever moved it
        site.exchange.cancel(&meeting, Occasion::Whole).expect("cancelled");
        for address in [ALICE, BOB] {
            site.until_list(address, server, <[OpenedMeeting]>::is_empty).await;
        }
        assert!(site.alarms().is_empty(), "{server}: {:?}", site.alarms());
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_meets_others_and_loses_its_answer_is_done_once() {
    for (server, manner) in manners() {
        let site = site(manner).await;
        site.exchange.trouble(Some("UpdateItem"), 1, Trouble::Conflict);
        site.exchange.trouble(Some("UpdateItem"), 1, Trouble::LoseAnswer);
        site.invite(ALICE, plan(&site));
        site.until_joinable(BOB, "Plan").await;
        site.pass(Duration::from_secs(3700)).await;
        written_once(&site, "Plan", 1, server);
    }
}

#[tokio::test(start_paused = true)]
async fn a_series_is_listed_with_its_exceptions() {
    for (server, manner) in manners() {
        let site = site(manner).await;
        let series = site.invite(ALICE, NewMeeting { subject: "Weekly".into(), ..weekly() });
        let is_complete = |list: &[OpenedMeeting]| {
            list.len() == 5 && list.iter().all(|meeting| meeting.join_url.is_some())
        };
        for address in [ALICE, BOB] {
            site.until_list(address, server, is_complete).await;
        }
        written_once(&site, "Weekly", 1, server);
        let moved = time("2026-10-21T12:00:00Z");
        let changes = Changes {
            start: Some(moved),
            end: Some(time("2026-10-21T12:30:00Z")),
            ..Changes::default()
        };
        let second = Occasion::Occurrence(2);
        site.exchange.change_meeting(&series, second, &changes).expect("moved");
        site.exchange.cancel(&series, Occasion::Occurrence(3)).expect("cancelled");
        let is_right = |list: &[OpenedMeeting]| {
            let moved = list.iter().filter(|meeting| meeting.start == moved);
            list.len() == 4 && moved.count() == 1 && list.iter().all(|m| m.join_url.is_some())
        };
        for address in [ALICE, BOB] {
            site.until_list(address, server, is_right).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn check_finds_nothing_wrong() {
    for (server, manner) in manners() {
        let site = site(manner).await;
        let findings = site.check().await;
        assert!(findings.len() > 5, "{server}");
        for finding in findings {
            assert!(finding.outcome.is_ok(), "{server}: {:?}: {:?}", finding.step, finding.outcome);
        }
    }
}
