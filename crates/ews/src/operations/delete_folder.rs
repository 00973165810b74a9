//! DeleteFolder.

use super::{DeleteType, Nothing, Operation, Response};
use crate::{FolderRef, xml::element};

element! {
    pub struct DeleteFolder {
        "@DeleteType" delete_type: DeleteType,
        "m:FolderIds/*" folder_ids: Vec<FolderRef>,
    }
}

pub type DeleteFolderResponse = Response<Nothing>;

impl Operation for DeleteFolder {
    const NAME: &'static str = "DeleteFolder";
    type Reply = Nothing;
}
