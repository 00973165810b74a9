//! Finds where links begin and end in plain text, in one pass. Nothing is searched inside a link.

use super::{RAW_BYTES_MAX, rules::Rules};

/// A link in angle brackets may run over so many lines.
const BRACKETED_LINES_MAX: usize = 12;
/// Old mail programs break a long link into so many lines.
const JOINED_LINES_MAX: usize = 8;
/// They do it at the end of a line that is at least so long.
const BROKEN_LINE_CHARACTERS_MIN: usize = 65;
/// No name of a host is longer.
const HOST_BYTES_MAX: usize = 253;

const SCHEMES: &[&str] =
    &["https://", "http://", "zoommtg://", "zoomus://", "msteams:", "rcvdt://"];

pub(super) struct Token {
    pub(super) start: usize,
    pub(super) forms: Vec<String>,
}

/// Whether links broken over lines are put together again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapping {
    Kept,
    Joined,
}

pub(super) fn tokens(text: &str, rules: &Rules, wrapping: Wrapping) -> impl Iterator<Item = Token> {
    let mut at = 0;
    let mut before = None;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(at..)?;
            let first = rest.chars().next()?;
            if may_begin(before, rest, rules) {
                let (token, length) = token_at(text, at, before == Some('<'), wrapping);
                at += length;
                before = text.get(..at).and_then(|read| read.chars().next_back());
                return Some(token);
            }
            at += first.len_utf8();
            before = Some(first);
        }
    })
}

fn may_begin(before: Option<char>, rest: &str, rules: &Rules) -> bool {
    let is_inside_word = |c: char| c.is_alphanumeric() || "/=&%_.-~+?#@!*;$".contains(c);
    if !before.is_some_and(is_inside_word) && has_scheme(rest) {
        return true;
    }
    let may_bare = before.is_none_or(|c| c.is_whitespace() || "<(\"'[:".contains(c));
    may_bare && bare_host(rest).is_some_and(|host| rules.is_listed(&host.to_ascii_lowercase()))
}

fn has_scheme(text: &str) -> bool {
    let starts = |scheme: &&str| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    // All schemes begin with one of these; asked first, because this runs for every character.
    text.starts_with(['h', 'H', 'z', 'Z', 'm', 'M', 'r', 'R']) && SCHEMES.iter().any(starts)
}

fn bare_host(text: &str) -> Option<&str> {
    let is_host = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':');
    let end = text.bytes().take(HOST_BYTES_MAX).position(|b| !is_host(b))?;
    text.get(end..)?.starts_with('/').then_some(())?;
    text.get(..end)
}

fn token_at(text: &str, at: usize, is_bracketed: bool, wrapping: Wrapping) -> (Token, usize) {
    let rest = text.get(at..).unwrap_or_default();
    if let Some(inner) = is_bracketed.then(|| bracketed(rest)).flatten() {
        let whole: String = inner.chars().filter(|c| !c.is_whitespace()).collect();
        let forms = vec![with_scheme(&whole), with_scheme(trimmed(&whole))];
        return (Token { start: at, forms }, inner.len());
    }
    let token = up_to_end(rest);
    let mut forms = Vec::new();
    if wrapping == Wrapping::Joined {
        let line_start = text.get(..at).and_then(|read| read.rfind('\n')).map_or(0, |end| end + 1);
        let is_long = at + token.len() - line_start >= BROKEN_LINE_CHARACTERS_MIN;
        forms.extend(is_long.then(|| joined(token, rest)).flatten());
    }
    forms.push(trimmed(token).to_owned());
    let forms = forms.iter().map(|form| with_scheme(form)).collect();
    (Token { start: at, forms }, token.len().max(1))
}

fn with_scheme(link: &str) -> String {
    if has_scheme(link) { link.to_owned() } else { format!("https://{link}") }
}

/// Up to `>`. Another `<` ends the search, so that each character is looked at once.
fn bracketed(rest: &str) -> Option<&str> {
    let window = rest.get(..rest.floor_char_boundary(RAW_BYTES_MAX))?;
    let inner = window.get(..window.find(['<', '>'])?)?;
    let is_closed = window.get(inner.len()..)?.starts_with('>');
    (is_closed && inner.matches('\n').count() < BRACKETED_LINES_MAX).then_some(inner)
}

fn up_to_end(rest: &str) -> &str {
    let is_end = |c: char| c.is_whitespace() || "<>\"|{}^`“”„«»".contains(c);
    let token = rest.get(..rest.find(is_end).unwrap_or(rest.len())).unwrap_or(rest);
    token.split("&gt;").next().unwrap_or(token)
}

/// Punctuation of the sentence around a link does not belong to it.
fn trimmed(token: &str) -> &str {
    let mut token = token;
    let opening = token.matches('(').count();
    let mut closing = token.matches(')').count();
    loop {
        let Some(last) = token.chars().next_back() else {
            return token;
        };
        let is_punctuation = match last {
            ')' => closing > opening,
            c => ".,;:!?*]}'".contains(c),
        };
        match token.strip_suffix(last).filter(|_| is_punctuation) {
            Some(shorter) => {
                closing -= usize::from(last == ')');
                token = shorter;
            }
            None => return token,
        }
    }
}

/// The link with the lines below, if they look like its continuation.
fn joined(token: &str, rest: &str) -> Option<String> {
    let mut whole = token.to_owned();
    let mut lines = rest.get(token.len()..)?.lines();
    if !lines.next()?.is_empty() {
        return None;
    }
    let mut length = whole.len();
    for line in lines.take(JOINED_LINES_MAX) {
        let line = line.trim_end();
        if !continues(line) {
            break;
        }
        whole.push_str(line);
        length = line.len();
        if length < BROKEN_LINE_CHARACTERS_MIN {
            break;
        }
    }
    (length != token.len() || whole.len() > token.len()).then(|| trimmed(&whole).to_owned())
}

fn continues(line: &str) -> bool {
    let is_url = |c: char| c.is_ascii_graphic() && !"<>\"|{}^`:@".contains(c);
    !line.starts_with('+')
        && line.len() <= RAW_BYTES_MAX
        && line.chars().all(is_url)
        && line.chars().any(|c| !c.is_ascii_digit())
        && line.chars().any(|c| c.is_ascii_digit() || "%=&/?_".contains(c))
        && line.chars().any(|c| c.is_ascii_alphanumeric())
}

/// Some gateways forget to decode. One sign is no proof: a token may begin with `3D`.
pub(super) fn quoted_printable_undone(text: &str) -> String {
    let signs = ["=\n", "=\r\n", "=3D", "=20\n", "=20\r\n", "=C3="];
    let count: usize = signs.iter().map(|sign| text.matches(sign).count()).sum();
    if count < 2 {
        return text.to_owned();
    }
    let text = text.replace("=\r\n", "").replace("=\n", "");
    let mut parts = text.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(part.bytes().skip(2));
            }
            None => {
                bytes.push(b'=');
                bytes.extend(part.bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
