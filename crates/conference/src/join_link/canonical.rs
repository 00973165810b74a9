//! One address for every spelling of a link, and what makes two links the same meeting.

use url::Url;

use super::{
    catalogue::{Canonical, Dialling},
    rule::Rule,
};
use crate::unwrap::{parameter, percent_decoded};

/// Everything is kept, since what looks like tracking may be the passcode; exceptions are data.
pub(super) fn canonical(url: &mut Url, rule: &Rule, room: &str) -> String {
    match rule.canonical {
        Canonical::Keep => {}
        Canonical::NoFragment => url.set_fragment(None),
        Canonical::Zoom if is_zoom_start_link(url) => {
            let password = parameter(url, "pwd").map(|pwd| format!("pwd={pwd}"));
            url.set_query(password.as_deref());
            url.set_fragment(None);
            if rule.dialling == Dialling::Zoom {
                url.set_path(&format!("/j/{room}"));
                return "zoom.meeting".to_owned();
            }
        }
        Canonical::Zoom => {}
    }
    rule.class.clone()
}

/// Such a link starts the meeting as the organizer.
fn is_zoom_start_link(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    path.starts_with("/s/")
        || path.trim_end_matches('/').ends_with("/start")
        || url.query_pairs().any(|(key, _)| key.eq_ignore_ascii_case("zak"))
}

pub(super) fn identity(url: &Url, host: &str, room: &str, rule: &Rule) -> String {
    let value = |name: &String| match name.as_str() {
        "#" => url.fragment().map(str::to_owned),
        name => {
            let mut pairs = url.query_pairs();
            let pair = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name));
            pair.map(|(_, value)| value.into_owned())
        }
    };
    let apart: Vec<_> = rule.apart.iter().filter_map(value).collect();
    match rule.dialling {
        Dialling::Zoom => format!("zoom {room}"),
        Dialling::WebexRoom => format!("webex {host} {}", room.to_ascii_lowercase()),
        Dialling::WebexMeeting if !apart.is_empty() => format!("webex {}", apart.join(" ")),
        Dialling::ZoomName
        | Dialling::WebexMeeting
        | Dialling::Printed
        | Dialling::Teams
        | Dialling::Lifesize => {
            let path = percent_decoded(url.path().trim_end_matches('/'));
            let path = path.unwrap_or_default().to_lowercase();
            let path = if rule.is_by_room { room.to_ascii_lowercase() } else { path };
            format!("{host} {path} {}", apart.join(" "))
        }
    }
}
