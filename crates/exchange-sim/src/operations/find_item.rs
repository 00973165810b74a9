//! FindItem: a window of time with series expanded, or a search with masters only.

use ews::{
    FolderRef, ResponseCode,
    operations::{
        BasePoint, CalendarView, FindItem, FindItemReply, FoundItems, IndexedPageView, View,
    },
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{folder, own};
use crate::{
    auth::Caller,
    failure::{Outcome, refuse},
    mailbox::{Mailbox, Store},
    search,
    shape::{Asked, Rendered},
};

/// What one answer carries at most.
const ROWS_MAX: usize = 1_000;
/// Two years and a little.
const VIEW_MAX: SignedDuration = SignedDuration::from_hours(24 * 732);

pub(super) fn answer(
    store: &Store,
    caller: &Caller,
    request: &FindItem,
    parent: &FolderRef,
) -> Outcome<FindItemReply> {
    let folder = folder(store, caller, parent)?;
    let mailbox = own(store, caller)?;
    let root_folder = match &request.view {
        Some(View::Calendar(view)) => {
            let zone = caller.zone.clone().unwrap_or(TimeZone::UTC);
            window(store, mailbox, folder, request, view, &zone)?
        }
        Some(View::IndexedPage(page)) => search(mailbox, folder, request, Some(page)),
        None => search(mailbox, folder, request, None),
    };
    Ok(FindItemReply { root_folder: Some(root_folder) })
}

fn window(
    store: &Store,
    mailbox: &Mailbox,
    folder: u64,
    request: &FindItem,
    view: &CalendarView,
    zone: &TimeZone,
) -> Outcome<FoundItems> {
    let moment = |time: ews::DateTime| {
        let invalid = || refuse(ResponseCode::ErrorInvalidRequest);
        time.to_timestamp(zone).ok_or_else(invalid)
    };
    let (from, to) = (moment(view.start_date)?, moment(view.end_date)?);
    if to < from {
        return Err(refuse(ResponseCode::ErrorCalendarEndDateIsEarlierThanStartDate));
    }
    if to.duration_since(from) > VIEW_MAX {
        return Err(refuse(ResponseCode::ErrorCalendarViewRangeTooBig));
    }
    let mut found = Vec::new();
    for (number, stored) in &mailbox.items {
        if stored.folder != folder || stored.message.is_some() {
            continue;
        }
        let entry = &stored.entry;
        if entry.is_series() && !store.manner.expands_series {
            let instances = entry.instances_between(from, to);
            if let Some(first) = instances.first() {
                found.push((first.start, Rendered::new(mailbox, *number, stored, None)));
            }
        } else if entry.is_series() {
            for instance in entry.instances_between(from, to) {
                let item = Rendered::new(mailbox, *number, stored, Some(&instance));
                found.push((instance.start, item));
            }
        } else if touches(entry.start(), entry.end(), from, to) {
            found.push((entry.start(), Rendered::new(mailbox, *number, stored, None)));
        }
    }
    found.sort_by_key(|(start, _)| *start);
    let total = found.len();
    let asked = view.max_entries_returned.and_then(|max| usize::try_from(max).ok());
    let max = asked.unwrap_or(ROWS_MAX).min(ROWS_MAX);
    let shape = &request.item_shape;
    Ok(FoundItems {
        indexed_paging_offset: None,
        total_items_in_view: Some(count(total)),
        includes_last_item_in_range: Some(total <= max),
        items: found.iter().take(max).map(|(_, item)| item.project(shape, Asked::ByFind)).collect(),
    })
}

fn touches(start: Timestamp, end: Timestamp, from: Timestamp, to: Timestamp) -> bool {
    start < to && (end > from || start == end && start >= from)
}

fn search(
    mailbox: &Mailbox,
    folder: u64,
    request: &FindItem,
    page: Option<&IndexedPageView>,
) -> FoundItems {
    let mut found: Vec<Rendered> = mailbox
        .items
        .iter()
        .filter(|(_, stored)| stored.folder == folder)
        .map(|(number, stored)| Rendered::new(mailbox, *number, stored, None))
        .filter(|item| {
            request.restriction.as_ref().is_none_or(|wanted| search::matches(wanted, item))
        })
        .collect();
    found.sort_by(|a, b| search::order(&request.sort_order, a, b));
    if page.is_some_and(|page| page.base_point == BasePoint::End) {
        found.reverse();
    }
    let total = found.len();
    let offset = page.and_then(|page| usize::try_from(page.offset).ok()).unwrap_or(0);
    let asked = page.and_then(|page| usize::try_from(page.max_entries_returned?).ok());
    let max = asked.unwrap_or(ROWS_MAX).min(ROWS_MAX);
    let next = offset.saturating_add(max).min(total);
    let shape = &request.item_shape;
    let rows = found.iter().skip(offset).take(max);
    FoundItems {
        indexed_paging_offset: Some(count(next)),
        total_items_in_view: Some(count(total)),
        includes_last_item_in_range: Some(next >= total),
        items: rows.map(|item| item.project(shape, Asked::ByFind)).collect(),
    }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
