//! Ids and versions as clients see them: opaque, and as long as those of Exchange.

use base64::{Engine, engine::general_purpose::STANDARD};

/// What an id stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) mailbox: [u8; 16],
    pub(crate) kind: KeyKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Folder(u64),
    Item(u64),
    /// The item of a series, and the place in it, from 1.
    Occurrence(u64, i32),
}

/// Bytes of an id; base64 makes 152 characters of them, as in Exchange.
const ID_BYTES: usize = 112;
/// What everything in front of the check takes.
const CHECKED_BYTES: usize = 32;
/// Shows as `AAMk`.
const PREFIX: [u8; 3] = [0x00, 0x03, 0x24];

impl Key {
    pub(crate) fn encode(&self) -> String {
        STANDARD.encode(self.bytes())
    }

    /// As ConvertId writes it where hexadecimal is asked for.
    pub(crate) fn encode_hex(&self) -> String {
        to_hex(&self.bytes())
    }

    fn bytes(&self) -> Vec<u8> {
        let (kind, number, instance) = match self.kind {
            KeyKind::Folder(number) => (1_u8, number, 0_i32),
            KeyKind::Item(number) => (2, number, 0),
            KeyKind::Occurrence(number, instance) => (3, number, instance),
        };
        let mut bytes = Vec::with_capacity(ID_BYTES);
        bytes.extend_from_slice(&PREFIX);
        bytes.push(kind);
        bytes.extend_from_slice(&self.mailbox);
        bytes.extend_from_slice(&number.to_be_bytes());
        bytes.extend_from_slice(&instance.to_be_bytes());
        let mut check = checksum(&bytes);
        while bytes.len() < ID_BYTES {
            bytes.extend_from_slice(&check.to_be_bytes());
            check = checksum(&check.to_be_bytes());
        }
        bytes
    }

    /// `None` for anything that we did not make.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        Self::read(&STANDARD.decode(text).ok()?)
    }

    pub(crate) fn decode_hex(text: &str) -> Option<Self> {
        Self::read(&from_hex(text)?)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let head = bytes.get(..CHECKED_BYTES)?;
        let check = bytes.get(CHECKED_BYTES..CHECKED_BYTES + 8)?;
        if bytes.len() != ID_BYTES || check != checksum(head).to_be_bytes() {
            return None;
        }
        let mailbox = head.get(4..20)?.try_into().ok()?;
        let number = u64::from_be_bytes(head.get(20..28)?.try_into().ok()?);
        let instance = i32::from_be_bytes(head.get(28..32)?.try_into().ok()?);
        let kind = match head.get(3)? {
            1 => KeyKind::Folder(number),
            2 => KeyKind::Item(number),
            3 => KeyKind::Occurrence(number, instance),
            _ => return None,
        };
        Some(Self { mailbox, kind })
    }
}

/// The version of an item or folder as text, new with each change.
pub(crate) fn change_key(change: u64) -> String {
    let mut bytes = vec![0x09, 0, 0, 0, 0x16, 0, 0, 0];
    bytes.extend_from_slice(&change.to_be_bytes());
    bytes.extend_from_slice(&checksum(&bytes).to_be_bytes());
    STANDARD.encode(bytes)
}

/// FNV-1a: no protection, only a check that nobody mangled an id.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The identity of a meeting in all its copies: a clean global object id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GlobalId(Vec<u8>);

/// What every global object id begins with.
const CLASS: [u8; 16] =
    [0x04, 0, 0, 0, 0x82, 0, 0xe0, 0, 0x74, 0xc5, 0xb7, 0x10, 0x1a, 0x82, 0xe0, 0x08];
/// Bytes of the occurrence's date after the class.
const DATE_BYTES: usize = 4;

impl GlobalId {
    /// As Outlook makes them: a time, and 16 random bytes.
    pub(crate) fn new(created: jiff::Timestamp, random: [u8; 16]) -> Self {
        let ticks = (created.as_second() + 11_644_473_600) * 10_000_000; // since 1601, in 100 ns
        Self::of(&ticks.to_le_bytes(), &random)
    }

    /// Of a `UID` that a client sent: hexadecimal ones are meant literally, others are embedded.
    pub(crate) fn from_uid(uid: &str) -> Self {
        match from_hex(uid) {
            Some(mut bytes) if bytes.starts_with(&CLASS) && bytes.len() >= 40 => {
                for byte in bytes.iter_mut().skip(CLASS.len()).take(DATE_BYTES) {
                    *byte = 0;
                }
                Self(bytes)
            }
            _ => {
                let mut data = b"vCal-Uid\x01\0\0\0".to_vec();
                data.extend_from_slice(uid.as_bytes());
                data.push(0);
                Self::of(&[0; 8], &data)
            }
        }
    }

    fn of(time: &[u8; 8], data: &[u8]) -> Self {
        let mut bytes = CLASS.to_vec();
        bytes.extend_from_slice(&[0; DATE_BYTES]);
        bytes.extend_from_slice(time);
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(&u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(data);
        Self(bytes)
    }

    pub(crate) fn uid(&self) -> String {
        to_hex(&self.0)
    }

    pub(crate) fn base64(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// The one that names an occurrence by its date.
    pub(crate) fn dated_base64(&self, date: jiff::civil::Date) -> String {
        let year = date.year().to_be_bytes();
        let dated = year
            .iter()
            .copied()
            .chain([date.month().to_be_bytes(), date.day().to_be_bytes()].concat());
        let mut bytes = self.0.clone();
        for (byte, value) in bytes.iter_mut().skip(CLASS.len()).zip(dated) {
            *byte = value;
        }
        STANDARD.encode(bytes)
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_and_junk_does_not() {
        for kind in [KeyKind::Folder(1), KeyKind::Item(7), KeyKind::Occurrence(7, 3)] {
            let key = Key { mailbox: [5; 16], kind };
            let text = key.encode();
            assert_eq!(text.len(), 152);
            assert_eq!(Key::decode(&text), Some(key));
            assert_eq!(Key::decode_hex(&key.encode_hex()), Some(key));
            assert_eq!(Key::decode(&text.replacen('F', "G", 1)), None);
        }
        assert_eq!(Key::decode("AAAA"), None);
    }

    #[test]
    fn a_uid_names_the_global_id() {
        let id = GlobalId::new(jiff::Timestamp::UNIX_EPOCH, [7; 16]);
        assert!(id.uid().starts_with("040000008200E00074C5B7101A82E008"));
        assert_eq!(GlobalId::from_uid(&id.uid()), id);
        assert_ne!(id.dated_base64(jiff::civil::date(2026, 11, 24)), id.base64());
        assert_ne!(GlobalId::from_uid("a@b"), GlobalId::from_uid("a@c"));
    }
}
