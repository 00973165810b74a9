//! One mailbox in Exchange: subscribe, read what changed, read a window, read entries, write.

use base64::{Engine, engine::general_purpose::STANDARD};
use ews::{
    DateTime, ExtendedFieldUri, FolderRef, Item, ItemError, ItemId, ItemRef, Operation,
    ResponseCode, field,
    ids::{DistinguishedFolderName, RecurringMasterItemId},
    items::Body as WireBody,
    operations::{
        BasePoint, CalendarView, Change, ConflictResolution, EventType, FieldChange, FindItem,
        GetItem, IndexedPageView, SendMeetingInvitationsOrCancellations as Tell, Subscribe,
        SyncFolderItems, Unsubscribe, UpdateItem,
    },
    restriction::Restriction,
    shapes::{BaseShape, ItemShape},
};
use jiff::{SignedDuration, Timestamp};
use protocol::ids::MailboxAddress;
use tokio::time::{Instant, timeout_at};

use super::{
    Connection, Failure,
    affinity::{Affinity, Cookie},
    item::{self, Row},
};
use crate::{
    entry::{Body, Entry, Version},
    news::SourceId,
    write_back::{Mails, Write},
};

/// The most a page of changes may hold.
const CHANGES_PER_PAGE: i32 = 512;
/// Rows of a window; a clipped window is halved.
const ROWS_PER_WINDOW: i32 = 1000;

/// A span of this length is never too big; who says so says something else.
const DAY: SignedDuration = SignedDuration::from_hours(24);

pub struct Session {
    pub(super) connection: Connection,
    pub(super) mailbox: MailboxAddress,
}

/// A standing order for notifications.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SubscriptionId(pub String);

impl SubscriptionId {
    /// The server that keeps the subscription, as Exchange's ids seem to say: length, host name,
    /// then 16 and a GUID, in base64. Nobody promises it: a hint for grouping, nothing more.
    pub fn back_end(&self) -> Option<String> {
        let bytes = STANDARD.decode(&self.0).ok()?;
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_le_bytes(*length));
        let host = std::str::from_utf8(rest.get(..length)?).ok()?;
        let is_followed_by_guid = rest.get(length..)?.starts_with(&16_u16.to_le_bytes());
        let is_host = !host.is_empty()
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
        (is_followed_by_guid && is_host).then(|| host.to_ascii_lowercase())
    }
}

/// Some changes, with the bookmark behind them.
pub struct ChangesPage {
    pub sync_state: String,
    pub is_last: bool,
    /// What is gone is seen in the window.
    pub changed: Vec<Row>,
}

/// What became of an id that was asked for.
pub enum Found {
    Entry(Box<Entry>),
    Gone,
    /// There, but of no use to us: too large, corrupt, or without a start.
    Unusable(&'static str),
    /// This one could not be read now.
    Trouble(Failure),
}

impl Session {
    pub fn new(connection: Connection, mailbox: MailboxAddress) -> Self {
        Self { connection, mailbox }
    }

    pub fn mailbox(&self) -> &MailboxAddress {
        &self.mailbox
    }

    /// With the cookie that leads to the server that keeps the subscription, if it was given.
    pub async fn subscribe(
        &self,
        affinity: &Affinity,
    ) -> Result<(SubscriptionId, Option<Cookie>), Failure> {
        let events = vec![
            EventType::Created,
            EventType::Modified,
            EventType::Deleted,
            EventType::Moved,
            EventType::Copied,
        ];
        let request = Subscribe::streaming(vec![calendar()], events);
        let answer = self.connection.call_one_along(affinity, &self.mailbox, &request).await?;
        let (reply, cookie) = answer;
        let id = reply.subscription_id.ok_or(Failure::Incomplete("a subscription id"))?;
        Ok((SubscriptionId(id), cookie))
    }

