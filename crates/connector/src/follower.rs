//! Does what [`Mailbox`] decides, for one mailbox: subscribe, read, seal, commit.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use kms::client::{KeyClient, KeyRemedy};
use protocol::{
    connector::{COMMIT_BYTES_MAX, COMMIT_MEETINGS_MAX, Commit},
    ids::{ConnectorId, MailboxAddress, OrganizationId, UserId},
    keys::Purpose,
    meeting::SealedMeeting,
};
use world::{World, clock::Clock};

use crate::{
    alarms::Alarms,
    board::Inbox,
    brakes::Brakes,
    cloud::Cloud,
    entry::Version,
    exchange::{
        Connection, Session,
        streams::{Carried, Streams},
    },
    failure::Failure,
    lease::{Held, Leases},
    mailbox::{Action, Event, Mailbox, SWEEP_EARLIER_MAX},
    news::{News, SourceId},
    pass::{Outcome, Pass, WINDOW_BACK},
    practice::Practice,
    remedy::Remedy,
    state::{KEYS_MAX, State},
    upload::{Identity, Sealer},
};

/// A commit that has reached this is sent; one more meeting always fits below the cloud's bound.
const COMMIT_BYTES_ENOUGH: usize = COMMIT_BYTES_MAX / 2;
/// Keys and settings beside what is remembered; roughly.
const LOADED_BYTES: usize = 2048;

/// What all followers share.
pub struct Shared {
    pub world: World,
    pub connection: Connection,
    pub cloud: Cloud,
    pub keys: KeyClient,
    pub organization: OrganizationId,
    pub connector: ConnectorId,
    pub practice: Arc<Practice>,
    pub brakes: Arc<Brakes>,
    pub domains: Arc<[String]>,
    /// Mailboxes that this connector may look into.
    pub followed: Arc<BTreeSet<MailboxAddress>>,
    pub leases: Leases,
    pub streams: Streams,
    pub alarms: Alarms,
}

/// What a pass needs to know; good for as long as the lease is.
pub struct Following {
    pub session: Session,
    pub user: UserId,
    pub sealer: Sealer,
    pub practice: Arc<Practice>,
    pub brakes: Arc<Brakes>,
    pub alarms: Alarms,
    pub clock: Clock,
    pub conference_secret: zeroize::Zeroizing<Vec<u8>>,
    leases: Leases,
    /// Of the lease under which the state was read.
    epoch: i64,
    domains: Arc<[String]>,
    followed: Arc<BTreeSet<MailboxAddress>>,
}

/// What we remember of the mailbox, and which commit it was in.
struct Remembered {
    state: State,
    version: i64,
    /// Whether the keys that sealed what is in the cloud are known to open it.
    is_open: bool,
}

/// One followed mailbox. Idle, it holds next to nothing.
pub struct Follower {
    shared: Arc<Shared>,
    address: MailboxAddress,
    user: UserId,
    inbox: Inbox,
    mailbox: Mailbox,
    has_started: bool,
    carried: Option<Carried>,
    /// Subscriptions lost in a row without the stream having opened.
    losses: u32,
    loaded: Option<Box<(Following, Remembered)>>,
    /// When something is to be tried again: then everything is looked at.
    due: Option<Timestamp>,
    /// Epoch and version of what was loaded last: if they are others now, somebody else committed.
    last_known: Option<(i64, i64)>,
}

/// What a mailbox waits for when there is nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// News, at most so long.
    News(Duration),
    /// So long, whatever comes.
    Pause(Duration),
    Lease,
}

impl Following {
    /// The lease as it is at this moment, if it is still the one we began under.
    pub fn lease(&self) -> Option<Held> {
        self.leases.held(self.user).filter(|held| held.epoch == self.epoch)
    }

    pub fn is_followed(&self, address: &MailboxAddress) -> bool {
        self.followed.contains(address)
    }

    pub fn is_own_domain(&self, address: &MailboxAddress) -> bool {
        let domain = address.as_str().rsplit_once('@').map(|(_, domain)| domain);
        domain.is_some_and(|domain| self.domains.iter().any(|own| own == domain))
    }
}

