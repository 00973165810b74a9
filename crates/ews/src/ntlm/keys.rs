//! What NTLMv2 computes from a password, and from the certificate of the connection.

use hmac::{Hmac, KeyInit, Mac};
use md4::{Digest, Md4};
use md5::Md5;

/// Who signs in, as NTLM takes it apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName {
    pub domain: String,
    pub user: String,
}

impl UserName {
    /// `DOMAIN\user`, `user@domain` (which stays whole) or `user`.
    pub fn parse(text: &str) -> Self {
        let (domain, user) = text.split_once('\\').unwrap_or(("", text));
        Self { domain: domain.to_owned(), user: user.to_owned() }
    }

    /// The key that stands for the password ("NTOWFv2").
    pub(super) fn key(&self, password: &str) -> [u8; 16] {
        let hash: [u8; 16] = Md4::digest(utf16(password)).into();
        let name: String = self.user.chars().map(upper_case).collect();
        hmac(&hash, &[&utf16(&name), &utf16(&self.domain)])
    }
}

/// Windows changes letters one for one.
fn upper_case(letter: char) -> char {
    let mut upper = letter.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(only), None) => only,
        (_, _) => letter,
    }
}

/// What binds a sign-in to a TLS connection: the MD5 of the structure that holds the binding, with
/// empty addresses. `end_point_hash` is the one of RFC 5929's `tls-server-end-point`.
pub fn channel_binding(end_point_hash: &[u8]) -> [u8; 16] {
    const PREFIX: &[u8] = b"tls-server-end-point:";
    /// Types and lengths of both addresses.
    const NO_ADDRESSES: [u8; 16] = [0; 16];
    let length = u32::try_from(PREFIX.len() + end_point_hash.len()).unwrap_or(u32::MAX);
    let mut md5 = Md5::new();
    md5.update(NO_ADDRESSES);
    md5.update(length.to_le_bytes());
    md5.update(PREFIX);
    md5.update(end_point_hash);
    md5.finalize().into()
}

pub(super) fn hmac(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    /// A key shorter than the hash's block means the same as one filled up with zeros.
    const BLOCK_BYTES: usize = 64;
    let mut block = [0; BLOCK_BYTES];
    for (place, byte) in block.iter_mut().zip(key) {
        *place = *byte;
    }
    let mut mac = <Hmac<Md5> as KeyInit>::new(&block.into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

pub(super) fn from_utf16(bytes: &[u8]) -> String {
    let (units, _odd) = bytes.as_chunks::<2>();
    let units = units.iter().copied().map(u16::from_le_bytes);
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
