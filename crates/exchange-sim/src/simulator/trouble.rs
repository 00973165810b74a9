//! Trouble, by command and from seeds.

use std::time::Duration;

use world::chance::Chance;

use super::{MeetingRef, Occasion, Simulator, target};
use crate::{
    backends::Why,
    faults::{Notices, RandomTrouble, Trouble},
    mailbox::Ids,
    oddities::Oddity,
    server::locked,
    simulator::SimulatorFailure,
    streaming::StreamManner,
    subscriptions::StreamMessage,
    throttling::Policy,
    wording::Manner,
};

/// Requests.
impl Simulator {
    /// The next requests of an operation, or of any, meet this.
    pub fn trouble(&self, operation: Option<&str>, requests: u32, trouble: Trouble) {
        locked(&self.shared.troubles).order(operation, requests, trouble);
    }

    /// From now on any request may meet trouble.
    pub fn random_trouble(&self, random: RandomTrouble) {
        locked(&self.shared.troubles).randomly(random);
    }

    /// Ends what was ordered, what is left to chance, and every absence; what was lost stays so.
    pub fn end_trouble(&self) {
        locked(&self.shared.troubles).clear();
        locked(&self.shared.budgets).policy = Policy::default();
        let mut store = self.shared.store();
        store.back_ends.end_trouble();
        store.stream_manner = StreamManner::default();
        store.notices = None;
    }

    pub fn set_policy(&self, policy: Policy) {
        locked(&self.shared.budgets).policy = policy;
    }

    /// From now on it answers like another server.
    pub fn set_manner(&self, manner: Manner) {
        self.shared.store().manner = manner;
    }

    /// Makes an entry odd in one more way.
    pub fn make_odd(&self, meeting: &MeetingRef, oddity: Oddity) -> Result<(), SimulatorFailure> {
        let mut store = self.shared.store();
        let target = target(&store, meeting, Occasion::Whole)?;
        locked(&self.shared.garbling).has_odd_items = true;
        store.make_odd(&target, oddity)?;
        Ok(())
    }

    /// From now on, wherever answers would say the one, they say the other.
    pub fn garble(&self, written: &str, said: &str) {
        locked(&self.shared.garbling).add(written, said);
    }

    /// Every state given out so far becomes `ErrorInvalidSyncStateData`.
    pub fn invalidate_sync_states(&self) {
        self.shared.store().sync_generation += 1;
    }
}

/// Streams.
impl Simulator {
    /// As after a failover: nobody knows any subscription any more.
    pub fn lose_subscriptions(&self) {
        let mut store = self.shared.store();
        store.subscriptions.lose(|_| true);
        store.queues.lose_all();
    }

    pub fn lose_subscriptions_of(&self, address: &str) {
        let address = crate::mailbox::key(address);
        self.shared.store().subscriptions.lose(|subscription| subscription.mailbox == address);
    }

    /// A subscription that no stream carries ends after this.
    pub fn expire_subscriptions_after(&self, idle_max: Duration) {
        self.shared.store().subscriptions.idle_max = Some(idle_max);
    }

    /// All streaming connections break; the subscriptions stay.
    pub fn cut_streams(&self) {
        self.shared.store().subscriptions.end_all(|| StreamMessage::Cut);
    }

    /// All streams end in good order.
    pub fn close_streams(&self) {
        self.shared.store().subscriptions.end_all(|| StreamMessage::Close);
    }

    /// The streams that are open stay so, and nothing comes any more.
    pub fn silence_streams(&self) {
        self.shared.store().subscriptions.silence();
    }

    /// All streams say that there was more than they could keep.
    pub fn miss_notifications(&self) {
        self.shared.store().subscriptions.end_all(|| StreamMessage::Missed);
    }

    /// How streams arrive from now on.
    pub fn set_stream_manner(&self, manner: StreamManner) {
        self.shared.store().stream_manner = manner;
    }

    /// What becomes of single notifications from now on.
    pub fn garble_notices(&self, seed: u64, notices: Notices) {
        self.shared.store().notices = Some((Chance::seeded(seed), notices));
    }
}

/// Back ends.
impl Simulator {
    /// Its mailboxes go on at the next one; their subscriptions, and those it held, are lost.
    pub fn fail_over(&self, back_end: usize, lasts: Duration) {
        let mut store = self.shared.store();
        let addresses: Vec<String> =
            store.mailboxes().map(|mailbox| mailbox.person.address.clone()).collect();
        let to = store.back_ends.after(back_end);
        for address in addresses {
            if store.back_ends.home(&address) == back_end
                && store.relocate(&address, to, Why::FailOver, lasts, Ids::Kept).is_err()
            {
                tracing::debug!("A mailbox is gone before it failed over");
            }
        }
        store.subscriptions.lose(|subscription| subscription.back_end == back_end);
    }

    /// To another back end; its subscriptions and sync states are void.
    pub fn move_mailbox(
        &self,
        address: &str,
        to: usize,
        lasts: Duration,
        ids: Ids,
    ) -> Result<(), SimulatorFailure> {
        Ok(self.shared.store().relocate(address, to, Why::Move, lasts, ids)?)
    }

    /// Where a mailbox lives: the number of its back end, and its name.
    pub fn home(&self, address: &str) -> (usize, String) {
        let store = self.shared.store();
        let home = store.back_ends.home(address);
        (home, store.back_ends.host(home).to_owned())
    }
}
