//! What somebody does with a calendar of their own: invite, call off, answer, and ask who is free.

pub mod amend;

use ews::{
    CalendarItem, ExtendedFieldUri, Item, ItemError, ItemId, Mailbox, ResponseCode,
    ResponseMessage,
    fields::PropertyType,
    free_busy::{
        CalendarEvent, FreeBusyView, FreeBusyViewOptions, FreeBusyViewType, MailboxData,
        SerializableTimeZone, SerializableTimeZoneTime,
    },
    ids::DistinguishedFolderName,
    items::{
        Attendee, Body as WireBody, Cancellation, DayOfWeek, ExtendedProperty, LegacyFreeBusy,
        NewItem, ResponseObject,
    },
    operations::{
        BasePoint, CreateItem, FindItem, FreeBusyReply, GetRoomLists, GetRooms,
        GetUserAvailability, IndexedPageView, ResolveNames, SendMeetingInvitations,
    },
    out_of_office::Duration as Times,
    restriction::Restriction,
    shapes::{BaseShape, ItemShape},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use protocol::ids::MailboxAddress;
use uuid::Uuid;

use super::{Connection, Failure, item};
use crate::{meeting::Plain, news::SourceId};

/// Exchange's own bound for people in one question.
pub const PEOPLE_MAX: usize = 100;
/// The longest time one question may be about; longer ones are asked in parts.
pub const SPAN_MAX: SignedDuration = SignedDuration::from_hours(42 * 24);
/// The longest time that can be asked about here.
pub const TIME_MAX: SignedDuration = SignedDuration::from_hours(62 * 24);
/// Length of what one digit of a merged answer stands for.
const INTERVAL_MINUTES: i32 = 15;
/// A second property of ours, so that the stamp stays what it is.
const KEY_NAME: &str = "HybridCalendarKey";

/// Acts for the owner of one mailbox.
pub struct Scheduler {
    connection: Connection,
    mailbox: MailboxAddress,
}

/// A meeting to be held; its organizer is the owner of the mailbox.
pub struct NewMeeting {
    /// Drawn once for one wish: repeating the wish makes no second meeting.
    pub key: Uuid,
    pub subject: Plain,
    pub location: Plain,
    pub text: Plain,
    pub start: Timestamp,
    pub end: Timestamp,
    pub required: Vec<MailboxAddress>,
    pub optional: Vec<MailboxAddress>,
    pub rooms: Vec<MailboxAddress>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Accept,
    Tentative,
    Decline,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupied {
    Tentative,
    Busy,
    OutOfOffice,
    WorkingElsewhere,
    NoData,
}

/// Some time that is not free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: Timestamp,
    pub end: Timestamp,
    pub occupied: Occupied,
}

/// One person's time. Who cannot be asked about is unknown, never free.
pub struct Availability {
    pub mailbox: MailboxAddress,
    pub spans: Result<Vec<Span>, Failure>,
}

/// A room, or a person that was found by name.
pub struct Found {
    pub name: Plain,
    pub address: MailboxAddress,
}

impl Scheduler {
    pub fn new(connection: Connection, mailbox: MailboxAddress) -> Self {
        Self { connection, mailbox }
    }

    /// Invites everybody. If the answer to an earlier try was lost, what it made is found by its
    /// key: ask with [`Self::made`] before trying again.
    pub async fn create(&self, meeting: &NewMeeting) -> Result<SourceId, Failure> {
        let is_alone =
            meeting.required.is_empty() && meeting.optional.is_empty() && meeting.rooms.is_empty();
        let tell = match is_alone {
            true => SendMeetingInvitations::SendToNone,
            false => SendMeetingInvitations::SendToAllAndSaveCopy,
        };
        let calendar = DistinguishedFolderName::Calendar;
        let request = CreateItem::in_calendar(calendar, wire(meeting), tell);
        match self.connection.call_one(Some(&self.mailbox), &request).await {
            Ok(created) => {
                let id = created.items.first().and_then(Item::item_id);
                id.map(|id| SourceId(id.id.clone()))
                    .ok_or(Failure::Incomplete("the new entry's id"))
            }
            // Whether it was made is unknown; only looking tells.
            Err(failure @ (Failure::Http(_) | Failure::Malformed(_) | Failure::NotEws { .. })) => {
                self.made(meeting.key).await?.ok_or(failure)
            }
            Err(failure) => Err(failure),
        }
    }

    /// What was made for this wish, if anything was.
    pub async fn made(&self, key: Uuid) -> Result<Option<SourceId>, Failure> {
        self.find_made(DistinguishedFolderName::Calendar, key).await
    }

    async fn find_made(
        &self,
        folder: DistinguishedFolderName,
        key: Uuid,
    ) -> Result<Option<SourceId>, Failure> {
        let is_it = Restriction::is_equal_to(key_uri(), key.to_string());
        let shape = ItemShape::of(BaseShape::IdOnly);
        let page = IndexedPageView {
            max_entries_returned: Some(1),
            offset: 0,
            base_point: BasePoint::Beginning,
        };
        let request = FindItem::matching(folder, shape, page, Some(is_it));
        let reply = self.connection.call_one(Some(&self.mailbox), &request).await?;
        let root = reply.root_folder.ok_or(Failure::Incomplete("a root folder"))?;
        Ok(root.items.first().and_then(Item::item_id).map(|id| SourceId(id.id.clone())))
    }

    /// Calls a meeting off and tells everybody invited.
    pub async fn cancel(&self, meeting: &SourceId, version: &str) -> Result<(), Failure> {
        let cancellation = Cancellation::of(ItemId::new(meeting.0.clone(), version.to_owned()));
        self.send(NewItem::CancelCalendarItem(Box::new(cancellation))).await
    }

    /// Answers an invitation; its organizer is told.
    pub async fn respond(
        &self,
        meeting: &SourceId,
        version: &str,
        answer: Answer,
    ) -> Result<(), Failure> {
        let id = ItemId::new(meeting.0.clone(), version.to_owned());
        let response = Box::new(ResponseObject::to(id));
        self.send(match answer {
            Answer::Accept => NewItem::AcceptItem(response),
            Answer::Tentative => NewItem::TentativelyAcceptItem(response),
            Answer::Decline => NewItem::DeclineItem(response),
        })
        .await
    }

    async fn send(&self, response: NewItem) -> Result<(), Failure> {
        let request = CreateItem::respond(response);
        self.connection.call_one(Some(&self.mailbox), &request).await.map(|_copies| ())
    }

    /// One answer per person, in order; at most [`TIME_MAX`] from the start.
    pub async fn availability(
        &self,
        people: &[MailboxAddress],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Availability>, Failure> {
        let to = to.min(from.checked_add(TIME_MAX).unwrap_or(to));
        let mut answers: Vec<Availability> = people
            .iter()
            .map(|mailbox| Availability { mailbox: mailbox.clone(), spans: Ok(Vec::new()) })
            .collect();
        for (from, to) in parts(from, to) {
            for group in answers.chunks_mut(PEOPLE_MAX) {
                self.part(group, from, to).await?;
            }
        }
        Ok(answers)
    }

    async fn part(
        &self,
        group: &mut [Availability],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), Failure> {
        let mailboxes = group.iter().map(|one| MailboxData::required(one.mailbox.as_str()));
        let request = GetUserAvailability {
            time_zone: Some(utc()),
            mailboxes: mailboxes.collect(),
            free_busy_view_options: Some(FreeBusyViewOptions {
                time_window: Times { start_time: from.into(), end_time: to.into() },
                merged_free_busy_interval_in_minutes: Some(INTERVAL_MINUTES),
                // Times are enough: subjects of others are not asked for.
                requested_view: Some(FreeBusyViewType::FreeBusyMerged),
            }),
            suggestions_view_options: None,
        };
        let reply = self.connection.call_one(Some(&self.mailbox), &request).await?;
        if reply.free_busy.len() != group.len() {
            return Err(Failure::Incomplete("an answer for each mailbox"));
        }
        for (one, answer) in group.iter_mut().zip(reply.free_busy) {
            match (&mut one.spans, result(answer.0).and_then(|view| spans(&view, from))) {
                (Ok(spans), Ok(more)) => spans.extend(more),
                (Ok(_), Err(failure)) => one.spans = Err(failure),
                (Err(_), _) => {}
            }
        }
        Ok(())
    }

    /// Every room of every list.
    pub async fn rooms(&self) -> Result<Vec<Found>, Failure> {
        let lists = self.connection.call_one(Some(&self.mailbox), &GetRoomLists {}).await?;
        let mut rooms = Vec::new();
        for room_list in lists.room_lists {
            let request = GetRooms { room_list };
            let reply = self.connection.call_one(Some(&self.mailbox), &request).await?;
            rooms.extend(reply.rooms.iter().filter_map(|room| found(&room.id)));
        }
        rooms.sort_by(|a, b| a.address.cmp(&b.address));
        rooms.dedup_by(|a, b| a.address == b.address);
        Ok(rooms)
    }

    /// People and rooms whose name or address begins so.
    pub async fn names(&self, beginning: &str) -> Result<Vec<Found>, Failure> {
        let request = ResolveNames {
            return_full_contact_data: false,
            search_scope: Some("ActiveDirectory".to_owned()),
            contact_data_shape: None,
            parent_folder_ids: Vec::new(),
            unresolved_entry: beginning.to_owned(),
        };
        let reply = match self.connection.call_one(Some(&self.mailbox), &request).await {
            Ok(reply) => reply,
            Err(failure) if failure.code() == Some(&ResponseCode::ErrorNameResolutionNoResults) => {
                return Ok(Vec::new());
            }
            Err(failure) => return Err(failure),
        };
        let resolutions = reply.resolution_set.map(|set| set.resolutions).unwrap_or_default();
        Ok(resolutions.iter().filter_map(|resolution| found(&resolution.mailbox)).collect())
    }
}

fn key_uri() -> ExtendedFieldUri {
    ExtendedFieldUri::named(item::STAMP.0, KEY_NAME, PropertyType::String)
}

fn wire_attendees(addresses: &[MailboxAddress]) -> Vec<Attendee> {
    addresses.iter().map(|address| Attendee::new(Mailbox::smtp(address.as_str()))).collect()
}

fn wire(meeting: &NewMeeting) -> CalendarItem {
    CalendarItem {
        subject: Some(meeting.subject.0.clone()),
        body: Some(WireBody::text(meeting.text.0.clone())),
        location: Some(meeting.location.0.clone()),
        start: Some(meeting.start.into()),
        end: Some(meeting.end.into()),
        required_attendees: wire_attendees(&meeting.required),
        optional_attendees: wire_attendees(&meeting.optional),
        resources: wire_attendees(&meeting.rooms),
        extended_properties: vec![ExtendedProperty::new(key_uri(), meeting.key.to_string())],
        ..CalendarItem::default()
    }
}

fn parts(from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let mut parts = Vec::new();
    let mut start = from;
    while start < to {
        let end = start.checked_add(SPAN_MAX).unwrap_or(to).min(to);
        parts.push((start, end));
        start = end;
    }
    parts
}

fn result(message: ResponseMessage<FreeBusyReply>) -> Result<FreeBusyView, Failure> {
    let reply = match message {
        ResponseMessage::Success(reply) | ResponseMessage::Warning(reply, _) => Ok(reply),
        ResponseMessage::Error(error) => Err(error),
    };
    let reply: FreeBusyReply = reply.map_err(|error: ItemError| Failure::from(error))?;
    reply.view.ok_or(Failure::Incomplete("a view of somebody's time"))
}

/// Events if the rights allow to see them, else what the merged digits say, else nothing is known.
fn spans(view: &FreeBusyView, from: Timestamp) -> Result<Vec<Span>, Failure> {
    match view.free_busy_view_type {
        FreeBusyViewType::FreeBusy
        | FreeBusyViewType::FreeBusyMerged
        | FreeBusyViewType::Detailed
        | FreeBusyViewType::DetailedMerged => {
            Ok(view.calendar_events.iter().filter_map(span).collect())
        }
        FreeBusyViewType::MergedOnly => {
            let digits = view.merged_free_busy.as_deref();
            Ok(merged(digits.ok_or(Failure::Incomplete("somebody's time"))?, from))
        }
        FreeBusyViewType::None | FreeBusyViewType::Other(_) => {
            Err(Failure::Incomplete("the right to see somebody's time"))
        }
    }
}

/// Their times have no zone: they are in the one we asked in, which is UTC.
fn span(event: &CalendarEvent) -> Option<Span> {
    let occupied = match event.busy_type {
        LegacyFreeBusy::Free => return None,
        LegacyFreeBusy::Tentative => Occupied::Tentative,
        LegacyFreeBusy::Busy => Occupied::Busy,
        LegacyFreeBusy::OutOfOffice => Occupied::OutOfOffice,
        LegacyFreeBusy::WorkingElsewhere => Occupied::WorkingElsewhere,
        LegacyFreeBusy::NoData | LegacyFreeBusy::Other(_) => Occupied::NoData,
    };
    let start = event.start_time.to_timestamp(&TimeZone::UTC)?;
    let end = event.end_time.to_timestamp(&TimeZone::UTC)?;
    Some(Span { start, end, occupied })
}

/// One digit per interval; equal neighbours are one span.
fn merged(digits: &str, from: Timestamp) -> Vec<Span> {
    let interval = SignedDuration::from_mins(INTERVAL_MINUTES.into());
    let mut spans: Vec<Span> = Vec::new();
    let mut start = from;
    for digit in digits.chars() {
        let end = start.checked_add(interval).unwrap_or(Timestamp::MAX);
        let occupied = match digit {
            '0' => None,
            '1' => Some(Occupied::Tentative),
            '2' => Some(Occupied::Busy),
            '3' => Some(Occupied::OutOfOffice),
            _ => Some(Occupied::NoData),
        };
        match (occupied, spans.last_mut()) {
            (Some(occupied), Some(last)) if last.end == start && last.occupied == occupied => {
                last.end = end;
            }
            (Some(occupied), _) => spans.push(Span { start, end, occupied }),
            (None, _) => {}
        }
        start = end;
    }
    spans
}

fn found(mailbox: &Mailbox) -> Option<Found> {
    let address = MailboxAddress::new(mailbox.email_address.as_deref()?)?;
    Some(Found { name: Plain(mailbox.name.clone().unwrap_or_default()), address })
}

fn utc() -> SerializableTimeZone {
    let change = |month| SerializableTimeZoneTime {
        bias: 0,
        time: "00:00:00".to_owned(),
        day_order: 1,
        month,
        day_of_week: DayOfWeek::Sunday,
        year: None,
    };
    SerializableTimeZone { bias: 0, standard_time: change(10), daylight_time: change(3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_time_is_asked_in_parts_without_gaps() {
        let from: Timestamp = "2026-11-24T00:00:00Z".parse().expect("a time");
        let to = from.checked_add(TIME_MAX).expect("a time");
        let parts = parts(from, to);
        assert_eq!((parts.len(), parts[0].0, parts[1].1), (2, from, to));
        assert_eq!(parts[0].1, parts[1].0);
        assert!(parts.iter().all(|(from, to)| to.duration_since(*from) <= SPAN_MAX));
        assert!(super::parts(to, from).is_empty());
    }

    #[test]
    fn merged_digits_become_spans_and_what_is_unknown_is_not_free() {
        let from: Timestamp = "2026-11-24T09:00:00Z".parse().expect("a time");
        let at =
            |minutes: i64| from.checked_add(SignedDuration::from_mins(minutes)).expect("a time");
        let span = |start, end, occupied| Span { start: at(start), end: at(end), occupied };
        assert_eq!(
            merged("0022104", from),
            [
                span(30, 60, Occupied::Busy),
                span(60, 75, Occupied::Tentative),
                span(90, 105, Occupied::NoData),
            ]
        );
    }

    #[test]
    fn without_a_right_nothing_is_known() {
        let view = FreeBusyView {
            free_busy_view_type: FreeBusyViewType::None,
            merged_free_busy: None,
            calendar_events: Vec::new(),
            working_hours: None,
        };
        assert!(spans(&view, Timestamp::UNIX_EPOCH).is_err());
    }
}
