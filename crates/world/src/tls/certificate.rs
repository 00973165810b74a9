//! What we need to know of a certificate: its fingerprints, and the hash that a sign-in is bound
//! to. A small reader of DER, since rustls hides the parts.

use aws_lc_rs::digest::{Algorithm, SHA256, SHA384, SHA512, digest};

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
/// `[0]`: the version of a certificate, the hash of RSASSA-PSS.
const TAGGED_0: u8 = 0xa0;

/// Object identifiers of signatures and hashes that mean another hash than SHA-256.
const SHA384_IDS: [&[u8]; 3] = [
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c], // RSA
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03],       // ECDSA
    &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02], // the hash itself
];
const SHA512_IDS: [&[u8]; 3] = [
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d],
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04],
    &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
];
/// RSASSA-PSS: the hash stands in the parameters.
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
/// In front of the key: serial number, signature, issuer, validity, subject.
const FIELDS_BEFORE_KEY: usize = 5;

/// Of the server at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of the whole.
    pub sha256: [u8; 32],
    /// SHA-256 of its key (SubjectPublicKeyInfo).
    pub key_sha256: Option<[u8; 32]>,
    /// RFC 5929's `tls-server-end-point`, without the prefix.
    pub end_point: Vec<u8>,
}

impl Certificate {
    pub fn of(der: &[u8]) -> Self {
        let parts = parts(der);
        let hash = parts.as_ref().map_or(&SHA256, |parts| hash_of(parts.signature));
        Self {
            sha256: sha256(der),
            key_sha256: parts.map(|parts| sha256(parts.key)),
            end_point: digest(hash, der).as_ref().to_vec(),
        }
    }

    /// SHA-256 of the whole, as administrators compare it.
    pub fn fingerprint(&self) -> String {
        self.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

struct Parts<'a> {
    key: &'a [u8],
    signature: &'a [u8],
}

fn parts(der: &[u8]) -> Option<Parts<'_>> {
    let (whole, _) = element(der, SEQUENCE)?;
    let (to_be_signed, rest) = element(whole.content, SEQUENCE)?;
    let (signature, _) = element(rest, SEQUENCE)?;
    let mut fields = to_be_signed.content;
    if fields.first() == Some(&TAGGED_0) {
        fields = any(fields)?.1;
    }
    for _ in 0..FIELDS_BEFORE_KEY {
        fields = any(fields)?.1;
    }
    let (key, _) = element(fields, SEQUENCE)?;
    Some(Parts { key: key.whole, signature: signature.content })
}

/// SHA-256 stands for MD5 and SHA-1, and for what says nothing.
fn hash_of(signature: &[u8]) -> &'static Algorithm {
    let Some((id, parameters)) = element(signature, OBJECT_IDENTIFIER) else { return &SHA256 };
    let id = if id.content == RSA_PSS { pss_hash(parameters) } else { Some(id.content) };
    match id {
        Some(id) if SHA384_IDS.contains(&id) => &SHA384,
        Some(id) if SHA512_IDS.contains(&id) => &SHA512,
        Some(_) | None => &SHA256,
    }
}

fn pss_hash(parameters: &[u8]) -> Option<&[u8]> {
    let (parameters, _) = element(parameters, SEQUENCE)?;
    let (tagged, _) = element(parameters.content, TAGGED_0)?;
    let (algorithm, _) = element(tagged.content, SEQUENCE)?;
    Some(element(algorithm.content, OBJECT_IDENTIFIER)?.0.content)
}

struct Element<'a> {
    tag: u8,
    whole: &'a [u8],
    content: &'a [u8],
}

fn element(der: &[u8], tag: u8) -> Option<(Element<'_>, &[u8])> {
    any(der).filter(|(element, _)| element.tag == tag)
}

/// The first element and what follows it.
fn any(der: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (bytes.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)), rest)
        }
        0x80 | 0x85.. => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    let whole = der.get(..der.len() - rest.len())?;
    Some((Element { tag, whole, content }, rest))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
