//! GetRoomLists and GetRooms.

use ews::{
    Mailbox, ResponseCode,
    ids::MailboxType,
    operations::{GetRoomListsReply, GetRooms, GetRoomsReply, Room},
};

use crate::{
    failure::{Outcome, refuse},
    mailbox::Store,
};

pub(super) fn lists(store: &Store) -> GetRoomListsReply {
    let lists = store.room_lists.iter().map(|list| Mailbox {
        routing_type: Some("SMTP".to_owned()),
        mailbox_type: Some(MailboxType::PublicDL),
        ..Mailbox::named(&list.name, &list.address)
    });
    GetRoomListsReply { room_lists: lists.collect() }
}

/// Rooms of a list that have a mailbox.
pub(super) fn rooms(store: &Store, request: &GetRooms) -> Outcome<GetRoomsReply> {
    let wanted = request.room_list.email_address.as_deref().unwrap_or_default();
    let list = store.room_lists.iter().find(|list| list.address.eq_ignore_ascii_case(wanted));
    let list = list.ok_or_else(|| refuse(ResponseCode::ErrorNameResolutionNoResults))?;
    let rooms = list.rooms.iter().filter_map(|room| store.mailbox(room).ok());
    Ok(GetRoomsReply { rooms: rooms.map(|room| Room { id: room.as_wire() }).collect() })
}
