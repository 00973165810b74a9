//! HTML as mail programs write it, read forgivingly in one pass: tags, attributes, visible text.
//!
//! Our own because it needs no tree but the elements that are open: a browser-grade parser would cost about twenty packages, and
//! what it does better (repairing nesting) changes neither what a link says nor what is visible.

mod entities;
mod flat;
mod open;

pub(crate) use self::{
    entities::decoded,
    flat::{Anchor, flatten, is_invisible},
};

use std::borrow::Cow;

use memchr::memchr;

use crate::work;

/// What the scanner meets; comments, declarations and raw text (`script`, `style`) are left out.
#[derive(Debug)]
pub(crate) enum Piece<'a> {
    /// Entities are not decoded yet.
    Text(&'a str),
    Open(Tag<'a>),
    /// The name in lower case.
    Close(Cow<'a, str>),
}

/// A start tag, with those of its attributes that say something about links, and as they are
/// written. Of several with the same name the first counts.
#[derive(Debug, Default)]
pub(crate) struct Tag<'a> {
    /// In lower case.
    pub(crate) name: Cow<'a, str>,
    pub(crate) href: Option<&'a str>,
    /// What Safe Links leaves of the link it has replaced.
    pub(crate) original: Option<&'a str>,
    pub(crate) style: Option<&'a str>,
    pub(crate) class: Option<&'a str>,
    pub(crate) id: Option<&'a str>,
    pub(crate) is_hidden: bool,
}

impl<'a> Tag<'a> {
    fn note(&mut self, name: &str, value: &'a str) {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        let attribute = match name.len() {
            2 if is("id") => &mut self.id,
            4 if is("href") => &mut self.href,
            5 if is("style") => &mut self.style,
            5 if is("class") => &mut self.class,
            6 if is("hidden") => {
                self.is_hidden = true;
                return;
            }
            11 if is("originalsrc") => &mut self.original,
            _ => return,
        };
        attribute.get_or_insert(value);
    }
}

pub(crate) struct Scanner<'a> {
    rest: &'a str,
    /// Inside one of these, only its own end tag is markup.
    raw_text: Option<String>,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(html: &'a str) -> Self {
        Self { rest: html, raw_text: None }
    }

    fn take(&mut self, length: usize) -> &'a str {
        work::did(length);
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Up to the first byte that ends it, or everything.
    fn take_until(&mut self, is_end: impl Fn(u8) -> bool) -> &'a str {
        self.take(self.rest.bytes().position(is_end).unwrap_or(self.rest.len()))
    }

    /// The same for one byte, which is found faster.
    fn take_up_to(&mut self, end: u8) -> &'a str {
        self.take(memchr(end, self.rest.as_bytes()).unwrap_or(self.rest.len()))
    }

    fn skip_past(&mut self, end: u8) {
        self.take_up_to(end);
        self.take(1);
    }

    /// Also to its end in the way of a mistake, `--!>`.
    fn skip_comment(&mut self) {
        self.take("<!--".len());
        if self.rest.starts_with('>') || self.rest.starts_with("->") {
            self.skip_past(b'>');
            return;
        }
        let ends = |(at, _): &(usize, &str)| {
            let tail = self.rest.get(at + 2..).unwrap_or_default();
            tail.starts_with('>') || tail.starts_with("!>")
        };
        let end = self.rest.match_indices("--").find(ends).map(|(at, _)| at);
        self.take(end.unwrap_or(self.rest.len()));
        self.skip_past(b'>');
    }

    fn skip_raw_text(&mut self, name: &str) {
        let is_end = |at: usize| {
            let tail = self.rest.get(at + 2..).unwrap_or_default();
            tail.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name))
        };
        let end = self.rest.match_indices("</").map(|(at, _)| at).find(|at| is_end(*at));
        self.take(end.unwrap_or(self.rest.len()));
    }

    fn open_tag(&mut self) -> Piece<'a> {
        self.take(1);
        let mut tag = Tag { name: lower_case(self.take_until(ends_name)), ..Tag::default() };
        self.attributes(&mut tag);
        if matches!(&*tag.name, "script" | "style" | "title" | "textarea" | "iframe" | "xmp") {
            self.raw_text = Some(tag.name.clone().into_owned());
        }
        Piece::Open(tag)
    }

    fn close_tag(&mut self) -> Piece<'a> {
        self.take(2);
        let name = lower_case(self.take_until(ends_name));
        self.skip_past(b'>');
        Piece::Close(name)
    }

    fn attributes(&mut self, tag: &mut Tag<'a>) {
        loop {
            self.take_until(|b| !b.is_ascii_whitespace() && b != b'/');
            if self.rest.is_empty() || self.rest.starts_with('>') {
                self.take(1);
                return;
            }
            // A name may even begin with `=`; without that, the scanner would stand still.
            let first = self.rest.chars().next().map_or(0, char::len_utf8);
            let tail = self.rest.as_bytes().get(first..).unwrap_or_default();
            let more = tail.iter().position(|b| ends_name(*b) || *b == b'=').unwrap_or(tail.len());
            let name = self.take(first + more);
            let value = self.value();
            tag.note(name, value);
        }
    }

    fn value(&mut self) -> &'a str {
        let trimmed = self.rest.trim_ascii_start();
        if !trimmed.starts_with('=') {
            return "";
        }
        self.rest = trimmed;
        self.take(1);
        self.take_until(|b| !b.is_ascii_whitespace());
        match self.rest.bytes().next() {
            Some(quote @ (b'"' | b'\'')) => {
                self.take(1);
                let value = self.take_up_to(quote);
                self.take(1);
                value
            }
            Some(_) | None => self.take_until(|b| b.is_ascii_whitespace() || b == b'>'),
        }
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            if let Some(name) = self.raw_text.take() {
                self.skip_raw_text(&name);
            }
            let mut start = self.rest.bytes();
            match (start.next()?, start.next(), start.next()) {
                (b'<', Some(b'!'), _) if self.rest.starts_with("<!--") => self.skip_comment(),
                (b'<', Some(b'/'), Some(b)) if b.is_ascii_alphabetic() => {
                    return Some(self.close_tag());
                }
                (b'<', Some(b'!' | b'?' | b'/'), _) => self.skip_past(b'>'),
                (b'<', Some(b), _) if b.is_ascii_alphabetic() => return Some(self.open_tag()),
                // A `<` that begins nothing is text.
                (_, _, _) => {
                    let tail = self.rest.as_bytes().get(1..).unwrap_or_default();
                    let length = memchr(b'<', tail).unwrap_or(tail.len());
                    return Some(Piece::Text(self.take(1 + length)));
                }
            }
        }
    }
}

/// Most names are in lower case already.
fn lower_case(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

fn ends_name(b: u8) -> bool {
    b.is_ascii_whitespace() || matches!(b, b'/' | b'>')
}

#[cfg(test)]
mod tests;
