//! Every operation the simulator answers; a file each, as in `ews`.

mod convert_id;
mod create_item;
mod delete_item;
mod find_folder;
mod find_item;
mod folders;
mod get_folder;
mod get_item;
mod get_mail_tips;
mod get_rooms;
mod get_server_time_zones;
mod get_service_configuration;
mod get_user_availability;
mod get_user_configuration;
mod move_item;
mod resolve_names;
mod subscribe;
mod sync_folder_hierarchy;
mod sync_folder_items;
mod update_item;
mod user_oof_settings;

use ews::{
    Answer, Fault, FolderRef, ItemRef, Request, Response, ResponseCode,
    operations::SendMeetingInvitations,
};

use self::move_item::Deed;
use crate::{
    auth::Caller,
    failure::{Outcome, refuse},
    ids::{Key, KeyKind},
    invitations::{Keep, Tell},
    mailbox::{Mailbox, Store, Target, key},
};

/// Answers any request but GetStreamingEvents.
pub(crate) fn answer(store: &mut Store, caller: &Caller, request: Request) -> Answer {
    match request {
        Request::ConvertId(request) => Answer::ConvertId(each(&request.source_ids, |id| {
            convert_id::answer(store, &request, id)
        })),
        Request::CopyItem(request) => Answer::CopyItem(each(&request.item_ids, |item| {
            move_item::answer(store, caller, &request.to_folder_id, item, Deed::Copy)
        })),
        Request::CreateFolder(request) => Answer::CreateFolder(each(&request.folders, |folder| {
            folders::create(store, caller, &request, folder)
        })),
        Request::CreateItem(request) => Answer::CreateItem(each(&request.items, |item| {
            create_item::answer(store, caller, &request, item)
        })),
        Request::DeleteFolder(request) => {
            Answer::DeleteFolder(each(&request.folder_ids, |folder| {
                folders::delete(store, caller, &request, folder)
            }))
        }
        Request::DeleteItem(request) => Answer::DeleteItem(each(&request.item_ids, |item| {
            delete_item::answer(store, caller, &request, item)
        })),
        Request::FindFolder(request) => {
            Answer::FindFolder(each(&request.parent_folder_ids, |folder| {
                find_folder::answer(store, caller, &request, folder)
            }))
        }
        Request::FindItem(request) => {
            Answer::FindItem(each(&request.parent_folder_ids, |folder| {
                find_item::answer(store, caller, &request, folder)
            }))
        }
        Request::GetEvents(request) => {
            Answer::GetEvents(Response::of(subscribe::get_events(store, &request)))
        }
        Request::GetFolder(request) => Answer::GetFolder(each(&request.folder_ids, |folder| {
            get_folder::answer(store, caller, &request, folder)
        })),
        Request::GetItem(request) => Answer::GetItem(each(&request.item_ids, |item| {
            get_item::answer(store, caller, &request.item_shape, item)
        })),
        Request::GetMailTips(request) => {
            Answer::GetMailTips(get_mail_tips::answer(store, &request))
        }
        Request::GetRoomLists(_) => Answer::GetRoomLists(Response::of(Ok(get_rooms::lists(store)))),
        Request::GetRooms(request) => {
            Answer::GetRooms(Response::of(get_rooms::rooms(store, &request)))
        }
        Request::GetServerTimeZones(request) => Answer::GetServerTimeZones(Response::of(Ok(
            get_server_time_zones::answer(store, &request),
        ))),
        Request::GetServiceConfiguration(request) => {
            Answer::GetServiceConfiguration(each(&request.requested, |name| {
                get_service_configuration::answer(store, name)
            }))
        }
        Request::GetUserAvailability(request) => {
            match get_user_availability::answer(store, caller, &request) {
                Ok(reply) => Answer::GetUserAvailability(Response::of(Ok(reply))),
                Err(fault) => Answer::Fault(fault),
            }
        }
        Request::GetUserConfiguration(request) => Answer::GetUserConfiguration(Response::of(
            get_user_configuration::answer(store, caller, &request),
        )),
        Request::GetUserOofSettings(request) => Answer::GetUserOofSettings(Response::of(
            user_oof_settings::get(store, caller, &request),
        )),
        Request::MoveItem(request) => Answer::MoveItem(each(&request.item_ids, |item| {
            move_item::answer(store, caller, &request.to_folder_id, item, Deed::Move)
        })),
        Request::ResolveNames(request) => {
            Answer::ResolveNames(Response::of(resolve_names::answer(store, &request)))
        }
        Request::SetUserOofSettings(request) => Answer::SetUserOofSettings(Response::of(
            user_oof_settings::set(store, caller, &request),
        )),
        Request::Subscribe(request) => {
            Answer::Subscribe(Response::of(subscribe::subscribe(store, caller, &request)))
        }
        Request::SyncFolderHierarchy(request) => Answer::SyncFolderHierarchy(Response::of(
            sync_folder_hierarchy::answer(store, caller, &request),
        )),
        Request::SyncFolderItems(request) => Answer::SyncFolderItems(Response::of(
            sync_folder_items::answer(store, caller, &request),
        )),
        Request::Unsubscribe(request) => {
            Answer::Unsubscribe(Response::of(subscribe::unsubscribe(store, &request)))
        }
        Request::UpdateFolder(request) => {
            Answer::UpdateFolder(each(&request.folder_changes, |change| {
                folders::update(store, caller, change)
            }))
        }
        Request::UpdateItem(request) => Answer::UpdateItem(each(&request.item_changes, |change| {
            update_item::answer(store, caller, &request, change)
        })),
        Request::GetStreamingEvents(_) => refused(ResponseCode::ErrorInternalServerError),
        Request::Unknown(name) => {
            tracing::info!(operation = %name, "The Exchange simulator does not know an operation");
            refused(ResponseCode::ErrorSchemaValidation)
        }
    }
}

