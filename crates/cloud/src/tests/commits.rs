//! What a connector hears from the cloud.

use protocol::{ids::MeetingId, routes};
use serde_json::json;

use super::{
    TestCloud,
    meeting::{meeting, user},
    people::{send, url},
};

#[tokio::test(start_paused = true)]
async fn meetings_and_state_go_together() {
    let cloud = TestCloud::start().await;
    let mut connector = cloud.connector().await;
    let path = routes::with(routes::MAILBOX_STATE, &user("ann@example.com").to_string());
    let state = async |token: String, query: &str| {
        let url = url(&format!("{path}{query}"));
        send(&cloud.client, world::http::Request::get(&url).bearer(&token)).await
    };
    let nothing = json!({"version": 0, "leaseEpoch": 0, "newestRev": 0});
    assert_eq!(state(connector.token(), "").await.json, nothing);
    assert_eq!(state(connector.token(), "?meetings=true").await.json, nothing);
    let meetings = [meeting("a", 7, "10:00"), meeting("b", 5, "11:00")];
    connector.puts("ann@example.com", &meetings).await;
    connector.puts("bob@example.com", &[meeting("c", 9, "10:00")]).await;
    let mut expected = json!({
        "version": 1, "leaseEpoch": 1, "sealedState": "state after 0", "newestRev": 7,
    });
    assert_eq!(state(connector.token(), "").await.json, expected);
    assert_eq!(state(connector.token(), "?meetings=false").await.json, expected);
    expected["meetings"] = json!(["b", "a"]);
    assert_eq!(state(connector.token(), "?meetings=true").await.json, expected);
    let refused = state(connector.token(), "?meetings=canary").await;
    assert_eq!((refused.status, &refused.json["field"]), (400, &json!("query")));
}

#[tokio::test(start_paused = true)]
async fn connectors_of_different_ids_do_not_wait_for_each_other() {
    let cloud = TestCloud::start().await;
    let mut first = cloud.connector().await;
    let mut second = cloud.other_connector();
    assert_eq!(second.take_all_leases().await, 1024);
    let accepted = first.commit("ann@example.com", |_| {}).await;
    assert_eq!(accepted.status, 200);
    let accepted = second.commit("bob@example.com", |_| {}).await;
    assert_eq!(accepted.status, 200);
    // The id comes from the token: somebody else's owner is no lease of mine.
    let owner = first.owner;
    let stale = second.commit("bob@example.com", |commit| commit.owner = owner).await;
    assert_eq!((stale.status, &stale.json["type"]), (409, &json!("/problems/stale-lease")));
}

#[tokio::test(start_paused = true)]
async fn refusals_say_what_to_do() {
    let cloud = TestCloud::start().await;
    let mut connector = cloud.connector().await;
    let conflict = connector.commit("ann@example.com", |commit| commit.expect_version = 7).await;
    assert_eq!(
        (conflict.status, &conflict.json["type"]),
        (409, &json!("/problems/state-conflict"))
    );
    let mut restarted = cloud.connector_without_leases();
    let stale = restarted.commit("ann@example.com", |_| {}).await;
    assert_eq!((stale.status, &stale.json["type"]), (409, &json!("/problems/stale-lease")));
    assert_eq!(restarted.take_all_leases().await, 0, "they are still the other one's");
    cloud.until("09:01").await;
    assert_eq!(restarted.take_all_leases().await, 1024);
    assert_eq!(restarted.epoch, 2);
    let stale = connector.commit("ann@example.com", |_| {}).await;
    assert_eq!((stale.status, &stale.json["type"]), (409, &json!("/problems/stale-lease")));
}

#[tokio::test(start_paused = true)]
async fn a_commit_has_bounds() {
    let cloud = TestCloud::start().await;
    let mut connector = cloud.connector().await;
    let many: Vec<_> = (0..101).map(|n| meeting(&n.to_string(), 1, "10:00")).collect();
    let id = |length| MeetingId("x".repeat(length));
    let ann = "ann@example.com";
    let answers = [
        ("upserts", connector.commit(ann, |commit| commit.upserts = many).await),
        ("upserts", connector.commit(ann, |it| it.upserts = vec![meeting("", 1, "10:00")]).await),
        ("upserts", connector.commit(ann, |it| it.upserts = vec![meeting("a", 0, "10:00")]).await),
        ("deletes", connector.commit(ann, |commit| commit.deletes = vec![id(65)]).await),
        ("sealedState", connector.commit(ann, |it| it.sealed_state = "x".repeat(400_000)).await),
    ];
    for (field, answer) in answers {
        assert_eq!((answer.status, &answer.json["field"]), (400, &json!(field)));
    }
}
