//! Messages in an inbox: light, just enough to hold meeting requests, answers and cancellations.

use super::{
    Attendee, Body, CalendarItemType, ExtendedProperty, LegacyFreeBusy, MimeContent, Recurrence,
    ResponseType, Sensitivity,
};
use crate::{
    DateTime, FolderId, ItemId, Mailbox,
    time_zone::TimeZoneDefinition,
    xml::{Oddities, element, words},
};

element! {
    /// A message of any of the meeting classes; a plain message leaves the meeting's fields empty.
    #[derive(Default)]
    pub struct Message {
        "t:MimeContent" mime_content: Option<MimeContent>,
        "t:ItemId" item_id: Option<ItemId>,
        "t:ParentFolderId" parent_folder_id: Option<FolderId>,
        "t:ItemClass" item_class: Option<String>,
        "t:Subject" subject: Option<String> = hidden,
        "t:Sensitivity" sensitivity: Option<Sensitivity>,
        "t:Body" body: Option<Body>,
        "t:DateTimeReceived" date_time_received: Option<DateTime>,
        "t:DateTimeSent" date_time_sent: Option<DateTime>,
        "t:DateTimeCreated" date_time_created: Option<DateTime>,
        "t:HasAttachments" has_attachments: Option<bool>,
        "t:ExtendedProperty" extended_properties: Vec<ExtendedProperty>,
        "t:LastModifiedTime" last_modified_time: Option<DateTime>,
        "t:Sender/t:Mailbox" sender: Option<Mailbox>,
        "t:ToRecipients?/t:Mailbox" to_recipients: Vec<Mailbox>,
        "t:CcRecipients?/t:Mailbox" cc_recipients: Vec<Mailbox>,
        "t:From/t:Mailbox" from: Option<Mailbox>,
        "t:IsRead" is_read: Option<bool>,
        "t:IsResponseRequested" is_response_requested: Option<bool>,
        "t:AssociatedCalendarItemId" associated_calendar_item_id: Option<ItemId>,
        "t:IsDelegated" is_delegated: Option<bool>,
        "t:IsOutOfDate" is_out_of_date: Option<bool>,
        "t:HasBeenProcessed" has_been_processed: Option<bool>,
        "t:ResponseType" response_type: Option<ResponseType>,
        "t:UID" uid: Option<String>,
        "t:RecurrenceId" recurrence_id: Option<DateTime>,
        "t:DateTimeStamp" date_time_stamp: Option<DateTime>,
        "t:MeetingRequestType" meeting_request_type: Option<MeetingRequestType>,
        "t:IntendedFreeBusyStatus" intended_free_busy_status: Option<LegacyFreeBusy>,
        "t:Start" start: Option<DateTime>,
        "t:End" end: Option<DateTime>,
        "t:IsAllDayEvent" is_all_day_event: Option<bool>,
        "t:Location" location: Option<String> = hidden,
        "t:IsMeeting" is_meeting: Option<bool>,
        "t:IsCancelled" is_cancelled: Option<bool>,
        "t:IsRecurring" is_recurring: Option<bool>,
        "t:CalendarItemType" calendar_item_type: Option<CalendarItemType>,
        "t:MyResponseType" my_response_type: Option<ResponseType>,
        "t:Organizer/t:Mailbox" organizer: Option<Mailbox>,
        "t:RequiredAttendees?/t:Attendee" required_attendees: Vec<Attendee>,
        "t:OptionalAttendees?/t:Attendee" optional_attendees: Vec<Attendee>,
        "t:Resources?/t:Attendee" resources: Vec<Attendee>,
        "t:AppointmentSequenceNumber" appointment_sequence_number: Option<i32>,
        "t:Recurrence" recurrence: Option<Recurrence>,
        "t:StartTimeZone" start_time_zone: Option<TimeZoneDefinition>,
        "t:EndTimeZone" end_time_zone: Option<TimeZoneDefinition>,
        "oddities" oddities: Oddities,
    }
}

words! {
    pub enum MeetingRequestType {
        None, FullUpdate, InformationalUpdate, NewMeetingRequest, Outdated, SilentUpdate,
        PrincipalWantsCopy,
    }
}
