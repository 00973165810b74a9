//! The trust list: hosts to which Autodiscover was sent on, and what administrators decided about
//! them. A host nobody decided on is not used.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Most hosts in the list; further ones are not noted until some are decided and removed.
pub const HOSTS_MAX: usize = 1000;
/// Longest host with its port.
pub const HOST_BYTES_MAX: usize = 260;
/// Most hosts in one report.
pub const REPORT_HOSTS_MAX: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Decision {
    /// Nobody decided yet: not used.
    Pending,
    Allowed,
    Blocked,
}

/// One host, or `host:port` if the port is not 443; a name in ASCII.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrustedHost {
    pub host: String,
    pub decision: Decision,
    /// When it was first met, or decided on before that.
    pub seen_at: Timestamp,
    /// Which connector met it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_by: Option<String>,
    /// The administrator's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
}

/// All hosts, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustList {
    pub hosts: Vec<TrustedHost>,
}

/// What a connector met since its last report; often nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustReport {
    pub seen: Vec<String>,
}

/// What an administrator decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustDecision {
    pub host: String,
    pub decision: Decision,
}

impl Decision {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Allowed => "allowed",
            Self::Blocked => "blocked",
        }
    }

    /// The reverse of [`Self::as_str`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Pending, Self::Allowed, Self::Blocked].into_iter().find(|it| it.as_str() == word)
    }
}

/// A name in lower-case ASCII, or an address in numbers, with or without a port; in the form in
/// which connectors report it.
pub fn is_host(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        Some(_) | None => (text, None),
    };
    let is_plain = |c: char| {
        c.is_ascii_lowercase()
            || c.is_ascii_digit()
            || matches!(c, '.' | '-' | '_' | '[' | ']' | ':')
    };
    let port_is_good = port.is_none_or(|port| port.parse::<u16>().is_ok());
    !name.is_empty() && text.len() <= HOST_BYTES_MAX && name.chars().all(is_plain) && port_is_good
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_plain_names() {
        for good in ["mail.example.net", "mail.example.net:8443", "xn--bcher-kva.example", "a_b.c"]
        {
            assert!(is_host(good), "{good}");
        }
        for odd in ["", ":443", "Mail.example.net", "a b", "https://x", "x/y", "x:y", "a@b", "é.x"]
        {
            assert!(!is_host(odd), "{odd}");
        }
        assert!(!is_host(&"a".repeat(HOST_BYTES_MAX + 1)));
    }

    #[test]
    fn words_are_those_of_the_wire() {
        for decision in [Decision::Pending, Decision::Allowed, Decision::Blocked] {
            assert_eq!(serde_json::json!(decision), decision.as_str());
            assert_eq!(Decision::from_word(decision.as_str()), Some(decision));
        }
        assert_eq!(Decision::from_word("perhaps"), None);
    }
}
