//! Recognised links, each meeting once, and which of them comes first.

use std::collections::HashMap;

use super::{
    Source,
    block::is_id_or_passcode,
    candidate::Pages,
    catalogue::{Kind, Words},
    recognise::Recognised,
    zones::Zone,
};

/// An id or a passcode so many lines below a link makes both a provider's block.
const BLOCK_LINES_MAX: usize = 12;

/// A recognised link with all that decides about its rank.
pub(super) struct Ranked {
    pub(super) source: Source,
    pub(super) zone: Zone,
    pub(super) recognised: Recognised,
    /// Everywhere it stands.
    pub(super) spots: Vec<(Source, usize)>,
    /// An address printed below it that belongs to it.
    pub(super) adopted: Option<String>,
}

impl Ranked {
    pub(super) fn new(source: Source, zone: Zone, at: usize, recognised: Recognised) -> Self {
        Self { source, zone, recognised, spots: vec![(source, at)], adopted: None }
    }

    pub(super) fn rank(&self) -> (Source, Zone, Kind) {
        (self.source, self.zone, self.recognised.kind)
    }

    pub(super) fn is_offered(&self) -> bool {
        match self.zone {
            Zone::Text | Zone::Forwarded => true,
            Zone::Signature => self.recognised.kind == Kind::Meeting,
            Zone::Quoted => false,
        }
    }

    /// The better place counts, the variant with a passcode token supplies the link.
    fn merge(&mut self, other: Self) {
        (self.source, self.zone) = (self.source, self.zone).min((other.source, other.zone));
        self.spots.extend(other.spots);
        if other.recognised.has_token && !self.recognised.has_token {
            self.recognised = other.recognised;
        }
    }

    /// An address that stands below it is what rooms dial for it.
    pub(super) fn adopt(&mut self, address: Self) {
        if self.recognised.dial.is_none() && self.adopted.is_none() {
            self.adopted = address.recognised.dial;
        }
    }
}

/// One meeting once.
pub(super) fn merged(found: Vec<Ranked>) -> Vec<Ranked> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut merged: Vec<Ranked> = Vec::new();
    for ranked in found {
        let index = *places.entry(ranked.recognised.identity.clone()).or_insert(merged.len());
        match merged.get_mut(index) {
            None => merged.push(ranked),
            Some(first) => first.merge(ranked),
        }
    }
    merged
}

/// Services append their blocks under the closing phrase; ids tell them from signatures.
pub(super) fn lift_blocks(found: &mut [Ranked], pages: &Pages, words: &Words) {
    // Of the links below: the meeting, where it begins, where it ends.
    let mut next: Option<(String, usize, usize)> = None;
    for ranked in found.iter_mut().rev() {
        let Some((Source::Body, at)) = ranked.spots.first().copied() else { continue };
        if ranked.recognised.address.is_some() {
            continue;
        }
        let identity = ranked.recognised.identity.clone();
        let end = match next {
            Some((meeting, _, end)) if meeting == identity => end,
            Some((_, start, _)) => start,
            None => pages.body.text.len(),
        };
        if ranked.zone == Zone::Signature {
            let lines = pages.body.lines(at..end, BLOCK_LINES_MAX + 1);
            let is_block = |(index, line): (usize, &&str)| {
                is_id_or_passcode(line, lines.get(index + 1).copied(), words)
            };
            if lines.iter().enumerate().any(is_block) {
                ranked.zone = Zone::Text;
            }
        }
        next = Some((identity, at, end));
    }
}
