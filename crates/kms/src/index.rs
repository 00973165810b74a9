//! Keyed hashes that let the cloud recognise the same thing again without learning what it is.

use aws_lc_rs::{hkdf, hmac};
use protocol::ids::{MailboxAddress, MeetingId};
use uuid::Uuid;

use crate::{content_key::ContentKey, framed::framed};

/// Purpose of the key that makes meeting ids; its root belongs to the mailbox's user.
pub const MEETING_IDS: &str = "uid";
/// Purpose of the key that makes ids of people; its root belongs to the organization.
pub const PEOPLE: &str = "email";

/// One purpose's key of one epoch, derived from a root that never hashes anything itself.
pub struct IndexKey(hmac::Key);

impl IndexKey {
    /// HKDF-SHA-256 (RFC 5869) with an empty salt. A new epoch means new ids, so a full sync.
    pub fn derive(root: &ContentKey, purpose: &str, epoch: u32) -> Self {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]);
        let info = info(purpose, epoch);
        match salt.extract(root.bytes()).expand(&[info.as_slice()], hmac::HMAC_SHA256) {
            Ok(derived) => Self(hmac::Key::from(derived)),
            Err(_too_long) => unreachable!("one block is always within HKDF's bound"),
        }
    }

    /// `clean_global_object_id` without its date bytes; occurrences differ by `recurrence_id`.
    pub fn meeting_id(
        &self,
        clean_global_object_id: &[u8],
        recurrence_id: Option<&str>,
    ) -> MeetingId {
        let value = match recurrence_id {
            None => framed(&[b"uid", clean_global_object_id]),
            Some(occurrence) => framed(&[b"uid", clean_global_object_id, occurrence.as_bytes()]),
        };
        MeetingId::from_bytes(self.hash(&value))
    }

    /// The same for every spelling of one address.
    pub fn person(&self, address: &MailboxAddress) -> Uuid {
        let address = canonical(address);
        uuid::Builder::from_custom_bytes(self.hash(&framed(&[b"email", address.as_bytes()])))
            .into_uuid()
    }

    fn hash(&self, value: &[u8]) -> [u8; INDEX_BYTES] {
        let tag = hmac::sign(&self.0, value);
        match tag.as_ref().first_chunk() {
            Some(start) => *start,
            None => unreachable!("SHA-256 has 32 bytes"),
        }
    }
}

const INDEX_BYTES: usize = 16;

fn info(purpose: &str, epoch: u32) -> Vec<u8> {
    framed(&[b"hybridcal index", purpose.as_bytes(), epoch.to_string().as_bytes()])
}

/// Lower-case already; a domain in another script gets its ASCII form.
fn canonical(address: &MailboxAddress) -> String {
    let text = address.as_str();
    let ascii = text.rsplit_once('@').and_then(|(local, domain)| {
        let domain = url::Host::parse(domain).ok()?;
        Some(format!("{local}@{domain}"))
    });
    ascii.unwrap_or_else(|| text.into())
}

#[cfg(test)]
mod tests {
    use protocol::ids::KeyUrl;

    use super::*;

    fn root(byte: u8) -> ContentKey {
        ContentKey::new(KeyUrl::new("kms.example.org", Uuid::from_u128(1)), [byte; 32])
    }

    fn address(text: &str) -> MailboxAddress {
        MailboxAddress::new(text).expect("plausible")
    }

    #[test]
    fn the_derivation_is_rfc_5869_written_out() {
        let sign = |key: &[u8], text: &[u8]| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
        };
        let extracted = sign(&[0; 32], &[7; 32]);
        let derived = sign(&extracted, &[info(MEETING_IDS, 3), vec![1]].concat());
        let expected = sign(&derived, &framed(&[b"uid", b"goid", b"2026-01-01"]));

        let id = IndexKey::derive(&root(7), MEETING_IDS, 3).meeting_id(b"goid", Some("2026-01-01"));
        assert_eq!(id, MeetingId::from_bytes(expected[..16].try_into().expect("16")));
    }

    #[test]
    fn ids_differ_where_anything_differs() {
        let id = |byte, purpose, epoch, goid: &[u8], occurrence| {
            IndexKey::derive(&root(byte), purpose, epoch).meeting_id(goid, occurrence)
        };
        let first = id(1, MEETING_IDS, 1, b"goid", None);
        assert_eq!(first, id(1, MEETING_IDS, 1, b"goid", None));
        assert_eq!(first.0.len(), 22);
        for other in [
            id(2, MEETING_IDS, 1, b"goid", None),
            id(1, PEOPLE, 1, b"goid", None),
            id(1, MEETING_IDS, 2, b"goid", None),
            id(1, MEETING_IDS, 1, b"goie", None),
            id(1, MEETING_IDS, 1, b"goid", Some("")),
            id(1, MEETING_IDS, 1, b"goid", Some("2026-01-01")),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn a_person_is_recognised_in_every_spelling() {
        let people = IndexKey::derive(&root(1), PEOPLE, 1);
        let ann = people.person(&address("ann@bücher.example"));
        assert_eq!(ann, people.person(&address(" Ann@BÜCHER.example")));
        assert_eq!(ann, people.person(&address("ann@xn--bcher-kva.example")));
        assert_ne!(ann, people.person(&address("ann@bucher.example")));
        assert_eq!(ann.get_version_num(), 8);
    }
}
