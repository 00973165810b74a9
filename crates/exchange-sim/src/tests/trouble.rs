//! Trouble on demand.

use std::time::Duration;

use axum::http::StatusCode;
use ews::{Fault, Operation, ReadFailure, ResponseCode, operations::GetItem, shapes::ItemShape};

use super::{ALICE, Site, review};
use crate::{Hint, Ids, Policy, Trouble};

fn nothing() -> GetItem {
    GetItem { item_shape: ItemShape::id_only(), item_ids: Vec::new() }
}

async fn fault(site: &Site) -> Fault {
    let answer = site.send(site.as_user("alice").request(&nothing())).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    match GetItem::read_answer(&answer.body) {
        Err(ReadFailure::Fault(fault)) => *fault,
        other => panic!("no fault: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_trouble_comes_once_and_ends() {
    let site = Site::start().await;
    let order = |trouble| site.simulator.trouble(Some("GetItem"), 1, trouble);
    let send = || site.send(site.as_user("alice").request(&nothing()));

    order(Trouble::Fault(ResponseCode::ErrorInternalServerError));
    assert_eq!(fault(&site).await.response_code(), ResponseCode::ErrorInternalServerError);
    order(Trouble::Busy { back_off: Duration::from_secs(7) });
    assert_eq!(fault(&site).await.back_off(), Some(Duration::from_secs(7)));
    order(Trouble::Garbage);
    assert!(GetItem::read_answer(&send().await.body).is_err());
    order(Trouble::Unauthorized);
    assert_eq!(send().await.status, StatusCode::UNAUTHORIZED);
    order(Trouble::Unavailable);
    assert_eq!(send().await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(send().await.status, StatusCode::OK);
    assert_eq!(site.simulator.requests("GetItem"), 6);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_had_its_effect_and_a_dropped_request_had_none() {
    let site = Site::start().await;
    let create = ews::operations::CreateItem::in_calendar(
        ews::ids::DistinguishedFolderName::Calendar,
        review(&[]),
        ews::operations::SendMeetingInvitations::SendToNone,
    );
    for (trouble, entries) in [(Trouble::Drop, 0), (Trouble::LoseAnswer, 1)] {
        site.simulator.trouble(None, 1, trouble);
        let request = site.as_user("alice").request(&create);
        assert!(site.memory.host("client").http.send(request).await.is_err());
        assert_eq!(site.simulator.calendar(ALICE).len(), entries);
    }
}

#[tokio::test(start_paused = true)]
async fn answers_are_spoilt_on_their_way() {
    let site = Site::start().await;
    let order = |trouble| site.simulator.trouble(Some("GetItem"), 1, trouble);
    let send = || site.send(site.as_user("alice").request(&nothing()));
    order(Trouble::Truncated);
    assert!(GetItem::read_answer(&send().await.body).is_err());
    order(Trouble::LogInPage);
    let page = send().await;
    assert_eq!((page.status, &page.headers["content-type"]), (StatusCode::OK, &html()));
    order(Trouble::WrongContentType);
    let plain = send().await;
    assert!(plain.headers["content-type"].to_str().expect("text").starts_with("text/plain"));
    assert!(GetItem::read_answer(&plain.body).is_ok());
    order(Trouble::ResultWithStatusError);
    let result = send().await;
    assert_eq!(result.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(GetItem::read_answer(&result.body).is_ok());
    order(Trouble::FaultWithStatusOk(ResponseCode::ErrorServerBusy));
    let fault = send().await;
    assert_eq!(fault.status, StatusCode::OK);
    assert!(matches!(GetItem::read_answer(&fault.body), Err(ReadFailure::Fault(_))));
    let before = site.memory.clock().now();
    order(Trouble::Slow(Duration::from_secs(20)));
    send().await;
    assert_eq!(site.memory.clock().now().duration_since(before).as_secs(), 20);
}

fn html() -> axum::http::HeaderValue {
    axum::http::HeaderValue::from_static("text/html; charset=utf-8")
}

#[tokio::test(start_paused = true)]
async fn part_of_a_request_is_refused_and_a_refused_write_is_not_done() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let tell = ews::operations::SendMeetingInvitations::SendToNone;
    let id = alice.create(review(&[]), tell).await;
    let refs = vec![id.clone().into(), id.clone().into(), id.clone().into()];
    let three = GetItem { item_shape: ItemShape::id_only(), item_ids: refs };
    let (code, back_off) = (ResponseCode::ErrorServerBusy, Some(Duration::from_secs(4)));
    let part = Trouble::Objects { from: 1, code, back_off };
    site.simulator.trouble(Some("GetItem"), 1, part);
    let results = alice.ask_raw(&three).await;
    assert!(results[0].is_ok());
    assert_eq!(results[1].as_ref().expect_err("refused").back_off(), back_off);
    assert!(results[2].is_err());

    let code = ResponseCode::ErrorInternalServerTransientError;
    let all = Trouble::Objects { from: 0, code: code.clone(), back_off: None };
    site.simulator.trouble(Some("UpdateItem"), 1, all);
    let tell = ews::operations::SendMeetingInvitationsOrCancellations::SendToNone;
    let update = ews::operations::UpdateItem::of_calendar_item(
        id.clone(),
        vec![super::set_location("Elsewhere")],
        ews::operations::ConflictResolution::NeverOverwrite,
        tell,
    );
    let results = alice.ask_raw(&update).await;
    assert_eq!(results[0].as_ref().expect_err("refused").code, code);
    assert_eq!(alice.get(&id).await.expect("there").location.as_deref(), Some("@webex"));

    site.simulator.trouble(Some("UpdateItem"), 1, Trouble::Conflict);
    let conflict = ResponseCode::ErrorIrresolvableConflict;
    assert_eq!(alice.one(&update).await.map(drop), Err(conflict));
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_moves_is_away_and_then_elsewhere() {
    let site = Site::with(|config| config.back_ends = 2).await;
    let alice = site.as_user("alice");
    let tell = ews::operations::SendMeetingInvitations::SendToNone;
    let id = alice.create(review(&[]), tell).await;
    let (home, _) = site.simulator.home(ALICE);
    let lasts = Duration::from_secs(60);
    site.simulator.move_mailbox(ALICE, 1 - home, lasts, Ids::New).expect("moved");
    let moving = ResponseCode::ErrorMailboxMoveInProgress;
    assert_eq!(fault(&site).await.response_code(), moving);
    tokio::time::sleep(lasts).await;
    assert_eq!(site.simulator.home(ALICE).0, 1 - home);
    assert_eq!(alice.get(&id).await.map(drop), Err(ResponseCode::ErrorItemNotFound));
    assert_eq!(
        alice.view("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z").await.map(|v| v.len()),
        Ok(1)
    );

    site.simulator.fail_over(1 - home, lasts);
    let failing = ResponseCode::ErrorMailboxFailover;
    assert_eq!(fault(&site).await.response_code(), failing);
    tokio::time::sleep(lasts / 2).await;
    let away = Err(ResponseCode::ErrorMailboxStoreUnavailable);
    assert_eq!(alice.get(&id).await.map(drop), away);
    tokio::time::sleep(lasts / 2).await;
    assert!(alice.view("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_asks_too_much_is_told_to_wait_even_for_no_time() {
    let site = Site::start().await;
    let second = Duration::from_secs(1);
    let policy = Policy {
        burst: second,
        cutoff: second,
        cost: second,
        recharge: 360 * second,
        ..Policy::default()
    };
    site.simulator.set_policy(policy);
    let send = || site.send(site.as_user("alice").request(&nothing()));
    for _ in 0..2 {
        assert_eq!(send().await.status, StatusCode::OK);
    }
    let back_off = fault(&site).await.back_off().expect("a hint");
    assert!(!back_off.is_zero());
    site.simulator.set_policy(Policy { hint: Hint::Zero, ..policy });
    assert_eq!(fault(&site).await.back_off(), Some(Duration::ZERO));
    tokio::time::sleep(20 * second).await;
    assert_eq!(send().await.status, StatusCode::OK);

    site.simulator.set_policy(Policy { concurrency: 1, ..Policy::default() });
    site.simulator.trouble(None, 1, Trouble::Slow(second));
    let (one, other) = tokio::join!(send(), send());
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::INTERNAL_SERVER_ERROR]);
}
