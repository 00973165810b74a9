//! What a reader sees of an HTML text: lines of characters, and where the links are.

use std::ops::Range;

use super::{
    Piece, Scanner, Tag, decoded,
    open::{Marks, OpenElements, is_block},
};

/// Visible text. Positions are bytes of `text`.
#[derive(Default)]
pub(crate) struct Flat {
    pub(crate) text: String,
    pub(crate) anchors: Vec<Anchor>,
    /// Elements that a mail program marked as somebody's signature.
    pub(crate) signatures: Vec<Range<usize>>,
    pub(crate) is_truncated: bool,
}

pub(crate) struct Anchor {
    pub(crate) href: String,
    /// What Safe Links leaves of the link it has replaced.
    pub(crate) original: Option<String>,
    pub(crate) range: Range<usize>,
}

/// Nothing is read behind so much markup, however little of it is visible.
const MARKUP_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The visible text of `html`, up to a bound.
pub(crate) fn flatten(html: &str, text_bytes_max: usize) -> Flat {
    let mut flattener = Flattener::default();
    let markup = html.get(..html.floor_char_boundary(MARKUP_BYTES_MAX)).unwrap_or(html);
    for piece in Scanner::new(markup) {
        flattener.piece(&piece);
        if flattener.flat.text.len() > text_bytes_max {
            break;
        }
    }
    flattener.is_cut = markup.len() < html.len();
    flattener.finish(text_bytes_max)
}

/// Controls and marks that take no room; line breaks and tabs are not among them.
pub(crate) fn is_invisible(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{feff}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

#[derive(Default)]
struct Flattener<'a> {
    flat: Flat,
    open: OpenElements<'a>,
    /// Where the marked signature begins that is open.
    signature: Option<usize>,
    has_open_anchor: bool,
    is_cut: bool,
}

impl<'a> Flattener<'a> {
    fn piece(&mut self, piece: &Piece<'a>) {
        match piece {
            Piece::Open(tag) => self.open(tag),
            Piece::Close(name) => self.close(name),
            Piece::Text(text) if !self.open.is_hidden() => self.text(&decoded(text)),
            Piece::Text(_) => {}
        }
    }

    fn open(&mut self, tag: &Tag<'a>) {
        self.open.make_room_for(&tag.name);
        self.left(&tag.name);
        if is_void(&tag.name) {
            if !self.open.is_hidden() && !is_hidden(tag) {
                self.void(tag);
            }
            return;
        }
        let was_hidden = self.open.is_hidden();
        let marks = Marks {
            is_hidden: is_hidden(tag),
            is_signature: is_signature(tag),
            is_preformatted: tag.name == "pre",
            is_anchor: tag.name == "a",
        };
        self.open.open(tag.name.clone(), marks);
        self.note_signature();
        // A link that cannot be seen still ends the one before.
        if tag.name == "a" {
            self.close_anchor();
        }
        if !was_hidden && !marks.is_hidden {
            self.visible_open(tag);
        }
    }

    /// A link ends with its cell; from paragraph to paragraph it goes on.
    fn left(&mut self, name: &str) {
        let is_cell = matches!(name, "td" | "th" | "tr" | "table");
        if is_cell && self.has_open_anchor && !self.open.is_anchor() {
            self.close_anchor();
        }
        self.note_signature();
    }

    /// Keeps the range of a marked signature, from its first element to its last.
    fn note_signature(&mut self) {
        match (self.open.is_signature(), self.signature) {
            (true, None) => self.signature = Some(self.flat.text.len()),
            (false, Some(_)) => self.close_signature(),
            (true, Some(_)) | (false, None) => {}
        }
    }

    fn visible_open(&mut self, tag: &Tag<'_>) {
        match &*tag.name {
            "a" => self.anchor(tag),
            "td" | "th" if !self.is_at_line_start() => self.flat.text.push('\t'),
            "li" => {
                self.line_start();
                self.flat.text.push_str("- ");
            }
            name if is_block(name) => self.line_start(),
            _ => {}
        }
    }

