//! Who is who in a trace: the same address, name, server or id always gets the same replacement,
//! by a key that is drawn for one trace and kept nowhere.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use world::chance::Chance;

/// Distinct people, domains and servers told apart; the rest share one replacement.
const KNOWN_MAX: usize = 50_000;
const FIRST_NAMES: [&str; 8] = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"];
/// Begins every global object id, whoever made it.
const OBJECT_ID_CLASS: [u8; 16] = [
    0x04, 0x00, 0x00, 0x00, 0x82, 0x00, 0xe0, 0x00, 0x74, 0xc5, 0xb7, 0x10, 0x1a, 0x82, 0xe0, 0x08,
];
/// Class, date of the instance, time of creation, reserved, length.
const OBJECT_ID_HEAD_BYTES: usize = 40;
/// Announces a foreign calendar's id inside a global object id.
const FOREIGN_ID: &[u8] = b"vCal-Uid\x01\0\0\0";

pub(super) struct Names {
    key: hmac::Key,
    people: Numbers,
    domains: Numbers,
    servers: Numbers,
}

/// Numbers in the order in which things were first seen; only their keyed hashes are kept.
#[derive(Default)]
struct Numbers(BTreeMap<[u8; 16], usize>);

impl Numbers {
    fn of(&mut self, hash: [u8; 16]) -> usize {
        let next = self.0.len() + 1;
        if next > KNOWN_MAX {
            return self.0.get(&hash).copied().unwrap_or_default();
        }
        *self.0.entry(hash).or_insert(next)
    }
}

impl Names {
    pub(super) fn new(chance: &Chance) -> Self {
        let mut key = [0; 32];
        chance.fill(&mut key);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        Self {
            key,
            people: Numbers::default(),
            domains: Numbers::default(),
            servers: Numbers::default(),
        }
    }

    /// `None` for what is no address of the kind people write.
    pub(super) fn address(&mut self, text: &str) -> Option<String> {
        let lower = text.trim().to_lowercase();
        let (local, domain) = lower.rsplit_once('@')?;
        if local.is_empty() || domain.is_empty() || lower.contains(char::is_whitespace) {
            return None;
        }
        let person = self.people.of(self.hash("address", lower.as_bytes()));
        let domain = self.domains.of(self.hash("domain", domain.as_bytes()));
        let first_name = FIRST_NAMES.get(person % FIRST_NAMES.len()).unwrap_or(&"somebody");
        Some(format!("{first_name}{person}@redacted{domain}.example"))
    }

    pub(super) fn name(&mut self, text: &str) -> String {
        let text = text.trim();
        if text.is_empty() {
            return String::new();
        }
        match self.address(text) {
            Some(address) => address,
            None => {
                let hash = self.hash("name", text.to_lowercase().as_bytes());
                format!("Person {}", self.people.of(hash))
            }
        }
    }

    /// Short and full names of a server count as one.
    pub(super) fn server(&mut self, text: &str) -> String {
        let lower = text.trim().to_lowercase();
        let label = lower.split('.').next().unwrap_or_default();
        let number = self.servers.of(self.hash("server", label.as_bytes()));
        match lower.contains('.') {
            true => format!("server{number}.redacted.example"),
            false => format!("server{number}"),
        }
    }

