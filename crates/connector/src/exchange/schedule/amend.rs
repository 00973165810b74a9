//! Changing and removing a meeting of one's own: once for each order, by a note in the same write.

use ews::{
    CalendarItem, ExtendedFieldUri, FieldUri, Item, ItemId, field,
    fields::PropertyType,
    ids::DistinguishedFolderName,
    items::{Attendee, Body as WireBody, ExtendedProperty, ResponseType},
    operations::{
        ConflictResolution, DeleteItem, DeleteType, FieldChange, GetItem, SendMeetingInvitations,
        SendMeetingInvitationsOrCancellations as Tell, UpdateItem,
    },
    shapes::{BaseShape, ItemShape},
};
use jiff::Timestamp;
use protocol::ids::MailboxAddress;
use uuid::Uuid;

use super::{Failure, Scheduler, item, wire_attendees};
use crate::{meeting::Plain, news::SourceId};

/// A third property of ours: which order changed the entry last.
const NOTE_NAME: &str = "HybridCalendarOrder";

/// What is to be otherwise; the rest stays.
#[derive(Default)]
pub struct Amendment {
    pub subject: Option<Plain>,
    pub location: Option<Plain>,
    pub text: Option<Plain>,
    pub times: Option<(Timestamp, Timestamp)>,
    pub invited: Option<Invited>,
}

/// Everybody who is to be invited then.
pub struct Invited {
    pub required: Vec<MailboxAddress>,
    pub optional: Vec<MailboxAddress>,
    pub rooms: Vec<MailboxAddress>,
}

/// Which order asks for it, and when it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderNote {
    pub key: Uuid,
    pub sent_at_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amended {
    /// Now, or by an earlier try.
    Done,
    /// A later order was carried out already.
    Outdated,
    NotOrganizer,
}

impl Scheduler {
    /// One write, refused by Exchange if somebody changed the entry since it was read.
    pub async fn amend(
        &self,
        meeting: &SourceId,
        amendment: &Amendment,
        note: OrderNote,
    ) -> Result<Amended, Failure> {
        let known = self.known(meeting).await?;
        match known.note {
            Some(last) if last.key == note.key => return Ok(Amended::Done),
            Some(last) if last.sent_at_ms >= note.sent_at_ms => return Ok(Amended::Outdated),
            Some(_) | None => {}
        }
        if !known.is_organizer {
            return Ok(Amended::NotOrganizer);
        }
        let has_new = amendment.invited.as_ref().is_some_and(|invited| !invited.is_empty());
        let tell = match known.has_attendees || has_new {
            true => Tell::SendToAllAndSaveCopy,
            false => Tell::SendToNone,
        };
        let updates = updates(amendment, note);
        let never = ConflictResolution::NeverOverwrite;
        let request = UpdateItem::of_calendar_item(known.id, updates, never, tell);
        self.connection.call_one(Some(&self.mailbox), &request).await?;
        Ok(Amended::Done)
    }

    /// An entry that nobody else was invited to; there is nobody to tell.
    pub async fn remove(&self, meeting: &SourceId, version: &str) -> Result<(), Failure> {
        let request = DeleteItem {
            delete_type: DeleteType::MoveToDeletedItems,
            send_meeting_cancellations: Some(SendMeetingInvitations::SendToNone),
            affected_task_occurrences: None,
            suppress_read_receipts: None,
            item_ids: vec![ItemId::new(meeting.0.clone(), version.to_owned()).into()],
        };
        self.connection.call_one(Some(&self.mailbox), &request).await.map(|_nothing| ())
    }

    /// Whether what was made for this wish lies among the deleted items: then it was removed since.
    pub async fn was_removed(&self, key: Uuid) -> Result<bool, Failure> {
        let found = self.find_made(DistinguishedFolderName::DeletedItems, key).await?;
        Ok(found.is_some())
    }

    async fn known(&self, meeting: &SourceId) -> Result<Known, Failure> {
        let fields = [
            field::MY_RESPONSE_TYPE,
            field::REQUIRED_ATTENDEES,
            field::OPTIONAL_ATTENDEES,
            field::RESOURCES,
            FieldUri::from(note_uri()),
        ];
        let shape = fields.into_iter().fold(ItemShape::of(BaseShape::IdOnly), ItemShape::with);
        let id = ItemId { id: meeting.0.clone(), change_key: None };
        let request = GetItem { item_shape: shape, item_ids: vec![id.into()] };
        let reply = self.connection.call_one(Some(&self.mailbox), &request).await?;
        let item = reply.items.into_iter().find_map(Item::into_calendar_item);
        let item = item.ok_or(Failure::Incomplete("the entry"))?;
        let note = item.extended_property(&note_uri()).and_then(ExtendedProperty::value);
        let people = [&item.required_attendees, &item.optional_attendees, &item.resources];
        Ok(Known {
            note: note.and_then(OrderNote::from_text),
            is_organizer: item.my_response_type == Some(ResponseType::Organizer),
            has_attendees: people.iter().any(|list| !list.is_empty()),
            id: item.item_id.ok_or(Failure::Incomplete("the entry's id"))?,
        })
    }
}

