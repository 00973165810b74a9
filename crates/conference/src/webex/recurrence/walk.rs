//! The dates of a series, one after another, within Webex's limits: up to 5 yearly, 60 monthly,
//! 261 weekly or 1826 daily occurrences, and nothing later than five years ahead.

use jiff::{Timestamp, ToSpan, Zoned, civil::Date};

use super::{Ends, Frequency, Rule};

/// A series that began earlier is not understood.
const WALK_DAYS_MAX: usize = 40 * 366;
const YEARS_AHEAD_MAX: i16 = 5;

/// The part of a series that is still to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::webex) struct Span {
    pub(in crate::webex) first: Zoned,
    /// None if the series never ends.
    pub(in crate::webex) last: Option<Timestamp>,
    /// Left after the cut, if the rule counts.
    pub(in crate::webex) count: u32,
    /// The series goes on where Webex's limits end.
    pub(in crate::webex) is_cut: bool,
}

/// From the first occurrence at or after `from` on; none if there is no such.
pub(in crate::webex) fn walk(rule: &Rule, start: &Zoned, from: Timestamp) -> Option<Span> {
    let mut first: Option<Zoned> = None;
    let (mut last, mut kept, mut passed) = (None, 0_u32, 0_u32);
    let mut horizon = None;
    let mut date = start.date();
    for _ in 0..WALK_DAYS_MAX {
        if rule.holds(start.date(), date) {
            let occurrence = date.to_datetime(start.time()).to_zoned(start.time_zone().clone());
            let occurrence = occurrence.ok()?;
            if rule.is_over(&occurrence, passed + kept) {
                break;
            }
            if occurrence.timestamp() < from {
                passed += 1;
            } else {
                if first.is_none() {
                    horizon = date.checked_add(YEARS_AHEAD_MAX.years()).ok();
                    first = Some(occurrence.clone());
                }
                if rule.ends == Ends::Never {
                    return Some(Span { first: first?, last: None, count: 0, is_cut: false });
                }
                let is_beyond = horizon.is_some_and(|horizon| date > horizon);
                if is_beyond || kept == rule.frequency.occurrences_max() {
                    let first = first?;
                    return Some(Span { first, last, count: kept, is_cut: true });
                }
                kept += 1;
                last = Some(occurrence.timestamp());
            }
        }
        date = date.tomorrow().ok()?;
    }
    Some(Span { first: first?, last, count: kept, is_cut: false })
}

impl Rule {
    /// Whether the series that began on `start` has an occurrence on `date`, by its rule alone.
    pub(in crate::webex) fn holds(&self, start: Date, date: Date) -> bool {
        if date < start {
            return false;
        }
        let months = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
        let is_named = |date: Date| self.days.iter().any(|(_, day)| *day == date.weekday());
        match self.frequency {
            Frequency::Daily => {
                days_between(start, date) % self.interval == 0
                    && (self.days.is_empty() || is_named(date))
            }
            Frequency::Weekly => {
                let weeks = days_between(self.week_of(start), self.week_of(date)) / 7;
                let is_day = if self.days.is_empty() {
                    date.weekday() == start.weekday()
                } else {
                    is_named(date)
                };
                weeks % self.interval == 0 && is_day
            }
            Frequency::Monthly => {
                (months(date) - months(start)) % self.interval == 0
                    && self.is_day_of_month(start, date)
            }
            Frequency::Yearly => {
                i32::from(date.year() - start.year()) % self.interval == 0
                    && date.month() == self.month.unwrap_or(start.month())
                    && self.is_day_of_month(start, date)
            }
        }
    }

    fn is_over(&self, occurrence: &Zoned, before: u32) -> bool {
        match self.ends {
            Ends::Never => false,
            Ends::Count(count) => before >= count,
            Ends::Until(until) => occurrence.timestamp() > until,
        }
    }

    fn week_of(&self, date: Date) -> Date {
        let days = date.weekday().since(self.week_start);
        date.checked_sub(i32::from(days).days()).unwrap_or(date)
    }

    fn is_day_of_month(&self, start: Date, date: Date) -> bool {
        if let [(Some(nth), day)] = self.days[..] {
            let nth_of_month = if nth > 0 {
                (date.day() - 1) / 7 + 1
            } else {
                (date.day() - date.days_in_month()) / 7 - 1
            };
            return date.weekday() == day && nth == nth_of_month;
        }
        match self.month_day {
            Some(day) if day < 0 => date.day() == date.days_in_month() + day + 1,
            Some(day) => date.day() == day,
            None => date.day() == start.day(),
        }
    }
}

impl Frequency {
    fn occurrences_max(self) -> u32 {
        match self {
            Self::Daily => 1826,
            Self::Weekly => 261,
            Self::Monthly => 60,
            Self::Yearly => 5,
        }
    }
}

fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}
