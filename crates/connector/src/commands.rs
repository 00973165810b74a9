//! What people order through the cloud: fetched, checked, carried out in their own calendar, and
//! answered. The cloud is not believed about any of it; the person's device has signed it.
//!
//! `checked` and `wish` decide, `doing` does. The meeting then comes into the list by the
//! ordinary pass, as if Outlook had made it.

mod answer;
mod brakes;
mod checked;
mod doing;
mod wish;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kms::{
    client::{KeyFailure, KeyRemedy},
    command_seal::open_command,
    device_key::{claimed_device, verified},
    seal::OpenFailure,
};
use protocol::{
    command::{
        CLOCK_SKEW_MS, COMMAND_LIFE_MS, COMMANDS_EXCEPT_MAX, CommandName, CommandPlace,
        CommandResult, CommandsRequest, Outcome, Statement, WaitingCommand, Why,
    },
    ids::{MailboxAddress, Shard, UserId},
};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
};

use self::{
    doing::{Doing, refused},
    wish::Wish,
};
use crate::{
    exchange::{Session, schedule::Scheduler},
    failure::Failure,
    follower::Shared,
    lease::{Held, WRITE_NEEDS},
};

/// Commands carried out at once; the others wait.
const AT_ONCE_MAX: usize = 16;
/// Between two tries of the same command, longer each time.
const TRY_AGAIN_MIN: Duration = Duration::from_secs(1);
const TRY_AGAIN_MAX: Duration = Duration::from_secs(15);
/// After the cloud did not answer.
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// Results remembered against a cloud that hands out a command once more; the oldest go first.
const DONE_MAX: usize = 4096;

/// Never ends by itself.
pub async fn watch(shared: Arc<Shared>, addresses: Vec<MailboxAddress>) {
    let of =
        |address: MailboxAddress| (UserId::of(&shared.organization, address.as_str()), address);
    let own: BTreeMap<UserId, MailboxAddress> = addresses.into_iter().map(of).collect();
    let turns = Arc::new(Semaphore::new(AT_ONCE_MAX));
    let done = Arc::new(Mutex::new(Remembered::default()));
    let clerk = Clerk { shared, done, turns };
    Desk { clerk, own, busy: JoinSet::new(), except: BTreeSet::new() }.run().await;
}

/// Hands out what comes.
struct Desk {
    clerk: Clerk,
    own: BTreeMap<UserId, MailboxAddress>,
    busy: JoinSet<CommandName>,
    /// Those being carried out, and those of mailboxes that another connector follows.
    except: BTreeSet<CommandName>,
}

impl Desk {
    async fn run(mut self) {
        let mut leases = self.clerk.shared.leases.changes();
        loop {
            while let Some(Ok(ended)) = self.busy.try_join_next() {
                self.except.remove(&ended);
            }
            let held = held(&leases.borrow_and_update());
            if held.is_empty() {
                if leases.changed().await.is_err() {
                    // The renewing task has ended, and with it soon this one.
                    return std::future::pending().await;
                }
                continue;
            }
            let request = CommandsRequest {
                owner: self.clerk.shared.leases.owner,
                except: self.except.iter().copied().collect(),
            };
            let asked = self.clerk.shared.cloud.commands(&request);
            let answer = tokio::select! {
                answer = asked => answer,
                // New mailboxes may have commands waiting.
                () = changed_from(&mut leases, &held) => continue,
            };
            match answer {
                Ok(waiting) => {
                    for command in waiting.commands {
                        self.hand_out(command);
                    }
                }
                Err(failure) => {
                    tracing::debug!(error = %failure, "Orders cannot be fetched");
                    self.clerk.shared.world.clock.sleep(ASK_AGAIN).await;
                }
            }
        }
    }

