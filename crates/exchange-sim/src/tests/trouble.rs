//! Trouble on demand.

use std::time::Duration;

use axum::http::StatusCode;
use ews::{Fault, Operation, ReadFailure, ResponseCode, operations::GetItem, shapes::ItemShape};

use super::{ALICE, Site, review};
use crate::Trouble;

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
