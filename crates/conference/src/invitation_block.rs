//! The block of text that tells invited people where to meet: put in, found again, taken out.
//!
//! It begins and ends with visible lines, since mail programs drop comments and attributes.

use std::{fmt, ops::Range};

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    html::{flatten, is_invisible},
    join_link::JoinLink,
    meeting::{Conference, DialIn},
};

/// A Location in Exchange is no longer.
const LOCATION_UTF16_MAX: usize = 255;
/// A block has a few lines; what is longer was not written by us.
const BLOCK_BYTES_MAX: usize = 64 * 1024;
/// So many bytes of a hash are kept.
const HASH_BYTES: usize = 16;
/// Telephone numbers shown; a provider may have one for every country.
const DIAL_IN_MAX: usize = 5;
/// A header or a footer, as the administrator writes it.
pub const ADDITION_CHARACTERS_MAX: usize = 1024;

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

/// What an organization adds to each block, and leaves out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pub header: String,
    pub footer: String,
    pub hides_phone: bool,
    pub hides_video_address: bool,
}

/// What is written into an invitation: lines of text, one of them the link.
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    link: String,
    before: Vec<String>,
    after: Vec<String>,
}

/// A block as it stands in a body, perhaps edited by hand since.
#[derive(Clone, PartialEq, Eq)]
pub struct Found {
    /// In bytes, with everything that came in with the block.
    pub range: Range<usize>,
    /// Equals [`Block::hash`] as long as nobody has changed a visible character.
    pub hash: String,
    /// The link in it; content.
    pub link: Option<String>,
}

struct Words {
    begin: &'static str,
    heading: &'static str,
    number: &'static str,
    passcode: &'static str,
    device_passcode: &'static str,
    video: &'static str,
    phone: &'static str,
    toll_free: &'static str,
    end: &'static str,
}

const ENGLISH: Words = Words {
    begin: "~~~~~~~~ Online meeting (Hybrid Calendar) ~~~~~~~~",
    heading: "Join the online meeting",
    number: "Meeting number",
    passcode: "Passcode",
    device_passcode: "Passcode for telephones and video systems",
    video: "Video address",
    phone: "Telephone",
    toll_free: "free of charge",
    end: "~~~~~~~~ End of online meeting details ~~~~~~~~",
};

const GERMAN: Words = Words {
    begin: "~~~~~~~~ Online-Besprechung (Hybrid Calendar) ~~~~~~~~",
    heading: "An der Online-Besprechung teilnehmen",
    number: "Meeting-Kennnummer",
    passcode: "Kenncode",
    device_passcode: "Kenncode für Telefone und Videosysteme",
    video: "Videoadresse",
    phone: "Telefon",
    toll_free: "gebührenfrei",
    end: "~~~~~~~~ Ende der Angaben zur Online-Besprechung ~~~~~~~~",
};

impl Language {
    /// From the culture of a calendar entry, such as `de-DE`, or a language tag; none if it is
    /// another one.
    pub fn known(culture: &str) -> Option<Self> {
        let language = culture.split(['-', '_']).next().unwrap_or_default();
        match language.to_ascii_lowercase().as_str() {
            "de" => Some(Self::German),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// Told to a provider instead of a title that is nobody's business.
    pub fn private_title(self) -> &'static str {
        match self {
            Self::English => "Private meeting",
            Self::German => "Private Besprechung",
        }
    }

    fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}

impl Block {
    pub fn new(language: Language, conference: &Conference, template: &Template) -> Self {
        let words = language.words();
        let lines = |text: &str| text.lines().map(one_line).collect::<Vec<_>>();
        let mut before = vec![words.begin.to_owned()];
        before.extend(lines(&template.header));
        before.push(words.heading.to_owned());
        let named = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| one_line(&format!("{name}: {value}")))
        };
        let mut after: Vec<String> = Vec::new();
        after.extend(named(words.number, &conference.number));
        after.extend(named(words.passcode, &conference.passcode));
        if conference.device_passcode != conference.passcode {
            after.extend(named(words.device_passcode, &conference.device_passcode));
        }
        if !template.hides_video_address {
            after.extend(named(words.video, &conference.sip_address));
        }
        if !template.hides_phone {
            let shown = conference.dial_in.iter().take(DIAL_IN_MAX);
            after.extend(shown.map(|dial_in| words.dial_in(dial_in)));
        }
        after.extend(lines(&template.footer));
        after.push(words.end.to_owned());
        Self { link: conference.join_link.as_str().to_owned(), before, after }
    }

    /// What a reader sees, line by line.
    fn lines(&self) -> impl Iterator<Item = &str> {
        let link = std::iter::once(&self.link);
        self.before.iter().chain(link).chain(&self.after).map(String::as_str)
    }

    /// Names this text; to tell later whether somebody has edited it.
    pub fn hash(&self) -> String {
        hash_of_lines(&self.text())
    }

    fn text(&self) -> String {
        format!("\r\n{}\r\n", self.lines().collect::<Vec<_>>().join("\r\n"))
    }

    /// [`with_tags`] relies on a `div` that holds paragraphs.
    fn html(&self) -> String {
        let paragraphs = |lines: &[String]| {
            lines.iter().map(|line| format!("<p>{}</p>", escaped(line))).collect::<String>()
        };
        let link = escaped(&self.link);
        let link = format!("<p><a href=\"{link}\">{link}</a></p>");
        format!("<div>{}{link}{}</div>", paragraphs(&self.before), paragraphs(&self.after))
    }
}

