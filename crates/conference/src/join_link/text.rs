//! Finds where links begin and end in plain text, in one pass. Nothing is searched inside a link.

use super::{
    RAW_BYTES_MAX,
    address::{self, Address},
    broken::{BROKEN_LINE_CHARACTERS_MIN, joined},
    recognise,
    rules::Rules,
};
use crate::work;

/// A link in angle brackets may run over so many lines.
const BRACKETED_LINES_MAX: usize = 12;
/// No name of a host is longer.
const HOST_BYTES_MAX: usize = 253;
/// No scheme is longer.
const SCHEME_BYTES_MAX: usize = 32;

/// A slash follows each.
const SCHEMES: &[&str] = &["https:", "http:", "zoommtg:", "zoomus:", "msteams:", "rcvdt:"];

/// Brackets and quotes, written as entities.
const ENTITIES: [&str; 2] = ["&lt;", "&quot;"];

pub(super) struct Token {
    pub(super) start: usize,
    pub(super) forms: Vec<Form>,
}

/// One way to read a token.
pub(super) enum Form {
    Link(String),
    /// Digits at a domain.
    Digits(Address),
}

/// Whether links broken over lines are put together again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapping {
    Kept,
    Joined,
}

/// Every token, from left to right.
pub(super) fn tokens<'a>(
    text: &'a str,
    rules: &'a Rules,
    wrapping: Wrapping,
) -> impl Iterator<Item = Token> + 'a {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at = next_word(text, at)?;
            let rest = text.get(at..)?;
            if let Some(length) = plain(rest) {
                at += length;
                continue;
            }
            let start = Start { text, at, rest };
            if let Some((forms, length)) = start.token(rules, wrapping) {
                let token = Token { start: at, forms };
                at += length.max(1);
                return Some(token);
            }
            // A token of a foreign scheme is told of, but not skipped.
            let foreign = start.foreign();
            let token = Token { start: at, forms: foreign.into_iter().map(Form::Link).collect() };
            at += rest.bytes().take_while(u8::is_ascii_alphanumeric).count().max(1);
            if !token.forms.is_empty() {
                return Some(token);
            }
        }
    })
}

/// Tokens begin where words begin.
fn next_word(text: &str, at: usize) -> Option<usize> {
    let rest = text.as_bytes().get(at..)?;
    let length = rest.iter().position(u8::is_ascii_alphanumeric)?;
    work::did(length + 1);
    Some(at + length)
}

/// The length of what begins here, if no token begins in it: all have one of a few characters
/// behind a scheme, a host or digits. Most words end with this question.
fn plain(rest: &str) -> Option<usize> {
    let end = rest.bytes().take(HOST_BYTES_MAX).position(|b| !is_in_host(b));
    work::did(end.unwrap_or(HOST_BYTES_MAX));
    let end = end?;
    let next = rest.as_bytes().get(end)?;
    (!matches!(next, b':' | b'/' | b'@' | b'+')).then_some(end)
}

/// The beginning of a word.
struct Start<'a> {
    text: &'a str,
    at: usize,
    rest: &'a str,
}

impl<'a> Start<'a> {
    /// Ways to read the token that begins here, and its length.
    fn token(&self, rules: &Rules, wrapping: Wrapping) -> Option<(Vec<Form>, usize)> {
        if address::has_scheme(self.rest) && self.is_free() {
            let token = up_to_end(self.rest);
            let address = loosely_trimmed(token);
            let is_address = Address::parse(address).is_some();
            return is_address.then(|| (vec![Form::Link(address.to_owned())], token.len()));
        }
        if (has_scheme(self.rest) && self.is_free()) || self.is_bare_host(rules) {
            let (forms, length) = self.link(wrapping);
            return Some((forms.into_iter().map(Form::Link).collect(), length));
        }
        self.digits(rules)
    }