    fn void(&mut self, tag: &Tag<'_>) {
        match &*tag.name {
            "br" => self.line_break(),
            "hr" => {
                self.line_start();
                self.flat.text.push_str("________\n");
            }
            "area" => {
                self.anchor(tag);
                self.close_anchor();
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        let was_hidden = self.open.is_hidden();
        self.open.close(name);
        self.left(name);
        if was_hidden {
            return;
        }
        if name == "a" {
            self.close_anchor();
        }
        if is_block(name) {
            self.line_start();
        }
    }

    fn anchor(&mut self, tag: &Tag<'_>) {
        self.close_anchor();
        if let Some(href) = tag.href {
            let at = self.flat.text.len();
            let owned = |raw| decoded(raw).into_owned();
            let (href, original) = (owned(href), tag.original.map(owned));
            self.flat.anchors.push(Anchor { href, original, range: at..at });
            self.has_open_anchor = true;
        }
    }

    fn close_anchor(&mut self) {
        let end = self.flat.text.len();
        if std::mem::take(&mut self.has_open_anchor)
            && let Some(anchor) = self.flat.anchors.last_mut()
        {
            anchor.range.end = end;
        }
    }

    fn close_signature(&mut self) {
        if let Some(start) = self.signature.take() {
            self.flat.signatures.push(start..self.flat.text.len());
        }
    }

    fn text(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let (words, more) = rest.split_at_checked(plain(rest)).unwrap_or((rest, ""));
            self.flat.text.push_str(words);
            let mut characters = more.chars();
            match characters.next() {
                None => {}
                Some('\n') if self.open.is_preformatted() => self.line_break(),
                Some(' ') if self.open.is_preformatted() => self.flat.text.push(' '),
                Some(c) if is_invisible(c) => {}
                Some(c) if c.is_whitespace() => self.space(),
                Some(c) => self.flat.text.push(c),
            }
            rest = characters.as_str();
        }
    }

    fn space(&mut self) {
        if !self.is_at_line_start() && !self.flat.text.ends_with([' ', '\t']) {
            self.flat.text.push(' ');
        }
    }

    fn is_at_line_start(&self) -> bool {
        self.flat.text.is_empty() || self.flat.text.ends_with('\n')
    }

    fn line_start(&mut self) {
        if !self.is_at_line_start() {
            self.flat.text.push('\n');
        }
    }

    /// Never more than one empty line: mail programs space with empty paragraphs.
    fn line_break(&mut self) {
        if !self.flat.text.ends_with("\n\n") && !self.flat.text.is_empty() {
            self.flat.text.push('\n');
        }
    }

    fn finish(mut self, text_bytes_max: usize) -> Flat {
        self.close_anchor();
        self.close_signature();
        let mut flat = self.flat;
        flat.is_truncated = self.is_cut || flat.text.len() > text_bytes_max;
        flat.text.truncate(flat.text.floor_char_boundary(text_bytes_max));
        flat
    }
}

/// How long the text goes on with words that have one blank in between: most text is so.
fn plain(text: &str) -> usize {
    let mut is_word = false;
    let ends = |b: u8| {
        let goes_on = b.is_ascii_graphic() || (b == b' ' && is_word);
        is_word = b != b' ';
        !goes_on
    };
    text.bytes().position(ends).unwrap_or(text.len())
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area" | "base" | "br" | "col" | "embed" | "hr" | "img" | "input" | "link" | "meta" | "wbr"
    )
}

/// A link nobody can see must not become a button.
fn is_hidden(tag: &Tag<'_>) -> bool {
    if matches!(&*tag.name, "head" | "template" | "xml" | "script" | "style" | "title") {
        return true;
    }
    tag.is_hidden || tag.style.is_some_and(hides)
}

fn hides(style: &str) -> bool {
    // Most styles hide nothing, and say none of the words for it; a reference may hide the word.
    let begins = |(at, b): (usize, u8)| {
        let has = |word: &str| {
            let part = style.as_bytes().get(at..at + word.len());
            part.is_some_and(|part| part.eq_ignore_ascii_case(word.as_bytes()))
        };
        match b {
            b'n' | b'N' => has("none"),
            b'h' | b'H' => has("hidden") || has("hide"),
            b => b == b'&',
        }
    };
    if !style.bytes().enumerate().any(begins) {
        return false;
    }
    let style = decoded(style).to_ascii_lowercase();
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
    ["display:none", "visibility:hidden", "mso-hide:all"].iter().any(|s| style.contains(s))
}

fn is_signature(tag: &Tag<'_>) -> bool {
    let is_marked = |class: &str| {
        class.split_whitespace().any(|c| matches!(c, "gmail_signature" | "moz-signature"))
    };
    tag.id.is_some_and(|id| decoded(id).eq_ignore_ascii_case("signature"))
        || tag.class.is_some_and(|class| is_marked(&decoded(class)))
}
