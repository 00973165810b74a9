//! Tokens, and when they are to be renewed. Lifetimes are what the service says, never assumed.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

/// If the service does not say: renewed soon.
const ACCESS_DEFAULT: SignedDuration = SignedDuration::from_hours(1);
/// Two calls for somebody to come.
const WARNING: SignedDuration = SignedDuration::from_hours(14 * 24);
const LAST_WARNING: SignedDuration = SignedDuration::from_hours(3 * 24);

/// A token; shown nowhere, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub(super) struct Token(Zeroizing<String>);

impl From<String> for Token {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.expose().to_owned()
    }
}

impl Token {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned().into())
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pair {
    pub(super) access: Token,
    pub(super) obtained: Timestamp,
    pub(super) ends: Timestamp,
    /// Somewhere in the middle of its life, so that a failure leaves time to try again.
    pub(super) renew_from: Timestamp,
    pub(super) refresh: Token,
    /// None if the service did not say.
    pub(super) refresh_ends: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Good,
    /// Good, but a new one should be fetched.
    Renew,
    Over,
}

/// How near the end of the refresh token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nearness {
    Far,
    Warning,
    LastWarning,
}

impl Nearness {
    pub(super) fn warning(self) -> Option<&'static str> {
        match self {
            Self::Far => None,
            Self::Warning => Some("the refresh token ends within 14 days"),
            Self::LastWarning => Some("the refresh token ends within 3 days"),
        }
    }
}

impl Pair {
    /// From the answer of the token endpoint. `percent` is from 50 to 80: when to renew.
    pub(super) fn read(
        body: &[u8],
        before: &Token,
        before_ends: Option<Timestamp>,
        now: Timestamp,
        percent: u8,
    ) -> Option<Self> {
        let value: Value = serde_json::from_slice(body).ok()?;
        let access = value.get("access_token")?.as_str().filter(|token| !token.is_empty())?;
        let seconds = |name: &str| {
            let number = value.get(name)?;
            let seconds = number.as_i64().or_else(|| number.as_str()?.parse().ok())?;
            (seconds > 0).then(|| SignedDuration::from_secs(seconds))
        };
        let after = |time: SignedDuration| now.saturating_add(time).unwrap_or(Timestamp::MAX);
        let life = seconds("expires_in").unwrap_or(ACCESS_DEFAULT);
        let part = SignedDuration::from_secs(life.as_secs() / 100 * i64::from(percent));
        let new = value.get("refresh_token").and_then(Value::as_str).filter(|new| !new.is_empty());
        Some(Self {
            access: Token::new(access),
            obtained: now,
            ends: after(life),
            renew_from: after(part),
            // A service that keeps the token does not send it again.
            refresh: new.map_or_else(|| before.clone(), Token::new),
            refresh_ends: seconds("refresh_token_expires_in").map(after).or(before_ends),
        })
    }

    pub(super) fn usage(&self, now: Timestamp) -> Use {
        if now >= self.ends {
            Use::Over
        } else if now >= self.renew_from {
            Use::Renew
        } else {
            Use::Good
        }
    }

    pub(super) fn nearness(&self, now: Timestamp) -> Nearness {
        let left = self.refresh_ends.map(|ends| ends.duration_since(now));
        match left {
            Some(left) if left <= LAST_WARNING => Nearness::LastWarning,
            Some(left) if left <= WARNING => Nearness::Warning,
            Some(_) | None => Nearness::Far,
        }
    }
}

/// What the developer portal shows: of it only the refresh token is needed.
pub(super) fn first_refresh_token(text: &str) -> Option<Token> {
    let value: Value = serde_json::from_str(text).ok()?;
    let token = value.get("refresh_token")?.as_str()?.trim();
    (!token.is_empty()).then(|| Token::new(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn pair(body: &str) -> Option<Pair> {
        Pair::read(body.as_bytes(), &Token::new("old"), Some(at(9)), at(1000), 60)
    }

    #[test]
    fn lifetimes_are_those_of_the_answer() {
        let pair = pair(
            r#"{"access_token":"a","expires_in":3600,"refresh_token":"r",
            "refresh_token_expires_in":7776000,"token_type":"Bearer"}"#,
        )
        .unwrap();
        assert_eq!(pair.usage(at(1000 + 2159)), Use::Good);
        assert_eq!(pair.usage(at(1000 + 2160)), Use::Renew);
        assert_eq!(pair.usage(at(1000 + 3600)), Use::Over);
        let day = 24 * 3600;
        for (days, nearness) in [
            (75, Nearness::Far),
            (76, Nearness::Warning),
            (86, Nearness::Warning),
            (87, Nearness::LastWarning),
            (91, Nearness::LastWarning),
        ] {
            assert_eq!(pair.nearness(at(1000 + days * day)), nearness, "{days}");
        }
        assert!(!format!("{pair:?}").contains('"'));
    }

    #[test]
    fn a_refresh_token_that_is_not_sent_again_stays() {
        let pair = pair(r#"{"access_token":"a"}"#).unwrap();
        assert_eq!((pair.refresh.expose(), pair.refresh_ends), ("old", Some(at(9))));
        assert_eq!(pair.ends, at(1000 + 3600));
        for body in ["{}", r#"{"access_token":""}"#, "<html>", r#"{"access_token":7}"#] {
            assert!(Pair::read(body.as_bytes(), &Token::new("o"), None, at(0), 50).is_none());
        }
    }

    #[test]
    fn the_first_pair_is_read_as_the_portal_shows_it() {
        let first = first_refresh_token(r#"{"access_token":"a","refresh_token":" r "}"#);
        assert_eq!(first.unwrap().expose(), "r");
        assert!(first_refresh_token(r#"{"refresh_token":""}"#).is_none());
    }
}
