//! DeleteItem: gone, or into Deleted Items with a new id.

use ews::{
    ItemRef, ResponseCode,
    operations::{DeleteItem, DeleteType, Nothing},
};

use super::{sending, target};
use crate::{
    auth::Caller,
    failure::{Outcome, refuse},
    mailbox::Store,
    meetings::Fate,
};

pub(super) fn answer(
    store: &mut Store,
    caller: &Caller,
    request: &DeleteItem,
    item: &ItemRef,
) -> Outcome<Nothing> {
    let target = target(store, caller, item)?;
    let is_entry = store.item(&target.mailbox, target.number)?.message.is_none();
    if is_entry && request.send_meeting_cancellations.is_none() {
        return Err(refuse(ResponseCode::ErrorSendMeetingCancellationsRequired));
    }
    let fate = match request.delete_type {
        DeleteType::MoveToDeletedItems => Fate::Trash,
        DeleteType::HardDelete | DeleteType::SoftDelete | DeleteType::Other(_) => Fate::Gone,
    };
    store.delete(&target, fate, sending(request.send_meeting_cancellations.as_ref()))?;
    Ok(Nothing::default())
}
