//! UpdateItem: changes of single properties, all or nothing per item.

use super::{MessageDisposition, Operation, Response};
use crate::{
    CalendarItem, FieldUri, FolderRef, Item, ItemRef,
    items::ExtendedProperty,
    xml::{element, one_of, words},
};

element! {
    pub struct UpdateItem {
        "@ConflictResolution" conflict_resolution: ConflictResolution,
        "@MessageDisposition" message_disposition: Option<MessageDisposition>,
        /// Mandatory for items of a calendar.
        "@SendMeetingInvitationsOrCancellations" send_meeting_invitations_or_cancellations:
            Option<SendMeetingInvitationsOrCancellations>,
        "@SuppressReadReceipts" suppress_read_receipts: Option<bool>,
        "m:SavedItemFolderId/*" saved_item_folder_id: Option<FolderRef>,
        "m:ItemChanges/t:ItemChange" item_changes: Vec<ItemChange>,
    }

    pub struct ItemChange {
        "*" item_id: ItemRef,
        "t:Updates/*" updates: Vec<FieldChange>,
    }

    /// A property and an item that carries nothing but its new value.
    pub struct SetItemField {
        "*" field: FieldUri,
        "*" item: Item,
    }

    pub struct DeleteItemField {
        "*" field: FieldUri,
    }

    #[derive(Default)]
    pub struct UpdateItemReply {
        "m:Items/*" items: Vec<Item>,
        "m:ConflictResults/t:Count" conflict_count: Option<i32>,
    }
}

one_of! {
    pub enum FieldChange {
        "t:AppendToItemField" Append(SetItemField),
        "t:SetItemField" Set(SetItemField),
        "t:DeleteItemField" Delete(DeleteItemField),
    }
}

words! {
    pub enum ConflictResolution { NeverOverwrite, AutoResolve, AlwaysOverwrite }

    /// Whom to tell about a changed meeting.
    pub enum SendMeetingInvitationsOrCancellations {
        SendToNone, SendOnlyToAll, SendOnlyToChanged, SendToAllAndSaveCopy,
        SendToChangedAndSaveCopy,
    }
}

pub type UpdateItemResponse = Response<UpdateItemReply>;

impl Operation for UpdateItem {
    const NAME: &'static str = "UpdateItem";
    type Reply = UpdateItemReply;
}

impl UpdateItem {
    /// Changes of one entry of a calendar.
    pub fn of_calendar_item(
        item_id: impl Into<ItemRef>,
        updates: Vec<FieldChange>,
        conflict_resolution: ConflictResolution,
        tell: SendMeetingInvitationsOrCancellations,
    ) -> Self {
        Self {
            conflict_resolution,
            message_disposition: None,
            send_meeting_invitations_or_cancellations: Some(tell),
            suppress_read_receipts: None,
            saved_item_folder_id: None,
            item_changes: vec![ItemChange { item_id: item_id.into(), updates }],
        }
    }
}

impl FieldChange {
    /// `item` carries the new value of `field`, and nothing else.
    pub fn set(field: impl Into<FieldUri>, item: CalendarItem) -> Self {
        Self::Set(SetItemField { field: field.into(), item: item.into() })
    }

    pub fn set_extended(property: ExtendedProperty) -> Self {
        let field = FieldUri::Extended(property.uri.clone());
        let item = CalendarItem { extended_properties: vec![property], ..CalendarItem::default() };
        Self::set(field, item)
    }

    pub fn delete(field: impl Into<FieldUri>) -> Self {
        Self::Delete(DeleteItemField { field: field.into() })
    }

    /// The property that changes.
    pub fn field(&self) -> &FieldUri {
        match self {
            Self::Append(change) | Self::Set(change) => &change.field,
            Self::Delete(change) => &change.field,
        }
    }
}
