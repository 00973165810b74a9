//! How often one identity may ask: counted per minute, forgotten with the minute.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use crate::permission::Caller;

/// A person's app asks once per key and then remembers.
pub(crate) const PERSON_REQUESTS_PER_MINUTE_MAX: u32 = 120;
/// A connector fetches three keys per mailbox when it takes over a lease, of 100 000 as fast as it
/// can.
pub(crate) const CONNECTOR_REQUESTS_PER_MINUTE_MAX: u32 = 300_000;
/// Identities counted in one minute; further ones wait for the next.
const IDENTITIES_MAX: usize = 100_000;
const MINUTE_MS: i64 = 60_000;

#[derive(Default)]
pub(crate) struct Quota(Mutex<Minute>);

#[derive(Default)]
struct Minute {
    number: i64,
    asked: HashMap<Caller, u32>,
}

impl Quota {
    /// `Err` with the time until the next minute if this caller has asked too often.
    pub(crate) fn take(&self, caller: &Caller, now: Timestamp) -> Result<(), Duration> {
        let now_ms = now.as_millisecond();
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now_ms.div_euclid(MINUTE_MS);
        if minute.number != number {
            *minute = Minute { number, asked: HashMap::new() };
        }
        let most = match caller {
            Caller::Person(_) => PERSON_REQUESTS_PER_MINUTE_MAX,
            Caller::Connector(_) => CONNECTOR_REQUESTS_PER_MINUTE_MAX,
        };
        let is_full = minute.asked.len() >= IDENTITIES_MAX && !minute.asked.contains_key(caller);
        let asked = if is_full { most } else { minute.asked.get(caller).copied().unwrap_or(0) };
        if asked >= most {
            let left_ms = MINUTE_MS - now_ms.rem_euclid(MINUTE_MS);
            return Err(Duration::from_millis(left_ms.unsigned_abs()));
        }
        minute.asked.insert(caller.clone(), asked + 1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use protocol::ids::UserId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_minutes_worth_is_given_each_minute() {
        let quota = Quota::default();
        let [ann, bob] = [1, 2].map(|id| Caller::Person(UserId(Uuid::from_u128(id))));
        let at = |second| Timestamp::from_second(second).expect("a time");
        for _ in 0..PERSON_REQUESTS_PER_MINUTE_MAX {
            assert_eq!(quota.take(&ann, at(70)), Ok(()));
        }
        assert_eq!(quota.take(&ann, at(70)), Err(Duration::from_secs(50)));
        assert_eq!(quota.take(&bob, at(70)), Ok(()));
        assert_eq!(quota.take(&ann, at(119)), Err(Duration::from_secs(1)));
        assert_eq!(quota.take(&ann, at(120)), Ok(()));
    }
}