impl Follower {
    pub fn new(shared: Arc<Shared>, address: MailboxAddress, inbox: Inbox) -> Self {
        let user = UserId::of(&shared.organization, address.as_str());
        let mailbox = Mailbox::new(shared.world.chance.jitter(SWEEP_EARLIER_MAX));
        Self {
            shared,
            address,
            user,
            inbox,
            mailbox,
            has_started: false,
            carried: None,
            losses: 0,
            loaded: None,
            due: None,
            last_known: None,
        }
    }

    pub fn user(&self) -> UserId {
        self.user
    }

    /// Does what is to be done until there is something to wait for.
    pub async fn step(&mut self, mut news: News) -> Rest {
        self.heard(&news);
        if self.due.is_some_and(|due| due <= self.shared.world.clock.now()) {
            self.due = None;
            news.everything_changed();
        }
        let mut event = match (std::mem::replace(&mut self.has_started, true), news.is_none()) {
            (false, _) => Event::Started,
            (true, true) => Event::Due,
            (true, false) => Event::News(news),
        };
        loop {
            let now = self.shared.world.clock.now();
            let was_live = self.mailbox.is_live();
            let action = self.mailbox.on(event, now);
            if self.mailbox.is_live() && !was_live {
                self.shared.alarms.clear_all(Some(self.user));
            }
            let result = match action {
                Action::Wait(limit) => return Rest::News(at_most(limit, self.due, now)),
                Action::Pause(time) => return Rest::Pause(time),
                Action::AwaitLease => return Rest::Lease,
                Action::RaiseAlarm(reason) => {
                    self.shared.alarms.raise(reason, Some(self.user));
                    Ok(())
                }
                Action::LoadState => self.load().await,
                Action::Relocate => self.relocate().await,
                Action::Subscribe => self.subscribe().await,
                Action::Reconcile { from_scratch } => self.everything(from_scratch).await,
                Action::Look(hints) => self.look(&hints).await,
            };
            event = self.ended(result);
        }
    }

    /// Roughly, what it takes in memory beyond an idle one.
    pub fn loaded_bytes(&self) -> usize {
        let remembered = self.loaded.as_ref().map(|loaded| loaded.1.state.bytes());
        remembered.map_or(0, |bytes| bytes + LOADED_BYTES)
    }

    /// Forgets what can be read from the cloud again.
    pub fn unload(&mut self) {
        self.loaded = None;
        self.mailbox.unload();
    }

    fn heard(&mut self, news: &News) {
        if news.is_listening_anew {
            self.losses = 0;
        }
        if news.is_subscription_lost {
            self.losses = self.losses.saturating_add(1);
            self.carried = None;
        }
    }

    fn ended(&mut self, result: Result<(), Failure>) -> Event {
        let Err(failure) = result else { return Event::Done };
        let remedy = failure.remedy();
        match remedy {
            // Whatever was known of the cloud's state is known to be old.
            Remedy::ReadState | Remedy::WaitForLease => {
                self.loaded = None;
                self.last_known = None;
            }
            Remedy::RetryAfter(_)
            | Remedy::BackOff
            | Remedy::Resubscribe
            | Remedy::SyncFromScratch
            | Remedy::Relocate
            | Remedy::Doubt(_)
            | Remedy::GiveUp(_) => {}
        }
        let cause = std::error::Error::source(&failure).map(ToString::to_string);
        if remedy == Remedy::WaitForLease {
            tracing::debug!(mailbox.id = %self.user, "Waiting for the lease");
        } else {
            tracing::warn!(mailbox.id = %self.user, error = %failure, cause, ?remedy, "A step failed");
        }
        Event::Failed(remedy)
    }

