//! Commits, fences and revisions, on a database in memory, or on PostgreSQL if there is a server.

mod erasing;
mod nodes;
mod older;
mod organizations;
mod places;

use std::{collections::BTreeMap, time::Duration};

use protocol::{
    connector::{Commit, Committed, Lease, STATE_MEETINGS_MAX},
    feed::Position,
    ids::{ConnectorId, MeetingId, Shard},
};
use uuid::Uuid;
use world::database::scratch;

use super::*;
use crate::tests::meeting::{at, commit, meeting, user};

const ANN: &str = "ann@example.com";
const OWNER: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);
const TTL: Duration = Duration::from_secs(10);

async fn store() -> Store {
    let clock = Clock::virtual_from(at("09:00"));
    let hold = clock.hold();
    let address = scratch::address().await.expect("a place");
    drop(hold);
    store_at(&address, clock).await
}

async fn store_at(address: &str, clock: Clock) -> Store {
    Store::open(address, OrganizationId("example".into()), clock).await.expect("a database")
}

fn connector() -> ConnectorId {
    ConnectorId("connector-1".into())
}

async fn lease(store: &Store, owner: Uuid) -> Vec<Lease> {
    lease_as(store, &connector(), owner).await
}

async fn lease_as(store: &Store, connector: &ConnectorId, owner: Uuid) -> Vec<Lease> {
    let shards = [user(ANN).shard(), user(ANN).shard()];
    store.take_leases(connector, owner, &shards, TTL).await.expect("an answer")
}

/// What the commit came to: an answer, or why not.
async fn put(store: &Store, commit: &Commit) -> Result<Committed, String> {
    store
        .commit(&connector(), user(ANN), commit.clone())
        .await
        .map_err(|refused| format!("{refused:?}"))
}