    fn hand_out(&mut self, waiting: WaitingCommand) {
        // Foreign ones end by themselves in the cloud; the list must not grow with them.
        if self.except.len() >= COMMANDS_EXCEPT_MAX {
            self.except.clear();
        }
        let is_new = self.except.insert(waiting.name);
        let Some(address) = self.own.get(&waiting.name.user).filter(|_| is_new) else { return };
        let (clerk, address) = (self.clerk.clone(), address.clone());
        self.busy.spawn(async move {
            clerk.see_to(&waiting, &address).await;
            waiting.name
        });
    }
}

fn held(leases: &BTreeMap<Shard, Held>) -> BTreeSet<(Shard, i64)> {
    leases.iter().map(|(shard, held)| (*shard, held.epoch)).collect()
}

/// Renewals change nothing.
async fn changed_from(
    leases: &mut watch::Receiver<BTreeMap<Shard, Held>>,
    before: &BTreeSet<(Shard, i64)>,
) {
    loop {
        if leases.changed().await.is_err() {
            return std::future::pending().await;
        }
        if held(&leases.borrow_and_update()) != *before {
            return;
        }
    }
}

/// Carries out one command at a time; cheap to clone.
#[derive(Clone)]
struct Clerk {
    shared: Arc<Shared>,
    done: Arc<Mutex<Remembered>>,
    turns: Arc<Semaphore>,
}

/// What was done lately, by when it may be forgotten: then it is too old to be done.
#[derive(Default)]
struct Remembered {
    outcomes: BTreeMap<CommandName, Outcome>,
    by_end: BTreeSet<(i64, CommandName)>,
}

impl Remembered {
    fn put(&mut self, name: CommandName, outcome: Outcome, now_ms: i64, end_ms: i64) {
        while let Some((end, oldest)) = self.by_end.first().copied() {
            if end > now_ms && self.outcomes.len() < DONE_MAX {
                break;
            }
            self.by_end.remove(&(end, oldest));
            self.outcomes.remove(&oldest);
        }
        self.outcomes.insert(name, outcome);
        self.by_end.insert((end_ms, name));
    }
}

impl Clerk {
    /// Until it is done, or somebody else's to do. A command that is too old is refused, so this
    /// ends.
    async fn see_to(&self, waiting: &WaitingCommand, address: &MailboxAddress) {
        let mut pause = TRY_AGAIN_MIN;
        loop {
            let Some(lease) = self.lease(waiting.name.user).await else { return };
            let outcome = {
                let Ok(_turn) = self.turns.acquire().await else { return };
                self.outcome(waiting, address, lease).await
            };
            let told = match outcome {
                Ok(outcome) => self.tell(waiting.name, lease, outcome).await,
                Err(failure) => Err(failure),
            };
            match told {
                Ok(()) => return,
                Err(failure) => {
                    tracing::debug!(
                        mailbox.id = %waiting.name.user, error = %failure,
                        "An order is not done yet"
                    );
                }
            }
            self.shared.world.clock.sleep(pause).await;
            pause = (pause * 2).min(TRY_AGAIN_MAX);
        }
    }

    /// Long enough to write; waits for one renewal if need be.
    async fn lease(&self, user: UserId) -> Option<Held> {
        let held = self.shared.leases.held(user)?;
        if !held.is_good_for(WRITE_NEEDS) {
            self.shared.world.clock.sleep(TRY_AGAIN_MIN).await;
        }
        self.shared.leases.held(user)
    }

    async fn tell(&self, name: CommandName, lease: Held, outcome: Outcome) -> Result<(), Failure> {
        let owner = self.shared.leases.owner;
        let result = CommandResult { owner, lease_epoch: lease.epoch, outcome };
        Ok(self.shared.cloud.command_result(name, &result).await.map(drop)?)
    }

