//! A key and the name it goes by. Its bytes are wiped when the last holder lets go.

use std::{fmt, sync::Arc};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use protocol::{
    ids::KeyUrl,
    keys::{Jwk, KeyObject},
};
use world::chance::Chance;
use zeroize::{Zeroize, Zeroizing};

use crate::{aead::KEY_BYTES, framed::framed, hex};

/// 256 bits for sealing (or, for other purposes, for deriving) with their [`KeyUrl`].
#[derive(Clone)]
pub struct ContentKey {
    url: KeyUrl,
    // On the heap and shared: copies of a key do not leave copies of its bytes behind.
    bytes: Arc<Zeroizing<[u8; KEY_BYTES]>>,
}

/// The other side's key object cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAKey {
    #[error("not a symmetric key of 256 bits")]
    Form,
    #[error("the key names itself differently than the object it came in")]
    OtherName,
    #[error("the check value belongs to another key")]
    OtherCheckValue,
}

impl ContentKey {
    pub fn new(url: KeyUrl, mut bytes: [u8; KEY_BYTES]) -> Self {
        let key = Self { url, bytes: Arc::new(Zeroizing::new(bytes)) };
        bytes.zeroize();
        key
    }

    pub(crate) fn from_unwrapped(url: KeyUrl, bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self { url, bytes: Arc::new(bytes) }
    }

    pub(crate) fn generate(url: KeyUrl, chance: &Chance) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        chance.fill(&mut *bytes);
        Self { url, bytes: Arc::new(bytes) }
    }

    /// What a key server gave, if it is whole: name, form and check value agree.
    pub fn from_object(object: &KeyObject) -> Result<Self, NotAKey> {
        if object.jwk.kid != object.uri {
            return Err(NotAKey::OtherName);
        }
        let key = Self::from_jwk(&object.jwk)?;
        if key.check_value() != object.kcv {
            return Err(NotAKey::OtherCheckValue);
        }
        Ok(key)
    }

    pub fn from_jwk(jwk: &Jwk) -> Result<Self, NotAKey> {
        if jwk.kty != KEY_TYPE {
            return Err(NotAKey::Form);
        }
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        // Strict: exactly 43 characters, no padding, no stray bits.
        let length =
            URL_SAFE_NO_PAD.decode_slice(&jwk.k, &mut *bytes).map_err(|_form| NotAKey::Form)?;
        if length != KEY_BYTES {
            return Err(NotAKey::Form);
        }
        Ok(Self { url: jwk.kid.clone(), bytes: Arc::new(bytes) })
    }

    pub fn to_jwk(&self) -> Jwk {
        Jwk {
            kty: KEY_TYPE.into(),
            kid: self.url.clone(),
            k: URL_SAFE_NO_PAD.encode(self.bytes.as_slice()),
        }
    }

    pub fn url(&self) -> &KeyUrl {
        &self.url
    }

    /// `kcv`: first 8 bytes, in hex, of HMAC-SHA-256(key, "kcv").
    pub fn check_value(&self) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.bytes());
        let tag = hmac::sign(&key, b"kcv");
        hex::encode(tag.as_ref().get(..CHECK_VALUE_BYTES).unwrap_or_default())
    }

    /// A secret for another use, from which this key cannot be found again.
    pub fn derived(&self, purpose: &str) -> Zeroizing<Vec<u8>> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.bytes());
        let tag = hmac::sign(&key, &framed(&[b"derived", purpose.as_bytes()]));
        Zeroizing::new(tag.as_ref().to_vec())
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }
}

/// RFC 7518, 6.4: a sequence of octets.
const KEY_TYPE: &str = "oct";
const CHECK_VALUE_BYTES: usize = 8;

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentKey({}, …)", self.url)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn url(key: u128) -> KeyUrl {
        KeyUrl::new("kms.example.org", Uuid::from_u128(key))
    }

    #[test]
    fn a_key_survives_its_jwk() {
        let key = ContentKey::new(url(1), [9; 32]);
        let back = ContentKey::from_jwk(&key.to_jwk()).expect("whole");
        assert_eq!(back.bytes(), key.bytes());
        assert_eq!(back.url(), key.url());
    }

    #[test]
    fn the_check_value_is_the_published_one() {
        let bytes = std::array::from_fn(|i| u8::try_from(i).expect("small"));
        assert_eq!(ContentKey::new(url(1), bytes).check_value(), "a54bef73cda91d90");
    }

    #[test]
    fn a_foreign_key_object_is_refused() {
        let key = ContentKey::new(url(1), [9; 32]);
        let object = KeyObject {
            uri: url(1),
            jwk: key.to_jwk(),
            create_date: jiff::Timestamp::UNIX_EPOCH,
            expiration_date: None,
            user_id: None,
            client_id: None,
            bind_date: None,
            resource_uri: None,
            purpose: None,
            kcv: key.check_value(),
        };
        assert!(ContentKey::from_object(&object).is_ok());

        let check = |change: fn(&mut KeyObject), expected| {
            let mut object = object.clone();
            change(&mut object);
            assert_eq!(ContentKey::from_object(&object).err(), Some(expected));
        };
        check(|o| o.uri = url(2), NotAKey::OtherName);
        check(|o| o.kcv = "0000000000000000".into(), NotAKey::OtherCheckValue);
        check(|o| o.jwk.kty = "RSA".into(), NotAKey::Form);
        check(|o| o.jwk.k = o.jwk.k.replace('J', "K"), NotAKey::OtherCheckValue);
        check(|o| o.jwk.k.push('='), NotAKey::Form);
        check(|o| o.jwk.k.truncate(20), NotAKey::Form);
        check(|o| o.jwk.k.push_str("AAAA"), NotAKey::Form);
    }

    #[test]
    fn a_key_stays_out_of_logs() {
        let key = ContentKey::new(url(1), [9; 32]);
        assert_eq!(format!("{key:?}"), format!("ContentKey({}, …)", url(1)));
    }
}
