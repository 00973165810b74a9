//! Two clouds on one database: on PostgreSQL their transactions run at the same time.

use futures_util::{FutureExt as _, future::join_all};

use super::{places::Shared, *};

/// Two nodes, or nothing and a word about it.
async fn nodes() -> Option<[Store; 2]> {
    let server = scratch::server()?;
    let address = scratch::schema(&server).await.expect("a place");
    let clock = Clock::virtual_from(at("09:00"));
    // Both bring the new database up to date.
    let (first, second) =
        tokio::join!(store_at(&address, clock.clone()), store_at(&address, clock));
    Some([first, second])
}

#[tokio::test(start_paused = true)]
async fn one_list_changed_from_both_has_one_history() {
    let Some(nodes) = nodes().await else { return };
    lease(&nodes[0], OWNER).await;
    for version in 0..12_i64 {
        // Ten want to be the next, on both nodes; each has a batch of its own.
        let wishes = (0..10_u8).map(|number| {
            let batch = u128::from(number) + 100 * u128::from(version.unsigned_abs());
            let mut next = commit(OWNER, version, batch);
            next.upserts = vec![meeting(&format!("{version}-{number}"), 1, "10:00")];
            (usize::from(number) % 2, next)
        });
        let answers = wishes.map(|(node, wish)| put_owned(&nodes[node], wish));
        let answers = join_all(answers).await;
        let accepted: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
        assert_eq!(accepted, [&Committed { version: version + 1, user_rev: version + 1 }]);
    }
    for node in &nodes {
        assert_eq!(revisions(node, 0).await, Some((1..=12).collect()));
        let state = node.mailbox_state(user(ANN), true).await.expect("an answer");
        assert_eq!((state.version, state.meetings.len()), (12, 12));
    }
}

async fn put_owned(store: &Store, commit: Commit) -> Result<Committed, String> {
    put(store, &commit).await
}

#[tokio::test(start_paused = true)]
async fn the_same_batch_at_both_is_carried_out_once_and_answered_twice() {
    let Some(nodes) = nodes().await else { return };
    lease(&nodes[0], OWNER).await;
    for version in 0..30_i64 {
        let mut next = commit(OWNER, version, u128::from(version.unsigned_abs()) + 1);
        next.upserts = vec![meeting(&version.to_string(), 1, "10:00")];
        let (first, second) = tokio::join!(put(&nodes[0], &next), put(&nodes[1], &next));
        let answer = Ok(Committed { version: version + 1, user_rev: version + 1 });
        assert_eq!((&first, &second), (&answer, &answer));
    }
}

/// Many lists in transactions of many, from both ends: whoever waited for each other would be
/// thrown out.
#[tokio::test(start_paused = true)]
async fn many_lists_changed_from_both_at_once_are_all_changed() {
    let Some(nodes) = nodes().await else { return };
    for round in 0..4_u8 {
        let wish = |number: u128, batch: u128| {
            let mut wish = commit(OWNER, i64::from(round), batch);
            wish.upserts = vec![meeting(&round.to_string(), 1, "10:00")];
            (person(number), wish)
        };
        let batch = |node: u128, number| node * 1000 + number + 10_000 * u128::from(round);
        let there = (0..150).map(|number| wish(number, batch(1, number))).collect();
        let back = (0..150).rev().map(|number| wish(number, batch(2, number))).collect();
        let (first, second) =
            tokio::join!(put_together(&nodes[0], there), put_together(&nodes[1], back));
        for (first, second) in first.into_iter().zip(second.into_iter().rev()) {
            let rev = Ok(i64::from(round) + 1);
            let conflict = Err("StateConflict".to_owned());
            let is_once =
                (first == rev && second == conflict) || (second == rev && first == conflict);
            assert!(is_once, "{first:?} and {second:?}");
        }
    }
    let heads = (0..150).map(|number| nodes[1].head(person(number)));
    assert!(join_all(heads).await.into_iter().all(|head| head.expect("an answer") == 4));
}

#[tokio::test(start_paused = true)]
async fn a_lease_wanted_by_many_is_given_to_one() {
    let Some(nodes) = nodes().await else { return };
    let all: Vec<_> = (0..protocol::ids::SHARDS).map(Shard).collect();
    let connector = connector();
    let takers = (0..8_u128).map(|owner| {
        let node = &nodes[usize::try_from(owner % 2).expect("small")];
        node.take_leases(&connector, Uuid::from_u128(owner), &all, TTL)
    });
    let granted = join_all(takers).await.into_iter().map(|given| given.expect("an answer").len());
    assert_eq!(granted.sum::<usize>(), all.len());
}

#[tokio::test(start_paused = true)]
async fn a_takeover_waits_for_a_running_commit() {
    let Some([first, second]) = nodes().await else { return };
    lease(&first, OWNER).await;
    first.clock.sleep(TTL.mul_f64(0.9)).await;
    let hold = first.clock.hold();
    let mut transaction = first.database.begin().await.expect("begun");
    let (organization, holder) = (&first.organization.0, (OWNER, 1));
    let now = first.clock.now();
    let connector = connector();
    let held = leases::is_held(&mut transaction, organization, &connector, user(ANN), holder, now);
    assert!(held.await.expect("an answer"));
    drop(hold);
    first.clock.sleep(TTL).await;
    let taking = async { lease(&second, OTHER).await };
    let mut taking = std::pin::pin!(taking);
    // Until the database says that it waits for the lock.
    let waiting = "select count(*) from pg_locks where not granted";
    while places::number(&first, waiting).await == 0 {
        assert!(taking.as_mut().now_or_never().is_none(), "taken from a running commit");
    }
    let hold = first.clock.hold();
    transaction.commit().await.expect("done");
    drop(hold);
    assert_eq!(taking.await, [Lease { shard: user(ANN).shard(), epoch: 2 }]);
    assert_eq!(put(&first, &commit(OWNER, 0, 1)).await, Err("StaleLease".into()));
}

/// A second process beside the cloud, such as a command, on a file.
#[tokio::test(start_paused = true)]
async fn two_processes_on_one_file_wait_for_each_other() {
    let shared = Shared::file("two");
    let clock = Clock::virtual_from(at("09:00"));
    let first = store_at(&shared.address, clock.clone()).await;
    let second = store_at(&shared.address, clock).await;
    lease(&first, OWNER).await;
    let connector = connector();
    for version in 0..20_i64 {
        let next = commit(OWNER, version, u128::from(version.unsigned_abs()) + 1);
        let host = [format!("host-{version}.example.net")];
        let noting = second.note_hosts(&connector, &host, at("09:00"));
        let (put, noted) = tokio::join!(put(&first, &next), noting);
        assert_eq!(put.map(|answer| answer.version), Ok(version + 1));
        noted.expect("noted");
    }
    assert_eq!(first.trust_list().await.expect("an answer").hosts.len(), 20);
    first.close().await;
    second.close().await;
}
