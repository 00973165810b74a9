//! The connector signs in to Exchange by NTLM, however strictly Exchange looks at the connection,
//! and stops before an account is locked out.

use std::time::Duration;

use connector::config::{Binding, Mechanism, SecondAccount, Secret};
use exchange_sim::{ChannelBinding, Config, Mechanism as Offered, ServiceAccount, SignIn};
use world::tls::Certificate;

use crate::{
    invitation::plan,
    site::{ALICE, BOB, Settings, Site},
};

const HOUR: Duration = Duration::from_secs(3600);

fn offer(config: &mut Config, channel_binding: ChannelBinding) {
    config.sign_in = SignIn { mechanisms: vec![Offered::Ntlm, Offered::Basic], channel_binding };
}

fn settings(change_exchange: fn(&mut Config)) -> Settings {
    Settings {
        certificate: Some(Certificate::of(b"what Exchange shows")),
        change_exchange,
        change_connector: |exchange| exchange.sign_in = vec![Mechanism::Ntlm],
        ..Settings::default()
    }
}

async fn follow(settings: Settings) -> Site {
    let site = Site::start_with(settings).await;
    site.invite(ALICE, plan(&site));
    site.until_joinable(BOB, "Plan").await;
    site
}

/// As behind something that ends TLS: clients see another certificate than Exchange's.
async fn behind_a_tls_proxy(settings: Settings) -> Site {
    let mut site = Site::without_connector(settings).await;
    site.memory.show_certificate("exchange:443", Certificate::of(b"what a proxy shows"));
    site.start_connector();
    site
}

#[tokio::test(start_paused = true)]
async fn mailboxes_are_followed_in_all_three_modes() {
    let modes: [fn(&mut Config); 3] = [
        |config| offer(config, ChannelBinding::Off),
        |config| offer(config, ChannelBinding::Accept),
        |config| offer(config, ChannelBinding::Require),
    ];
    for mode in modes {
        let site = follow(settings(mode)).await;
        let sign_ins = site.exchange.sign_in_attempts("svc-cal");
        let requests = site.exchange.requests_total();
        assert!(sign_ins * 2 < requests, "{sign_ins} sign-ins for {requests} requests");
        assert!(site.alarms().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn user_names_are_known_in_every_spelling() {
    let spellings: [fn(&mut connector::config::Exchange); 3] = [
        |exchange| (exchange.user, exchange.sign_in) = by_ntlm("EXAMPLE\\svc-cal"),
        |exchange| (exchange.user, exchange.sign_in) = by_ntlm("\\svc-cal"),
        |exchange| (exchange.user, exchange.sign_in) = by_ntlm("svc-cal@example.com"),
    ];
    for spelling in spellings {
        let mut settings = settings(|config| offer(config, ChannelBinding::Require));
        settings.change_connector = spelling;
        follow(settings).await;
    }
}

fn by_ntlm(user: &str) -> (String, Vec<Mechanism>) {
    (user.to_owned(), vec![Mechanism::Ntlm])
}

#[tokio::test(start_paused = true)]
async fn a_foreign_certificate_is_refused_twice_and_then_there_is_silence() {
    let modes: [fn(&mut Config); 2] = [
        |config| offer(config, ChannelBinding::Accept),
        |config| offer(config, ChannelBinding::Require),
    ];
    for mode in modes {
        let site = behind_a_tls_proxy(settings(mode)).await;
        site.pass(HOUR * 5 / 6).await;
        assert_eq!(site.exchange.sign_in_attempts("svc-cal"), 2);
        assert_eq!(site.alarms(), ["exchange-password"]);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_binding_only_a_strict_exchange_refuses() {
    let unbound: fn(&mut connector::config::Exchange) = |exchange| {
        exchange.sign_in = vec![Mechanism::Ntlm];
        exchange.channel_binding = Binding::Off;
    };
    let mut lenient = settings(|config| offer(config, ChannelBinding::Accept));
    lenient.change_connector = unbound;
    let site = behind_a_tls_proxy(lenient).await;
    site.invite(ALICE, plan(&site));
    site.until_joinable(BOB, "Plan").await;

    let mut strict = settings(|config| offer(config, ChannelBinding::Require));
    strict.change_connector = unbound;
    let site = Site::start_with(strict).await;
    site.pass(HOUR / 2).await;
    assert_eq!(site.alarms(), ["exchange-password"]);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_tried_twice_and_then_hourly() {
    let mut wrong = settings(|config| offer(config, ChannelBinding::Require));
    wrong.service_password = "wrong".into();
    let site = Site::start_with(wrong).await;
    site.pass(HOUR * 5 / 6).await;
    assert_eq!(site.exchange.sign_in_attempts("svc-cal"), 2);
    assert_eq!(site.alarms(), ["exchange-password"]);
    site.pass(HOUR * 5).await;
    let attempts = site.exchange.sign_in_attempts("svc-cal");
    assert!((5..=9).contains(&attempts), "one probe an hour: {attempts}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_offers_only_basic_gets_no_password() {
    let basic_only = settings(|config| config.sign_in.mechanisms = vec![Offered::Basic]);
    let site = Site::start_with(basic_only).await;
    site.pass(HOUR).await;
    assert_eq!(site.exchange.sign_in_attempts("svc-cal"), 0);
    assert_eq!(site.alarms(), ["exchange-sign-in"]);
}

#[tokio::test(start_paused = true)]
async fn basic_serves_where_the_settings_allow_it_too() {
    let mut both = settings(|config| config.sign_in.mechanisms = vec![Offered::Basic]);
    both.change_connector = |exchange| exchange.sign_in = vec![Mechanism::Ntlm, Mechanism::Basic];
    follow(both).await;
}

#[tokio::test(start_paused = true)]
async fn the_second_account_takes_over_without_a_restart() {
    let mut rotated = settings(|config| {
        offer(config, ChannelBinding::Require);
        config.service_accounts.push(ServiceAccount {
            user_name: "svc-cal-2".into(),
            password: "new".into(),
            may_not_impersonate: Vec::new(),
        });
    });
    rotated.service_password = "old".into();
    rotated.change_connector = |exchange| {
        exchange.sign_in = vec![Mechanism::Ntlm];
        exchange.second = Some(SecondAccount {
            user: "EXAMPLE\\svc-cal-2".into(),
            password: Some(Secret::new("new".into())),
            password_file: None,
        });
    };
    let site = follow(rotated).await;
    site.pass(HOUR * 3).await;
    assert_eq!(site.exchange.sign_in_attempts("svc-cal"), 2);
    assert!(site.alarms().is_empty());
}