/// One result per object, in the order of the request.
fn each<O, T>(objects: &[O], answer: impl FnMut(&O) -> Outcome<T>) -> Response<T> {
    Response::new(objects.iter().map(answer).map(Into::into).collect())
}

fn refused(code: ResponseCode) -> Answer {
    let text = "The request is not valid for the Exchange simulator.";
    Fault::new(code, text).into()
}

/// Whose mailbox a request is about.
fn own<'s>(store: &'s Store, caller: &Caller) -> Outcome<&'s Mailbox> {
    store.mailbox(caller.mailbox.as_deref().unwrap_or_default())
}

/// A folder of the caller's mailbox.
fn folder(store: &Store, caller: &Caller, folder: &FolderRef) -> Outcome<u64> {
    let own = own(store, caller)?;
    let not_found = || refuse(ResponseCode::ErrorFolderNotFound);
    match folder {
        FolderRef::Folder(id) => match Key::decode(&id.id) {
            Some(Key { mailbox, .. }) if mailbox != own.id => {
                Err(refuse(ResponseCode::ErrorAccessDenied))
            }
            Some(Key { kind: KeyKind::Folder(number), .. }) => {
                own.folders.contains_key(&number).then_some(number).ok_or_else(not_found)
            }
            Some(_) => Err(refuse(ResponseCode::ErrorInvalidFolderId)),
            None => Err(refuse(ResponseCode::ErrorInvalidIdMalformed)),
        },
        FolderRef::Distinguished(named) => {
            let address =
                named.mailbox.as_ref().and_then(|mailbox| mailbox.email_address.as_deref());
            if let Some(address) = address {
                let other = store.mailbox(address)?;
                if other.id != own.id {
                    return Err(refuse(ResponseCode::ErrorAccessDenied)); // no delegates yet
                }
            }
            own.folder_by_role(&named.name).ok_or_else(not_found)
        }
    }
}

/// An item of the caller's mailbox, or an occurrence.
fn target(store: &Store, caller: &Caller, item: &ItemRef) -> Outcome<Target> {
    let (number, instance) = match item {
        ItemRef::Item(id) => match decode(store, caller, &id.id)? {
            KeyKind::Item(number) => (number, None),
            KeyKind::Occurrence(number, index) => (number, Some(index)),
            KeyKind::Folder(_) => return Err(refuse(ResponseCode::ErrorInvalidId)),
        },
        ItemRef::Occurrence(id) => match decode(store, caller, &id.recurring_master_id)? {
            KeyKind::Item(number) => (number, Some(id.instance_index)),
            KeyKind::Occurrence(..) | KeyKind::Folder(_) => {
                return Err(refuse(ResponseCode::ErrorCalendarCannotUseIdForRecurringMasterId));
            }
        },
        ItemRef::RecurringMaster(id) => match decode(store, caller, &id.occurrence_id)? {
            KeyKind::Occurrence(number, _) => (number, None),
            KeyKind::Item(_) | KeyKind::Folder(_) => {
                return Err(refuse(ResponseCode::ErrorCalendarCannotUseIdForOccurrenceId));
            }
        },
    };
    let mailbox = key(&own(store, caller)?.person.address);
    let stored = store.item(&mailbox, number)?;
    if let Some(index) = instance {
        if !stored.entry.is_series() {
            return Err(refuse(ResponseCode::ErrorCalendarCannotUseIdForRecurringMasterId));
        }
        let gone = ResponseCode::ErrorCalendarOccurrenceIsDeletedFromRecurrence;
        let by_id = matches!(item, ItemRef::Item(_));
        stored.entry.instance(index).map_err(|error| {
            if by_id && error.code == gone {
                refuse(ResponseCode::ErrorItemNotFound)
            } else {
                error
            }
        })?;
    }
    Ok(Target { mailbox, number, instance })
}

fn decode(store: &Store, caller: &Caller, id: &str) -> Outcome<KeyKind> {
    let Some(key) = Key::decode(id) else {
        return Err(refuse(ResponseCode::ErrorInvalidIdMalformed));
    };
    let own = own(store, caller)?;
    if own.former_ids.contains(&key.mailbox) {
        return Err(refuse(ResponseCode::ErrorItemNotFound)); // of before a move
    }
    if key.mailbox != own.id {
        return Err(refuse(ResponseCode::ErrorAccessDenied));
    }
    Ok(key.kind)
}

fn sending(how: Option<&SendMeetingInvitations>) -> (Tell, Keep) {
    match how {
        Some(SendMeetingInvitations::SendOnlyToAll) => (Tell::All, Keep::No),
        Some(SendMeetingInvitations::SendToAllAndSaveCopy) => (Tell::All, Keep::InSentItems),
        Some(SendMeetingInvitations::SendToNone | SendMeetingInvitations::Other(_)) | None => {
            (Tell::Nobody, Keep::No)
        }
    }
}
