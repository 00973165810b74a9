//! `PATCH /meetings/{id}` and `DELETE /meetings/{id}`: by the host only.

use serde_json::Value;

use crate::{
    create::{check_times, title},
    fields::Fields,
    meeting::Exception,
    recurrence::Rule,
    refusal::Refusal,
    service::{Asking, Service},
};

impl Service {
    pub(crate) fn patch(
        &mut self,
        asking: &Asking,
        id: &str,
        body: &Value,
    ) -> Result<Value, Refusal> {
        let fields = Fields(body);
        let host = fields.text("hostEmail")?;
        let now = self.clock.now();
        let (found, original) = self.found(asking, id, host)?;
        let mut meeting = found.clone();
        self.may_change(asking, &meeting.host, host)?;
        if meeting.is_running {
            return Err(Refusal::invalid("the meeting is in progress"));
        }
        let zone = fields.zone()?;
        let time_zone =
            zone.as_ref().map_or(meeting.first().time_zone().clone(), |(_, z)| z.clone());
        let start = fields.time("start", &time_zone, now)?;
        let end = fields.time("end", &time_zone, now)?;
        let new_title = fields.text("title")?.map(title).transpose()?;
        match original {
            Some(original) => {
                let one = meeting.occurrence(original);
                let one = one.ok_or_else(|| Refusal::new(404, "no such occurrence"))?;
                if body.get("integrationTags").is_some() || body.get("recurrence").is_some() {
                    return Err(Refusal::invalid("an occurrence has neither tags nor a rule"));
                }
                let changed = Exception {
                    start: start.unwrap_or(one.start),
                    end: end.unwrap_or(one.end),
                    title: new_title.unwrap_or(one.title),
                    is_cancelled: false,
                };
                check_times(changed.start, changed.end, now)?;
                meeting.exceptions.insert(original, changed);
            }
            None => {
                if start.is_some() || end.is_some() {
                    meeting.start = start.unwrap_or(meeting.start);
                    meeting.end = end.unwrap_or(meeting.end);
                    check_times(meeting.start, meeting.end, now)?;
                }
                if let Some((name, _)) = zone {
                    meeting.zone = name;
                }
                let rule = fields.text("recurrence")?.map(Rule::parse).transpose()?;
                if rule.is_some() || fields.is_null("recurrence") {
                    meeting.rule = rule;
                }
                // The rule of the service that costs people their moved occurrences.
                if ["start", "end", "recurrence"].iter().any(|name| body.get(*name).is_some()) {
                    meeting.exceptions.clear();
                }
                if let Some(title) = new_title {
                    meeting.title = title;
                }
                if let Some(tags) = fields.tags()? {
                    meeting.tags.retain(|(by, _)| *by != asking.client);
                    meeting.tags.extend(tags.into_iter().map(|tag| (asking.client.clone(), tag)));
                }
            }
        }
        self.mail(fields.flag("sendEmail")?);
        self.meetings.insert(meeting.id.clone(), meeting);
        self.get(asking, id, host, None)
    }

    pub(crate) fn delete(
        &mut self,
        asking: &Asking,
        id: &str,
        host: Option<&str>,
        wants_mail: Option<bool>,
    ) -> Result<(), Refusal> {
        let (found, original) = self.found(asking, id, host)?;
        self.may_change(asking, &found.host, host)?;
        if found.is_running {
            return Err(Refusal::invalid("the meeting is in progress"));
        }
        let mut meeting = found.clone();
        match original {
            Some(original) => {
                let one = meeting.occurrence(original);
                let one = one.ok_or_else(|| Refusal::new(404, "no such occurrence"))?;
                meeting.exceptions.insert(original, Exception { is_cancelled: true, ..one });
                self.meetings.insert(meeting.id.clone(), meeting);
            }
            None => {
                self.meetings.remove(&meeting.id);
            }
        }
        self.mail(wants_mail);
        Ok(())
    }

    /// Who is merely invited sees a meeting and may not touch it.
    fn may_change(&self, asking: &Asking, owner: &str, host: Option<&str>) -> Result<(), Refusal> {
        let person = self.acted_for(asking, host)?;
        if person.address.eq_ignore_ascii_case(owner) {
            return Ok(());
        }
        Err(Refusal::new(403, "only the host may change it"))
    }
}