impl Words {
    fn dial_in(&self, dial_in: &DialIn) -> String {
        let DialIn { label, number, is_toll_free } = dial_in;
        let mut notes = vec![label.trim()];
        notes.extend(is_toll_free.then_some(self.toll_free));
        notes.retain(|note| !note.is_empty());
        let notes = notes.join(", ");
        let notes = if notes.is_empty() { notes } else { format!(" ({notes})") };
        one_line(&format!("{}: {number}{notes}", self.phone))
    }
}

/// What a provider or an administrator gives must not end our block, nor begin one, and must be
/// what is seen of it.
fn one_line(text: &str) -> String {
    as_seen(text).replace("~~~~", "~")
}

/// Without what nobody sees, and with one blank for any run of them: mail programs change those.
fn as_seen(line: &str) -> String {
    let visible: String = line.chars().filter(|c| !is_invisible(*c)).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Block(…)")
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found").field("range", &self.range).finish_non_exhaustive()
    }
}

/// The body with this block, instead of the one with the hash `replaced` and of one that says the
/// same; all else byte for byte.
pub fn insert(body: &str, kind: Kind, block: &Block, replaced: Option<&str>) -> String {
    let own = block.hash();
    let without = replaced.and_then(|replaced| remove(body, kind, replaced));
    let body = without.as_deref().unwrap_or(body);
    let without = remove(body, kind, &own);
    let body = without.as_deref().unwrap_or(body);
    let (at, block) = match kind {
        Kind::Html => (end_of_body(body), block.html()),
        Kind::Text => (body.len(), block.text()),
    };
    let (before, after) = body.split_at_checked(at).unwrap_or((body, ""));
    format!("{before}{block}{after}")
}

/// The body without the block of this hash; none if there is no such block.
pub fn remove(body: &str, kind: Kind, hash: &str) -> Option<String> {
    let of_hash = |found: &Found| found.hash == hash;
    let Range { start, end } = blocks(body, kind).into_iter().rfind(of_hash)?.range;
    Some(format!("{}{}", body.get(..start)?, body.get(end..)?))
}

/// The body without any block, for reading it.
pub fn without_blocks(body: &str, kind: Kind) -> String {
    let (mut rest, mut read) = (String::with_capacity(body.len()), 0);
    for Found { range, .. } in blocks(body, kind) {
        rest.push_str(body.get(read..range.start).unwrap_or_default());
        read = read.max(range.end);
    }
    rest.push_str(body.get(read..).unwrap_or_default());
    rest
}

/// All blocks of ours, in whatever language they were written, in their order.
pub fn blocks(body: &str, kind: Kind) -> Vec<Found> {
    let mut inners: Vec<(Range<usize>, &Words)> = [&ENGLISH, &GERMAN]
        .into_iter()
        .flat_map(|words| between_markers(body, words).into_iter().map(move |inner| (inner, words)))
        .collect();
    inners.sort_by_key(|(inner, _)| inner.start);
    // A beginning and an end that stand around a whole block do not belong together. Those of one
    // language never overlap, so that the next one tells.
    let nexts: Vec<_> = inners.iter().skip(1).map(|(next, _)| next.end).collect();
    let mut nexts = nexts.into_iter();
    inners.retain(|(inner, _)| nexts.next().is_none_or(|end| end > inner.end));
    let found = inners.into_iter().map(|(inner, words)| {
        let range = match kind {
            Kind::Html => with_tags(body, &inner),
            Kind::Text => with_line_breaks(body, &inner),
        };
        let inner = body.get(inner).unwrap_or_default();
        let visible = match kind {
            Kind::Html => flatten(inner, BLOCK_BYTES_MAX).text,
            Kind::Text => inner.to_owned(),
        };
        let after_heading = visible.lines().map(as_seen).skip_while(|line| line != words.heading);
        let link = after_heading.skip(1).find(|line| line.starts_with("http"));
        Found { range, hash: hash_of_lines(&visible), link }
    });
    found.collect()
}

/// From the last beginning before an end up to that end, as often as there are any.
fn between_markers(body: &str, words: &Words) -> Vec<Range<usize>> {
    let begins = markers(body, words.begin);
    let mut begins = begins.into_iter().peekable();
    let (mut found, mut used) = (Vec::new(), 0);
    for end in markers(body, words.end) {
        let mut last = None;
        while let Some(begin) = begins.next_if(|begin| begin.end <= end.start) {
            last = Some(begin).filter(|begin| begin.start >= used).or(last);
        }
        if let Some(begin) = last {
            found.push(begin.start..end.end);
            used = end.end;
        }
    }
    found
}

/// Wherever a marker stands, also if a program has broken its line.
fn markers(body: &str, marker: &str) -> Vec<Range<usize>> {
    let mut words = marker.split(' ');
    let first = words.next().unwrap_or_default();
    let starts = body.match_indices(first).map(|(start, _)| start);
    starts
        .filter_map(|start| {
            let mut end = start + first.len();
            for word in words.clone() {
                let after = body.get(end..)?;
                let blank = blank(after);
                let rest = after.get(blank..).filter(|_| blank > 0)?;
                end += blank + rest.strip_prefix(word).map(|_| word.len())?;
            }
            Some(start..end)
        })
        .collect()
}

/// How long the blank is that a text begins with.
fn blank(text: &str) -> usize {
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start();
        let trimmed = trimmed.strip_prefix("&nbsp;").unwrap_or(trimmed);
        if trimmed.len() == rest.len() {
            return text.len() - rest.len();
        }
        rest = trimmed;
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

/// Blanks and empty lines do not count: mail programs change them.
fn hash_of_lines(text: &str) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for line in text.lines().map(as_seen).filter(|line| !line.is_empty()) {
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
