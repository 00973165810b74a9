//! Who gets in, and for whom they may act.

use axum::http::StatusCode;
use ews::{
    Operation, RequestHeader, ResponseCode,
    ids::DistinguishedFolderName,
    operations::GetFolder,
    shapes::{BaseShape, FolderShape},
};
use world::http::Request;

use super::{ALICE, BOB, Site};

fn calendar() -> GetFolder {
    GetFolder {
        folder_shape: FolderShape::of(BaseShape::Default),
        folder_ids: vec![
            DistinguishedFolderName::Calendar.into(),
            DistinguishedFolderName::Other("archiveinbox".to_owned()).into(),
        ],
    }
}

#[tokio::test(start_paused = true)]
async fn every_spelling_of_a_user_name_is_known() {
    let site = Site::start().await;
    for user in ["alice", "ALICE@example.com", "DOM\\alice", "\\alice"] {
        let results = site.as_user(user).ask(&calendar()).await;
        assert!(results[0].is_ok());
        let error = results[1].as_ref().expect_err("no such folder");
        assert_eq!(error.code, ResponseCode::ErrorFolderNotFound);
    }
    assert_eq!(site.simulator.sign_in_attempts("alice"), 4);
    assert_eq!(site.simulator.requests("GetFolder"), 4);
}

#[tokio::test(start_paused = true)]
async fn wrong_passwords_are_refused_and_counted() {
    let site = Site::start().await;
    let body = calendar().write_request(&RequestHeader::ours());
    for _ in 0..2 {
        let answer = site.send(site.request("alice", "wrong", body.clone())).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers["www-authenticate"], "Basic realm=\"Exchange simulator\"");
        assert!(answer.body.is_empty());
    }
    assert_eq!(site.simulator.sign_in_attempts("alice"), 2);
    assert_eq!(site.simulator.requests_total(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_page_says_what_this_is() {
    let site = Site::start().await;
    let url = "https://exchange/ews/exchange.asmx".parse().expect("a URL");
    assert_eq!(site.send(Request::get(&url)).await.status, StatusCode::UNAUTHORIZED);
    let signed_in = Request::get(&url).header("authorization", "Basic YWxpY2U6c2VjcmV0");
    let page = site.send(signed_in).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(String::from_utf8_lossy(&page.body).contains("simulator"));
}

#[tokio::test(start_paused = true)]
async fn only_service_accounts_impersonate_and_only_within_their_scope() {
    let scope = |config: &mut crate::Config| {
        config.service_accounts[0].may_not_impersonate = vec![BOB.to_owned()];
    };
    let site = Site::with(scope).await;
    assert!(site.impersonating("svc-cal", ALICE).ask(&calendar()).await[0].is_ok());
    let refused = [
        ("svc-cal", BOB, ResponseCode::ErrorImpersonateUserDenied),
        ("svc-cal", "nobody@example.com", ResponseCode::ErrorNonExistentMailbox),
        ("bob", ALICE, ResponseCode::ErrorImpersonateUserDenied),
    ];
    for (user, address, code) in refused {
        assert_eq!(site.impersonating(user, address).fault(&calendar()).await, code);
    }
    let own = site.as_user("svc-cal").ask(&calendar()).await; // it has no mailbox
    assert_eq!(own[0].as_ref().expect_err("none").code, ResponseCode::ErrorNonExistentMailbox);
}

#[tokio::test(start_paused = true)]
async fn malformed_requests_are_faults() {
    let site = Site::start().await;
    let item = super::review(&[]);
    let tell = ews::operations::SendMeetingInvitations::SendToNone;
    let folder = DistinguishedFolderName::Calendar;
    let create = ews::operations::CreateItem::in_calendar(folder, item, tell);
    let unescaped = create
        .write_request(&RequestHeader::ours())
        .replace("&lt;p&gt;", "<p>")
        .replace("&lt;/p&gt;", "</p>");
    let empty = "<Envelope><Body><GetItem/></Body></Envelope>";
    for body in ["", "<x/>", "<a", empty, unescaped.as_str()] {
        let answer = site.send(site.request("alice", "secret", body.to_owned())).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(String::from_utf8_lossy(&answer.body).contains("ErrorSchemaValidation"));
    }
}
