//! What a reader sees of an HTML text: lines of characters, and where the links are.

use std::ops::Range;

use super::{Piece, Scanner, Tag, decoded};

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

/// An element still open that concerns everything inside; others of its name are counted.
struct Scope {
    name: String,
    depth: usize,
    start: usize,
}

#[derive(Default)]
struct Flattener {
    flat: Flat,
    hidden: Option<Scope>,
    signature: Option<Scope>,
    preformatted: Option<Scope>,
    has_open_anchor: bool,
    is_cut: bool,
}

impl Flattener {
    fn piece(&mut self, piece: &Piece<'_>) {
        match piece {
            Piece::Open(tag) => self.open(tag),
            Piece::Close(name) => self.close(name),
            Piece::Text(text) if self.hidden.is_none() => self.text(&decoded(text)),
            Piece::Text(_) => {}
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        if is_void(&tag.name) {
            if self.hidden.is_none() && !is_hidden(tag) {
                self.void(tag);
            }
            return;
        }
        // A body ends a head left open, a paragraph the paragraph before.
        let ended = |scope: &Scope| match scope.name.as_str() {
            "head" => tag.name == "body",
            "p" => tag.name == "p",
            _ => false,
        };
        self.hidden.take_if(|scope| ended(scope));
        if let Some(scope) = &mut self.hidden {
            scope.opened(&tag.name);
            return;
        }
        if is_hidden(tag) {
            self.hidden = Some(self.scope(tag));
            return;
        }
        if let Some(scope) = &mut self.signature {
            scope.opened(&tag.name);
        } else if is_signature(tag) {
            self.signature = Some(self.scope(tag));
        }
        if let Some(scope) = &mut self.preformatted {
            scope.opened(&tag.name);
        } else if tag.name == "pre" {
            self.preformatted = Some(self.scope(tag));
        }
        self.visible_open(tag);
    }

    fn visible_open(&mut self, tag: &Tag<'_>) {
        match tag.name.as_str() {
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
        match tag.name.as_str() {
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
        if let Some(scope) = &mut self.hidden {
            if scope.is_closed_by(name) {
                self.hidden = None;
            }
            return;
        }
        if name == "a" {
            self.close_anchor();
        }
        if is_block(name) {
            self.line_start();
        }
        if self.signature.as_mut().is_some_and(|scope| scope.is_closed_by(name)) {
            self.close_signature();
        }
        self.preformatted.take_if(|scope| scope.is_closed_by(name));
    }

    fn anchor(&mut self, tag: &Tag<'_>) {
        self.close_anchor();
        if let Some(href) = tag.attribute("href") {
            let at = self.flat.text.len();
            let original = tag.attribute("originalsrc");
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
        if let Some(scope) = self.signature.take() {
            self.flat.signatures.push(scope.start..self.flat.text.len());
        }
    }

    fn text(&mut self, text: &str) {
        for c in text.chars().filter(|c| !is_invisible(*c)) {
            match c {
                '\n' if self.preformatted.is_some() => self.line_break(),
                ' ' if self.preformatted.is_some() => self.flat.text.push(' '),
                c if c.is_whitespace() => self.space(),
                c => self.flat.text.push(c),
            }
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

    fn scope(&self, tag: &Tag<'_>) -> Scope {
        Scope { name: tag.name.clone(), depth: 1, start: self.flat.text.len() }
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

impl Scope {
    fn opened(&mut self, name: &str) {
        if self.name == name {
            self.depth += 1;
        }
    }

    fn is_closed_by(&mut self, name: &str) -> bool {
        if self.name == name {
            self.depth -= 1;
        }
        self.depth == 0
    }
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area" | "base" | "br" | "col" | "embed" | "hr" | "img" | "input" | "link" | "meta" | "wbr"
    )
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "blockquote"
            | "body"
            | "center"
            | "dd"
            | "div"
            | "dl"
            | "dt"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "li"
            | "main"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "table"
            | "tr"
            | "ul"
    )
}

/// A link nobody can see must not become a button.
fn is_hidden(tag: &Tag<'_>) -> bool {
    if matches!(tag.name.as_str(), "head" | "template" | "xml" | "script" | "style" | "title") {
        return true;
    }
    let style = tag.attribute("style").unwrap_or_default().to_ascii_lowercase();
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
    tag.attribute("hidden").is_some()
        || ["display:none", "visibility:hidden", "mso-hide:all"].iter().any(|s| style.contains(s))
}

fn is_signature(tag: &Tag<'_>) -> bool {
    let class = tag.attribute("class").unwrap_or_default();
    tag.attribute("id").is_some_and(|id| id.eq_ignore_ascii_case("signature"))
        || class.split_whitespace().any(|c| matches!(c, "gmail_signature" | "moz-signature"))
}
