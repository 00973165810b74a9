//! Asks who is away, round after round, and tells the cloud.

use std::{sync::Arc, time::Duration};

use protocol::{
    ids::{MailboxAddress, UserId},
    presence::PresenceReport,
};

use super::People;
use crate::{
    exchange::{Failure, presence::Absences},
    follower::Shared,
};

/// People see each other's absences within a minute. Ten minutes would do for asking each mailbox
/// by itself; a request about a hundred costs Exchange no more than one of those.
const ROUND: Duration = Duration::from_secs(45);
const ROUND_JITTER: Duration = Duration::from_secs(5);
/// Rounds of large installations take longer instead of asking faster.
const BATCH_TIME: Duration = Duration::from_millis(500);
/// Mailboxes asked about at once, unless the server says fewer; halved when that fails.
const BATCH: usize = 100;
/// Settings read in one round, so that the first ones are spread.
const READS_PER_ROUND: usize = 100;

/// Never ends by itself.
pub async fn watch(shared: Arc<Shared>, addresses: Vec<MailboxAddress>) {
    let absences = Absences::new(shared.connection.clone(), &shared.world);
    let people = People::new(addresses.iter().cloned());
    let mut watcher =
        Watcher { shared, absences, people, addresses, batch: BATCH, asking: 0, is_asked: false };
    loop {
        watcher.round().await;
        watcher.rest().await;
    }
}

struct Watcher {
    shared: Arc<Shared>,
    absences: Absences,
    people: People,
    addresses: Vec<MailboxAddress>,
    batch: usize,
    /// In whose name is asked; the next one after a failure, since it may be this mailbox's own.
    asking: usize,
    /// Whether the server has said how many it answers at once.
    is_asked: bool,
}

impl Watcher {
    async fn round(&mut self) {
        let has_tips = match self.ask_for_tips().await {
            Ok(()) => true,
            Err(failure) => {
                tracing::debug!(error = %failure, "No tips about absences; asking one by one");
                self.asking = self.asking.wrapping_add(1);
                self.batch = self.batch.div_ceil(2);
                self.is_asked = false;
                false
            }
        };
        self.people.set_tips(has_tips);
        let clock = self.shared.world.clock.clone();
        for mailbox in self.people.due(clock.now(), READS_PER_ROUND) {
            match self.absences.replies(&mailbox).await {
                Ok(replies) => self.people.on_replies(&mailbox, replies, clock.now()),
                Err(failure) => {
                    tracing::debug!(error = %failure, "Automatic replies cannot be read");
                    self.people.on_failure(&mailbox, clock.now());
                }
            }
        }
        self.tell().await;
    }

    async fn ask_for_tips(&mut self) -> Result<(), Failure> {
        let at = self.asking.checked_rem(self.addresses.len()).unwrap_or_default();
        let Some(asking) = self.addresses.get(at).cloned() else { return Ok(()) };
        if !self.is_asked {
            let most = self.absences.recipients_max(&asking).await?;
            self.batch = self.batch.min(most.unwrap_or(BATCH)).max(1);
            self.is_asked = true;
        }
        for about in self.addresses.chunks(self.batch) {
            for tipped in self.absences.tips(&asking, about).await? {
                self.people.on_tip(&tipped.mailbox, tipped.tip);
            }
        }
        Ok(())
    }

    /// Also between rounds, when an absence begins or ends.
    async fn tell(&mut self) {
        let Shared { world, leases, cloud, organization, .. } = &*self.shared;
        let user = |mailbox: &MailboxAddress| UserId::of(organization, mailbox.as_str());
        let epoch = |mailbox: &MailboxAddress| Some(leases.held(user(mailbox))?.epoch);
        for (mailbox, presence, lease_epoch) in self.people.to_tell(world.clock.now(), epoch) {
            let user = user(&mailbox);
            let report = PresenceReport { owner: leases.owner, lease_epoch, presence };
            match cloud.presence(user, &report).await {
                Ok(_stored) => self.people.on_told(&mailbox, presence, lease_epoch),
                // The next round tells it again.
                Err(failure) => {
                    tracing::debug!(mailbox.id = %user, error = %failure, "An absence was not told");
                }
            }
        }
    }

    async fn rest(&mut self) {
        let world = self.shared.world.clone();
        let batches = self.addresses.len().checked_div(self.batch).unwrap_or_default();
        let batches = u32::try_from(batches).unwrap_or(u32::MAX);
        let round =
            ROUND.max(BATCH_TIME.saturating_mul(batches)) + world.chance.jitter(ROUND_JITTER);
        let Ok(end) = world.clock.now().checked_add(round) else { return };
        while let Some(change) = self.people.next_change(world.clock.now()) {
            if change >= end {
                break;
            }
            world.clock.sleep_until(change).await;
            self.tell().await;
        }
        world.clock.sleep_until(end).await;
    }
}
