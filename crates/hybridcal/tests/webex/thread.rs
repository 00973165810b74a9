//! A meeting's life: made, found again, changed, ended.

use conference::{ProviderFailure, Wish};
use webex_sim::Operation;

use crate::office::{ALICE, BOB, Office, held, wish};

#[tokio::test(start_paused = true)]
async fn a_meeting_is_made_once_found_again_changed_and_ended_without_a_mail() {
    let office = Office::new().await;
    let connector = office.connector();
    let made = connector.ensure(&wish("u"), None).await.unwrap();
    let found = office.only();
    assert_eq!((found.title.as_str(), found.host.as_str()), ("Plan", ALICE));
    assert_eq!((found.start, found.zone.as_str()), (wish("u").start, "Europe/Berlin"));
    assert!(found.tags[0].starts_with("hc1-") && found.tags[0].len() == 56, "{:?}", found.tags);
    let reference = made.reference.clone().unwrap();
    assert_eq!(reference.0, found.id);
    assert!(made.join_link.as_str().starts_with("https://example.webex.com/example/j.php?MTID="));
    assert_eq!(
        made.sip_address,
        Some(format!("{}@example.webex.com", made.number.as_deref().unwrap()))
    );
    assert!(made.passcode.is_some() && made.device_passcode.is_some() && made.dial_in.len() == 2);
    assert_eq!(made.fell_back, None);

    // Again, with and without knowing it, and by a connector that knows nothing.
    assert!(connector.ensure(&wish("u"), None).await.unwrap() == made);
    assert!(connector.ensure(&wish("u"), Some(&reference)).await.unwrap() == made);
    let other = office.connector();
    assert!(other.ensure(&wish("u"), None).await.unwrap() == made);
    assert_eq!(office.simulator.made(), 1);

    let moved = Wish {
        title: "Plan B".to_owned(),
        start: "2026-12-02T09:00:00Z".parse().unwrap(),
        end: "2026-12-02T10:30:00Z".parse().unwrap(),
        ..wish("u")
    };
    assert!(connector.update(&moved, &reference).await.unwrap() == made, "the link stays");
    let found = office.only();
    assert_eq!((found.title.as_str(), found.start, found.end), ("Plan B", moved.start, moved.end));
    // Nothing changed, nothing sent.
    let patches = office.simulator.requests(Operation::Patch);
    connector.update(&moved, &reference).await.unwrap();
    assert_eq!(office.simulator.requests(Operation::Patch), patches);

    connector.cancel(&held(&moved, Some(&reference))).await.unwrap();
    connector.cancel(&held(&moved, Some(&reference))).await.unwrap();
    assert_eq!(office.simulator.meetings(), []);
    assert_eq!(office.simulator.mails(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_is_made_anew_by_an_update_and_done_for_a_cancel() {
    let office = Office::new().await;
    let connector = office.connector();
    let made = connector.ensure(&wish("u"), None).await.unwrap();
    let reference = made.reference.unwrap();
    office.simulator.remove(&reference.0);
    let again = connector.update(&wish("u"), &reference).await;
    assert!(matches!(again, Err(ProviderFailure::Wait(_))), "it might only not be listed yet");
    office.pass(31).await;
    let again = connector.update(&wish("u"), &reference).await.unwrap();
    assert!(again.reference.unwrap() != reference);
    assert_eq!(office.only().title, "Plan");
    // Without knowing the id.
    connector.cancel(&held(&wish("u"), None)).await.unwrap();
    assert_eq!(office.simulator.meetings(), []);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_made_is_left_alone() {
    let office = Office::new().await;
    let connector = office.connector();
    let made = connector.ensure(&wish("u"), None).await.unwrap();
    let tag = office.only().tags[0].clone();
    connector.cancel(&held(&wish("u"), made.reference.as_ref())).await.unwrap();
    // Alice is invited to a meeting of Bob's that carries the same tag.
    office.simulator.plant(BOB, "sample-app", &tag, ALICE, wish("u").start);
    office.simulator.plant(ALICE, "another-app", &tag, ALICE, wish("u").start);
    connector.cancel(&held(&wish("u"), None)).await.unwrap();
    assert_eq!(office.simulator.meetings().len(), 2);
    connector.ensure(&wish("u"), None).await.unwrap();
    assert_eq!(office.simulator.meetings().len(), 3);
    // A reference that leads to something without our tag.
    let foreign =
        office.simulator.meetings().into_iter().find(|found| found.title != "Plan").unwrap();
    let foreign = conference::Reference(foreign.id);
    let other = wish("other");
    let refused = connector.cancel(&held(&other, Some(&foreign))).await;
    assert!(matches!(refused, Err(ProviderFailure::Meeting(_))), "{refused:?}");
    assert_eq!(office.simulator.meetings().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn meetings_of_an_app_that_was_replaced_are_tagged_by_the_new_one() {
    let office = Office::new().await;
    let made = office.connector().ensure(&wish("u"), None).await.unwrap();
    let reference = made.reference.clone().unwrap();
    office.simulator.hide_tags(&reference.0);
    let connector = office.connector();
    assert!(connector.ensure(&wish("u"), Some(&reference)).await.unwrap() == made);
    assert!(connector.ensure(&wish("u"), None).await.unwrap() == made, "found by its tag again");
    office.simulator.hide_tags(&reference.0);
    let end = connector.cancel(&held(&wish("u"), Some(&reference))).await;
    assert!(matches!(end, Err(ProviderFailure::Meeting(_))), "{end:?}");
    connector.update(&wish("u"), &reference).await.unwrap();
    connector.cancel(&held(&wish("u"), Some(&reference))).await.unwrap();
    assert_eq!((office.simulator.meetings().len(), office.simulator.mails()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn long_titles_are_cut() {
    let office = Office::new().await;
    let connector = office.connector();
    let long = Wish { title: "ü".repeat(300), ..wish("v") };
    connector.ensure(&long, None).await.unwrap();
    assert_eq!(office.only().title, "ü".repeat(128));
}