    async fn outcome(
        &self,
        waiting: &WaitingCommand,
        address: &MailboxAddress,
        lease: Held,
    ) -> Result<Outcome, Failure> {
        let name = waiting.name;
        let (statement, wish) = match self.opened(waiting).await? {
            Ok(opened) => opened,
            Err(why) => {
                tracing::debug!(mailbox.id = %name.user, ?why, "An order is not carried out");
                return Ok(refused(why));
            }
        };
        let known = self.done().outcomes.get(&name).cloned();
        if let Some(outcome) = known {
            return Ok(outcome);
        }
        if !lease.is_good_for(WRITE_NEEDS) {
            return Err(Failure::Lease);
        }
        let connection = self.shared.connection.clone();
        let doing = Doing {
            shared: &self.shared,
            session: Session::new(connection.clone(), address.clone()),
            scheduler: Scheduler::new(connection, address.clone()),
            name,
            sent_at_ms: statement.sent_at_ms,
            until: lease.last_moment_to_write(),
        };
        if !wish.is_write() {
            return Box::pin(doing.carry_out(&wish)).await;
        }
        let Some(write) = brakes::begin(&self.shared, &statement)? else {
            return Ok(refused(Why::Refused));
        };
        let outcome = Box::pin(doing.carry_out(&wish)).await;
        write.ended(&outcome);
        let outcome = outcome?;
        let end = statement.sent_at_ms.saturating_add(COMMAND_LIFE_MS + CLOCK_SKEW_MS);
        let now_ms = self.shared.world.clock.now_ms();
        self.done().put(name, outcome.clone(), now_ms, end);
        Ok(outcome)
    }

    /// Who signed it, whether it may be done, and what it says; in this order.
    async fn opened(
        &self,
        WaitingCommand { name, command }: &WaitingCommand,
    ) -> Result<Result<(Statement, Wish), Why>, Failure> {
        let not_permitted = Ok(Err(Why::NotPermitted));
        let Ok(device) = claimed_device(command) else { return not_permitted };
        let device = match self.shared.keys.device(name.user.0, &device).await {
            Ok(device) => device,
            Err(failure) if is_final(&failure) => return not_permitted,
            Err(failure) => return Err(failure.into()),
        };
        let Ok(statement) = verified(command, &device) else { return not_permitted };
        let now_ms = self.shared.world.clock.now_ms();
        if let Err(why) = checked::check(&statement, *name, &self.shared.organization, now_ms) {
            return Ok(Err(why));
        }
        let key = match self.shared.keys.retrieve(&statement.encryption_key_url).await {
            Ok(key) => key,
            Err(failure) if is_final(&failure) => return not_permitted,
            Err(failure) => return Err(failure.into()),
        };
        let texts = statement.sealed.iter().map(|(field, sealed)| {
            let place = CommandPlace {
                organization: &statement.organization,
                user: statement.user,
                idempotency_key: statement.idempotency_key,
                field,
                revision: statement.sent_at_ms,
            };
            Ok((field.clone(), open_command(&key, &place, sealed)?))
        });
        let texts: Result<BTreeMap<_, _>, OpenFailure> = texts.collect();
        let Ok(texts) = texts else { return not_permitted };
        Ok(Wish::of(&statement, texts).map(|wish| (statement, wish)))
    }

    fn done(&self) -> std::sync::MutexGuard<'_, Remembered> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asking again would change nothing.
fn is_final(failure: &KeyFailure) -> bool {
    match failure.remedy() {
        KeyRemedy::NotPermitted | KeyRemedy::Gone => true,
        KeyRemedy::TryAgain { .. } | KeyRemedy::SignInAgain | KeyRemedy::GiveUp => {
            matches!(failure, KeyFailure::OtherKey(_))
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_too_old_to_come_again_is_forgotten() {
        let name = |n: usize| CommandName {
            user: UserId(Uuid::nil()),
            idempotency_key: Uuid::from_u128(u128::try_from(n).expect("small")),
        };
        let mut done = Remembered::default();
        for n in 0..=DONE_MAX {
            done.put(name(n), refused(Why::Conflict), 0, 1000 + i64::try_from(n).expect("small"));
        }
        assert_eq!(done.outcomes.len(), DONE_MAX, "the oldest made room");
        assert!(!done.outcomes.contains_key(&name(0)));
        done.put(name(0), refused(Why::Conflict), 100_000, 200_000);
        assert_eq!((done.outcomes.len(), done.by_end.len()), (1, 1));
    }
}
