//! Rules of series (RFC 5545) as far as Webex has them.

mod walk;

use jiff::{Timestamp, civil::Weekday, tz::TimeZone};

pub(super) use walk::{Span, walk};

/// Longer rules are nobody's.
const RULE_BYTES_MAX: usize = 512;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) frequency: Frequency,
    pub(super) interval: i32,
    pub(super) ends: Ends,
    /// The weekday and, for `2TU`, which one of the month.
    pub(super) days: Vec<(Option<i8>, Weekday)>,
    pub(super) month_day: Option<i8>,
    pub(super) month: Option<i8>,
    pub(super) week_start: Weekday,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    Never,
    Count(u32),
    Until(Timestamp),
}

/// Webex cannot do it, or nobody can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unfit;

impl Rule {
    /// Reads a rule and refuses what Webex would silently take in part.
    pub(super) fn read(text: &str, zone: &TimeZone) -> Result<Self, Unfit> {
        if text.len() > RULE_BYTES_MAX {
            return Err(Unfit);
        }
        let text = text.trim();
        let text = text.strip_prefix("RRULE:").unwrap_or(text);
        let mut parts = Parts::default();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or(Unfit)?;
            parts.take(&name.to_ascii_uppercase(), &value.to_ascii_uppercase(), zone)?;
        }
        parts.rule()
    }

    pub(super) fn write(&self) -> String {
        let mut text = format!("FREQ={}", self.frequency.name());
        text.push_str(&format!(";INTERVAL={}", self.interval));
        if !self.days.is_empty() {
            let days = self.days.iter().map(|(nth, day)| match nth {
                Some(nth) => format!("{nth}{}", name(*day)),
                None => name(*day).to_owned(),
            });
            text.push_str(&format!(";BYDAY={}", days.collect::<Vec<_>>().join(",")));
        }
        if let Some(day) = self.month_day {
            text.push_str(&format!(";BYMONTHDAY={day}"));
        }
        if let Some(month) = self.month {
            text.push_str(&format!(";BYMONTH={month}"));
        }
        if self.week_start != Weekday::Monday {
            text.push_str(&format!(";WKST={}", name(self.week_start)));
        }
        match self.ends {
            Ends::Never => {}
            Ends::Count(count) => text.push_str(&format!(";COUNT={count}")),
            Ends::Until(until) => {
                text.push_str(&format!(";UNTIL={}", until.strftime("%Y%m%dT%H%M%SZ")));
            }
        }
        text
    }
}

impl Frequency {
    fn name(self) -> &'static str {
        match self {
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
            Self::Monthly => "MONTHLY",
            Self::Yearly => "YEARLY",
        }
    }
}

#[derive(Default)]
struct Parts {
    frequency: Option<Frequency>,
    interval: Option<i32>,
    count: Option<u32>,
    until: Option<Timestamp>,
    days: Vec<(Option<i8>, Weekday)>,
    month_day: Option<i8>,
    month: Option<i8>,
    set_position: Option<i8>,
    week_start: Option<Weekday>,
}

impl Parts {
    fn take(&mut self, part: &str, value: &str, zone: &TimeZone) -> Result<(), Unfit> {
        match part {
            "FREQ" => {
                self.frequency = Some(match value {
                    "DAILY" => Frequency::Daily,
                    "WEEKLY" => Frequency::Weekly,
                    "MONTHLY" => Frequency::Monthly,
                    "YEARLY" => Frequency::Yearly,
                    _ => return Err(Unfit),
                });
            }
            "INTERVAL" => self.interval = Some(number(value, 1, 1000)?),
            "COUNT" => self.count = Some(number(value, 1, 100_000)?),
            "UNTIL" => self.until = Some(until(value, zone).ok_or(Unfit)?),
            "BYDAY" => {
                self.days = value.split(',').map(day).collect::<Option<_>>().ok_or(Unfit)?;
            }
            // Of several days, Webex takes the first one: the others would be missing.
            "BYMONTHDAY" => self.month_day = Some(number(value, -31, 31)?),
            "BYMONTH" => self.month = Some(number(value, 1, 12)?),
            "BYSETPOS" => self.set_position = Some(number(value, -5, 5)?),
            "WKST" => self.week_start = Some(weekday(value).ok_or(Unfit)?),
            _ => return Err(Unfit),
        }
        Ok(())
    }

    fn rule(mut self) -> Result<Rule, Unfit> {
        let frequency = self.frequency.ok_or(Unfit)?;
        if let Some(position) = self.set_position {
            // The second of all Tuesdays is the second Tuesday; of more days it is not known.
            let [(None, day)] = self.days[..] else { return Err(Unfit) };
            self.days = vec![(Some(position), day)];
        }
        let is_plain = self.days.iter().all(|(nth, _)| nth.is_none());
        let fits = match frequency {
            Frequency::Daily | Frequency::Weekly => {
                is_plain && self.month_day.is_none() && self.month.is_none()
            }
            Frequency::Monthly => self.month.is_none() && self.is_one_day(),
            Frequency::Yearly => {
                self.is_one_day() && (self.days.is_empty() || self.month.is_some())
            }
        };
        if !fits || self.month_day == Some(0) {
            return Err(Unfit);
        }
        let ends = match (self.count, self.until) {
            (None, None) => Ends::Never,
            (Some(count), None) => Ends::Count(count),
            (None, Some(until)) => Ends::Until(until),
            (Some(_), Some(_)) => return Err(Unfit),
        };
        Ok(Rule {
            frequency,
            interval: self.interval.unwrap_or(1),
            ends,
            days: self.days,
            month_day: self.month_day,
            month: self.month,
            week_start: self.week_start.unwrap_or(Weekday::Monday),
        })
    }

    /// Of a month: one date, or one weekday that is counted.
    fn is_one_day(&self) -> bool {
        match self.days[..] {
            [] => true,
            [(Some(nth), _)] => nth != 0 && self.month_day.is_none(),
            _ => false,
        }
    }
}

fn number<N: std::str::FromStr + PartialOrd + Copy>(
    text: &str,
    least: N,
    most: N,
) -> Result<N, Unfit> {
    let number = text.trim_start_matches('+').parse::<N>().ok().ok_or(Unfit)?;
    if number < least || number > most { Err(Unfit) } else { Ok(number) }
}

/// `20250210T000000Z`, or a local time, or a date, which includes that day.
fn until(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Some(utc) = text.strip_suffix('Z') {
        let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S", utc).ok()?;
        return Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp());
    }
    let local = match jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S", text) {
        Ok(time) => time,
        Err(_a_date) => jiff::civil::Date::strptime("%Y%m%d", text).ok()?.at(23, 59, 59, 0),
    };
    Some(local.to_zoned(zone.clone()).ok()?.timestamp())
}

fn day(text: &str) -> Option<(Option<i8>, Weekday)> {
    let letters = text.get(text.len().checked_sub(2)?..)?;
    let nth = text.strip_suffix(letters)?.trim_start_matches('+');
    let nth = if nth.is_empty() { None } else { Some(nth.parse().ok()?) };
    Some((nth, weekday(letters)?))
}

const NAMES: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

fn weekday(text: &str) -> Option<Weekday> {
    NAMES.iter().find(|(name, _)| *name == text).map(|(_, day)| *day)
}

fn name(day: Weekday) -> &'static str {
    NAMES.iter().find(|(_, named)| *named == day).map_or("MO", |(name, _)| *name)
}

#[cfg(test)]
mod tests;
