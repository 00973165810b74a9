//! A person who is to be forgotten, is.

use protocol::ids::MailboxAddress;

use super::{
    places::{Shared, number},
    *,
};

const BOB: &str = "bob@example.com";
const CANARY: &str = "canary.of.what.was.sealed";

async fn filled(shared: &Shared) -> Store {
    let store = store_at(&shared.address, Clock::virtual_from(at("09:00"))).await;
    let shards = [user(ANN).shard(), user(BOB).shard()];
    store.take_leases(&connector(), OWNER, &shards, TTL).await.expect("leases");
    for (address, batch) in [(ANN, 1), (BOB, 2)] {
        let mut first = commit(OWNER, 0, batch);
        first.sealed_state = format!("state of {address}");
        let mut one = meeting("a", 1, "10:00");
        if address == ANN {
            one.encrypted_subject = protocol::sealed::Sealed::from_compact(CANARY.into());
        }
        first.upserts = vec![one, meeting("b", 1, "11:00")];
        store.commit(&connector(), user(address), first).await.expect("accepted");
        let away = protocol::presence::PresenceReport {
            owner: OWNER,
            lease_epoch: 1,
            presence: protocol::presence::Presence::Available,
        };
        store.put_presence(&connector(), user(address), &away).await.expect("put");
    }
    let blocked = protocol::trust::TrustDecision {
        host: "mail.example.net".into(),
        decision: protocol::trust::Decision::Blocked,
    };
    store.decide_host(&blocked, &address(ANN), at("09:00")).await.expect("decided");
    store
}

fn address(text: &str) -> MailboxAddress {
    MailboxAddress::new(text).expect("an address")
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_person_is_left_and_nobody_else_misses_anything() {
    let shared = Shared::new("erased").await;
    let store = filled(&shared).await;
    let holds = |words: &str| {
        let files = shared.files().into_iter().filter_map(|file| std::fs::read(file).ok());
        let bytes: Vec<u8> = files.flatten().collect();
        bytes.windows(words.len()).any(|part| part == words.as_bytes())
    };
    let ann = user(ANN).to_string();
    if shared.file.is_some() {
        assert!(holds(CANARY) && holds(&ann) && holds(ANN), "or this test shows nothing");
    }
    let erased = store.erase(user(ANN), &address(ANN)).await.expect("erased");
    // Two meetings, their two changes, state, answer, presence, head, and a decision.
    assert_eq!(erased.rows, 9);
    assert_eq!(erased.is_overwritten, shared.file.is_some());
    assert!(!holds(CANARY) && !holds(&ann) && !holds(ANN), "bytes stay in the file");

    assert_eq!(store.mailbox_state(user(ANN), true).await.expect("an answer").version, 0);
    assert_eq!(store.head(user(ANN)).await.expect("an answer"), 0);
    assert_eq!(store.presence(user(ANN)).await.expect("an answer"), None);
    let hosts = store.trust_list().await.expect("an answer").hosts;
    assert_eq!(hosts.len(), 1);
    assert_eq!(hosts[0].decision, protocol::trust::Decision::Blocked, "it still counts");
    assert_eq!(hosts[0].decided_by, None);

    let bob = store.mailbox_state(user(BOB), true).await.expect("an answer");
    assert_eq!((bob.version, bob.meetings.len()), (1, 2));
    assert_eq!(store.head(user(BOB)).await.expect("an answer"), 2);
    assert!(store.presence(user(BOB)).await.expect("an answer").is_some());
    let again = store.erase(user(ANN), &address(ANN)).await.expect("erased");
    assert_eq!(again.rows, 0);
    store.close().await;
}

/// So that a table that comes later is not forgotten.
#[tokio::test(start_paused = true)]
async fn every_table_about_people_is_erased() {
    let store = store().await;
    let statement = match store.database.kind {
        Kind::Sqlite => {
            "select t.name from sqlite_master as t join pragma_table_info(t.name) as c \
             where t.type = 'table' and c.name = 'user_id'"
        }
        Kind::Postgres => {
            "select table_name::text from information_schema.columns \
             where table_schema = current_schema() and column_name = 'user_id'"
        }
    };
    let hold = store.clock.hold();
    let rows = sqlx::query(statement).fetch_all(&store.pool).await.expect("an answer");
    drop(hold);
    let mut tables: Vec<String> = rows.iter().map(|row| row.try_get(0).expect("a name")).collect();
    tables.sort();
    let mut erased = erase::OF_A_PERSON.map(str::to_owned);
    erased.sort();
    assert_eq!(tables, erased);
}

#[tokio::test(start_paused = true)]
async fn a_file_overwrites_what_is_deleted() {
    let shared = Shared::file("pragmas");
    let store = store_at(&shared.address, Clock::virtual_from(at("09:00"))).await;
    assert_eq!(number(&store, "pragma secure_delete").await, 1);
    assert_eq!(number(&store, "pragma synchronous").await, 2);
    store.close().await;
}
