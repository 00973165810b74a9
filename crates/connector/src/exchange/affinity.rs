//! How a request gets to the one server, behind Exchange's load balancer, that holds a group of
//! subscriptions: by the group's anchor mailbox, and by a cookie that names the server.

use protocol::ids::MailboxAddress;
use world::http::HeaderMap;

/// Set by Exchange on subscribing with `X-PreferServerAffinity`; sent back as a cookie, never as a
/// header of its own.
const COOKIE: &str = "X-BackEndOverrideCookie";
/// A real one has some 150.
const COOKIE_BYTES_MAX: usize = 4096;

/// Belongs to one group of subscriptions, never to the process.
#[derive(Clone, PartialEq, Eq)]
pub struct Affinity {
    pub anchor: MailboxAddress,
    pub cookie: Option<Cookie>,
}

/// Opaque, and shown to nobody: it steers requests.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie(String);

impl Affinity {
    /// Of a mailbox that leads a group, or stands for itself.
    pub fn to(anchor: MailboxAddress) -> Self {
        Self { anchor, cookie: None }
    }
}

impl Cookie {
    /// The value of the header that brings it back.
    pub fn to_header(&self) -> String {
        format!("{COOKIE}={}", self.0)
    }

    /// What an answer set, if it did.
    pub fn find(headers: &HeaderMap) -> Option<Self> {
        let set = headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let pairs = set.filter_map(|text| text.split(';').next()?.split_once('='));
        let ours = |(name, value): (&str, &str)| {
            let is_ours = name.trim().eq_ignore_ascii_case(COOKIE);
            let value = value.trim();
            (is_ours && !value.is_empty() && value.len() <= COOKIE_BYTES_MAX)
                .then(|| Self(value.to_owned()))
        };
        pairs.filter_map(ours).next_back()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(cookies: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append("set-cookie", cookie.parse().expect("a value"));
        }
        Cookie::find(&headers).map(|cookie| cookie.to_header())
    }

    #[test]
    fn one_cookie_is_kept_and_others_are_not() {
        assert_eq!(found(&[]), None);
        assert_eq!(found(&["exchangecookie=abc; path=/; HttpOnly"]), None);
        assert_eq!(found(&["X-BackEndOverrideCookie=; expires=yesterday"]), None);
        let both = ["exchangecookie=abc", "x-backendoverridecookie=EX01~194=; path=/EWS; secure"];
        assert_eq!(found(&both).as_deref(), Some("X-BackEndOverrideCookie=EX01~194="));
    }
}
