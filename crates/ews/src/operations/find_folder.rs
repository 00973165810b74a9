//! FindFolder: the folders inside a folder.

use super::{IndexedPageView, Operation, Response};
use crate::{
    FolderRef,
    folders::Folder,
    restriction::Restriction,
    shapes::FolderShape,
    xml::{element, words},
};

element! {
    pub struct FindFolder {
        "@Traversal" traversal: FolderTraversal,
        "m:FolderShape" folder_shape: FolderShape,
        "m:IndexedPageFolderView" view: Option<IndexedPageView>,
        "m:Restriction/*" restriction: Option<Restriction>,
        "m:ParentFolderIds/*" parent_folder_ids: Vec<FolderRef>,
    }

    #[derive(Default)]
    pub struct FindFolderReply {
        "m:RootFolder" root_folder: Option<FoundFolders>,
    }

    #[derive(Default)]
    pub struct FoundFolders {
        "@IndexedPagingOffset" indexed_paging_offset: Option<i32>,
        "@TotalItemsInView" total_items_in_view: Option<i32>,
        "@IncludesLastItemInRange" includes_last_item_in_range: Option<bool>,
        "t:Folders/*" folders: Vec<Folder>,
    }
}

words! {
    pub enum FolderTraversal { Shallow, Deep, SoftDeleted }
}

pub type FindFolderResponse = Response<FindFolderReply>;

impl Operation for FindFolder {
    const NAME: &'static str = "FindFolder";
    type Reply = FindFolderReply;
}
