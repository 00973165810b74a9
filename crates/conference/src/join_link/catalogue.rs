//! The shape of `join-links.toml` and of an administrator's additions to it.

use serde::Deserialize;

/// What a kind of link is good for; the earlier, the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Meeting,
    Standing,
    Gathering,
    /// An address without a page; no rule has this kind.
    Address,
    Closed,
}

/// What becomes of an address on its way to the canonical one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Canonical {
    #[default]
    Keep,
    Zoom,
    NoFragment,
}

/// Where the address that a room dials comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Dialling {
    /// Only what is printed below the link.
    #[default]
    Printed,
    WebexMeeting,
    WebexRoom,
    Zoom,
    /// A name that hides the number.
    ZoomName,
    Teams,
    /// Digits of the link at the service's domain.
    Lifesize,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalogue {
    #[serde(default)]
    pub(super) words: Words,
    #[serde(default)]
    pub(super) rule: Vec<RuleText>,
    #[serde(default)]
    pub(super) page: Vec<PageText>,
    #[serde(default)]
    pub(super) interop: Vec<Interop>,
    #[serde(default)]
    pub(super) alternate: Vec<AlternateText>,
}

/// Words that the rules and the division of a text into zones need; all in lower case.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Words {
    pub(super) reserved_words: Vec<String>,
    pub(super) file_endings: Vec<String>,
    pub(super) opaque_hosts: Vec<String>,
    pub(super) dial_domains: Vec<String>,
    pub(super) closing_phrases: Vec<String>,
    pub(super) forwarded_markers: Vec<String>,
    pub(super) quoted_markers: Vec<String>,
    pub(super) attributions: Vec<String>,
    pub(super) header_starts: Vec<String>,
    pub(super) header_lines: Vec<String>,
    pub(super) passcode_labels: Vec<String>,
    pub(super) access_code_labels: Vec<String>,
    pub(super) number_labels: Vec<String>,
    pub(super) phone_words: Vec<String>,
}

impl Words {
    /// What an administrator adds stands behind what is built in.
    pub(super) fn extend(&mut self, more: &Self) {
        // Taken apart, so that the compiler asks for a list that is added one day.
        let Self {
            reserved_words,
            file_endings,
            opaque_hosts,
            dial_domains,
            closing_phrases,
            forwarded_markers,
            quoted_markers,
            attributions,
            header_starts,
            header_lines,
            passcode_labels,
            access_code_labels,
            number_labels,
            phone_words,
        } = self;
        let lists = [
            (reserved_words, &more.reserved_words),
            (file_endings, &more.file_endings),
            (opaque_hosts, &more.opaque_hosts),
            (dial_domains, &more.dial_domains),
            (closing_phrases, &more.closing_phrases),
            (forwarded_markers, &more.forwarded_markers),
            (quoted_markers, &more.quoted_markers),
            (attributions, &more.attributions),
            (header_starts, &more.header_starts),
            (header_lines, &more.header_lines),
            (passcode_labels, &more.passcode_labels),
            (access_code_labels, &more.access_code_labels),
            (number_labels, &more.number_labels),
            (phone_words, &more.phone_words),
        ];
        for (list, more) in lists {
            list.extend(more.iter().map(|word| word.to_lowercase()));
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleText {
    pub(super) class: String,
    pub(super) provider: String,
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) hosts: Vec<String>,
    #[serde(default)]
    pub(super) not_labels: Vec<String>,
    pub(super) paths: Vec<String>,
    #[serde(default)]
    pub(super) query: Vec<String>,
    /// Parameters that tell two meetings of one path apart; `#` is the fragment.
    #[serde(default)]
    pub(super) apart: Vec<String>,
    /// The room alone is the meeting, whatever else stands in the path.
    #[serde(default)]
    pub(super) by_room: bool,
    /// Parameters that make a link somebody's own.
    #[serde(default)]
    pub(super) personal: Vec<String>,
    #[serde(default)]
    pub(super) reserved: bool,
    #[serde(default)]
    pub(super) canonical: Canonical,
    #[serde(default)]
    pub(super) dial: Dialling,
}

/// A known page that is no meeting: it is refused anyway, the note says what it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageText {
    pub(super) note: String,
    pub(super) hosts: Vec<String>,
    /// None: every page of these hosts.
    #[serde(default)]
    pub(super) paths: Vec<String>,
}

/// How a service for room devices composes its address from the parts of its block.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Interop {
    pub(super) domain: String,
    /// With `{user}` of the printed address and the `{conference}`.
    pub(super) dial: String,
}

/// A page of instructions whose own address holds what a room dials.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlternateText {
    pub(super) paths: Vec<String>,
    /// All must be there.
    pub(super) query: Vec<String>,
    /// With the parameters in braces.
    pub(super) dial: String,
}
