//! What the web client is allowed, and what an unknown path gets.

use protocol::routes;
use world::http::Request;

use super::*;
use crate::tests::{TestCloud, people::url};

async fn get(cloud: &TestCloud, path: &str) -> world::http::Response {
    cloud.client.http.send(Request::get(&url(path))).await.expect("an answer")
}

#[tokio::test(start_paused = true)]
async fn a_page_may_only_talk_to_us_to_the_key_server_and_to_the_provider() {
    let cloud = TestCloud::start().await;
    for path in ["/", "/meetings/today"] {
        let page = get(&cloud, path).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
        let policy = page.headers["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"));
        assert!(policy.contains("connect-src 'self' https://kms.example.org https://issuer;"));
        assert!(policy.contains("require-trusted-types-for 'script'; trusted-types svelte"));
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
        assert!(page.headers.contains_key("strict-transport-security"));
    }
}

#[tokio::test(start_paused = true)]
async fn no_page_stands_in_for_an_asset_or_an_answer() {
    let cloud = TestCloud::start().await;
    for path in ["/assets/gone.js", "/calendar/nothing", "/connector/nothing", "/health/nothing"] {
        assert_eq!(get(&cloud, path).await.status, 404, "{path}");
    }
    let answer = get(&cloud, routes::SITE).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[test]
fn what_was_built_is_known() {
    assert_eq!(web_client_included(), Dist::get(INDEX).is_some());
    assert_eq!(media_type("assets/app-1a2b.js"), "text/javascript; charset=utf-8");
    assert_eq!(media_type("LICENSE"), "application/octet-stream");
}
