//! The block of text that tells invited people where to meet: put in, found again, taken out.
//!
//! It begins and ends with visible lines, since mail programs drop comments and attributes.

use std::{fmt, ops::Range};

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{html::flatten, join_link::JoinLink};

/// A Location in Exchange is no longer.
const LOCATION_UTF16_MAX: usize = 255;
/// A block has a few lines; what is longer was not written by us.
const BLOCK_BYTES_MAX: usize = 64 * 1024;
/// So many bytes of a hash are kept.
const HASH_BYTES: usize = 16;

/// What language people of this meeting read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    German,
}

/// How a body is written; it stays that way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Html,
    Text,
}

/// What is written into an invitation.
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    language: Language,
    link: String,
}

/// A block as it stands in a body, perhaps edited by hand since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// In bytes, with everything that came in with the block.
    pub range: Range<usize>,
    /// Equals [`Block::hash`] as long as nobody has changed a visible character.
    pub hash: String,
}

struct Words {
    begin: &'static str,
    heading: &'static str,
    end: &'static str,
}

const ENGLISH: Words = Words {
    begin: "~~~~~~~~ Online meeting (Hybrid Calendar) ~~~~~~~~",
    heading: "Join the online meeting",
    end: "~~~~~~~~ End of online meeting details ~~~~~~~~",
};

const GERMAN: Words = Words {
    begin: "~~~~~~~~ Online-Besprechung (Hybrid Calendar) ~~~~~~~~",
    heading: "An der Online-Besprechung teilnehmen",
    end: "~~~~~~~~ Ende der Angaben zur Online-Besprechung ~~~~~~~~",
};

impl Language {
    /// From the culture of a calendar entry, such as `de-DE`; English if we know no better.
    pub fn from_culture(culture: &str) -> Self {
        let language = culture.split(['-', '_']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("de") { Self::German } else { Self::English }
    }

    fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}

impl Block {
    pub fn new(language: Language, link: &JoinLink) -> Self {
        Self { language, link: link.as_str().to_owned() }
    }

    /// What a reader sees, line by line.
    fn lines(&self) -> [&str; 4] {
        let words = self.language.words();
        [words.begin, words.heading, &self.link, words.end]
    }

    /// Names this text; to tell later whether somebody has edited it.
    pub fn hash(&self) -> String {
        hash_of_lines(&self.text())
    }

    fn text(&self) -> String {
        format!("\r\n{}\r\n", self.lines().join("\r\n"))
    }

    /// [`with_tags`] relies on a `div` that holds paragraphs.
    fn html(&self) -> String {
        let [begin, heading, link, end] = self.lines();
        let link = escaped(link);
        format!(
            "<div><p>{begin}</p><p><b>{heading}</b><br><a href=\"{link}\">{link}</a></p><p>{end}</p></div>"
        )
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Block(…)")
    }
}

/// The body with this block, instead of the one that may be there; all else byte for byte.
pub fn insert(body: &str, kind: Kind, block: &Block) -> String {
    let without = remove(body, kind);
    let body = without.as_deref().unwrap_or(body);
    let (at, block) = match kind {
        Kind::Html => (end_of_body(body), block.html()),
        Kind::Text => (body.len(), block.text()),
    };
    let (before, after) = body.split_at_checked(at).unwrap_or((body, ""));
    format!("{before}{block}{after}")
}

/// The body without our block; none if there is no block.
pub fn remove(body: &str, kind: Kind) -> Option<String> {
    let Range { start, end } = find(body, kind)?.range;
    Some(format!("{}{}", body.get(..start)?, body.get(end..)?))
}

/// Our block, in whatever language it was written.
pub fn find(body: &str, kind: Kind) -> Option<Found> {
    let inner = [&ENGLISH, &GERMAN].into_iter().find_map(|words| between_markers(body, words))?;
    let range = match kind {
        Kind::Html => with_tags(body, &inner),
        Kind::Text => with_line_breaks(body, &inner),
    };
    let visible = match kind {
        Kind::Html => flatten(body.get(inner)?, BLOCK_BYTES_MAX).text,
        Kind::Text => body.get(inner)?.to_owned(),
    };
    Some(Found { range, hash: hash_of_lines(&visible) })
}

/// Up to the first end that has a beginning, and from the last beginning before it.
fn between_markers(body: &str, words: &Words) -> Option<Range<usize>> {
    let mut read = 0;
    loop {
        let unread = body.get(read..)?;
        let before_end = unread.get(..unread.find(words.end)?)?;
        let next = read + before_end.len() + words.end.len();
        if let Some(begin) = before_end.rfind(words.begin) {
            return Some(read + begin..next);
        }
        read = next;
    }
}

/// The line break before and the one after came in with the block.
fn with_line_breaks(body: &str, inner: &Range<usize>) -> Range<usize> {
    let before = body.get(..inner.start).unwrap_or_default();
    let after = body.get(inner.end..).unwrap_or_default();
    let breaks = ["\r\n", "\n"];
    let first = breaks.iter().find(|b| before.ends_with(**b)).map_or(0, |b| b.len());
    let last = breaks.iter().find(|b| after.starts_with(**b)).map_or(0, |b| b.len());
    inner.start - first..inner.end + last
}

/// The paragraph and the `div` around the markers, also after a mail program rewrote their tags.
fn with_tags(body: &str, inner: &Range<usize>) -> Range<usize> {
    let mut range = inner.clone();
    for name in ["p", "div"] {
        let before = body.get(..range.start).unwrap_or_default();
        let after = body.get(range.end..).unwrap_or_default();
        let (Some(start), Some(length)) = (tag_before(before, name), end_tag_after(after, name))
        else {
            break;
        };
        range = start..range.end + length;
    }
    range
}

/// Where the start tag begins that `text` ends with.
fn tag_before(text: &str, name: &str) -> Option<usize> {
    let text = text.trim_end();
    let start = text.rfind('<')?;
    let inside = text.get(start + 1..)?.strip_suffix('>')?;
    let found = inside.split_whitespace().next()?;
    (found.eq_ignore_ascii_case(name) && !inside.contains('>')).then_some(start)
}

/// How long the end tag is that `text` begins with, blanks before it included.
fn end_tag_after(text: &str, name: &str) -> Option<usize> {
    let tag = text.trim_start();
    let inside = tag.strip_prefix("</")?.split_once('>')?.0;
    let length = text.len() - tag.len() + "</".len() + inside.len() + ">".len();
    inside.trim().eq_ignore_ascii_case(name).then_some(length)
}

fn end_of_body(html: &str) -> usize {
    html.to_ascii_lowercase().rfind("</body>").unwrap_or(html.len())
}

/// Blanks around a line and empty lines do not count: mail programs change them.
fn hash_of_lines(text: &str) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        context.update(line.as_bytes());
        context.update(b"\n");
    }
    let hash = context.finish();
    URL_SAFE_NO_PAD.encode(hash.as_ref().get(..HASH_BYTES).unwrap_or_default())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The Location with the link behind what people typed; none if there is no room for it.
pub fn location_with_link(location: &str, link: &JoinLink) -> Option<String> {
    if location.contains(link.as_str()) {
        return Some(location.to_owned());
    }
    let separator = if location.trim().is_empty() { "" } else { "; " };
    let longer = format!("{location}{separator}{}", link.as_str());
    (longer.encode_utf16().count() <= LOCATION_UTF16_MAX).then_some(longer)
}

#[cfg(test)]
mod tests;
