//! SyncFolderHierarchy: which folders came, changed or went since a state.

use super::{Operation, Response};
use crate::{
    FolderId, FolderRef,
    folders::Folder,
    shapes::FolderShape,
    xml::{element, one_of},
};

element! {
    pub struct SyncFolderHierarchy {
        "m:FolderShape" folder_shape: FolderShape,
        "m:SyncFolderId/*" sync_folder_id: Option<FolderRef>,
        "m:SyncState" sync_state: Option<String>,
    }

    #[derive(Default)]
    pub struct SyncFolderHierarchyReply {
        "m:SyncState" sync_state: Option<String>,
        "m:IncludesLastFolderInRange" includes_last_folder_in_range: Option<bool>,
        "m:Changes/*" changes: Vec<FolderSyncChange>,
    }

    pub struct SyncedFolder {
        "*" folder: Folder,
    }

    pub struct DeletedFolder {
        "t:FolderId" folder_id: FolderId,
    }
}

one_of! {
    pub enum FolderSyncChange {
        "t:Create" Create(SyncedFolder),
        "t:Update" Update(SyncedFolder),
        "t:Delete" Delete(DeletedFolder),
    }
}

pub type SyncFolderHierarchyResponse = Response<SyncFolderHierarchyReply>;

impl Operation for SyncFolderHierarchy {
    const NAME: &'static str = "SyncFolderHierarchy";
    type Reply = SyncFolderHierarchyReply;
}
