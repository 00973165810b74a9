//! Does what [`Mailbox`] decides, for one mailbox: subscribe, listen, read, seal, commit.

use std::{collections::BTreeMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use jiff::Timestamp;
use kms::client::KeyClient;
use protocol::{
    connector::{COMMIT_BYTES_MAX, COMMIT_MEETINGS_MAX, Commit},
    ids::{ConnectorId, MailboxAddress, OrganizationId, UserId},
    keys::Purpose,
    meeting::SealedMeeting,
};
use tokio::time::timeout;
use world::World;

use crate::{
    alarms::Alarms,
    cloud::Cloud,
    entry::Version,
    exchange::{Connection, Session, streaming::Stream},
    failure::Failure,
    lease::{Held, Leases},
    mailbox::{Action, Event, Mailbox, SWEEP_EARLIER_MAX},
    news::{Inbox, SourceId},
    pass::{Outcome, Pass, WINDOW_BACK},
    state::State,
    upload::{Identity, Sealer},
    write_back::Practice,
};

/// A commit that has reached this is sent; one more meeting always fits below the cloud's bound.
const COMMIT_BYTES_ENOUGH: usize = COMMIT_BYTES_MAX / 2;
/// After a defect.
const TAKE_UP_ANEW: Duration = Duration::from_secs(30);

/// What all followers share.
pub struct Shared {
    pub world: World,
    pub connection: Connection,
    pub cloud: Cloud,
    pub keys: KeyClient,
    pub organization: OrganizationId,
    pub connector: ConnectorId,
    pub practice: Arc<Practice>,
    pub domains: Vec<String>,
    pub leases: Leases,
    pub alarms: Alarms,
}

/// What a pass needs to know; good for as long as the lease is.
pub struct Following {
    pub session: Session,
    pub user: UserId,
    pub sealer: Sealer,
    pub practice: Arc<Practice>,
    pub conference_secret: zeroize::Zeroizing<Vec<u8>>,
    leases: Leases,
    /// Of the lease under which the state was read.
    epoch: i64,
    domains: Vec<String>,
}

/// What we remember of the mailbox, and which commit it was in.
struct Remembered {
    state: State,
    version: i64,
}

struct Follower {
    shared: Arc<Shared>,
    stream: Stream,
    address: MailboxAddress,
    user: UserId,
    inbox: Inbox,
    mailbox: Mailbox,
    following: Option<(Following, Remembered)>,
}

impl Following {
    /// The lease as it is at this moment, if it is still the one we began under.
    pub fn lease(&self) -> Option<Held> {
        self.leases.held(self.user).filter(|held| held.epoch == self.epoch)
    }

    pub fn is_own_domain(&self, address: &MailboxAddress) -> bool {
        let domain = address.as_str().rsplit_once('@').map(|(_, domain)| domain);
        domain.is_some_and(|domain| self.domains.iter().any(|own| own == domain))
    }
}

/// Follows a mailbox until the task is ended. A defect of ours that stops it is logged, and the
/// mailbox is taken up anew like after a restart: it must not be forgotten silently.
pub async fn follow(shared: Arc<Shared>, stream: Stream, address: MailboxAddress) {
    loop {
        let (shared, stream) = (Arc::clone(&shared), stream.clone());
        let clock = shared.world.clock.clone();
        let following = AssertUnwindSafe(follow_once(shared, stream, address.clone()));
        if following.catch_unwind().await.is_err() {
            tracing::error!(
                alarm.id = "defect",
                "Following a mailbox broke off; taking it up anew"
            );
        }
        clock.sleep(TAKE_UP_ANEW).await;
    }
}

async fn follow_once(shared: Arc<Shared>, stream: Stream, address: MailboxAddress) {
    let user = UserId::of(&shared.organization, address.as_str());
    let sweep_earlier = shared.world.chance.jitter(SWEEP_EARLIER_MAX);
    let (inbox, mailbox) = (Inbox::default(), Mailbox::new(sweep_earlier));
    let follower = Follower { shared, stream, address, user, inbox, mailbox, following: None };
    follower.run().await;
}

impl Follower {
    async fn run(mut self) {
        let mut event = Event::Started;
        loop {
            let now = self.shared.world.clock.now();
            let was_live = self.mailbox.is_live();
            let action = self.mailbox.on(event, now);
            if self.mailbox.is_live() && !was_live {
                self.shared.alarms.clear_all(Some(self.user));
            }
            event = self.act(action).await;
        }
    }

    async fn act(&mut self, action: Action) -> Event {
        let result = match action {
            Action::LoadState => self.load().await,
            Action::Subscribe => self.subscribe().await,
            Action::Reconcile { from_scratch } => self.everything(from_scratch).await,
            Action::Look(hints) => self.look(&hints).await,
            Action::Wait(limit) => return self.wait(limit).await,
            Action::Pause(time) => {
                self.shared.world.clock.sleep(time).await;
                return Event::Due;
            }
            Action::RaiseAlarm(reason) => {
                self.shared.alarms.raise(reason, Some(self.user));
                return Event::Done;
            }
        };
        match result {
            Ok(()) => Event::Done,
            Err(failure) => {
                let remedy = failure.remedy();
                let cause = std::error::Error::source(&failure).map(ToString::to_string);
                tracing::warn!(mailbox.id = %self.user, error = %failure, cause, ?remedy, "A step failed");
                Event::Failed(remedy)
            }
        }
    }

    async fn wait(&self, limit: Duration) -> Event {
        match timeout(limit, self.inbox.next()).await {
            Ok(news) => Event::News(news),
            Err(_elapsed) => Event::Due,
        }
    }

    /// Waits for the lease, then fetches keys and what we remember. A lease of a new epoch means
    /// that somebody else may have committed since.
    async fn load(&mut self) -> Result<(), Failure> {
        self.following = None;
        let shared = &self.shared;
        let lease = shared.leases.wait(self.user).await;
        let (organization, chance) = (&shared.organization, &shared.world.chance);
        let sealer = Sealer::new(&shared.keys, organization, &shared.connector, self.user, chance);
        let sealer = sealer.await?;
        let secret = shared.keys.current(organization.uuid(), Purpose::Conference).await?;
        let stored = shared.cloud.state(self.user).await?;
        let state = match sealer.open_state(&stored) {
            Some(state) => state,
            None => State::from_cloud(&shared.cloud.state_with_meetings(self.user).await?),
        };
        let remembered = Remembered { state, version: stored.version };
        let following = Following {
            session: Session::new(shared.connection.clone(), self.address.clone()),
            user: self.user,
            sealer,
            practice: Arc::clone(&shared.practice),
            conference_secret: secret.derived("conference"),
            leases: shared.leases.clone(),
            epoch: lease.epoch,
            domains: shared.domains.clone(),
        };
        self.following = Some((following, remembered));
        Ok(())
    }

    async fn subscribe(&self) -> Result<(), Failure> {
        let session = Session::new(self.shared.connection.clone(), self.address.clone());
        let subscription = session.subscribe().await?;
        self.stream.carry(subscription, self.address.clone(), self.inbox.clone()).await;
        Ok(())
    }

    async fn everything(&mut self, from_scratch: bool) -> Result<(), Failure> {
        let now = self.shared.world.clock.now();
        let (following, remembered) = self.current()?;
        let outcome = Pass::new(following, &remembered.state, now).everything(from_scratch).await?;
        self.commit(outcome).await
    }

    async fn look(&mut self, hints: &BTreeMap<SourceId, Option<Version>>) -> Result<(), Failure> {
        let now = self.shared.world.clock.now();
        let (following, remembered) = self.current()?;
        let outcome = Pass::new(following, &remembered.state, now).look(hints).await?;
        self.commit(outcome).await
    }

    /// What we hold, if the lease is still the one we hold it under.
    fn current(&self) -> Result<(&Following, &Remembered), Failure> {
        let (following, remembered) = self.following.as_ref().ok_or(Failure::Lease)?;
        following.lease().ok_or(Failure::Lease)?;
        Ok((following, remembered))
    }

    /// Meetings and the state that covers them, together; several commits for many meetings, the
    /// bookmark in the last.
    async fn commit(&mut self, mut outcome: Outcome) -> Result<(), Failure> {
        let shared = Arc::clone(&self.shared);
        let now = shared.world.clock.now();
        let sync_state = outcome.sync_state.take();
        loop {
            let (following, remembered) = self.current()?;
            let is_news = sync_state.is_some() && sync_state != remembered.state.sync_state;
            if outcome.changed.is_empty() && outcome.deleted.is_empty() && !is_news {
                return Ok(());
            }
            let mut state = remembered.state.clone();
            let upserts = sealed(&shared, following, &mut state, &mut outcome)?;
            let deletes: Vec<_> = std::mem::take(&mut outcome.deleted).into_iter().collect();
            for id in &deletes {
                state.entries.remove(id);
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
            if let Some((_, remembered)) = &mut self.following {
                *remembered = Remembered { state, version: committed.version };
            }
            if is_last {
                return Ok(());
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
        bytes += serde_json::to_vec(&sealed).map_or(0, |json| json.len());
        upserts.push(sealed);
        state.entries.insert(id, changed.remembered);
    }
    Ok(upserts)
}

/// Meetings that have left the window are purged by the cloud; we need not remember them.
fn forget_the_past(state: &mut State, now: Timestamp) {
    let horizon = now.checked_sub(WINDOW_BACK).unwrap_or(now).as_millisecond();
    state.entries.retain(|_, entry| entry.end_ms > horizon);
}
