//! `POST /meetings`: a meeting is made, if no rule of the service is broken.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use serde_json::{Map, Value};

use crate::{
    details,
    fields::Fields,
    meeting::Meeting,
    recurrence::Rule,
    refusal::Refusal,
    service::{Asking, Service},
};

const LENGTH_MIN: SignedDuration = SignedDuration::from_mins(10);
const LENGTH_MAX: SignedDuration = SignedDuration::from_mins(24 * 60 - 1);

/// Kept and shown as they were sent.
const SETTINGS: [&str; 5] = [
    "agenda",
    "enabledJoinBeforeHost",
    "joinBeforeHostMinutes",
    "allowAuthenticatedDevices",
    "unlockedMeetingJoinSecurity",
];

impl Service {
    pub(crate) fn create(&mut self, asking: &Asking, body: &Value) -> Result<Value, Refusal> {
        let fields = Fields(body);
        let space = fields.text("roomId")?;
        // With a space, the host that is named does not count.
        let named = if space.is_some() { None } else { fields.text("hostEmail")? };
        let counted = named.unwrap_or_default();
        self.count_create(asking, counted)?;
        if let Some(space) = space {
            self.check_space(asking, space)?;
        }
        let now = self.clock.now();
        let person = self.acted_for(asking, named)?.clone();
        if !person.is_licensed {
            return Err(Refusal::new(403, "the host has no licence"));
        }
        let site = fields.text("siteUrl")?.unwrap_or(&person.site);
        if site != person.site {
            return Err(Refusal::new(403, "the host is not on this site"));
        }
        let title =
            title(fields.text("title")?.ok_or_else(|| Refusal::invalid("title is missing"))?)?;
        let (zone, time_zone) = fields.zone()?.unwrap_or_else(|| ("UTC".to_owned(), TimeZone::UTC));
        let missing = |name| move || Refusal::invalid(format!("{name} is missing"));
        let start = fields.time("start", &time_zone, now)?.ok_or_else(missing("start"))?;
        let end = fields.time("end", &time_zone, now)?.ok_or_else(missing("end"))?;
        check_times(start, end, now)?;
        let rule = fields.text("recurrence")?.map(Rule::parse).transpose()?;
        let tags = fields.tags()?.unwrap_or_default();
        if fields.text("scheduledType")?.is_some_and(|kind| kind != "meeting") {
            return Err(Refusal::invalid("only meetings are simulated"));
        }
        self.mail(fields.flag("sendEmail")?);
        let meeting = Meeting {
            id: self.hexadecimal(),
            number: self.digits(10),
            title,
            password: format!("Sim{}", self.digits(6)),
            numeric_password: self.digits(8),
            start,
            end,
            zone,
            rule,
            host: person.address.clone(),
            site: site.to_owned(),
            tags: tags.into_iter().map(|tag| (asking.client.clone(), tag)).collect(),
            invited: invited(body)?,
            space: space.map(str::to_owned),
            settings: settings(body)?,
            made: now,
            is_running: false,
            exceptions: BTreeMap::new(),
        };
        self.made += 1;
        let shown = details::series(&meeting, Some(&person), &self.view(asking, None));
        self.meetings.insert(meeting.id.clone(), meeting);
        Ok(shown)
    }

    fn check_space(&self, asking: &Asking, space: &str) -> Result<(), Refusal> {
        let space = self.config.spaces.iter().find(|known| known.id == space);
        let space = space.ok_or_else(|| Refusal::new(404, "no such space"))?;
        let is_member = match &asking.caller {
            crate::config::Caller::Organization => false,
            crate::config::Caller::Person(own) => space.members.contains(own),
        };
        if is_member { Ok(()) } else { Err(Refusal::new(403, "the caller is not in the space")) }
    }

    /// The default is to send one.
    pub(crate) fn mail(&mut self, wanted: Option<bool>) {
        self.mails += u64::from(wanted.unwrap_or(true));
    }
}

pub(crate) fn title(text: &str) -> Result<String, Refusal> {
    if text.is_empty() || text.encode_utf16().count() > 128 {
        return Err(Refusal::invalid("title has 1 to 128 characters"));
    }
    Ok(text.to_owned())
}

pub(crate) fn check_times(start: Timestamp, end: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    let length = end.duration_since(start);
    if start < now {
        return Err(Refusal::invalid("start is in the past"));
    }
    if length < LENGTH_MIN || length > LENGTH_MAX {
        return Err(Refusal::invalid("a meeting lasts from 10 minutes to 23 hours 59 minutes"));
    }
    let latest = now.to_zoned(TimeZone::UTC).checked_add(10.years());
    if latest.is_ok_and(|latest| start >= latest.timestamp()) {
        return Err(Refusal::invalid("start is ten years or more ahead"));
    }
    Ok(())
}

fn settings(body: &Value) -> Result<Map<String, Value>, Refusal> {
    if let Some(minutes) = body.get("joinBeforeHostMinutes")
        && !matches!(minutes.as_u64(), Some(0 | 5 | 10 | 15))
    {
        return Err(Refusal::invalid("joinBeforeHostMinutes is 0, 5, 10 or 15"));
    }
    let kept =
        SETTINGS.iter().filter_map(|name| Some(((*name).to_owned(), body.get(*name)?.clone())));
    Ok(kept.collect())
}

fn invited(body: &Value) -> Result<Vec<String>, Refusal> {
    let invitees = body.get("invitees").and_then(Value::as_array).into_iter().flatten();
    let address = |invitee: &Value| invitee.get("email").and_then(Value::as_str).map(str::to_owned);
    let addresses: Option<Vec<_>> = invitees.map(address).collect();
    addresses.ok_or_else(|| Refusal::invalid("an invitee without an address"))
}
