//! When people are free: what is asked about them, and what is told.

use crate::{
    DateTime,
    items::{DayOfWeek, DaysOfWeek, LegacyFreeBusy},
    out_of_office::{Duration, EmailAddress},
    xml::{element, one_of, words},
};

element! {
    /// A zone by its rules, as this operation alone writes them; UTC = local time + bias, minutes.
    pub struct SerializableTimeZone {
        "t:Bias" bias: i32,
        "t:StandardTime" standard_time: SerializableTimeZoneTime,
        "t:DaylightTime" daylight_time: SerializableTimeZoneTime,
    }

    /// When this part of the year begins, and by how much it differs from the zone's bias.
    pub struct SerializableTimeZoneTime {
        "t:Bias" bias: i32,
        "t:Time" time: String,
        /// Which such weekday of the month, 5 the last; with a year, the day itself.
        "t:DayOrder" day_order: i32,
        /// 0: never.
        "t:Month" month: i32,
        "t:DayOfWeek" day_of_week: DayOfWeek,
        "t:Year" year: Option<String>,
    }

    pub struct MailboxData {
        "t:Email" email: EmailAddress,
        "t:AttendeeType" attendee_type: MeetingAttendeeType,
        "t:ExcludeConflicts" exclude_conflicts: Option<bool>,
    }

    pub struct FreeBusyViewOptions {
        /// In the request's zone, at most 42 days.
        "t:TimeWindow" time_window: Duration,
        "t:MergedFreeBusyIntervalInMinutes" merged_free_busy_interval_in_minutes: Option<i32>,
        "t:RequestedView" requested_view: Option<FreeBusyViewType>,
    }

    pub struct SuggestionsViewOptions {
        /// Percent of the attendees who can come, from which a time is good.
        "t:GoodThreshold" good_threshold: Option<i32>,
        "t:MaximumResultsByDay" maximum_results_by_day: Option<i32>,
        "t:MaximumNonWorkHourResultsByDay" maximum_non_work_hour_results_by_day: Option<i32>,
        "t:MeetingDurationInMinutes" meeting_duration_in_minutes: Option<i32>,
        "t:MinimumSuggestionQuality" minimum_suggestion_quality: Option<SuggestionQuality>,
        "t:DetailedSuggestionsWindow" detailed_suggestions_window: Duration,
        "t:CurrentMeetingTime" current_meeting_time: Option<DateTime>,
        "t:GlobalObjectId" global_object_id: Option<String>,
    }

    /// As much about one person as the caller may know; the type says how much.
    pub struct FreeBusyView {
        "t:FreeBusyViewType" free_busy_view_type: FreeBusyViewType,
        /// One digit per interval, see [`LegacyFreeBusy::digit`].
        "t:MergedFreeBusy" merged_free_busy: Option<String>,
        "t:CalendarEventArray?/t:CalendarEvent" calendar_events: Vec<CalendarEvent>,
        "t:WorkingHours" working_hours: Option<WorkingHours>,
    }

    /// Times are local to the request's zone.
    pub struct CalendarEvent {
        "t:StartTime" start_time: DateTime,
        "t:EndTime" end_time: DateTime,
        "t:BusyType" busy_type: LegacyFreeBusy,
        "t:CalendarEventDetails" details: Option<CalendarEventDetails>,
    }

    pub struct CalendarEventDetails {
        "t:ID" id: Option<String>,
        "t:Subject" subject: Option<String> = hidden,
        "t:Location" location: Option<String> = hidden,
        "t:IsMeeting" is_meeting: bool,
        "t:IsRecurring" is_recurring: bool,
        "t:IsException" is_exception: bool,
        "t:IsReminderSet" is_reminder_set: bool,
        "t:IsPrivate" is_private: bool,
    }

    pub struct WorkingHours {
        "t:TimeZone" time_zone: SerializableTimeZone,
        "t:WorkingPeriodArray/t:WorkingPeriod" working_periods: Vec<WorkingPeriod>,
    }

    /// Minutes after midnight, in the person's own zone.
    pub struct WorkingPeriod {
        "t:DayOfWeek" day_of_week: DaysOfWeek,
        "t:StartTimeInMinutes" start_time_in_minutes: i32,
        "t:EndTimeInMinutes" end_time_in_minutes: i32,
    }

    pub struct SuggestionDayResult {
        "t:Date" date: DateTime,
        "t:DayQuality" day_quality: SuggestionQuality,
        "t:SuggestionArray?/t:Suggestion" suggestions: Vec<Suggestion>,
    }

    pub struct Suggestion {
        "t:MeetingTime" meeting_time: DateTime,
        "t:IsWorkTime" is_work_time: bool,
        "t:SuggestionQuality" suggestion_quality: SuggestionQuality,
        /// In the order of the attendees.
        "t:AttendeeConflictDataArray?/*" attendee_conflicts: Vec<AttendeeConflictData>,
    }

    pub struct IndividualAttendeeConflictData {
        "t:BusyType" busy_type: LegacyFreeBusy,
    }

    pub struct GroupAttendeeConflictData {
        "t:NumberOfMembers" number_of_members: i32,
        "t:NumberOfMembersAvailable" number_of_members_available: i32,
        "t:NumberOfMembersWithConflict" number_of_members_with_conflict: i32,
        "t:NumberOfMembersWithNoData" number_of_members_with_no_data: i32,
    }
}

one_of! {
    pub enum AttendeeConflictData {
        "t:UnknownAttendeeConflictData" Unknown(()),
        "t:IndividualAttendeeConflictData" Individual(IndividualAttendeeConflictData),
        "t:TooBigGroupAttendeeConflictData" TooBigGroup(()),
        "t:GroupAttendeeConflictData" Group(GroupAttendeeConflictData),
    }
}

words! {
    pub enum MeetingAttendeeType { Organizer, Required, Optional, Room, Resource }

    pub enum FreeBusyViewType { None, MergedOnly, FreeBusy, FreeBusyMerged, Detailed, DetailedMerged }

    pub enum SuggestionQuality { Excellent, Good, Fair, Poor }
}

impl MailboxData {
    pub fn required(address: impl Into<String>) -> Self {
        Self {
            email: EmailAddress::of(address),
            attendee_type: MeetingAttendeeType::Required,
            exclude_conflicts: None,
        }
    }
}

impl LegacyFreeBusy {
    /// How [`FreeBusyView::merged_free_busy`] writes it.
    pub fn digit(&self) -> char {
        match self {
            Self::Free => '0',
            Self::Tentative => '1',
            Self::Busy => '2',
            Self::OutOfOffice => '3',
            Self::WorkingElsewhere | Self::NoData | Self::Other(_) => '4',
        }
    }
}
