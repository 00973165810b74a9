//! The key both sides of a channel agree on (ECDH on P-256, HKDF-SHA-256), and what it protects.

use aws_lc_rs::{agreement, hkdf};
use protocol::keys::{FRAME_BYTES_MAX, PublicJwk};
use world::chance::Chance;
use zeroize::Zeroizing;

use super::compact::{Encrypted, FrameRefused, Protection, channel_header, encoded, exactly};
use crate::aead::{self, KEY_BYTES};

/// One side's half. No `Debug`.
pub struct Half {
    private: agreement::PrivateKey,
    jwk: PublicJwk,
}

/// 256 bits. Wiped when dropped; no `Debug`.
pub struct Secret(Zeroizing<[u8; KEY_BYTES]>);

const COORDINATE_BYTES: usize = 32;
/// SEC 1: an uncompressed point.
const UNCOMPRESSED: u8 = 4;
/// Nearly every 32 bytes are a P-256 key; a second failure in a row means something else is wrong.
const DRAWS_MAX: usize = 4;

impl Half {
    pub fn draw(chance: &Chance) -> Option<Self> {
        (0..DRAWS_MAX).find_map(|_| {
            let mut scalar = Zeroizing::new([0; 32]);
            chance.fill(&mut *scalar);
            let algorithm = &agreement::ECDH_P256;
            let private = agreement::PrivateKey::from_private_key(algorithm, &*scalar).ok()?;
            let point = private.compute_public_key().ok()?;
            let (x, y) = point.as_ref().get(1..)?.split_at_checked(COORDINATE_BYTES)?;
            let (kty, crv) = ("EC".into(), "P-256".into());
            let jwk = PublicJwk { kty, crv, x: encoded(x), y: encoded(y), kid: None };
            Some(Self { private, jwk })
        })
    }

    pub fn jwk(&self) -> &PublicJwk {
        &self.jwk
    }

    /// The channel's key, if the other half is a point of the curve.
    pub fn agree(&self, other: &PublicJwk) -> Option<Secret> {
        if other.kty != "EC" || other.crv != "P-256" {
            return None;
        }
        let mut point = vec![UNCOMPRESSED];
        point.extend_from_slice(&exactly::<COORDINATE_BYTES>(&other.x).ok()?);
        point.extend_from_slice(&exactly::<COORDINATE_BYTES>(&other.y).ok()?);
        let point = agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, point);
        agreement::agree(&self.private, point, (), |shared| Secret::derived(shared).ok_or(())).ok()
    }
}

impl Secret {
    pub(crate) fn new(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Salt and info are empty, as the draft has it.
    fn derived(shared: &[u8]) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        let key = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(shared);
        key.expand(&[], hkdf::HKDF_SHA256).ok()?.fill(&mut *bytes).ok()?;
        Some(Self(bytes))
    }

    /// A frame of this channel.
    pub fn seal(&self, kid: &str, message: &[u8], chance: &Chance) -> Result<String, FrameRefused> {
        let header = channel_header(kid).ok_or(FrameRefused::Malformed)?;
        let nonce = aead::nonce(chance);
        let mut text = Zeroizing::new(message.to_vec());
        let tag = aead::encrypt(&self.0, nonce, header.as_bytes(), &mut text)
            .map_err(|_mismatch| FrameRefused::Altered)?;
        let [nonce, text, tag] = [&nonce[..], &text[..], &tag[..]].map(encoded);
        let frame = format!("{header}..{nonce}.{text}.{tag}");
        if frame.len() <= FRAME_BYTES_MAX { Ok(frame) } else { Err(FrameRefused::TooLong) }
    }

    pub fn open(&self, frame: Encrypted<'_>) -> Result<Zeroizing<Vec<u8>>, FrameRefused> {
        match frame.protection {
            Protection::Channel => {}
            Protection::Static { .. } => return Err(FrameRefused::Altered),
        }
        opened(&self.0, frame.header, frame.nonce, frame.text_and_tag)
    }
}

pub(super) fn opened(
    key: &[u8; KEY_BYTES],
    header: &str,
    nonce: [u8; aead::NONCE_BYTES],
    text_and_tag: Vec<u8>,
) -> Result<Zeroizing<Vec<u8>>, FrameRefused> {
    let mut text_and_tag = Zeroizing::new(text_and_tag);
    let plain = aead::decrypt(key, nonce, header.as_bytes(), &mut text_and_tag);
    let plain = plain.map_err(|_mismatch| FrameRefused::Altered)?;
    Ok(Zeroizing::new(plain.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_agree_and_a_changed_frame_does_not_open() {
        let chance = Chance::seeded(3);
        let [client, server] = [(); 2].map(|()| Half::draw(&chance).expect("a key"));
        let theirs = client.agree(server.jwk()).expect("a point");
        let ours = server.agree(client.jwk()).expect("a point");
        assert_eq!(theirs.bytes(), ours.bytes());

        let frame = theirs.seal("kms://h/ecdhe/1", b"hello", &chance).expect("fits");
        let open = |frame: &str| ours.open(Encrypted::read(frame)?);
        assert_eq!(*open(&frame).expect("whole"), b"hello".to_vec());
        for at in (0..frame.len()).filter(|at| frame.as_bytes()[*at] != b'.') {
            let mut changed = frame.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert!(open(&changed).is_err(), "letter {at}");
        }
    }

    #[test]
    fn what_is_no_point_of_the_curve_is_refused() {
        let half = Half::draw(&Chance::seeded(4)).expect("a key");
        let check = |change: fn(&mut PublicJwk)| {
            let mut jwk = half.jwk().clone();
            change(&mut jwk);
            assert!(half.agree(&jwk).is_none());
        };
        check(|jwk| jwk.x = encoded(&[1; COORDINATE_BYTES]));
        check(|jwk| jwk.x.push('A'));
        check(|jwk| jwk.y.clear());
        check(|jwk| jwk.crv = "P-384".into());
        check(|jwk| jwk.kty = "oct".into());
        check(|jwk| (jwk.x, jwk.y) = (encoded(&[0; 32]), encoded(&[0; 32])));
    }
}