    fn before(&self) -> &'a str {
        self.text.get(..self.at).unwrap_or_default()
    }

    /// Nothing stands before it that would make it a part of something else.
    fn is_free(&self) -> bool {
        let is_inside = |c: char| c.is_alphanumeric() || "/=&%_.-~+?#@!*;$".contains(c);
        let before = self.before();
        !before.ends_with(is_inside) || ENTITIES.iter().any(|entity| before.ends_with(entity))
    }

    fn is_bare_host(&self, rules: &Rules) -> bool {
        let may_begin = |c: char| c.is_whitespace() || "<(\"'[:".contains(c);
        let before = self.before().chars().next_back();
        before.is_none_or(may_begin)
            && bare_host(self.rest).is_some_and(|host| rules.is_listed(&host.to_ascii_lowercase()))
    }

    fn link(&self, wrapping: Wrapping) -> (Vec<String>, usize) {
        let token = up_to_end(self.rest);
        let loose = loosely_trimmed(token);
        let is_bracketed = self.before().ends_with('<');
        let mut forms = Vec::new();
        let mut length = token.len();
        if let Some(inner) = is_bracketed.then(|| bracketed(self.rest)).flatten() {
            let whole: String = inner.chars().filter(|c| !c.is_whitespace()).collect();
            forms.extend([loosely_trimmed(&whole).to_owned(), whole]);
            forms.reverse();
            length = inner.len();
        } else if wrapping == Wrapping::Joined && self.is_at_end_of_long_line(token) {
            forms.extend(joined(token, self.rest));
        }
        // In a chat, the text of a link is often the link itself: `[link](link)`.
        let labelled = loose.split_once("](").map(|(label, _)| label.to_owned());
        forms.push(loose.to_owned());
        forms.extend(labelled);
        forms.dedup();
        (forms.into_iter().map(with_scheme).collect(), length)
    }

    fn is_at_end_of_long_line(&self, token: &str) -> bool {
        work::did(token.len() + BROKEN_LINE_CHARACTERS_MIN);
        let line = self.before().chars().rev().take_while(|c| *c != '\n');
        let before = line.take(BROKEN_LINE_CHARACTERS_MIN).count();
        before + token.chars().count() >= BROKEN_LINE_CHARACTERS_MIN
    }

    /// Digits at a domain that rooms may call; elsewhere it is a mail address.
    fn digits(&self, rules: &Rules) -> Option<(Vec<Form>, usize)> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let domain = self.rest.get(digits..)?.strip_prefix('@')?;
        let length = domain.bytes().take_while(|b| is_in_host(*b)).count();
        let (domain, after) = domain.split_at_checked(length)?;
        let before = self.before();
        let is_user = |c: char| c.is_alphanumeric() || "._%+-@/&=*#~".contains(c);
        let scheme = before.len().checked_sub("mailto:".len()).and_then(|at| before.get(at..));
        let is_mail = scheme.is_some_and(|it| it.eq_ignore_ascii_case("mailto:"));
        let is_part = before.ends_with(is_user) || after.starts_with(['@', '/', '_', '=']);
        let domain = domain.trim_end_matches(['.', '-']);
        let address = Address::bare(self.rest.get(..digits + 1 + domain.len())?)?;
        (!is_mail && !is_part && rules.may_be_dialled(&address.domain))
            .then(|| (vec![Form::Digits(address)], digits + 1 + domain.len()))
    }

    /// `ftp://…` and the like: never a link of ours, but worth a reason.
    fn foreign(&self) -> Option<String> {
        let is_in_scheme = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
        let length =
            self.rest.bytes().take(SCHEME_BYTES_MAX).take_while(|b| is_in_scheme(b)).count();
        let is_foreign = self.rest.get(length..)?.starts_with("://")
            && self.rest.starts_with(|c: char| c.is_ascii_alphabetic())
            && self.is_free();
        is_foreign.then(|| loosely_trimmed(up_to_end(self.rest)).to_owned())
    }
}

fn has_scheme(text: &str) -> bool {
    let starts = |scheme: &&str| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            && text.get(scheme.len()..).is_some_and(|rest| rest.starts_with(['/', '\\']))
    };
    // All schemes begin with one of these; asked first, because this runs for every word.
    text.starts_with(['h', 'H', 'z', 'Z', 'm', 'M', 'r', 'R']) && SCHEMES.iter().any(starts)
}

fn is_in_host(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')
}

fn bare_host(text: &str) -> Option<&str> {
    let end = text.bytes().take(HOST_BYTES_MAX).position(|b| !is_in_host(b))?;
    let port = text.get(end..)?.strip_prefix(':');
    let digits = port.map_or(0, |port| 1 + port.bytes().take_while(u8::is_ascii_digit).count());
    let end = end + digits;
    work::did(end);
    text.get(end..)?.starts_with('/').then_some(())?;
    text.get(..end)
}

fn with_scheme(link: String) -> String {
    if has_scheme(&link) { link } else { format!("https://{link}") }
}

/// Up to `>`. Another `<` ends the search, so that each character is looked at once.
fn bracketed(rest: &str) -> Option<&str> {
    let window = rest.get(..rest.floor_char_boundary(RAW_BYTES_MAX))?;
    let inner = window.get(..window.find(['<', '>'])?)?;
    work::did(inner.len());
    let is_closed = window.get(inner.len()..)?.starts_with('>');
    (is_closed && inner.matches('\n').count() < BRACKETED_LINES_MAX).then_some(inner)
}

fn up_to_end(rest: &str) -> &str {
    let is_end = |c: char| c.is_whitespace() || "<>\"|{}^`“”„«»".contains(c);
    let token = rest.get(..rest.find(is_end).unwrap_or(rest.len())).unwrap_or(rest);
    work::did(token.len());
    token.split("&gt;").next().unwrap_or(token)
}

/// Punctuation of the sentence around a link does not belong to it.
pub(super) fn loosely_trimmed(token: &str) -> &str {
    let opening = token.matches('(').count();
    let mut closing = token.matches(')').count();
    let mut token = recognise::trimmed(token);
    loop {
        let Some(last) = token.chars().next_back() else {
            return token;
        };
        let is_punctuation = match last {
            ')' => closing > opening,
            c => ".,;:!?*]}".contains(c),
        };
        match token.strip_suffix(last).filter(|_| is_punctuation) {
            Some(shorter) => {
                closing -= usize::from(last == ')');
                token = recognise::trimmed(shorter);
            }
            None => return token,
        }
    }
}
