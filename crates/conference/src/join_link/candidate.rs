//! Collects what may be a link, with where it stands; recognising comes later.

use super::{
    Body, CANDIDATES_MAX, Reason, Rules, Sender, Source, Sources,
    address::Address,
    page::Page,
    recognise::{self, Attempt, dialled, recognise},
    text::{Form, Token, Wrapping, loosely_trimmed, tokens},
    zones::Zone,
};
use crate::{html::Anchor, unwrap::is_safe_links};

pub(super) struct Candidate {
    pub(super) source: Source,
    pub(super) zone: Zone,
    /// Where it stands in the text of its source.
    pub(super) at: usize,
    /// Ways to read it; the first that is recognised counts.
    forms: Vec<Form>,
    /// Only when the link itself is a gateway's that cannot be undone.
    stand_ins: Vec<String>,
}

/// The texts that links stand in.
pub(super) struct Pages {
    pub(super) location: Page,
    pub(super) body: Page,
}

impl Pages {
    pub(super) fn new(sources: &Sources<'_>, rules: &Rules) -> Self {
        let body = match sources.body {
            Body::Html(html) => Page::of_html(html, &rules.words),
            Body::Text(text) => Page::of_text(text, &rules.words),
        };
        Self { location: Page::of_line(sources.location), body }
    }

    /// The text of a source; what stands in none has no surroundings.
    pub(super) fn of(&self, source: Source) -> Option<&Page> {
        match source {
            Source::Stamp | Source::Property => None,
            Source::Location => Some(&self.location),
            Source::Body => Some(&self.body),
        }
    }

    /// In the order of their sources, each from left to right.
    pub(super) fn candidates(&self, sources: &Sources<'_>, rules: &Rules) -> Vec<Candidate> {
        let alone = |source: Source, url: &&str| Candidate {
            source,
            zone: Zone::Text,
            at: 0,
            forms: vec![Form::Link((*url).to_owned())],
            stand_ins: Vec::new(),
        };
        let wrapping = match sources.body {
            Body::Html(_) => Wrapping::Kept,
            Body::Text(_) => Wrapping::Joined,
        };
        let mut all: Vec<_> = sources.stamp.iter().map(|url| alone(Source::Stamp, url)).collect();
        all.extend(in_page(&self.location, Source::Location, Wrapping::Kept, rules));
        let properties = sources.properties.iter().filter(|url| !url.trim().is_empty());
        all.extend(properties.take(CANDIDATES_MAX).map(|url| alone(Source::Property, url)));
        all.extend(in_page(&self.body, Source::Body, wrapping, rules));
        all.truncate(CANDIDATES_MAX);
        all
    }
}

/// The target of an anchor decides, never its visible text.
fn in_page(page: &Page, source: Source, wrapping: Wrapping, rules: &Rules) -> Vec<Candidate> {
    let anchors = page.anchors.iter().take(CANDIDATES_MAX);
    let mut all: Vec<_> = anchors.map(|anchor| anchored(anchor, page, source)).collect();
    let outside = page.outside_of_anchors();
    for Token { start, forms } in tokens(&outside, rules, wrapping).take(CANDIDATES_MAX) {
        let (zone, stand_ins) = (page.zone(start), Vec::new());
        all.push(Candidate { source, zone, at: start, forms, stand_ins });
    }
    all.sort_by_key(|candidate| candidate.at);
    all
}

fn anchored(anchor: &Anchor, page: &Page, source: Source) -> Candidate {
    let href = anchor.href.clone();
    let at = anchor.range.start;
    let text = page.text.get(anchor.range.clone()).unwrap_or_default().trim();
    let original = anchor.original.iter().filter(|_| is_safe_links(&href)).cloned();
    let stand_ins = original.chain([text.to_owned()]).collect();
    // Punctuation belongs to the link, unless it is not recognised with it.
    let trimmed = loosely_trimmed(&href);
    let trimmed = (trimmed != recognise::trimmed(&href)).then(|| trimmed.to_owned());
    let forms = [Some(href), trimmed].into_iter().flatten().map(Form::Link).collect();
    Candidate { source, zone: page.zone(at), at, forms, stand_ins }
}

impl Form {
    fn attempt(&self, rules: &Rules, sender: Sender) -> Attempt {
        match self {
            Self::Link(link) => recognise(link, rules, sender),
            Self::Digits(address) => {
                Attempt { wrappers: Vec::new(), outcome: dialled(address.clone(), rules, sender) }
            }
        }
    }

    pub(super) fn shown(&self) -> String {
        match self {
            Self::Link(link) => link.clone(),
            Self::Digits(address) => Address::dial(address),
        }
    }
}

impl Candidate {
    /// What it is read as, and what comes of it.
    pub(super) fn recognise(&self, rules: &Rules, sender: Sender) -> (String, Attempt) {
        let shown = self.forms.first().map(Form::shown).unwrap_or_default();
        let attempt = best(self.forms.iter().map(|form| form.attempt(rules, sender)));
        let is_wrapper =
            matches!(&attempt, Attempt { outcome: Err(refusal), .. } if refusal.is_wrapper);
        if !is_wrapper {
            return (shown, attempt);
        }
        let stand_in = |text: &&String| recognise(text, rules, sender);
        let stood_in = self.stand_ins.iter().map(|text| (text, stand_in(&text)));
        match { stood_in }.find(|(_, attempt)| attempt.outcome.is_ok()) {
            Some((text, attempt)) => (text.clone(), attempt),
            None => (shown, attempt),
        }
    }
}

/// The first that is recognised; else the most telling refusal.
fn best(attempts: impl Iterator<Item = Attempt>) -> Attempt {
    let nothing = Attempt { wrappers: Vec::new(), outcome: Err(Reason::NoLink.into()) };
    let mut best = nothing;
    for attempt in attempts {
        match (&attempt.outcome, &best.outcome) {
            (Ok(_), _) => return attempt,
            (Err(refusal), Err(before)) if refusal.reason < before.reason => best = attempt,
            (Err(_), _) => {}
        }
    }
    best
}
