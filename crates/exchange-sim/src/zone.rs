//! Time zones by whatever id a client sends, and the ids that we send.

pub(crate) mod rules;

use ews::time_zone::{
    Period, PlainTransition, RecurringDayTransition, TimeZoneDefinition, Transition,
    TransitionTarget, TransitionsGroup,
};
use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{Dst, Offset, TimeZone},
};
use windows_timezones::WindowsTimezone;

/// Windows ids that the simulator offers; others are understood too.
pub(crate) const OFFERED: [&str; 24] = [
    "UTC",
    "W. Europe Standard Time",
    "Romance Standard Time",
    "Central Europe Standard Time",
    "GMT Standard Time",
    "FLE Standard Time",
    "GTB Standard Time",
    "Eastern Standard Time",
    "Central Standard Time",
    "Mountain Standard Time",
    "Pacific Standard Time",
    "India Standard Time",
    "China Standard Time",
    "Tokyo Standard Time",
    "AUS Eastern Standard Time",
    "E. South America Standard Time",
    "Greenwich Standard Time",
    "Central European Standard Time",
    "Turkey Standard Time",
    "Israel Standard Time",
    "Arabian Standard Time",
    "Singapore Standard Time",
    "Korea Standard Time",
    "New Zealand Standard Time",
];

/// The zone of a Windows or IANA id.
pub(crate) fn resolve(id: &str) -> Option<TimeZone> {
    if let Ok(windows) = id.parse::<WindowsTimezone>() {
        return TimeZone::get(windows.tzdb_id()).ok();
    }
    match id {
        "tzone://Microsoft/Utc" => Some(TimeZone::UTC),
        other => TimeZone::get(other).ok(),
    }
}

/// The id as Exchange would write it: a Windows one where there is one.
pub(crate) fn windows_id(id: &str) -> String {
    let is_meant =
        |windows: &str| windows.parse::<WindowsTimezone>().is_ok_and(|zone| zone.tzdb_id() == id);
    let found = OFFERED.into_iter().find(|windows| is_meant(windows));
    found.unwrap_or(id).to_owned()
}

/// The zone a definition means; its rules are ignored where its id is known.
pub(crate) fn of_definition(definition: &TimeZoneDefinition) -> Option<TimeZone> {
    resolve(definition.id.as_deref()?)
}

/// The definition to write for an id.
pub(crate) fn definition(id: &str) -> TimeZoneDefinition {
    let id = windows_id(id);
    let name = id
        .parse::<WindowsTimezone>()
        .map_or_else(|_unknown| id.clone(), |windows| windows.description().to_owned());
    TimeZoneDefinition { name: Some(name), ..TimeZoneDefinition::with_id(id) }
}

/// The same with its rules, as they are in this year.
pub(crate) fn full_definition(id: &str, year: i16) -> TimeZoneDefinition {
    let mut definition = definition(id);
    let Some(zone) = resolve(id) else { return definition };
    let january = jiff::civil::date(year, 1, 1).at(0, 0, 0, 0);
    let Ok(from) = TimeZone::UTC.to_timestamp(january) else { return definition };
    let changes: Vec<(Timestamp, Offset, Dst)> = zone
        .following(from)
        .take(CHANGES_A_YEAR)
        .map(|change| (change.timestamp(), change.offset(), change.dst()))
        .take_while(|(at, ..)| at.to_zoned(TimeZone::UTC).year() == year)
        .collect();
    let standard = changes
        .iter()
        .find(|(_, _, dst)| !dst.is_dst())
        .map_or_else(|| zone.to_offset(from), |(_, offset, _)| *offset);
    let period_id = |name: &str| format!("trule:Microsoft/Registry/{id}/{year}-{name}");
    let period = |name: &str, offset: Offset| Period {
        bias: Some(bias(offset)),
        name: Some(name.to_owned()),
        id: Some(period_id(name)),
    };
    definition.periods.push(period(STANDARD, standard));
    let mut transitions = Vec::new();
    let mut before = zone.to_offset(from);
    for (at, offset, dst) in &changes {
        let name = if dst.is_dst() { DAYLIGHT } else { STANDARD };
        if dst.is_dst() {
            definition.periods.push(period(DAYLIGHT, *offset));
        }
        transitions.push(recurring_day(before.to_datetime(*at), &period_id(name)));
        before = *offset;
    }
    if transitions.is_empty() {
        transitions.push(plain("Period", &period_id(STANDARD)));
    }
    definition.transitions_groups =
        vec![TransitionsGroup { id: Some("0".to_owned()), transitions }];
    definition.transitions =
        Some(TransitionsGroup { id: None, transitions: vec![plain("Group", "0")] });
    definition
}

const STANDARD: &str = "Standard";
const DAYLIGHT: &str = "Daylight";
/// Into daylight saving time and back.
const CHANGES_A_YEAR: usize = 2;

fn plain(kind: &str, id: &str) -> Transition {
    Transition::Plain(PlainTransition { to: to(kind, id) })
}

fn to(kind: &str, id: &str) -> TransitionTarget {
    TransitionTarget { kind: kind.to_owned(), id: id.to_owned() }
}

/// A change that comes back every year on the same day of the same week of its month.
fn recurring_day(at: DateTime, period: &str) -> Transition {
    let is_last = at.day() + 7 > at.days_in_month();
    let occurrence = if is_last { -1 } else { i32::from((at.day() - 1) / 7 + 1) };
    Transition::RecurringDay(RecurringDayTransition {
        to: to("Period", period),
        time_offset: format!("PT{}H{}M", at.hour(), at.minute()),
        month: i32::from(at.month()),
        day_of_week: at.strftime("%A").to_string(),
        occurrence,
    })
}

/// UTC = local time + bias.
fn bias(offset: Offset) -> String {
    let minutes = -(offset.seconds() / 60);
    let sign = if minutes < 0 { "-" } else { "" };
    format!("{sign}PT{}M", minutes.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_and_iana_ids_meet() {
        assert_eq!(resolve("W. Europe Standard Time"), resolve("Europe/Berlin"));
        assert_eq!(windows_id("Europe/Berlin"), "W. Europe Standard Time");
        assert!(resolve("Nowhere Standard Time").is_none());
        assert!(OFFERED.iter().all(|id| resolve(id).is_some()));
    }
}
