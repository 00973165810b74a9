//! CreateItem: entries of a calendar, answers to meetings, cancellations.

use ews::{
    CalendarItem, ItemId, ItemRef, ResponseCode,
    items::{NewItem, ResponseObject, ResponseType},
    operations::{CreateItem, Items, MessageDisposition},
};

use super::{folder, own, sending, target};
use crate::{
    auth::Caller,
    failure::{Outcome, refuse},
    mailbox::{CALENDAR, Store},
};

pub(super) fn answer(
    store: &mut Store,
    caller: &Caller,
    request: &CreateItem,
    item: &NewItem,
) -> Outcome<Items> {
    match item {
        NewItem::CalendarItem(item) | NewItem::Item(item) => create(store, caller, request, item),
        NewItem::AcceptItem(response) => {
            respond(store, caller, request, response, &ResponseType::Accept)
        }
        NewItem::TentativelyAcceptItem(response) => {
            respond(store, caller, request, response, &ResponseType::Tentative)
        }
        NewItem::DeclineItem(response) => {
            respond(store, caller, request, response, &ResponseType::Decline)
        }
        NewItem::CancelCalendarItem(cancellation) => {
            let reference = referenced(cancellation.reference_item_id.as_ref())?;
            let target = target(store, caller, &reference)?;
            let number = store.cancel(&target)?;
            named(store, &target.mailbox, number) // some clients want to see an item
        }
        NewItem::Message(_) | NewItem::Other(_) => Err(refuse(ResponseCode::ErrorInvalidRequest)),
    }
}

fn create(
    store: &mut Store,
    caller: &Caller,
    request: &CreateItem,
    item: &CalendarItem,
) -> Outcome<Items> {
    if request.send_meeting_invitations.is_none() {
        return Err(refuse(ResponseCode::ErrorSendMeetingInvitationsRequired));
    }
    let folder = match &request.saved_item_folder_id {
        Some(named) => folder(store, caller, named)?,
        None => CALENDAR,
    };
    let mailbox = own(store, caller)?.person.address.clone();
    let sending = sending(request.send_meeting_invitations.as_ref());
    let number = store.create(&mailbox, folder, item.clone(), caller.zone.as_ref(), sending)?;
    named(store, &mailbox, number)
}

fn respond(
    store: &mut Store,
    caller: &Caller,
    request: &CreateItem,
    response: &ResponseObject,
    answer: &ResponseType,
) -> Outcome<Items> {
    let reference = referenced(response.reference_item_id.as_ref())?;
    let target = target(store, caller, &reference)?;
    let is_sent = request.message_disposition != Some(MessageDisposition::SaveOnly);
    let Some(number) = store.respond(&target, answer, is_sent)? else {
        return Ok(Items::default());
    };
    named(store, &target.mailbox, number)
}

fn named(store: &Store, mailbox: &str, number: u64) -> Outcome<Items> {
    let change = store.item(mailbox, number)?.change;
    let item_id = Some(store.mailbox(mailbox)?.item_id(number, change));
    Ok(Items::one(CalendarItem { item_id, ..CalendarItem::default() }))
}

fn referenced(id: Option<&ItemId>) -> Outcome<ItemRef> {
    let id = id.cloned().ok_or_else(|| refuse(ResponseCode::ErrorInvalidIdEmpty))?;
    Ok(ItemRef::Item(id))
}
