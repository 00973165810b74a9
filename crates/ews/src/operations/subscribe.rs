//! Subscribe: a subscription to the changes of folders, to be heard on a stream.

use super::{Operation, Response};
use crate::{
    FolderRef,
    xml::{element, one_of, words},
};

element! {
    pub struct Subscribe {
        "*" subscription: SubscriptionRequest,
    }

    pub struct StreamingSubscription {
        "@SubscribeToAllFolders" subscribe_to_all_folders: Option<bool>,
        "t:FolderIds?/*" folder_ids: Vec<FolderRef>,
        "t:EventTypes/t:EventType" event_types: Vec<EventType>,
    }

    #[derive(Default)]
    pub struct SubscribeReply {
        "m:SubscriptionId" subscription_id: Option<String>,
        /// Streaming subscriptions have none.
        "m:Watermark" watermark: Option<String>,
    }
}

one_of! {
    /// Pull and push subscriptions are `Other`.
    pub enum SubscriptionRequest {
        "m:StreamingSubscriptionRequest" Streaming(StreamingSubscription),
        other "m:",
    }
}

words! {
    pub enum EventType {
        Copied = "CopiedEvent",
        Created = "CreatedEvent",
        Deleted = "DeletedEvent",
        Modified = "ModifiedEvent",
        Moved = "MovedEvent",
        NewMail = "NewMailEvent",
        FreeBusyChanged = "FreeBusyChangedEvent",
    }
}

pub type SubscribeResponse = Response<SubscribeReply>;

impl Operation for Subscribe {
    const NAME: &'static str = "Subscribe";
    type Reply = SubscribeReply;
}

impl Subscribe {
    pub fn streaming(folder_ids: Vec<FolderRef>, event_types: Vec<EventType>) -> Self {
        let request =
            StreamingSubscription { subscribe_to_all_folders: None, folder_ids, event_types };
        Self { subscription: SubscriptionRequest::Streaming(request) }
    }
}
