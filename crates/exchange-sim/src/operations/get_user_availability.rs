//! GetUserAvailability: as much about each person's time as the caller may know.

use ews::{
    DateTime, Fault, ResponseCode,
    free_busy::{
        CalendarEvent, CalendarEventDetails, FreeBusyView, FreeBusyViewOptions, FreeBusyViewType,
        MailboxData, SuggestionQuality, SuggestionsViewOptions, WorkingHours, WorkingPeriod,
    },
    items::{DayOfWeek, DaysOfWeek},
    operations::{FreeBusyReply, GetUserAvailability, GetUserAvailabilityReply, SuggestionsReply},
    out_of_office::Duration,
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    auth::Caller,
    failure::{Outcome, refuse},
    free_busy::{
        Busy, busy_times, merged,
        suggestions::{Candidate, WORK_BEGINS, WORK_ENDS, Wanted, suggest},
    },
    ids::GlobalId,
    mailbox::{Mailbox, Store, key},
    policies::FreeBusyAccess,
    zone::{self, rules},
};

/// What Exchange allows in one request.
const MAILBOXES_MAX: usize = 100;
const WINDOW_MAX: SignedDuration = SignedDuration::from_hours(42 * 24);
const INTERVAL_MINUTES: std::ops::RangeInclusive<i32> = 5..=1440;
/// What holds where the request says nothing.
const INTERVAL_MINUTES_DEFAULT: i32 = 30;
const GOOD_PERCENT_DEFAULT: i32 = 25;
const SUGGESTIONS_DEFAULT: i32 = 10;
const MEETING_MINUTES_DEFAULT: i32 = 60;

type Refused<T> = Result<T, ResponseCode>;

/// Mailboxes fail one by one; everything else refuses the request.
pub(super) fn answer(
    store: &Store,
    caller: &Caller,
    request: &GetUserAvailability,
) -> Result<GetUserAvailabilityReply, Box<Fault>> {
    reply(store, caller, request)
        .map_err(|code| Box::new(Fault::new(code, "The availability of people cannot be told.")))
}

fn reply(
    store: &Store,
    caller: &Caller,
    request: &GetUserAvailability,
) -> Refused<GetUserAvailabilityReply> {
    let people = &request.mailboxes;
    match people.len() {
        0 => return Err(ResponseCode::ErrorMailboxDataArrayEmpty),
        count if count > MAILBOXES_MAX => return Err(ResponseCode::ErrorMailboxDataArrayTooBig),
        _ => {}
    }
    let zone = match &request.time_zone {
        Some(given) => rules::zone_of(given).ok_or(ResponseCode::ErrorTimeZone)?,
        None => caller.zone.clone().unwrap_or(TimeZone::UTC),
    };
    let free_busy = match &request.free_busy_view_options {
        Some(options) => {
            let view = View::new(options, zone.clone())?;
            let one = |data: &MailboxData| view.of(store, caller, data).into();
            people.iter().map(one).collect()
        }
        None => Vec::new(),
    };
    let suggestions = match &request.suggestions_view_options {
        Some(options) => {
            let wanted = wanted(options, zone)?;
            let except = options.global_object_id.as_deref().map(GlobalId::from_uid);
            let candidates: Vec<Candidate> = people
                .iter()
                .map(|data| candidate(store, data, &wanted, except.as_ref()))
                .collect();
            Some(Ok(SuggestionsReply { days: suggest(&wanted, &candidates) }).into())
        }
        None => None,
    };
    Ok(GetUserAvailabilityReply { free_busy, suggestions })
}

/// What is wanted about everybody.
struct View {
    from: Timestamp,
    to: Timestamp,
    zone: TimeZone,
    interval: SignedDuration,
    wanted: FreeBusyViewType,
}

impl View {
    fn new(options: &FreeBusyViewOptions, zone: TimeZone) -> Refused<Self> {
        let (from, to) = window(&options.time_window, &zone)?;
        let minutes =
            options.merged_free_busy_interval_in_minutes.unwrap_or(INTERVAL_MINUTES_DEFAULT);
        if !INTERVAL_MINUTES.contains(&minutes) {
            return Err(ResponseCode::ErrorInvalidMergedFreeBusyInterval);
        }
        let interval = SignedDuration::from_mins(i64::from(minutes));
        if interval > to.duration_since(from) {
            return Err(ResponseCode::ErrorInvalidMergedFreeBusyInterval);
        }
        let wanted = options.requested_view.clone().unwrap_or(FreeBusyViewType::FreeBusyMerged);
        match wanted {
            FreeBusyViewType::None | FreeBusyViewType::Other(_) => {
                Err(ResponseCode::ErrorInvalidFreeBusyViewType)
            }
            FreeBusyViewType::MergedOnly
            | FreeBusyViewType::FreeBusy
            | FreeBusyViewType::FreeBusyMerged
            | FreeBusyViewType::Detailed
            | FreeBusyViewType::DetailedMerged => Ok(Self { from, to, zone, interval, wanted }),
        }
    }

