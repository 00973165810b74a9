//! The trust list: pending hosts come from connectors, decisions from administrators only.

use std::time::Duration;

use protocol::{
    routes::{TRUST_REPORTS, TRUSTED_HOSTS},
    trust::{HOSTS_MAX, REPORT_HOSTS_MAX},
};
use serde_json::json;

use super::TestCloud;

#[tokio::test(start_paused = true)]
async fn a_host_is_pending_until_an_administrator_decides() {
    let cloud = TestCloud::start().await;
    let connector = cloud.connector_without_leases();
    let met = connector.post(TRUST_REPORTS, &json!({"seen": ["mail.stranger.net"]})).await;
    let pending = json!({
        "host": "mail.stranger.net", "decision": "pending",
        "seenAt": cloud.now(), "seenBy": "connector-1",
    });
    assert_eq!((met.status, &met.json), (200, &json!({"hosts": [pending]})));
    cloud.memory.clock().sleep(Duration::from_secs(60)).await;
    let admin = cloud.person("admin@example.com");
    let allow = json!({"host": "mail.stranger.net", "decision": "allowed"});
    let decided = admin.post(TRUSTED_HOSTS, &allow).await;
    assert_eq!(decided.status, 200);
    assert_eq!(decided.json["decision"], "allowed");
    assert_eq!(decided.json["decidedBy"], "admin@example.com");
    assert_eq!(decided.json["decidedAt"], json!(cloud.now()));
    assert_eq!(decided.json["seenAt"], pending["seenAt"]);
    // Meeting it again changes nothing, and the connector reads what was decided.
    let again = connector.post(TRUST_REPORTS, &json!({"seen": ["mail.stranger.net"]})).await;
    assert_eq!(again.json["hosts"], json!([decided.json]));
    let block = json!({"host": "never.met.net:8443", "decision": "blocked"});
    assert_eq!(admin.post(TRUSTED_HOSTS, &block).await.status, 200);
    let list = admin.get(TRUSTED_HOSTS).await.json;
    assert_eq!(list["hosts"][1]["decision"], "blocked");
    assert_eq!(list["hosts"].as_array().map(Vec::len), Some(2));
}

#[tokio::test(start_paused = true)]
async fn only_administrators_decide() {
    let cloud = TestCloud::start().await;
    let allow = json!({"host": "mail.stranger.net", "decision": "allowed"});
    let ann = cloud.person("ann@example.com");
    assert_eq!(ann.post(TRUSTED_HOSTS, &allow).await.status, 403);
    assert_eq!(ann.get(TRUSTED_HOSTS).await.status, 403);
    let connector = cloud.connector_without_leases();
    assert_eq!(connector.post(TRUSTED_HOSTS, &allow).await.status, 401);
    let unsaid = json!({
        "iss": super::PROVIDER, "sub": "e", "aud": "hc-api", "exp": cloud.now().as_second() + 60,
        "email": "admin@example.com",
    });
    let token = cloud.provider.sign(&unsaid);
    let unverified = super::people::Person { world: cloud.client.clone(), token };
    assert_eq!(unverified.post(TRUSTED_HOSTS, &allow).await.status, 403);
    let none = connector.post(TRUST_REPORTS, &json!({"seen": []})).await;
    assert_eq!(none.json, json!({"hosts": []}));
}

#[tokio::test(start_paused = true)]
async fn the_list_is_bounded_and_holds_hosts_only() {
    let cloud = TestCloud::start().await;
    let connector = cloud.connector_without_leases();
    let admin = cloud.person("admin@example.com");
    for odd in ["https://x.net", "X.net", "a b", ""] {
        let answer = connector.post(TRUST_REPORTS, &json!({"seen": [odd]})).await;
        assert_eq!((answer.status, &answer.json["field"]), (400, &json!("seen")), "{odd}");
        let decision = json!({"host": odd, "decision": "allowed"});
        assert_eq!(admin.post(TRUSTED_HOSTS, &decision).await.status, 400, "{odd}");
    }
    let hosts = |from: usize, count: usize| -> Vec<String> {
        (from..from + count).map(|number| format!("h{number}.net")).collect()
    };
    let many = json!({"seen": hosts(0, REPORT_HOSTS_MAX + 1)});
    assert_eq!(connector.post(TRUST_REPORTS, &many).await.status, 400);
    for from in (0..HOSTS_MAX + REPORT_HOSTS_MAX).step_by(REPORT_HOSTS_MAX) {
        let report = json!({"seen": hosts(from, REPORT_HOSTS_MAX)});
        assert_eq!(connector.post(TRUST_REPORTS, &report).await.status, 200);
    }
    let list = admin.get(TRUSTED_HOSTS).await.json;
    assert_eq!(list["hosts"].as_array().map(Vec::len), Some(HOSTS_MAX));
    // What is full still takes decisions.
    let block = json!({"host": "h1.net", "decision": "blocked"});
    assert_eq!(admin.post(TRUSTED_HOSTS, &block).await.json["decision"], "blocked");
}