    /// One that is gone already is as good as ended.
    pub async fn unsubscribe(&self, subscription: SubscriptionId) -> Result<(), Failure> {
        let ended = self.call(&Unsubscribe { subscription_id: subscription.0 }).await;
        match ended {
            Ok(_) => Ok(()),
            Err(failure) if failure.code() == Some(&ResponseCode::ErrorSubscriptionNotFound) => {
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }

    /// Singles and series masters that changed since the bookmark, of any date.
    pub async fn changes_since(&self, sync_state: Option<&str>) -> Result<ChangesPage, Failure> {
        let request = SyncFolderItems {
            item_shape: item::row_shape(),
            sync_folder_id: calendar(),
            sync_state: sync_state.map(str::to_owned),
            ignore: Vec::new(),
            max_changes_returned: CHANGES_PER_PAGE,
            sync_scope: None,
        };
        let reply = self.call(&request).await?;
        let mut page = ChangesPage {
            sync_state: reply.sync_state.ok_or(Failure::Incomplete("a sync state"))?,
            is_last: reply.includes_last_item_in_range.unwrap_or(true),
            changed: Vec::new(),
        };
        for change in reply.changes {
            match change {
                Change::Create(synced) | Change::Update(synced) => {
                    page.changed.extend(item::row(&synced.item));
                }
                Change::Delete(_) | Change::ReadFlagChange(_) => {}
            }
        }
        Ok(page)
    }

    /// Every single entry, occurrence and exception between two moments; series are expanded by
    /// Exchange, never by us.
    pub async fn window(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Row>, Failure> {
        let mut rows = Vec::new();
        let mut spans = vec![(from, to)];
        while let Some((from, to)) = spans.pop() {
            let (found, is_complete) = match self.span(from, to).await {
                Err(failure) if failure.is_range_too_big() && to.duration_since(from) > DAY => {
                    (Vec::new(), false)
                }
                found => found?,
            };
            let half = to.duration_since(from) / 2;
            match from.checked_add(half) {
                Ok(middle) if !is_complete && middle > from && half.as_secs() > 0 => {
                    spans.push((from, middle));
                    spans.push((middle, to));
                }
                Ok(_) | Err(_) => rows.extend(found),
            }
        }
        // What crosses a border of two halves was found twice.
        rows.sort_by(|a: &Row, b| (&a.id, a.start).cmp(&(&b.id, b.start)));
        rows.dedup_by(|a, b| a.id == b.id);
        self.expanded(rows, from, to).await
    }

    async fn span(&self, from: Timestamp, to: Timestamp) -> Result<(Vec<Row>, bool), Failure> {
        let view = CalendarView {
            max_entries_returned: Some(ROWS_PER_WINDOW),
            start_date: DateTime::from(from),
            end_date: DateTime::from(to),
        };
        let request = FindItem::between(calendar(), item::row_shape(), view);
        let reply = self.call(&request).await?;
        let root = reply.root_folder.ok_or(Failure::Incomplete("a root folder"))?;
        let is_complete = root.includes_last_item_in_range.unwrap_or(true);
        Ok((root.items.iter().filter_map(item::row).collect(), is_complete))
    }

    /// One result per id, in order.
    pub async fn entries(&self, ids: &[SourceId]) -> Result<Vec<Found>, Failure> {
        let refs =
            ids.iter().map(|id| ItemRef::Item(ItemId { id: id.0.clone(), change_key: None }));
        self.items(refs.collect(), &item::master_shape()).await
    }

    /// The same connection, acting for somebody else.
    pub fn of(&self, mailbox: MailboxAddress) -> Self {
        Self::new(self.connection.clone(), mailbox)
    }

    /// The entry of this identity, for a series its master; `None` if there is none, or if the
    /// identity is not one that can be searched for.
    pub async fn with_uid(&self, uid: &[u8]) -> Result<Option<Box<Entry>>, Failure> {
        let uid = std::str::from_utf8(uid).ok();
        let Some(clean) = uid.filter(|uid| STANDARD.decode(uid).is_ok()) else { return Ok(None) };
        let is_it = Restriction::is_equal_to(ExtendedFieldUri::clean_global_object_id(), clean);
        let page = IndexedPageView {
            max_entries_returned: Some(1),
            offset: 0,
            base_point: BasePoint::Beginning,
        };
        let shape = ItemShape::of(BaseShape::IdOnly);
        let request =
            FindItem::matching(DistinguishedFolderName::Calendar, shape, page, Some(is_it));
        let root = self.call(&request).await?.root_folder;
        let root = root.ok_or(Failure::Incomplete("a root folder"))?;
        let id = root.items.first().and_then(Item::item_id).map(|id| SourceId(id.id.clone()));
        let Some(id) = id else { return Ok(None) };
        Ok(match self.entries(&[id]).await?.into_iter().next() {
            Some(Found::Entry(entry)) => Some(entry),
            Some(Found::Trouble(failure)) => return Err(failure),
            Some(Found::Gone | Found::Unusable(_)) | None => None,
        })
    }

    /// The master of the series that an occurrence belongs to.
    pub async fn master_of(&self, occurrence: &SourceId) -> Result<Found, Failure> {
        let id = RecurringMasterItemId { occurrence_id: occurrence.0.clone(), change_key: None };
        let found = self.items(vec![ItemRef::RecurringMaster(id)], &item::master_shape()).await?;
        found.into_iter().next().ok_or(Failure::Incomplete("the series' master"))
    }

    /// An answer that is too large is asked for in halves; a single entry that is too large is
    /// skipped, so that it cannot stop a calendar.
    async fn items(&self, ids: Vec<ItemRef>, shape: &ItemShape) -> Result<Vec<Found>, Failure> {
        let mut found = Vec::with_capacity(ids.len());
        let at_once = self.connection.batch(&self.mailbox);
        let mut batches: Vec<Vec<ItemRef>> =
            ids.chunks(at_once).rev().map(<[ItemRef]>::to_vec).collect();
        while let Some(mut batch) = batches.pop() {
            let request = GetItem { item_shape: shape.clone(), item_ids: batch.clone() };
            match self.connection.call(Some(&self.mailbox), &request).await {
                Ok(results) if results.len() == batch.len() => {
                    let stopped = results.iter().position(is_stopped).filter(|first| *first > 0);
                    let rest = stopped.map(|first| batch.split_off(first));
                    let answered = results.into_iter().take(batch.len());
                    found.extend(answered.map(|result| self.found(result.map(|all| all.items))));
                    batches.extend(rest);
                }
                Ok(_) => return Err(Failure::Incomplete("one result per item")),
                Err(failure) if failure.is_too_large() && batch.len() > 1 => {
                    let second = batch.split_off(batch.len() / 2);
                    batches.push(second);
                    batches.push(batch);
                }
                Err(failure) if failure.is_too_large() => found.push(Found::Unusable("too large")),
                Err(failure) => return Err(failure),
            }
        }
        Ok(found)
    }

    fn found(&self, result: Result<Vec<Item>, ItemError>) -> Found {
        match result {
            Ok(items) => {
                let item = items.into_iter().find_map(Item::into_calendar_item);
                let entry = item.and_then(|item| item::entry(&item, &self.mailbox));
                entry.map_or(Found::Unusable("not an entry with a start"), |entry| {
                    Found::Entry(Box::new(entry))
                })
            }
            Err(error) => match error.code {
                ResponseCode::ErrorItemNotFound
                | ResponseCode::ErrorInvalidIdMalformed
                | ResponseCode::ErrorCalendarOccurrenceIsDeletedFromRecurrence
                | ResponseCode::ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange => Found::Gone,
                ResponseCode::ErrorCorruptData | ResponseCode::ErrorMessageSizeExceeded => {
                    Found::Unusable("corrupt or too large")
                }
                _ => Found::Trouble(error.into()),
            },
        }
    }

    /// Text, place and stamp in one UpdateItem: all or nothing, and one mail at most. It is refused
    /// if anybody changed the entry since it was read.
    pub async fn write(&self, write: &Write, until: Instant) -> Result<Version, Failure> {
        let mut updates = vec![match &write.stamp {
            Some(stamp) => FieldChange::set_extended(item::stamp_property(stamp)),
            None => FieldChange::delete(item::stamp_uri()),
        }];
        if let Some(body) = &write.body {
            let body = match body {
                Body::Html(html) => WireBody::html(html.0.clone()),
                Body::Text(text) => WireBody::text(text.0.clone()),
            };
            let item = ews::CalendarItem { body: Some(body), ..ews::CalendarItem::default() };
            updates.push(FieldChange::set(field::BODY, item));
        }
        if let Some(location) = &write.location {
            let location = Some(location.0.clone());
            let item = ews::CalendarItem { location, ..ews::CalendarItem::default() };
            updates.push(FieldChange::set(field::LOCATION, item));
        }
        let tell = match write.mails {
            Mails::Nobody => Tell::SendToNone,
            Mails::AllAttendees => Tell::SendToAllAndSaveCopy,
        };
        let id = ItemId::new(write.id.0.clone(), write.version.0.clone());
        let request =
            UpdateItem::of_calendar_item(id, updates, ConflictResolution::NeverOverwrite, tell);
        let answer = timeout_at(until, self.call(&request)).await;
        let reply = answer.unwrap_or(Err(world::http::Failure::Deadline.into()))?;
        let id = reply.items.first().and_then(Item::item_id);
        let change_key = id.and_then(|id| id.change_key.clone());
        change_key.map(Version).ok_or(Failure::Incomplete("the new change key"))
    }

    async fn call<O: Operation>(&self, operation: &O) -> Result<O::Reply, Failure> {
        self.connection.call_one(Some(&self.mailbox), operation).await
    }
}

/// Exchange gave up on the rest of a batch: it is to be asked for again.
fn is_stopped<T>(result: &Result<T, ItemError>) -> bool {
    result.as_ref().is_err_and(|error| error.code == ResponseCode::ErrorBatchProcessingStopped)
}

fn calendar() -> FolderRef {
    DistinguishedFolderName::Calendar.into()
}
