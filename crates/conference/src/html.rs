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

#[derive(Debug)]
pub(crate) struct Tag<'a> {
    /// In lower case.
    pub(crate) name: Cow<'a, str>,
    attributes: Vec<(&'a str, &'a str)>,
}

impl Tag<'_> {
    /// The decoded value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        self.raw_attribute(name).map(|value| decoded(value).into_owned())
    }

    /// As it is written.
    pub(crate) fn raw_attribute(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value)
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

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        self.take(self.rest.find(|c| !keep(c)).unwrap_or(self.rest.len()))
    }

    fn skip_past(&mut self, end: &str) {
        let length = self.rest.find(end).map_or(self.rest.len(), |at| at + end.len());
        self.take(length);
    }

    /// Also to its end in the way of a mistake, `--!>`.
    fn skip_comment(&mut self) {
        self.take("<!--".len());
        if self.rest.starts_with('>') || self.rest.starts_with("->") {
            self.skip_past(">");
            return;
        }
        let ends = |(at, _): &(usize, &str)| {
            let tail = self.rest.get(at + 2..).unwrap_or_default();
            tail.starts_with('>') || tail.starts_with("!>")
        };
        let end = self.rest.match_indices("--").find(ends).map(|(at, _)| at);
        self.take(end.unwrap_or(self.rest.len()));
        self.skip_past(">");
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
        let name = lower_case(self.take_while(is_in_name));
        let attributes = self.attributes();
        if matches!(&*name, "script" | "style" | "title" | "textarea" | "iframe" | "xmp") {
            self.raw_text = Some(name.clone().into_owned());
        }
        Piece::Open(Tag { name, attributes })
    }

    fn close_tag(&mut self) -> Piece<'a> {
        self.take(2);
        let name = lower_case(self.take_while(is_in_name));
        self.skip_past(">");
        Piece::Close(name)
    }

    fn attributes(&mut self) -> Vec<(&'a str, &'a str)> {
        let mut attributes = Vec::new();
        loop {
            self.take_while(|c| c.is_ascii_whitespace() || c == '/');
            if self.rest.is_empty() || self.rest.starts_with('>') {
                self.take(1);
                return attributes;
            }
            // A name may even begin with `=`; without that, the scanner would stand still.
            let length = self.rest.chars().next().map_or(0, char::len_utf8);
            let tail = self.rest.get(length..).unwrap_or_default();
            let more = tail.find(|c| !is_in_name(c) || c == '=').unwrap_or(tail.len());
            let key = self.take(length + more);
            attributes.push((key, self.value()));
        }
    }

    fn value(&mut self) -> &'a str {
        let trimmed = self.rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
        if !trimmed.starts_with('=') {
            return "";
        }
        self.rest = trimmed;
        self.take(1);
        self.take_while(|c| c.is_ascii_whitespace());
        match self.rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                self.take(1);
                let value = self.take_while(|c| c != quote);
                self.take(1);
                value
            }
            Some(_) | None => self.take_while(|c| !c.is_ascii_whitespace() && c != '>'),
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
            let mut start = self.rest.chars();
            match (start.next()?, start.next(), start.next()) {
                ('<', Some('!'), _) if self.rest.starts_with("<!--") => self.skip_comment(),
                ('<', Some('/'), Some(c)) if c.is_ascii_alphabetic() => {
                    return Some(self.close_tag());
                }
                ('<', Some('!' | '?' | '/'), _) => self.skip_past(">"),
                ('<', Some(c), _) if c.is_ascii_alphabetic() => return Some(self.open_tag()),
                (first, _, _) => {
                    let begin = first.len_utf8();
                    let tail = self.rest.get(begin..).unwrap_or_default();
                    let length = tail.find('<').unwrap_or(tail.len());
                    return Some(Piece::Text(self.take(begin + length)));
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

fn is_in_name(c: char) -> bool {
    !c.is_ascii_whitespace() && !matches!(c, '/' | '>')
}

#[cfg(test)]
mod tests;
