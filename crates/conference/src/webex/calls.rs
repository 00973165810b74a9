//! The calls we make, as the specification has them. Mail is switched off in every one that could
//! send some: people have been invited by Exchange.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use url::Url;
use world::http::{HeaderMap, Request};

use super::{
    answer::{Meeting, Unusable, personal_room, sites},
    client::{Answer, Client},
    failure::CallFailure,
    plan::Plan,
    settings::{PatchMediaType, WebexSettings},
};
use crate::meeting::Conference;

/// Meetings per page, and after a time-out.
const PAGE: usize = 100;
const PAGE_SMALL: usize = 10;
/// More pages with our tag on them are nothing we have made.
const PAGES_MAX: usize = 5;
/// Added to what is looked for, before and after.
const AROUND: SignedDuration = SignedDuration::from_hours(24);
/// A meeting that was moved meanwhile is found within this from now on.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 366);

/// Whose meetings, and when.
#[derive(Clone)]
pub(super) struct Search<'a> {
    pub(super) tag: &'a str,
    /// None: the caller's own.
    pub(super) host: Option<String>,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl Client {
    /// What carries our tag and belongs to the host. Lists also hold what the host is invited to.
    pub(super) async fn find(&self, search: &Search<'_>) -> Result<Vec<Meeting>, CallFailure> {
        let now = self.world.clock.now();
        let from = search.from.min(now).saturating_sub(AROUND).unwrap_or(Timestamp::MIN);
        let to = search.to.max(now.saturating_add(AHEAD).unwrap_or(now));
        let to = to.saturating_add(AROUND).unwrap_or(Timestamp::MAX);
        let mut query = vec![
            ("integrationTag", search.tag.to_owned()),
            ("meetingType", "meetingSeries".to_owned()),
            ("current", "false".to_owned()),
            ("from", stamp(from)),
            ("to", stamp(to)),
        ];
        query.extend(search.host.clone().map(|host| ("hostEmail", host)));
        let mut found = self.list("find", &query).await?;
        found.retain(|meeting| meeting.is_tagged(search.tag) && is_host(meeting, &search.host));
        found.sort_by(|one, other| one.id.cmp(&other.id));
        found.dedup_by(|one, other| one.id == other.id);
        Ok(found)
    }

    /// Occurrences of a series that differ from it.
    pub(super) async fn exceptions(
        &self,
        series: &str,
        host: &Option<String>,
    ) -> Result<Vec<Meeting>, CallFailure> {
        let now = self.world.clock.now();
        let mut query = vec![
            ("meetingSeriesId", series.to_owned()),
            ("meetingType", "scheduledMeeting".to_owned()),
            ("isModified", "true".to_owned()),
            ("from", stamp(now)),
            ("to", stamp(now.saturating_add(AHEAD).unwrap_or(now))),
        ];
        query.extend(host.clone().map(|host| ("hostEmail", host)));
        self.list("exceptions", &query).await
    }

    pub(super) async fn get(
        &self,
        id: &str,
        host: &Option<String>,
    ) -> Result<Meeting, CallFailure> {
        let url = with_host(self.meeting(id)?, host);
        let answer = self.call("get", Request::get(&url)).await?;
        let meeting = Meeting::from_body(&answer.body).map_err(lie)?;
        if meeting.id == id { Ok(meeting) } else { Err(CallFailure::Lie("another meeting")) }
    }

    pub(super) async fn create(
        &self,
        plan: &Plan,
        settings: &WebexSettings,
        for_whom: &ForWhom<'_>,
    ) -> Result<Meeting, CallFailure> {
        let body = creation(plan, settings, for_whom);
        let request = Request::post(&self.url("meetings")?, body.to_string()).json();
        let answer = self.call("create", request).await?;
        let meeting = Meeting::from_body(&answer.body).map_err(lie)?;
        // What we did not ask for is not ours, whatever the answer says.
        let is_ours = meeting.tags.is_empty() || meeting.is_tagged(for_whom.tag);
        if is_ours && is_host(&meeting, &for_whom.host) {
            Ok(meeting)
        } else {
            Err(CallFailure::Lie("the answer is about another meeting"))
        }
    }

    pub(super) async fn patch(
        &self,
        id: &str,
        changes: &Value,
        media_type: PatchMediaType,
    ) -> Result<(), CallFailure> {
        let request = Request::patch(&self.meeting(id)?, changes.to_string())
            .header("content-type", media_type.name());
        self.call("patch", request).await.map(|_answer| ())
    }

    /// Gone already is as good.
    pub(super) async fn delete(&self, id: &str, host: &Option<String>) -> Result<(), CallFailure> {
        let mut url = with_host(self.meeting(id)?, host);
        url.query_pairs_mut().append_pair("sendEmail", "false");
        match self.call("delete", Request::delete(&url)).await {
            Ok(_) | Err(CallFailure::Gone) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    pub(super) async fn personal_room(
        &self,
        user: &Option<String>,
        settings: &WebexSettings,
    ) -> Result<Conference, CallFailure> {
        let mut url = self.url("meetingPreferences/personalMeetingRoom")?;
        let query = [("userEmail", user), ("siteUrl", &settings.site)];
        add(&mut url, query.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))));
        let answer = self.call("personal room", Request::get(&url)).await?;
        personal_room(&answer.body, &settings.link_domains).map_err(lie)
    }

    /// With what the answer's head says, for whoever looks whether all is well.
    pub(super) async fn sites(&self) -> Result<(Vec<String>, HeaderMap), CallFailure> {
        let url = self.url("meetingPreferences/sites")?;
        let Answer { body, headers } = self.call("sites", Request::get(&url)).await?;
        Ok((sites(&body).map_err(lie)?, headers))
    }

    async fn list(
        &self,
        what: &'static str,
        query: &[(&str, String)],
    ) -> Result<Vec<Meeting>, CallFailure> {
        match self.pages(what, query, PAGE).await {
            Err(CallFailure::TooSlow) => self.pages(what, query, PAGE_SMALL).await,
            outcome => outcome,
        }
    }

    async fn pages(
        &self,
        what: &'static str,
        query: &[(&str, String)],
        max: usize,
    ) -> Result<Vec<Meeting>, CallFailure> {
        let mut url = self.url("meetings")?;
        add(&mut url, query.iter().map(|(name, value)| (*name, value)));
        url.query_pairs_mut().append_pair("max", &max.to_string());
        let mut found = Vec::new();
        for _ in 0..PAGES_MAX {
            let answer = self.call(what, Request::get(&url)).await?;
            found.extend(Meeting::list(&answer.body).map_err(lie)?);
            match next(&answer.headers, &url) {
                Some(next) => url = next,
                None => return Ok(found),
            }
        }
        Ok(found)
    }

    fn url(&self, path: &str) -> Result<Url, CallFailure> {
        self.api.join(path).map_err(|_error| CallFailure::Invalid("not a path"))
    }

    fn meeting(&self, id: &str) -> Result<Url, CallFailure> {
        let mut url = self.url("meetings")?;
        // A dot segment would lead elsewhere.
        if id.is_empty() || id.chars().all(|c| c == '.') {
            return Err(CallFailure::Invalid("not an id"));
        }
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(id);
        }
        Ok(url)
    }
}

