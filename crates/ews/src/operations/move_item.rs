//! MoveItem and CopyItem: both make a new item with an id of its own.

use super::{Items, Operation, Response};
use crate::{FolderRef, ItemRef, xml::element};

element! {
    pub struct MoveItem {
        "m:ToFolderId/*" to_folder_id: FolderRef,
        "m:ItemIds/*" item_ids: Vec<ItemRef>,
        /// Unless false.
        "m:ReturnNewItemIds" return_new_item_ids: Option<bool>,
    }

    pub struct CopyItem {
        "m:ToFolderId/*" to_folder_id: FolderRef,
        "m:ItemIds/*" item_ids: Vec<ItemRef>,
        /// Unless false.
        "m:ReturnNewItemIds" return_new_item_ids: Option<bool>,
    }
}

pub type MoveItemResponse = Response<Items>;
pub type CopyItemResponse = Response<Items>;

impl Operation for MoveItem {
    const NAME: &'static str = "MoveItem";
    type Reply = Items;
}

impl Operation for CopyItem {
    const NAME: &'static str = "CopyItem";
    type Reply = Items;
}
