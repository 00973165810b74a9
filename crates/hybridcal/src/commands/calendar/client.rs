//! A person's calendar client: what Outlook would do, said in Exchange Web Services.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use connector::config::Secret;
use ews::{
    CalendarItem, ConnectingSid, DateTime, FieldUri, Item, ItemError, ItemId, Mailbox, Operation,
    ReadFailure, RequestHeader, field,
    ids::DistinguishedFolderName,
    items::{
        Attendee, Body, Cancellation, Daily, DayOfWeek, DaysOfWeek, NewItem, Numbered, Recurrence,
        RecurrencePattern, RecurrenceRange, ResponseObject, ResponseType, Weekly,
    },
    operations::{
        CalendarView, ConflictResolution, CreateItem, DeleteItem, DeleteType, FieldChange,
        FindItem, GetItem, SendMeetingInvitations, SendMeetingInvitationsOrCancellations as Tell,
        UpdateItem,
    },
    shapes::ItemShape,
    time_zone::TimeZoneDefinition,
};
use jiff::{SignedDuration, Timestamp, civil::Weekday};
use url::Url;
use world::{
    World,
    http::{self, Request},
};

use super::zone::Zone;

const DEADLINE: Duration = Duration::from_secs(60);
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most a window can show; Exchange's own bound.
const ROWS_MAX: i32 = 1000;

