//! Zones by their rules, as GetUserAvailability writes them, both ways.

use ews::{
    free_busy::{SerializableTimeZone, SerializableTimeZoneTime},
    items::DayOfWeek,
};
use jiff::{
    civil::{Date, Time},
    tz::{Offset, TimeZone},
};

use crate::recurrence::weekday;

/// The zone that such rules mean; `None` if they mean nothing.
pub(crate) fn zone_of(rules: &SerializableTimeZone) -> Option<TimeZone> {
    let (standard, daylight) = (&rules.standard_time, &rules.daylight_time);
    let minutes = |time: &SerializableTimeZoneTime| rules.bias.checked_add(time.bias);
    if standard.month == 0 || daylight.month == 0 {
        let seconds = minutes(standard)?.checked_mul(-60)?;
        return Some(TimeZone::fixed(Offset::from_seconds(seconds).ok()?));
    }
    let posix = format!(
        "STD{}DST{},{},{}",
        offset(minutes(standard)?)?,
        offset(minutes(daylight)?)?,
        day(daylight)?,
        day(standard)?
    );
    TimeZone::posix(&posix).ok()
}

/// The rules of a zone as they are in a year.
pub(crate) fn rules_of(zone: &TimeZone, year: i16) -> SerializableTimeZone {
    let mut found = [const { None }; 2];
    let january = jiff::civil::date(year, 1, 1).at(0, 0, 0, 0);
    let from = TimeZone::UTC.to_timestamp(january).unwrap_or_default();
    let mut offset = zone.to_offset(from);
    for change in zone.following(from).take(2) {
        let at = offset.to_datetime(change.timestamp());
        if at.year() == year {
            let [standard, daylight] = &mut found;
            let place = if change.dst().is_dst() { daylight } else { standard };
            *place = Some((at, change.offset()));
        }
        offset = change.offset();
    }
    let [Some(standard), Some(daylight)] = found else {
        let bias = bias_minutes(zone.to_offset(from));
        return SerializableTimeZone { bias, standard_time: never(), daylight_time: never() };
    };
    let bias = bias_minutes(standard.1);
    let time = |(at, offset): (jiff::civil::DateTime, Offset)| SerializableTimeZoneTime {
        bias: bias_minutes(offset) - bias,
        time: at.time().strftime("%H:%M:%S").to_string(),
        day_order: if at.day() + 7 > at.days_in_month() {
            5
        } else {
            i32::from((at.day() - 1) / 7 + 1)
        },
        month: i32::from(at.month()),
        day_of_week: DayOfWeek::from(at.strftime("%A").to_string().as_str()),
        year: None,
    };
    SerializableTimeZone { bias, standard_time: time(standard), daylight_time: time(daylight) }
}

fn never() -> SerializableTimeZoneTime {
    SerializableTimeZoneTime {
        bias: 0,
        time: "00:00:00".to_owned(),
        day_order: 0,
        month: 0,
        day_of_week: DayOfWeek::Sunday,
        year: None,
    }
}

/// UTC = local time + bias.
fn bias_minutes(offset: Offset) -> i32 {
    -(offset.seconds() / 60)
}

/// POSIX counts as EWS does: west is positive.
fn offset(minutes: i32) -> Option<String> {
    const DAY_MINUTES: u32 = 24 * 60;
    let (sign, minutes) = (if minutes < 0 { "-" } else { "" }, minutes.unsigned_abs());
    (minutes <= DAY_MINUTES).then(|| format!("{sign}{}:{:02}", minutes / 60, minutes % 60))
}

/// When this part of the year begins.
fn day(begins: &SerializableTimeZoneTime) -> Option<String> {
    let time: Time = begins.time.trim().parse().ok()?;
    let time = time.strftime("%H:%M:%S");
    if let Some(year) = begins.year.as_deref().filter(|year| !year.is_empty()) {
        let (month, day) = (begins.month.try_into().ok()?, begins.day_order.try_into().ok()?);
        let date = Date::new(year.trim().parse().ok()?, month, day).ok()?;
        return Some(format!("J{}/{time}", date.day_of_year_no_leap()?));
    }
    let weekday = weekday(&begins.day_of_week)?.to_sunday_zero_offset();
    Some(format!("M{}.{}.{weekday}/{time}", begins.month, begins.day_order))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_mean_the_zone_they_were_made_of() {
        for name in ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC", "Australia/Sydney"]
        {
            let zone = TimeZone::get(name).expect("a zone");
            let rules = rules_of(&zone, 2026);
            let read = zone_of(&rules).expect("readable");
            for month in 1..=12 {
                let at = TimeZone::UTC
                    .to_timestamp(jiff::civil::date(2026, month, 28).at(12, 0, 0, 0))
                    .expect("a time");
                assert_eq!(read.to_offset(at), zone.to_offset(at), "{name}, month {month}");
            }
        }
        let berlin = rules_of(&TimeZone::get("Europe/Berlin").expect("a zone"), 2026);
        assert_eq!((berlin.bias, berlin.daylight_time.bias), (-60, -60));
        assert_eq!((berlin.standard_time.month, berlin.standard_time.day_order), (10, 5));
        assert_eq!(berlin.standard_time.time, "03:00:00");
    }

    #[test]
    fn rules_that_mean_nothing_are_no_zone() {
        let mut rules = rules_of(&TimeZone::get("Europe/Berlin").expect("a zone"), 2026);
        rules.standard_time.month = 13;
        assert!(zone_of(&rules).is_none());
        rules.standard_time.month = 10;
        rules.standard_time.time = "noon".to_owned();
        assert!(zone_of(&rules).is_none());
    }
}