/// Who will be the host, and how the meeting is found again.
pub(super) struct ForWhom<'a> {
    pub(super) tag: &'a str,
    pub(super) host: Option<String>,
    pub(super) space: Option<&'a str>,
}

fn creation(plan: &Plan, settings: &WebexSettings, for_whom: &ForWhom<'_>) -> Value {
    let mut body = json!({
        "title": plan.title,
        "start": local(&plan.start),
        "end": local(&plan.end),
        "timezone": plan.zone,
        "sendEmail": false,
        "integrationTags": [for_whom.tag],
        "enabledJoinBeforeHost": true,
        "joinBeforeHostMinutes": settings.join_before_host_minutes.minutes(),
        "allowAuthenticatedDevices": true,
    });
    let more = [
        ("recurrence", plan.recurrence()),
        ("hostEmail", for_whom.host.clone()),
        ("siteUrl", settings.site.clone()),
        ("roomId", for_whom.space.map(str::to_owned)),
    ];
    if let Some(fields) = body.as_object_mut() {
        let more =
            more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        fields.extend(more);
    }
    body
}

/// With the offset that the zone has then.
pub(super) fn local(time: &jiff::Zoned) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Of a meeting for the caller no host was asked for; which one it is then, only Webex knows.
pub(super) fn is_host(meeting: &Meeting, host: &Option<String>) -> bool {
    match (host, &meeting.host) {
        (None, _) => true,
        (Some(wanted), Some(found)) => wanted.to_lowercase() == found.to_lowercase(),
        (Some(_), None) => false,
    }
}

fn with_host(mut url: Url, host: &Option<String>) -> Url {
    if let Some(host) = host {
        url.query_pairs_mut().append_pair("hostEmail", host);
    }
    url
}

fn add<'a>(url: &mut Url, query: impl Iterator<Item = (&'a str, &'a String)>) {
    for (name, value) in query {
        url.query_pairs_mut().append_pair(name, value);
    }
}

/// The next page (RFC 8288), at the same place only: the token goes along.
fn next(headers: &HeaderMap, here: &Url) -> Option<Url> {
    let links = headers.get("link")?.to_str().ok()?;
    let link = links.split(',').find(|link| {
        link.split(';').skip(1).any(|part| matches!(part.trim(), "rel=\"next\"" | "rel=next"))
    })?;
    let target = link.split_once('<')?.1.split_once('>')?.0;
    let url = here.join(target).ok()?;
    (url.origin() == here.origin() && url.path() == here.path()).then_some(url)
}

fn lie(unusable: Unusable) -> CallFailure {
    CallFailure::Lie(unusable.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_lies_at_the_same_place() {
        let here = Url::parse("https://api.example/v1/meetings?max=100").unwrap();
        let seen = |link: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("link", link.parse().unwrap());
            next(&headers, &here).map(String::from)
        };
        let good = "https://api.example/v1/meetings?cursor=2";
        assert_eq!(seen(&format!("<{good}>; rel=\"next\"")).as_deref(), Some(good));
        assert_eq!(seen(&format!("<x>; rel=\"prev\", <{good}>; rel=next")).as_deref(), Some(good));
        for bad in [
            "<https://evil.example/v1/meetings>; rel=\"next\"",
            "<http://api.example/v1/meetings>; rel=\"next\"",
            "<https://api.example/v1/people>; rel=\"next\"",
            "<https://api.example/v1/meetings>; rel=\"first\"",
            "rel=\"next\"",
        ] {
            assert_eq!(seen(bad), None, "{bad}");
        }
    }
}