/// Cheap to clone. No `Debug`: it holds a password.
#[derive(Clone)]
pub struct CalendarClient {
    world: World,
    url: Url,
    authorization: Secret,
    acting_for: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ClientFailure {
    #[error("the Exchange URL must be https; plain http is for loopback addresses only")]
    NotSafe,
    #[error("Exchange cannot be reached")]
    Http(#[from] http::Failure),
    #[error("Exchange refuses this user name or password")]
    PasswordRefused,
    #[error("what answered with HTTP status {status} is not Exchange Web Services")]
    NotEws { status: u16 },
    #[error("Exchange refused: {}", .0.code.as_str())]
    Refused(#[from] ItemError),
    #[error(transparent)]
    Answer(#[from] ReadFailure),
    #[error("Exchange's answer lacks {0}")]
    Incomplete(&'static str),
    #[error(
        "a series needs a time zone that Exchange knows: name it by its Windows name, such as --time-zone \"W. Europe Standard Time\""
    )]
    Zone,
    #[error("that time is out of range")]
    Range,
}

/// A meeting to be. Without people and rooms it is an appointment.
pub struct NewMeeting {
    pub subject: String,
    pub start: Timestamp,
    pub duration: SignedDuration,
    /// Series keep their hour in it.
    pub zone: Zone,
    pub location: Option<String>,
    pub body: Option<Text>,
    pub invited: Vec<String>,
    pub rooms: Vec<String>,
    pub repeats: Option<Repeats>,
}

/// What an invitation says.
pub enum Text {
    Plain(String),
    Html(String),
}

/// A series with an end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    Daily { occurrences: i32 },
    Weekly { occurrences: i32 },
}

/// What to change of a meeting; the rest stays.
#[derive(Default)]
pub struct Change {
    pub subject: Option<String>,
    pub location: Option<String>,
    pub body: Option<Text>,
}

/// A line of the calendar.
pub struct Listed {
    pub id: String,
    pub subject: String,
    pub start: Timestamp,
    pub end: Timestamp,
    pub location: String,
    pub is_cancelled: bool,
    /// Exchange's word, such as `Organizer` or `Accept`.
    pub my_response: Option<String>,
}

/// What has to be known of an entry before it is changed.
struct Known {
    id: ItemId,
    start: Timestamp,
    end: Timestamp,
    has_attendees: bool,
    is_organizer: bool,
}

impl CalendarClient {
    /// Acts as the person who signs in.
    pub fn new(
        world: World,
        url: Url,
        user: &str,
        password: &Secret,
    ) -> Result<Self, ClientFailure> {
        if !world::issuer::is_safe(&url) {
            return Err(ClientFailure::NotSafe);
        }
        let credentials = STANDARD.encode(format!("{user}:{}", password.expose()));
        let authorization = Secret::new(format!("Basic {credentials}"));
        Ok(Self { world, url, authorization, acting_for: None })
    }

    /// Acts as the owner of that mailbox, which takes the right to impersonate.
    #[must_use]
    pub fn acting_for(mut self, mailbox: String) -> Self {
        self.acting_for = Some(mailbox);
        self
    }

    /// Invites everybody named; the new entry's id.
    pub async fn create(&self, meeting: &NewMeeting) -> Result<String, ClientFailure> {
        let is_meeting = !meeting.invited.is_empty() || !meeting.rooms.is_empty();
        let tell = match is_meeting {
            true => SendMeetingInvitations::SendToAllAndSaveCopy,
            false => SendMeetingInvitations::SendToNone,
        };
        let calendar = DistinguishedFolderName::Calendar;
        let request = CreateItem::in_calendar(calendar, wire(meeting)?, tell);
        let created = self.call(&request).await?;
        let id = created.items.first().and_then(Item::item_id);
        id.map(|id| id.id.clone()).ok_or(ClientFailure::Incomplete("the new entry's id"))
    }

    /// What lies between two moments, series expanded, earliest first; a thousand at most.
    pub async fn list(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Listed>, ClientFailure> {
        let view = CalendarView {
            max_entries_returned: Some(ROWS_MAX),
            start_date: from.into(),
            end_date: to.into(),
        };
        let shape = shape([
            field::SUBJECT,
            field::START,
            field::END,
            field::LOCATION,
            field::IS_CANCELLED,
            field::MY_RESPONSE_TYPE,
        ]);
        let request = FindItem::between(DistinguishedFolderName::Calendar, shape, view);
        let found = self.call(&request).await?.root_folder;
        let found = found.ok_or(ClientFailure::Incomplete("the list of entries"))?.items;
        let mut listed: Vec<Listed> =
            found.into_iter().filter_map(Item::into_calendar_item).filter_map(listed).collect();
        listed.sort_by_key(|entry| entry.start);
        Ok(listed)
    }

    /// To another time, and perhaps another length.
    pub async fn reschedule(
        &self,
        id: &str,
        start: Timestamp,
        duration: Option<SignedDuration>,
    ) -> Result<(), ClientFailure> {
        let known = self.known(id).await?;
        let duration = duration.unwrap_or_else(|| known.end.duration_since(known.start));
        let end = start.checked_add(duration).map_err(|_overflow| ClientFailure::Range)?;
        let start = CalendarItem { start: Some(start.into()), ..CalendarItem::default() };
        let end = CalendarItem { end: Some(end.into()), ..CalendarItem::default() };
        let changes =
            vec![FieldChange::set(field::START, start), FieldChange::set(field::END, end)];
        self.update(known, changes).await
    }

    pub async fn change(&self, id: &str, change: &Change) -> Result<(), ClientFailure> {
        let mut changes = Vec::new();
        if let Some(subject) = change.subject.clone() {
            let item = CalendarItem { subject: Some(subject), ..CalendarItem::default() };
            changes.push(FieldChange::set(field::SUBJECT, item));
        }
        if let Some(body) = &change.body {
            let item = CalendarItem { body: Some(body.wire()), ..CalendarItem::default() };
            changes.push(FieldChange::set(field::BODY, item));
        }
        if let Some(location) = change.location.clone() {
            let item = CalendarItem { location: Some(location), ..CalendarItem::default() };
            changes.push(FieldChange::set(field::LOCATION, item));
        }
        self.update(self.known(id).await?, changes).await
    }

    /// Calls the meeting off and tells everybody invited.
    pub async fn cancel(&self, id: &str) -> Result<(), ClientFailure> {
        let known = self.known(id).await?;
        self.respond(NewItem::CancelCalendarItem(Box::new(Cancellation::of(known.id)))).await
    }

    /// Into the deleted items; an organizer's attendees are told.
    pub async fn delete(&self, id: &str) -> Result<(), ClientFailure> {
        let known = self.known(id).await?;
        let tell = match known.is_organizer && known.has_attendees {
            true => SendMeetingInvitations::SendToAllAndSaveCopy,
            false => SendMeetingInvitations::SendToNone,
        };
        let request = DeleteItem {
            delete_type: DeleteType::MoveToDeletedItems,
            send_meeting_cancellations: Some(tell),
            affected_task_occurrences: None,
            suppress_read_receipts: None,
            item_ids: vec![known.id.into()],
        };
        self.call(&request).await.map(|_nothing| ())
    }

    pub async fn accept(&self, id: &str) -> Result<(), ClientFailure> {
        let known = self.known(id).await?;
        self.respond(NewItem::AcceptItem(Box::new(ResponseObject::to(known.id)))).await
    }

    pub async fn decline(&self, id: &str) -> Result<(), ClientFailure> {
        let known = self.known(id).await?;
        self.respond(NewItem::DeclineItem(Box::new(ResponseObject::to(known.id)))).await
    }

    async fn respond(&self, response: NewItem) -> Result<(), ClientFailure> {
        self.call(&CreateItem::respond(response)).await.map(|_copies| ())
    }

    async fn update(&self, known: Known, changes: Vec<FieldChange>) -> Result<(), ClientFailure> {
        let tell = if known.has_attendees { Tell::SendToAllAndSaveCopy } else { Tell::SendToNone };
        let resolution = ConflictResolution::AutoResolve;
        let request = UpdateItem::of_calendar_item(known.id, changes, resolution, tell);
        self.call(&request).await.map(|_updated| ())
    }

    /// The newest version of an entry, as far as changing it needs.
    async fn known(&self, id: &str) -> Result<Known, ClientFailure> {
        let shape = shape([
            field::START,
            field::END,
            field::MY_RESPONSE_TYPE,
            field::REQUIRED_ATTENDEES,
            field::OPTIONAL_ATTENDEES,
            field::RESOURCES,
        ]);
        let id = ItemId { id: id.to_owned(), change_key: None };
        let request = GetItem { item_shape: shape, item_ids: vec![id.into()] };
        let found = self.call(&request).await?.items.into_iter().next();
        let item = found.and_then(Item::into_calendar_item);
        let item = item.ok_or(ClientFailure::Incomplete("the entry"))?;
        let people = [&item.required_attendees, &item.optional_attendees, &item.resources];
        Ok(Known {
            has_attendees: people.iter().any(|list| !list.is_empty()),
            is_organizer: item.my_response_type == Some(ResponseType::Organizer),
            start: item
                .start
                .and_then(DateTime::utc)
                .ok_or(ClientFailure::Incomplete("a start"))?,
            end: item.end.and_then(DateTime::utc).ok_or(ClientFailure::Incomplete("an end"))?,
            id: item.item_id.ok_or(ClientFailure::Incomplete("the entry's id"))?,
        })
    }

    async fn call<O: Operation>(&self, operation: &O) -> Result<O::Reply, ClientFailure> {
        let header = match &self.acting_for {
            Some(address) => {
                RequestHeader::impersonating(ConnectingSid::SmtpAddress(address.clone()))
            }
            None => RequestHeader::ours(),
        };
        let mut request = Request::post(&self.url, operation.write_request(&header))
            .header("content-type", "text/xml; charset=utf-8")
            .header("authorization", self.authorization.expose())
            .deadline(DEADLINE)
            .answer_bytes_max(ANSWER_BYTES_MAX);
        if let Some(address) = &self.acting_for {
            request = request.header("x-anchormailbox", address);
        }
        let answer = self.world.http.send(request).await?;
        match answer.status.as_u16() {
            200 | 500 => {}
            401 => return Err(ClientFailure::PasswordRefused),
            status => return Err(ClientFailure::NotEws { status }),
        }
        let only = O::read_answer(&answer.body)?.into_only();
        Ok(only.ok_or(ClientFailure::Incomplete("a response message"))??)
    }
}

impl Text {
    fn wire(&self) -> Body {
        match self {
            Self::Plain(text) => Body::text(text.clone()),
            Self::Html(html) => Body::html(html.clone()),
        }
    }
}

fn shape<const N: usize>(fields: [FieldUri; N]) -> ItemShape {
    fields.into_iter().fold(ItemShape::id_only(), ItemShape::with)
}

fn listed(item: CalendarItem) -> Option<Listed> {
    Some(Listed {
        id: item.item_id?.id,
        subject: item.subject.unwrap_or_default(),
        start: item.start?.utc()?,
        end: item.end?.utc()?,
        location: item.location.unwrap_or_default(),
        is_cancelled: item.is_cancelled.unwrap_or(false),
        my_response: item.my_response_type.map(|response| response.as_str().to_owned()),
    })
}

fn wire(meeting: &NewMeeting) -> Result<CalendarItem, ClientFailure> {
    let end = meeting.start.checked_add(meeting.duration);
    let end = end.map_err(|_overflow| ClientFailure::Range)?;
    if meeting.repeats.is_some() && meeting.zone.windows_id.is_none() {
        return Err(ClientFailure::Zone);
    }
    let people = |addresses: &[String]| {
        addresses.iter().map(|address| Attendee::new(Mailbox::smtp(address))).collect()
    };
    let zone = meeting.zone.windows_id.as_ref().map(TimeZoneDefinition::with_id);
    Ok(CalendarItem {
        subject: Some(meeting.subject.clone()),
        body: meeting.body.as_ref().map(Text::wire),
        start: Some(meeting.start.into()),
        end: Some(end.into()),
        location: meeting.location.clone(),
        required_attendees: people(&meeting.invited),
        resources: people(&meeting.rooms),
        recurrence: meeting.repeats.map(|repeats| recurrence(repeats, meeting)),
        start_time_zone: zone.clone(),
        end_time_zone: zone,
        ..CalendarItem::default()
    })
}

fn recurrence(repeats: Repeats, meeting: &NewMeeting) -> Recurrence {
    let first = meeting.start.to_zoned(meeting.zone.rules.clone()).date();
    let (pattern, occurrences) = match repeats {
        Repeats::Daily { occurrences } => {
            (RecurrencePattern::Daily(Daily { interval: 1 }), occurrences)
        }
        Repeats::Weekly { occurrences } => {
            let days_of_week = DaysOfWeek(vec![day(first.weekday())]);
            let weekly = Weekly { interval: 1, days_of_week, first_day_of_week: None };
            (RecurrencePattern::Weekly(weekly), occurrences)
        }
    };
    let range = Numbered { start_date: first, number_of_occurrences: occurrences };
    Recurrence { pattern, range: RecurrenceRange::Numbered(range) }
}

fn day(weekday: Weekday) -> DayOfWeek {
    match weekday {
        Weekday::Monday => DayOfWeek::Monday,
        Weekday::Tuesday => DayOfWeek::Tuesday,
        Weekday::Wednesday => DayOfWeek::Wednesday,
        Weekday::Thursday => DayOfWeek::Thursday,
        Weekday::Friday => DayOfWeek::Friday,
        Weekday::Saturday => DayOfWeek::Saturday,
        Weekday::Sunday => DayOfWeek::Sunday,
    }
}
