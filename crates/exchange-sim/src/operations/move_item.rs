//! MoveItem and CopyItem: the item that comes out has a new id.

use ews::{
    CalendarItem, FolderRef, Item, ItemRef, ResponseCode, items::Message, operations::Items,
};

use super::{folder, target};
use crate::{
    auth::Caller,
    failure::{Outcome, refuse},
    mailbox::Store,
};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Move,
    Copy,
}

pub(super) fn answer(
    store: &mut Store,
    caller: &Caller,
    to: &FolderRef,
    item: &ItemRef,
    deed: Deed,
) -> Outcome<Items> {
    let to = folder(store, caller, to)?;
    let target = target(store, caller, item)?;
    if target.instance.is_some() {
        return Err(refuse(ResponseCode::ErrorCalendarCannotMoveOrCopyOccurrence));
    }
    let mailbox = &target.mailbox;
    let number = match deed {
        Deed::Move => store.move_to(mailbox, target.number, to)?,
        Deed::Copy => store.copy_to(mailbox, target.number, to)?,
    };
    let moved = store.item(mailbox, number)?;
    let item_id = Some(store.mailbox(mailbox)?.item_id(number, moved.change));
    Ok(Items::one(if moved.message.is_none() {
        Item::from(CalendarItem { item_id, ..CalendarItem::default() })
    } else {
        Item::Message(Box::new(Message { item_id, ..Message::default() }))
    }))
}
