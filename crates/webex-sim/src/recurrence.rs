//! The occurrences of a series, as far as the simulated service understands its rule (RFC 2445):
//! of several days of a month it takes the first, as the real one says it does.

use jiff::{Timestamp, ToSpan, Zoned, civil::Weekday};

use crate::refusal::Refusal;

/// As many as the service makes of a daily series.
const OCCURRENCES_MAX: usize = 1826;
/// Days looked at.
const DAYS_MAX: i32 = 5 * 366 + 1;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// As the client wrote it.
    pub(crate) text: String,
    unit: Unit,
    every: i32,
    count: Option<usize>,
    until: Option<Timestamp>,
    weekdays: Vec<Weekday>,
    /// Which weekday of the month, if one is counted.
    nth: Option<i32>,
    month_day: Option<i32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Day,
    Week,
    Month,
    Year,
}

impl Rule {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let wrong = || Refusal::invalid("invalid recurrence");
        let mut rule = Self {
            text: text.to_owned(),
            unit: Unit::Day,
            every: 1,
            count: None,
            until: None,
            weekdays: Vec::new(),
            nth: None,
            month_day: None,
        };
        let mut has_unit = false;
        for part in text.split(';') {
            let (name, value) = part.split_once('=').ok_or_else(wrong)?;
            match name {
                "FREQ" => {
                    has_unit = true;
                    rule.unit = match value {
                        "DAILY" => Unit::Day,
                        "WEEKLY" => Unit::Week,
                        "MONTHLY" => Unit::Month,
                        "YEARLY" => Unit::Year,
                        _ => return Err(wrong()),
                    };
                }
                "INTERVAL" => {
                    rule.every = value.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
                }
                "COUNT" => rule.count = Some(value.parse().ok().ok_or_else(wrong)?),
                "UNTIL" => {
                    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", value).ok();
                    let time = time.and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC).ok());
                    rule.until = Some(time.ok_or_else(wrong)?.timestamp());
                }
                "BYDAY" => {
                    for day in value.split(',') {
                        let cut = day.len().checked_sub(2).ok_or_else(wrong)?;
                        let (nth, name) = day.split_at_checked(cut).ok_or_else(wrong)?;
                        rule.weekdays.push(weekday(name).ok_or_else(wrong)?);
                        if !nth.is_empty() {
                            rule.nth = Some(nth.parse().ok().ok_or_else(wrong)?);
                        }
                    }
                }
                "BYMONTHDAY" => {
                    let first = value.split(',').next().unwrap_or_default();
                    rule.month_day = Some(first.parse().ok().ok_or_else(wrong)?);
                }
                "BYMONTH" | "WKST" => {}
                _ => return Err(wrong()),
            }
        }
        if has_unit { Ok(rule) } else { Err(wrong()) }
    }

    /// Starts of the occurrences, the first one included.
    pub(crate) fn starts(&self, first: &Zoned) -> Vec<Timestamp> {
        let mut starts = Vec::new();
        for day in 0..DAYS_MAX {
            let Ok(date) = first.date().checked_add(day.days()) else { break };
            if !self.is_on(first, date, day) {
                continue;
            }
            let Ok(start) = date.to_datetime(first.time()).to_zoned(first.time_zone().clone())
            else {
                break;
            };
            let is_late = self.until.is_some_and(|until| start.timestamp() > until);
            let is_full = self.count.is_some_and(|count| starts.len() >= count);
            if is_late || is_full || starts.len() >= OCCURRENCES_MAX {
                break;
            }
            starts.push(start.timestamp());
        }
        starts
    }

    fn is_on(&self, first: &Zoned, date: jiff::civil::Date, day: i32) -> bool {
        let months = i32::from(date.year() - first.year()) * 12 + i32::from(date.month())
            - i32::from(first.month());
        let on_weekday = |otherwise: bool| {
            if self.weekdays.is_empty() {
                otherwise
            } else {
                self.weekdays.contains(&date.weekday())
            }
        };
        match self.unit {
            Unit::Day => day % self.every == 0 && on_weekday(true),
            Unit::Week => {
                let since_monday = i32::from(first.weekday().to_monday_zero_offset());
                (day + since_monday) / 7 % self.every == 0
                    && on_weekday(date.weekday() == first.weekday())
            }
            Unit::Month => months % self.every == 0 && self.is_on_day(first, date),
            Unit::Year => months % (12 * self.every) == 0 && self.is_on_day(first, date),
        }
    }

    fn is_on_day(&self, first: &Zoned, date: jiff::civil::Date) -> bool {
        let (day, length) = (i32::from(date.day()), i32::from(date.days_in_month()));
        match (self.nth, self.weekdays.first(), self.month_day) {
            (Some(nth), Some(weekday), _) => {
                let wanted =
                    if nth > 0 { (day + 6) / 7 == nth } else { (length - day) / 7 + 1 == -nth };
                wanted && date.weekday() == *weekday
            }
            (_, _, Some(wanted)) if wanted < 0 => day == length + wanted + 1,
            (_, _, Some(wanted)) => day == wanted,
            (_, _, None) => date.day() == first.day(),
        }
    }
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_expanded() {
        let first: Zoned = "2026-12-01T10:00[Europe/Berlin]".parse().unwrap(); // a Tuesday
        for (rule, last, count) in [
            ("FREQ=DAILY;INTERVAL=1;COUNT=3", "2026-12-03T09:00:00Z", 3),
            ("FREQ=WEEKLY;BYDAY=TU,TH;COUNT=3", "2026-12-08T09:00:00Z", 3),
            ("FREQ=MONTHLY;BYDAY=1TU;UNTIL=20270201T000000Z", "2027-01-05T09:00:00Z", 2),
            ("FREQ=MONTHLY;BYMONTHDAY=1,2;COUNT=2", "2027-01-01T09:00:00Z", 2),
            ("FREQ=YEARLY;COUNT=2", "2027-12-01T09:00:00Z", 2),
        ] {
            let starts = Rule::parse(rule).unwrap().starts(&first);
            assert_eq!(starts.len(), count, "{rule}");
            assert_eq!(starts.last().map(ToString::to_string).as_deref(), Some(last), "{rule}");
        }
        assert!(Rule::parse("FREQ=HOURLY").is_err() && Rule::parse("COUNT=2").is_err());
    }
}
