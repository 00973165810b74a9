//! Recurrence: a pattern and a range, kept as they are written and never expanded here.

use std::borrow::Cow;

use jiff::civil::Date;

use crate::xml::{element, one_of, text_value, words};

element! {
    pub struct Recurrence {
        "*" pattern: RecurrencePattern,
        "*" range: RecurrenceRange,
    }

    pub struct Daily {
        "t:Interval" interval: i32,
    }

    pub struct Weekly {
        "t:Interval" interval: i32,
        "t:DaysOfWeek" days_of_week: DaysOfWeek,
        "t:FirstDayOfWeek" first_day_of_week: Option<DayOfWeek>,
    }

    pub struct AbsoluteMonthly {
        "t:Interval" interval: i32,
        "t:DayOfMonth" day_of_month: i32,
    }

    pub struct RelativeMonthly {
        "t:Interval" interval: i32,
        "t:DaysOfWeek" days_of_week: DayOfWeek,
        "t:DayOfWeekIndex" day_of_week_index: DayOfWeekIndex,
    }

    pub struct AbsoluteYearly {
        "t:DayOfMonth" day_of_month: i32,
        "t:Month" month: Month,
    }

    pub struct RelativeYearly {
        "t:DaysOfWeek" days_of_week: DayOfWeek,
        "t:DayOfWeekIndex" day_of_week_index: DayOfWeekIndex,
        "t:Month" month: Month,
    }

    pub struct NoEnd {
        "t:StartDate" start_date: Date,
    }

    pub struct EndDate {
        "t:StartDate" start_date: Date,
        "t:EndDate" end_date: Date,
    }

    pub struct Numbered {
        "t:StartDate" start_date: Date,
        "t:NumberOfOccurrences" number_of_occurrences: i32,
    }
}

one_of! {
    pub enum RecurrencePattern {
        "t:RelativeYearlyRecurrence" RelativeYearly(RelativeYearly),
        "t:AbsoluteYearlyRecurrence" AbsoluteYearly(AbsoluteYearly),
        "t:RelativeMonthlyRecurrence" RelativeMonthly(RelativeMonthly),
        "t:AbsoluteMonthlyRecurrence" AbsoluteMonthly(AbsoluteMonthly),
        "t:WeeklyRecurrence" Weekly(Weekly),
        "t:DailyRecurrence" Daily(Daily),
    }

    pub enum RecurrenceRange {
        "t:NoEndRecurrence" NoEnd(NoEnd),
        "t:EndDateRecurrence" EndDate(EndDate),
        "t:NumberedRecurrence" Numbered(Numbered),
    }
}

words! {
    pub enum DayOfWeek {
        Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Day, Weekday, WeekendDay,
    }

    pub enum DayOfWeekIndex { First, Second, Third, Fourth, Last }

    pub enum Month {
        January, February, March, April, May, June, July, August, September, October, November,
        December,
    }
}

impl Month {
    /// From 1; none for a month that nobody knows.
    pub fn number(&self) -> Option<i8> {
        Some(match self {
            Self::January => 1,
            Self::February => 2,
            Self::March => 3,
            Self::April => 4,
            Self::May => 5,
            Self::June => 6,
            Self::July => 7,
            Self::August => 8,
            Self::September => 9,
            Self::October => 10,
            Self::November => 11,
            Self::December => 12,
            Self::Other(_) => return None,
        })
    }
}

/// Days, written as one text with blanks between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaysOfWeek(pub Vec<DayOfWeek>);

text_value!(
    DaysOfWeek,
    "days",
    |text| Some(Self(text.split_ascii_whitespace().map(DayOfWeek::from).collect())),
    |value| {
        let days: Vec<&str> = value.0.iter().map(DayOfWeek::as_str).collect();
        Cow::Owned(days.join(" "))
    }
);

#[cfg(test)]
impl crate::xml::sample::Sample for DaysOfWeek {
    fn sample(source: &mut crate::xml::sample::Source) -> Self {
        Self(crate::xml::sample::Sample::sample(source))
    }
}
