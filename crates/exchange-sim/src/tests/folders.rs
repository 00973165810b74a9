//! Folders of people's own: made, found, renamed, filled, deleted.

use ews::{
    FieldUri, FolderId, Item, ItemId, ResponseCode,
    fields::PlainFieldUri,
    folders::{Folder, FolderInfo},
    ids::DistinguishedFolderName,
    operations::{
        CopyItem, CreateFolder, DeleteFolder, DeleteType, FolderChange, FolderFieldChange,
        FolderSyncChange, GetFolder, GetUserConfiguration, MoveItem, SendMeetingInvitations,
        SetFolderField, SyncFolderHierarchy, UpdateFolder, UserConfigurationName,
    },
    shapes::{BaseShape, FolderShape},
};

use super::{Client, Site, review};

fn named(name: &str) -> Folder {
    Folder::Calendar(FolderInfo { display_name: Some(name.to_owned()), ..FolderInfo::default() })
}

async fn create(client: &Client<'_>, name: &str) -> Result<FolderId, ResponseCode> {
    let request = CreateFolder {
        parent_folder_id: DistinguishedFolderName::Calendar.into(),
        folders: vec![named(name)],
    };
    let folders = client.one(&request).await?.folders;
    Ok(folders[0].info().and_then(|info| info.folder_id.clone()).expect("an id"))
}

async fn name_of(client: &Client<'_>, id: &FolderId) -> Result<String, ResponseCode> {
    let folder_shape = FolderShape::of(BaseShape::Default);
    let request = GetFolder { folder_shape, folder_ids: vec![id.clone().into()] };
    let folders = client.one(&request).await?.folders;
    Ok(folders[0].info().and_then(|info| info.display_name.clone()).expect("a name"))
}

fn rename(folder: impl Into<ews::FolderRef>, name: &str) -> UpdateFolder {
    let uri = PlainFieldUri { uri: "folder:DisplayName".into() };
    let set = SetFolderField { field: FieldUri::Field(uri), folder: named(name) };
    let folder_id = folder.into();
    let updates = vec![FolderFieldChange::Set(set)];
    UpdateFolder { folder_changes: vec![FolderChange { folder_id, updates }] }
}

fn delete(folder: impl Into<ews::FolderRef>, delete_type: DeleteType) -> DeleteFolder {
    DeleteFolder { delete_type, folder_ids: vec![folder.into()] }
}

/// What a client hears that asks since `state`: kind and name, and where it stands then.
async fn hierarchy(client: &Client<'_>, state: &mut Option<String>) -> Vec<(&'static str, String)> {
    let request = SyncFolderHierarchy {
        folder_shape: FolderShape::of(BaseShape::Default),
        sync_folder_id: None,
        sync_state: state.clone(),
    };
    let reply = client.one(&request).await.expect("an answer");
    assert_eq!(reply.includes_last_folder_in_range, Some(true));
    *state = reply.sync_state;
    let name = |folder: &Folder| folder.info().and_then(|info| info.display_name.clone());
    let said = |change: &FolderSyncChange| match change {
        FolderSyncChange::Create(synced) => ("create", name(&synced.folder).expect("a name")),
        FolderSyncChange::Update(synced) => ("update", name(&synced.folder).expect("a name")),
        FolderSyncChange::Delete(deleted) => ("delete", deleted.folder_id.id.clone()),
    };
    reply.changes.iter().map(said).collect()
}

