//! Exchange is found from nothing but a mail domain; nobody is told the password who was not
//! decided on; a mailbox that moves is found again.

use std::time::Duration;

use connector::config::Autodiscover;
use exchange_sim::{NewMeeting, Redirect, Signpost};
use protocol::trust::Decision;
use serde_json::{Value, json};
use world::names::Service;

use crate::site::{ALICE, BOB, Settings, Site};

const STRANGER: &str = "mail.stranger.net";

/// A site that knows no address of Exchange; nothing listens but what the test starts.
async fn without_address(more: Value) -> Site {
    let autodiscover: Autodiscover = serde_json::from_value(more).expect("settings");
    let settings =
        Settings { exchange_url: None, autodiscover: Some(autodiscover), ..Settings::default() };
    Site::without_connector(settings).await
}

/// Exchange answers at this address, too; the host is a part of its own for recordings.
async fn listen(site: &Site, address: &str) {
    let (host, _) = address.rsplit_once(':').expect("a port");
    site.exchange.listen_also(&site.memory.host(host), address).await.expect("free");
}

fn plan(site: &Site, subject: &str, invited: &[&str]) -> NewMeeting {
    NewMeeting {
        location: Some("@meet".into()),
        required: invited.iter().copied().map(str::to_owned).collect(),
        ..NewMeeting::new(subject, site.in_minutes(120), site.in_minutes(150))
    }
}

async fn is_followed(site: &Site) {
    site.invite(ALICE, plan(site, "Plan", &[BOB]));
    let link = site.until_joinable(BOB, "Plan").await;
    assert!(link.starts_with("https://meet.example.com/"), "{link}");
}

