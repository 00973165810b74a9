//! Notices when one identity asks for the keys of many people within ten minutes.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::permission::Caller;

/// How long a person asked about is counted.
const WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// Those who ask about very many are not counted anew for each of them.
const PRUNED_EVERY: SignedDuration = SignedDuration::from_secs(1);
/// Identities watched at once; whoever asked longest ago is forgotten for another.
const IDENTITIES_MAX: usize = 100_000;

#[derive(Default)]
pub(crate) struct ManyPeople(Mutex<HashMap<Caller, Asked>>);

struct Asked {
    /// At most one more than may be asked about.
    people: HashMap<Uuid, Timestamp>,
    newest: Timestamp,
    pruned: Timestamp,
    is_told: bool,
}

impl ManyPeople {
    /// `true` once when it becomes more than `most`, and again after it was not.
    pub(crate) fn saw(&self, caller: &Caller, person: Uuid, most: usize, now: Timestamp) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= IDENTITIES_MAX && !all.contains_key(caller) {
            let oldest = all.iter().min_by_key(|(_, asked)| asked.newest);
            if let Some(oldest) = oldest.map(|(caller, _)| caller.clone()) {
                all.remove(&oldest);
            }
        }
        let asked = all.entry(caller.clone()).or_insert_with(|| Asked {
            people: HashMap::new(),
            newest: now,
            pruned: Timestamp::MIN,
            is_told: false,
        });
        asked.newest = now;
        if asked.people.len() <= most || asked.people.contains_key(&person) {
            asked.people.insert(person, now);
        }
        if asked.people.len() > most && now.duration_since(asked.pruned) >= PRUNED_EVERY {
            asked.people.retain(|_, since| now.duration_since(*since) < WITHIN);
            asked.people.insert(person, now);
            asked.pruned = now;
        }
        let is_many = asked.people.len() > most;
        let is_news = is_many && !asked.is_told;
        asked.is_told = is_many;
        is_news
    }
}

#[cfg(test)]
mod tests {
    use protocol::ids::UserId;

    use super::*;

    #[test]
    fn many_people_within_ten_minutes_are_told_of_once() {
        let many = ManyPeople::default();
        let [eve, ann] = [1, 2].map(|id| Caller::Person(UserId(Uuid::from_u128(id))));
        let at = |second| Timestamp::from_second(second).expect("a time");
        let saw =
            |who: &Caller, person, second| many.saw(who, Uuid::from_u128(person), 20, at(second));
        for person in 0..20 {
            assert!(!saw(&eve, person, 0), "{person}");
            assert!(!saw(&eve, person, 0), "the same one again");
        }
        assert!(!saw(&ann, 20, 0), "somebody else's count");
        assert!(saw(&eve, 20, 599));
        assert!(!saw(&eve, 21, 599), "told already");
        // Ten minutes later the first ones do not count any more.
        assert!(!saw(&eve, 22, 600));
        for person in 30..47 {
            assert!(!saw(&eve, person, 601), "{person}");
        }
        assert!(saw(&eve, 50, 602) || saw(&eve, 51, 602), "told anew");
    }
}
