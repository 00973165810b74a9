//! The few LDAP messages (RFC 4511) that two questions need, in BER. Pure; lengths are not
//! believed.

const SEQUENCE: u8 = 0x30;
const SET_OF: u8 = 0x31;
const INTEGER: u8 = 0x02;
const ENUMERATED: u8 = 0x0a;
const BOOLEAN: u8 = 0x01;
const TEXT: u8 = 0x04;
const BIND: u8 = 0x60;
const BOUND: u8 = 0x61;
const SEARCH: u8 = 0x63;
const RECORD: u8 = 0x64;
const DONE: u8 = 0x65;
const SIMPLE: u8 = 0x80;
const AND: u8 = 0xa0;
const EQUAL: u8 = 0xa3;
const PRESENT: u8 = 0x87;
const VERSION: u8 = 3;
/// Values of one record, and records' attributes.
const VALUES_MAX: usize = 64;

#[derive(Clone, Copy)]
pub(super) enum Scope {
    Base = 0,
    Subtree = 2,
}

pub(super) enum Filter {
    Both(Box<Filter>, Box<Filter>),
    Equal(&'static str, &'static str),
    Present(&'static str),
}

/// What a server sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// The result of a bind; 0 is success.
    Bound(u8),
    Record(Vec<(String, Vec<String>)>),
    /// The result of a search; 0 is success.
    Done(u8),
    /// Such as a reference to another server, which is not followed.
    Other,
}

pub(super) fn bind(id: u8, user: &str, password: &str) -> Vec<u8> {
    let content = [
        value(INTEGER, &[VERSION]),
        value(TEXT, user.as_bytes()),
        value(SIMPLE, password.as_bytes()),
    ];
    message(id, BIND, &content.concat())
}

pub(super) fn search(
    id: u8,
    base: &str,
    scope: Scope,
    filter: &Filter,
    attributes: &[&str],
) -> Vec<u8> {
    let attributes: Vec<u8> =
        attributes.iter().flat_map(|name| value(TEXT, name.as_bytes())).collect();
    let scope = match scope {
        Scope::Base => 0,
        Scope::Subtree => 2,
    };
    let content = [
        value(TEXT, base.as_bytes()),
        value(ENUMERATED, &[scope]),
        value(ENUMERATED, &[0]), // aliases as they are
        value(INTEGER, &[0]),    // our own bounds hold
        value(INTEGER, &[0]),
        value(BOOLEAN, &[0]), // values, too
        written(filter),
        value(SEQUENCE, &attributes),
    ];
    message(id, SEARCH, &content.concat())
}

fn written(filter: &Filter) -> Vec<u8> {
    match filter {
        Filter::Both(a, b) => value(AND, &[written(a), written(b)].concat()),
        Filter::Equal(name, text) => {
            value(EQUAL, &[value(TEXT, name.as_bytes()), value(TEXT, text.as_bytes())].concat())
        }
        Filter::Present(name) => value(PRESENT, name.as_bytes()),
    }
}

fn message(id: u8, kind: u8, content: &[u8]) -> Vec<u8> {
    value(SEQUENCE, &[value(INTEGER, &[id]), value(kind, content)].concat())
}

fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short @ 0..0x80) => bytes.push(short),
        Ok(_) | Err(_) => {
            let length = content.len().to_be_bytes();
            let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
            bytes.push(0x80 | u8::try_from(significant.len()).unwrap_or(0));
            bytes.extend(significant);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

/// How many bytes of length follow the first one.
pub(super) fn length_bytes(first: u8) -> usize {
    if first & 0x80 == 0 { 0 } else { usize::from(first & 0x7f) }
}

/// The length that stands behind a tag; at most four bytes are believed.
pub(super) fn body_length(head: &[u8]) -> Option<usize> {
    let (first, rest) = head.get(1..)?.split_first()?;
    match length_bytes(*first) {
        0 if *first < 0x80 => Some(usize::from(*first)),
        count @ 1..=4 => {
            let bytes = rest.get(..count)?;
            Some(bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
        }
        _ => None,
    }
}

/// What stands inside the outermost sequence.
pub(super) fn read(body: &[u8]) -> Option<Message> {
    let (_id, rest) = take(body)?;
    let ((kind, content), _controls) = take(rest)?;
    match kind {
        BOUND => Some(Message::Bound(result(content)?)),
        DONE => Some(Message::Done(result(content)?)),
        RECORD => {
            let (_name, rest) = take(content)?;
            let ((_, attributes), _) = take(rest)?;
            let record = each(attributes)?.into_iter().map(|(_, attribute)| {
                let ((_, name), rest) = take(attribute)?;
                let ((tag, values), _) = take(rest)?;
                let values = each(values).filter(|_| tag == SET_OF)?;
                Some((text(name), values.into_iter().map(|(_, value)| text(value)).collect()))
            });
            Some(Message::Record(record.collect::<Option<_>>()?))
        }
        _ => Some(Message::Other),
    }
}

/// A code of one byte; those that need more are for others.
fn result(content: &[u8]) -> Option<u8> {
    let ((tag, code), _) = take(content)?;
    code.last().copied().filter(|_| tag == ENUMERATED)
}

type Value<'b> = (u8, &'b [u8]);

/// The first value, and what follows it.
fn take(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let tag = *bytes.first()?;
    let length = body_length(bytes)?;
    let start = 2 + length_bytes(*bytes.get(1)?);
    let end = start.checked_add(length)?;
    Some(((tag, bytes.get(start..end)?), bytes.get(end..)?))
}

fn each(mut bytes: &[u8]) -> Option<Vec<Value<'_>>> {
    let mut values = Vec::new();
    while !bytes.is_empty() && values.len() < VALUES_MAX {
        let (value, rest) = take(bytes)?;
        values.push(value);
        bytes = rest;
    }
    Some(values)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
pub(super) mod server {
    //! The other side's messages, for tests.

    use super::{BOUND, DONE, ENUMERATED, RECORD, SEQUENCE, SET_OF, TEXT, message, value};

    pub(crate) fn bound(id: u8, code: u8) -> Vec<u8> {
        message(id, BOUND, &outcome(code))
    }

    pub(crate) fn done(id: u8, code: u8) -> Vec<u8> {
        message(id, DONE, &outcome(code))
    }

    fn outcome(code: u8) -> Vec<u8> {
        [value(ENUMERATED, &[code]), value(TEXT, b""), value(TEXT, b"")].concat()
    }

    pub(crate) fn record(id: u8, attributes: &[(&str, &[&str])]) -> Vec<u8> {
        let attributes = attributes.iter().flat_map(|(name, values)| {
            let values: Vec<u8> =
                values.iter().flat_map(|text| value(TEXT, text.as_bytes())).collect();
            value(SEQUENCE, &[value(TEXT, name.as_bytes()), value(SET_OF, &values)].concat())
        });
        let attributes: Vec<u8> = attributes.collect();
        message(id, RECORD, &[value(TEXT, b"CN=x"), value(SEQUENCE, &attributes)].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bind_is_as_the_standard_has_it() {
        let expected = [0x30, 0x0e, 0x02, 1, 1, 0x60, 9, 0x02, 1, 3, 0x04, 1, b'u', 0x80, 1, b'p'];
        let bytes = bind(1, "u", "p");
        assert_eq!(bytes.get(..2), Some([0x30, 14].as_slice()));
        assert_eq!(bytes, expected);
    }

    #[test]
    fn records_and_results_are_read_and_long_lengths_too() {
        let long = "x".repeat(300);
        let bytes = server::record(2, &[("keywords", &["a", &long])]);
        let head = 2 + length_bytes(bytes[1]);
        assert_eq!(body_length(&bytes), Some(bytes.len() - head));
        let expected = vec![("keywords".to_owned(), vec!["a".to_owned(), long])];
        assert_eq!(read(&bytes[head..]), Some(Message::Record(expected)));
        assert_eq!(read(&server::done(2, 0)[2..]), Some(Message::Done(0)));
        assert_eq!(read(&server::bound(2, 49)[2..]), Some(Message::Bound(49)));
    }

    #[test]
    fn broken_messages_are_refused() {
        let good = server::record(2, &[("a", &["b", "c"])]);
        for end in 2..good.len() {
            assert_eq!(read(&good[2..end]), None, "cut at {end}");
        }
        for at in 2..good.len() {
            for byte in [0, 0x7f, 0x80, 0x84, 0xff] {
                let mut bent = good.clone();
                bent[at] = byte;
                let _ends = read(&bent[2..]);
            }
        }
        assert_eq!(body_length(&[0x30, 0x80]), None, "of no definite length");
        assert_eq!(body_length(&[0x30, 0x88, 1, 1, 1, 1, 1, 1, 1, 1]), None);
    }
}
