//! Fields of a request's body: what is missing, and what is of the wrong kind.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value;

use crate::refusal::Refusal;

pub(crate) struct Fields<'a>(pub(crate) &'a Value);

impl<'a> Fields<'a> {
    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::invalid(format!("{name} is not a text"))),
        }
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(Refusal::invalid(format!("{name} is not true or false"))),
        }
    }

    /// Present, and null.
    pub(crate) fn is_null(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(Value::is_null)
    }

    pub(crate) fn zone(&self) -> Result<Option<(String, TimeZone)>, Refusal> {
        let Some(name) = self.text("timezone")? else { return Ok(None) };
        let zone = TimeZone::get(name);
        let zone = zone.map_err(|_error| Refusal::invalid("timezone is not an IANA name"))?;
        Ok(Some((name.to_owned(), zone)))
    }

    /// With an offset, or in the zone. Seconds are cut off, and this very minute is the next one.
    pub(crate) fn time(
        &self,
        name: &str,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let local = || text.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok();
        let time = text.parse::<Timestamp>().ok().or_else(|| Some(local()?.timestamp()));
        let time = time.ok_or_else(|| Refusal::invalid(format!("{name} is not ISO 8601")))?;
        let minute = |time: Timestamp| time.as_second().div_euclid(60);
        let is_this_minute = name == "start" && minute(time) == minute(now);
        let minute = minute(time) + i64::from(is_this_minute);
        Ok(Timestamp::from_second(minute * 60).ok())
    }

    pub(crate) fn tags(&self) -> Result<Option<Vec<String>>, Refusal> {
        let wrong =
            || Refusal::invalid("integrationTags are at most 3 texts of at most 64 characters");
        match self.0.get("integrationTags") {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(Vec::new())),
            Some(Value::Array(tags)) if tags.len() <= 3 => {
                let tag = |tag: &Value| {
                    tag.as_str().filter(|tag| tag.chars().count() <= 64).map(str::to_owned)
                };
                tags.iter().map(tag).collect::<Option<_>>().map(Some).ok_or_else(wrong)
            }
            Some(_) => Err(wrong()),
        }
    }
}
