//! What the service keeps of a meeting. One without a rule is a series of one.

use std::collections::BTreeMap;

use jiff::{Timestamp, Zoned, tz::TimeZone};

use crate::recurrence::Rule;

#[derive(Clone, Debug)]
pub(crate) struct Meeting {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) title: String,
    pub(crate) password: String,
    pub(crate) numeric_password: String,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) zone: String,
    pub(crate) rule: Option<Rule>,
    pub(crate) host: String,
    pub(crate) site: String,
    /// With the app that wrote it: nobody else sees it.
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) invited: Vec<String>,
    pub(crate) space: Option<String>,
    pub(crate) settings: serde_json::Map<String, serde_json::Value>,
    pub(crate) made: Timestamp,
    pub(crate) is_running: bool,
    /// By the start that an occurrence has by the rule.
    pub(crate) exceptions: BTreeMap<Timestamp, Exception>,
}

#[derive(Clone, Debug)]
pub(crate) struct Exception {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) title: String,
    pub(crate) is_cancelled: bool,
}

impl Meeting {
    pub(crate) fn first(&self) -> Zoned {
        self.start.to_zoned(TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC))
    }

    /// By the rule, whatever was changed about single ones.
    pub(crate) fn starts(&self) -> Vec<Timestamp> {
        match &self.rule {
            Some(rule) => rule.starts(&self.first()),
            None => vec![self.start],
        }
    }

    /// What takes place at this start of the rule, if something does.
    pub(crate) fn occurrence(&self, start: Timestamp) -> Option<Exception> {
        if let Some(exception) = self.exceptions.get(&start) {
            return (!exception.is_cancelled).then(|| exception.clone());
        }
        let end = start.saturating_add(self.end.duration_since(self.start)).ok()?;
        let as_by_rule = Exception { start, end, title: self.title.clone(), is_cancelled: false };
        self.starts().contains(&start).then_some(as_by_rule)
    }

    pub(crate) fn overlaps(&self, from: Timestamp, to: Timestamp) -> bool {
        let last = self.starts().last().copied().unwrap_or(self.start);
        let end = last.saturating_add(self.end.duration_since(self.start)).unwrap_or(last);
        self.start <= to && end >= from
    }

    pub(crate) fn state(&self, now: Timestamp) -> &'static str {
        let last = self.starts().last().copied().unwrap_or(self.start);
        let end = last.saturating_add(self.end.duration_since(self.start)).unwrap_or(last);
        if self.is_running {
            "inProgress"
        } else if end < now {
            "expired"
        } else {
            "active"
        }
    }

    pub(crate) fn is_seen_by(&self, person: &str) -> bool {
        self.host.eq_ignore_ascii_case(person)
            || self.invited.iter().any(|invited| invited.eq_ignore_ascii_case(person))
    }

    pub(crate) fn is_tagged(&self, client: &str, tag: &str) -> bool {
        self.tags.iter().any(|(by, text)| by == client && text == tag)
    }
}

/// `{seriesId}_{yyyymmddThhmmssZ}`
pub(crate) fn occurrence_id(series: &str, start: Timestamp) -> String {
    format!("{series}_{}", start.strftime("%Y%m%dT%H%M%SZ"))
}

/// The series and, for one occurrence, its start by the rule.
pub(crate) fn split_id(id: &str) -> (&str, Option<Timestamp>) {
    let Some((series, start)) = id.split_once('_') else { return (id, None) };
    let start = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", start).ok();
    let start = start.and_then(|start| start.to_zoned(TimeZone::UTC).ok());
    (series, start.map(|start| start.timestamp()))
}
