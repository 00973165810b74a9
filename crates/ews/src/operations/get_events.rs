//! GetEvents: what happened under a pull subscription since a watermark.

use super::{Notification, Operation, Response};
use crate::xml::element;

element! {
    pub struct GetEvents {
        "m:SubscriptionId" subscription_id: String,
        "m:Watermark" watermark: String,
    }

    #[derive(Default)]
    pub struct GetEventsReply {
        "m:Notification" notification: Option<Notification>,
    }
}

pub type GetEventsResponse = Response<GetEventsReply>;

impl Operation for GetEvents {
    const NAME: &'static str = "GetEvents";
    type Reply = GetEventsReply;
}
