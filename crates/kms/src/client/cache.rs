//! Keys known already: a bounded number, for a day at most, wiped when they leave.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use protocol::{ids::KeyUrl, keys::Purpose};
use uuid::Uuid;

use crate::content_key::ContentKey;

/// After this a key is asked for again: it may have been revoked or replaced.
const KNOWN_MAX: SignedDuration = SignedDuration::from_hours(24);
/// Some 30 MB. Beyond it any other key makes room; it can be asked for again.
const KEYS_MAX: usize = 100_000;

#[derive(Default)]
pub(super) struct Cache {
    keys: HashMap<KeyUrl, Known<ContentKey>>,
    current: HashMap<(Uuid, Purpose), Known<KeyUrl>>,
}

struct Known<T> {
    value: T,
    since: Timestamp,
}

impl Cache {
    pub(super) fn find(&mut self, url: &KeyUrl, now: Timestamp) -> Option<ContentKey> {
        fresh(&mut self.keys, url, now).cloned()
    }

    pub(super) fn current(
        &mut self,
        resource: Uuid,
        purpose: Purpose,
        now: Timestamp,
    ) -> Option<ContentKey> {
        let url = fresh(&mut self.current, &(resource, purpose), now)?.clone();
        self.find(&url, now)
    }

    pub(super) fn put(&mut self, key: &ContentKey, now: Timestamp) {
        put(&mut self.keys, key.url().clone(), Known { value: key.clone(), since: now });
    }

    pub(super) fn put_current(
        &mut self,
        resource: Uuid,
        purpose: Purpose,
        key: &ContentKey,
        now: Timestamp,
    ) {
        let known = Known { value: key.url().clone(), since: now };
        put(&mut self.current, (resource, purpose), known);
        self.put(key, now);
    }
}

/// What is too old is dropped on the way.
fn fresh<'a, K: Eq + std::hash::Hash, T>(
    map: &'a mut HashMap<K, Known<T>>,
    name: &K,
    now: Timestamp,
) -> Option<&'a T> {
    if map.get(name).is_some_and(|known| !known.is_fresh(now)) {
        map.remove(name);
    }
    map.get(name).map(|known| &known.value)
}

fn put<K: Eq + std::hash::Hash + Clone, T>(
    map: &mut HashMap<K, Known<T>>,
    name: K,
    known: Known<T>,
) {
    if map.len() >= KEYS_MAX {
        let now = known.since;
        map.retain(|_, known| known.is_fresh(now));
    }
    if map.len() >= KEYS_MAX
        && let Some(any) = map.keys().next().cloned()
    {
        map.remove(&any);
    }
    map.insert(name, known);
}

impl<T> Known<T> {
    fn is_fresh(&self, now: Timestamp) -> bool {
        now.duration_since(self.since) < KNOWN_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_memory_makes_room() {
        let mut cache = Cache::default();
        let key = |id| ContentKey::new(KeyUrl::new("k", Uuid::from_u128(id)), [1; 32]);
        let most = u128::try_from(KEYS_MAX).expect("small");
        let start = Timestamp::UNIX_EPOCH;
        for id in 0..most {
            cache.put(&key(id), start);
        }
        cache.put(&key(most), start);
        assert_eq!(cache.keys.len(), KEYS_MAX);
        assert!(cache.find(key(most).url(), start).is_some());
        // What is too old goes first, and all of it.
        cache.put(&key(most + 1), start + KNOWN_MAX);
        assert_eq!(cache.keys.len(), 1);
    }
}
