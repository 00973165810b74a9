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

/// By the keys' ids: each name is kept once, in the key, since there are three per mailbox.
#[derive(Default)]
pub(super) struct Cache {
    keys: HashMap<Uuid, Known<Kept>>,
    current: HashMap<(Uuid, Purpose), Known<Uuid>>,
}

/// A key, and whose it is as far as the key server said so.
struct Kept {
    key: ContentKey,
    resource: Option<Uuid>,
}

struct Known<T> {
    value: T,
    since: Timestamp,
}

impl Cache {
    pub(super) fn find(&mut self, url: &KeyUrl, now: Timestamp) -> Option<ContentKey> {
        self.find_by_id(url.key()?, now).filter(|key| key.url() == url)
    }

    fn find_by_id(&mut self, id: Uuid, now: Timestamp) -> Option<ContentKey> {
        fresh(&mut self.keys, &id, now).map(|kept| kept.key.clone())
    }

    pub(super) fn current(
        &mut self,
        resource: Uuid,
        purpose: Purpose,
        now: Timestamp,
    ) -> Option<ContentKey> {
        let id = *fresh(&mut self.current, &(resource, purpose), now)?;
        self.find_by_id(id, now)
    }

    pub(super) fn put(&mut self, key: &ContentKey, resource: Option<Uuid>, now: Timestamp) {
        let Some(id) = key.url().key() else { return };
        let kept = Kept { key: key.clone(), resource };
        put(&mut self.keys, id, Known { value: kept, since: now });
    }

    /// Keys of these, and those of whom nobody knows whose they are.
    pub(super) fn forget(&mut self, resources: &[Uuid]) {
        if resources.is_empty() {
            return;
        }
        self.current.retain(|(resource, _), _| !resources.contains(resource));
        let stays = |kept: &Kept| kept.resource.is_some_and(|whose| !resources.contains(&whose));
        self.keys.retain(|_, known| stays(&known.value));
    }

    pub(super) fn forget_all(&mut self) {
        self.current.clear();
        self.keys.clear();
    }

    pub(super) fn put_current(
        &mut self,
        resource: Uuid,
        purpose: Purpose,
        key: &ContentKey,
        now: Timestamp,
    ) {
        let Some(id) = key.url().key() else { return };
        put(&mut self.current, (resource, purpose), Known { value: id, since: now });
        self.put(key, Some(resource), now);
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
            cache.put(&key(id), None, start);
        }
        cache.put(&key(most), None, start);
        assert_eq!(cache.keys.len(), KEYS_MAX);
        assert!(cache.find(key(most).url(), start).is_some());
        // What is too old goes first, and all of it.
        cache.put(&key(most + 1), None, start + KNOWN_MAX);
        assert_eq!(cache.keys.len(), 1);
    }

    #[test]
    fn what_was_changed_is_forgotten_and_the_rest_is_not() {
        let mut cache = Cache::default();
        let id = Uuid::from_u128;
        let key = |number| ContentKey::new(KeyUrl::new("k", id(number)), [1; 32]);
        let now = Timestamp::UNIX_EPOCH;
        cache.put_current(id(1), Purpose::Content, &key(1), now);
        cache.put_current(id(2), Purpose::Content, &key(2), now);
        cache.put(&key(3), None, now);
        cache.forget(&[]);
        assert!(cache.find(key(3).url(), now).is_some());
        cache.forget(&[id(1)]);
        assert!(cache.current(id(1), Purpose::Content, now).is_none());
        assert!(cache.find(key(1).url(), now).is_none());
        assert!(cache.find(key(3).url(), now).is_none(), "whose it is, nobody knows");
        assert!(cache.current(id(2), Purpose::Content, now).is_some());
        cache.forget_all();
        assert!(cache.find(key(2).url(), now).is_none());
    }
}
