//! UpdateFolder: changes of single properties, as UpdateItem does for items.

use super::{Folders, Operation, Response};
use crate::{
    FieldUri, FolderRef,
    folders::Folder,
    xml::{element, one_of},
};

element! {
    pub struct UpdateFolder {
        "m:FolderChanges/t:FolderChange" folder_changes: Vec<FolderChange>,
    }

    pub struct FolderChange {
        "*" folder_id: FolderRef,
        "t:Updates/*" updates: Vec<FolderFieldChange>,
    }

    /// A property and a folder that carries nothing but its new value.
    pub struct SetFolderField {
        "*" field: FieldUri,
        "*" folder: Folder,
    }

    pub struct DeleteFolderField {
        "*" field: FieldUri,
    }
}

one_of! {
    pub enum FolderFieldChange {
        "t:AppendToFolderField" Append(SetFolderField),
        "t:SetFolderField" Set(SetFolderField),
        "t:DeleteFolderField" Delete(DeleteFolderField),
    }
}

pub type UpdateFolderResponse = Response<Folders>;

impl Operation for UpdateFolder {
    const NAME: &'static str = "UpdateFolder";
    type Reply = Folders;
}