    /// Fetches keys and what we remember, under the lease. If somebody else has committed since we
    /// last looked, what we heard meanwhile is not all there is.
    async fn load(&mut self) -> Result<(), Failure> {
        self.loaded = None;
        let shared = &self.shared;
        let lease = shared.leases.held(self.user).ok_or(Failure::Lease)?;
        let (organization, chance) = (&shared.organization, &shared.world.chance);
        let sealer = Sealer::new(&shared.keys, organization, &shared.connector, self.user, chance);
        let sealer = sealer.await?;
        let secret = shared.keys.current(organization.uuid(), Purpose::Conference).await?;
        let stored = shared.cloud.state(self.user).await?;
        let state = match sealer.open_state(&stored) {
            Some(state) => state,
            None => State::from_cloud(&shared.cloud.state_with_meetings(self.user).await?),
        };
        let known = (lease.epoch, stored.version);
        if self.last_known.replace(known).is_some_and(|last| last != known) {
            return Err(Failure::Overtaken);
        }
        let remembered = Remembered { state, version: stored.version, is_open: false };
        let following = Following {
            session: Session::new(shared.connection.clone(), self.address.clone()),
            user: self.user,
            sealer,
            practice: Arc::clone(&shared.practice),
            brakes: Arc::clone(&shared.brakes),
            alarms: shared.alarms.clone(),
            clock: shared.world.clock.clone(),
            conference_secret: secret.derived("conference"),
            leases: shared.leases.clone(),
            epoch: lease.epoch,
            domains: Arc::clone(&shared.domains),
            followed: Arc::clone(&shared.followed),
        };
        self.loaded = Some(Box::new((following, remembered)));
        Ok(())
    }

    /// The subscription lies where the mailbox was.
    async fn relocate(&mut self) -> Result<(), Failure> {
        self.carried = None;
        self.shared.connection.relocate(&self.address).await?;
        Ok(())
    }

    async fn subscribe(&mut self) -> Result<(), Failure> {
        self.carried = None;
        let carried = self.shared.streams.carry(&self.address, self.inbox.clone(), self.losses);
        self.carried = Some(carried.await?);
        Ok(())
    }

    /// With the keys as they are now. If one that sealed what is in the cloud was revoked or is
    /// gone, everything is read and sealed anew.
    async fn freshen_keys(&mut self) -> Result<(), Failure> {
        let shared = Arc::clone(&self.shared);
        let Some(loaded) = &mut self.loaded else { return Ok(()) };
        let (following, remembered) = &mut **loaded;
        let is_other = match following.sealer.freshen(&shared.keys).await {
            Ok(is_other) => is_other,
            Err(failure) => {
                if failure.remedy() == KeyRemedy::Gone {
                    // Nor is anything of that person to stay in memory.
                    self.unload();
                }
                return Err(failure.into());
            }
        };
        if remembered.is_open && !is_other {
            return Ok(());
        }
        let keys = &remembered.state.keys;
        if keys.len() > KEYS_MAX || !following.sealer.all_open(&shared.keys, keys).await? {
            remembered.state.forget_seals();
            return Err(Failure::KeyWithdrawn);
        }
        remembered.is_open = true;
        Ok(())
    }

    async fn everything(&mut self, from_scratch: bool) -> Result<(), Failure> {
        self.freshen_keys().await?;
        let now = self.shared.world.clock.now();
        let (following, remembered) = self.current()?;
        let outcome = Pass::new(following, &remembered.state, now).everything(from_scratch).await;
        self.commit(outcome).await
    }

    async fn look(&mut self, hints: &BTreeMap<SourceId, Option<Version>>) -> Result<(), Failure> {
        self.freshen_keys().await?;
        let now = self.shared.world.clock.now();
        let (following, remembered) = self.current()?;
        let outcome = Pass::new(following, &remembered.state, now).look(hints).await;
        self.commit(outcome).await
    }

    /// What we hold, if the lease is still the one we hold it under.
    fn current(&self) -> Result<(&Following, &Remembered), Failure> {
        let loaded = self.loaded.as_ref().ok_or(Failure::Lease)?;
        let (following, remembered) = &**loaded;
        following.lease().ok_or(Failure::Lease)?;
        Ok((following, remembered))
    }

