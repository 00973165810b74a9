//! Randomness: the operating system's, or a repeatable one for tests.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use uuid::Uuid;

/// Cheap to clone; clones of a seeded one draw from the same sequence.
#[derive(Clone)]
pub enum Chance {
    System,
    /// Repeatable and not secret: for tests only.
    Seeded(Arc<Mutex<u64>>),
}

impl Chance {
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(seed)))
    }

    pub fn fill(&self, bytes: &mut [u8]) {
        match self {
            Self::System =>
            {
                #[expect(clippy::panic, reason = "without randomness nothing here is safe")]
                if aws_lc_rs::rand::fill(bytes).is_err() {
                    panic!("the operating system gave no randomness");
                }
            }
            Self::Seeded(state) => {
                for chunk in bytes.chunks_mut(8) {
                    let drawn = next(state).to_le_bytes();
                    for (byte, drawn) in chunk.iter_mut().zip(drawn) {
                        *byte = drawn;
                    }
                }
            }
        }
    }

    pub fn u64(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A number from 0 to `n` − 1; 0 for `n` = 0. Not exactly even, good enough for jitter.
    pub fn below(&self, n: u64) -> u64 {
        self.u64().checked_rem(n).unwrap_or(0)
    }

    pub fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// Anything from nothing to `most`, in milliseconds.
    pub fn jitter(&self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.below(most.saturating_add(1)))
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): tiny, and good enough for test schedules.
fn next(state: &Mutex<u64>) -> u64 {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself() {
        let (a, b) = (Chance::seeded(7), Chance::seeded(7));
        assert_eq!(a.uuid(), b.uuid());
        assert_eq!(a.below(10), b.below(10));
        assert_ne!(Chance::seeded(8).u64(), Chance::seeded(9).u64());
        assert_eq!(a.below(0), 0);
    }

    #[test]
    fn the_system_does_not() {
        assert_ne!(Chance::System.uuid(), Chance::System.uuid());
    }
}
