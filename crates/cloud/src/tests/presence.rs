//! Who is away.

use protocol::routes;
use serde_json::{Value, json};

use super::{
    TestCloud,
    meeting::user,
    people::{Connector, send, url},
};

async fn tells(connector: &mut Connector, address: &str, presence: &Value) -> u16 {
    let path = routes::with(routes::MAILBOX_PRESENCE, &user(address).to_string());
    let mut report = presence.clone();
    report["owner"] = json!(connector.owner);
    report["leaseEpoch"] = json!(connector.epoch);
    connector.post(&path, &report).await.status
}

#[tokio::test(start_paused = true)]
async fn an_absence_is_seen_by_colleagues_until_its_end() {
    let cloud = TestCloud::start().await;
    let mut connector = cloud.connector().await;
    let bob = cloud.person("bob@example.com");
    let ann = user("ann@example.com").to_string();
    let about_ann = format!("{}?userId={ann}", routes::COMPOSITIONS);
    let unknown = json!({"subject": ann, "status": "unknown", "expiresTTL": -1});
    assert_eq!(bob.get(&about_ann).await.json, unknown);

    let away = json!({"state": "ooo", "until": "2026-11-24T10:00:00Z"});
    assert_eq!(tells(&mut connector, "ann@example.com", &away).await, 200);
    let seen = bob.get(&about_ann).await.json;
    assert_eq!((&seen["status"], &seen["expiresTime"]), (&json!("ooo"), &away["until"]));
    assert!(seen["expiresTTL"].as_i64().expect("a number") > 3000);
    let request = world::http::Request::post(
        &url(routes::COMPOSITIONS),
        json!({"subjects": [user("bob@example.com"), ann]}).to_string(),
    );
    let both = send(&cloud.client, request.json().bearer(&bob.token)).await.json;
    assert_eq!(both["statusList"][0]["status"], "unknown");
    assert_eq!(both["statusList"][1], seen);

    cloud.client.clock.sleep(std::time::Duration::from_secs(3600)).await;
    let bob = cloud.person("bob@example.com");
    assert_eq!(bob.get(&about_ann).await.json["status"], "unknown", "it ends by itself");
}

#[tokio::test(start_paused = true)]
async fn who_lost_the_lease_changes_nothing_and_texts_are_not_taken() {
    let cloud = TestCloud::start().await;
    let mut connector = cloud.connector().await;
    let address = "ann@example.com";
    let away = json!({"state": "ooo"});
    connector.epoch += 1;
    assert_eq!(tells(&mut connector, address, &away).await, 409);
    connector.epoch -= 1;
    assert_eq!(tells(&mut connector, address, &json!({"state": "lunch"})).await, 400);
    let ann = cloud.person(address);
    assert_eq!(ann.get(routes::COMPOSITIONS).await.json["status"], "unknown");
    assert_eq!(tells(&mut connector, address, &away).await, 200);
    assert_eq!(ann.get(routes::COMPOSITIONS).await.json["expiresTTL"], -1);
    assert_eq!(tells(&mut connector, address, &json!({"state": "available"})).await, 200);
    assert_eq!(ann.get(routes::COMPOSITIONS).await.json["status"], "unknown");
    let many = json!({"subjects": vec![user(address); 51]}).to_string();
    let request = world::http::Request::post(&url(routes::COMPOSITIONS), many);
    assert_eq!(send(&cloud.client, request.json().bearer(&ann.token)).await.status, 400);
}
