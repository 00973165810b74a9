//! Subscribe and Unsubscribe: streaming subscriptions of one mailbox.

use std::collections::BTreeSet;

use ews::{
    ResponseCode,
    operations::{Nothing, Subscribe, SubscribeReply, SubscriptionRequest, Unsubscribe},
};

use super::{folder, own};
use crate::{
    auth::Caller,
    failure::{Outcome, refuse},
    mailbox::Store,
    subscriptions::Subscription,
};

pub(super) fn subscribe(
    store: &mut Store,
    caller: &Caller,
    request: &Subscribe,
) -> Outcome<SubscribeReply> {
    let SubscriptionRequest::Streaming(wanted) = &request.subscription else {
        return Err(refuse(ResponseCode::ErrorInvalidSubscriptionRequest)); // pull and push: later
    };
    let folders = wanted
        .folder_ids
        .iter()
        .map(|named| folder(store, caller, named))
        .collect::<Outcome<BTreeSet<u64>>>()?;
    let folders = (wanted.subscribe_to_all_folders != Some(true)).then_some(folders);
    if folders.as_ref().is_some_and(BTreeSet::is_empty) {
        return Err(refuse(ResponseCode::ErrorInvalidSubscriptionRequest));
    }
    let mailbox = own(store, caller)?.person.address.clone();
    let subscription = Subscription::new(&mailbox, folders, wanted.event_types.clone());
    let chance = store.chance.clone();
    let id = store.subscriptions.add(subscription, &chance)?;
    Ok(SubscribeReply { subscription_id: Some(id), watermark: None })
}

pub(super) fn unsubscribe(store: &mut Store, request: &Unsubscribe) -> Outcome<Nothing> {
    store.subscriptions.remove(&request.subscription_id)?;
    Ok(Nothing::default())
}
