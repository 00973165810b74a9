//! The key that names a meeting towards a provider, which learns nothing from it.

use std::fmt;

use aws_lc_rs::hmac;

/// How many bytes of the key name a room: 160 bits, more than anybody can guess.
const ROOM_NAME_BYTES: usize = 20;
/// Of base32 (RFC 4648, 6), in lower case.
const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Names one meeting; two connectors compute the same one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConferenceKey([u8; 32]);

impl ConferenceKey {
    pub fn derive(secret: &[u8], mailbox: &str, uid: &[u8], recurrence: Option<&str>) -> Self {
        let mut parts = vec![mailbox.to_lowercase().into_bytes(), uid.to_vec()];
        // No recurrence id is something else than an empty one: it adds no part.
        parts.extend(recurrence.map(|recurrence| recurrence.as_bytes().to_vec()));
        Self(mac(secret, &parts))
    }

    /// Lower-case base32, since room names ignore case.
    pub fn room_name(&self) -> String {
        base32(self.0.iter().copied().take(ROOM_NAME_BYTES))
    }

    /// The whole of it in lower-case base32, for providers that keep a mark with each meeting.
    pub fn tag(&self) -> String {
        base32(self.0.iter().copied())
    }

    /// The reverse of [`Self::tag`].
    pub fn from_tag(tag: &str) -> Option<Self> {
        let (mut bytes, mut buffer, mut bits) = (Vec::with_capacity(32), 0_u32, 0_u32);
        for digit in tag.bytes() {
            let value = DIGITS.iter().position(|other| *other == digit)?;
            buffer = (buffer << 5 | u32::try_from(value).ok()?) & 0xffff;
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push(u8::try_from(buffer >> bits & 0xff).ok()?);
            }
        }
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for ConferenceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConferenceKey(…)")
    }
}

/// The length stands before each part, so that no two lists of parts look alike.
fn mac(secret: &[u8], parts: &[Vec<u8>]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
    bytes
}

pub(crate) fn base32(bytes: impl Iterator<Item = u8>) -> String {
    let digit = |value: u32| {
        let index = usize::try_from(value & 31).unwrap_or_default();
        DIGITS.get(index).copied().map_or('a', char::from)
    };
    let (mut name, mut buffer, mut bits) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        buffer = (buffer << 8 | u32::from(byte)) & 0xffff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            name.push(digit(buffer >> bits));
        }
    }
    if bits > 0 {
        name.push(digit(buffer << (5 - bits)));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ConferenceKey {
        ConferenceKey::derive(b"secret", "Ann@example.com", b"uid", None)
    }

    #[test]
    fn every_part_of_a_key_counts() {
        let keys = [
            ConferenceKey::derive(b"secret", "ann@example.com", b"uid", Some("")),
            ConferenceKey::derive(b"secret", "ann@example.com", b"uid", Some("20261124")),
            ConferenceKey::derive(b"other", "ann@example.com", b"uid", None),
            ConferenceKey::derive(b"secret", "ann@example.comu", b"id", None),
            ConferenceKey::derive(b"secret", "bob@example.com", b"uid", None),
        ];
        assert!(keys.iter().all(|other| *other != key()));
        assert_eq!(key(), ConferenceKey::derive(b"secret", "ANN@example.com", b"uid", None));
    }

    #[test]
    fn base32_is_the_usual_one() {
        assert_eq!(base32(b"foobar".iter().copied()), "mzxw6ytboi");
        assert_eq!(base32(b"f".iter().copied()), "my");
    }

    #[test]
    fn a_tag_says_all_there_is_to_a_key() {
        assert_eq!(key().tag().len(), 52);
        assert_eq!(ConferenceKey::from_tag(&key().tag()), Some(key()));
        assert_eq!(ConferenceKey::from_tag("abc"), None);
        assert_eq!(ConferenceKey::from_tag("1"), None);
    }
}
