//! Collects what may be a link, with where it stands; recognising comes later.

use super::{
    CANDIDATES_MAX, Reason, Rules, Sender, TEXT_BYTES_MAX,
    recognise::{Recognised, Refusal, recognise},
    text::{Wrapping, quoted_printable_undone, tokens},
    zones::{Zone, Zones},
};
use crate::{
    html::{Anchor, Flat, flatten, is_invisible},
    unwrap::is_safe_links,
};

pub(super) struct Candidate {
    pub(super) zone: Zone,
    /// Ways to read it; the first that is recognised counts.
    forms: Vec<String>,
    /// Only when the link itself is a gateway's that cannot be undone.
    stand_ins: Vec<String>,
}

impl Candidate {
    pub(super) fn link(url: &str) -> Self {
        Self { zone: Zone::Text, forms: vec![url.to_owned()], stand_ins: Vec::new() }
    }

    pub(super) fn recognise(&self, rules: &Rules, sender: Sender) -> Result<Recognised, Refusal> {
        let refusal = match first_recognised(&self.forms, rules, sender) {
            Err(refusal) if refusal.is_wrapper => refusal,
            other => return other,
        };
        first_recognised(&self.stand_ins, rules, sender).or(Err(refusal))
    }
}

fn first_recognised(
    forms: &[String],
    rules: &Rules,
    sender: Sender,
) -> Result<Recognised, Refusal> {
    let mut refusal = Refusal::from(Reason::NoLink);
    for form in forms {
        match recognise(form, rules, sender) {
            Ok(recognised) => return Ok(recognised),
            Err(why) if why.reason <= refusal.reason => refusal = why,
            Err(_) => {}
        }
    }
    Err(refusal)
}

/// The Location: short, and without quoted mails or signatures.
pub(super) fn in_line(text: &str, rules: &Rules) -> Vec<Candidate> {
    let text = visible(text);
    tokens(&text, rules, Wrapping::Kept)
        .take(CANDIDATES_MAX)
        .map(|token| Candidate { zone: Zone::Text, forms: token.forms, stand_ins: Vec::new() })
        .collect()
}

pub(super) fn in_text(text: &str, rules: &Rules) -> Vec<Candidate> {
    let text = quoted_printable_undone(&visible(text));
    let zones = Zones::new(&text, &[], &rules.words);
    tokens(&text, rules, Wrapping::Joined)
        .take(CANDIDATES_MAX)
        .map(|token| Candidate {
            zone: zones.at(token.start),
            forms: token.forms,
            stand_ins: Vec::new(),
        })
        .collect()
}

/// The target of an anchor decides, never its visible text.
pub(super) fn in_html(html: &str, rules: &Rules) -> Vec<Candidate> {
    let flat = flatten(html, TEXT_BYTES_MAX);
    let zones = Zones::new(&flat.text, &flat.signatures, &rules.words);
    let mut found: Vec<(usize, Candidate)> = Vec::new();
    for anchor in flat.anchors.iter().take(CANDIDATES_MAX) {
        let at = anchor.range.start;
        found.push((at, anchored(anchor, &flat, zones.at(at))));
    }
    let is_in_anchor = |at: usize| {
        let next = flat.anchors.partition_point(|anchor| anchor.range.start <= at);
        let before = next.checked_sub(1).and_then(|index| flat.anchors.get(index));
        before.is_some_and(|anchor| at < anchor.range.end)
    };
    let outside = tokens(&flat.text, rules, Wrapping::Kept).filter(|t| !is_in_anchor(t.start));
    for token in outside.take(CANDIDATES_MAX) {
        let (zone, forms) = (zones.at(token.start), token.forms);
        found.push((token.start, Candidate { zone, forms, stand_ins: Vec::new() }));
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

fn anchored(anchor: &Anchor, flat: &Flat, zone: Zone) -> Candidate {
    let href = anchor.href.clone();
    let text = flat.text.get(anchor.range.clone()).unwrap_or_default().trim();
    let original = anchor.original.iter().filter(|_| is_safe_links(&href)).cloned();
    let stand_ins = original.chain([text.to_owned()]).collect();
    let trimmed = href.trim_end_matches(['.', ',', ';', ':', '!', '?', '*', ']', '}']).to_owned();
    Candidate { zone, forms: vec![href, trimmed], stand_ins }
}

fn visible(text: &str) -> String {
    let text = text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or_default();
    text.chars().filter(|c| !is_invisible(*c)).collect()
}
