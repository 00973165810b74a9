//! Addresses that a room dials: `sip:`, `sips:`, `h323:`, and digits at a domain.

use std::net::Ipv4Addr;

use super::{Reason, hosts::is_name};

/// Fewer digits are no number of a meeting.
const BARE_DIGITS_MIN: usize = 5;
/// No address is longer.
const ADDRESS_BYTES_MAX: usize = 320;
/// Ports that change nothing.
const USUAL_PORTS: [&str; 3] = ["5060", "5061", "1720"];

/// What starts an address, and the scheme it has from then on.
const SCHEMES: &[(&str, Scheme)] = &[
    ("sips:", Scheme::Sips),
    ("sip:", Scheme::Sip),
    ("h323:", Scheme::H323),
    ("pexip:", Scheme::Sip),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Sip,
    Sips,
    H323,
}

impl Scheme {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sip => "sip",
            Self::Sips => "sips",
            Self::H323 => "h323",
        }
    }

    pub(super) fn provider(self) -> &'static str {
        match self {
            Self::Sip | Self::Sips => "sip",
            Self::H323 => "h323",
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Sip | Self::Sips => "sip.uri",
            Self::H323 => "h323.uri",
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) scheme: Scheme,
    /// Whether the scheme was written, or it was only digits at a domain.
    pub(super) is_explicit: bool,
    pub(super) user: String,
    pub(super) domain: String,
}

impl Address {
    /// `None`: this is no video address at all.
    pub(super) fn parse(text: &str) -> Option<Result<Self, Reason>> {
        let (scheme, rest) = SCHEMES.iter().find_map(|(start, scheme)| {
            let (given, rest) = text.split_at_checked(start.len())?;
            given.eq_ignore_ascii_case(start).then_some((*scheme, rest))
        })?;
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        // Parameters are dropped.
        let address = rest.split([';', '?', '<', '>', '/']).next().unwrap_or_default();
        let (user, domain) = address.rsplit_once('@')?;
        Some(Self::checked(scheme, user, domain))
    }

    /// Digits at a domain, without a scheme.
    pub(super) fn bare(text: &str) -> Option<Self> {
        let (user, domain) = text.split_once('@')?;
        let is_number =
            user.len() >= BARE_DIGITS_MIN && user.bytes().all(|byte| byte.is_ascii_digit());
        let domain = domain.to_ascii_lowercase();
        let this = Self { scheme: Scheme::Sip, is_explicit: false, user: user.to_owned(), domain };
        (is_number && is_name(&this.domain)).then_some(this)
    }

    fn checked(scheme: Scheme, user: &str, domain: &str) -> Result<Self, Reason> {
        let domain = match domain.split_once(':') {
            None => domain,
            Some((domain, port)) if USUAL_PORTS.contains(&port) => domain,
            Some(_) if domain.starts_with('[') => return Err(Reason::IpLiteral),
            Some(_) => return Err(Reason::Port),
        };
        if user.contains(':') {
            return Err(Reason::Userinfo);
        }
        // An address has no business with names in other scripts: they are not mapped, but refused.
        let domain = domain.to_ascii_lowercase();
        if domain.starts_with('[') || is_number(&domain) {
            return Err(Reason::IpLiteral);
        }
        if !is_user(user) || !is_name(&domain) || user.len() + domain.len() > ADDRESS_BYTES_MAX {
            return Err(Reason::Malformed);
        }
        Ok(Self { scheme, is_explicit: true, user: user.to_owned(), domain })
    }

    /// As a room dials it.
    pub(super) fn dial(&self) -> String {
        format!("{}@{}", self.user, self.domain)
    }

    pub(super) fn url(&self) -> String {
        format!("{}:{}@{}", self.scheme.name(), self.user, self.domain)
    }
}

/// An address in numbers, whatever the notation: `192.0.2.1`, `0x7f.1`, `2130706433`.
fn is_number(domain: &str) -> bool {
    let last = domain.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let is_hex = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    domain.parse::<Ipv4Addr>().is_ok()
        || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
        || last.strip_prefix("0x").is_some_and(is_hex)
}