async fn revisions(store: &Store, since: i64) -> Option<Vec<i64>> {
    let since = Position { incarnation: 1, rev: since };
    match store.changes_since(user(ANN), since, 1000).await.expect("an answer") {
        CatchUp::Changes { changes, .. } => Some(changes.iter().map(|it| it.rev).collect()),
        CatchUp::Resync { .. } => None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_by_its_owner_and_taken_over_after_its_end() {
    let store = store().await;
    let shard = user(ANN).shard();
    assert_eq!(lease(&store, OWNER).await, [Lease { shard, epoch: 1 }]);
    assert_eq!(lease(&store, OTHER).await, []);
    store.clock.sleep(TTL / 2).await;
    assert_eq!(lease(&store, OWNER).await, [Lease { shard, epoch: 1 }]);
    store.clock.sleep(TTL / 2).await;
    assert_eq!(lease(&store, OTHER).await, [], "it was renewed");
    store.clock.sleep(TTL).await;
    assert_eq!(lease(&store, OTHER).await, [Lease { shard, epoch: 2 }]);
    let all: Vec<_> = (0..protocol::ids::SHARDS).map(Shard).collect();
    let granted = store.take_leases(&connector(), OWNER, &all, TTL).await;
    assert_eq!(granted.expect("an answer").len(), all.len() - 1);
}

#[tokio::test(start_paused = true)]
async fn each_connector_has_leases_of_its_own() {
    let store = store().await;
    let shard = user(ANN).shard();
    let other = ConnectorId("connector-2".into());
    assert_eq!(lease(&store, OWNER).await, [Lease { shard, epoch: 1 }]);
    assert_eq!(lease_as(&store, &other, OTHER).await, [Lease { shard, epoch: 1 }]);
    assert_eq!(lease(&store, OTHER).await, [], "a standby of the same id waits");
    assert_eq!(lease(&store, OWNER).await, [Lease { shard, epoch: 1 }]);
    // A lease is good for its own connector only.
    assert_eq!(put(&store, &commit(OTHER, 0, 1)).await, Err("StaleLease".into()));
    assert_eq!(put(&store, &commit(OWNER, 0, 1)).await, Ok(Committed { version: 1, user_rev: 0 }));
    let answer = store.commit(&other, user(ANN), commit(OTHER, 1, 2)).await;
    assert_eq!(answer.expect("accepted").version, 2);
}

#[tokio::test(start_paused = true)]
async fn a_lost_state_can_be_made_up_for() {
    let store = store().await;
    lease(&store, OWNER).await;
    let mut first = commit(OWNER, 0, 1);
    first.upserts =
        vec![meeting("a", 5, "10:00"), meeting("b", 7, "12:00"), meeting("c", 6, "11:00")];
    put(&store, &first).await.expect("accepted");
    let state = store.mailbox_state(user(ANN), false).await.expect("an answer");
    assert_eq!((state.newest_rev, state.meetings), (7, vec![]));
    let mut second = commit(OWNER, 1, 2);
    second.deletes = vec![MeetingId("b".into())];
    put(&store, &second).await.expect("accepted");
    let state = store.mailbox_state(user(ANN), true).await.expect("an answer");
    let left = ["c", "a"].map(|id| MeetingId(id.into()));
    assert_eq!((state.version, state.newest_rev, state.meetings), (2, 6, left.into()));
    let nobody = store.mailbox_state(user("bob@example.com"), true).await.expect("an answer");
    assert_eq!((nobody.version, nobody.newest_rev, nobody.meetings), (0, 0, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_state_names_so_many_meetings_and_no_more() {
    let store = store().await;
    lease(&store, OWNER).await;
    let mut many = commit(OWNER, 0, 1);
    many.upserts = (0..=STATE_MEETINGS_MAX).map(|n| meeting(&n.to_string(), 1, "10:00")).collect();
    many.upserts.push(meeting("last", 1, "11:00"));
    put(&store, &many).await.expect("accepted");
    let state = store.mailbox_state(user(ANN), true).await.expect("an answer");
    assert_eq!(state.meetings.len(), usize::from(STATE_MEETINGS_MAX));
    assert_eq!(state.meetings.first(), Some(&MeetingId("last".into())));
}

#[tokio::test(start_paused = true)]
async fn a_commit_needs_a_living_lease() {
    let store = store().await;
    let first = commit(OWNER, 0, 1);
    assert_eq!(put(&store, &first).await, Err("StaleLease".into()));
    lease(&store, OWNER).await;
    assert_eq!(put(&store, &first).await, Ok(Committed { version: 1, user_rev: 0 }));
    let wrong_epoch = Commit { lease_epoch: 2, ..commit(OWNER, 1, 2) };
    assert_eq!(put(&store, &wrong_epoch).await, Err("StaleLease".into()));
    store.clock.sleep(TTL).await;
    assert_eq!(put(&store, &commit(OWNER, 1, 2)).await, Err("StaleLease".into()));
    lease(&store, OTHER).await;
    lease(&store, OWNER).await;
    assert_eq!(put(&store, &commit(OWNER, 1, 2)).await, Err("StaleLease".into()));
}

#[tokio::test(start_paused = true)]
async fn a_commit_is_all_or_nothing() {
    let store = store().await;
    lease(&store, OWNER).await;
    let mut conflicting = commit(OWNER, 3, 1);
    conflicting.upserts = vec![meeting("a", 1, "10:00")];
    assert_eq!(put(&store, &conflicting).await, Err("StateConflict".into()));
    assert_eq!(store.meeting(user(ANN), &MeetingId("a".into())).await.expect("an answer"), None);
    assert_eq!(store.head(user(ANN)).await.expect("an answer"), 0);
    assert_eq!(revisions(&store, 0).await, Some(vec![]));
    assert_eq!(store.mailbox_state(user(ANN), false).await.expect("an answer").version, 0);
    // A second beginning meets the first one.
    let answer = put(&store, &Commit { expect_version: 0, ..conflicting.clone() }).await;
    assert_eq!(answer, Ok(Committed { version: 1, user_rev: 1 }));
    let again = Commit { batch_id: Uuid::from_u128(9), expect_version: 0, ..conflicting };
    assert_eq!(put(&store, &again).await, Err("StateConflict".into()));
    let state = store.mailbox_state(user(ANN), false).await.expect("an answer");
    assert_eq!((state.version, state.lease_epoch), (1, 1));
}

/// Commits for a user each, all at the same time.
async fn put_together(store: &Store, commits: Vec<(UserId, Commit)>) -> Vec<Result<i64, String>> {
    let shards: Vec<Shard> = commits.iter().map(|(user, _)| user.shard()).collect();
    store.take_leases(&connector(), OWNER, &shards, TTL).await.expect("an answer");
    let connector = connector();
    let answers = commits.into_iter().map(|(user, commit)| store.commit(&connector, user, commit));
    let answers = futures_util::future::join_all(answers).await.into_iter();
    answers
        .map(|answer| answer.map(|it| it.user_rev).map_err(|refused| format!("{refused:?}")))
        .collect()
}

fn person(number: u128) -> UserId {
    user(&format!("person-{number}@example.com"))
}

#[tokio::test(start_paused = true)]
async fn many_who_commit_together_get_an_answer_each() {
    let store = store().await;
    let refused = |number| number % 7 == 3;
    let one = |number: u128| {
        let mut one = commit(OWNER, if refused(number) { 5 } else { 0 }, number);
        one.upserts = vec![meeting("a", 1, "10:00"), meeting("b", 1, "11:00")];
        (person(number), one)
    };
    let answers = put_together(&store, (0..200).map(one).collect()).await;
    for (answer, number) in answers.into_iter().zip(0..) {
        let expected = if refused(number) { Err("StateConflict".to_owned()) } else { Ok(2) };
        assert_eq!(answer, expected);
        let head = store.head(person(number)).await.expect("an answer");
        assert_eq!(head, if refused(number) { 0 } else { 2 });
    }
}

#[tokio::test(start_paused = true)]
async fn one_person_who_commits_twice_at_once_has_one_history() {
    let store = store().await;
    let both = (1..=2).map(|batch| (user(ANN), commit(OWNER, 0, batch))).collect();
    assert_eq!(put_together(&store, both).await, [Ok(0), Err("StateConflict".to_owned())]);
    let repeated = (1..=2).map(|_| (user(ANN), commit(OWNER, 1, 3))).collect();
    assert_eq!(put_together(&store, repeated).await, [Ok(0), Ok(0)]);
    assert_eq!(store.mailbox_state(user(ANN), false).await.expect("an answer").version, 2);
}

#[tokio::test(start_paused = true)]
async fn who_breaks_a_transaction_breaks_only_the_own_commit() {
    let store = store().await;
    let trigger = match store.database.kind {
        Kind::Sqlite => {
            "create trigger broken before insert on change when new.meeting_id = 'bad' \
             begin select raise(abort, 'broken'); end"
        }
        Kind::Postgres => "alter table change add constraint broken check (meeting_id <> 'bad')",
    };
    let hold = store.clock.hold();
    sqlx::raw_sql(trigger).execute(&store.pool).await.expect("made");
    drop(hold);
    let one = |number: u128| {
        let mut one = commit(OWNER, 0, number);
        one.upserts = vec![meeting(if number == 5 { "bad" } else { "good" }, 1, "10:00")];
        (person(number), one)
    };
    let answers = put_together(&store, (0..10).map(one).collect()).await;
    for (answer, number) in answers.into_iter().zip(0..) {
        assert_eq!(answer.is_ok(), number != 5);
        let state = store.mailbox_state(person(number), true).await.expect("an answer");
        assert_eq!(state.version, i64::from(number != 5), "the state goes with its meetings");
        assert_eq!(state.meetings.len(), usize::from(number != 5));
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeated_batch_gets_the_stored_answer() {
    let store = store().await;
    lease(&store, OWNER).await;
    let mut first = commit(OWNER, 0, 1);
    first.upserts = vec![meeting("a", 1, "10:00"), meeting("b", 1, "11:00")];
    let answer = put(&store, &first).await;
    assert_eq!(answer, Ok(Committed { version: 1, user_rev: 2 }));
    assert_eq!(put(&store, &first).await, answer);
    assert_eq!(revisions(&store, 0).await, Some(vec![1, 2]));
    // Only the latest are remembered.
    for version in 1..20_u8 {
        let next = commit(OWNER, version.into(), 100 + u128::from(version));
        put(&store, &next).await.expect("accepted");
    }
    assert_eq!(put(&store, &first).await, Err("StateConflict".into()));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_newer_is_no_change() {
    let store = store().await;
    lease(&store, OWNER).await;
    let mut first = commit(OWNER, 0, 1);
    first.upserts = vec![meeting("a", 5, "10:00")];
    first.deletes = vec![MeetingId("never-seen".into())];
    put(&store, &first).await.expect("accepted");
    for (version, rev) in [(1, 5), (2, 4)] {
        let mut again = commit(OWNER, version, 10 + u128::from(i64::unsigned_abs(rev)));
        again.upserts = vec![meeting("a", rev, "12:00")];
        let answer = put(&store, &again).await;
        assert_eq!(answer, Ok(Committed { version: version + 1, user_rev: 1 }));
    }
    let kept = store.meeting(user(ANN), &MeetingId("a".into())).await.expect("an answer");
    let kept = kept.expect("a meeting");
    assert_eq!((kept.start, kept.hc.rev, kept.hc.user_rev), (at("10:00"), 5, 1));
}

#[tokio::test(start_paused = true)]
async fn old_meetings_go_silently_and_the_log_is_cut() {
    let store = store().await;
    lease(&store, OWNER).await;
    let mut first = commit(OWNER, 0, 1);
    first.upserts = vec![meeting("old", 1, "2026-11-17T08:00:00Z"), meeting("new", 1, "10:00")];
    put(&store, &first).await.expect("accepted");
    let purged = store.purge(store.clock.now()).await.expect("an answer");
    assert_eq!(purged, Purged { meetings: 1, changes: 0 });
    assert_eq!(store.head(user(ANN)).await.expect("an answer"), 2);
    store.clock.sleep(Duration::from_secs(20 * 24 * 3600)).await;
    lease(&store, OWNER).await;
    let mut second = Commit { lease_epoch: 1, ..commit(OWNER, 1, 2) };
    second.upserts = vec![meeting("later", 1, "2026-12-20T10:00:00Z")];
    put(&store, &second).await.expect("accepted");
    store.clock.sleep(Duration::from_secs(11 * 24 * 3600)).await;
    let purged = store.purge(store.clock.now()).await.expect("an answer");
    assert_eq!(purged, Purged { meetings: 1, changes: 2 });
    assert_eq!(revisions(&store, 0).await, None);
    assert_eq!(revisions(&store, 1).await, None);
    assert_eq!(revisions(&store, 2).await, Some(vec![3]));
    assert_eq!(revisions(&store, 3).await, Some(vec![]));
    assert_eq!(revisions(&store, 4).await, None, "a position of the future");
}

#[tokio::test(start_paused = true)]
async fn another_incarnation_means_reading_again() {
    let store = store().await;
    assert_eq!(lease(&store, OWNER).await[0].epoch, 1);
    assert_eq!(store.raise_incarnation().await.expect("an answer"), 2);
    assert_eq!(revisions(&store, 0).await, None);
    // Whoever held a lease, and whatever the restore knows of it, hears of a new one.
    assert_eq!(put(&store, &commit(OWNER, 0, 1)).await, Err("StaleLease".into()));
    let epoch = lease(&store, OWNER).await[0].epoch;
    assert_eq!(epoch, (1 << 20) + 1);
    let renewed = Commit { lease_epoch: epoch, ..commit(OWNER, 0, 1) };
    assert_eq!(put(&store, &renewed).await.map(|answer| answer.version), Ok(1));
    let other = store.take_leases(&connector(), OTHER, &[Shard(7)], TTL).await;
    assert_eq!(other.expect("an answer"), [Lease { shard: Shard(7), epoch }], "first ones, too");
}

#[tokio::test(start_paused = true)]
async fn a_database_in_a_file_is_found_again() {
    let name = format!("hybridcal-cloud-{}.db", std::process::id());
    let file = std::env::temp_dir().join(name);
    let address = format!("sqlite:{}", file.display());
    let clock = Clock::virtual_from(at("09:00"));
    for incarnation in [2, 3] {
        let organization = OrganizationId("example".into());
        let store = Store::open(&address, organization, clock.clone()).await.expect("a database");
        assert_eq!(store.raise_incarnation().await.expect("an answer"), incarnation);
        store.close().await;
    }
    std::fs::remove_file(file).expect("a file");
}

/// A commit of a random history: puts (with a revision), deletes, and whether it conflicts.
#[derive(Clone, Debug)]
struct Step {
    puts: Vec<(u8, i64)>,
    deletes: Vec<u8>,
    conflicts: bool,
}

fn steps() -> impl proptest::strategy::Strategy<Value = Vec<Step>> {
    use proptest::{collection::vec, prelude::*};
    let step = (vec((0..4_u8, 1..6_i64), 0..4), vec(0..4_u8, 0..2), prop::bool::weighted(0.2));
    vec(step.prop_map(|(puts, deletes, conflicts)| Step { puts, deletes, conflicts }), 0..8)
}

/// Plays the steps and compares the log with a plain list of what should have happened.
async fn check_history(steps: &[Step]) {
    let store = store().await;
    lease(&store, OWNER).await;
    let (mut revs, mut version, mut head) = (BTreeMap::new(), 0, 0);
    for (step, batch) in steps.iter().zip(1..) {
        let mut next = commit(OWNER, if step.conflicts { 99 } else { version }, batch);
        next.upserts =
            step.puts.iter().map(|(id, rev)| meeting(&id.to_string(), *rev, "10:00")).collect();
        next.deletes = step.deletes.iter().map(|id| MeetingId(id.to_string())).collect();
        let answer = put(&store, &next).await;
        if step.conflicts {
            assert_eq!(answer, Err("StateConflict".into()));
            continue;
        }
        for (id, rev) in &step.puts {
            if revs.get(id).is_none_or(|known| rev > known) {
                revs.insert(*id, *rev);
                head += 1;
            }
        }
        head +=
            step.deletes.iter().filter(|id| revs.remove(id).is_some()).fold(0, |sum, _| sum + 1);
        version += 1;
        assert_eq!(answer, Ok(Committed { version, user_rev: head }));
    }
    assert_eq!(revisions(&store, 0).await, Some((1..=head).collect()));
    let window = store.meetings_between(user(ANN), at("09:00"), at("12:00"), 100).await;
    let kept: BTreeMap<u8, i64> = window
        .expect("an answer")
        .meetings
        .iter()
        .map(|meeting| (meeting.id.0.parse().expect("a number"), meeting.hc.rev))
        .collect();
    assert_eq!(kept, revs);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
    #[test]
    fn revisions_have_no_gaps_whatever_happens(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(check_history(&steps));
    }
}
