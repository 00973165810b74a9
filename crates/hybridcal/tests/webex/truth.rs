//! Answers that lie are not believed, and what must not be kept is not.

use conference::ProviderFailure;
use webex_sim::{Lie, Operation, Trouble};

use crate::office::{Office, held, wish};

#[tokio::test(start_paused = true)]
async fn a_service_that_goes_on_lying_gives_no_link() {
    for lie in
        [Lie::OtherLink, Lie::Without("webLink"), Lie::NotJson, Lie::Huge, Lie::Without("id")]
    {
        let office = Office::new().await;
        let connector = office.connector();
        for operation in [Operation::Create, Operation::List, Operation::Get] {
            office.simulator.order(operation, 100, Trouble::Lie(lie.clone()));
        }
        let outcome = connector.ensure(&wish("u"), None).await;
        let is_failure =
            matches!(outcome, Err(ProviderFailure::Meeting(_) | ProviderFailure::Trouble(_)));
        assert!(is_failure, "{lie:?} {outcome:?}");
        let said = format!("{outcome:?}");
        assert!(!said.contains("evil") && !said.contains("example"), "{said}");
        // When it tells the truth again, one meeting is there, and can be ended.
        office.simulator.end_trouble();
        office.pass(60).await;
        connector.ensure(&wish("u"), None).await.unwrap();
        office.only();
        connector.cancel(&held(&wish("u"), None)).await.unwrap();
        assert_eq!(office.simulator.meetings(), [], "{lie:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_with_somebody_else_s_meetings_leads_to_no_deletion() {
    let office = Office::new().await;
    let connector = office.connector();
    let made = connector.ensure(&wish("u"), None).await.unwrap().reference.unwrap();
    for lie in [Lie::SomebodyElses, Lie::Without("hostEmail")] {
        for operation in [Operation::List, Operation::Get] {
            office.simulator.order(operation, 1, Trouble::Lie(lie.clone()));
        }
        let outcome = connector.cancel(&held(&wish("u"), Some(&made))).await;
        assert!(matches!(outcome, Err(ProviderFailure::Meeting(_))), "{lie:?} {outcome:?}");
        office.only();
    }
    assert_eq!(office.simulator.requests(Operation::Delete), 0);
}

#[tokio::test(start_paused = true)]
async fn what_crosses_to_webex_is_what_the_manual_says() {
    let office = Office::new().await;
    let recording = office.memory.record("a", "webex.localhost");
    let connector = office.connector();
    let made = connector.ensure(&wish("u"), None).await.unwrap();
    connector.cancel(&held(&wish("u"), made.reference.as_ref())).await.unwrap();
    let said = String::from_utf8_lossy(&recording.bytes()).into_owned();
    let start = said.find(r#"{"allowAuthenticatedDevices""#).expect("a creation");
    let body = &said[start..start + said[start..].find('}').unwrap() + 1];
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let names: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "allowAuthenticatedDevices",
            "enabledJoinBeforeHost",
            "end",
            "hostEmail",
            "integrationTags",
            "joinBeforeHostMinutes",
            "sendEmail",
            "start",
            "timezone",
            "title",
        ]
    );
    assert_eq!(body["sendEmail"], false);
    assert!(said.contains("DELETE /v1/meetings/") && said.contains("sendEmail=false"));
    assert!(!said.contains("secret%0A"), "no stray text of the files");
}
