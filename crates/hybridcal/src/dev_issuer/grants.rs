//! What was handed out to be brought back once: codes and refresh tokens.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// Bounded: when full, what would end first gives way.
pub(super) struct Grants<T> {
    entries: BTreeMap<String, Entry<T>>,
    entries_max: usize,
    life: SignedDuration,
}

struct Entry<T> {
    ends: Timestamp,
    what: T,
}

impl<T> Grants<T> {
    pub(super) fn new(entries_max: usize, life: SignedDuration) -> Self {
        Self { entries: BTreeMap::new(), entries_max, life }
    }

    pub(super) fn put(&mut self, text: String, what: T, now: Timestamp) {
        if self.entries.len() >= self.entries_max {
            self.entries.retain(|_, entry| entry.ends > now);
        }
        if self.entries.len() >= self.entries_max {
            let first = self.entries.iter().min_by_key(|(_, entry)| entry.ends);
            if let Some(first) = first.map(|(text, _)| text.clone()) {
                self.entries.remove(&first);
            }
        }
        let ends = now.checked_add(self.life).unwrap_or(Timestamp::MAX);
        self.entries.insert(text, Entry { ends, what });
    }

    /// Good once, whatever comes of it.
    pub(super) fn take(&mut self, text: &str, now: Timestamp) -> Option<T> {
        let entry = self.entries.remove(text)?;
        (entry.ends > now).then_some(entry.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_good_once_until_its_end_and_the_oldest_gives_way() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let mut grants = Grants::new(2, SignedDuration::from_secs(60));
        grants.put("a".into(), 1, at(0));
        assert_eq!(grants.take("a", at(59)), Some(1));
        assert_eq!(grants.take("a", at(59)), None);
        grants.put("b".into(), 2, at(0));
        assert_eq!(grants.take("b", at(60)), None);
        for (text, second) in [("c", 1), ("d", 2), ("e", 3)] {
            grants.put(text.into(), 3, at(second));
        }
        assert_eq!(grants.take("c", at(4)), None);
        assert_eq!((grants.take("d", at(4)), grants.take("e", at(4))), (Some(3), Some(3)));
    }
}
