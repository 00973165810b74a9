//! The master key in three shares, of which any two give it back and one says nothing: a line
//! through the key, byte by byte, over the field of 256 elements (Shamir, 1979).

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use uuid::Uuid;
use world::chance::Chance;
use zeroize::Zeroizing;

use crate::{aead::KEY_BYTES, framed::framed, master_key::MasterKey};

pub(crate) const SHARES: [u8; 3] = [1, 2, 3];
/// With a number for the day when there is another format.
const FORMAT: &str = "hybridcal-share-1";
const CHECK_BYTES: usize = 4;

/// One of three. No `Debug`.
struct Share {
    /// Those that were made together.
    set: Uuid,
    at: u8,
    value: Zeroizing<[u8; KEY_BYTES]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    #[error("share {number} is not one, or has a slip in it")]
    Form { number: usize },
    #[error("exactly two different shares of one set are needed")]
    Set,
}

/// Three lines of text, each to be kept by somebody else.
pub(crate) fn split(key: &MasterKey, chance: &Chance) -> [Zeroizing<String>; 3] {
    let set = chance.uuid();
    let mut slope = Zeroizing::new([0; KEY_BYTES]);
    chance.fill(&mut *slope);
    SHARES.map(|at| {
        let mut value = Zeroizing::new([0; KEY_BYTES]);
        for ((value, key), slope) in value.iter_mut().zip(key.bytes()).zip(slope.iter()) {
            *value = key ^ product(*slope, at);
        }
        Share { set, at, value }.to_line()
    })
}

pub(crate) fn join(lines: &[Zeroizing<String>]) -> Result<MasterKey, NoKey> {
    let mut shares = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        shares.push(Share::from_line(line).ok_or(NoKey::Form { number: index + 1 })?);
    }
    let [one, two] = shares.as_slice() else { return Err(NoKey::Set) };
    if one.set != two.set || one.at == two.at {
        return Err(NoKey::Set);
    }
    // Where the line through both points meets zero.
    let width = inverse(one.at ^ two.at);
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    for ((key, one_value), two_value) in key.iter_mut().zip(one.value.iter()).zip(two.value.iter())
    {
        *key = product(product(*one_value, two.at) ^ product(*two_value, one.at), width);
    }
    Ok(MasterKey::from_bytes(key))
}

impl Share {
    fn to_line(&self) -> Zeroizing<String> {
        let value = Zeroizing::new(STANDARD.encode(*self.value));
        let check = STANDARD.encode(self.check());
        Zeroizing::new(format!("{FORMAT}:{}:{}:{}:{check}\n", self.set, self.at, *value))
    }

    fn from_line(line: &str) -> Option<Self> {
        let mut parts = line.trim().split(':');
        let mut next = || parts.next();
        let (format, set, at, text, check) = (next()?, next()?, next()?, next()?, next()?);
        let mut value = Zeroizing::new([0; KEY_BYTES]);
        let length = STANDARD.decode_slice(text, &mut *value).ok()?;
        let share = Self { set: Uuid::try_parse(set).ok()?, at: at.parse().ok()?, value };
        let is_whole = format == FORMAT
            && parts.next().is_none()
            && length == KEY_BYTES
            && SHARES.contains(&share.at)
            && check == STANDARD.encode(share.check());
        is_whole.then_some(share)
    }

    /// Against slips of the pen; shares may be copied by hand.
    fn check(&self) -> Vec<u8> {
        let bytes = Zeroizing::new(framed(&[self.set.as_bytes(), &[self.at], &*self.value]));
        let hash = digest::digest(&digest::SHA256, &bytes);
        hash.as_ref().get(..CHECK_BYTES).unwrap_or_default().to_vec()
    }
}

/// In the field of AES (FIPS 197, 4.2), without a step that depends on the values.
fn product(mut a: u8, mut b: u8) -> u8 {
    let mut sum = 0;
    for _ in 0..u8::BITS {
        sum ^= a & (b & 1).wrapping_neg();
        let carry = (a >> 7).wrapping_neg();
        a = (a << 1) ^ (carry & 0x1b);
        b >>= 1;
    }
    sum
}

/// The power 254, which is the inverse of everything but 0.
fn inverse(a: u8) -> u8 {
    (0..6).fold(product(a, a), |power, _| product(product(power, power), product(a, a)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_the_published_one() {
        assert_eq!(product(0x57, 0x83), 0xc1, "FIPS 197, 4.2");
        assert_eq!(product(0x57, 0x13), 0xfe, "FIPS 197, 4.2.1");
        assert!((1..=255).all(|a| product(a, inverse(a)) == 1));
    }

    #[test]
    fn any_two_of_three_give_the_key_and_other_choices_do_not() {
        let chance = Chance::seeded(7);
        let key = MasterKey::generate(&chance);
        let shares = split(&key, &chance);
        let [one, two, three] = &shares;
        for pair in [[one, two], [two, one], [one, three], [three, two]] {
            let joined = join(&pair.map(Clone::clone)).expect("a key");
            assert_eq!(joined.bytes(), key.bytes());
        }
        let other = split(&key, &chance);
        let refused = |lines: &[&Zeroizing<String>]| {
            join(&lines.iter().map(|line| (*line).clone()).collect::<Vec<_>>()).err()
        };
        assert_eq!(refused(&[]), Some(NoKey::Set));
        assert_eq!(refused(&[one]), Some(NoKey::Set));
        assert_eq!(refused(&[one, one]), Some(NoKey::Set));
        assert_eq!(refused(&[one, two, three]), Some(NoKey::Set));
        assert_eq!(refused(&[one, &other[1]]), Some(NoKey::Set));
        let slip = Zeroizing::new(two.replacen('A', "B", 1));
        assert_ne!(slip, *two);
        assert_eq!(refused(&[one, &slip]), Some(NoKey::Form { number: 2 }));
    }

    #[test]
    fn one_share_says_nothing_of_the_key() {
        // Whatever the key's byte is, each value of a share comes from exactly one slope.
        for at in SHARES {
            for key in [0, 1, 0x53, 255] {
                let mut seen: Vec<u8> = (0..=255).map(|slope| key ^ product(slope, at)).collect();
                seen.sort_unstable();
                assert!(seen.into_iter().eq(0..=255), "{at} {key}");
            }
        }
    }
}
