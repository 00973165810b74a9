//! Several organizations in one database: none sees another's rows, on PostgreSQL not even by a
//! statement that forgets to ask for its own.

use sqlx::Connection as _;

use super::{
    places::{Shared, number},
    *,
};

async fn both(shared: &Shared) -> [Store; 2] {
    let clock = Clock::virtual_from(at("09:00"));
    let open = |organization: &str| {
        let organization = OrganizationId(organization.into());
        Store::open(&shared.address, organization, clock.clone())
    };
    [open("example").await.expect("a database"), open("other").await.expect("a database")]
}

/// The same person, as far as the id tells, with another list in each organization.
async fn filled(shared: &Shared) -> [Store; 2] {
    let stores = both(shared).await;
    for (store, id) in stores.iter().zip(["ours", "theirs"]) {
        lease(store, OWNER).await;
        let mut first = commit(OWNER, 0, 1);
        first.sealed_state = format!("state of {id}");
        first.upserts = vec![meeting(id, 1, "10:00")];
        assert_eq!(put(store, &first).await, Ok(Committed { version: 1, user_rev: 1 }));
        let away = protocol::presence::PresenceReport {
            owner: OWNER,
            lease_epoch: 1,
            presence: protocol::presence::Presence::OutOfOffice { until: None },
        };
        store.put_presence(&connector(), user(ANN), &away).await.expect("put");
        let now = store.clock.now();
        store.note_hosts(&connector(), &[format!("{id}.example.net")], now).await.expect("noted");
    }
    stores
}

#[tokio::test(start_paused = true)]
async fn each_has_its_own_rows() {
    let shared = Shared::new("both").await;
    let [ours, theirs] = filled(&shared).await;
    for (store, id) in [(&ours, "ours"), (&theirs, "theirs")] {
        let window = store.meetings_between(user(ANN), at("09:00"), at("12:00"), 9).await;
        let window = window.expect("an answer");
        let ids: Vec<_> = window.meetings.iter().map(|meeting| meeting.id.0.as_str()).collect();
        assert_eq!(ids, [id]);
        let state = store.mailbox_state(user(ANN), true).await.expect("an answer");
        assert_eq!(state.sealed_state, Some(format!("state of {id}")));
        assert_eq!(state.meetings, [MeetingId(id.into())]);
        assert_eq!(store.meetings_to_join(user(ANN), at("10:00"), 9).await.expect("some").len(), 1);
        assert_eq!(revisions(store, 0).await, Some(vec![1]));
        let hosts = store.trust_list().await.expect("an answer").hosts;
        assert_eq!(hosts.len(), 1);
    }
    let mut more = commit(OWNER, 1, 2);
    more.deletes = vec![MeetingId("theirs".into())];
    assert_eq!(put(&ours, &more).await, Ok(Committed { version: 2, user_rev: 1 }), "no such");
    theirs.clock.sleep(Duration::from_secs(40 * 24 * 3600)).await;
    assert_eq!(
        ours.purge(ours.clock.now()).await.expect("done"),
        Purged { meetings: 1, changes: 1 }
    );
    assert!(theirs.meeting(user(ANN), &MeetingId("theirs".into())).await.expect("some").is_some());
    for store in [ours, theirs] {
        store.close().await;
    }
}

/// What a careless statement of ours could say.
const CARELESS: [&str; 9] = [
    "select count(*) from meeting where organization <> 'example'",
    "select count(*) from meeting where id = 'theirs'",
    "select count(*) from change where organization <> 'example'",
    "select count(*) from head where organization <> 'example'",
    "select count(*) from mailbox_state where sealed_state like '%theirs%'",
    "select count(*) from commit_result where organization <> 'example'",
    "select count(*) from presence where organization <> 'example'",
    "select count(*) from lease where organization <> 'example'",
    "select count(*) from trusted_host where host like 'theirs%'",
];

