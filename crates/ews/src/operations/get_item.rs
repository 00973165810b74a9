//! GetItem: items by id, in the shape asked for.

use super::{Operation, Response};
use crate::{Item, ItemError, ItemRef, shapes::ItemShape, xml::element};

element! {
    pub struct GetItem {
        "m:ItemShape" item_shape: ItemShape,
        "m:ItemIds/*" item_ids: Vec<ItemRef>,
    }

    /// Also what CreateItem answers with.
    #[derive(Default)]
    pub struct Items {
        "m:Items/*" items: Vec<Item>,
    }
}

pub type GetItemResponse = Response<Items>;

impl Operation for GetItem {
    const NAME: &'static str = "GetItem";
    type Reply = Items;
}

impl Items {
    pub fn one(item: impl Into<Item>) -> Self {
        Self { items: vec![item.into()] }
    }
}

impl Response<Items> {
    /// One item, or why there is none, per id asked for; `None` inside if the server was silent.
    pub fn into_items(self) -> Vec<Result<Option<Item>, ItemError>> {
        self.into_results()
            .into_iter()
            .map(|result| result.map(|found| found.items.into_iter().next()))
            .collect()
    }
}
