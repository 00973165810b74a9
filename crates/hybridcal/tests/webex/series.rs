//! Series: rules, cuts, and occurrences that somebody has moved.

use conference::{ProviderFailure, Wish};
use jiff::Timestamp;
use webex_sim::{Operation, Trouble};

use crate::office::{Office, series, wish};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_series_is_made_with_its_rule_and_found_again_in_the_middle_of_it() {
    let office = Office::new().await;
    let connector = office.connector();
    let weekly = series("u", "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=40");
    let made = connector.ensure(&weekly, None).await.unwrap();
    assert_eq!(
        office.only().recurrence.as_deref(),
        Some("FREQ=WEEKLY;INTERVAL=1;BYDAY=TU,TH;COUNT=40")
    );
    office.pass(40 * 24 * 3600).await;
    let again = office.connector().ensure(&weekly, None).await.unwrap();
    assert!(again == made);
    assert_eq!((office.simulator.made(), office.simulator.requests(Operation::Patch)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_series_that_began_long_ago_goes_on_from_its_next_occurrence() {
    let office = Office::new().await;
    let connector = office.connector();
    let old = Wish {
        start: at("2026-03-03T09:00:00Z"), // before the clocks changed: 10:00 in Berlin
        end: at("2026-03-03T10:00:00Z"),
        ..series("u", "FREQ=WEEKLY;UNTIL=20400101T000000Z")
    };
    let made = connector.ensure(&old, None).await.unwrap();
    let found = office.only();
    assert_eq!(found.start, at("2026-12-01T09:00:00Z"));
    assert_eq!(
        found.recurrence.as_deref(),
        Some("FREQ=WEEKLY;INTERVAL=1;UNTIL=20311125T090000Z"),
        "261 weeks and no more"
    );
    connector.update(&old, made.reference.as_ref().unwrap()).await.unwrap();
    assert_eq!(office.simulator.requests(Operation::Patch), 0, "as it should be");
    // Five years are a long time; in four, it is made longer.
    office.pass(4 * 366 * 24 * 3600).await;
    office.simulator.issue_refresh_token("sample-app", "years later");
    office.bring("years later");
    connector.update(&old, made.reference.as_ref().unwrap()).await.unwrap();
    assert_eq!(
        office.only().recurrence.as_deref(),
        Some("FREQ=WEEKLY;INTERVAL=1;UNTIL=20351127T090000Z")
    );
}

#[tokio::test(start_paused = true)]
async fn a_new_title_sends_no_times_and_new_times_bring_exceptions_back() {
    let office = Office::new().await;
    let connector = office.connector();
    let daily = series("u", "FREQ=DAILY;COUNT=10");
    let made = connector.ensure(&daily, None).await.unwrap().reference.unwrap();
    let moved = at("2026-12-03T14:00:00Z");
    office.simulator.move_occurrence(&made.0, at("2026-12-03T09:00:00Z"), moved);

    let renamed = Wish { title: "B".to_owned(), ..daily.clone() };
    connector.update(&renamed, &made).await.unwrap();
    let found = office.only();
    assert_eq!((found.title.as_str(), found.exceptions.len()), ("B", 1));
    assert_eq!(office.simulator.requests(Operation::Patch), 1);

    let longer = Wish { title: "B".to_owned(), ..series("u", "FREQ=DAILY;COUNT=12") };
    connector.update(&longer, &made).await.unwrap();
    let found = office.only();
    assert!(found.recurrence.unwrap().ends_with("COUNT=12"));
    assert_eq!(found.exceptions, [(at("2026-12-03T09:00:00Z"), moved)]);

    // An hour later: the occurrence has another id, and stays where somebody moved it to.
    let later =
        Wish { start: at("2026-12-01T10:00:00Z"), end: at("2026-12-01T11:00:00Z"), ..longer };
    connector.update(&later, &made).await.unwrap();
    assert_eq!(office.only().exceptions, [(at("2026-12-03T10:00:00Z"), moved)]);
    assert_eq!(office.simulator.mails(), 0);
}

#[tokio::test(start_paused = true)]
async fn exceptions_are_not_forgotten_when_making_them_again_fails_at_first() {
    let office = Office::new().await;
    let connector = office.connector();
    let daily = series("u", "FREQ=DAILY;COUNT=10");
    let made = connector.ensure(&daily, None).await.unwrap().reference.unwrap();
    let moved = at("2026-12-03T14:00:00Z");
    office.simulator.move_occurrence(&made.0, at("2026-12-03T09:00:00Z"), moved);
    let longer = series("u", "FREQ=DAILY;COUNT=12");
    // The series is changed, then its occurrence is locked.
    office.simulator.order(Operation::Patch, 1, Trouble::Slow(std::time::Duration::ZERO));
    office.simulator.order(
        Operation::Patch,
        1,
        Trouble::Status { status: 423, retry_after: Some(9) },
    );
    let first = connector.update(&longer, &made).await;
    assert!(matches!(first, Err(ProviderFailure::Wait(_))), "{first:?}");
    assert_eq!(office.only().exceptions, []);
    connector.update(&longer, &made).await.unwrap();
    assert_eq!(office.only().exceptions, [(at("2026-12-03T09:00:00Z"), moved)]);
}

#[tokio::test(start_paused = true)]
async fn a_series_becomes_a_single_meeting_and_a_single_one_a_series() {
    let office = Office::new().await;
    let connector = office.connector();
    let made = connector.ensure(&series("u", "FREQ=DAILY;COUNT=3"), None).await.unwrap();
    let reference = made.reference.clone().unwrap();
    assert!(connector.update(&wish("u"), &reference).await.unwrap() == made);
    assert_eq!(office.only().recurrence, None);
    connector.update(&series("u", "FREQ=WEEKLY"), &reference).await.unwrap();
    assert_eq!(office.only().recurrence.as_deref(), Some("FREQ=WEEKLY;INTERVAL=1"));
    assert_eq!(office.only().tags.len(), 1, "tags are never sent again, and stay");
}
