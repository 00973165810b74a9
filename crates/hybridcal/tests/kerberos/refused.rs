//! Tickets that do not exist or are not taken: each with its finding, and never another sign-in.

use std::fs;

use url::Url;
use world::{
    network::Network,
    tls::{Trust, throw_away_identity},
};

use crate::{
    followed::whole,
    program::{Findings, Program, check, connector, trusting, until},
    realm::{ACCOUNT, Realm, SERVICE},
};

/// Behind a sign-in that works, the check ends here at once.
const NOBODY: &str = "nobody@example.com";

async fn look(realm: &Realm, url: &Url, environment: &[(&str, &str)]) -> Findings {
    let config = connector(realm, url, NOBODY, &trusting(&realm.folder.join("tls")));
    check(realm, &config, environment).await
}

#[track_caller]
fn is_refused(found: &Findings, id: &str, words: &str) {
    let what = found.what("sign-in");
    assert_eq!(found.at("sign-in"), id, "{what}");
    assert!(what.contains(words), "{what}");
    let what_to_do = found.what_to_do("sign-in");
    assert!(what_to_do.contains("setspn -Q HTTP/"), "{what_to_do}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_cannot_be_had_is_told_with_its_reason() {
    let mut realm = Realm::start().await;
    let (_exchange, url) = Program::exchange(&realm, "require");
    assert_eq!(look(&realm, &url, &[]).await.at("mailbox"), "no-mailbox");

    let nothing = [("KRB5_CLIENT_KTNAME", "FILE:/nowhere/keytab")];
    let found = look(&realm, &url, &nothing).await;
    is_refused(&found, "ticket", "neither a ticket nor a usable keytab");

    realm.limit_tickets(1);
    realm.until_a_ticket_has_ended().await;
    realm.limit_tickets(3600);
    let cache = format!("FILE:{}", realm.folder.join("tickets").display());
    let old = [nothing[0], ("KRB5CCNAME", cache.as_str())];
    is_refused(&look(&realm, &url, &old).await, "ticket", "ticket has expired");

    let mut elsewhere = url.clone();
    elsewhere.set_host(Some("exchange.localhost")).expect("a host");
    is_refused(&look(&realm, &elsewhere, &[]).await, "ticket", "no service of this name");

    realm.kadmin(&format!("modprinc -expire 2020-01-01 {SERVICE}"));
    is_refused(&look(&realm, &url, &[]).await, "ticket", "service's account has expired");
    realm.kadmin(&format!("modprinc -expire never {SERVICE}"));

    realm.kadmin(&format!("cpw -randkey {ACCOUNT}"));
    is_refused(&look(&realm, &url, &[]).await, "ticket", "its keytab is outdated");

    realm.end();
    is_refused(&look(&realm, &url, &[]).await, "ticket", "no key distribution centre");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_ticket_an_alarm_tells_why_and_nobody_is_named() {
    let realm = Realm::start().await;
    let (_exchange, url) = Program::exchange(&realm, "require");
    let nothing = [("KRB5_CLIENT_KTNAME", "FILE:/nowhere/keytab")];
    let file = whole(&realm, &url);
    let _roles = Program::start(&realm, &["run", "--config", &file], &nothing);
    let log = || fs::read_to_string(realm.folder.join("run.log")).expect("a log");
    until("the alarm", || async { log().contains("exchange-ticket").then_some(()) }).await;
    let log = log();
    assert!(log.contains("neither a ticket nor a usable keytab"), "{log}");
    assert!(!log.contains("exchange-password") && !log.contains(ACCOUNT), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_for_another_key_is_refused() {
    let realm = Realm::start().await;
    let (_exchange, url) = Program::exchange(&realm, "off");
    realm.kadmin(&format!("cpw -randkey {SERVICE}"));
    is_refused(&look(&realm, &url, &[]).await, "ticket-refused", "refuses");
}

/// A box that ends TLS, with a certificate of the administrator's.
async fn behind_a_tls_proxy(realm: &Realm, exchange: &Url) -> Url {
    let identity = throw_away_identity(&realm.folder.join("proxy"), &["localhost"]);
    let trust = |folder: &str| {
        let ca_file = Some(realm.folder.join(folder).join("ca.pem"));
        Network::internet(&Trust { ca_file, ..Trust::default() }).expect("a network")
    };
    let identity = identity.expect("written");
    let (network, exchange) = (trust("tls"), exchange.clone());
    let mut listener = network.listen_tls("127.0.0.1:0", &identity).await.expect("free");
    let port = listener.address().rsplit_once(':').expect("a port").1.to_owned();
    tokio::spawn(async move {
        while let Ok(accepted) = listener.accept().await {
            let (network, exchange) = (network.clone(), exchange.clone());
            tokio::spawn(async move {
                let mut client = accepted.stream().await?;
                let mut server = network.connect(&exchange).await?.stream;
                tokio::io::copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    format!("https://localhost:{port}/EWS/Exchange.asmx").parse().expect("a URL")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_bound_to_another_certificate_is_refused() {
    let realm = Realm::start().await;
    // (what Exchange wants, what the connector names, what comes of it)
    let cases = [
        ("require", "auto", "ticket-refused"),
        ("accept", "auto", "ticket-refused"),
        ("require", "off", "ticket-refused"),
        ("accept", "off", "ok"),
        ("off", "auto", "ok"),
    ];
    for (wanted, named, outcome) in cases {
        let (_exchange, url) = Program::exchange(&realm, wanted);
        let url = behind_a_tls_proxy(&realm, &url).await;
        let lines = trusting(&realm.folder.join("proxy"));
        let lines = format!("{lines}\nchannel_binding = \"{named}\"");
        let found = check(&realm, &connector(&realm, &url, NOBODY, &lines), &[]).await;
        assert_eq!(found.at("sign-in"), outcome, "{wanted}, {named}: {}", found.what("sign-in"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_mix_tickets_and_passwords_are_mistakes() {
    let realm = Realm::start().await;
    let url: Url = "https://localhost:1/EWS/Exchange.asmx".parse().expect("a URL");
    let alone = connector(&realm, &url, NOBODY, "");
    let mixed = alone.replace("[\"kerberos\"]", "[\"kerberos\", \"ntlm\"]");
    assert!(check(&realm, &mixed, &[]).await.what("settings").contains("name it alone"));
    let second = format!("{alone}second = {{ user = \"x\", password = \"y\" }}\n");
    assert!(check(&realm, &second, &[]).await.what("settings").contains("exchange.second"));
    assert!(fs::exists(realm.folder.join("connector.key")).expect("looked"));
}
