//! Sealing and opening one text: a JWE (RFC 7516) whose header names the key and the one place
//! where the text belongs. docs/api/keys.md has the format.

use aws_lc_rs::digest;
use base64_simd::URL_SAFE_NO_PAD;
use protocol::sealed::{Sealed, SealedPlace};
use world::chance::Chance;
use zeroize::Zeroize;

use crate::{
    aead::{self, NONCE_BYTES, TAG_BYTES},
    content_key::ContentKey,
    framed::framed,
};

/// Longest text under one seal; longer ones are cut by who makes them.
pub const SEALED_TEXT_BYTES_MAX: usize = 48 * 1024;
/// Longest header; a host name has at most 253 characters.
const HEADER_BYTES_MAX: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealFailure {
    #[error("the text is longer than a seal may cover")]
    TooLong,
    #[error("the key's name is not one we could write down")]
    KeyName,
    #[error("the cipher refused")]
    Cipher,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenFailure {
    #[error("not the form of a sealed text")]
    Malformed,
    #[error("sealed with another key or for another place")]
    OtherPlace,
    #[error("altered after it was sealed, or sealed with another key")]
    Altered,
    #[error("what was sealed is not text")]
    NotText,
}

pub fn seal(
    key: &ContentKey,
    place: &SealedPlace<'_>,
    plain: &str,
    chance: &Chance,
) -> Result<Sealed, SealFailure> {
    seal_in_context(key, &context(place), plain, aead::nonce(chance))
}

pub(crate) fn seal_in_context(
    key: &ContentKey,
    context: &[u8],
    plain: &str,
    nonce: [u8; NONCE_BYTES],
) -> Result<Sealed, SealFailure> {
    if plain.len() > SEALED_TEXT_BYTES_MAX {
        return Err(SealFailure::TooLong);
    }
    let header = header(key, context).ok_or(SealFailure::KeyName)?;
    let mut text = plain.as_bytes().to_vec();
    let tag =
        aead::encrypt(key.bytes(), nonce, header.as_bytes(), &mut text).map_err(|_mismatch| {
            text.zeroize();
            SealFailure::Cipher
        })?;
    let length = header.len() + encoded_length(nonce.len() + text.len() + tag.len()) + 8;
    let mut compact = String::with_capacity(length);
    compact.push_str(&header);
    compact.push_str("..");
    URL_SAFE_NO_PAD.encode_append(nonce, &mut compact);
    compact.push('.');
    URL_SAFE_NO_PAD.encode_append(&text, &mut compact);
    compact.push('.');
    URL_SAFE_NO_PAD.encode_append(tag, &mut compact);
    Ok(Sealed::from_compact(compact))
}

/// The plain text, if it was sealed with this key for this very place.
pub fn open(
    key: &ContentKey,
    place: &SealedPlace<'_>,
    sealed: &Sealed,
) -> Result<String, OpenFailure> {
    open_in_context(key, &context(place), sealed)
}

pub(crate) fn open_in_context(
    key: &ContentKey,
    context: &[u8],
    sealed: &Sealed,
) -> Result<String, OpenFailure> {
    let Compact { header: found, nonce, mut text_and_tag } = Compact::read(sealed.as_compact())?;
    // The header is made from what we know and compared, never interpreted.
    let header = header(key, context).ok_or(OpenFailure::OtherPlace)?;
    if header != found {
        return Err(OpenFailure::OtherPlace);
    }
    let plain = aead::decrypt(key.bytes(), nonce, header.as_bytes(), &mut text_and_tag);
    let length = plain.map_err(|_mismatch| OpenFailure::Altered)?.len();
    // The text stays where it was deciphered, so that there is no second one to wipe.
    text_and_tag.truncate(length);
    String::from_utf8(text_and_tag).map_err(|not_utf8| {
        not_utf8.into_bytes().zeroize();
        OpenFailure::NotText
    })
}

/// The first segment: base64url of exactly these bytes in this order.
fn header(key: &ContentKey, context: &[u8]) -> Option<String> {
    let kid = &key.url().0;
    let is_plain = |b: u8| b.is_ascii_graphic() && b != b'"' && b != b'\\';
    if !kid.bytes().all(is_plain) {
        return None;
    }
    let cx = short_hash(context);
    let json = format!(r#"{{"alg":"dir","enc":"A256GCM","kid":"{kid}","hc":"1","cx":"{cx}"}}"#);
    (json.len() <= HEADER_BYTES_MAX).then(|| URL_SAFE_NO_PAD.encode_to_string(json))
}

/// `cx`: half of the hash of everything that says where the text belongs.
fn short_hash(context: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, context);
    URL_SAFE_NO_PAD.encode_to_string(hash.as_ref().get(..CONTEXT_BYTES).unwrap_or_default())
}

const CONTEXT_BYTES: usize = 16;

fn context(place: &SealedPlace<'_>) -> Vec<u8> {
    framed(&[
        b"hc1",
        place.organization.0.as_bytes(),
        place.user.0.to_string().as_bytes(),
        place.meeting.0.as_bytes(),
        place.field.as_bytes(),
        place.revision.to_string().as_bytes(),
        place.schema.to_string().as_bytes(),
    ])
}

/// The five segments of a compact JWE, checked for form only.
struct Compact<'a> {
    header: &'a str,
    nonce: [u8; NONCE_BYTES],
    text_and_tag: Vec<u8>,
}

impl<'a> Compact<'a> {
    fn read(compact: &'a str) -> Result<Self, OpenFailure> {
        // Lengths first: nothing is decoded that could not fit.
        if compact.len() > COMPACT_BYTES_MAX {
            return Err(OpenFailure::Malformed);
        }
        let mut segments = compact.split('.');
        let (Some(header), Some(""), Some(nonce), Some(text), Some(tag), None) = (
            segments.next(),
            segments.next(),
            segments.next(),
            segments.next(),
            segments.next(),
            segments.next(),
        ) else {
            return Err(OpenFailure::Malformed);
        };
        if header.len() > encoded_length(HEADER_BYTES_MAX)
            || text.len() > encoded_length(SEALED_TEXT_BYTES_MAX)
        {
            return Err(OpenFailure::Malformed);
        }
        let mut text_and_tag = decoded(text)?;
        text_and_tag.extend_from_slice(&exactly::<TAG_BYTES>(tag)?);
        Ok(Self { header, nonce: exactly(nonce)?, text_and_tag })
    }
}

const COMPACT_BYTES_MAX: usize = encoded_length(HEADER_BYTES_MAX)
    + encoded_length(NONCE_BYTES)
    + encoded_length(SEALED_TEXT_BYTES_MAX)
    + encoded_length(TAG_BYTES)
    + 4; // dots

/// Length of `bytes` bytes in base64url without padding.
const fn encoded_length(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

/// Strict: the one canonical spelling, without padding or stray bits.
fn decoded(segment: &str) -> Result<Vec<u8>, OpenFailure> {
    URL_SAFE_NO_PAD.decode_to_vec(segment).map_err(|_form| OpenFailure::Malformed)
}

fn exactly<const N: usize>(segment: &str) -> Result<[u8; N], OpenFailure> {
    if segment.len() != encoded_length(N) {
        return Err(OpenFailure::Malformed);
    }
    decoded(segment)?.try_into().map_err(|_length| OpenFailure::Malformed)
}

#[cfg(test)]
mod tests;
