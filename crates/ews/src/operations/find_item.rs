//! FindItem: the items of a folder, by time window (series expanded) or by search (masters only).

use super::{Operation, Response};
use crate::{
    DateTime, FolderRef, Item,
    restriction::{FieldOrder, Restriction},
    shapes::ItemShape,
    xml::{element, one_of, words},
};

element! {
    pub struct FindItem {
        "@Traversal" traversal: ItemTraversal,
        "m:ItemShape" item_shape: ItemShape,
        "*" view: Option<View>,
        "m:Restriction/*" restriction: Option<Restriction>,
        "m:SortOrder?/t:FieldOrder" sort_order: Vec<FieldOrder>,
        "m:ParentFolderIds/*" parent_folder_ids: Vec<FolderRef>,
        "m:QueryString" query_string: Option<String> = hidden,
    }

    /// A time window of at most two years.
    pub struct CalendarView {
        "@MaxEntriesReturned" max_entries_returned: Option<i32>,
        "@StartDate" start_date: DateTime,
        "@EndDate" end_date: DateTime,
    }

    /// A page of a list.
    pub struct IndexedPageView {
        "@MaxEntriesReturned" max_entries_returned: Option<i32>,
        "@Offset" offset: i32,
        "@BasePoint" base_point: BasePoint,
    }

    #[derive(Default)]
    pub struct FindItemReply {
        "m:RootFolder" root_folder: Option<FoundItems>,
    }

    #[derive(Default)]
    pub struct FoundItems {
        "@IndexedPagingOffset" indexed_paging_offset: Option<i32>,
        "@TotalItemsInView" total_items_in_view: Option<i32>,
        "@IncludesLastItemInRange" includes_last_item_in_range: Option<bool>,
        "t:Items/*" items: Vec<Item>,
    }
}

one_of! {
    pub enum View {
        "m:CalendarView" Calendar(CalendarView),
        "m:IndexedPageItemView" IndexedPage(IndexedPageView),
    }
}

words! {
    pub enum ItemTraversal { Shallow, SoftDeleted, Associated }

    pub enum BasePoint { Beginning, End }
}

pub type FindItemResponse = Response<FindItemReply>;

impl Operation for FindItem {
    const NAME: &'static str = "FindItem";
    type Reply = FindItemReply;
}

impl FindItem {
    /// Everything in a folder between two moments.
    pub fn between(
        folder: impl Into<FolderRef>,
        item_shape: ItemShape,
        view: CalendarView,
    ) -> Self {
        Self {
            traversal: ItemTraversal::Shallow,
            item_shape,
            view: Some(View::Calendar(view)),
            restriction: None,
            sort_order: Vec::new(),
            parent_folder_ids: vec![folder.into()],
            query_string: None,
        }
    }

    /// A page of what matches in a folder.
    pub fn matching(
        folder: impl Into<FolderRef>,
        item_shape: ItemShape,
        page: IndexedPageView,
        restriction: Option<Restriction>,
    ) -> Self {
        Self {
            traversal: ItemTraversal::Shallow,
            item_shape,
            view: Some(View::IndexedPage(page)),
            restriction,
            sort_order: Vec::new(),
            parent_folder_ids: vec![folder.into()],
            query_string: None,
        }
    }
}
