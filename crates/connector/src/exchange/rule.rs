//! How often a series repeats, as calendars of the internet say it (RFC 5545, 3.3.10).

use conference::Recurrence as Told;
use ews::items::{
    DayOfWeek, DayOfWeekIndex, DaysOfWeek, Recurrence, RecurrencePattern, RecurrenceRange,
};
use jiff::Timestamp;

/// `None` for what is no series, or repeats in a way that nobody knows.
pub(super) fn recurrence(recurrence: Option<&Recurrence>, ends: Option<Timestamp>) -> Option<Told> {
    let recurrence = recurrence?;
    let pattern = pattern(&recurrence.pattern)?;
    let range = match &recurrence.range {
        RecurrenceRange::NoEnd(_) => String::new(),
        RecurrenceRange::EndDate(range) => {
            format!(";UNTIL={}", range.end_date.strftime("%Y%m%dT235959Z"))
        }
        RecurrenceRange::Numbered(range) => format!(";COUNT={}", range.number_of_occurrences),
    };
    Some(Told { rule: format!("{pattern}{range}"), ends })
}

fn pattern(pattern: &RecurrencePattern) -> Option<String> {
    Some(match pattern {
        RecurrencePattern::Daily(daily) => format!("FREQ=DAILY;INTERVAL={}", daily.interval),
        RecurrencePattern::Weekly(weekly) => {
            let starts = weekly.first_day_of_week.as_ref().and_then(day);
            let starts = starts.map_or_else(String::new, |day| format!(";WKST={day}"));
            let days = days(&weekly.days_of_week)?;
            format!("FREQ=WEEKLY;INTERVAL={};BYDAY={days}{starts}", weekly.interval)
        }
        RecurrencePattern::AbsoluteMonthly(monthly) => {
            let (interval, day) = (monthly.interval, monthly.day_of_month);
            format!("FREQ=MONTHLY;INTERVAL={interval};BYMONTHDAY={day}")
        }
        RecurrencePattern::RelativeMonthly(monthly) => {
            let nth = nth(&monthly.days_of_week, &monthly.day_of_week_index)?;
            format!("FREQ=MONTHLY;INTERVAL={};{nth}", monthly.interval)
        }
        RecurrencePattern::AbsoluteYearly(yearly) => {
            let (month, day) = (yearly.month.number()?, yearly.day_of_month);
            format!("FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={day}")
        }
        RecurrencePattern::RelativeYearly(yearly) => {
            let nth = nth(&yearly.days_of_week, &yearly.day_of_week_index)?;
            format!("FREQ=YEARLY;BYMONTH={};{nth}", yearly.month.number()?)
        }
    })
}

/// The third Tuesday, or the last working day.
fn nth(which: &DayOfWeek, index: &DayOfWeekIndex) -> Option<String> {
    let position = match index {
        DayOfWeekIndex::First => 1,
        DayOfWeekIndex::Second => 2,
        DayOfWeekIndex::Third => 3,
        DayOfWeekIndex::Fourth => 4,
        DayOfWeekIndex::Last => -1,
        DayOfWeekIndex::Other(_) => return None,
    };
    if let Some(day) = day(which) {
        return Some(format!("BYDAY={position}{day}"));
    }
    let days = match which {
        DayOfWeek::Day => "SU,MO,TU,WE,TH,FR,SA",
        DayOfWeek::Weekday => "MO,TU,WE,TH,FR",
        DayOfWeek::WeekendDay => "SU,SA",
        DayOfWeek::Sunday
        | DayOfWeek::Monday
        | DayOfWeek::Tuesday
        | DayOfWeek::Wednesday
        | DayOfWeek::Thursday
        | DayOfWeek::Friday
        | DayOfWeek::Saturday
        | DayOfWeek::Other(_) => return None,
    };
    Some(format!("BYDAY={days};BYSETPOS={position}"))
}

fn days(days: &DaysOfWeek) -> Option<String> {
    let names: Option<Vec<String>> = days
        .0
        .iter()
        .map(|which| match which {
            DayOfWeek::Day => Some("SU,MO,TU,WE,TH,FR,SA".to_owned()),
            DayOfWeek::Weekday => Some("MO,TU,WE,TH,FR".to_owned()),
            DayOfWeek::WeekendDay => Some("SU,SA".to_owned()),
            other => day(other).map(str::to_owned),
        })
        .collect();
    names.filter(|names| !names.is_empty()).map(|names| names.join(","))
}

fn day(which: &DayOfWeek) -> Option<&'static str> {
    Some(match which {
        DayOfWeek::Sunday => "SU",
        DayOfWeek::Monday => "MO",
        DayOfWeek::Tuesday => "TU",
        DayOfWeek::Wednesday => "WE",
        DayOfWeek::Thursday => "TH",
        DayOfWeek::Friday => "FR",
        DayOfWeek::Saturday => "SA",
        DayOfWeek::Day | DayOfWeek::Weekday | DayOfWeek::WeekendDay | DayOfWeek::Other(_) => {
            return None;
        }
    })
}

#[cfg(test)]
mod tests {
    use ews::items::{Numbered, RelativeMonthly, Weekly};

    use super::*;

    fn numbered(pattern: RecurrencePattern) -> String {
        let start_date = "2026-11-24".parse().expect("a date");
        let range = RecurrenceRange::Numbered(Numbered { start_date, number_of_occurrences: 6 });
        recurrence(Some(&Recurrence { pattern, range }), None).expect("a rule").rule
    }

    #[test]
    fn rules_are_said_as_the_internet_says_them() {
        let weekly = RecurrencePattern::Weekly(Weekly {
            interval: 2,
            days_of_week: DaysOfWeek(vec![DayOfWeek::Tuesday, DayOfWeek::Friday]),
            first_day_of_week: Some(DayOfWeek::Monday),
        });
        assert_eq!(numbered(weekly), "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,FR;WKST=MO;COUNT=6");
        let monthly = |days_of_week, day_of_week_index| {
            numbered(RecurrencePattern::RelativeMonthly(RelativeMonthly {
                interval: 1,
                days_of_week,
                day_of_week_index,
            }))
        };
        let third = monthly(DayOfWeek::Tuesday, DayOfWeekIndex::Third);
        assert_eq!(third, "FREQ=MONTHLY;INTERVAL=1;BYDAY=3TU;COUNT=6");
        let last = monthly(DayOfWeek::Weekday, DayOfWeekIndex::Last);
        assert_eq!(last, "FREQ=MONTHLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=6");
    }
}
