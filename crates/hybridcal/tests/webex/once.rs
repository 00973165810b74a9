//! One meeting, whatever happens between the request and its answer.

use std::time::Duration;

use conference::{ProviderFailure, Wish};
use tokio::time::timeout;
use webex_sim::{Lie, Operation, Trouble};

use crate::office::{Office, held, persist, persist_end, wish};

fn status(status: u16) -> Trouble {
    Trouble::Status { status, retry_after: None }
}

/// How the first attempt ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Good,
    Trouble,
    Meeting,
    Refused,
    Wait,
}

#[tokio::test(start_paused = true)]
async fn each_row_of_the_table_ends_in_one_meeting_or_in_a_clear_refusal() {
    let locked = Trouble::Status { status: 423, retry_after: Some(40) };
    let many = Trouble::Status { status: 429, retry_after: Some(40) };
    for (trouble, first, made) in [
        (status(400), First::Meeting, 0),
        (status(403), First::Refused, 0),
        (status(404), First::Meeting, 0),
        (status(409), First::Meeting, 0),
        (status(410), First::Meeting, 0),
        (status(415), First::Refused, 0),
        (locked, First::Wait, 1),
        (many, First::Wait, 1),
        (status(500), First::Trouble, 1),
        (status(502), First::Trouble, 1),
        (status(503), First::Trouble, 1),
        (status(504), First::Trouble, 1),
        (status(302), First::Trouble, 1),
        (Trouble::Drop, First::Trouble, 1),
        (Trouble::StatusAfterwards(409), First::Good, 1),
        (Trouble::StatusAfterwards(500), First::Good, 1),
        (Trouble::StatusAfterwards(504), First::Good, 1),
        (Trouble::LoseAnswer, First::Good, 1),
        (Trouble::Silence, First::Good, 1),
        (Trouble::Lie(Lie::NotJson), First::Good, 1),
        (Trouble::Lie(Lie::Huge), First::Good, 1),
        (Trouble::Lie(Lie::OtherLink), First::Good, 1),
        (Trouble::Lie(Lie::SomebodyElses), First::Good, 1),
        (Trouble::Lie(Lie::Without("id")), First::Good, 1),
        (Trouble::Lie(Lie::Without("webLink")), First::Good, 1),
        (Trouble::Lie(Lie::Without("telephony")), First::Good, 1),
        (Trouble::Lie(Lie::Without("integrationTags")), First::Good, 1),
    ] {
        let office = Office::new().await;
        let connector = office.connector();
        office.simulator.order(Operation::Create, 1, trouble.clone());
        let outcome = connector.ensure(&wish("u"), None).await;
        let seen = match &outcome {
            Ok(_) => First::Good,
            Err(ProviderFailure::Trouble(_)) => First::Trouble,
            Err(ProviderFailure::Meeting(_)) => First::Meeting,
            Err(ProviderFailure::Refused(_)) => First::Refused,
            Err(ProviderFailure::Wait(time)) => {
                assert!((40..=43).contains(&time.as_secs()), "{trouble:?} {time:?}");
                First::Wait
            }
        };
        assert_eq!(seen, first, "{trouble:?} {outcome:?}");
        if made == 1 {
            persist(&office, &connector, &wish("u")).await.unwrap();
        }
        assert_eq!(
            (office.simulator.meetings().len(), office.simulator.made()),
            (made, made as u64),
            "{trouble:?}"
        );
        assert_eq!(office.simulator.mails(), 0, "{trouble:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_request_and_answer_leaves_one_meeting() {
    let office = Office::new().await;
    office.simulator.order(Operation::Create, 1, Trouble::Silence);
    {
        let connector = office.connector();
        let dying = timeout(Duration::from_secs(5), connector.ensure(&wish("u"), None)).await;
        assert!(dying.is_err(), "dead before the answer");
    }
    assert_eq!(office.simulator.made(), 1);
    // Meanwhile it was moved, too.
    let moved = Wish {
        start: "2027-01-20T09:00:00Z".parse().unwrap(),
        end: "2027-01-20T10:00:00Z".parse().unwrap(),
        ..wish("u")
    };
    office.connector().ensure(&moved, None).await.unwrap();
    assert_eq!((office.only().start, office.simulator.made()), (moved.start, 1));
}

#[tokio::test(start_paused = true)]
async fn a_crash_before_an_end_leaves_none() {
    let office = Office::new().await;
    office.simulator.order(Operation::Create, 1, Trouble::Silence);
    let connector = office.connector();
    assert!(timeout(Duration::from_secs(5), connector.ensure(&wish("u"), None)).await.is_err());
    drop(connector);
    persist_end(&office, &office.connector(), &held(&wish("u"), None)).await.unwrap();
    assert_eq!(office.simulator.meetings(), []);
}

#[tokio::test(start_paused = true)]
async fn two_connectors_at_the_same_moment_agree_on_one_meeting() {
    let office = Office::new().await;
    let one = office.connector();
    one.check().await.unwrap();
    office.simulator.issue_refresh_token("sample-app", "second");
    office.bring("second");
    let other = office.connector_with("b", "");
    other.check().await.unwrap();
    // Both look before either has made one.
    office.simulator.order(Operation::Create, 2, Trouble::Slow(Duration::from_secs(2)));
    let (wish_one, wish_other) = (wish("u"), wish("u"));
    let (first, second) =
        tokio::join!(one.ensure(&wish_one, None), other.ensure(&wish_other, None));
    assert_eq!(office.simulator.made(), 2, "otherwise this shows nothing");
    assert!(first.unwrap() == second.unwrap());
    office.only();
}

#[tokio::test(start_paused = true)]
async fn one_connector_asked_twice_at_once_makes_one() {
    let office = Office::new().await;
    let connector = office.connector();
    let twin = connector.clone();
    let (wish_one, wish_other) = (wish("u"), wish("u"));
    let (first, second) =
        tokio::join!(connector.ensure(&wish_one, None), twin.ensure(&wish_other, None));
    assert!(first.unwrap() == second.unwrap());
    assert_eq!(office.simulator.made(), 1);
}

#[tokio::test(start_paused = true)]
async fn lists_that_lag_behind_do_not_lead_to_two() {
    let office = Office::new().await;
    office.simulator.change_config(|config| config.list_lag = Duration::from_secs(20));
    let connector = office.connector();
    office.simulator.order(Operation::Create, 1, Trouble::LoseAnswer);
    let first = connector.ensure(&wish("u"), None).await;
    assert!(matches!(first, Err(ProviderFailure::Trouble(_))), "{first:?}");
    let second = connector.ensure(&wish("u"), None).await;
    assert!(matches!(second, Err(ProviderFailure::Wait(_))), "{second:?}");
    persist(&office, &connector, &wish("u")).await.unwrap();
    assert_eq!(office.simulator.made(), 1);
    // An end, too, waits until it can be sure.
    office.simulator.order(Operation::Create, 1, Trouble::LoseAnswer);
    assert!(connector.ensure(&wish("v"), None).await.is_err());
    let end = connector.cancel(&held(&wish("v"), None)).await;
    assert!(matches!(end, Err(ProviderFailure::Wait(_))), "{end:?}");
    persist_end(&office, &connector, &held(&wish("v"), None)).await.unwrap();
    assert_eq!(office.only().start, wish("u").start);
}

#[tokio::test(start_paused = true)]
async fn a_second_one_that_shows_up_late_is_deleted_without_being_asked() {
    let office = Office::new().await;
    office.simulator.change_config(|config| config.list_lag = Duration::from_secs(25));
    // The first connector dies, the second one starts before lists show what was made.
    office.simulator.order(Operation::Create, 1, Trouble::Silence);
    let first = office.connector();
    assert!(timeout(Duration::from_secs(1), first.ensure(&wish("u"), None)).await.is_err());
    drop(first);
    let second = office.connector();
    let made = second.ensure(&wish("u"), None).await.unwrap();
    assert_eq!(office.simulator.meetings().len(), 2, "otherwise this shows nothing");
    office.pass(70).await;
    assert_eq!(office.only().id, made.reference.unwrap().0);
}

#[tokio::test(start_paused = true)]
async fn a_second_one_that_shows_up_late_is_deleted_by_the_next_look() {
    let office = Office::new().await;
    // Longer than anybody waits.
    office.simulator.change_config(|config| config.list_lag = Duration::from_secs(80));
    let connector = office.connector();
    office.simulator.order(Operation::Create, 1, Trouble::LoseAnswer);
    let made = persist(&office, &connector, &wish("u")).await.unwrap();
    assert_eq!(office.simulator.meetings().len(), 2);
    office.pass(90).await;
    let again = connector.ensure(&wish("u"), made.reference.as_ref()).await.unwrap();
    assert!(again == made, "the known one stays");
    assert_eq!(office.only().id, made.reference.unwrap().0);
}
