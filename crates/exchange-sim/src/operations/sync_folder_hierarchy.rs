//! SyncFolderHierarchy: folders below one that came, changed or went since a state.

use ews::{
    FolderId, ResponseCode,
    operations::{
        DeletedFolder, FolderSyncChange, SyncFolderHierarchy, SyncFolderHierarchyReply,
        SyncedFolder,
    },
};

use super::{folder, get_folder, own};
use crate::{
    auth::Caller,
    failure::{Outcome, refuse},
    ids::checksum,
    mailbox::{ROOT, Store},
    sync_state::SyncState,
};

/// Tells states of the hierarchy below a folder from those of its items.
const HIERARCHY: u64 = 1 << 63;

pub(super) fn answer(
    store: &Store,
    caller: &Caller,
    request: &SyncFolderHierarchy,
) -> Outcome<SyncFolderHierarchyReply> {
    let given = request.sync_state.as_deref().filter(|state| !state.is_empty());
    let given = given.map(SyncState::decode).transpose()?;
    // a client that goes on with a state need not say again of which folder it is
    let top = match (&request.sync_folder_id, given) {
        (Some(named), _) => folder(store, caller, named)?,
        (None, Some(state)) => state.folder & !HIERARCHY,
        (None, None) => ROOT,
    };
    let mailbox = own(store, caller)?;
    let latest = store.latest_change();
    let now = SyncState {
        generation: store.sync_generation,
        mailbox: checksum(&mailbox.id),
        folder: top | HIERARCHY,
        base: latest,
        position: latest,
    };
    let since = match given {
        Some(state) => {
            let belongs = |state: SyncState| (state.generation, state.mailbox, state.folder);
            if belongs(state) != belongs(now) {
                return Err(refuse(ResponseCode::ErrorInvalidSyncStateData));
            }
            state.position
        }
        None => 0,
    };
    let below =
        mailbox.folders.iter().filter(|(at, _)| **at != top && mailbox.is_within(**at, top));
    let mut changes: Vec<FolderSyncChange> = below
        .filter(|(_, folder)| folder.changed > since)
        .map(|(number, folder)| {
            let described = get_folder::describe(mailbox, *number, &request.folder_shape);
            let synced = SyncedFolder { folder: described };
            if folder.created > since {
                FolderSyncChange::Create(synced)
            } else {
                FolderSyncChange::Update(synced)
            }
        })
        .collect();
    let gone = mailbox.gone_folders.iter();
    changes.extend(gone.filter(|gone| gone.created <= since && gone.gone > since).map(|gone| {
        let FolderId { id, .. } = mailbox.folder_id(gone.number);
        FolderSyncChange::Delete(DeletedFolder { folder_id: FolderId { id, change_key: None } })
    }));
    Ok(SyncFolderHierarchyReply {
        sync_state: Some(now.encode()),
        includes_last_folder_in_range: Some(true),
        changes,
    })
}
