//! DeleteItem.

use super::{Nothing, Operation, Response, SendMeetingInvitations};
use crate::{
    ItemRef,
    xml::{element, words},
};

element! {
    pub struct DeleteItem {
        "@DeleteType" delete_type: DeleteType,
        /// Mandatory for items of a calendar.
        "@SendMeetingCancellations" send_meeting_cancellations: Option<SendMeetingInvitations>,
        "@AffectedTaskOccurrences" affected_task_occurrences: Option<String>,
        "@SuppressReadReceipts" suppress_read_receipts: Option<bool>,
        "m:ItemIds/*" item_ids: Vec<ItemRef>,
    }
}

words! {
    pub enum DeleteType { HardDelete, SoftDelete, MoveToDeletedItems }
}

pub type DeleteItemResponse = Response<Nothing>;

impl Operation for DeleteItem {
    const NAME: &'static str = "DeleteItem";
    type Reply = Nothing;
}
