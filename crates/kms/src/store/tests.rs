//! The settings a database of keys must have, and who wins a race.

use protocol::ids::OrganizationId;
use world::database::scratch;

use super::*;
use crate::folder::Folder;

/// In memory, or on PostgreSQL if there is a server.
pub(crate) async fn scratch_place() -> Place {
    match scratch::server() {
        Some(server) => {
            Place::Postgres(PostgresAddress(scratch::schema(&server).await.expect("a place")))
        }
        None => Place::Memory,
    }
}

impl Store {
    /// What only somebody with the database in hand can do.
    pub(crate) async fn execute(&self, statement: &'static str) -> sqlx::Result<()> {
        let _hold = self.clock.hold();
        sqlx::query(statement).execute(&self.database.pool).await.map(drop)
    }

    /// The same for a statement put together by a test.
    pub(crate) async fn execute_any(&self, statement: &str) -> sqlx::Result<()> {
        let _hold = self.clock.hold();
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        sqlx::query(statement).execute(&self.database.pool).await.map(drop)
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_is_durable_and_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let file = folder.0.join("keys.db");
    let clock = Clock::virtual_from(Timestamp::UNIX_EPOCH);
    let store = Store::open(&Place::File(file.clone()), clock.clone()).await.expect("opens");
    let _hold = clock.hold();
    let journal: String = sqlx::query_scalar("pragma journal_mode")
        .fetch_one(&store.database.pool)
        .await
        .expect("a word");
    assert_eq!(journal, "wal");
    for (pragma, expected) in
        [("pragma synchronous", 2), ("pragma foreign_keys", 1), ("pragma secure_delete", 1)]
    {
        let value: i64 =
            sqlx::query_scalar(pragma).fetch_one(&store.database.pool).await.expect("set");
        assert_eq!(value, expected, "{pragma}");
    }
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    store.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_first_key_stays() {
    let clock = Clock::virtual_from(Timestamp::UNIX_EPOCH);
    let store = Store::open(&scratch_place().await, clock).await.expect("opens");
    let key = |id, purpose| StoredKey {
        id: Uuid::from_u128(id),
        resource: Uuid::nil(),
        purpose,
        made: Timestamp::UNIX_EPOCH,
        wrapped: vec![1; 60],
    };
    assert!(store.put_first_key(key(1, Purpose::Content), entry(1)).await.expect("put"));
    assert!(!store.put_first_key(key(2, Purpose::Content), entry(2)).await.expect("asked"));
    assert!(store.put_first_key(key(3, Purpose::Index), entry(3)).await.expect("put"));
    let current = store.find_current_key(Uuid::nil(), Purpose::Content).await.expect("asked");
    assert_eq!(current.map(|key| key.id), Some(Uuid::from_u128(1)));
    assert!(store.find_key(Uuid::from_u128(2)).await.expect("asked").is_none());
    let found = store.find_key(Uuid::from_u128(3)).await.expect("asked").expect("there");
    assert_eq!((found.purpose, found.wrapped.len()), (Purpose::Index, 60));
    let logged = store.log_after(0, 9).await.expect("read");
    let actors: Vec<_> = logged.iter().map(|(_, entry)| entry.actor.as_str()).collect();
    assert_eq!(actors, ["1", "3"], "what was not put is not logged");
}

fn entry(number: u32) -> Entry {
    Entry {
        time: Timestamp::UNIX_EPOCH.to_string(),
        actor: number.to_string(),
        op: "retrieve".into(),
        object: "kms://keys/1".into(),
        result: 200,
    }
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_together_stand_in_one_chain() {
    let clock = Clock::virtual_from(Timestamp::UNIX_EPOCH);
    let store = Store::open(&scratch_place().await, clock).await.expect("opens");
    let all = (0..600).map(|number| store.append(entry(number)));
    for written in futures_util::future::join_all(all).await {
        written.expect("written");
    }
    let organization = OrganizationId("contoso".into());
    let whole = crate::audit::verify::verify(&store, &organization, &[]).await.expect("whole");
    assert_eq!(whole.head.seq, 600);
    let keys = (0..3).map(|id| StoredKey {
        id: Uuid::from_u128(id),
        resource: Uuid::nil(),
        purpose: Purpose::Content,
        made: Timestamp::UNIX_EPOCH,
        wrapped: vec![1; 60],
    });
    let put =
        futures_util::future::join_all(keys.map(|key| store.put_first_key(key, entry(9)))).await;
    let are_first: Vec<bool> = put.into_iter().map(|is_first| is_first.expect("put")).collect();
    assert_eq!(are_first, [true, false, false]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_logged_is_said_to_whoever_asked() {
    let clock = Clock::virtual_from(Timestamp::UNIX_EPOCH);
    let store = Store::open(&scratch_place().await, clock).await.expect("opens");
    store.execute("drop table audit").await.expect("done");
    assert!(matches!(store.append(entry(1)).await, Err(NotWritten::Database(_))));
}

/// On PostgreSQL their transactions run at the same time.
#[tokio::test(start_paused = true)]
async fn two_servers_on_one_database_write_one_chain_and_agree_on_keys() {
    let Some(server) = scratch::server() else { return };
    let address = scratch::schema(&server).await.expect("a place");
    let place = Place::Postgres(PostgresAddress(address));
    let clock = Clock::virtual_from(Timestamp::UNIX_EPOCH);
    let opened = tokio::join!(Store::open(&place, clock.clone()), Store::open(&place, clock));
    let stores = [opened.0.expect("opens"), opened.1.expect("opens")];
    let asking = (0..20_u32).map(async |asker| {
        let store = &stores[usize::from(asker % 2 == 0)];
        for number in 0..15 {
            store.append(entry(100 * asker + number)).await.expect("written");
            // Everybody wants to be the first to make the key of each resource.
            let key = StoredKey {
                id: Uuid::from_u128(u128::from(100 * asker + number) + 1),
                resource: Uuid::from_u128(u128::from(number)),
                purpose: Purpose::Content,
                made: Timestamp::UNIX_EPOCH,
                wrapped: vec![1; 60],
            };
            let _is_first = store.put_first_key(key, entry(7)).await.expect("put");
        }
    });
    futures_util::future::join_all(asking).await;
    // An entry for each question, and one for each key that was made.
    let head = crate::audit::verify::verify(&stores[0], &OrganizationId("o".into()), &[]).await;
    let head = head.expect("whole").head;
    assert_eq!(head.seq, 20 * 15 + 15);
    for number in 0..15 {
        let resource = Uuid::from_u128(number);
        let [here, there] = stores.each_ref().map(async |store| {
            store.find_current_key(resource, Purpose::Content).await.expect("asked")
        });
        let (here, there) = (here.await.expect("a key").id, there.await.expect("a key").id);
        assert_eq!(here, there);
    }
}
