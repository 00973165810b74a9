//! AES-256-GCM as we use it everywhere: a random nonce per message, the tag kept whole.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use world::chance::Chance;

pub(crate) const KEY_BYTES: usize = 32;
pub(crate) const NONCE_BYTES: usize = 12;
pub(crate) const TAG_BYTES: usize = 16;

/// The bytes do not belong to this key or to what they were bound to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mismatch;

/// Encrypts in place and gives the tag.
pub(crate) fn encrypt(
    key: &[u8; KEY_BYTES],
    nonce: [u8; NONCE_BYTES],
    bound_to: &[u8],
    text: &mut [u8],
) -> Result<[u8; TAG_BYTES], Mismatch> {
    let tag = cipher(key)?
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound_to), text)
        .map_err(|_unspecified| Mismatch)?;
    tag.as_ref().try_into().map_err(|_other_length| Mismatch)
}

/// Decrypts `ciphertext ‖ tag` in place and gives the plain part.
pub(crate) fn decrypt<'a>(
    key: &[u8; KEY_BYTES],
    nonce: [u8; NONCE_BYTES],
    bound_to: &[u8],
    text_and_tag: &'a mut [u8],
) -> Result<&'a [u8], Mismatch> {
    let plain = cipher(key)?
        .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(bound_to), text_and_tag)
        .map_err(|_unspecified| Mismatch)?;
    Ok(plain)
}

/// A nonce nobody has used: 96 random bits are safe for far more messages than a key ever sees.
pub(crate) fn nonce(chance: &Chance) -> [u8; NONCE_BYTES] {
    let mut nonce = [0; NONCE_BYTES];
    chance.fill(&mut nonce);
    nonce
}

/// `nonce ‖ ciphertext ‖ tag`, for what lies in databases.
pub(crate) fn pack(
    key: &[u8; KEY_BYTES],
    nonce: [u8; NONCE_BYTES],
    bound_to: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, Mismatch> {
    let mut packed = Vec::with_capacity(NONCE_BYTES + plain.len() + TAG_BYTES);
    packed.extend_from_slice(&nonce);
    packed.extend_from_slice(plain);
    let text = packed.get_mut(NONCE_BYTES..).ok_or(Mismatch)?;
    let tag = encrypt(key, nonce, bound_to, text)?;
    packed.extend_from_slice(&tag);
    Ok(packed)
}

/// The reverse of [`pack`], in place.
pub(crate) fn unpack<'a>(
    key: &[u8; KEY_BYTES],
    bound_to: &[u8],
    packed: &'a mut [u8],
) -> Result<&'a [u8], Mismatch> {
    let (nonce, text_and_tag) = packed.split_first_chunk_mut::<NONCE_BYTES>().ok_or(Mismatch)?;
    decrypt(key, *nonce, bound_to, text_and_tag)
}

fn cipher(key: &[u8; KEY_BYTES]) -> Result<LessSafeKey, Mismatch> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_unspecified| Mismatch)?;
    Ok(LessSafeKey::new(key))
}
