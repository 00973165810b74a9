//! UpdateItem: single properties, all or nothing, and who is told.

use ews::{
    CalendarItem, FieldUri, Item, ItemRef, ResponseCode,
    items::Body,
    operations::{
        ConflictResolution, FieldChange, ItemChange, SendMeetingInvitationsOrCancellations,
        SetItemField, UpdateItem, UpdateItemReply,
    },
};

use super::target;
use crate::{
    auth::Caller,
    failure::{Outcome, refuse},
    ids::change_key,
    invitations::{Keep, Tell},
    mailbox::{Store, Target},
    properties,
};

pub(super) fn answer(
    store: &mut Store,
    caller: &Caller,
    request: &UpdateItem,
    change: &ItemChange,
) -> Outcome<UpdateItemReply> {
    let target = target(store, caller, &change.item_id)?;
    let is_entry = store.item(&target.mailbox, target.number)?.message.is_none();
    if is_entry && request.send_meeting_invitations_or_cancellations.is_none() {
        return Err(refuse(ResponseCode::ErrorSendMeetingInvitationsOrCancellationsRequired));
    }
    check_change_key(store, &target, change, &request.conflict_resolution)?;
    let apply_all =
        |item: &mut CalendarItem| change.updates.iter().try_for_each(|update| apply(item, update));
    let sending = sending(request.send_meeting_invitations_or_cancellations.as_ref());
    store.change(&target, apply_all, caller.zone.as_ref(), sending)?;
    let change = store.item(&target.mailbox, target.number)?.change;
    let mailbox = store.mailbox(&target.mailbox)?;
    let item_id = Some(match target.instance {
        None => mailbox.item_id(target.number, change),
        Some(index) => mailbox.occurrence_id(target.number, index, change),
    });
    let item = CalendarItem { item_id, ..CalendarItem::default() };
    Ok(UpdateItemReply { items: vec![item.into()], conflict_count: Some(0) })
}

fn check_change_key(
    store: &Store,
    target: &Target,
    change: &ItemChange,
    conflicts: &ConflictResolution,
) -> Outcome<()> {
    let sent = match &change.item_id {
        ItemRef::Item(id) => id.change_key.as_deref(),
        ItemRef::Occurrence(id) => id.change_key.as_deref(),
        ItemRef::RecurringMaster(id) => id.change_key.as_deref(),
    };
    let is_by_index = matches!(change.item_id, ItemRef::Occurrence(_));
    if !store.manner.detects_conflicts {
        return Ok(());
    }
    let Some(sent) = sent.filter(|sent| !sent.is_empty()) else {
        if is_by_index {
            return Ok(()); // clients address occurrences so without having read them
        }
        return Err(refuse(ResponseCode::ErrorChangeKeyRequiredForWriteOperations));
    };
    let current = change_key(store.item(&target.mailbox, target.number)?.change);
    if *conflicts == ConflictResolution::NeverOverwrite && sent != current {
        return Err(refuse(ResponseCode::ErrorIrresolvableConflict));
    }
    Ok(())
}

fn apply(item: &mut CalendarItem, update: &FieldChange) -> Outcome<()> {
    match update {
        FieldChange::Set(set) => apply_set(item, set),
        FieldChange::Append(append) => {
            let added = value(append)?.body.clone();
            let body = item.body.get_or_insert_with(|| Body::text(""));
            body.content.push_str(&added.map(|added| added.content).unwrap_or_default());
            Ok(())
        }
        FieldChange::Delete(delete) => match &delete.field {
            FieldUri::Extended(uri) => {
                properties::remove_extended(item, uri);
                Ok(())
            }
            FieldUri::Field(plain) => copy(&plain.uri, &CalendarItem::default(), item),
            FieldUri::Indexed(_) => Err(refuse(ResponseCode::ErrorInvalidPropertySet)),
        },
    }
}

fn apply_set(item: &mut CalendarItem, set: &SetItemField) -> Outcome<()> {
    let value = value(set)?;
    match &set.field {
        FieldUri::Field(plain) => copy(&plain.uri, value, item),
        FieldUri::Extended(uri) => {
            let property = value.extended_property(uri);
            let missing = || refuse(ResponseCode::ErrorIncorrectUpdatePropertyCount);
            properties::set_extended(item, property.ok_or_else(missing)?);
            Ok(())
        }
        FieldUri::Indexed(_) => Err(refuse(ResponseCode::ErrorInvalidPropertySet)),
    }
}

fn value(set: &SetItemField) -> Outcome<&CalendarItem> {
    match &set.item {
        Item::CalendarItem(item) | Item::Item(item) => Ok(item),
        Item::Message(_)
        | Item::MeetingMessage(_)
        | Item::MeetingRequest(_)
        | Item::MeetingResponse(_)
        | Item::MeetingCancellation(_)
        | Item::Other(_) => Err(refuse(ResponseCode::ErrorInvalidPropertySet)),
    }
}

/// Names nobody knows are taken and forgotten; what only the server says is refused.
fn copy(uri: &str, from: &CalendarItem, to: &mut CalendarItem) -> Outcome<()> {
    if properties::ALL.contains(&uri) && !properties::WRITABLE.contains(&uri) {
        return Err(refuse(ResponseCode::ErrorInvalidPropertySet));
    }
    properties::copy(uri, from, to);
    Ok(())
}

fn sending(how: Option<&SendMeetingInvitationsOrCancellations>) -> (Tell, Keep) {
    match how {
        Some(SendMeetingInvitationsOrCancellations::SendOnlyToAll) => (Tell::All, Keep::No),
        Some(SendMeetingInvitationsOrCancellations::SendOnlyToChanged) => (Tell::Changed, Keep::No),
        Some(SendMeetingInvitationsOrCancellations::SendToAllAndSaveCopy) => {
            (Tell::All, Keep::InSentItems)
        }
        Some(SendMeetingInvitationsOrCancellations::SendToChangedAndSaveCopy) => {
            (Tell::Changed, Keep::InSentItems)
        }
        Some(
            SendMeetingInvitationsOrCancellations::SendToNone
            | SendMeetingInvitationsOrCancellations::Other(_),
        )
        | None => (Tell::Nobody, Keep::No),
    }
}
