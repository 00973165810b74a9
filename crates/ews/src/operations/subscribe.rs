//! Subscribe: a subscription to the changes of folders, to be heard on a stream, asked for, or sent.

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

    /// To be asked for with GetEvents.
    pub struct PullSubscription {
        "@SubscribeToAllFolders" subscribe_to_all_folders: Option<bool>,
        "t:FolderIds?/*" folder_ids: Vec<FolderRef>,
        "t:EventTypes/t:EventType" event_types: Vec<EventType>,
        /// Where an earlier subscription had come to.
        "t:Watermark" watermark: Option<String>,
        /// Minutes without a question, after which it ends; 1 to 1440.
        "t:Timeout" timeout: i32,
    }

    /// To be sent with SendNotification.
    pub struct PushSubscription {
        "@SubscribeToAllFolders" subscribe_to_all_folders: Option<bool>,
        "t:FolderIds?/*" folder_ids: Vec<FolderRef>,
        "t:EventTypes/t:EventType" event_types: Vec<EventType>,
        "t:Watermark" watermark: Option<String>,
        /// Minutes between signs of life; 1 to 1440.
        "t:StatusFrequency" status_frequency: i32,
        "t:URL" url: String = hidden,
        "t:CallerData" caller_data: Option<String> = hidden,
    }

    #[derive(Default)]
    pub struct SubscribeReply {
        "m:SubscriptionId" subscription_id: Option<String>,
        /// Streaming subscriptions have none.
        "m:Watermark" watermark: Option<String>,
    }
}

one_of! {
    pub enum SubscriptionRequest {
        "m:PullSubscriptionRequest" Pull(PullSubscription),
        "m:PushSubscriptionRequest" Push(PushSubscription),
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
