//! What a meeting should look like at Webex, within Webex's rules; and whether it already does.
//!
//! Webex cuts seconds off, so times are compared by the minute: anything finer would never agree.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan, Zoned, tz::TimeZone};

use super::{
    answer::Meeting,
    recurrence::{Ends, Rule, Span, walk},
    title::title,
};
use crate::meeting::Wish;

const LENGTH_MIN: SignedDuration = SignedDuration::from_mins(10);
const LENGTH_MAX: SignedDuration = SignedDuration::from_mins(24 * 60 - 1);
const MINUTE: Duration = Duration::from_secs(60);
/// Meetings that begin later are not taken.
const AHEAD_MAX_YEARS: i16 = 10;
/// A series that was cut is made longer when less than this is left of it.
const LEFT_MIN: SignedDuration = SignedDuration::from_hours(24 * 365);

/// Content.
pub(super) struct Plan {
    pub(super) title: String,
    pub(super) zone: String,
    /// Of the next occurrence, if it is a series.
    pub(super) start: Zoned,
    pub(super) end: Zoned,
    pub(super) series: Option<Series>,
    /// As wished, whatever of it is over.
    wished_start: Zoned,
    now: Timestamp,
}

pub(super) struct Series {
    rule: Rule,
    span: Span,
}

/// Why there is nothing to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unplannable {
    Over,
    TooFar,
    Rule,
}

impl Unplannable {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Over => "the meeting is over",
            Self::TooFar => "the meeting lies ten years or more ahead",
            Self::Rule => "Webex has no such rule for a series",
        }
    }
}

impl Plan {
    pub(super) fn new(wish: &Wish, now: Timestamp) -> Result<Self, Unplannable> {
        let known = wish
            .zone
            .as_deref()
            .and_then(|name| Some((name.to_owned(), TimeZone::get(name).ok()?)));
        let (zone, time_zone) = known.unwrap_or_else(|| ("UTC".to_owned(), TimeZone::UTC));
        let wished_start = minute(wish.start).to_zoned(time_zone.clone());
        let length = minute(wish.end).duration_since(minute(wish.start));
        let length = length.clamp(LENGTH_MIN, LENGTH_MAX);
        let earliest = minute(now).saturating_add(MINUTE).unwrap_or(now);
        let (start, series) = match &wish.recurrence {
            None if wish.end <= now && wished_start.timestamp() < earliest => {
                return Err(Unplannable::Over);
            }
            None => (wished_start.clone(), None),
            Some(recurrence) => {
                let mut rule = Rule::read(&recurrence.rule, &time_zone);
                if let (Ok(rule), Some(ends)) = (&mut rule, recurrence.ends)
                    && rule.ends == Ends::Never
                {
                    rule.ends = Ends::Until(ends);
                }
                let rule = rule.map_err(|_unfit| Unplannable::Rule)?;
                let span = walk(&rule, &wished_start, earliest).ok_or(Unplannable::Over)?;
                (span.first.clone(), Some(Series { rule, span }))
            }
        };
        // What has begun begins with the next minute, and ends when it should.
        let end = start.timestamp().saturating_add(length).unwrap_or(Timestamp::MAX);
        let start = start.timestamp().max(earliest);
        let shortest = start.saturating_add(LENGTH_MIN).unwrap_or(Timestamp::MAX);
        let limit = now.to_zoned(TimeZone::UTC).checked_add(AHEAD_MAX_YEARS.years());
        if limit.is_ok_and(|limit| start >= limit.timestamp()) {
            return Err(Unplannable::TooFar);
        }
        Ok(Self {
            title: title(&wish.title),
            zone,
            start: start.to_zoned(time_zone.clone()),
            end: end.max(shortest).to_zoned(time_zone),
            series,
            wished_start,
            now,
        })
    }

    /// As Webex shall read it, within its limits.
    pub(super) fn recurrence(&self) -> Option<String> {
        let Series { rule, span } = self.series.as_ref()?;
        let mut rule = rule.clone();
        rule.ends = match (rule.ends, span.last) {
            (Ends::Never, _) | (_, None) => Ends::Never,
            (Ends::Count(_), Some(_)) => Ends::Count(span.count),
            (Ends::Until(_), Some(last)) => Ends::Until(last),
        };
        Some(rule.write())
    }

    /// Whether times and rule of the meeting at Webex are those of the plan. Sending what is so
    /// already would cost a series its exceptions.
    pub(super) fn has_times_of(&self, meeting: &Meeting) -> bool {
        let (Some(start), Some(end)) = (meeting.start, meeting.end) else { return false };
        let is_as_long = |from: Timestamp| {
            minute(end).duration_since(minute(start)) == self.end.timestamp().duration_since(from)
        };
        match (&self.series, &meeting.recurrence) {
            (None, None) => {
                let wished = self.wished_start.timestamp();
                let begun = self.now.saturating_add(MINUTE).unwrap_or(self.now);
                // One that runs cannot be moved any more.
                (minute(start) == wished && is_as_long(wished))
                    || wished <= self.now && start <= begun
            }
            (Some(series), Some(text)) => {
                let zone = self.start.time_zone();
                let there = minute(start).to_zoned(zone.clone());
                is_as_long(self.start.timestamp())
                    && Rule::read(text, zone).is_ok_and(|rule| self.goes_on(series, &rule, &there))
            }
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    /// Whether the series that stands at Webex from `there` on is the one that is planned.
    fn goes_on(&self, series: &Series, rule: &Rule, there: &Zoned) -> bool {
        let wished = self.wished_start.date();
        let is_same_pattern = series.rule.core(wished) == rule.core(there.date())
            && there.time() == self.wished_start.time()
            && series.rule.holds(wished, there.date());
        if !is_same_pattern {
            return false;
        }
        // Both from now on: what is over says nothing.
        let Some(rest) = walk(rule, there, self.start.timestamp()) else { return false };
        if rest.first.timestamp() != self.start.timestamp() {
            return false;
        }
        if series.span.is_cut {
            let left = rest.last.map(|last| last.duration_since(self.now));
            return left.is_none_or(|left| left >= LEFT_MIN);
        }
        rest.last == series.span.last
    }
}

impl Rule {
    /// The same for every way of saying the same.
    fn core(&self, start: jiff::civil::Date) -> Self {
        let mut rule = self.clone();
        rule.ends = Ends::Never;
        rule.days.sort_by_key(|(nth, day)| (*nth, day.to_monday_zero_offset()));
        rule.days.dedup();
        if rule.days[..] == [(None, start.weekday())]
            && rule.frequency == super::recurrence::Frequency::Weekly
        {
            rule.days.clear();
        }
        if rule.month_day == Some(start.day()) {
            rule.month_day = None;
        }
        if rule.month == Some(start.month()) {
            rule.month = None;
        }
        // Which day a week begins with matters only if weeks are left out.
        if rule.interval == 1 {
            rule.week_start = jiff::civil::Weekday::Monday;
        }
        rule
    }
}

/// Cut to the minute, as Webex does.
pub(super) fn minute(time: Timestamp) -> Timestamp {
    let second = time.as_second();
    Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(time)
}

#[cfg(test)]
mod tests;
