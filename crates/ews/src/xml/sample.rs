//! Values of every element for tests, made from bytes so that a failing one can be shrunk.

use std::borrow::Cow;

use jiff::{Timestamp, civil};

use crate::DateTime;

pub(crate) trait Sample: Sized {
    fn sample(source: &mut Source) -> Self;
}

/// Decisions; once used up, always the simplest one.
pub(crate) struct Source {
    bytes: Vec<u8>,
    at: usize,
    depth: usize,
}

impl Source {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, at: 0, depth: 0 }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    pub(crate) fn pick<T>(&mut self, mut choices: Vec<T>) -> T {
        // recursive choices stand first, so that the simplest decision ends the recursion
        let index = choices.len() - 1 - usize::from(self.byte()) % choices.len();
        choices.swap_remove(index)
    }
}

impl<T: Sample> Sample for Option<T> {
    fn sample(source: &mut Source) -> Self {
        (source.byte() % 2 == 1).then(|| T::sample(source))
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn sample(source: &mut Source) -> Self {
        let count = if source.depth > 6 { 0 } else { source.byte() % 3 };
        source.depth += 1;
        let values = (0..count).map(|_| T::sample(source)).collect();
        source.depth -= 1;
        values
    }
}

impl<T: Sample> Sample for Box<T> {
    fn sample(source: &mut Source) -> Self {
        Self::new(T::sample(source))
    }
}

impl Sample for String {
    fn sample(source: &mut Source) -> Self {
        const PIECES: [&str; 12] =
            ["a", "Z9", " ", "&amp;", "<b>", "\"'", "\r\n", "\t", "ü", "🗓", "]]>", "&#x0;"];
        let count = source.byte() % 4;
        (0..count).map(|_| PIECES[usize::from(source.byte()) % PIECES.len()]).collect()
    }
}

impl Sample for Cow<'static, str> {
    fn sample(source: &mut Source) -> Self {
        Self::Owned(String::sample(source))
    }
}

impl Sample for bool {
    fn sample(source: &mut Source) -> Self {
        source.byte() % 2 == 1
    }
}

impl Sample for i32 {
    fn sample(source: &mut Source) -> Self {
        Self::from(source.byte()) * 1000 - 5000
    }
}

impl Sample for i64 {
    fn sample(source: &mut Source) -> Self {
        Self::from(source.byte()) * 1_000_000
    }
}

impl Sample for () {
    fn sample(_source: &mut Source) -> Self {}
}

impl Sample for civil::Date {
    fn sample(source: &mut Source) -> Self {
        civil::date(2026, 11, 1 + i8::try_from(source.byte() % 28).unwrap())
    }
}

impl Sample for DateTime {
    fn sample(source: &mut Source) -> Self {
        let second = 1_795_000_000 + i64::from(source.byte()) * 12_345;
        let instant = Timestamp::from_second(second).unwrap();
        if source.byte() % 4 == 3 {
            Self::Floating(instant.to_zoned(jiff::tz::TimeZone::UTC).datetime())
        } else {
            Self::Utc(instant)
        }
    }
}

impl Sample for crate::xml::Oddities {
    fn sample(_source: &mut Source) -> Self {
        Self::default()
    }
}
