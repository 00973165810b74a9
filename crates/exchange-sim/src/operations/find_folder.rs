//! FindFolder: the folders in a folder, or in all below it.

use ews::{
    FolderRef,
    operations::{FindFolder, FindFolderReply, FolderTraversal, FoundFolders},
};

use super::{folder, get_folder, own};
use crate::{auth::Caller, failure::Outcome, mailbox::Store};

pub(super) fn answer(
    store: &Store,
    caller: &Caller,
    request: &FindFolder,
    parent: &FolderRef,
) -> Outcome<FindFolderReply> {
    let parent = folder(store, caller, parent)?;
    let mailbox = own(store, caller)?;
    let is_below = |number: u64| {
        let mut at = number;
        while let Some(folder) = mailbox.folders.get(&at) {
            if folder.parent == parent {
                return true;
            }
            if request.traversal != FolderTraversal::Deep {
                return false;
            }
            at = folder.parent;
        }
        false
    };
    let found: Vec<u64> = mailbox.folders.keys().copied().filter(|at| is_below(*at)).collect();
    let total = i32::try_from(found.len()).unwrap_or(i32::MAX);
    let folders = found
        .into_iter()
        .map(|number| get_folder::describe(mailbox, number, &request.folder_shape))
        .collect();
    Ok(FindFolderReply {
        root_folder: Some(FoundFolders {
            indexed_paging_offset: Some(total),
            total_items_in_view: Some(total),
            includes_last_item_in_range: Some(true),
            folders,
        }),
    })
}
