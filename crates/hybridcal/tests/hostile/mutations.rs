//! Seeds and what a cheap fuzzer makes of them; the same in every run.

use std::{fs, path::Path};

use crate::{
    ONE_AT_A_TIME,
    targets::{ALL, INPUT_BYTES_MAX, Target},
};

/// Mutations of each seed. The fuzzers try more: `make fuzz`.
const MUTATIONS: u64 = 1_500;
const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds");

/// What hostile and odd documents are made of.
const PIECES: [&str; 44] = [
    "<",
    ">",
    "/>",
    "</",
    "&",
    "&#x0;",
    "&#xFFFE;",
    "&amp;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<!DOCTYPE a>",
    "\u{0}",
    "\u{feff}",
    "='",
    " xmlns:t='x'",
    "<t:Start>",
    "</s:Envelope>",
    "<Envelope",
    "-9999999999",
    "2026-11-24T25:61:00Z",
    "P",
    "Customized Time Zone",
    "https://",
    "zoom.us/j/",
    "@",
    "%40",
    "%25",
    "\\",
    "<a href='",
    "</a>",
    "?url=",
    "sip:",
    "\u{202e}",
    "\n",
    "Passcode: ",
    " ID: 114 213 415 0",
    "https://eur01.safelinks.protection.outlook.com/?url=",
    "__;JSUl!!",
    ".",
    "..",
    "\"kid\":",
    "eyJhbGciOiJkaXIifQ",
];

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(SEEDS).join(name);
    let files = fs::read_dir(&folder).expect("every target has seeds");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("readable")).collect()
}

/// A small generator of our own: what a seed gives must never change.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("it fits") % end.max(1)
    }
}

fn mutated(seed: &[u8], others: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        let end = (at + dice.below(40)).min(bytes.len());
        match dice.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, PIECES[dice.below(PIECES.len())].bytes())),
            3 => {
                let slice = bytes[at..end].repeat(dice.below(20));
                drop(bytes.splice(at..at, slice));
            }
            4 => bytes.truncate(at),
            _ => {
                let other = &others[dice.below(others.len())];
                let from = dice.below(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
    bytes
}

fn run(name: &str, target: Target) {
    let seeds = seeds(name);
    for (number, seed) in seeds.iter().enumerate() {
        target(seed);
        for mutation in 0..MUTATIONS {
            let start = (u64::try_from(number).expect("few") << 32 | mutation) + 1;
            let bytes = mutated(seed, &seeds, &mut Dice(start.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            assert!(bytes.len() <= INPUT_BYTES_MAX);
            let outcome = std::panic::catch_unwind(|| target(&bytes));
            assert!(outcome.is_ok(), "{name}: {:?}", String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn every_target_survives_its_seeds_and_their_mutations() {
    let _alone = ONE_AT_A_TIME.lock();
    for (name, target) in ALL {
        run(name, target);
    }
}
