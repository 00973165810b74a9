//! How meetings and rooms look in answers.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use crate::{
    config::Person,
    meeting::{Exception, Meeting, occurrence_id},
};

/// Who looks, and in which zone.
pub(crate) struct View<'a> {
    pub(crate) client: &'a str,
    pub(crate) zone: TimeZone,
    pub(crate) now: Timestamp,
}

impl View<'_> {
    fn time(&self, time: Timestamp) -> String {
        if self.zone == TimeZone::UTC {
            time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
        } else {
            time.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
        }
    }
}

pub(crate) fn series(meeting: &Meeting, host: Option<&Person>, view: &View<'_>) -> Value {
    let Meeting { id, number, site, .. } = meeting;
    let tags: Vec<_> =
        meeting.tags.iter().filter(|(by, _)| by == view.client).map(|(_, t)| t).collect();
    let mut value = json!({
        "id": id,
        // What lists and changes have, and a single look has not, does no harm there.
        "meetingSeriesId": id,
        "meetingNumber": number,
        "title": meeting.title,
        "password": meeting.password,
        "phoneAndVideoSystemPassword": meeting.numeric_password,
        "meetingType": "meetingSeries",
        "state": meeting.state(view.now),
        "timezone": meeting.zone,
        "start": view.time(meeting.start),
        "end": view.time(meeting.end),
        "hostUserId": format!("sim-user-{}", meeting.host),
        "hostDisplayName": host.map_or("Somebody", |host| host.name.as_str()),
        "hostEmail": meeting.host,
        "hostKey": "654321",
        "panelistPassword": "sim-panelist-secret",
        "phoneAndVideoSystemPanelistPassword": "87654321",
        "siteUrl": site,
        "webLink": format!("https://{site}/{}/j.php?MTID=m{id}", name_of(site)),
        "sipAddress": format!("{number}@{site}"),
        "dialInIpAddress": "192.0.2.10",
        "telephony": {
            "accessCode": number,
            "callInNumbers": [
                {"label": "US Toll", "callInNumber": "+1-202-555-0100", "tollType": "toll"},
                {"label": "US Toll Free", "callInNumber": "+1-202-555-0101", "tollType": "tollFree"},
            ],
            "links": [global_numbers(id)],
        },
        "enabledBreakoutSessions": false,
        "scheduledType": "meeting",
    });
    if let Some(fields) = value.as_object_mut() {
        fields.extend(meeting.settings.clone());
        if !tags.is_empty() {
            fields.insert("integrationTags".to_owned(), json!(tags));
        }
        if let Some(rule) = &meeting.rule {
            fields.insert("recurrence".to_owned(), json!(rule.text));
        }
        if let Some(space) = &meeting.space {
            fields.insert("roomId".to_owned(), json!(space));
        }
    }
    value
}

/// One occurrence, as lists of a series have it.
pub(crate) fn occurrence(
    meeting: &Meeting,
    original: Timestamp,
    one: &Exception,
    host: Option<&Person>,
    view: &View<'_>,
) -> Value {
    let mut value = series(meeting, host, view);
    let is_modified = meeting.exceptions.contains_key(&original);
    let own = json!({
        "id": occurrence_id(&meeting.id, original),
        "meetingType": "scheduledMeeting",
        "state": if one.end < view.now { "missed" } else { "scheduled" },
        "isModified": is_modified,
        "title": one.title,
        "start": view.time(one.start),
        "end": view.time(one.end),
    });
    if let (Some(fields), Some(own)) = (value.as_object_mut(), own.as_object()) {
        fields.remove("recurrence");
        fields.remove("integrationTags");
        fields.extend(own.clone());
    }
    value
}

pub(crate) fn personal_room(person: &Person, room: &str, has_links_as_in_example: bool) -> Value {
    let Person { site, name, .. } = person;
    let links = global_numbers(room);
    json!({
        "topic": format!("{name}'s room"),
        "hostPin": "4325",
        "personalMeetingRoomLink": format!("https://{site}/meet/{room}"),
        "enabledAutoLock": false,
        "autoLockMinutes": 10,
        "enabledNotifyHost": false,
        "supportCoHost": false,
        "supportAnyoneAsCoHost": false,
        "allowFirstUserToBeCoHost": false,
        "allowAuthenticatedDevices": true,
        "coHosts": [],
        "sipAddress": format!("{room}@{site}"),
        "dialInIpAddress": "192.0.2.10",
        "telephony": {
            "accessCode": "25551234",
            "callInNumbers": [
                {"label": "US Toll", "callInNumber": "+1-202-555-0100", "tollType": "toll"},
            ],
            "links": if has_links_as_in_example { json!([links]) } else { links },
        },
    })
}

fn global_numbers(id: &str) -> Value {
    json!({
        "rel": "globalCallinNumbers",
        "href": format!("/v1/meetings/{id}/globalCallinNumbers"),
        "method": "GET",
    })
}

/// `example.webex.com` → `example`
fn name_of(site: &str) -> &str {
    site.split('.').next().unwrap_or(site)
}
