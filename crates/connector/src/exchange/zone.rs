//! The time zone of an entry, from whatever its writer said about it.
//!
//! In this order: a Windows id, an IANA id, an alias or a localised name, a display name such as
//! `(UTC+01:00) Amsterdam, Berlin`, the rules that came along, the name beside the id. The table of
//! Windows ids is CLDR's, from a crate that does nothing else; what CLDR does not have is in
//! `names`.

mod names;
mod rules;

use std::str::FromStr;

use ews::time_zone::TimeZoneDefinition;
use jiff::{Timestamp, tz::TimeZone};
use windows_timezones::WindowsTimezone;

/// What is known about the zone of an entry.
#[derive(Clone, Debug)]
pub enum Zone {
    Known(TimeZone),
    /// Nothing is said: times are in UTC, and nobody needs to be told.
    Unsaid,
    /// Something is said that nobody understands.
    Unknown,
}

/// The zone as it is around `at`: rules that came along may hold for some years only.
pub fn resolve(definition: Option<&TimeZoneDefinition>, at: Timestamp) -> Zone {
    let Some(definition) = definition else { return Zone::Unsaid };
    let said = [definition.id.as_deref(), definition.name.as_deref()];
    let [id, name] = said.map(|text| text.map(str::trim).filter(|text| !text.is_empty()));
    let zone = id
        .and_then(of_name)
        .or_else(|| rules::evaluate(definition, at))
        .or_else(|| name.and_then(of_name));
    match zone {
        Some(zone) => Zone::Known(zone),
        None if id.is_none() && name.is_none() => Zone::Unsaid,
        None => Zone::Unknown,
    }
}

impl Zone {
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Known(_) | Self::Unsaid)
    }

    /// As the rest of the world calls it, if it has a name.
    pub fn iana_name(&self) -> Option<String> {
        match self {
            Self::Known(zone) => zone.iana_name().map(str::to_owned),
            Self::Unsaid | Self::Unknown => None,
        }
    }

    /// UTC stands in for what is not known.
    pub fn or_utc(self) -> TimeZone {
        match self {
            Self::Known(zone) => zone,
            Self::Unsaid | Self::Unknown => TimeZone::UTC,
        }
    }
}

/// Whether a text is nothing but the name of a zone; display names may hold other words, too.
pub fn is_known_id(id: &str) -> bool {
    let id = id.trim();
    id.is_empty() || of_id(id).is_some()
}

fn of_name(name: &str) -> Option<TimeZone> {
    of_id(name).or_else(|| names::displayed(name))
}

fn of_id(id: &str) -> Option<TimeZone> {
    let windows = || {
        let windows = WindowsTimezone::from_str(id).ok()?;
        TimeZone::get(windows.tzdb_id()).ok()
    };
    windows().or_else(|| TimeZone::get(id).ok()).or_else(|| TimeZone::get(names::alias(id)?).ok())
}

#[cfg(test)]
mod tests;