    /// Meetings and the state that covers them, together; several commits for many meetings, the
    /// bookmark in the last.
    async fn commit(&mut self, mut outcome: Outcome) -> Result<(), Failure> {
        let shared = Arc::clone(&self.shared);
        let now = shared.world.clock.now();
        let sync_state = outcome.sync_state.take();
        self.due = self.due.into_iter().chain(outcome.due).min();
        let again = std::mem::take(&mut outcome.again);
        loop {
            let (following, remembered) = self.current()?;
            let is_news = sync_state.is_some() && sync_state != remembered.state.sync_state;
            let has_changes = !(outcome.changed.is_empty()
                && outcome.deleted.is_empty()
                && outcome.held.is_empty());
            if !has_changes && !is_news {
                return outcome.interrupted.map_or(Ok(()), Err);
            }
            let mut state = remembered.state.clone();
            let upserts = sealed(&shared, following, &mut state, &mut outcome)?;
            let deletes: Vec<_> = std::mem::take(&mut outcome.deleted).into_iter().collect();
            for id in &deletes {
                state.entries.remove(id);
            }
            for (id, held) in std::mem::take(&mut outcome.held) {
                match held {
                    Some(held) => state.held.insert(id, held),
                    None => state.held.remove(&id),
                };
            }
            let is_last = outcome.changed.is_empty();
            if is_last && sync_state.is_some() {
                state.sync_state.clone_from(&sync_state);
                forget_the_past(&mut state, now);
            }
            let (version, epoch) = (remembered.version, following.epoch);
            let commit = Commit {
                owner: shared.leases.owner,
                lease_epoch: epoch,
                expect_version: version,
                batch_id: shared.world.chance.uuid(),
                sealed_state: following.sealer.state(&state, version + 1, epoch)?,
                upserts,
                deletes,
            };
            let committed = shared.cloud.commit(self.user, &commit).await?;
            self.last_known = Some((epoch, committed.version));
            if let Some(loaded) = &mut self.loaded {
                loaded.1 =
                    Remembered { state, version: committed.version, is_open: loaded.1.is_open };
            }
            if is_last {
                // Wishes are stored now: their conferences may be asked for.
                for item in again {
                    self.inbox.note(|news| news.changed(item, None));
                }
                return outcome.interrupted.map_or(Ok(()), Err);
            }
        }
    }
}

/// Seals as many of the changed meetings as one commit carries.
fn sealed(
    shared: &Shared,
    following: &Following,
    state: &mut State,
    outcome: &mut Outcome,
) -> Result<Vec<SealedMeeting>, Failure> {
    let now_ms = shared.world.clock.now_ms();
    let own = |address: &MailboxAddress| {
        let user = || UserId::of(&shared.organization, address.as_str());
        following.is_own_domain(address).then(user)
    };
    let mut upserts = Vec::new();
    let mut bytes = 0;
    while upserts.len() < COMMIT_MEETINGS_MAX && bytes < COMMIT_BYTES_ENOUGH {
        let Some((id, changed)) = outcome.changed.pop_first() else { break };
        let revision = state.next_revision(now_ms);
        let identity = Identity { id: id.clone(), series_id: changed.series, revision };
        let sealed = following.sealer.meeting(identity, &changed.entry.meeting, own)?;
        bytes += changed.entry.meeting.sealed_bytes();
        upserts.push(sealed);
        state.keys.extend(following.sealer.key());
        state.entries.insert(id, changed.remembered);
    }
    Ok(upserts)
}

/// Less if something is to be tried again before; not at all if it is due already.
fn at_most(limit: Duration, due: Option<Timestamp>, now: Timestamp) -> Duration {
    // A time in the past is a negative one, which cannot be said as a `Duration`.
    let due = due.map(|due| Duration::try_from(due.duration_since(now)).unwrap_or_default());
    due.map_or(limit, |due| limit.min(due))
}

/// Meetings that have left the window are purged by the cloud; we need not remember them.
fn forget_the_past(state: &mut State, now: Timestamp) {
    let horizon = now.checked_sub(WINDOW_BACK).unwrap_or(now).as_millisecond();
    state.entries.retain(|_, entry| entry.end_ms > horizon);
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn what_is_due_is_not_waited_for() {
        let now: Timestamp = "2026-11-24T09:00:00Z".parse().expect("a time");
        let limit = Duration::from_mins(60);
        let in_seconds = |seconds| Some(now + SignedDuration::from_secs(seconds));
        assert_eq!(at_most(limit, None, now), limit);
        assert_eq!(at_most(limit, in_seconds(90), now), Duration::from_secs(90));
        assert_eq!(at_most(limit, in_seconds(7200), now), limit);
        assert_eq!(at_most(limit, in_seconds(0), now), Duration::ZERO);
        assert_eq!(at_most(limit, in_seconds(-1), now), Duration::ZERO);
    }
}
