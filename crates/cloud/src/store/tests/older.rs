//! A database that an older version left: it is brought up to date with everything in it.

use sqlx::Connection as _;

use super::{places::Shared, *};

/// The steps of the version that knew one organization only.
const OLD_STEPS: usize = 3;
const RESIDUE: &str = "deleted by a version that did not overwrite";

async fn left_by_an_older_version(shared: &Shared) {
    sqlx::any::install_default_drivers();
    let separator = if shared.address.contains('?') { "&" } else { "?" };
    let address = match shared.file {
        Some(_) => format!("{}{separator}mode=rwc", shared.address),
        None => shared.address.clone(),
    };
    let mut old = AnyConnection::connect(&address).await.expect("a database");
    let mut execute = async |statement: String| {
        let statement = sqlx::AssertSqlSafe(statement);
        sqlx::raw_sql(statement).execute(&mut old).await.expect("done");
    };
    execute("create table schema_step (step BIGINT primary key)".into()).await;
    for (number, step) in schema::STEPS.into_iter().take(OLD_STEPS).enumerate() {
        execute(step.into()).await;
        execute(format!("insert into schema_step (step) values ({number})")).await;
    }
    let body = serde_json::to_string(&meeting("a", 7, "10:00")).expect("JSON");
    let (ann, start, end) = (user(ANN), micros(at("10:00")), micros(at("10:30")));
    for statement in [
        format!("insert into head values ('{ann}', 2)"),
        format!(
            "insert into meeting values \
             ('example', '{ann}', 'a', 'a', {start}, {end}, 7, 2, 1, '{body}')"
        ),
        format!("insert into change values ('{ann}', 1, 'a', 'create', {start})"),
        format!("insert into change values ('{ann}', 2, 'a', 'update', {start})"),
        format!("insert into mailbox_state values ('{ann}', 5, 1, 'sealed')"),
        format!("insert into commit_result values ('{ann}', '{}', 5, 2)", Uuid::from_u128(5)),
        format!("insert into presence values ('{ann}', 'ooo', null, {start})"),
        format!("insert into mailbox_state values ('x', 1, 1, '{}')", RESIDUE.repeat(300)),
        "delete from mailbox_state where user_id = 'x'".into(),
    ] {
        execute(statement).await;
    }
    old.close().await.expect("closed");
}

#[tokio::test(start_paused = true)]
async fn everything_is_found_again() {
    let shared = Shared::new("older").await;
    left_by_an_older_version(&shared).await;
    let holds_residue = || {
        let files = shared.files().into_iter().filter_map(|file| std::fs::read(file).ok());
        let bytes: Vec<u8> = files.flatten().collect();
        bytes.windows(RESIDUE.len()).any(|part| part == RESIDUE.as_bytes())
    };
    assert_eq!(holds_residue(), shared.file.is_some());
    let store = store_at(&shared.address, Clock::virtual_from(at("09:00"))).await;
    let kept = store.meeting(user(ANN), &MeetingId("a".into())).await.expect("an answer");
    assert_eq!(kept.map(|kept| (kept.hc.rev, kept.hc.user_rev)), Some((7, 2)));
    assert_eq!(revisions(&store, 0).await, Some(vec![1, 2]));
    let state = store.mailbox_state(user(ANN), true).await.expect("an answer");
    assert_eq!((state.version, state.meetings.len()), (5, 1));
    assert!(store.presence(user(ANN)).await.expect("an answer").is_some());
    lease(&store, OWNER).await;
    // The answer that the older version gave is given again.
    let repeated = put(&store, &commit(OWNER, 4, 5)).await;
    assert_eq!(repeated, Ok(Committed { version: 5, user_rev: 2 }));
    let mut next = commit(OWNER, 5, 6);
    next.upserts = vec![meeting("b", 8, "11:00")];
    assert_eq!(put(&store, &next).await, Ok(Committed { version: 6, user_rev: 3 }));
    store.close().await;
    assert!(!holds_residue(), "what was deleted before still lies in free pages");
    let again = store_at(&shared.address, Clock::virtual_from(at("09:00"))).await;
    assert_eq!(revisions(&again, 0).await, Some(vec![1, 2, 3]));
    again.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_newer_one_is_refused() {
    let shared = Shared::new("newer").await;
    let clock = Clock::virtual_from(at("09:00"));
    let store = store_at(&shared.address, clock.clone()).await;
    let hold = clock.hold();
    let newer = "insert into schema_step (step) values (1000)";
    sqlx::query(newer).execute(&store.pool).await.expect("done");
    drop(hold);
    store.close().await;
    let refused = Store::open(&shared.address, OrganizationId("example".into()), clock).await.err();
    assert!(matches!(refused, Some(Failure::TooNew)));
}