    /// In the alphabet and of the length of the original. Two layouts that say something about the
    /// server are kept: that of a global object id, and that of a subscription's id.
    pub(super) fn id(&mut self, text: &str) -> String {
        let text = text.trim();
        if text.is_empty() || text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.to_owned();
        }
        let is_hex = text.len() >= 16
            && text.len().is_multiple_of(2)
            && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hex {
            let bytes = self.bytes(&from_hex(text));
            let is_upper = !text.bytes().any(|byte| byte.is_ascii_lowercase());
            return to_hex(&bytes, is_upper);
        }
        match STANDARD.decode(text) {
            Ok(bytes) => STANDARD.encode(self.bytes(&bytes)),
            Err(_not_base64) => self.letters(text),
        }
    }

    fn bytes(&mut self, bytes: &[u8]) -> Vec<u8> {
        if let Some(replaced) = self.subscription(bytes) {
            return replaced;
        }
        match bytes.split_at_checked(OBJECT_ID_HEAD_BYTES) {
            Some((head, data)) if head.starts_with(&OBJECT_ID_CLASS) => {
                let (announced, id) = match data.strip_prefix(FOREIGN_ID) {
                    Some(id) => (FOREIGN_ID, id),
                    None => (&[][..], data),
                };
                [head, announced, &self.stream(id)].concat()
            }
            Some(_) | None => self.stream(bytes),
        }
    }

    /// Length and name of a back-end server, length and GUID, a stamp: what ids of subscriptions
    /// look like in documents. Whether newer servers keep to it is one of the things to learn.
    fn subscription(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (host, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        let (sixteen, rest) = rest.split_first_chunk::<2>()?;
        let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
        let is_one = u16::from_le_bytes(*sixteen) == 16 && rest.len() >= 16;
        if host.is_empty() || !host.iter().all(is_host) || !is_one {
            return None;
        }
        let host = self.server(std::str::from_utf8(host).ok()?);
        let length = u16::try_from(host.len()).ok()?.to_le_bytes();
        let rest = self.stream(rest);
        Some([&length[..], host.as_bytes(), sixteen, &rest].concat())
    }

    /// Letter for letter, digit for digit.
    fn letters(&self, text: &str) -> String {
        let drawn = self.stream(text.as_bytes());
        let replace = |(c, byte): (char, &u8)| match c {
            'a'..='z' => char::from(b'a' + byte % 26),
            'A'..='Z' => char::from(b'A' + byte % 26),
            '0'..='9' => char::from(b'0' + byte % 10),
            c if c.is_ascii() => c,
            _ => '?',
        };
        text.chars().zip(&drawn).map(replace).collect()
    }

    /// As many bytes as there were, drawn from the key and all of them.
    fn stream(&self, bytes: &[u8]) -> Vec<u8> {
        let seed = self.hash("id", bytes);
        let block =
            |counter: u32| self.hash("block", &[&seed[..], &counter.to_be_bytes()].concat());
        (0..).flat_map(block).take(bytes.len()).collect()
    }

    fn hash(&self, purpose: &str, bytes: &[u8]) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(purpose.as_bytes());
        context.update(&[0]);
        context.update(bytes);
        let mut hash = [0; 16];
        hash.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
        hash
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| {
        pair.iter().filter_map(|byte| digit(*byte)).fold(0, |sum, digit| sum << 4 | digit)
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

fn to_hex(bytes: &[u8], is_upper: bool) -> String {
    let hex = |byte: &u8| if is_upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
    bytes.iter().map(hex).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::new(&Chance::seeded(5))
    }

    #[test]
    fn equal_people_stay_equal_and_domains_can_be_told_apart() {
        let mut names = names();
        let first = names.address("Ann@Contoso.com").expect("an address");
        let second = names.address("bob@contoso.com").expect("an address");
        let foreign = names.address("ann@fabrikam.com").expect("an address");
        assert_eq!(names.address(" ann@contoso.COM "), Some(first.clone()));
        let domain = |address: &str| address.split_once('@').expect("an address").1.to_owned();
        assert_eq!(domain(&first), domain(&second));
        assert_ne!(domain(&first), domain(&foreign));
        assert_ne!(first, second);
        assert_eq!(names.address("/O=CONTOSO/CN=ANN"), None);
        assert_eq!(names.name("Ann Example"), names.name("ann example"));
        assert_eq!(names.server("MBX1"), "server1");
        assert_eq!(names.server("mbx1.contoso.com"), "server1.redacted.example");
    }

    #[test]
    fn ids_keep_length_alphabet_and_equality_and_nothing_else() {
        let mut names = names();
        for id in ["AAMkADc0LTQ5ZDk=", "AAMkADc0LTQ5ZDkxLQ==", "0123456789abcdef", "x-y@z.com"] {
            let replaced = names.id(id);
            assert_eq!((replaced.len(), names.id(id)), (id.len(), replaced.clone()), "{id}");
            assert_ne!(replaced, id);
            assert_eq!(STANDARD.decode(id).is_ok(), STANDARD.decode(&replaced).is_ok(), "{id}");
        }
        assert_eq!(names.id("17"), "17");
        assert_ne!(
            names.id("AAMkADc0LTQ5ZDk="),
            Names::new(&Chance::seeded(6)).id("AAMkADc0LTQ5ZDk=")
        );
    }

    #[test]
    fn a_global_object_id_is_the_same_in_hex_and_base64_and_keeps_its_date() {
        let mut names = names();
        let make = |year: u8| {
            [&OBJECT_ID_CLASS[..], &[7, year, 1, 2], &[0; 16], &[4, 0, 0, 0], b"SECR"].concat()
        };
        let (clean, dated) = (make(0), make(0xea));
        let hex = names.id(&to_hex(&clean, true));
        let base64 = names.id(&STANDARD.encode(&clean));
        assert_eq!(from_hex(&hex), STANDARD.decode(base64).expect("base64"));
        let dated = from_hex(&names.id(&to_hex(&dated, true)));
        assert_eq!((dated[17], &dated[40..]), (0xea, &from_hex(&hex)[40..]));
        assert!(!dated.ends_with(b"SECR"));
    }

    #[test]
    fn a_subscription_keeps_its_layout() {
        let mut names = names();
        let host = b"mbx1.contoso.com";
        let id = [&[16, 0], &host[..], &[16, 0], &[9; 24]].concat();
        let replaced = STANDARD.decode(names.id(&STANDARD.encode(id))).expect("base64");
        let server = names.server("mbx1");
        assert!(replaced[2..].starts_with(server.as_bytes()), "{replaced:?}");
        assert!(!replaced.ends_with(&[9; 8]));
    }
}
