//! ResolveNames: people and rooms by part of a name.

use super::{Operation, Response};
use crate::{FolderRef, Mailbox, shapes::BaseShape, xml::element};

element! {
    pub struct ResolveNames {
        "@ReturnFullContactData" return_full_contact_data: bool,
        "@SearchScope" search_scope: Option<String>,
        "@ContactDataShape" contact_data_shape: Option<BaseShape>,
        "m:ParentFolderIds?/*" parent_folder_ids: Vec<FolderRef>,
        "m:UnresolvedEntry" unresolved_entry: String = hidden,
    }

    #[derive(Default)]
    pub struct ResolveNamesReply {
        "m:ResolutionSet" resolution_set: Option<ResolutionSet>,
    }

    #[derive(Default)]
    pub struct ResolutionSet {
        "@TotalItemsInView" total_items_in_view: Option<i32>,
        "@IncludesLastItemInRange" includes_last_item_in_range: Option<bool>,
        "t:Resolution" resolutions: Vec<Resolution>,
    }

    pub struct Resolution {
        "t:Mailbox" mailbox: Mailbox,
    }
}

pub type ResolveNamesResponse = Response<ResolveNamesReply>;

impl Operation for ResolveNames {
    const NAME: &'static str = "ResolveNames";
    type Reply = ResolveNamesReply;
}
