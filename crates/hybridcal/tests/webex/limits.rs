//! Limits, locks, pauses, outages: nobody is asked who has said no.

use std::time::Duration;

use conference::{ProviderFailure, Wish};
use webex_sim::{Operation, Trouble};

use crate::office::{BOB, Office, held, key, persist, persist_end, wish};

fn status(status: u16, retry_after: Option<u64>) -> Trouble {
    Trouble::Status { status, retry_after }
}

#[tokio::test(start_paused = true)]
async fn too_many_pauses_everybody_and_locked_only_that_meeting() {
    let office = Office::new().await;
    let connector = office.connector();
    office.simulator.order(Operation::List, 1, status(423, Some(50)));
    let locked = connector.ensure(&wish("u"), None).await;
    assert!(matches!(locked, Err(ProviderFailure::Wait(_))), "{locked:?}");
    connector.ensure(&wish("v"), None).await.unwrap();

    office.simulator.order(Operation::List, 1, status(429, Some(50)));
    assert!(connector.ensure(&wish("u"), None).await.is_err());
    let asked = office.simulator.requests(Operation::List);
    let other = connector.ensure(&wish("w"), None).await;
    assert!(matches!(other, Err(ProviderFailure::Wait(time)) if time.as_secs() >= 49), "{other:?}");
    assert_eq!(office.simulator.requests(Operation::List), asked, "not even asked");
    office.pass(50).await;
    connector.ensure(&wish("w"), None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_met_with_patience() {
    let office = Office::new().await;
    let connector = office.connector();
    connector.check().await.unwrap();
    office.simulator.order(Operation::List, 1000, status(503, None));
    for _ in 0..200 {
        assert!(connector.ensure(&wish("u"), None).await.is_err());
        office.pass(1).await;
    }
    let asked = office.simulator.requests(Operation::List);
    assert!((6..=9).contains(&asked), "{asked} requests in 200 seconds of an outage");
    office.simulator.end_trouble();
    persist(&office, &connector, &wish("u")).await.unwrap();
    assert_eq!(office.simulator.made(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_takes_too_long_is_asked_for_in_small() {
    let office = Office::new().await;
    let connector = office.connector();
    office.simulator.order(Operation::List, 1, status(504, None));
    connector.ensure(&wish("u"), None).await.unwrap();
    assert_eq!(office.simulator.made(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_day_s_meetings_are_not_used_up_also_by_a_new_process() {
    let office = Office::new().await;
    let by_bob = |uid: &str| Wish { organizer: BOB.to_owned(), key: key(uid), ..wish(uid) };
    let connector = office.connector();
    for number in 0..720 {
        connector.ensure(&wish(&format!("u{number}")), None).await.unwrap();
        if number % 100 == 99 {
            office.pass(60).await;
        }
    }
    let connector = office.connector();
    let refused = connector.ensure(&wish("one more"), None).await;
    assert!(matches!(refused, Err(ProviderFailure::Refused(_))), "{refused:?}");
    assert_eq!(office.simulator.made(), 720);
    connector.ensure(&by_bob("b"), None).await.unwrap();
    connector.ensure(&wish("u3"), None).await.unwrap();
    office.pass(26 * 60 * 60).await;
    connector.ensure(&wish("one more"), None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_broken_entry_does_not_burn_the_day() {
    let office = Office::new().await;
    let connector = office.connector();
    office.simulator.order(Operation::Create, 1000, status(500, None));
    for _ in 0..100 {
        assert!(connector.ensure(&wish("u"), None).await.is_err());
        office.pass(60).await;
    }
    assert!(office.simulator.requests(Operation::Create) <= 6);
    office.simulator.end_trouble();
    connector.ensure(&wish("v"), None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_webex_would_refuse_is_not_asked_for() {
    let office = Office::new().await;
    let connector = office.connector();
    let at = |start: &str, end: &str| Wish {
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
        ..wish("u")
    };
    for wish in [
        at("2026-11-20T09:00:00Z", "2026-11-20T10:00:00Z"),
        at("2036-12-20T09:00:00Z", "2036-12-20T10:00:00Z"),
    ] {
        let refused = connector.ensure(&wish, None).await;
        assert!(matches!(refused, Err(ProviderFailure::Meeting(_))), "{refused:?}");
    }
    assert_eq!(office.simulator.requests(Operation::Create), 0);
    // Too short, too long, just begun: made to fit.
    for (number, (start, end)) in [
        ("2026-12-01T09:00:00Z", "2026-12-01T09:00:00Z"),
        ("2026-12-01T09:00:00Z", "2026-12-04T09:00:00Z"),
        ("2026-11-25T10:30:50Z", "2026-11-25T10:35:00Z"),
        ("2026-11-25T08:00:00Z", "2026-11-25T11:00:00Z"),
    ]
    .into_iter()
    .enumerate()
    {
        let wish = Wish { key: key(&number.to_string()), ..at(start, end) };
        let made = connector.ensure(&wish, None).await.unwrap();
        let patches = office.simulator.requests(Operation::Patch);
        connector.update(&wish, made.reference.as_ref().unwrap()).await.unwrap();
        assert_eq!(office.simulator.requests(Operation::Patch), patches, "{start} is what it is");
    }
    assert_eq!(office.simulator.made(), 4);
}

#[tokio::test(start_paused = true)]
async fn changes_go_in_the_media_type_that_webex_takes() {
    let office = Office::new().await;
    office.simulator.change_config(|config| {
        config.patch_media_types = vec!["application/json-patch+json".to_owned()];
    });
    let connector = office.connector();
    let made = connector.ensure(&wish("u"), None).await.unwrap().reference.unwrap();
    let renamed = |title: &str| Wish { title: title.to_owned(), ..wish("u") };
    connector.update(&renamed("B"), &made).await.unwrap();
    assert_eq!(
        (office.only().title.as_str(), office.simulator.requests(Operation::Patch)),
        ("B", 2)
    );
    connector.update(&renamed("C"), &made).await.unwrap();
    assert_eq!(office.simulator.requests(Operation::Patch), 3, "learnt");
    office.simulator.change_config(|config| config.patch_media_types.clear());
    let refused = connector.update(&renamed("D"), &made).await;
    assert!(matches!(refused, Err(ProviderFailure::Refused(_))), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_meeting_that_runs_is_ended_afterwards() {
    let office = Office::new().await;
    let connector = office.connector();
    let made = connector.ensure(&wish("u"), None).await.unwrap().reference.unwrap();
    office.simulator.set_running(&made.0, true);
    let end = connector.cancel(&held(&wish("u"), Some(&made))).await;
    assert!(matches!(end, Err(ProviderFailure::Trouble(_))), "{end:?}");
    office.simulator.set_running(&made.0, false);
    connector.cancel(&held(&wish("u"), Some(&made))).await.unwrap();
    assert_eq!(office.simulator.meetings(), []);
}

#[tokio::test(start_paused = true)]
async fn ends_and_changes_survive_each_kind_of_trouble() {
    for trouble in [
        status(500, None),
        status(423, Some(5)),
        status(429, Some(5)),
        status(504, None),
        status(409, None),
        Trouble::StatusAfterwards(503),
        Trouble::LoseAnswer,
        Trouble::Silence,
        Trouble::Drop,
    ] {
        let office = Office::new().await;
        let connector = office.connector();
        let made = connector.ensure(&wish("u"), None).await.unwrap().reference.unwrap();
        let renamed = Wish { title: "B".to_owned(), ..wish("u") };
        office.simulator.order(Operation::Patch, 1, trouble.clone());
        office.simulator.order(Operation::Delete, 1, trouble.clone());
        let first = connector.update(&renamed, &made).await;
        assert!(
            matches!(first, Err(ProviderFailure::Wait(_) | ProviderFailure::Trouble(_))),
            "{trouble:?} {first:?}"
        );
        office.memory.clock().sleep(Duration::from_secs(10)).await;
        connector.update(&renamed, &made).await.unwrap();
        assert_eq!(office.only().title, "B");
        let held = held(&renamed, Some(&made));
        assert!(connector.cancel(&held).await.is_err(), "{trouble:?}");
        office.memory.clock().sleep(Duration::from_secs(10)).await;
        persist_end(&office, &connector, &held).await.unwrap();
        assert_eq!((office.simulator.meetings().len(), office.simulator.mails()), (0, 0));
    }
}
