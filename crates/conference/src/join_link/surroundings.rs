//! What stands around a link: its block, up to the next link, and the passcode in it.

use std::ops::Range;

use super::{
    Source,
    block::{self, Passcode},
    candidate::Pages,
    page::Page,
    ranked::Ranked,
    rules::Rules,
};

/// A passcode stands so many lines below its link, at most.
pub(super) const PASSCODE_LINES_MAX: usize = 20;
/// The class of passcodes called "access code".
const ACCESS_CODE_PROVIDER: &str = "bigbluebutton";

/// Where a meeting's link stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) source: Source,
    pub(super) at: usize,
    /// Which of the ranked.
    pub(super) meeting: usize,
}

/// All links of an entry in their texts.
pub(super) struct Surroundings<'a> {
    pub(super) pages: &'a Pages,
    pub(super) rules: &'a Rules,
    pub(super) found: &'a [Ranked],
    pub(super) reach: Reach,
    /// Of web links, sorted.
    pub(super) spots: Vec<Spot>,
    /// Addresses that pages of instructions give.
    pub(super) alternates: &'a [(Source, usize, String)],
}

/// How far to look. Of many links, only the surroundings are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Near,
    Anywhere,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(
        pages: &'a Pages,
        rules: &'a Rules,
        found: &'a [Ranked],
        alternates: &'a [(Source, usize, String)],
        reach: Reach,
    ) -> Self {
        let is_link = |(_, ranked): &(usize, &Ranked)| ranked.recognised.address.is_none();
        let spot = |meeting| {
            move |(source, at): &(Source, usize)| Spot { source: *source, at: *at, meeting }
        };
        let links = found.iter().enumerate().filter(is_link);
        let mut spots: Vec<_> =
            links.flat_map(|(meeting, it)| it.spots.iter().map(spot(meeting))).collect();
        spots.sort_unstable();
        Self { pages, rules, found, reach, spots, alternates }
    }

    /// From each place of a meeting to the next link of another one.
    pub(super) fn sections(
        &self,
        meeting: usize,
    ) -> impl Iterator<Item = (&'a Page, Source, Range<usize>)> {
        self.spots.iter().enumerate().filter_map(move |(index, spot)| {
            let page = self.pages.of(spot.source).filter(|_| spot.meeting == meeting)?;
            let later = self.spots.get(index + 1..).unwrap_or_default();
            let is_end = |next: &&Spot| next.source != spot.source || next.meeting != meeting;
            let next = later.iter().find(is_end).filter(|next| next.source == spot.source);
            Some((page, spot.source, spot.at..next.map_or(page.text.len(), |next| next.at)))
        })
    }

    /// The lines of the body that stand under no other link, for links that stand elsewhere.
    pub(super) fn unclaimed(&self, meeting: usize) -> Vec<&'a str> {
        let body = &self.pages.body;
        let mut lines = Vec::new();
        let mut at = 0;
        for line in body.text.split('\n') {
            let end = at + line.len();
            let is_others = self.is_claimed(meeting, at..end);
            if !is_others {
                lines.push(line);
            }
            at = end + 1;
        }
        lines
    }

    /// Whether a line of the body stands under the link of another meeting, or contains it.
    pub(super) fn is_claimed(&self, meeting: usize, line: Range<usize>) -> bool {
        let body = &self.pages.body;
        let is_before = |spot: &Spot| (spot.source, spot.at) <= (Source::Body, line.end);
        let next = self.spots.partition_point(is_before);
        let above = next.checked_sub(1).and_then(|index| self.spots.get(index));
        above.is_some_and(|spot| {
            spot.source == Source::Body
                && spot.meeting != meeting
                && body.line(line.start).saturating_sub(body.line(spot.at)) <= PASSCODE_LINES_MAX
        })
    }

    /// What the whole body says, for a link that stands elsewhere.
    fn far<T>(&self, meeting: usize, read: impl Fn(&[&str]) -> Option<T>) -> Option<T> {
        let is_elsewhere = self.found.get(meeting).is_some_and(|it| it.source != Source::Body);
        (is_elsewhere && self.reach == Reach::Anywhere).then(|| read(&self.unclaimed(meeting)))?
    }

    /// What the lines below the link say, else, for a link that stands elsewhere, the whole body.
    pub(super) fn read<T>(
        &self,
        meeting: usize,
        lines_max: usize,
        read: impl Fn(&[&str]) -> Option<T>,
    ) -> Option<T> {
        let mut near = self.sections(meeting);
        let near = near.find_map(|(page, _, range)| read(&page.lines(range, lines_max)));
        near.or_else(|| self.far(meeting, read))
    }

    pub(super) fn passcode(&self, meeting: usize) -> Option<Passcode> {
        let ranked = self.found.get(meeting)?;
        let words = &self.rules.words;
        let mut labels = words.passcode_labels.clone();
        if ranked.recognised.link.provider() == ACCESS_CODE_PROVIDER {
            labels.extend(words.access_code_labels.iter().cloned());
        }
        self.read(meeting, PASSCODE_LINES_MAX + 1, |lines| block::passcode(lines, &labels))
    }
}
