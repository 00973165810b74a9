//! An entry of a calendar: appointment, meeting, master, occurrence or exception.

use super::{Body, ExtendedProperty, MimeContent, Recurrence};
use crate::{
    DateTime, ExtendedFieldUri, FolderId, ItemId, Mailbox,
    time_zone::TimeZoneDefinition,
    xml::{Oddities, element, words},
};

element! {
    /// Every field is optional, since the shape of a request decides what an answer carries.
    #[derive(Default)]
    pub struct CalendarItem {
        "t:MimeContent" mime_content: Option<MimeContent>,
        "t:ItemId" item_id: Option<ItemId>,
        "t:ParentFolderId" parent_folder_id: Option<FolderId>,
        "t:ItemClass" item_class: Option<String>,
        "t:Subject" subject: Option<String> = hidden,
        "t:Sensitivity" sensitivity: Option<Sensitivity>,
        /// The first one: Exchange 2010 sometimes writes two.
        "t:Body" body: Option<Body>,
        "t:DateTimeReceived" date_time_received: Option<DateTime>,
        "t:Size" size: Option<i32>,
        "t:Categories?/t:String" categories: Vec<String> = hidden,
        "t:Importance" importance: Option<Importance>,
        "t:IsDraft" is_draft: Option<bool>,
        "t:DateTimeSent" date_time_sent: Option<DateTime>,
        "t:DateTimeCreated" date_time_created: Option<DateTime>,
        "t:ReminderDueBy" reminder_due_by: Option<DateTime>,
        "t:ReminderIsSet" reminder_is_set: Option<bool>,
        "t:ReminderMinutesBeforeStart" reminder_minutes_before_start: Option<i32>,
        "t:DisplayCc" display_cc: Option<String> = hidden,
        "t:DisplayTo" display_to: Option<String> = hidden,
        "t:HasAttachments" has_attachments: Option<bool>,
        "t:ExtendedProperty" extended_properties: Vec<ExtendedProperty>,
        "t:Culture" culture: Option<String>,
        "t:LastModifiedName" last_modified_name: Option<String> = hidden,
        "t:LastModifiedTime" last_modified_time: Option<DateTime>,
        "t:UniqueBody" unique_body: Option<Body>,
        "t:TextBody" text_body: Option<Body>,
        "t:UID" uid: Option<String>,
        "t:RecurrenceId" recurrence_id: Option<DateTime>,
        "t:DateTimeStamp" date_time_stamp: Option<DateTime>,
        "t:Start" start: Option<DateTime>,
        "t:End" end: Option<DateTime>,
        "t:OriginalStart" original_start: Option<DateTime>,
        "t:IsAllDayEvent" is_all_day_event: Option<bool>,
        "t:LegacyFreeBusyStatus" legacy_free_busy_status: Option<LegacyFreeBusy>,
        "t:Location" location: Option<String> = hidden,
        "t:When" when: Option<String> = hidden,
        "t:IsMeeting" is_meeting: Option<bool>,
        "t:IsCancelled" is_cancelled: Option<bool>,
        /// True on masters and on occurrences: only `calendar_item_type` tells them apart.
        "t:IsRecurring" is_recurring: Option<bool>,
        "t:MeetingRequestWasSent" meeting_request_was_sent: Option<bool>,
        "t:IsResponseRequested" is_response_requested: Option<bool>,
        "t:CalendarItemType" calendar_item_type: Option<CalendarItemType>,
        "t:MyResponseType" my_response_type: Option<ResponseType>,
        "t:Organizer/t:Mailbox" organizer: Option<Mailbox>,
        "t:RequiredAttendees?/t:Attendee" required_attendees: Vec<Attendee>,
        "t:OptionalAttendees?/t:Attendee" optional_attendees: Vec<Attendee>,
        "t:Resources?/t:Attendee" resources: Vec<Attendee>,
        "t:Duration" duration: Option<String>,
        "t:TimeZone" time_zone: Option<String>,
        "t:AppointmentReplyTime" appointment_reply_time: Option<DateTime>,
        "t:AppointmentSequenceNumber" appointment_sequence_number: Option<i32>,
        "t:AppointmentState" appointment_state: Option<i32>,
        "t:Recurrence" recurrence: Option<Recurrence>,
        "t:FirstOccurrence" first_occurrence: Option<Occurrence>,
        "t:LastOccurrence" last_occurrence: Option<Occurrence>,
        "t:ModifiedOccurrences?/t:Occurrence" modified_occurrences: Vec<Occurrence>,
        "t:DeletedOccurrences?/t:DeletedOccurrence" deleted_occurrences: Vec<DeletedOccurrence>,
        "t:StartTimeZone" start_time_zone: Option<TimeZoneDefinition>,
        "t:EndTimeZone" end_time_zone: Option<TimeZoneDefinition>,
        "t:ConferenceType" conference_type: Option<i32>,
        "t:AllowNewTimeProposal" allow_new_time_proposal: Option<bool>,
        "t:IsOnlineMeeting" is_online_meeting: Option<bool>,
        "t:JoinOnlineMeetingUrl" join_online_meeting_url: Option<String> = hidden,
        "t:IsOrganizer" is_organizer: Option<bool>,
        /// Values that were there but unreadable.
        "oddities" oddities: Oddities,
    }

    pub struct Attendee {
        "t:Mailbox" mailbox: Mailbox,
        "t:ResponseType" response_type: Option<ResponseType>,
        "t:LastResponseTime" last_response_time: Option<DateTime>,
    }

    /// An occurrence as its master lists it.
    pub struct Occurrence {
        "t:ItemId" item_id: ItemId,
        "t:Start" start: DateTime,
        "t:End" end: DateTime,
        "t:OriginalStart" original_start: DateTime,
    }

    pub struct DeletedOccurrence {
        "t:Start" start: DateTime,
    }
}

words! {
    pub enum CalendarItemType { Single, Occurrence, Exception, RecurringMaster }

    pub enum ResponseType { Unknown, Organizer, Tentative, Accept, Decline, NoResponseReceived }

    pub enum LegacyFreeBusy { Free, Tentative, Busy, OutOfOffice = "OOF", WorkingElsewhere, NoData }

    pub enum Sensitivity { Normal, Personal, Private, Confidential }

    pub enum Importance { Low, Normal, High }
}

impl CalendarItem {
    /// The extended property that `uri` names, however the server wrote it.
    pub fn extended_property(&self, uri: &ExtendedFieldUri) -> Option<&ExtendedProperty> {
        self.extended_properties.iter().find(|property| property.uri.is_same(uri))
    }

    /// The meeting's identity in every participant's mailbox, in base64.
    pub fn clean_global_object_id(&self) -> Option<&str> {
        self.extended_property(&ExtendedFieldUri::clean_global_object_id())?.value()
    }
}

impl Attendee {
    pub fn new(mailbox: Mailbox) -> Self {
        Self { mailbox, response_type: None, last_response_time: None }
    }
}
