//! Tokens: renewed in time and once, on the disk before they are used, and loud when they end.

use std::{fs, time::Duration};

use conference::ProviderFailure;
use futures_util::future::join_all;
use webex_sim::{Operation, Trouble};

use crate::office::{Office, wish};

fn is_refused(outcome: &Result<(), ProviderFailure>) -> bool {
    matches!(outcome, Err(ProviderFailure::Refused(_)))
}

#[tokio::test(start_paused = true)]
async fn many_at_once_renew_once() {
    let office = Office::new().await;
    let connector = office.connector();
    let checks = (0..20).map(|_| connector.check());
    assert!(join_all(checks).await.iter().all(Result::is_ok));
    assert_eq!(office.simulator.requests(Operation::Token), 1);
    // Some refuse it at the same time.
    office.simulator.end_access_tokens();
    let checks = (0..20).map(|_| connector.check());
    assert!(join_all(checks).await.iter().all(Result::is_ok));
    assert_eq!(office.simulator.requests(Operation::Token), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_in_the_second_half_of_its_life() {
    for seed in 1..20 {
        let office = Office::from_seed(seed).await;
        let connector = office.connector();
        connector.check().await.unwrap();
        office.pass(29 * 60).await;
        connector.check().await.unwrap();
        assert_eq!(office.simulator.requests(Operation::Token), 1, "{seed}");
        office.pass(20 * 60).await;
        connector.check().await.unwrap();
        assert_eq!(office.simulator.requests(Operation::Token), 2, "{seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_process_goes_on_with_the_tokens_of_the_old_one() {
    let office = Office::new().await;
    office.connector().check().await.unwrap();
    fs::remove_file(office.folder.join("first.json")).unwrap();
    office.pass(3 * 3600).await;
    office.connector().check().await.unwrap();
    office.pass(3 * 3600).await;
    office.connector().check().await.unwrap();
    assert_eq!(office.simulator.requests(Operation::Token), 3);
}

#[tokio::test(start_paused = true)]
async fn a_check_beside_a_running_connector_costs_no_tokens() {
    let office = Office::new().await;
    let connector = office.connector();
    connector.check().await.unwrap();
    office.pass(55 * 60).await;
    office.connector().check().await.unwrap();
    assert_eq!(office.simulator.requests(Operation::Token), 2, "the other process renewed");
    connector.check().await.unwrap();
    assert_eq!(office.simulator.requests(Operation::Token), 2, "and we have its tokens");
    // What we write takes nothing back, and our next renewal is from the newest.
    connector.ensure(&wish("u"), None).await.unwrap();
    office.pass(3 * 3600).await;
    connector.check().await.unwrap();
    assert_eq!(office.simulator.requests(Operation::Token), 3);
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_token_is_readable_on_the_disk() {
    let office = Office::new().await;
    office.connector().check().await.unwrap();
    let bytes = fs::read(office.folder.join("tokens-a")).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("sim-"));
}

#[tokio::test(start_paused = true)]
async fn a_new_token_is_not_used_before_it_is_on_the_disk() {
    let office = Office::new().await;
    let connector = office.connector();
    connector.check().await.unwrap();
    office.pass(50 * 60).await;
    // In the way of the file: a folder, which cannot be replaced by one.
    let path = office.folder.join("tokens-a");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    fs::write(path.join("in the way"), "").unwrap();
    connector.check().await.unwrap();
    assert_eq!(office.simulator.requests(Operation::Token), 2, "renewed, and the old one used");
    office.simulator.end_access_tokens();
    assert!(is_refused(&connector.check().await));
    fs::remove_dir_all(&path).unwrap();
    // The new pair was kept in memory; by now its access token has ended, too.
    connector.check().await.unwrap();
    assert!(path.is_file());
    office.connector().check().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn tokens_that_were_taken_back_call_for_a_person_who_can_bring_new_ones() {
    let office = Office::new().await;
    let connector = office.connector();
    connector.check().await.unwrap();
    office.simulator.revoke();
    assert!(is_refused(&connector.check().await));
    let asked = office.simulator.requests(Operation::Token);
    for _ in 0..10 {
        assert!(is_refused(&connector.check().await));
    }
    assert_eq!(office.simulator.requests(Operation::Token), asked, "not asked again at once");
    office.simulator.issue_refresh_token("sample-app", "new");
    office.bring("new");
    connector.check().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn trouble_while_renewing_passes_as_long_as_the_old_token_lives() {
    let office = Office::new().await;
    let connector = office.connector();
    connector.check().await.unwrap();
    office.pass(50 * 60).await;
    let busy = Trouble::Status { status: 503, retry_after: None };
    office.simulator.order(Operation::Token, 1000, busy);
    for _ in 0..10 {
        connector.check().await.unwrap();
    }
    assert_eq!(office.simulator.requests(Operation::Token), 2, "once a minute at most");
    office.pass(11 * 60).await;
    assert!(matches!(connector.check().await, Err(ProviderFailure::Trouble(_))));
    office.simulator.end_trouble();
    office.pass(61).await;
    connector.check().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_with_new_tokens_ends_a_service_that_changes_them_each_time() {
    for is_rotating in [true, false] {
        let office = Office::new().await;
        office.simulator.change_config(|config| config.is_rotating = is_rotating);
        office.simulator.order(Operation::Token, 1, Trouble::LoseAnswer);
        let connector = office.connector();
        assert!(matches!(connector.check().await, Err(ProviderFailure::Trouble(_))));
        office.pass(61).await;
        assert_eq!(is_refused(&connector.check().await), is_rotating);
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_refresh_token_is_announced() {
    let office = Office::new().await;
    office.simulator.change_config(|config| {
        config.is_rotating = false;
        config.refresh_token_life = Duration::from_secs(10 * 24 * 3600);
    });
    let connector = office.connector();
    let first = connector.check().await;
    assert_eq!(first, Err(ProviderFailure::Refused("the refresh token ends within 14 days")));
    connector.ensure(&wish("u"), None).await.unwrap();
    office.simulator.change_config(|config| {
        config.refresh_token_life = Duration::from_secs(2 * 24 * 3600);
    });
    office.pass(3600).await;
    let second = connector.check().await;
    assert_eq!(second, Err(ProviderFailure::Refused("the refresh token ends within 3 days")));
}

#[tokio::test(start_paused = true)]
async fn a_token_file_of_another_key_or_app_is_not_used_and_not_overwritten() {
    let office = Office::new().await;
    office.connector().check().await.unwrap();
    let path = office.folder.join("tokens-a");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert!(is_refused(&office.connector().check().await));
    assert_eq!(fs::read(&path).unwrap(), bytes);
}