    fn of(&self, store: &Store, caller: &Caller, data: &MailboxData) -> Outcome<FreeBusyReply> {
        let mailbox = named(store, data)?;
        let is_own = caller.mailbox.as_deref() == Some(key(&mailbox.person.address).as_str());
        let granted = match (is_own, mailbox.person.free_busy) {
            (true, _) | (false, FreeBusyAccess::LimitedDetails) => self.wanted.clone(),
            (false, FreeBusyAccess::AvailabilityOnly) => without_details(&self.wanted),
            (false, FreeBusyAccess::None) => {
                return Err(refuse(ResponseCode::ErrorNoFreeBusyAccess));
            }
        };
        let busy = busy_times(mailbox, self.from, self.to, None);
        let (shows_digits, shows_events, shows_details) = match granted {
            FreeBusyViewType::MergedOnly => (true, false, false),
            FreeBusyViewType::FreeBusy => (false, true, false),
            FreeBusyViewType::FreeBusyMerged => (true, true, false),
            FreeBusyViewType::Detailed => (false, true, true),
            FreeBusyViewType::DetailedMerged => (true, true, true),
            FreeBusyViewType::None | FreeBusyViewType::Other(_) => (false, false, false),
        };
        let event = |busy: Busy| CalendarEvent {
            start_time: self.local(busy.start),
            end_time: self.local(busy.end),
            busy_type: busy.status,
            details: shows_details.then(|| shown(busy.details, is_own)),
        };
        let view = FreeBusyView {
            free_busy_view_type: granted.clone(),
            merged_free_busy: shows_digits
                .then(|| merged(&busy, self.from, self.to, self.interval)),
            calendar_events: if shows_events {
                busy.into_iter().map(event).collect()
            } else {
                Vec::new()
            },
            working_hours: shows_events.then(|| working_hours(mailbox, self.from)),
        };
        Ok(FreeBusyReply { view: Some(view) })
    }

    fn local(&self, at: Timestamp) -> DateTime {
        DateTime::Floating(at.to_zoned(self.zone.clone()).datetime())
    }
}

fn named<'s>(store: &'s Store, data: &MailboxData) -> Outcome<&'s Mailbox> {
    let found = store.mailbox(data.email.address.trim());
    found.map_err(|_unknown| refuse(ResponseCode::ErrorMailRecipientNotFound))
}

/// Others see of a private entry only that it is there.
fn shown(details: CalendarEventDetails, is_own: bool) -> CalendarEventDetails {
    if details.is_private && !is_own {
        CalendarEventDetails { id: None, subject: None, location: None, ..details }
    } else {
        details
    }
}

fn without_details(view: &FreeBusyViewType) -> FreeBusyViewType {
    match view {
        FreeBusyViewType::Detailed => FreeBusyViewType::FreeBusy,
        FreeBusyViewType::DetailedMerged => FreeBusyViewType::FreeBusyMerged,
        FreeBusyViewType::None
        | FreeBusyViewType::MergedOnly
        | FreeBusyViewType::FreeBusy
        | FreeBusyViewType::FreeBusyMerged
        | FreeBusyViewType::Other(_) => view.clone(),
    }
}

fn window(window: &Duration, zone: &TimeZone) -> Refused<(Timestamp, Timestamp)> {
    let invalid = ResponseCode::ErrorInvalidTimeInterval;
    let (from, to) = (window.start_time.to_timestamp(zone), window.end_time.to_timestamp(zone));
    let (from, to) = from.zip(to).ok_or_else(|| invalid.clone())?;
    if from >= to {
        return Err(invalid);
    }
    if to.duration_since(from) > WINDOW_MAX {
        return Err(ResponseCode::ErrorTimeIntervalTooBig);
    }
    Ok((from, to))
}

fn wanted(options: &SuggestionsViewOptions, zone: TimeZone) -> Refused<Wanted> {
    let (from, to) = window(&options.detailed_suggestions_window, &zone)?;
    let count = |given: Option<i32>, default: i32| {
        usize::try_from(given.unwrap_or(default)).unwrap_or_default()
    };
    let minutes = options.meeting_duration_in_minutes.unwrap_or(MEETING_MINUTES_DEFAULT);
    if !(1..=1440).contains(&minutes) {
        return Err(ResponseCode::ErrorInvalidTimeInterval);
    }
    Ok(Wanted {
        from,
        to,
        zone,
        duration: SignedDuration::from_mins(i64::from(minutes)),
        good_percent: count(options.good_threshold, GOOD_PERCENT_DEFAULT),
        minimum: options.minimum_suggestion_quality.clone().unwrap_or(SuggestionQuality::Fair),
        a_day: count(options.maximum_results_by_day, SUGGESTIONS_DEFAULT),
        a_day_outside_work: count(options.maximum_non_work_hour_results_by_day, 0),
    })
}

fn candidate(
    store: &Store,
    data: &MailboxData,
    wanted: &Wanted,
    except: Option<&GlobalId>,
) -> Candidate {
    let mailbox = named(store, data).ok();
    let mailbox = mailbox.filter(|known| known.person.free_busy != FreeBusyAccess::None);
    let until = wanted.to + wanted.duration;
    Candidate {
        busy: mailbox.map(|mailbox| busy_times(mailbox, wanted.from, until, except)),
        must_come: data.exclude_conflicts == Some(true),
    }
}

/// Monday to Friday, in the person's own zone.
fn working_hours(mailbox: &Mailbox, at: Timestamp) -> WorkingHours {
    let zone = zone::resolve(&mailbox.person.time_zone).unwrap_or(TimeZone::UTC);
    let year = at.to_zoned(zone.clone()).year();
    let days = [
        DayOfWeek::Monday,
        DayOfWeek::Tuesday,
        DayOfWeek::Wednesday,
        DayOfWeek::Thursday,
        DayOfWeek::Friday,
    ];
    let period = WorkingPeriod {
        day_of_week: DaysOfWeek(days.to_vec()),
        start_time_in_minutes: WORK_BEGINS,
        end_time_in_minutes: WORK_ENDS,
    };
    WorkingHours { time_zone: rules::rules_of(&zone, year), working_periods: vec![period] }
}
