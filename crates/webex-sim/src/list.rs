//! `GET /meetings` and `GET /meetings/{id}`: who sees what, and what a list leaves out.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    details::{self, View},
    meeting::{Meeting, split_id},
    refusal::Refusal,
    service::{Asking, Service},
};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const MAX_DEFAULT: usize = 10;
const MAX: usize = 100;

/// A page, and where the next one begins.
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    pub(crate) next: Option<usize>,
}

impl Service {
    pub(crate) fn list(
        &self,
        asking: &Asking,
        query: &BTreeMap<String, String>,
        zone: Option<&str>,
    ) -> Result<Page, Refusal> {
        let person = self.acted_for(asking, query.get("hostEmail").map(String::as_str))?;
        let view = self.view(asking, zone);
        let time = |name: &str| {
            let Some(text) = query.get(name) else { return Ok(None) };
            let time = text.parse::<Timestamp>().map(Some);
            time.map_err(|_error| Refusal::invalid(format!("{name} is not ISO 8601")))
        };
        let from = time("from")?.unwrap_or(view.now);
        let to = time("to")?.unwrap_or(from.saturating_add(WEEK).unwrap_or(from));
        if to <= from {
            return Err(Refusal::invalid("to is not after from"));
        }
        let kind = query.get("meetingType").map_or("meetingSeries", String::as_str);
        let all = match query.get("meetingSeriesId") {
            Some(series) => {
                let meeting = self.meetings.get(series).filter(|m| m.is_seen_by(&person.address));
                let meeting = meeting.ok_or_else(|| Refusal::new(404, "no such series"))?;
                self.occurrences(meeting, query.get("isModified"), from, to, &view)
            }
            None if kind != "meetingSeries" => {
                return Err(Refusal::invalid("only series are listed without meetingSeriesId"));
            }
            None => {
                let lag = view.now.checked_sub(self.config.list_lag).unwrap_or(view.now);
                let is_listed = |meeting: &&Meeting| {
                    let tag = query.get("integrationTag");
                    meeting.is_seen_by(&person.address)
                        && meeting.made <= lag
                        && meeting.overlaps(from, to)
                        && tag.is_none_or(|tag| meeting.is_tagged(&asking.client, tag))
                };
                let listed = self.meetings.values().filter(is_listed);
                listed.map(|meeting| self.shown(meeting, &view)).collect()
            }
        };
        page(all, query)
    }

    pub(crate) fn get(
        &self,
        asking: &Asking,
        id: &str,
        host: Option<&str>,
        zone: Option<&str>,
    ) -> Result<Value, Refusal> {
        let (meeting, original) = self.found(asking, id, host)?;
        let view = self.view(asking, zone);
        match original {
            None => Ok(self.shown(meeting, &view)),
            Some(original) => {
                let one = meeting.occurrence(original);
                let one = one.ok_or_else(|| Refusal::new(404, "no such occurrence"))?;
                let host = self.config.person(&meeting.host);
                Ok(details::occurrence(meeting, original, &one, host, &view))
            }
        }
    }

    /// A series that the person may see, and the occurrence's start if the id names one.
    pub(crate) fn found(
        &self,
        asking: &Asking,
        id: &str,
        host: Option<&str>,
    ) -> Result<(&Meeting, Option<Timestamp>), Refusal> {
        let person = self.acted_for(asking, host)?;
        let (series, original) = split_id(id);
        let meeting = self.meetings.get(series).filter(|m| m.is_seen_by(&person.address));
        let meeting = meeting.ok_or_else(|| Refusal::new(404, "no such meeting"))?;
        if series != id && original.is_none() {
            return Err(Refusal::new(404, "no such occurrence"));
        }
        Ok((meeting, original))
    }

    fn shown(&self, meeting: &Meeting, view: &View<'_>) -> Value {
        details::series(meeting, self.config.person(&meeting.host), view)
    }

    fn occurrences(
        &self,
        meeting: &Meeting,
        is_modified: Option<&String>,
        from: Timestamp,
        to: Timestamp,
        view: &View<'_>,
    ) -> Vec<Value> {
        let host = self.config.person(&meeting.host);
        let wanted = is_modified.map(|wanted| wanted == "true");
        let mut starts = meeting.starts();
        starts.extend(meeting.exceptions.keys());
        starts.sort();
        starts.dedup();
        let is_wanted = |start: &Timestamp| {
            wanted.is_none_or(|wanted| wanted == meeting.exceptions.contains_key(start))
        };
        let shown = |start: Timestamp| {
            let one = meeting.occurrence(start)?;
            (one.start <= to && one.end >= from)
                .then(|| details::occurrence(meeting, start, &one, host, view))
        };
        starts.into_iter().filter(is_wanted).filter_map(shown).collect()
    }
}

fn page(all: Vec<Value>, query: &BTreeMap<String, String>) -> Result<Page, Refusal> {
    let number = |name: &str, otherwise: usize| match query.get(name) {
        None => Ok(otherwise),
        Some(text) => {
            text.parse().map_err(|_error| Refusal::invalid(format!("{name} is no number")))
        }
    };
    let max = number("max", MAX_DEFAULT)?;
    if max == 0 || max > MAX {
        return Err(Refusal::invalid("max is 1 to 100"));
    }
    let offset = number("offset", 0)?;
    let total = all.len();
    let items: Vec<_> = all.into_iter().skip(offset).take(max).collect();
    let end = offset + items.len();
    Ok(Page { items, next: (end < total).then_some(end) })
}
