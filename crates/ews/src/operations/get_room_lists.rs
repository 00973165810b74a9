//! GetRoomLists and GetRooms: the rooms an organization has, list by list.

use super::{Form, Operation, Response};
use crate::{Mailbox, xml::element};

element! {
    #[derive(Default)]
    pub struct GetRoomLists {}

    #[derive(Default)]
    pub struct GetRoomListsReply {
        "m:RoomLists/t:Address" room_lists: Vec<Mailbox>,
    }

    pub struct GetRooms {
        "m:RoomList" room_list: Mailbox,
    }

    #[derive(Default)]
    pub struct GetRoomsReply {
        "m:Rooms/t:Room" rooms: Vec<Room>,
    }

    pub struct Room {
        "t:Id" id: Mailbox,
    }
}

pub type GetRoomListsResponse = Response<GetRoomListsReply>;
pub type GetRoomsResponse = Response<GetRoomsReply>;

impl Operation for GetRoomLists {
    const NAME: &'static str = "GetRoomLists";
    const FORM: Form = Form::Root;
    type Reply = GetRoomListsReply;
}

impl Operation for GetRooms {
    const NAME: &'static str = "GetRooms";
    const FORM: Form = Form::Root;
    type Reply = GetRoomsReply;
}
