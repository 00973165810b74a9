//! CreateItem: new items, and answers to meetings dressed as items.

use super::{Items, Operation, Response};
use crate::{
    FolderRef,
    items::NewItem,
    xml::{element, words},
};

element! {
    pub struct CreateItem {
        "@MessageDisposition" message_disposition: Option<MessageDisposition>,
        /// Mandatory for items of a calendar.
        "@SendMeetingInvitations" send_meeting_invitations: Option<SendMeetingInvitations>,
        "m:SavedItemFolderId/*" saved_item_folder_id: Option<FolderRef>,
        "m:Items/*" items: Vec<NewItem>,
    }
}

words! {
    pub enum MessageDisposition { SaveOnly, SendOnly, SendAndSaveCopy }

    /// Whom to tell about a new or deleted meeting.
    pub enum SendMeetingInvitations { SendToNone, SendOnlyToAll, SendToAllAndSaveCopy }
}

pub type CreateItemResponse = Response<Items>;

impl Operation for CreateItem {
    const NAME: &'static str = "CreateItem";
    type Reply = Items;
}

impl CreateItem {
    /// A new entry of a calendar.
    pub fn in_calendar(
        folder: impl Into<FolderRef>,
        item: impl Into<NewItem>,
        invitations: SendMeetingInvitations,
    ) -> Self {
        Self {
            message_disposition: None,
            send_meeting_invitations: Some(invitations),
            saved_item_folder_id: Some(folder.into()),
            items: vec![item.into()],
        }
    }

    /// An answer to a meeting, sent to its organizer, or a cancellation, sent to its attendees.
    pub fn respond(response: NewItem) -> Self {
        Self {
            message_disposition: Some(MessageDisposition::SendAndSaveCopy),
            send_meeting_invitations: None,
            saved_item_folder_id: None,
            items: vec![response],
        }
    }
}