#[tokio::test(start_paused = true)]
async fn a_folder_is_made_renamed_and_deleted_and_followers_hear_of_it() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let mut state = None;
    let first = hierarchy(&alice, &mut state).await;
    assert!(first.len() > 5 && first.iter().all(|(kind, _)| *kind == "create"));
    assert_eq!(hierarchy(&alice, &mut state).await, []);

    let id = create(&alice, "Trips").await.expect("created");
    alice.create(review(&[]), SendMeetingInvitations::SendToNone).await; // no news of folders
    assert_eq!(hierarchy(&alice, &mut state).await, [("create", "Trips".to_owned())]);
    let taken = create(&alice, "trips").await;
    assert_eq!(taken, Err(ResponseCode::ErrorFolderExists));

    alice.one(&rename(id.clone(), "Journeys")).await.expect("renamed");
    assert_eq!(name_of(&alice, &id).await.as_deref(), Ok("Journeys"));
    assert_eq!(hierarchy(&alice, &mut state).await, [("update", "Journeys".to_owned())]);

    alice.one(&delete(id.clone(), DeleteType::MoveToDeletedItems)).await.expect("moved");
    assert_eq!(name_of(&alice, &id).await.as_deref(), Ok("Journeys"), "still in Deleted Items");
    assert_eq!(hierarchy(&alice, &mut state).await, [("update", "Journeys".to_owned())]);
    alice.one(&delete(id.clone(), DeleteType::HardDelete)).await.expect("deleted");
    assert_eq!(name_of(&alice, &id).await, Err(ResponseCode::ErrorFolderNotFound));
    assert_eq!(hierarchy(&alice, &mut state).await, [("delete", id.id.clone())]);

    create(&alice, "Short").await.expect("created");
    let short = create(&alice, "Shorter").await.expect("created");
    alice.one(&delete(short, DeleteType::HardDelete)).await.expect("deleted");
    let news = hierarchy(&alice, &mut state).await;
    assert_eq!(news, [("create", "Short".to_owned())], "what came and went is not told");

    let mut request = SyncFolderHierarchy {
        folder_shape: FolderShape::of(BaseShape::IdOnly),
        sync_folder_id: Some(DistinguishedFolderName::Calendar.into()),
        sync_state: None,
    };
    let below = alice.one(&request).await.expect("an answer");
    assert_eq!(below.changes.len(), 1, "the one in the calendar");
    request.sync_folder_id = None;
    request.sync_state = below.sync_state;
    let more = alice.one(&request).await.expect("an answer");
    assert_eq!(more.changes, [], "the state says below which folder");
    state = Some("junk".to_owned());
    let request = SyncFolderHierarchy {
        folder_shape: FolderShape::of(BaseShape::IdOnly),
        sync_folder_id: None,
        sync_state: state,
    };
    let code = alice.one(&request).await.expect_err("junk");
    assert_eq!(code, ResponseCode::ErrorInvalidSyncStateData);
}

#[tokio::test(start_paused = true)]
async fn the_folders_that_every_mailbox_has_stay() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let calendar = DistinguishedFolderName::Calendar;
    let refused = Err(ResponseCode::ErrorDeleteDistinguishedFolder);
    let deleted = alice.one(&delete(calendar.clone(), DeleteType::HardDelete)).await;
    assert_eq!(deleted.map(drop), refused);
    assert_eq!(alice.one(&rename(calendar, "Mine")).await.map(drop), refused);
}

#[tokio::test(start_paused = true)]
async fn items_are_moved_and_copied_and_go_with_their_folder() {
    let site = Site::start().await;
    let alice = site.as_user("alice");
    let folder = create(&alice, "Trips").await.expect("created");
    let id = alice.create(review(&[]), SendMeetingInvitations::SendToNone).await;
    let only = |items: Vec<Item>| -> ItemId { items[0].item_id().expect("an id").clone() };
    let request = CopyItem {
        to_folder_id: folder.clone().into(),
        item_ids: vec![id.clone().into()],
        return_new_item_ids: None,
    };
    let copy = only(alice.one(&request).await.expect("copied").items);
    assert_ne!(copy.id, id.id);
    let request = MoveItem {
        to_folder_id: folder.clone().into(),
        item_ids: vec![id.clone().into()],
        return_new_item_ids: Some(true),
    };
    let moved = only(alice.one(&request).await.expect("moved").items);
    assert_eq!(alice.get(&id).await.expect_err("has a new id"), ResponseCode::ErrorItemNotFound);
    for item in [&copy, &moved] {
        let found = alice.get(item).await.expect("there");
        assert_eq!(found.parent_folder_id.map(|parent| parent.id), Some(folder.id.clone()));
        assert_eq!(found.subject.as_deref(), Some("Review"));
    }
    alice.one(&delete(folder, DeleteType::HardDelete)).await.expect("deleted");
    for item in [&copy, &moved] {
        assert_eq!(alice.get(item).await.expect_err("gone"), ResponseCode::ErrorItemNotFound);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_keeps_settings_here() {
    let site = Site::start().await;
    let request = GetUserConfiguration {
        user_configuration_name: UserConfigurationName {
            name: "OWA.UserOptions".to_owned(),
            folder: DistinguishedFolderName::Root.into(),
        },
        user_configuration_properties: "Dictionary".to_owned(),
    };
    let code = site.as_user("alice").one(&request).await.expect_err("none");
    assert_eq!(code, ResponseCode::ErrorItemNotFound);
}
