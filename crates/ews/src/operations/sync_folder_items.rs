//! SyncFolderItems: what changed in a folder since a state; a deletion names only the id.

use super::{Operation, Response};
use crate::{
    FolderRef, Item, ItemId,
    shapes::ItemShape,
    xml::{element, one_of, words},
};

element! {
    pub struct SyncFolderItems {
        "m:ItemShape" item_shape: ItemShape,
        "m:SyncFolderId/*" sync_folder_id: FolderRef,
        "m:SyncState" sync_state: Option<String>,
        "m:Ignore?/t:ItemId" ignore: Vec<ItemId>,
        /// 1 to 512.
        "m:MaxChangesReturned" max_changes_returned: i32,
        "m:SyncScope" sync_scope: Option<SyncScope>,
    }

    #[derive(Default)]
    pub struct SyncFolderItemsReply {
        "m:SyncState" sync_state: Option<String>,
        "m:IncludesLastItemInRange" includes_last_item_in_range: Option<bool>,
        "m:Changes/*" changes: Vec<Change>,
    }

    pub struct SyncedItem {
        "*" item: Item,
    }

    pub struct DeletedItem {
        "t:ItemId" item_id: ItemId,
    }

    pub struct ReadFlagChange {
        "t:ItemId" item_id: ItemId,
        "t:IsRead" is_read: bool,
    }
}

one_of! {
    pub enum Change {
        "t:Create" Create(SyncedItem),
        "t:Update" Update(SyncedItem),
        "t:Delete" Delete(DeletedItem),
        "t:ReadFlagChange" ReadFlagChange(ReadFlagChange),
    }
}

words! {
    pub enum SyncScope { NormalItems, NormalAndAssociatedItems }
}

pub type SyncFolderItemsResponse = Response<SyncFolderItemsReply>;

impl SyncFolderItems {
    /// A page of changes since `sync_state`, or from the beginning of history.
    pub fn since(
        sync_state: Option<String>,
        folder: impl Into<FolderRef>,
        item_shape: ItemShape,
        max_changes_returned: i32,
    ) -> Self {
        Self {
            item_shape,
            sync_folder_id: folder.into(),
            sync_state,
            ignore: Vec::new(),
            max_changes_returned,
            sync_scope: None,
        }
    }
}

impl Operation for SyncFolderItems {
    const NAME: &'static str = "SyncFolderItems";
    type Reply = SyncFolderItemsReply;
}
