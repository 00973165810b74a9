//! The servers behind the one address: each mailbox lives on one of them, and each subscription
//! and stream belongs to one.

use std::{collections::BTreeMap, time::Duration};

use axum::http::HeaderMap;
use ews::ResponseCode;
use jiff::Timestamp;

use crate::{ids::checksum, mailbox::key};

/// Names what a client wants to go on talking to.
pub(crate) const COOKIE: &str = "X-BackEndOverrideCookie";

pub(crate) struct BackEnds {
    hosts: Vec<String>,
    /// Of mailboxes that moved; the others are spread by their address.
    moved: BTreeMap<String, usize>,
    away: BTreeMap<String, Away>,
}

/// A mailbox that cannot be reached for a while.
struct Away {
    since: Timestamp,
    until: Timestamp,
    why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Move,
    FailOver,
}

/// How a mailbox that is away refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusing {
    Request(ResponseCode),
    /// HTTP 200, and the error with each object.
    Objects(ResponseCode),
}

/// What a request says about where it wants to go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    pub(crate) anchor: Option<String>,
    pub(crate) back_end: Option<String>,
    pub(crate) prefers_affinity: bool,
}

impl Route {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let cookies = text("cookie").unwrap_or_default().split(';');
        let cookie = cookies
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find(|(name, _)| name.eq_ignore_ascii_case(COOKIE));
        let host = cookie.map(|(_, value)| value.split('~').next().unwrap_or(value).to_owned());
        Self {
            anchor: text("x-anchormailbox").map(key),
            back_end: host,
            prefers_affinity: text("x-preferserveraffinity")
                .is_some_and(|text| text.eq_ignore_ascii_case("true")),
        }
    }
}

impl BackEnds {
    pub(crate) fn new(count: usize) -> Self {
        let hosts = (1..=count.max(1)).map(|number| format!("exchange-sim-{number:02}")).collect();
        Self { hosts, moved: BTreeMap::new(), away: BTreeMap::new() }
    }

    pub(crate) fn home(&self, mailbox: &str) -> usize {
        let mailbox = key(mailbox);
        self.moved.get(&mailbox).copied().unwrap_or_else(|| {
            let count = u64::try_from(self.hosts.len()).unwrap_or(1);
            let drawn = checksum(mailbox.as_bytes()).checked_rem(count).unwrap_or(0);
            usize::try_from(drawn).unwrap_or(0)
        })
    }

    pub(crate) fn host(&self, back_end: usize) -> &str {
        self.hosts.get(back_end).map_or("", String::as_str)
    }

    pub(crate) fn find(&self, host: &str) -> Option<usize> {
        self.hosts.iter().position(|known| known == host)
    }

    /// Where a request goes: as its cookie says, else to the home of its anchor, else to that of
    /// the mailbox it is about.
    pub(crate) fn target(&self, route: &Route, mailbox: &str) -> usize {
        let by_cookie = route.back_end.as_deref().and_then(|host| self.find(host));
        by_cookie.unwrap_or_else(|| self.home(route.anchor.as_deref().unwrap_or(mailbox)))
    }

    /// The next back end after one, in a circle.
    pub(crate) fn after(&self, back_end: usize) -> usize {
        (back_end + 1).checked_rem(self.hosts.len()).unwrap_or(0)
    }

    /// From now on elsewhere, and out of reach for a while.
    pub(crate) fn relocate(
        &mut self,
        mailbox: &str,
        to: usize,
        why: Why,
        now: Timestamp,
        lasts: Duration,
    ) {
        let to = to.min(self.hosts.len().saturating_sub(1));
        self.moved.insert(key(mailbox), to);
        let until = now.checked_add(lasts).unwrap_or(now);
        self.away.insert(key(mailbox), Away { since: now, until, why });
    }

    pub(crate) fn refusing(&self, mailbox: &str, now: Timestamp) -> Option<Refusing> {
        let away = self.away.get(&key(mailbox)).filter(|away| now < away.until)?;
        let is_early = now.duration_since(away.since) * 2 < away.until.duration_since(away.since);
        Some(match (away.why, is_early) {
            (Why::Move, _) => Refusing::Request(ResponseCode::ErrorMailboxMoveInProgress),
            (Why::FailOver, true) => Refusing::Request(ResponseCode::ErrorMailboxFailover),
            (Why::FailOver, false) => Refusing::Objects(ResponseCode::ErrorMailboxStoreUnavailable),
        })
    }

    pub(crate) fn end_trouble(&mut self) {
        self.away.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_beats_the_anchor_and_the_anchor_the_mailbox() {
        let mut back_ends = BackEnds::new(3);
        let now = Timestamp::UNIX_EPOCH;
        for (mailbox, to) in [("a@x", 0), ("b@x", 1)] {
            back_ends.relocate(mailbox, to, Why::Move, now, Duration::ZERO);
        }
        let mut headers = HeaderMap::new();
        assert_eq!(back_ends.target(&Route::of(&headers), "A@x"), 0);
        headers.insert("x-anchormailbox", "B@x".parse().expect("a value"));
        assert_eq!(back_ends.target(&Route::of(&headers), "a@x"), 1);
        let cookie = format!("a=b; {COOKIE}={}~1941997012", back_ends.host(2));
        headers.insert("cookie", cookie.parse().expect("a value"));
        assert_eq!(back_ends.target(&Route::of(&headers), "a@x"), 2);
    }

    #[test]
    fn who_is_away_comes_back() {
        let mut back_ends = BackEnds::new(2);
        let now = Timestamp::UNIX_EPOCH;
        let at = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(back_ends.refusing("a@x", now), None);
        back_ends.relocate("a@x", 1, Why::FailOver, now, Duration::from_secs(10));
        let early = Refusing::Request(ResponseCode::ErrorMailboxFailover);
        let late = Refusing::Objects(ResponseCode::ErrorMailboxStoreUnavailable);
        assert_eq!(back_ends.refusing("A@x", at(1)), Some(early));
        assert_eq!(back_ends.refusing("a@x", at(8)), Some(late));
        assert_eq!(back_ends.refusing("a@x", at(10)), None);
        assert_eq!(back_ends.home("a@x"), 1);
        assert_eq!(back_ends.after(1), 0);
    }
}