#[tokio::test(start_paused = true)]
async fn a_mail_domain_is_enough() {
    let mut site = without_address(json!({})).await;
    listen(&site, "autodiscover.example.com:443").await;
    site.start_connector();
    is_followed(&site).await;
    // The first mailbox alone, and the other three at once.
    assert_eq!(site.exchange.requests("GetUserSettings"), 2);
    assert_eq!(site.alarms(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn plain_xml_serves_where_soap_is_missing() {
    let mut site = without_address(json!({})).await;
    listen(&site, "autodiscover.example.com:443").await;
    site.exchange.remove_soap_autodiscover();
    site.start_connector();
    is_followed(&site).await;
    assert_eq!(site.exchange.requests("PlainXml"), 4, "one for each mailbox");
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_too_large_is_halved() {
    let mut site = without_address(json!({})).await;
    listen(&site, "autodiscover.example.com:443").await;
    site.exchange.limit_users_per_request(1);
    site.start_connector();
    is_followed(&site).await;
    // The first, three together, one, two together, one, one.
    assert_eq!(site.exchange.requests("GetUserSettings"), 6);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_an_unknown_host_waits_for_an_administrator() {
    let mut site = without_address(json!({})).await;
    listen(&site, "autodiscover.example.com:80").await;
    listen(&site, &format!("{STRANGER}:443")).await;
    site.exchange
        .redirect_plain_requests(&format!("https://{STRANGER}/autodiscover/autodiscover.xml"));
    let heard = site.memory.record("connector", STRANGER);
    site.start_connector();
    site.until_true("an alarm", || site.alarms() == ["exchange-trust"]).await;
    site.pass(Duration::from_mins(10)).await;
    assert_eq!(heard.bytes(), b"", "nothing was sent there");
    assert_eq!(site.exchange.sign_in_attempts("svc-cal"), 0, "nor anywhere else");
    let trust = site.trust(ALICE);
    let list = trust.list().await.expect("an administrator");
    assert_eq!(list.len(), 1);
    assert_eq!((list[0].host.as_str(), list[0].decision), (STRANGER, Decision::Pending));
    assert!(site.trust(BOB).list().await.is_err(), "Bob is no administrator");
    assert!(site.trust(BOB).decide(STRANGER, Decision::Allowed).await.is_err());
    let decided = trust.decide(STRANGER, Decision::Allowed).await.expect("decided");
    assert_eq!(decided.decided_by.as_deref(), Some(ALICE));
    is_followed(&site).await;
    assert!(String::from_utf8_lossy(&heard.bytes()).contains("authorization: Basic"));
    site.until_true("no alarm", || site.alarms().is_empty()).await;
    // A restarted connector knows it still.
    site.kill_connector().await;
    site.start_connector();
    is_read_again(&site).await;
    // What is blocked later is left alone soon.
    trust.decide(STRANGER, Decision::Blocked).await.expect("decided");
    site.pass(Duration::from_mins(2)).await;
    let before = heard.bytes().len();
    site.pass(Duration::from_mins(30)).await;
    let after = heard.bytes();
    let later = String::from_utf8_lossy(&after[before..]);
    assert!(!later.contains("authorization"), "{later}");
}

async fn is_read_again(site: &Site) {
    site.invite(ALICE, plan(site, "Again", &[BOB]));
    site.until_joinable(BOB, "Again").await;
}

#[tokio::test(start_paused = true)]
async fn a_blocked_host_is_never_asked() {
    let mut site = without_address(json!({})).await;
    listen(&site, "autodiscover.example.com:443").await;
    let trust = site.trust(ALICE);
    trust.decide("autodiscover.example.com", Decision::Blocked).await.expect("decided");
    let heard = site.memory.record("connector", "autodiscover.example.com");
    site.start_connector();
    site.until_true("an alarm", || site.alarms() == ["exchange-autodiscover"]).await;
    let heard = String::from_utf8_lossy(&heard.bytes()).into_owned();
    assert!(!heard.contains("authorization"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn what_the_cloud_allows_counts_only_if_the_settings_say_so() {
    let mut site = without_address(json!({"cloud_may_allow": false})).await;
    listen(&site, "autodiscover.example.com:443").await;
    listen(&site, &format!("{STRANGER}:443")).await;
    let url = format!("https://{STRANGER}/EWS/Exchange.asmx");
    for mailbox in &site.settings.mailboxes {
        let signpost = Signpost { ews_url: Some(url.clone()), ..Signpost::default() };
        site.exchange.put_signpost(mailbox, signpost);
    }
    site.trust(ALICE).decide(STRANGER, Decision::Allowed).await.expect("decided");
    let heard = site.memory.record("connector", STRANGER);
    site.start_connector();
    site.until_true("an alarm", || site.alarms() == ["exchange-trust"]).await;
    site.pass(Duration::from_mins(5)).await;
    assert_eq!(heard.bytes(), b"");
}

#[tokio::test(start_paused = true)]
async fn redirects_and_records_within_the_organization_are_followed() {
    // By a service record.
    let mut site = without_address(json!({"trusted_suffixes": ["contoso.net"]})).await;
    listen(&site, "mail.contoso.net:443").await;
    let host = "mail.contoso.net".to_owned();
    let service = Service { priority: 0, weight: 0, port: 443, host };
    site.memory.set_services("_autodiscover._tcp.example.com", vec![service]);
    site.start_connector();
    is_followed(&site).await;
    site.kill_connector().await;
    // By what Autodiscover says of one mailbox, to a server that says it of itself: a circle.
    let circle = "https://mail.contoso.net/autodiscover/autodiscover.svc".to_owned();
    let redirect = Some(Redirect::Url(circle));
    site.exchange.put_signpost(BOB, Signpost { redirect, ..Signpost::default() });
    site.start_connector();
    site.until_true("an alarm", || site.alarms() == ["exchange-autodiscover"]).await;
    // The others are followed all the same.
    site.invite(ALICE, plan(&site, "Others", &[]));
    site.until_joinable(ALICE, "Others").await;
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_moves_is_found_again() {
    let mut site = without_address(json!({})).await;
    listen(&site, "autodiscover.example.com:443").await;
    listen(&site, "ex1.example.com:443").await;
    listen(&site, "ex2.example.com:443").await;
    let at = |host: &str, group: &str| Signpost {
        ews_url: Some(format!("https://{host}/EWS/Exchange.asmx")),
        group: Some(group.to_owned()),
        redirect: None,
    };
    for mailbox in &site.settings.mailboxes {
        site.exchange.put_signpost(mailbox, at("ex1.example.com", "one"));
    }
    site.start_connector();
    is_followed(&site).await;
    site.exchange.put_signpost(BOB, at("ex2.example.com", "two"));
    let bob = protocol::ids::MailboxAddress::new(BOB).expect("an address");
    let connection = site.connection();
    assert_eq!(connection.place(Some(&bob)).url.host_str(), Some("ex1.example.com"));
    assert!(connection.relocate(&bob).await.expect("found"));
    let place = connection.place(Some(&bob));
    assert_eq!(place.url.host_str(), Some("ex2.example.com"));
    assert_eq!(place.group.as_deref(), Some("two"));
    assert!(!connection.relocate(&bob).await.expect("found"), "no news");
    is_read_again(&site).await;
    // The follower notices by itself that a mailbox is not where it was.
    site.exchange.put_signpost(ALICE, at("ex2.example.com", "two"));
    site.invite(ALICE, plan(&site, "Moved", &[BOB]));
    site.until_joinable(BOB, "Moved").await;
    let alice = protocol::ids::MailboxAddress::new(ALICE).expect("an address");
    assert_eq!(connection.place(Some(&alice)).url.host_str(), Some("ex2.example.com"));
}

#[tokio::test(start_paused = true)]
async fn without_autodiscover_a_mailbox_stays_where_the_settings_say() {
    let site = Site::start().await;
    let bob = protocol::ids::MailboxAddress::new(BOB).expect("an address");
    assert!(!site.connection().relocate(&bob).await.expect("nothing to do"));
    is_followed(&site).await;
    assert_eq!(site.exchange.requests("GetUserSettings"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refused_password_stops_the_search() {
    let autodiscover: Autodiscover = serde_json::from_value(json!({})).expect("settings");
    let settings = Settings {
        exchange_url: None,
        autodiscover: Some(autodiscover),
        service_password: "wrong".to_owned(),
        ..Settings::default()
    };
    let mut site = Site::without_connector(settings).await;
    listen(&site, "autodiscover.example.com:443").await;
    listen(&site, "example.com:443").await;
    site.start_connector();
    site.until_true("an alarm", || site.alarms() == ["exchange-password"]).await;
    assert_eq!(site.exchange.sign_in_attempts("svc-cal"), 2);
}
