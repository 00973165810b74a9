//! Times as people type them, in zones as Exchange names them.

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use windows_timezones::WindowsTimezone;

/// Looked through for the one that keeps the same hours as the computer's zone.
const WINDOWS_ZONES: [&str; 40] = [
    "UTC",
    "GMT Standard Time",
    "Greenwich Standard Time",
    "W. Europe Standard Time",
    "Romance Standard Time",
    "Central Europe Standard Time",
    "Central European Standard Time",
    "FLE Standard Time",
    "GTB Standard Time",
    "E. Europe Standard Time",
    "South Africa Standard Time",
    "Egypt Standard Time",
    "Israel Standard Time",
    "Turkey Standard Time",
    "Russian Standard Time",
    "Arab Standard Time",
    "Arabian Standard Time",
    "Iran Standard Time",
    "Pakistan Standard Time",
    "India Standard Time",
    "Bangladesh Standard Time",
    "SE Asia Standard Time",
    "China Standard Time",
    "Singapore Standard Time",
    "W. Australia Standard Time",
    "Tokyo Standard Time",
    "Korea Standard Time",
    "Cen. Australia Standard Time",
    "AUS Eastern Standard Time",
    "E. Australia Standard Time",
    "New Zealand Standard Time",
    "E. South America Standard Time",
    "Argentina Standard Time",
    "Atlantic Standard Time",
    "Eastern Standard Time",
    "Central Standard Time",
    "Mountain Standard Time",
    "Pacific Standard Time",
    "Alaskan Standard Time",
    "Hawaiian Standard Time",
];
/// Zones that agree this long are taken for the same.
const DAYS_COMPARED: i64 = 366;

/// A zone: its rules, and Exchange's name for it if it has one.
#[derive(Clone, Debug)]
pub struct Zone {
    pub rules: TimeZone,
    pub windows_id: Option<String>,
}

impl Zone {
    /// By IANA or Windows name.
    pub fn named(name: &str, now: Timestamp) -> Option<Self> {
        if let Ok(windows) = name.parse::<WindowsTimezone>() {
            let rules = TimeZone::get(windows.tzdb_id()).ok()?;
            return Some(Self { rules, windows_id: Some(name.to_owned()) });
        }
        TimeZone::get(name).ok().map(|rules| Self::of(rules, now))
    }

    /// The computer's.
    pub fn system(now: Timestamp) -> Self {
        Self::of(TimeZone::system(), now)
    }

    fn of(rules: TimeZone, now: Timestamp) -> Self {
        let id_of = |name: &str| Some(name.parse::<WindowsTimezone>().ok()?.tzdb_id());
        let is_same = |name: &str| rules.iana_name().is_some() && id_of(name) == rules.iana_name();
        let agrees = |name: &str| {
            let other = id_of(name).and_then(|id| TimeZone::get(id).ok());
            other.is_some_and(|other| keep_the_same_hours(&rules, &other, now))
        };
        let same = WINDOWS_ZONES.into_iter().find(|name| is_same(name));
        let found = same.or_else(|| WINDOWS_ZONES.into_iter().find(|name| agrees(name)));
        let windows_id = found.map(str::to_owned);
        Self { rules, windows_id }
    }

    /// `2026-11-24T10:00` in this zone, or an instant with `Z` or an offset.
    pub fn instant(&self, text: &str) -> Option<Timestamp> {
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Some(instant);
        }
        let local: civil::DateTime = text.parse().ok()?;
        let has_time = text.contains(['T', 't', ' ']);
        self.rules.to_timestamp(local).ok().filter(|_| has_time)
    }
}

fn keep_the_same_hours(one: &TimeZone, other: &TimeZone, from: Timestamp) -> bool {
    (0..DAYS_COMPARED).all(|days| {
        let at = from.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(from);
        one.to_offset(at) == other.to_offset(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-24T09:00:00Z".parse().expect("a time")
    }

    fn windows_id(name: &str) -> Option<String> {
        Zone::named(name, now()).expect("a zone").windows_id
    }

    #[test]
    fn zones_get_the_name_that_exchange_knows() {
        for (name, windows) in [
            ("Europe/Berlin", "W. Europe Standard Time"),
            ("Europe/Paris", "Romance Standard Time"),
            ("Europe/Vienna", "W. Europe Standard Time"),
            ("America/Toronto", "Eastern Standard Time"),
            ("UTC", "UTC"),
            ("Tokyo Standard Time", "Tokyo Standard Time"),
        ] {
            assert_eq!(windows_id(name).as_deref(), Some(windows), "{name}");
        }
        assert_eq!(windows_id("Pacific/Chatham"), None);
        assert!(Zone::named("Nowhere/Land", now()).is_none());
        assert!(WINDOWS_ZONES.iter().all(|name| name.parse::<WindowsTimezone>().is_ok()));
    }

    #[test]
    fn local_times_are_of_the_zone_and_instants_are_themselves() {
        let zone = Zone::named("Europe/Berlin", now()).expect("a zone");
        for (text, instant) in [
            ("2026-11-24T10:00", Some("2026-11-24T09:00:00Z")),
            ("2026-07-24 10:00", Some("2026-07-24T08:00:00Z")),
            ("2026-11-24T10:00:00Z", Some("2026-11-24T10:00:00Z")),
            ("2026-11-24T10:00:00+05:00", Some("2026-11-24T05:00:00Z")),
            ("2026-11-24", None),
            ("tomorrow", None),
        ] {
            let instant = instant.map(|text| text.parse().expect("a time"));
            assert_eq!(zone.instant(text), instant, "{text}");
        }
    }
}
