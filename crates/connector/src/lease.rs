//! Leases: the right to follow mailboxes. One task renews them for all; followers look here
//! before they read and before they write, so that two connectors never follow one mailbox.

use std::{collections::BTreeMap, time::Duration};

use protocol::{
    connector::LeaseRequest,
    ids::{Shard, UserId},
};
use tokio::{sync::watch, time::Instant};
use uuid::Uuid;
use world::World;

use crate::{
    alarms::Alarms,
    cloud::Cloud,
    remedy::{Reason, Remedy},
};

/// A third of the cloud's time to live, so that two renewals may fail.
const RENEW_EVERY: Duration = Duration::from_secs(3);
/// A write to Exchange is begun only with this much left.
pub const WRITE_NEEDS: Duration = Duration::from_secs(4);

/// Clocks and networks are not exact.
const WRITE_MARGIN: Duration = Duration::from_secs(1);

/// A lease as far as its holder can know; counted from before it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub epoch: i64,
    until: Instant,
}

impl Held {
    pub fn is_good_for(&self, time: Duration) -> bool {
        Instant::now() + time <= self.until
    }

    /// A write that is not answered by then counts as of unknown outcome.
    pub fn last_moment_to_write(&self) -> Instant {
        self.until.checked_sub(WRITE_MARGIN).unwrap_or(self.until)
    }
}

/// What followers see. Cheap to clone.
#[derive(Clone)]
pub struct Leases {
    /// Drawn anew at each start: a restarted connector is a new owner.
    pub owner: Uuid,
    held: watch::Receiver<BTreeMap<Shard, Held>>,
}

impl Leases {
    /// The lease on this user's mailbox, if we hold it now.
    pub fn held(&self, user: UserId) -> Option<Held> {
        let held = self.held.borrow().get(&user.shard()).copied();
        held.filter(|held| held.is_good_for(Duration::ZERO))
    }

    /// Hears of each renewal.
    pub fn changes(&self) -> watch::Receiver<BTreeMap<Shard, Held>> {
        self.held.clone()
    }
}

/// What followers look at, and the task that renews.
pub fn start(
    world: World,
    cloud: Cloud,
    users: &[UserId],
    alarms: Alarms,
) -> (Leases, impl Future<Output = ()> + Send + use<>) {
    let owner = world.chance.uuid();
    let (sender, held) = watch::channel(BTreeMap::new());
    let mut shards: Vec<Shard> = users.iter().map(UserId::shard).collect();
    shards.sort_unstable();
    shards.dedup();
    let request = LeaseRequest { owner, shards };
    let renewing = async move {
        loop {
            renew(&cloud, &request, &sender, &alarms).await;
            world.clock.sleep(RENEW_EVERY).await;
        }
    };
    (Leases { owner, held }, renewing)
}

async fn renew(
    cloud: &Cloud,
    request: &LeaseRequest,
    sender: &watch::Sender<BTreeMap<Shard, Held>>,
    alarms: &Alarms,
) {
    let asked_at = Instant::now();
    match cloud.lease(request).await {
        Ok(answer) => {
            let until = asked_at + Duration::from_secs(answer.ttl_seconds.into());
            let held = answer.granted.iter();
            let held = held.map(|lease| (lease.shard, Held { epoch: lease.epoch, until }));
            sender.send_replace(held.collect());
            alarms.clear(Reason::CloudRefused);
        }
        // What we hold lapses by itself; followers then stop writing and reading.
        Err(failure) => match failure.remedy() {
            Remedy::GiveUp(reason) => alarms.raise(reason, None),
            Remedy::RetryAfter(_)
            | Remedy::BackOff
            | Remedy::Resubscribe
            | Remedy::SyncFromScratch
            | Remedy::ReadState
            | Remedy::Relocate
            | Remedy::Doubt(_)
            | Remedy::WaitForLease => tracing::warn!(error = %failure, "Cannot renew the leases"),
        },
    }
}
