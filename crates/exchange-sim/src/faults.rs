//! Trouble on demand: what the next requests of an operation meet instead of an answer, or what
//! becomes of their answer; ordered one by one, or drawn from a seed.

use std::{collections::VecDeque, time::Duration};

use ews::ResponseCode;
use world::chance::Chance;

/// One kind of trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A SOAP fault with this code.
    Fault(ResponseCode),
    /// The same with HTTP 200.
    FaultWithStatusOk(ResponseCode),
    /// `ErrorServerBusy`, with how long to stay away.
    Busy { back_off: Duration },
    /// Objects of the request from this one on are refused; the answer itself is good. A write is
    /// not done.
    Objects { from: usize, code: ResponseCode, back_off: Option<Duration> },
    /// HTTP 200 with something that is not XML.
    Garbage,
    /// HTTP 200 with a page for people, as from a proxy.
    LogInPage,
    /// A 401, whatever the credentials.
    Unauthorized,
    /// HTTP 503 without SOAP.
    Unavailable,
    /// The connection breaks before anything happens.
    Drop,
    /// Everything happens, but the connection breaks before the answer.
    LoseAnswer,
    /// Everything happens, but the answer ends in its middle, as if that were all.
    Truncated,
    /// Everything happens, but the answer calls itself something else than XML.
    WrongContentType,
    /// Everything happens, and the answer comes with HTTP 500.
    ResultWithStatusError,
    /// The answer takes so long.
    Slow(Duration),
    /// Somebody changes the item just before it is written to.
    Conflict,
}

/// Trouble drawn from a seed for every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RandomTrouble {
    pub seed: u64,
    /// Of 1000 requests, how many meet one of `kinds`.
    pub per_mille: u64,
    /// With the operation that meets it, if not all do.
    pub kinds: Vec<(Option<String>, Trouble)>,
}

/// What becomes of single notifications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    pub lost_per_mille: u64,
    pub repeated_per_mille: u64,
    /// Told with a later document than it belongs into.
    pub late_per_mille: u64,
}

/// Orders of trouble, oldest first, and what is left to chance.
#[derive(Default)]
pub(crate) struct Troubles {
    orders: VecDeque<Order>,
    random: Option<(Chance, RandomTrouble)>,
}

struct Order {
    operation: Option<String>,
    left: u32,
    trouble: Trouble,
}

impl Troubles {
    pub(crate) fn order(&mut self, operation: Option<&str>, requests: u32, trouble: Trouble) {
        let operation = operation.map(str::to_owned);
        self.orders.push_back(Order { operation, left: requests, trouble });
    }

    pub(crate) fn randomly(&mut self, random: RandomTrouble) {
        self.random = Some((Chance::seeded(random.seed), random));
    }

    /// What this request meets, if anything.
    pub(crate) fn take(&mut self, operation: &str) -> Option<Trouble> {
        self.orders.retain(|order| order.left > 0);
        let meant = |order: &&mut Order| is_meant(order.operation.as_deref(), operation);
        if let Some(order) = self.orders.iter_mut().find(meant) {
            order.left -= 1;
            return Some(order.trouble.clone());
        }
        let (chance, random) = self.random.as_ref()?;
        if chance.below(1000) >= random.per_mille {
            return None;
        }
        let kinds = random.kinds.iter().filter(|(only, _)| is_meant(only.as_deref(), operation));
        let kinds: Vec<&Trouble> = kinds.map(|(_, trouble)| trouble).collect();
        let drawn = chance.below(u64::try_from(kinds.len()).unwrap_or(u64::MAX));
        kinds.get(usize::try_from(drawn).unwrap_or(0)).map(|trouble| (*trouble).clone())
    }

    pub(crate) fn clear(&mut self) {
        self.orders.clear();
        self.random = None;
    }
}

fn is_meant(only: Option<&str>, operation: &str) -> bool {
    only.is_none_or(|wanted| wanted == operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_comes_as_often_as_ordered() {
        let mut troubles = Troubles::default();
        troubles.order(Some("GetItem"), 2, Trouble::Garbage);
        assert_eq!(troubles.take("FindItem"), None);
        assert_eq!(troubles.take("GetItem"), Some(Trouble::Garbage));
        assert_eq!(troubles.take("GetItem"), Some(Trouble::Garbage));
        assert_eq!(troubles.take("GetItem"), None);
        troubles.order(None, 1, Trouble::Drop);
        troubles.clear();
        assert_eq!(troubles.take("GetItem"), None);
    }

    #[test]
    fn trouble_by_chance_repeats_itself_with_its_seed() {
        let drawn = |seed| {
            let kinds =
                vec![(None, Trouble::Garbage), (Some("FindItem".to_owned()), Trouble::Drop)];
            let mut troubles = Troubles::default();
            troubles.randomly(RandomTrouble { seed, per_mille: 300, kinds });
            (0..1000).map(|_| troubles.take("GetItem")).collect::<Vec<_>>()
        };
        let first = drawn(7);
        assert_eq!(first, drawn(7));
        assert_ne!(first, drawn(8));
        let met = first.iter().filter(|trouble| trouble.is_some()).count();
        assert!((200..400).contains(&met), "{met}");
        assert!(!first.contains(&Some(Trouble::Drop)), "meant for another operation");
    }
}
