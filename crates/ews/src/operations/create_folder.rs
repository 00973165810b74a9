//! CreateFolder.

use super::{Folders, Operation, Response};
use crate::{FolderRef, folders::Folder, xml::element};

element! {
    pub struct CreateFolder {
        "m:ParentFolderId/*" parent_folder_id: FolderRef,
        "m:Folders/*" folders: Vec<Folder>,
    }
}

pub type CreateFolderResponse = Response<Folders>;

impl Operation for CreateFolder {
    const NAME: &'static str = "CreateFolder";
    type Reply = Folders;
}
