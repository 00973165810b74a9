//! SyncFolderItems: everything once, then only news.

use ews::{
    ResponseCode,
    ids::DistinguishedFolderName,
    operations::{
        Change, DeleteItem, DeleteType, SendMeetingInvitations,
        SendMeetingInvitationsOrCancellations, SyncFolderItems,
    },
    shapes::ItemShape,
};

use super::{Client, Site, review, set_location};

type Page = (Option<String>, bool, Vec<Change>);

async fn page(client: &Client<'_>, state: Option<&str>, max: i32) -> Result<Page, ResponseCode> {
    let folder = DistinguishedFolderName::Calendar;
    let state = state.map(str::to_owned);
    let sync = SyncFolderItems::since(state, folder, ItemShape::id_only(), max);
    let reply = client.one(&sync).await?;
    Ok((reply.sync_state, reply.includes_last_item_in_range == Some(true), reply.changes))
}

async fn news(client: &Client<'_>, state: &mut Option<String>) -> Vec<Change> {
    let (next, is_last, changes) = page(client, state.as_deref(), 512).await.expect("a page");
    assert!(is_last);
    *state = next;
    changes
}

#[tokio::test(start_paused = true)]
async fn creations_updates_and_deletions_are_told_once() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let mut state = None;
    assert!(news(&alice, &mut state).await.is_empty());
    let id = alice.create(review(&[]), SendMeetingInvitations::SendToNone).await;
    assert!(matches!(news(&alice, &mut state).await.as_slice(), [Change::Create(_)]));
    let tell = SendMeetingInvitationsOrCancellations::SendToNone;
    let newer = alice.update(&id, vec![set_location("a")], tell).await.expect("updated");
    assert!(matches!(news(&alice, &mut state).await.as_slice(), [Change::Update(_)]));
    assert!(news(&alice, &mut state).await.is_empty());
    let delete = DeleteItem {
        delete_type: DeleteType::MoveToDeletedItems,
        send_meeting_cancellations: Some(SendMeetingInvitations::SendToNone),
        affected_task_occurrences: None,
        suppress_read_receipts: None,
        item_ids: vec![newer.into()],
    };
    alice.one(&delete).await.expect("deleted");
    let changes = news(&alice, &mut state).await;
    let [Change::Delete(deleted)] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!(deleted.item_id.id, id.id);
}

#[tokio::test(start_paused = true)]
async fn pages_are_as_long_as_asked_for() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    for _ in 0..3 {
        alice.create(review(&[]), SendMeetingInvitations::SendToNone).await;
    }
    let (state, is_last, changes) = page(&alice, None, 2).await.expect("a page");
    assert_eq!((is_last, changes.len()), (false, 2));
    let (_, is_last, changes) = page(&alice, state.as_deref(), 2).await.expect("a page");
    assert!(is_last && matches!(changes.as_slice(), [Change::Create(_)]));
    for max in [0, 513] {
        assert_eq!(page(&alice, None, max).await, Err(ResponseCode::ErrorInvalidRequest));
    }
}

#[tokio::test(start_paused = true)]
async fn foreign_and_outdated_states_are_refused() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let (state, ..) = page(&alice, None, 10).await.expect("a page");
    let invalid = Err(ResponseCode::ErrorInvalidSyncStateData);
    assert_eq!(page(&alice, Some("junk"), 10).await, invalid);
    assert_eq!(page(&site.as_user("bob"), state.as_deref(), 10).await, invalid);
    assert!(page(&alice, state.as_deref(), 10).await.is_ok());
    site.simulator.invalidate_sync_states();
    assert_eq!(page(&alice, state.as_deref(), 10).await, invalid);
}
