//! What a room dials for a link. Nothing is guessed: a call that fails silently is worse than none.

use super::rules::{Match, Rules};
use crate::unwrap::percent_decoded;

use super::{
    address::is_dial_string,
    catalogue::{Dialling, Kind},
};

/// Zoom's rooms call here, with the number of the meeting.
pub(super) const ZOOM_DOMAIN: &str = "zoomcrc.com";
const LIFESIZE_DOMAIN: &str = "lifesizecloud.com";
const WEBEX_DOMAIN: &str = ".webex.com";
/// Of Zoom's other clouds the domain is not known.
const ZOOM_HOSTS: [&str; 2] = ["zoom.us", "zoom.com"];

/// As far as the link itself says.
pub(super) fn from_link(found: &Match<'_, '_>, host: &str, rules: &Rules) -> Option<String> {
    if found.rule.kind == Kind::Closed {
        return None;
    }
    if let Some(template) = found.dial {
        let room = percent_decoded(found.room).filter(|room| !room.is_empty())?;
        return Some(template.replace("{name}", &room)).filter(|dial| is_dial_string(dial));
    }
    let room = found.room;
    let dial = match found.rule.dialling {
        Dialling::WebexRoom if is_named_room(room, host) => format!("{room}@{host}"),
        Dialling::Zoom if has_zoom_rooms(host) => format!("{room}@{ZOOM_DOMAIN}"),
        Dialling::Lifesize => format!("{room}@{LIFESIZE_DOMAIN}"),
        Dialling::WebexRoom
        | Dialling::Zoom
        | Dialling::Printed
        | Dialling::WebexMeeting
        | Dialling::ZoomName
        | Dialling::Teams => return None,
    };
    Some(dial).filter(|dial| rules.may_dial(dial))
}

/// Rooms named by number, and hosts below other hosts, answer at addresses of another form.
fn is_named_room(room: &str, host: &str) -> bool {
    let number = room.get(..2).filter(|start| start.eq_ignore_ascii_case("pr")).and(room.get(2..));
    let is_numbered = number.is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()));
    host.strip_suffix(WEBEX_DOMAIN).is_some_and(|site| !site.contains('.')) && !is_numbered
}

pub(super) fn has_zoom_rooms(host: &str) -> bool {
    let is_below = |name: &str| {
        host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    ZOOM_HOSTS.iter().any(|name| is_below(name))
}

/// An all-digit passcode may stand in the address; letters may not.
pub(super) fn with_passcode(number: &str, passcode: Option<&str>) -> String {
    let digits = passcode.filter(|it| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit()));
    match digits {
        Some(passcode) => format!("{number}.{passcode}@{ZOOM_DOMAIN}"),
        None => format!("{number}@{ZOOM_DOMAIN}"),
    }
}
