//! A moment as EWS writes it: an instant, or a wall-clock time whose zone stands elsewhere.

use std::borrow::Cow;

use jiff::{
    Timestamp,
    civil::{self, DateTime as Civil},
    tz::TimeZone,
};

use crate::xml::text_value;

/// `xs:dateTime`, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateTime {
    /// With `Z` or an offset.
    Utc(Timestamp),
    /// Without either: to be read in the zone of the item, else in that of the request.
    Floating(civil::DateTime),
}

impl DateTime {
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.contains('T') {
            return None;
        }
        match text.parse::<Timestamp>() {
            Ok(instant) => Timestamp::from_second(instant.as_second()).ok().map(Self::Utc),
            Err(_) => text
                .parse::<Civil>()
                .ok()?
                .with()
                .subsec_nanosecond(0)
                .build()
                .ok()
                .map(Self::Floating),
        }
    }

    /// The instant, taking a floating time for one of `zone`.
    pub fn to_timestamp(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Utc(instant) => Some(instant),
            Self::Floating(time) => zone.to_timestamp(time).ok(),
        }
    }

    /// The instant, if the value says which.
    pub fn utc(self) -> Option<Timestamp> {
        match self {
            Self::Utc(instant) => Some(instant),
            Self::Floating(_) => None,
        }
    }
}

impl From<Timestamp> for DateTime {
    fn from(instant: Timestamp) -> Self {
        Self::Utc(instant)
    }
}

/// Exactly `2026-11-24T09:00:00Z`, or without `Z`: a fraction or `+00:00` breaks real clients.
impl std::fmt::Display for DateTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Utc(instant) => write!(f, "{}", instant.strftime("%Y-%m-%dT%H:%M:%SZ")),
            Self::Floating(time) => write!(f, "{}", time.strftime("%Y-%m-%dT%H:%M:%S")),
        }
    }
}

text_value!(DateTime, "dateTime", |text| Self::parse(text), |value| Cow::Owned(value.to_string()));
