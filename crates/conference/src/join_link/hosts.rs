//! Host patterns of the rules, found by looking up a host and its parents, never by trying each.

use std::collections::HashMap;

/// No pattern names more than a top-level domain's child.
const LABELS_MIN: usize = 2;

/// What may stand before the host of a pattern.
#[derive(Clone, Debug)]
enum Label {
    /// Any number of labels.
    Any,
    /// One label that begins so.
    Prefix(String),
    /// One label of so many letters.
    Letters { min: usize, max: usize },
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no pattern for a host: {0}")]
pub struct MalformedHost(String);

#[derive(Debug)]
pub(super) struct Hosts<T> {
    exact: HashMap<String, Vec<T>>,
    below: HashMap<String, Vec<(Label, T)>>,
}

impl<T> Hosts<T> {
    pub(super) fn new() -> Self {
        Self { exact: HashMap::new(), below: HashMap::new() }
    }

    pub(super) fn find(&self, host: &str) -> impl Iterator<Item = &T> {
        let parents = host.match_indices('.').filter_map(|(at, _)| host.split_at_checked(at));
        let below = parents.filter_map(|(label, parent)| {
            let entries = self.below.get(parent.strip_prefix('.')?)?;
            Some(entries.iter().filter(move |(wanted, _)| wanted.fits(label)).map(|(_, it)| it))
        });
        self.exact.get(host).into_iter().flatten().chain(below.flatten())
    }

    pub(super) fn has(&self, host: &str) -> bool {
        self.find(host).next().is_some()
    }

    /// The fixed parts of all patterns.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.exact.keys().chain(self.below.keys()).map(String::as_str)
    }
}

impl<T: Copy> Hosts<T> {
    pub(super) fn add(&mut self, pattern: &str, value: T) -> Result<(), MalformedHost> {
        let malformed = || MalformedHost(pattern.to_owned());
        let pattern = pattern.to_ascii_lowercase();
        let (label, is_exact_too, host) = split(&pattern).ok_or_else(malformed)?;
        if !is_name(host) {
            return Err(malformed());
        }
        if label.is_none() || is_exact_too {
            self.exact.entry(host.to_owned()).or_default().push(value);
        }
        if let Some(label) = label {
            self.below.entry(host.to_owned()).or_default().push((label, value));
        }
        Ok(())
    }
}

/// What stands before the host, whether it may be missing, the host.
fn split(pattern: &str) -> Option<(Option<Label>, bool, &str)> {
    if let Some(host) = pattern.strip_prefix("[*.]") {
        return Some((Some(Label::Any), true, host));
    }
    if let Some(host) = pattern.strip_prefix("*.") {
        return Some((Some(Label::Any), false, host));
    }
    if let Some(rest) = pattern.strip_prefix("{letters:") {
        let (bounds, host) = rest.split_once("}.")?;
        let (min, max) = bounds.split_once('-')?;
        let label = Label::Letters { min: min.parse().ok()?, max: max.parse().ok()? };
        return Some((Some(label), false, host));
    }
    match pattern.split_once("*.") {
        Some((prefix, host)) => Some((Some(Label::Prefix(prefix.to_owned())), false, host)),
        None => Some((None, false, pattern)),
    }
}

/// A host in ASCII with at least two labels.
pub(super) fn is_name(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // An address in numbers is no name, whatever its notation.
    let last = host.rsplit('.').next().unwrap_or_default();
    host.split('.').all(is_label)
        && host.split('.').count() >= LABELS_MIN
        && last.starts_with(|c: char| c.is_ascii_alphabetic())
}

impl Label {
    fn fits(&self, label: &str) -> bool {
        let is_one = !label.contains('.');
        match self {
            Self::Any => true,
            Self::Prefix(prefix) => is_one && label.starts_with(prefix.as_str()),
            Self::Letters { min, max } => {
                is_one
                    && (*min..=*max).contains(&label.len())
                    && label.bytes().all(|b| b.is_ascii_alphabetic())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Hosts, is_name};

    #[test]
    fn a_host_fits_exactly_or_below_and_never_by_a_part_of_its_name() {
        let mut hosts = Hosts::new();
        for (index, pattern) in
            ["[*.]zoom.us", "*.webex.com", "meet*.livekit.io", "{letters:2-4}.bbcollab.com"]
                .into_iter()
                .enumerate()
        {
            hosts.add(pattern, index).unwrap();
        }
        let cases = [
            ("zoom.us", Some(0)),
            ("a.b.zoom.us", Some(0)),
            ("evilzoom.us", None),
            ("zoom.us.example", None),
            ("webex.com", None),
            ("x.webex.com", Some(1)),
            ("meet-eu.livekit.io", Some(2)),
            ("a.meet.livekit.io", None),
            ("xmeet.livekit.io", None),
            ("us.bbcollab.com", Some(3)),
            ("x1.bbcollab.com", None),
            ("longer.bbcollab.com", None),
        ];
        for (host, index) in cases {
            assert_eq!(hosts.find(host).next().copied(), index, "{host}");
        }
    }

    #[test]
    fn patterns_that_would_list_half_the_web_are_refused() {
        for pattern in ["*.com", "com", "[*.]", "a b.example", "127.0.0.1", "*.*.example", ""] {
            assert!(Hosts::new().add(pattern, ()).is_err(), "{pattern}");
        }
        assert!(is_name("x-1.example") && !is_name("1.2"));
    }
}
