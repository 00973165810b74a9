//! Unsubscribe: the end of a subscription.

use super::{Nothing, Operation, Response};
use crate::xml::element;

element! {
    pub struct Unsubscribe {
        "m:SubscriptionId" subscription_id: String,
    }
}

pub type UnsubscribeResponse = Response<Nothing>;

impl Operation for Unsubscribe {
    const NAME: &'static str = "Unsubscribe";
    type Reply = Nothing;
}
