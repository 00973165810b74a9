//! A text as people see it, divided into lines, zones and links.

use std::ops::Range;

use super::{
    TEXT_BYTES_MAX,
    broken::quoted_printable_undone,
    catalogue::Words,
    zones::{Zone, Zones},
};
use crate::{
    html::{Anchor, flatten, is_invisible},
    work,
};

/// What belongs to a link stands so near to it, at most.
const SECTION_BYTES_MAX: usize = 16 * 1024;

pub(super) struct Page {
    pub(super) text: String,
    pub(super) anchors: Vec<Anchor>,
    zones: Zones,
}

impl Page {
    /// The Location: short, and without quoted mails or signatures.
    pub(super) fn of_line(text: &str) -> Self {
        let text = visible(text);
        Self { zones: Zones::none(&text), text, anchors: Vec::new() }
    }

    pub(super) fn of_text(text: &str, words: &Words) -> Self {
        let text = visible(&quoted_printable_undone(&visible(text)));
        Self { zones: Zones::new(&text, &[], words), text, anchors: Vec::new() }
    }

    pub(super) fn of_html(html: &str, words: &Words) -> Self {
        let flat = flatten(html, TEXT_BYTES_MAX);
        let zones = Zones::new(&flat.text, &flat.signatures, words);
        Self { zones, text: flat.text, anchors: flat.anchors }
    }

    /// The text with blanks in place of what stands inside links.
    pub(super) fn outside_of_anchors(&self) -> String {
        let mut text = String::with_capacity(self.text.len());
        let mut from = 0;
        for Anchor { range, .. } in &self.anchors {
            text.push_str(self.text.get(from..range.start).unwrap_or_default());
            let inside = range.len().min(self.text.len().saturating_sub(text.len()));
            text.extend(std::iter::repeat_n(' ', inside));
            from = range.end;
        }
        text.push_str(self.text.get(from..).unwrap_or_default());
        text
    }

    pub(super) fn zone(&self, at: usize) -> Zone {
        self.zones.at(at)
    }

    pub(super) fn line(&self, at: usize) -> usize {
        self.zones.line(at)
    }

    /// The lines from one place to another, so many at most.
    pub(super) fn lines(&self, range: Range<usize>, lines_max: usize) -> Vec<&str> {
        let end = range.end.min(range.start.saturating_add(SECTION_BYTES_MAX));
        let end = self.text.floor_char_boundary(end.min(self.text.len()));
        let text = self.text.get(range.start..end).unwrap_or_default();
        work::did(text.len());
        text.lines().take(lines_max).collect()
    }
}

fn visible(text: &str) -> String {
    let text = text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or_default();
    text.chars().filter(|c| !is_invisible(*c)).collect()
}
