//! Searches by property, as clients find a meeting again.

use ews::{
    ExtendedFieldUri, ItemId,
    ids::DistinguishedFolderName,
    operations::{BasePoint, FindItem, IndexedPageView, SendMeetingInvitations},
    restriction::Restriction,
    shapes::ItemShape,
};

use super::{Client, Site, review, stamp};

async fn find(client: &Client<'_>, wanted: Restriction) -> Vec<ItemId> {
    let page = IndexedPageView {
        max_entries_returned: Some(10),
        offset: 0,
        base_point: BasePoint::Beginning,
    };
    let folder = DistinguishedFolderName::Calendar;
    let find = FindItem::matching(folder, ItemShape::id_only(), page, Some(wanted));
    let found = client.one(&find).await.expect("a list").root_folder.expect("a root folder");
    assert_eq!(found.includes_last_item_in_range, Some(true));
    found.items.iter().filter_map(|item| item.item_id().cloned()).collect()
}

#[tokio::test(start_paused = true)]
async fn by_identity_and_by_stamp() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let id = alice.create(review(&[]), SendMeetingInvitations::SendToNone).await;
    alice.create(review(&[]), SendMeetingInvitations::SendToNone).await;
    let meeting = alice.get(&id).await.expect("it");
    let identity = meeting.clean_global_object_id().expect("an identity");
    let by_identity = ExtendedFieldUri::clean_global_object_id();
    let found = find(&alice, Restriction::is_equal_to(by_identity, identity)).await;
    assert_eq!(found, [id]);
    assert_eq!(find(&alice, Restriction::is_equal_to(stamp(), "ours")).await.len(), 2);
    assert_eq!(find(&alice, Restriction::is_equal_to(stamp(), "theirs")).await.len(), 0);
    assert_eq!(find(&alice, Restriction::exists(stamp())).await.len(), 2);
}
