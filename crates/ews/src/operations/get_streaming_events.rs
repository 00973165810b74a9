//! GetStreamingEvents: an answer that is a sequence of documents, see [`crate::streaming`].

use super::{Operation, Response};
use crate::{
    DateTime, FolderId, ItemId,
    xml::{element, one_of, words},
};

element! {
    pub struct GetStreamingEvents {
        "m:SubscriptionIds/t:SubscriptionId" subscription_ids: Vec<String>,
        /// Minutes, 1 to 30.
        "m:ConnectionTimeout" connection_timeout: i32,
    }

    /// One document of the stream.
    #[derive(Default)]
    pub struct GetStreamingEventsReply {
        "m:Notifications?/m:Notification" notifications: Vec<Notification>,
        "m:ErrorSubscriptionIds?/m:SubscriptionId" error_subscription_ids: Vec<String>,
        "m:ConnectionStatus" connection_status: Option<ConnectionStatus>,
    }

    /// What happened under one subscription.
    #[derive(Default)]
    pub struct Notification {
        "t:SubscriptionId" subscription_id: Option<String>,
        "t:PreviousWatermark" previous_watermark: Option<String>,
        "t:MoreEvents" more_events: Option<bool>,
        "*" events: Vec<Event>,
    }

    pub struct StatusEvent {
        "t:Watermark" watermark: Option<String>,
    }

    pub struct ObjectEvent {
        "t:Watermark" watermark: Option<String>,
        "t:TimeStamp" time_stamp: Option<DateTime>,
        "*" object: EventObject,
        "t:ParentFolderId" parent_folder_id: Option<FolderId>,
        /// Only of something moved or copied; `object` is then the new one.
        "t:OldFolderId" old_folder_id: Option<FolderId>,
        "t:OldItemId" old_item_id: Option<ItemId>,
        "t:OldParentFolderId" old_parent_folder_id: Option<FolderId>,
        /// Only of a folder modified.
        "t:UnreadCount" unread_count: Option<i32>,
    }
}

one_of! {
    pub enum Event {
        "t:CopiedEvent" Copied(ObjectEvent),
        "t:CreatedEvent" Created(ObjectEvent),
        "t:DeletedEvent" Deleted(ObjectEvent),
        "t:ModifiedEvent" Modified(ObjectEvent),
        "t:MovedEvent" Moved(ObjectEvent),
        "t:NewMailEvent" NewMail(ObjectEvent),
        "t:FreeBusyChangedEvent" FreeBusyChanged(ObjectEvent),
        /// A sign of life.
        "t:StatusEvent" Status(StatusEvent),
    }

    pub enum EventObject {
        "t:FolderId" Folder(FolderId),
        "t:ItemId" Item(ItemId),
    }
}

words! {
    pub enum ConnectionStatus { Ok = "OK", Closed }
}

pub type GetStreamingEventsResponse = Response<GetStreamingEventsReply>;

impl Operation for GetStreamingEvents {
    const NAME: &'static str = "GetStreamingEvents";
    type Reply = GetStreamingEventsReply;
}

impl GetStreamingEventsReply {
    /// The first document of a stream, its sign of life, or its last document.
    pub fn status(status: ConnectionStatus) -> Self {
        Self { connection_status: Some(status), ..Self::default() }
    }

    pub fn notification(subscription_id: impl Into<String>, events: Vec<Event>) -> Self {
        let notification = Notification {
            subscription_id: Some(subscription_id.into()),
            events,
            ..Notification::default()
        };
        Self { notifications: vec![notification], ..Self::default() }
    }
}

impl Event {
    /// The event and its object; `None` for a sign of life.
    pub fn object_event(&self) -> Option<&ObjectEvent> {
        match self {
            Self::Copied(event)
            | Self::Created(event)
            | Self::Deleted(event)
            | Self::Modified(event)
            | Self::Moved(event)
            | Self::NewMail(event)
            | Self::FreeBusyChanged(event) => Some(event),
            Self::Status(_) => None,
        }
    }
}

impl Event {
    /// The same, with where a subscriber stands after it.
    #[must_use]
    pub fn with_watermark(mut self, watermark: String) -> Self {
        let place = match &mut self {
            Self::Copied(event)
            | Self::Created(event)
            | Self::Deleted(event)
            | Self::Modified(event)
            | Self::Moved(event)
            | Self::NewMail(event)
            | Self::FreeBusyChanged(event) => &mut event.watermark,
            Self::Status(event) => &mut event.watermark,
        };
        *place = Some(watermark);
        self
    }
}

impl ObjectEvent {
    pub fn of_item(item: ItemId, parent: FolderId, at: DateTime) -> Self {
        Self {
            watermark: None,
            time_stamp: Some(at),
            object: EventObject::Item(item),
            parent_folder_id: Some(parent),
            old_folder_id: None,
            old_item_id: None,
            old_parent_folder_id: None,
            unread_count: None,
        }
    }
}
