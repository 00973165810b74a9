//! Trouble on demand, and by chance from a seed.

use std::{collections::VecDeque, time::Duration};

use world::chance::Chance;

/// What is asked for, as far as trouble tells it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    Token,
    Create,
    List,
    Get,
    Patch,
    Delete,
    PersonalRoom,
    Sites,
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing happens but this status, with `Retry-After` if there is one.
    Status { status: u16, retry_after: Option<u64> },
    /// Everything happens, and the answer is this status.
    StatusAfterwards(u16),
    /// The connection breaks before anything happens.
    Drop,
    /// Everything happens, but the connection breaks before the answer.
    LoseAnswer,
    /// Everything happens, but no answer ever comes.
    Silence,
    /// Nothing happens for so long, then everything.
    Slow(Duration),
    /// Everything happens, and the answer is not true.
    Lie(Lie),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lie {
    /// The link to join by leads to somebody else's server.
    OtherLink,
    /// Megabytes of it.
    Huge,
    /// This field is missing in all that is shown.
    Without(&'static str),
    /// With our tag, but another host's.
    SomebodyElses,
    NotJson,
}

/// Trouble drawn from a seed for every request.
#[derive(Clone, Debug)]
pub struct RandomTrouble {
    pub seed: u64,
    /// Of 1000 requests, how many meet one of `kinds`.
    pub per_mille: u64,
    /// With the operation that meets it, if not all do.
    pub kinds: Vec<(Option<Operation>, Trouble)>,
}

/// Orders of trouble, oldest first, and what is left to chance.
#[derive(Default)]
pub(crate) struct Troubles {
    orders: VecDeque<(Operation, u32, Trouble)>,
    random: Option<(Chance, RandomTrouble)>,
}

impl Troubles {
    pub(crate) fn order(&mut self, operation: Operation, requests: u32, trouble: Trouble) {
        self.orders.push_back((operation, requests, trouble));
    }

    pub(crate) fn randomly(&mut self, random: RandomTrouble) {
        self.random = Some((Chance::seeded(random.seed), random));
    }

    pub(crate) fn clear(&mut self) {
        self.orders.clear();
        self.random = None;
    }

    /// What this request meets, if anything.
    pub(crate) fn take(&mut self, operation: Operation) -> Option<Trouble> {
        self.orders.retain(|(_, left, _)| *left > 0);
        let meant = |(wanted, ..): &&mut (Operation, u32, Trouble)| *wanted == operation;
        if let Some((_, left, trouble)) = self.orders.iter_mut().find(meant) {
            *left -= 1;
            return Some(trouble.clone());
        }
        let (chance, random) = self.random.as_ref()?;
        if chance.below(1000) >= random.per_mille {
            return None;
        }
        let is_meant = |only: &Option<Operation>| only.is_none_or(|only| only == operation);
        let kinds: Vec<_> = random.kinds.iter().filter(|(only, _)| is_meant(only)).collect();
        let drawn = chance.below(u64::try_from(kinds.len()).unwrap_or(u64::MAX));
        kinds.get(usize::try_from(drawn).unwrap_or(0)).map(|(_, trouble)| trouble.clone())
    }
}
