//! Brings a database to the newest schema, one numbered file after the other. The files are for both
//! databases; only policies are PostgreSQL's alone.

use sqlx::{AnyConnection, Row};
use world::database::{Database, Kind};

use super::{Failure, Result};

/// In order; a file is never changed after a release, the next one amends it.
pub(super) const STEPS: [&str; 5] = [
    include_str!("../../schema/0001-first.sql"),
    include_str!("../../schema/0002-trust.sql"),
    include_str!("../../schema/0003-presence.sql"),
    include_str!("../../schema/0004-commands.sql"),
    include_str!("../../schema/0005-organizations.sql"),
];
pub(super) const POLICIES: &str = include_str!("../../schema/postgres/policies.sql");
pub(super) const NO_POLICIES: &str = include_str!("../../schema/postgres/no-policies.sql");

pub(super) async fn bring_up_to_date(database: &Database, organization: &str) -> Result<()> {
    let mut transaction = database.begin().await?;
    database.lock_schema(&mut transaction).await?;
    let done = steps_done(&mut transaction).await?;
    let missing = STEPS.get(done..).ok_or(Failure::TooNew)?;
    if !missing.is_empty() {
        let is_postgres = database.kind == Kind::Postgres;
        if is_postgres {
            sqlx::raw_sql(NO_POLICIES).execute(&mut *transaction).await?;
        }
        take_steps(&mut transaction, done, missing, organization).await?;
        if is_postgres {
            sqlx::raw_sql(POLICIES).execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await?;
    if !missing.is_empty() && done > 0 && database.kind == Kind::Sqlite {
        // What an older version deleted still lies in free pages.
        sqlx::raw_sql("vacuum").execute(&database.pool).await?;
    }
    Ok(())
}

async fn steps_done(connection: &mut AnyConnection) -> Result<usize> {
    sqlx::query("create table if not exists schema_step (step BIGINT primary key)")
        .execute(&mut *connection)
        .await?;
    let done = sqlx::query("select count(*) from schema_step").fetch_one(connection).await?;
    usize::try_from(done.try_get::<i64, _>(0)?).map_err(|_too_many| Failure::TooNew)
}

async fn take_steps(
    connection: &mut AnyConnection,
    done: usize,
    missing: &[&'static str],
    organization: &str,
) -> Result<()> {
    let opening = "create temporary table opening (organization TEXT not null)";
    sqlx::raw_sql(opening).execute(&mut *connection).await?;
    sqlx::query("insert into opening (organization) values ($1)")
        .bind(organization)
        .execute(&mut *connection)
        .await?;
    for (step, text) in (done..).zip(missing) {
        sqlx::raw_sql(*text).execute(&mut *connection).await?;
        sqlx::query("insert into schema_step (step) values ($1)")
            .bind(i64::try_from(step).unwrap_or(i64::MAX))
            .execute(&mut *connection)
            .await?;
    }
    sqlx::raw_sql("drop table opening").execute(connection).await?;
    Ok(())
}
