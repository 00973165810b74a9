//! Items: what a folder holds, and what a request puts there.

mod body;
mod calendar_item;
mod extended_property;
mod message;
mod recurrence;
mod response_object;

use crate::xml::one_of;

pub use self::{
    body::{Body, BodyType, MimeContent},
    calendar_item::{
        Attendee, CalendarItem, CalendarItemType, DeletedOccurrence, Importance, LegacyFreeBusy,
        Occurrence, ResponseType, Sensitivity,
    },
    extended_property::{ExtendedProperty, PropertyValues, ValueList},
    message::{MeetingRequestType, Message},
    recurrence::{
        AbsoluteMonthly, AbsoluteYearly, Daily, DayOfWeek, DayOfWeekIndex, DaysOfWeek, EndDate,
        Month, NoEnd, Numbered, Recurrence, RecurrencePattern, RecurrenceRange, RelativeMonthly,
        RelativeYearly, Weekly,
    },
    response_object::{Cancellation, ResponseObject},
};

one_of! {
    /// An item as answers and updates carry it.
    pub enum Item {
        "t:CalendarItem" CalendarItem(Box<CalendarItem>),
        "t:Message" Message(Box<Message>),
        "t:MeetingMessage" MeetingMessage(Box<Message>),
        "t:MeetingRequest" MeetingRequest(Box<Message>),
        "t:MeetingResponse" MeetingResponse(Box<Message>),
        "t:MeetingCancellation" MeetingCancellation(Box<Message>),
        /// An item of no particular class; some clients wrap every update in it.
        "t:Item" Item(Box<CalendarItem>),
        other "t:",
    }

    /// An item as CreateItem carries it, responses to meetings included.
    pub enum NewItem {
        "t:CalendarItem" CalendarItem(Box<CalendarItem>),
        "t:Message" Message(Box<Message>),
        "t:Item" Item(Box<CalendarItem>),
        "t:AcceptItem" AcceptItem(Box<ResponseObject>),
        "t:TentativelyAcceptItem" TentativelyAcceptItem(Box<ResponseObject>),
        "t:DeclineItem" DeclineItem(Box<ResponseObject>),
        "t:CancelCalendarItem" CancelCalendarItem(Box<Cancellation>),
        other "t:",
    }
}

impl Item {
    /// The entry of a calendar, if it is one.
    pub fn calendar_item(&self) -> Option<&CalendarItem> {
        match self {
            Self::CalendarItem(item) | Self::Item(item) => Some(item),
            Self::Message(_)
            | Self::MeetingMessage(_)
            | Self::MeetingRequest(_)
            | Self::MeetingResponse(_)
            | Self::MeetingCancellation(_)
            | Self::Other(_) => None,
        }
    }

    pub fn into_calendar_item(self) -> Option<CalendarItem> {
        match self {
            Self::CalendarItem(item) | Self::Item(item) => Some(*item),
            Self::Message(_)
            | Self::MeetingMessage(_)
            | Self::MeetingRequest(_)
            | Self::MeetingResponse(_)
            | Self::MeetingCancellation(_)
            | Self::Other(_) => None,
        }
    }

    pub fn item_id(&self) -> Option<&crate::ItemId> {
        match self {
            Self::CalendarItem(item) | Self::Item(item) => item.item_id.as_ref(),
            Self::Message(message)
            | Self::MeetingMessage(message)
            | Self::MeetingRequest(message)
            | Self::MeetingResponse(message)
            | Self::MeetingCancellation(message) => message.item_id.as_ref(),
            Self::Other(_) => None,
        }
    }
}

impl From<CalendarItem> for Item {
    fn from(item: CalendarItem) -> Self {
        Self::CalendarItem(Box::new(item))
    }
}

impl From<CalendarItem> for NewItem {
    fn from(item: CalendarItem) -> Self {
        Self::CalendarItem(Box::new(item))
    }
}
