//! SyncFolderItems: what changed in a folder since a state, a page at a time.

use ews::{
    ItemId, ResponseCode,
    operations::{Change, DeletedItem, SyncFolderItems, SyncFolderItemsReply, SyncedItem},
};

use super::{folder, own};
use crate::{
    auth::Caller,
    failure::{Outcome, refuse},
    ids::checksum,
    mailbox::{Logged, Mailbox, Store},
    shape::{Asked, Rendered},
    sync_state::SyncState,
};

/// On one page; Exchange refuses more.
const CHANGES_MAX: i32 = 512;

pub(super) fn answer(
    store: &Store,
    caller: &Caller,
    request: &SyncFolderItems,
) -> Outcome<SyncFolderItemsReply> {
    let folder = folder(store, caller, &request.sync_folder_id)?;
    let mailbox = own(store, caller)?;
    if !(1..=CHANGES_MAX).contains(&request.max_changes_returned) {
        return Err(refuse(ResponseCode::ErrorInvalidRequest));
    }
    let start = SyncState {
        generation: store.sync_generation + mailbox.sync_generation,
        mailbox: checksum(&mailbox.id),
        folder,
        base: 0,
        position: 0,
    };
    let since = match request.sync_state.as_deref().filter(|state| !state.is_empty()) {
        Some(state) => SyncState::decode(state)?,
        None => start,
    };
    let belongs = |state: SyncState| (state.generation, state.mailbox, state.folder);
    if belongs(since) != belongs(start) {
        return Err(refuse(ResponseCode::ErrorInvalidSyncStateData));
    }
    let mut changed: Vec<(u64, &Logged)> = mailbox
        .log
        .iter()
        .map(|(number, logged)| (*number, logged))
        .filter(|(_, logged)| logged.folder == folder && logged.changed > since.position)
        .filter(|(_, logged)| !(logged.is_gone && logged.created > since.base)) // never told
        .collect();
    changed.sort_by_key(|(_, logged)| logged.changed);
    let max = usize::try_from(request.max_changes_returned).unwrap_or(1);
    let is_last = changed.len() <= max;
    changed.truncate(max);
    let position = changed.last().map_or(since.position, |(_, logged)| logged.changed);
    let position = if is_last { store.latest_change() } else { position };
    let base = if is_last { position } else { since.base };
    let changes = changed
        .iter()
        .filter_map(|(number, logged)| change(mailbox, *number, logged, since.base, request));
    Ok(SyncFolderItemsReply {
        sync_state: Some(SyncState { base, position, ..start }.encode()),
        includes_last_item_in_range: Some(is_last),
        changes: changes.collect(),
    })
}

fn change(
    mailbox: &Mailbox,
    number: u64,
    logged: &Logged,
    base: u64,
    request: &SyncFolderItems,
) -> Option<Change> {
    if logged.is_gone {
        let ItemId { id, .. } = mailbox.item_id(number, logged.changed);
        return Some(Change::Delete(DeletedItem { item_id: ItemId { id, change_key: None } }));
    }
    let stored = mailbox.items.get(&number)?;
    let rendered = Rendered::new(mailbox, number, stored, None);
    let item = SyncedItem { item: rendered.project(&request.item_shape, Asked::ByFind) };
    Some(if logged.created > base { Change::Create(item) } else { Change::Update(item) })
}
