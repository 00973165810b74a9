//! When a series takes place: patterns and ranges expanded in the series' own time zone.

use ews::items::{
    DayOfWeek, DayOfWeekIndex, Month, Recurrence, RecurrencePattern, RecurrenceRange,
};
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};

/// Occurrences that one series is looked through for.
const OCCURRENCES_MAX: usize = 20_000;
/// Months or years in a row without an occurrence before a pattern counts as empty.
const EMPTY_PERIODS_MAX: i64 = 1_000;

/// Where a series begins each time: a wall-clock time in its zone.
pub(crate) struct Series<'a> {
    pub(crate) recurrence: &'a Recurrence,
    pub(crate) time: Time,
    pub(crate) zone: &'a TimeZone,
}

impl Series<'_> {
    /// All starts with their places in the series, from 1; endless for a series without end, up to
    /// a bound.
    pub(crate) fn starts(&self) -> impl Iterator<Item = (i32, Timestamp)> {
        self.dates().zip(1..).filter_map(|(date, index)| {
            let start = self.zone.to_timestamp(date.to_datetime(self.time)).ok()?;
            Some((index, start))
        })
    }

    /// Whether pattern and range give anything at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.dates().next().is_none()
    }

    fn dates(&self) -> impl Iterator<Item = Date> {
        let (first, last, count) = range(&self.recurrence.range);
        periods(&self.recurrence.pattern, first)
            .filter(move |date| *date >= first)
            .take_while(move |date| last.is_none_or(|last| *date <= last))
            .take(count)
    }
}

fn range(range: &RecurrenceRange) -> (Date, Option<Date>, usize) {
    match range {
        RecurrenceRange::NoEnd(range) => (range.start_date, None, OCCURRENCES_MAX),
        RecurrenceRange::EndDate(range) => {
            (range.start_date, Some(range.end_date), OCCURRENCES_MAX)
        }
        RecurrenceRange::Numbered(range) => {
            let count = usize::try_from(range.number_of_occurrences).unwrap_or(0);
            (range.start_date, None, count.min(OCCURRENCES_MAX))
        }
    }
}

/// The dates of a pattern, period by period, not before the period of `first`.
fn periods(pattern: &RecurrencePattern, first: Date) -> Box<dyn Iterator<Item = Date> + '_> {
    match pattern {
        RecurrencePattern::Daily(daily) => {
            Box::new(steps(daily.interval).map_while(move |n| first.checked_add(n.days()).ok()))
        }
        RecurrencePattern::Weekly(weekly) => {
            let begin = weekly.first_day_of_week.as_ref().and_then(weekday);
            let begin = begin.unwrap_or(Weekday::Sunday);
            let back = i64::from(first.weekday().since(begin));
            let days = move |week: Date| {
                (0..7_i64)
                    .filter_map(move |n| week.checked_add(n.days()).ok())
                    .filter(|day| weekly.days_of_week.0.iter().any(|wanted| is_day(wanted, *day)))
            };
            let weeks = steps(weekly.interval)
                .map_while(move |n| first.checked_add((n * 7 - back).days()).ok());
            Box::new(weeks.flat_map(days))
        }
        RecurrencePattern::AbsoluteMonthly(monthly) => {
            months(first, monthly.interval, move |month| day_of_month(month, monthly.day_of_month))
        }
        RecurrencePattern::RelativeMonthly(monthly) => {
            months(first, monthly.interval, move |month| {
                nth_day(month, &monthly.days_of_week, &monthly.day_of_week_index)
            })
        }
        RecurrencePattern::AbsoluteYearly(yearly) => months(first, 1, move |month| {
            is_month(&yearly.month, month).then(|| day_of_month(month, yearly.day_of_month))?
        }),
        RecurrencePattern::RelativeYearly(yearly) => months(first, 1, move |month| {
            let is_wanted = is_month(&yearly.month, month);
            is_wanted.then(|| nth_day(month, &yearly.days_of_week, &yearly.day_of_week_index))?
        }),
    }
}

fn steps(interval: i32) -> impl Iterator<Item = i64> {
    let interval = i64::from(interval.max(1));
    (0_i64..).map(move |n| n * interval)
}

fn months<'p>(
    first: Date,
    interval: i32,
    pick: impl Fn(Date) -> Option<Date> + 'p,
) -> Box<dyn Iterator<Item = Date> + 'p> {
    let month = first.first_of_month();
    let mut empty = 0;
    let picked = steps(interval)
        .map_while(move |n| month.checked_add(n.months()).ok())
        .map(pick)
        .take_while(move |picked| {
            empty = if picked.is_some() { 0 } else { empty + 1 };
            empty < EMPTY_PERIODS_MAX
        });
    Box::new(picked.flatten())
}

/// The 31st of a shorter month is its last day.
fn day_of_month(month: Date, day: i32) -> Option<Date> {
    let day = i8::try_from(day).ok()?.clamp(1, month.days_in_month());
    month.with().day(day).build().ok()
}

fn nth_day(month: Date, wanted: &DayOfWeek, index: &DayOfWeekIndex) -> Option<Date> {
    let mut days = (0..i64::from(month.days_in_month()))
        .filter_map(move |n| month.checked_add(n.days()).ok())
        .filter(|day| is_day(wanted, *day));
    let nth = match index {
        DayOfWeekIndex::First => 0,
        DayOfWeekIndex::Second => 1,
        DayOfWeekIndex::Third => 2,
        DayOfWeekIndex::Fourth => 3,
        DayOfWeekIndex::Last => return days.next_back(),
        DayOfWeekIndex::Other(_) => return None,
    };
    days.nth(nth)
}

fn is_day(wanted: &DayOfWeek, day: Date) -> bool {
    let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    match wanted {
        DayOfWeek::Day => true,
        DayOfWeek::Weekday => !is_weekend,
        DayOfWeek::WeekendDay => is_weekend,
        named => weekday(named) == Some(day.weekday()),
    }
}

pub(crate) fn weekday(day: &DayOfWeek) -> Option<Weekday> {
    match day {
        DayOfWeek::Sunday => Some(Weekday::Sunday),
        DayOfWeek::Monday => Some(Weekday::Monday),
        DayOfWeek::Tuesday => Some(Weekday::Tuesday),
        DayOfWeek::Wednesday => Some(Weekday::Wednesday),
        DayOfWeek::Thursday => Some(Weekday::Thursday),
        DayOfWeek::Friday => Some(Weekday::Friday),
        DayOfWeek::Saturday => Some(Weekday::Saturday),
        DayOfWeek::Day | DayOfWeek::Weekday | DayOfWeek::WeekendDay | DayOfWeek::Other(_) => None,
    }
}

fn is_month(wanted: &Month, date: Date) -> bool {
    wanted.number() == Some(date.month())
}

#[cfg(test)]
mod tests;