fn is_user(user: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"._~+-*#!$&'=%".contains(&b);
    !user.is_empty() && user.bytes().all(is_allowed)
}

/// Whether a text can be dialled: what templates give may be anything.
pub(super) fn is_dial_string(address: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"._~+-*".contains(&b);
    address.len() <= ADDRESS_BYTES_MAX
        && address.split_once('@').is_some_and(|(user, domain)| {
            !user.is_empty() && user.bytes().all(is_allowed) && is_name(domain)
        })
}

/// Whether one of the schemes begins here.
pub(super) fn has_scheme(text: &str) -> bool {
    SCHEMES.iter().any(|(start, _)| {
        text.get(..start.len()).is_some_and(|given| given.eq_ignore_ascii_case(start))
    })
}

/// Every `user@domain` in a line, from left to right, as a person reads them.
pub(super) fn printed(line: &str) -> impl Iterator<Item = (&str, String)> {
    line.match_indices('@').filter_map(|(at, _)| {
        let (before, after) = (line.get(..at)?, line.get(at + 1..)?);
        let is_in_user = |b: u8| b.is_ascii_alphanumeric() || b"._~+-*".contains(&b);
        let length = before.bytes().rev().take_while(|b| is_in_user(*b)).count();
        let user = before.get(at.checked_sub(length)?..).filter(|user| !user.is_empty())?;
        let is_in_domain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
        let length = after.bytes().take_while(|b| is_in_domain(*b)).count();
        let domain = after.get(..length)?.trim_end_matches(['.', '-']).to_ascii_lowercase();
        is_name(&domain).then_some((user, domain))
    })
}

#[cfg(test)]
mod tests {
    use super::{Address, Reason, printed};

    fn url(text: &str) -> Option<Result<String, Reason>> {
        Address::parse(text).map(|parsed| parsed.map(|address| address.url()))
    }

    #[test]
    fn addresses_are_read_and_those_in_numbers_refused() {
        let fine = |text: &str| Some(Ok(text.to_owned()));
        assert_eq!(
            url("SIP:Room.1@Video.Contoso.com;transport=tls"),
            fine("sip:Room.1@video.contoso.com")
        );
        assert_eq!(url("sips:a@b.example?x=y"), fine("sips:a@b.example"));
        assert_eq!(url("pexip://meet.ann@vc.example"), fine("sip:meet.ann@vc.example"));
        assert_eq!(url("h323:45@vc.example:1720"), fine("h323:45@vc.example"));
        for number in ["192.0.2.1", "2130706433", "0x7f.1", "127.1", "[2001:db8::1]", "192.0.2.1."]
        {
            assert_eq!(url(&format!("sip:a@{number}")), Some(Err(Reason::IpLiteral)), "{number}");
        }
        assert_eq!(url("sip:a:secret@b.example"), Some(Err(Reason::Userinfo)));
        assert_eq!(url("sip:a@b.example:8443"), Some(Err(Reason::Port)));
        assert_eq!(url("sip:a@b\u{43e}.example"), Some(Err(Reason::Malformed)));
        assert_eq!(url("sip:room"), None);
        assert_eq!(url("mailto:a@b.example"), None);
    }

    #[test]
    fn only_digits_need_no_scheme() {
        assert!(Address::bare("23456@x.webex.com").is_some());
        for mail in ["2345@x.example", "ann@x.example", "23456@192.0.2.1", "23456@x"] {
            assert!(Address::bare(mail).is_none(), "{mail}");
        }
    }

    #[test]
    fn printed_addresses_are_read_out_of_a_line() {
        let line = "Dial 234@x.webex.com, or <mailto:a.b@M.webex.com>. @ no@one";
        let read: Vec<_> = printed(line).map(|(user, domain)| format!("{user}@{domain}")).collect();
        assert_eq!(read, ["234@x.webex.com", "a.b@m.webex.com"]);
    }
}
