//! GetItem: entries, occurrences and messages by id.

use ews::{ItemRef, operations::Items, shapes::ItemShape};

use super::{own, target};
use crate::{
    auth::Caller,
    failure::Outcome,
    mailbox::Store,
    shape::{Asked, Rendered},
};

pub(super) fn answer(
    store: &Store,
    caller: &Caller,
    shape: &ItemShape,
    item: &ItemRef,
) -> Outcome<Items> {
    let target = target(store, caller, item)?;
    let stored = store.item(&target.mailbox, target.number)?;
    let instance = target.instance.map(|index| stored.entry.instance(index)).transpose()?;
    let mailbox = own(store, caller)?;
    let rendered = Rendered::new(mailbox, target.number, stored, instance.as_ref());
    Ok(Items { items: vec![rendered.project(shape, Asked::ByGet)] })
}
