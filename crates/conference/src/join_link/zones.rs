//! Divides a text into what the organizer says now, what is signed, and what is only quoted.

use std::ops::Range;

use super::rules::Words;

/// An id or a passcode so many lines below a link makes both a provider's block.
const BLOCK_LINES_MAX: usize = 12;
/// A header block of a quoted mail names sender, date, receiver and subject in so many lines.
const HEADER_LINES_MAX: usize = 6;
/// Behind the marker of a forwarded appointment, its header is no quoted mail.
const FORWARDED_HEADER_LINES_MAX: usize = 8;
/// A line of so many equal marks is a rule.
const RULE_CHARACTERS_MIN: usize = 8;
/// A closing phrase may be followed by a name.
const NAME_WORDS_MAX: usize = 3;
/// More marked signatures than this are not looked at.
const SIGNATURES_MAX: usize = 16;
/// The digits of a meeting's number, at least.
const ID_DIGITS_MIN: usize = 9;

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

/// The zone of each place in a text.
pub(super) struct Zones {
    lines: Vec<Line>,
}

struct Line {
    start: usize,
    zone: Zone,
    /// Set for the lines above an id or a passcode.
    is_in_block: bool,
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
        for (index, (start, line)) in texts.iter().enumerate() {
            let below = texts.get(index + 1..).unwrap_or_default();
            let zone = reader.line(line, below);
            let is_marked =
                signatures.iter().take(SIGNATURES_MAX).any(|range| range.contains(start));
            let zone = if is_marked { zone.max(Zone::Signature) } else { zone };
            lines.push(Line { start: *start, zone, is_in_block: false });
        }
        mark_blocks(&mut lines, &texts, words);
        Self { lines }
    }

    pub(super) fn at(&self, position: usize) -> Zone {
        let next = self.lines.partition_point(|line| line.start <= position);
        match next.checked_sub(1).and_then(|index| self.lines.get(index)) {
            None => Zone::Text,
            Some(Line { zone: Zone::Signature, is_in_block: true, .. }) => Zone::Text,
            Some(line) => line.zone,
        }
    }
}

/// Services append their blocks under the closing phrase; ids tell them from signatures.
fn mark_blocks(lines: &mut [Line], texts: &[LowerCaseLine], words: &Words) {
    let mut lines_left = 0;
    for (line, (_, text)) in lines.iter_mut().zip(texts).rev() {
        line.is_in_block = lines_left > 0;
        lines_left = if is_id_or_passcode(text, words) {
            BLOCK_LINES_MAX
        } else {
            usize::saturating_sub(lines_left, 1)
        };
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
        self.since_forwarded = self.since_forwarded.saturating_add(1);
        if self.zone == Zone::Quoted || line.starts_with('>') {
            return Zone::Quoted;
        }
        let is_marker = |markers: &[String]| {
            line.starts_with("--") && markers.iter().any(|marker| line.contains(marker.as_str()))
        };
        if is_marker(&self.words.forwarded_markers) {
            (self.zone, self.outer, self.since_forwarded) = (Zone::Forwarded, Zone::Forwarded, 0);
        } else if is_marker(&self.words.quoted_markers)
            || is_attribution(line)
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
        let starts =
            |line: &str, words: &[String]| words.iter().any(|w| line.starts_with(w.as_str()));
        let header = below.iter().take(HEADER_LINES_MAX);
        let is_forwarded_header =
            self.outer == Zone::Forwarded && self.since_forwarded <= FORWARDED_HEADER_LINES_MAX;
        !is_forwarded_header
            && starts(line, &self.words.header_starts)
            && header.filter(|(_, line)| starts(line, &self.words.header_lines)).count() >= 2
    }

    fn is_closing(&self, line: &str) -> bool {
        let (phrase, name) = line.split_once(',').unwrap_or((line, ""));
        let phrase = phrase.trim_end_matches(['.', '!']);
        self.words.closing_phrases.iter().any(|closing| closing == phrase)
            && name.split_whitespace().count() <= NAME_WORDS_MAX
    }
}

/// "… wrote:", "… schrieb …:"
fn is_attribution(line: &str) -> bool {
    line.ends_with(':') && (line.ends_with("wrote:") || line.contains(" schrieb"))
}

fn is_rule(line: &str) -> bool {
    let mut characters = line.chars();
    let first = characters.next();
    first.is_some_and(|c| "_-=.~*#:".contains(c))
        && line.len() >= RULE_CHARACTERS_MIN
        && characters.all(|c| Some(c) == first)
}

fn is_id_or_passcode(line: &str, words: &Words) -> bool {
    let Some((label, value)) = line.split_once(':') else {
        return false;
    };
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let rest_is_digits = value.chars().all(|c| c.is_ascii_digit() || c.is_whitespace());
    let is_id = rest_is_digits && digits >= ID_DIGITS_MIN;
    is_id || (!value.is_empty() && words.passcode_labels.iter().any(|known| known == label.trim()))
}
