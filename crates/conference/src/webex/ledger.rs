//! How many meetings were asked for within a day. Webex counts failed requests as well, and so do
//! we; a tenth is left for people. One broken entry must not use up everybody's share.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::settings::Account;

/// What Webex allows within 24 hours: to administrators altogether and for one host, to others.
const ADMIN_ALL: u32 = 3000;
const ADMIN_HOST: u32 = 800;
const PERSON: u32 = 100;
/// For one meeting; more would be a mistake of ours.
const ATTEMPTS_MAX: u32 = 6;
/// Counted by the hour, so the oldest hour counts whole.
const DAY: SignedDuration = SignedDuration::from_hours(25);

/// Whoever is counted, as a hash: the file it lies in has no addresses.
pub(super) type Counted = u64;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ledger(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    host: Counted,
    meeting: Counted,
    hour: i64,
    count: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exhausted {
    All,
    Host,
    /// Asked for again and again.
    Meeting,
}

impl Ledger {
    /// Counts one more request, if it is allowed. Its size is bounded by what is allowed.
    pub(super) fn take(
        &mut self,
        host: Counted,
        meeting: Counted,
        account: Account,
        now: Timestamp,
    ) -> Result<(), Exhausted> {
        self.forget(now);
        let (all, one) = match account {
            Account::ServiceApp => (ADMIN_ALL, ADMIN_HOST),
            Account::Person => (PERSON, PERSON),
        };
        let sum = |of: fn(&Entry, Counted, Counted) -> bool| -> u32 {
            self.0.iter().filter(|entry| of(entry, host, meeting)).map(|entry| entry.count).sum()
        };
        if sum(|_, _, _| true) >= reserved(all) {
            return Err(Exhausted::All);
        }
        if sum(|entry, host, _| entry.host == host) >= reserved(one) {
            return Err(Exhausted::Host);
        }
        if sum(|entry, _, meeting| entry.meeting == meeting) >= ATTEMPTS_MAX {
            return Err(Exhausted::Meeting);
        }
        let hour = hour(now);
        let same = |entry: &&mut Entry| {
            entry.host == host && entry.meeting == meeting && entry.hour == hour
        };
        match self.0.iter_mut().find(same) {
            Some(entry) => entry.count += 1,
            None => self.0.push(Entry { host, meeting, hour, count: 1 }),
        }
        Ok(())
    }

    /// What another process has counted beside us.
    pub(super) fn catch_up(&mut self, other: &Self) {
        for entry in &other.0 {
            let same = |own: &&mut Entry| {
                (own.host, own.meeting, own.hour) == (entry.host, entry.meeting, entry.hour)
            };
            match self.0.iter_mut().find(same) {
                Some(own) => own.count = own.count.max(entry.count),
                None => self.0.push(entry.clone()),
            }
        }
    }

    pub(super) fn is_exhausted(&mut self, account: Account, now: Timestamp) -> bool {
        self.forget(now);
        let all = match account {
            Account::ServiceApp => ADMIN_ALL,
            Account::Person => PERSON,
        };
        self.0.iter().map(|entry| entry.count).sum::<u32>() >= reserved(all)
    }

    fn forget(&mut self, now: Timestamp) {
        let oldest = hour(now.saturating_sub(DAY).unwrap_or(now));
        self.0.retain(|entry| entry.hour > oldest);
    }
}

/// Nine tenths.
fn reserved(limit: u32) -> u32 {
    limit / 10 * 9
}

fn hour(time: Timestamp) -> i64 {
    time.as_second().div_euclid(3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600 + 1800).unwrap()
    }

    fn many(
        ledger: &mut Ledger,
        hosts: u64,
        each: u64,
        account: Account,
    ) -> Result<u32, Exhausted> {
        let mut taken = 0;
        for host in 0..hosts {
            for meeting in 0..each {
                ledger.take(host, host << 32 | meeting, account, at(0))?;
                taken += 1;
            }
        }
        Ok(taken)
    }

    #[test]
    fn a_tenth_of_what_webex_allows_is_left() {
        let admin = Account::ServiceApp;
        assert_eq!(many(&mut Ledger::default(), 1, 720, admin), Ok(720));
        assert_eq!(many(&mut Ledger::default(), 1, 721, admin), Err(Exhausted::Host));
        assert_eq!(many(&mut Ledger::default(), 5, 540, admin), Ok(2700));
        let mut ledger = Ledger::default();
        assert_eq!(many(&mut ledger, 5, 541, admin), Err(Exhausted::All));
        assert!(ledger.is_exhausted(admin, at(24)));
        assert!(!ledger.is_exhausted(admin, at(25)), "it is another day");
        assert_eq!(ledger, Ledger::default(), "and what is over is forgotten");
        assert_eq!(many(&mut Ledger::default(), 1, 91, Account::Person), Err(Exhausted::All));
    }

    #[test]
    fn one_meeting_cannot_use_up_a_day() {
        let mut ledger = Ledger::default();
        for hour in 0..6 {
            assert_eq!(ledger.take(1, 1, Account::ServiceApp, at(hour)), Ok(()));
        }
        assert_eq!(ledger.take(1, 1, Account::ServiceApp, at(7)), Err(Exhausted::Meeting));
        assert_eq!(ledger.take(1, 2, Account::ServiceApp, at(7)), Ok(()));
        assert_eq!(ledger.take(1, 1, Account::ServiceApp, at(26)), Ok(()));
    }
}
