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
    let state = async |token: String| {
        send(&cloud.client, world::http::Request::get(&url(&path)).bearer(&token)).await.json
    };
    assert_eq!(state(connector.token()).await, json!({"version": 0, "leaseEpoch": 0}));
    connector.puts("ann@example.com", &[meeting("a", 1, "10:00")]).await;
    let expected = json!({"version": 1, "leaseEpoch": 1, "sealedState": "state after 0"});
    assert_eq!(state(connector.token()).await, expected);
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