struct Known {
    id: ItemId,
    note: Option<OrderNote>,
    is_organizer: bool,
    has_attendees: bool,
}

impl Invited {
    pub fn is_empty(&self) -> bool {
        self.required.is_empty() && self.optional.is_empty() && self.rooms.is_empty()
    }
}

impl OrderNote {
    fn to_text(self) -> String {
        format!("{};{}", self.sent_at_ms, self.key)
    }

    fn from_text(text: &str) -> Option<Self> {
        let (sent_at_ms, key) = text.split_once(';')?;
        Some(Self { sent_at_ms: sent_at_ms.parse().ok()?, key: Uuid::try_parse(key).ok()? })
    }
}

fn note_uri() -> ExtendedFieldUri {
    ExtendedFieldUri::named(item::STAMP.0, NOTE_NAME, PropertyType::String)
}

fn updates(amendment: &Amendment, note: OrderNote) -> Vec<FieldChange> {
    let Amendment { subject, location, text, times, invited } = amendment;
    let mut updates =
        vec![FieldChange::set_extended(ExtendedProperty::new(note_uri(), note.to_text()))];
    let mut set = |field: FieldUri, item: CalendarItem| updates.push(FieldChange::set(field, item));
    let nothing = CalendarItem::default;
    if let Some(subject) = subject {
        set(field::SUBJECT, CalendarItem { subject: Some(subject.0.clone()), ..nothing() });
    }
    if let Some(text) = text {
        let body = Some(WireBody::text(text.0.clone()));
        set(field::BODY, CalendarItem { body, ..nothing() });
    }
    if let Some((start, end)) = times {
        set(field::START, CalendarItem { start: Some((*start).into()), ..nothing() });
        set(field::END, CalendarItem { end: Some((*end).into()), ..nothing() });
    }
    if let Some(location) = location {
        set(field::LOCATION, CalendarItem { location: Some(location.0.clone()), ..nothing() });
    }
    if let Some(Invited { required, optional, rooms }) = invited {
        people(&mut updates, field::REQUIRED_ATTENDEES, required, |item, list| {
            item.required_attendees = list;
        });
        people(&mut updates, field::OPTIONAL_ATTENDEES, optional, |item, list| {
            item.optional_attendees = list;
        });
        people(&mut updates, field::RESOURCES, rooms, |item, list| item.resources = list);
    }
    updates
}

/// An empty list cannot be set; it is taken away.
fn people(
    updates: &mut Vec<FieldChange>,
    field: FieldUri,
    addresses: &[MailboxAddress],
    put: impl FnOnce(&mut CalendarItem, Vec<Attendee>),
) {
    if addresses.is_empty() {
        updates.push(FieldChange::delete(field));
        return;
    }
    let mut item = CalendarItem::default();
    put(&mut item, wire_attendees(addresses));
    updates.push(FieldChange::set(field, item));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_survives_its_text() {
        let note = OrderNote { key: Uuid::from_u128(7), sent_at_ms: 1_767_225_600_000 };
        assert_eq!(OrderNote::from_text(&note.to_text()), Some(note));
        for odd in ["", ";", "1;x", "x;00000000-0000-0000-0000-000000000007"] {
            assert_eq!(OrderNote::from_text(odd), None, "{odd}");
        }
    }

    #[test]
    fn only_what_is_to_be_otherwise_is_written() {
        let note = OrderNote { key: Uuid::from_u128(7), sent_at_ms: 1 };
        assert_eq!(updates(&Amendment::default(), note).len(), 1);
        let nobody = Invited { required: Vec::new(), optional: Vec::new(), rooms: Vec::new() };
        let amendment = Amendment {
            location: Some(Plain("Blue".into())),
            invited: Some(nobody),
            ..Amendment::default()
        };
        let updates = updates(&amendment, note);
        let deleted = updates.iter().filter(|one| matches!(one, FieldChange::Delete(_))).count();
        assert_eq!((updates.len(), deleted), (5, 3));
    }
}