#[tokio::test(start_paused = true)]
async fn a_statement_that_forgets_whose_rows_it_wants_gets_only_our_own() {
    let Some(server) = scratch::server() else { return };
    let address = scratch::schema(&server).await.expect("a place");
    let shared = Shared { address, file: None };
    let [ours, theirs] = filled(&shared).await;
    let _hold = ours.clock.hold();
    for statement in CARELESS {
        assert_eq!(number(&ours, statement).await, 0, "{statement}");
        let whole = statement.split(" where ").next().expect("its beginning");
        let whole = sqlx::query(sqlx::AssertSqlSafe(whole.to_owned()));
        let row = whole.fetch_one(&theirs.pool).await.expect("an answer");
        assert_eq!(row.try_get::<i64, _>(0).expect("a number"), 1, "there is one: {statement}");
    }
    let execute = async |statement: &'static str| {
        let done = sqlx::query(statement).execute(&ours.pool).await;
        done.map(|done| done.rows_affected())
    };
    assert_eq!(execute("update meeting set body = 'x'").await.expect("done"), 1);
    assert_eq!(execute("delete from head").await.expect("done"), 1);
    let forged = "insert into head (organization, user_id, rev) values ('other', 'x', 1)";
    assert!(execute(forged).await.is_err(), "written into another organization");
    assert!(execute("update meeting set organization = 'other'").await.is_err());
    assert_eq!(number(&theirs, "select count(*) from meeting where body <> 'x'").await, 1);
    assert_eq!(number(&theirs, "select count(*) from head").await, 1);

    // Whoever did not say for whom sees nothing.
    let mut nobody = AnyConnection::connect(&shared.address).await.expect("connected");
    for table in ["meeting", "change", "mailbox_state", "lease", "trusted_host"] {
        let count = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        let row = sqlx::query(count).fetch_one(&mut nobody).await.expect("an answer");
        assert_eq!(row.try_get::<i64, _>(0).expect("a number"), 0, "{table}");
    }
}

/// So that a table that comes later is not forgotten.
#[tokio::test(start_paused = true)]
async fn every_table_but_two_belongs_to_an_organization_and_has_the_policy() {
    if scratch::server().is_none() {
        return;
    }
    let store = store().await;
    let _hold = store.clock.hold();
    let open = "select coalesce(string_agg(relname::text, ' ' order by relname), '') from pg_class \
                where relnamespace = current_schema()::regnamespace and relkind = 'r' \
                and not (relrowsecurity and relforcerowsecurity)";
    let row = sqlx::query(open).fetch_one(&store.pool).await.expect("an answer");
    assert_eq!(row.try_get::<String, _>(0).expect("names"), "schema_step site");
}

#[tokio::test(start_paused = true)]
async fn who_passes_by_policies_is_refused() {
    let Some(server) = scratch::server() else { return };
    let mighty = server.replace("user=hybridcal", "user=owner");
    assert_ne!(mighty, server);
    let clock = Clock::virtual_from(at("09:00"));
    let refused = Store::open(&mighty, OrganizationId("example".into()), clock).await.err();
    assert!(matches!(refused, Some(Failure::SeesEverything)));
}

/// A step moves the rows of all, whoever takes it.
#[tokio::test(start_paused = true)]
async fn a_step_sees_the_rows_of_all() {
    let Some(server) = scratch::server() else { return };
    let address = scratch::schema(&server).await.expect("a place");
    let [ours, _theirs] = filled(&Shared { address, file: None }).await;
    let _hold = ours.clock.hold();
    let mut step = ours.database.begin().await.expect("begun");
    let count = async |connection: &mut AnyConnection| {
        let row = sqlx::query("select count(*) from meeting").fetch_one(connection).await;
        row.expect("an answer").try_get::<i64, _>(0).expect("a number")
    };
    assert_eq!(count(&mut step).await, 1);
    sqlx::raw_sql(schema::NO_POLICIES).execute(&mut *step).await.expect("done");
    assert_eq!(count(&mut step).await, 2);
    sqlx::raw_sql(schema::POLICIES).execute(&mut *step).await.expect("done");
    assert_eq!(count(&mut step).await, 1);
}
