//! Divides a text into what the organizer says now, what is signed, and what is only quoted.

use std::ops::Range;

use super::catalogue::Words;
use crate::work;

/// A header block of a quoted mail names sender, date, receiver and subject in so many lines.
const HEADER_LINES_MAX: usize = 6;
/// Behind the marker of a forwarded appointment, its header is no quoted mail.
const FORWARDED_HEADER_LINES_MAX: usize = 8;
/// A line of nothing but so many strokes and dots is a rule.
const RULE_CHARACTERS_MIN: usize = 8;
/// A closing phrase may be followed by a name.
const NAME_WORDS_MAX: usize = 3;
/// More marked signatures than this are not looked at.
const SIGNATURES_MAX: usize = 16;

/// The earlier, the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Zone {
    Text,
    Forwarded,
    Signature,
    Quoted,
}

/// Where a line begins, and its words.
type LowerCaseLine = (usize, String);

/// The zone of each place in a text, and its lines.
pub(super) struct Zones {
    lines: Vec<Line>,
}

struct Line {
    start: usize,
    zone: Zone,
}

impl Zones {
    /// `signatures` are ranges that a mail program marked.
    pub(super) fn new(text: &str, signatures: &[Range<usize>], words: &Words) -> Self {
        let texts: Vec<LowerCaseLine> = text
            .split('\n')
            .scan(0, |start, line| {
                let at = *start;
                *start += line.len() + 1;
                Some((at, line.trim().to_lowercase()))
            })
            .collect();
        let mut reader = Reader { words, zone: Zone::Text, outer: Zone::Text, since_forwarded: 0 };
        let mut lines: Vec<Line> = Vec::with_capacity(texts.len());
        // Where the rule line stands that ended the marked signature, if it did.
        let mut ended = None;
        for (index, (start, line)) in texts.iter().enumerate() {
            let below = texts.get(index + 1..).unwrap_or_default();
            let zone = reader.line(line, below);
            let marked =
                signatures.iter().take(SIGNATURES_MAX).position(|range| range.contains(start));
            if marked.is_some() && is_rule(line) {
                ended = marked;
            }
            let is_marked = marked.is_some() && marked != ended;
            let zone = if is_marked { zone.max(Zone::Signature) } else { zone };
            lines.push(Line { start: *start, zone });
        }
        Self { lines }
    }

    /// One zone for everything.
    pub(super) fn none(text: &str) -> Self {
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        let line = |start| Line { start, zone: Zone::Text };
        Self { lines: std::iter::once(0).chain(starts).map(line).collect() }
    }

    /// The number of the line that a place stands in.
    pub(super) fn line(&self, position: usize) -> usize {
        self.lines.partition_point(|line| line.start <= position).saturating_sub(1)
    }

    pub(super) fn at(&self, position: usize) -> Zone {
        self.lines.get(self.line(position)).map_or(Zone::Text, |line| line.zone)
    }
}

struct Reader<'a> {
    words: &'a Words,
    zone: Zone,
    /// Where a signature returns to.
    outer: Zone,
    since_forwarded: usize,
}

impl Reader<'_> {
    fn line(&mut self, line: &str, below: &[LowerCaseLine]) -> Zone {
        work::did(line.len());
        self.since_forwarded = self.since_forwarded.saturating_add(1);
        if self.zone == Zone::Quoted || line.starts_with('>') {
            return Zone::Quoted;
        }
        // "-----Original Message-----", with whatever strokes around it.
        let inner = line.trim_matches(|c: char| !c.is_alphanumeric());
        let is_marker = |markers: &[String]| markers.iter().any(|marker| marker == inner);
        if is_marker(&self.words.forwarded_markers) {
            (self.zone, self.outer, self.since_forwarded) = (Zone::Forwarded, Zone::Forwarded, 0);
        } else if is_marker(&self.words.quoted_markers)
            || self.is_attribution(line)
            || self.is_header(line, below)
        {
            self.zone = Zone::Quoted;
        } else if line == "--" || self.is_closing(line) {
            self.zone = Zone::Signature;
        } else if is_rule(line) && self.zone == Zone::Signature {
            self.zone = self.outer;
        }
        self.zone
    }

    fn is_header(&self, line: &str, below: &[LowerCaseLine]) -> bool {
        // Bold type in plain text: `*From:* Jane`.
        let starts = |line: &str, words: &[String]| {
            let line = line.trim_start_matches(['*', ' ']);
            words.iter().any(|word| line.starts_with(word.as_str()))
        };
        let header = below.iter().take(HEADER_LINES_MAX);
        let is_forwarded_header =
            self.outer == Zone::Forwarded && self.since_forwarded <= FORWARDED_HEADER_LINES_MAX;
        !is_forwarded_header
            && starts(line, &self.words.header_starts)
            && header.filter(|(_, line)| starts(line, &self.words.header_lines)).count() >= 2
    }

    /// "… wrote:", "… schrieb …:"
    fn is_attribution(&self, line: &str) -> bool {
        let is_it = |words: &String| match words.strip_suffix('…') {
            Some(start) => line.contains(start),
            None => line.ends_with(&format!("{words}:")),
        };
        line.ends_with(':') && self.words.attributions.iter().any(is_it)
    }

    fn is_closing(&self, line: &str) -> bool {
        let (phrase, name) = line.split_once(',').unwrap_or((line, ""));
        let phrase = phrase.trim_end_matches(['.', '!']);
        self.words.closing_phrases.iter().any(|closing| closing == phrase)
            && name.split_whitespace().count() <= NAME_WORDS_MAX
    }
}

fn is_rule(line: &str) -> bool {
    line.len() >= RULE_CHARACTERS_MIN && line.chars().all(|c| "_-=.~*#:".contains(c))
}
