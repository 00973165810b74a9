//! Every pattern and range, and the local hour across daylight saving.

use ews::items::{
    AbsoluteMonthly, AbsoluteYearly, Daily, DayOfWeek, DayOfWeekIndex, DaysOfWeek, EndDate, Month,
    NoEnd, Numbered, Recurrence, RecurrencePattern, RecurrenceRange, RelativeMonthly,
    RelativeYearly, Weekly,
};
use jiff::{civil::date, tz::TimeZone};

use super::Series;

fn numbered(year: i16, month: i8, day: i8, number_of_occurrences: i32) -> RecurrenceRange {
    RecurrenceRange::Numbered(Numbered {
        start_date: date(year, month, day),
        number_of_occurrences,
    })
}

/// The first few starts in local time.
fn check(pattern: RecurrencePattern, range: RecurrenceRange, expected: &[&str]) {
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    let recurrence = Recurrence { pattern, range };
    let series =
        Series { recurrence: &recurrence, time: jiff::civil::time(9, 0, 0, 0), zone: &zone };
    let starts: Vec<String> = series
        .starts()
        .take(expected.len() + 1)
        .map(|(_, start)| start.to_zoned(zone.clone()).strftime("%Y-%m-%d %H").to_string())
        .collect();
    let expected: Vec<String> = expected.iter().map(|day| format!("{day} 09")).collect();
    if matches!(recurrence.range, RecurrenceRange::NoEnd(_)) {
        assert_eq!(starts.get(..expected.len()), Some(expected.as_slice()));
    } else {
        assert_eq!(starts, expected);
    }
}

#[test]
fn daily() {
    let pattern = RecurrencePattern::Daily(Daily { interval: 2 });
    let range = RecurrenceRange::NoEnd(NoEnd { start_date: date(2026, 11, 24) });
    check(pattern, range, &["2026-11-24", "2026-11-26", "2026-11-28"]);
}

#[test]
fn weekly_across_the_end_of_summer_time() {
    let days_of_week = DaysOfWeek(vec![DayOfWeek::Monday, DayOfWeek::Thursday]);
    let weekly = Weekly { interval: 1, days_of_week, first_day_of_week: Some(DayOfWeek::Monday) };
    let range = RecurrenceRange::EndDate(EndDate {
        start_date: date(2026, 10, 22),
        end_date: date(2026, 10, 29),
    });
    let days = ["2026-10-22", "2026-10-26", "2026-10-29"];
    check(RecurrencePattern::Weekly(weekly), range, &days);
}

#[test]
fn every_second_week_counts_whole_weeks() {
    let days_of_week = DaysOfWeek(vec![DayOfWeek::Monday, DayOfWeek::Thursday]);
    let weekly = Weekly { interval: 2, days_of_week, first_day_of_week: Some(DayOfWeek::Monday) };
    let days = ["2026-11-26", "2026-12-07", "2026-12-10"];
    check(RecurrencePattern::Weekly(weekly), numbered(2026, 11, 26, 3), &days);
}

#[test]
fn monthly() {
    let absolute = AbsoluteMonthly { interval: 1, day_of_month: 31 };
    let days = ["2026-01-31", "2026-02-28", "2026-03-31"];
    check(RecurrencePattern::AbsoluteMonthly(absolute), numbered(2026, 1, 31, 3), &days);
    let relative = RelativeMonthly {
        interval: 1,
        days_of_week: DayOfWeek::Weekday,
        day_of_week_index: DayOfWeekIndex::Last,
    };
    let days = ["2026-01-30", "2026-02-27"];
    check(RecurrencePattern::RelativeMonthly(relative), numbered(2026, 1, 1, 2), &days);
}

#[test]
fn yearly() {
    let absolute = AbsoluteYearly { day_of_month: 24, month: Month::December };
    let days = ["2026-12-24", "2027-12-24"];
    check(RecurrencePattern::AbsoluteYearly(absolute), numbered(2026, 1, 1, 2), &days);
    let relative = RelativeYearly {
        days_of_week: DayOfWeek::Thursday,
        day_of_week_index: DayOfWeekIndex::Fourth,
        month: Month::November,
    };
    let days = ["2026-11-26", "2027-11-25"];
    check(RecurrencePattern::RelativeYearly(relative), numbered(2026, 1, 1, 2), &days);
}
