//! GetFolder: folders by id or by role.

use super::{Operation, Response};
use crate::{FolderRef, folders::Folder, shapes::FolderShape, xml::element};

element! {
    pub struct GetFolder {
        "m:FolderShape" folder_shape: FolderShape,
        "m:FolderIds/*" folder_ids: Vec<FolderRef>,
    }

    #[derive(Default)]
    pub struct Folders {
        "m:Folders/*" folders: Vec<Folder>,
    }
}

pub type GetFolderResponse = Response<Folders>;

impl Operation for GetFolder {
    const NAME: &'static str = "GetFolder";
    type Reply = Folders;
}
