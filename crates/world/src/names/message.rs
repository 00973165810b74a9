//! DNS messages, as far as a question for service records and its answer need them (RFC 1035).
//! Pure, and suspicious of every length.

use std::io;

use super::{SERVICES_MAX, Service};

const SERVICE: u16 = 33;
const INTERNET: u16 = 1;
const HEADER_BYTES: usize = 12;
const LABEL_BYTES_MAX: usize = 63;
const NAME_BYTES_MAX: usize = 255;
/// Steps over labels and references of one name.
const STEPS_MAX: usize = 128;

/// The question, with recursion desired.
pub(super) fn query(id: [u8; 2], name: &str) -> io::Result<Vec<u8>> {
    let unusable = || io::Error::new(io::ErrorKind::InvalidInput, "not a name");
    let mut message = vec![id[0], id[1], 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0];
    if name.len() > NAME_BYTES_MAX {
        return Err(unusable());
    }
    for label in name.split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| *length > 0);
        let length = length.filter(|length| usize::from(*length) <= LABEL_BYTES_MAX);
        message.push(length.ok_or_else(unusable)?);
        message.extend_from_slice(label.as_bytes());
    }
    message.push(0);
    message.extend_from_slice(&SERVICE.to_be_bytes());
    message.extend_from_slice(&INTERNET.to_be_bytes());
    Ok(message)
}

pub(super) fn is_truncated(message: &[u8]) -> bool {
    message.get(2).is_some_and(|flags| flags & 0x02 != 0)
}

/// The records of an answer to that question.
pub(super) fn services(question: &[u8], answer: &[u8]) -> io::Result<Vec<Service>> {
    parse(question, answer)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not an answer to the question"))
}

fn parse(question: &[u8], answer: &[u8]) -> Option<Vec<Service>> {
    let flags = answer.get(2..4)?;
    let (is_answer, code) = (flags.first()? & 0x80 != 0, flags.last()? & 0x0f);
    let asked = question.get(HEADER_BYTES..)?;
    let end = HEADER_BYTES + asked.len();
    let repeated = answer.get(HEADER_BYTES..end)?;
    if answer.get(..2) != question.get(..2) || !is_answer || !repeated.eq_ignore_ascii_case(asked) {
        return None;
    }
    match code {
        0 => {}
        // There is no such name.
        3 => return Some(Vec::new()),
        _ => return None,
    }
    let count = usize::from(number(answer, 6)?);
    let mut found = Vec::new();
    let mut at = end;
    for _ in 0..count.min(SERVICES_MAX) {
        let (_, data) = name(answer, at)?;
        let (kind, length) = (number(answer, data)?, usize::from(number(answer, data + 8)?));
        let start = data + 10;
        answer.get(start..start + length)?;
        if kind == SERVICE {
            let (host, _) = name(answer, start + 6)?;
            found.push(Service {
                priority: number(answer, start)?,
                weight: number(answer, start + 2)?,
                port: number(answer, start + 4)?,
                host,
            });
        }
        at = start + length;
    }
    // A lone dot says that the service is not offered.
    found.retain(|service| !service.host.is_empty());
    Some(found)
}

fn number(message: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*message.get(at)?, *message.get(at + 1)?]))
}

/// The name at a place, and the place behind it. References may lead anywhere, so steps are
/// counted.
fn name(message: &[u8], start: usize) -> Option<(String, usize)> {
    let (mut name, mut at, mut behind) = (String::new(), start, None);
    for _ in 0..STEPS_MAX {
        let length = *message.get(at)?;
        match length {
            0 => return Some((name, behind.unwrap_or(at + 1))),
            0xc0.. => {
                behind = behind.or(Some(at + 2));
                at = usize::from(number(message, at)? & 0x3fff);
            }
            1..0xc0 => {
                let label = message.get(at + 1..at + 1 + usize::from(length))?;
                if !name.is_empty() {
                    name.push('.');
                }
                name.extend(label.iter().map(|byte| char::from(byte.to_ascii_lowercase())));
                at += 1 + usize::from(length);
            }
        }
        if name.len() > NAME_BYTES_MAX {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "_autodiscover._tcp.example.com";

    /// Two records; the target of the first refers back to the question.
    fn answer(id: [u8; 2]) -> Vec<u8> {
        let mut message = query(id, NAME).expect("a question");
        message[2] = 0x81;
        message[7] = 2;
        let record = |data: &[u8]| {
            let mut record = vec![0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0];
            record.push(u8::try_from(data.len()).expect("short"));
            record.extend_from_slice(data);
            record
        };
        // `mail.` and then `example.com` of the question, which begins at byte 31.
        message.extend(record(b"\0\x05\0\x07\x01\xbb\x04MAIL\xc0\x1f"));
        message.extend(record(b"\0\x0a\0\0\x01\xbb\x05other\x03net\0"));
        message
    }

    #[test]
    fn records_are_read() {
        let question = query([1, 2], NAME).expect("a question");
        let found = services(&question, &answer([1, 2])).expect("records");
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].host.as_str(), found[0].port), ("mail.example.com", 443));
        assert_eq!((found[0].priority, found[0].weight), (5, 7));
        assert_eq!(found[1].host, "other.net");
    }

    #[test]
    fn what_is_no_answer_to_the_question_is_refused() {
        let question = query([1, 2], NAME).expect("a question");
        assert!(services(&question, &answer([1, 3])).is_err(), "another id");
        assert!(services(&question, &question).is_err(), "a question");
        let other = query([1, 2], "_autodiscover._tcp.example.net").expect("a question");
        assert!(services(&other, &answer([1, 2])).is_err(), "another name");
        let mut unknown = answer([1, 2]);
        unknown[3] = 3;
        assert_eq!(services(&question, &unknown).expect("none"), []);
        unknown[3] = 2;
        assert!(services(&question, &unknown).is_err(), "the server failed");
    }

    #[test]
    fn broken_messages_end() {
        let question = query([1, 2], NAME).expect("a question");
        let good = answer([1, 2]);
        for end in 0..good.len() {
            assert!(services(&question, &good[..end]).is_err(), "cut at {end}");
        }
        for at in question.len()..good.len() {
            for byte in [0, 0x3f, 0xc0, 0xff] {
                let mut bent = good.clone();
                bent[at] = byte;
                let _ends = services(&question, &bent);
            }
        }
        // A reference to itself.
        assert_eq!(name(&[0xc0, 0], 0), None);
        assert!(query([0, 0], "a..b").is_err() && query([0, 0], &"a".repeat(64)).is_err());
    }
}
