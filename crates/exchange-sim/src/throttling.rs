//! Throttling as Exchange does it: everything is counted per mailbox that is accessed.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ews::ResponseCode;
use tokio::time::Instant;

use crate::server::{Shared, locked};

/// Exchange's back-off hints are minutes at most.
const BACK_OFF_MAX: Duration = Duration::from_mins(5);
const HOUR_MS: i128 = 3_600_000;

/// A throttling policy, by default Exchange's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Requests under way at once.
    pub concurrency: u32,
    /// Streams open at once, per mailbox in whose name they are opened.
    pub hanging_connections: u32,
    /// Per mailbox that is watched.
    pub subscriptions: usize,
    pub burst: Duration,
    /// What comes back in an hour.
    pub recharge: Duration,
    /// So far below nothing one is locked out.
    pub cutoff: Duration,
    /// What a request takes from the budget beside the time it lasts.
    pub cost: Duration,
    /// Some servers say "busy" and name no time.
    pub hint: Hint,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    UntilRecharged,
    Zero,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            concurrency: 27,
            hanging_connections: 10,
            subscriptions: 5_000,
            burst: Duration::from_millis(300_000),
            recharge: Duration::from_millis(900_000),
            cutoff: Duration::from_millis(3_000_000),
            cost: Duration::from_millis(10),
            hint: Hint::UntilRecharged,
        }
    }
}

/// What each mailbox has used.
#[derive(Default)]
pub(crate) struct Budgets {
    pub(crate) policy: Policy,
    accounts: BTreeMap<String, Budget>,
}

struct Budget {
    running: u32,
    hanging: u32,
    /// In milliseconds; may be far below nothing.
    balance: i128,
    at: Instant,
}

/// Why a request is not served.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Throttled {
    Busy(Duration),
    Connections,
}

impl Throttled {
    pub(crate) fn code(&self) -> ResponseCode {
        match self {
            Self::Busy(_) => ResponseCode::ErrorServerBusy,
            Self::Connections => ResponseCode::ErrorExceededConnectionCount,
        }
    }
}

/// A request under way, or an open stream; over when dropped.
pub(crate) struct Admitted {
    shared: Arc<Shared>,
    account: String,
    kind: Kind,
    since: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Stream,
}

pub(crate) fn admit(
    shared: &Arc<Shared>,
    account: &str,
    kind: Kind,
) -> Result<Admitted, Throttled> {
    let since = Instant::now();
    locked(&shared.budgets).begin(account, kind, since)?;
    Ok(Admitted { shared: Arc::clone(shared), account: account.to_owned(), kind, since })
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let now = Instant::now();
        locked(&self.shared.budgets).end(&self.account, self.kind, self.since, now);
    }
}

impl Budgets {
    fn begin(&mut self, account: &str, kind: Kind, now: Instant) -> Result<(), Throttled> {
        let policy = self.policy;
        let full = Budget { running: 0, hanging: 0, balance: ms(policy.burst), at: now };
        let budget = self.accounts.entry(account.to_owned()).or_insert(full);
        budget.recharge(&policy, now);
        match kind {
            Kind::Stream => {
                if budget.hanging >= policy.hanging_connections {
                    return Err(Throttled::Connections);
                }
                budget.hanging += 1;
            }
            Kind::Request => {
                let below = -ms(policy.cutoff) - budget.balance;
                if below >= 0 {
                    let rate = ms(policy.recharge).max(1);
                    let wait = (below * HOUR_MS / rate).clamp(1_000, ms(BACK_OFF_MAX));
                    let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(u64::MAX));
                    return Err(Throttled::Busy(policy.hint.of(wait)));
                }
                if budget.running >= policy.concurrency {
                    return Err(Throttled::Connections);
                }
                budget.running += 1;
            }
        }
        Ok(())
    }

    fn end(&mut self, account: &str, kind: Kind, since: Instant, now: Instant) {
        let policy = self.policy;
        let Some(budget) = self.accounts.get_mut(account) else { return };
        match kind {
            Kind::Stream => budget.hanging = budget.hanging.saturating_sub(1),
            Kind::Request => {
                budget.running = budget.running.saturating_sub(1);
                budget.recharge(&policy, now);
                budget.balance -= ms(policy.cost + now.duration_since(since));
            }
        }
    }
}

impl Hint {
    fn of(self, wait: Duration) -> Duration {
        match self {
            Self::UntilRecharged => wait,
            Self::Zero => Duration::ZERO,
        }
    }
}

impl Budget {
    fn recharge(&mut self, policy: &Policy, now: Instant) {
        let gained = ms(policy.recharge) * ms(now.duration_since(self.at)) / HOUR_MS;
        if gained > 0 {
            self.balance = (self.balance + gained).min(ms(policy.burst));
            self.at = now;
        }
    }
}

fn ms(duration: Duration) -> i128 {
    i128::try_from(duration.as_millis()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budgets(policy: Policy) -> Budgets {
        Budgets { policy, ..Budgets::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn each_mailbox_has_its_own_count() {
        let mut budgets = budgets(Policy { concurrency: 2, ..Policy::default() });
        let now = Instant::now();
        assert_eq!(budgets.begin("a", Kind::Request, now), Ok(()));
        assert_eq!(budgets.begin("a", Kind::Request, now), Ok(()));
        assert_eq!(budgets.begin("a", Kind::Request, now), Err(Throttled::Connections));
        assert_eq!(budgets.begin("b", Kind::Request, now), Ok(()));
        budgets.end("a", Kind::Request, now, now);
        assert_eq!(budgets.begin("a", Kind::Request, now), Ok(()));
        for _ in 0..10 {
            assert_eq!(budgets.begin("a", Kind::Stream, now), Ok(()));
        }
        assert_eq!(budgets.begin("a", Kind::Stream, now), Err(Throttled::Connections));
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_used_up_the_budget_is_told_to_stay_away_until_it_is_there_again() {
        let second = Duration::from_secs(1);
        let policy = Policy {
            burst: 2 * second,
            cutoff: second,
            recharge: 3600 * second,
            cost: second,
            ..Policy::default()
        };
        let mut budgets = budgets(policy);
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(budgets.begin("a", Kind::Request, now), Ok(()));
            budgets.end("a", Kind::Request, now, now);
        }
        assert_eq!(budgets.begin("a", Kind::Request, now), Err(Throttled::Busy(second)));
        budgets.policy.hint = Hint::Zero;
        let zero = Err(Throttled::Busy(Duration::ZERO));
        assert_eq!(budgets.begin("a", Kind::Request, now), zero);
        assert_eq!(budgets.begin("a", Kind::Request, now + second), Ok(()));
    }
}
