//! Where the log ended at some moment, signed: kept outside of the database, it shows rows that
//! were cut off later; kept inside, it says where a log whose old rows were removed begins.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use protocol::ids::OrganizationId;
use serde::{Deserialize, Serialize};

use super::Head;
use crate::framed::framed;

pub(crate) const SEED_BYTES: usize = 32;

/// Signs where the log ends (Ed25519, RFC 8032). No `Debug`.
pub(crate) struct AuditKey(Ed25519KeyPair);

/// A line of the file that an administrator keeps elsewhere. Binary members are base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub organization: OrganizationId,
    pub seq: i64,
    pub time: Timestamp,
    hash: String,
    key: String,
    signature: String,
}

impl AuditKey {
    pub(crate) fn from_seed(seed: &[u8; SEED_BYTES]) -> Option<Self> {
        Ed25519KeyPair::from_seed_unchecked(seed).ok().map(Self)
    }

    pub(crate) fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    pub(crate) fn sign(
        &self,
        organization: &OrganizationId,
        head: &Head,
        time: Timestamp,
    ) -> Checkpoint {
        let signature = self.0.sign(&signed_bytes(organization, head, time));
        Checkpoint {
            organization: organization.clone(),
            seq: head.seq,
            time,
            hash: STANDARD.encode(&head.hash),
            key: STANDARD.encode(self.public()),
            signature: STANDARD.encode(signature),
        }
    }
}

impl Checkpoint {
    /// The end of the log it speaks of, if this key signed it for this organization.
    pub(crate) fn head(&self, organization: &OrganizationId, public: &[u8]) -> Option<Head> {
        let head = Head { seq: self.seq, hash: STANDARD.decode(&self.hash).ok()? };
        let signature = STANDARD.decode(&self.signature).ok()?;
        let signed = signed_bytes(organization, &head, self.time);
        let is_ours = self.organization == *organization && self.seq >= 0;
        UnparsedPublicKey::new(&ED25519, public).verify(&signed, &signature).ok()?;
        is_ours.then_some(head)
    }

    /// One line of JSON, without its end.
    pub fn to_line(&self) -> String {
        // Strings and a number always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn from_line(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

fn signed_bytes(organization: &OrganizationId, head: &Head, time: Timestamp) -> Vec<u8> {
    framed(&[
        b"hck checkpoint",
        organization.0.as_bytes(),
        &head.seq.to_be_bytes(),
        &head.hash,
        time.to_string().as_bytes(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_believed_as_it_was_signed_and_not_otherwise() {
        let [organization, other] = ["org-1", "org-2"].map(|name| OrganizationId(name.into()));
        let [key, stranger] = [[1; SEED_BYTES], [2; SEED_BYTES]]
            .map(|seed| AuditKey::from_seed(&seed).expect("a key"));
        let head = Head { seq: 1000, hash: vec![7; 32] };
        let signed = key.sign(&organization, &head, Timestamp::UNIX_EPOCH);
        let read = Checkpoint::from_line(&signed.to_line()).expect("a line");
        assert_eq!(read, signed);
        assert_eq!(read.head(&organization, key.public()), Some(head));
        assert_eq!(read.head(&other, key.public()), None);
        assert_eq!(read.head(&organization, stranger.public()), None);

        let altered = |change: fn(&mut Checkpoint)| {
            let mut altered = signed.clone();
            change(&mut altered);
            altered.head(&organization, key.public())
        };
        assert_eq!(altered(|c| c.seq += 1), None);
        assert_eq!(altered(|c| c.hash = STANDARD.encode([8; 32])), None);
        assert_eq!(altered(|c| c.time = Timestamp::MAX), None);
        assert_eq!(altered(|c| c.organization = OrganizationId("org-2".into())), None);
        assert_eq!(altered(|c| c.signature = STANDARD.encode([0; 64])), None);
        assert_eq!(altered(|c| c.signature.clear()), None);
        assert_eq!(Checkpoint::from_line("{}"), None);
    }
}
