//! When everybody could meet: every half hour is tried, day by day. Pure.

use ews::{
    free_busy::{
        AttendeeConflictData, IndividualAttendeeConflictData, SuggestionDayResult,
        SuggestionQuality,
    },
    items::LegacyFreeBusy,
};
use jiff::{SignedDuration, Timestamp, civil::Weekday, tz::TimeZone};

use super::{Busy, status_between};

/// Somebody to be invited; without data if the mailbox is not known.
pub(crate) struct Candidate {
    pub(crate) busy: Option<Vec<Busy>>,
    /// Times at which this one cannot come are not suggested at all.
    pub(crate) must_come: bool,
}

/// What is looked for.
pub(crate) struct Wanted {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) zone: TimeZone,
    pub(crate) duration: SignedDuration,
    pub(crate) good_percent: usize,
    pub(crate) minimum: SuggestionQuality,
    pub(crate) a_day: usize,
    pub(crate) a_day_outside_work: usize,
}

const STEP: SignedDuration = SignedDuration::from_mins(30);
/// Working hours that everybody has here, in minutes after midnight.
pub(crate) const WORK_BEGINS: i32 = 8 * 60;
pub(crate) const WORK_ENDS: i32 = 17 * 60;

pub(crate) fn suggest(wanted: &Wanted, people: &[Candidate]) -> Vec<SuggestionDayResult> {
    let mut days: Vec<SuggestionDayResult> = Vec::new();
    let mut at = wanted.from;
    while at < wanted.to {
        let local = at.to_zoned(wanted.zone.clone());
        let date = ews::DateTime::Floating(local.date().at(0, 0, 0, 0));
        if days.last().is_none_or(|day| day.date != date) {
            let day_quality = SuggestionQuality::Poor;
            days.push(SuggestionDayResult { date, day_quality, suggestions: Vec::new() });
        }
        if let (Some(suggestion), Some(day)) = (try_at(wanted, people, at), days.last_mut()) {
            day.suggestions.push(suggestion);
        }
        at += STEP;
    }
    for day in &mut days {
        settle(wanted, day);
    }
    days
}

fn try_at(
    wanted: &Wanted,
    people: &[Candidate],
    at: Timestamp,
) -> Option<ews::free_busy::Suggestion> {
    let until = at + wanted.duration;
    let statuses: Vec<Option<LegacyFreeBusy>> = people
        .iter()
        .map(|person| person.busy.as_ref().map(|busy| status_between(busy, at, until)))
        .collect();
    let comes = |status: &Option<LegacyFreeBusy>| {
        matches!(status, Some(LegacyFreeBusy::Free | LegacyFreeBusy::WorkingElsewhere))
    };
    if people.iter().zip(&statuses).any(|(person, status)| person.must_come && !comes(status)) {
        return None;
    }
    let coming = statuses.iter().filter(|status| comes(status)).count();
    let quality = quality(coming * 100 / people.len().max(1), wanted.good_percent);
    if rank(&quality) > rank(&wanted.minimum) {
        return None;
    }
    let conflicts = statuses.into_iter().map(|status| match status {
        Some(busy_type) => {
            AttendeeConflictData::Individual(IndividualAttendeeConflictData { busy_type })
        }
        None => AttendeeConflictData::Unknown(()),
    });
    let local = at.to_zoned(wanted.zone.clone()).datetime();
    let end = until.to_zoned(wanted.zone.clone()).datetime();
    let minutes =
        |time: jiff::civil::DateTime| i32::from(time.hour()) * 60 + i32::from(time.minute());
    let is_work_time = !matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday)
        && local.date() == end.date()
        && minutes(local) >= WORK_BEGINS
        && minutes(end) <= WORK_ENDS;
    Some(ews::free_busy::Suggestion {
        meeting_time: ews::DateTime::Floating(local),
        is_work_time,
        suggestion_quality: quality,
        attendee_conflicts: conflicts.collect(),
    })
}

/// The best first, no more than wanted.
fn settle(wanted: &Wanted, day: &mut SuggestionDayResult) {
    day.suggestions.sort_by_key(|found| rank(&found.suggestion_quality)); // stable: by time
    let mut outside = 0;
    day.suggestions.retain(|found| {
        outside += usize::from(!found.is_work_time);
        found.is_work_time || outside <= wanted.a_day_outside_work
    });
    day.suggestions.truncate(wanted.a_day);
    if let Some(best) = day.suggestions.first() {
        day.day_quality = best.suggestion_quality.clone();
    }
}

fn quality(percent: usize, good_percent: usize) -> SuggestionQuality {
    match percent {
        100 => SuggestionQuality::Excellent,
        percent if percent >= good_percent => SuggestionQuality::Good,
        percent if percent * 2 >= good_percent => SuggestionQuality::Fair,
        _ => SuggestionQuality::Poor,
    }
}

fn rank(quality: &SuggestionQuality) -> u8 {
    match quality {
        SuggestionQuality::Excellent => 0,
        SuggestionQuality::Good => 1,
        SuggestionQuality::Fair => 2,
        SuggestionQuality::Poor | SuggestionQuality::Other(_) => 3,
    }
}
