//! Responses to a meeting, and its cancellation, sent as if they were items to create.

use super::Body;
use crate::{
    DateTime, ItemId,
    xml::{Oddities, element},
};

element! {
    /// Accepting or declining what `reference_item_id` names.
    #[derive(Default)]
    pub struct ResponseObject {
        "t:Sensitivity" sensitivity: Option<super::Sensitivity>,
        "t:Body" body: Option<Body>,
        "t:ReferenceItemId" reference_item_id: Option<ItemId>,
        "t:ProposedStart" proposed_start: Option<DateTime>,
        "t:ProposedEnd" proposed_end: Option<DateTime>,
        "oddities" oddities: Oddities,
    }

    /// Calling off the meeting that `reference_item_id` names.
    #[derive(Default)]
    pub struct Cancellation {
        "t:Subject" subject: Option<String> = hidden,
        "t:Body" body: Option<Body>,
        "t:ReferenceItemId" reference_item_id: Option<ItemId>,
        /// What the attendees are told.
        "t:NewBodyContent" new_body_content: Option<Body>,
        "oddities" oddities: Oddities,
    }
}

impl Cancellation {
    pub fn of(item: ItemId) -> Self {
        Self { reference_item_id: Some(item), ..Self::default() }
    }
}

impl ResponseObject {
    pub fn to(item: ItemId) -> Self {
        Self { reference_item_id: Some(item), ..Self::default() }
    }
}
