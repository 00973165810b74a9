//! Brings a database to the newest schema, one numbered file after the other.

use sqlx::{AnyPool, Row};

use super::{Failure, Result};

/// In order; a file is never changed after a release, the next one amends it.
const STEPS: [&str; 4] = [
    include_str!("../../schema/0001-first.sql"),
    include_str!("../../schema/0002-trust.sql"),
    include_str!("../../schema/0003-presence.sql"),
    include_str!("../../schema/0004-commands.sql"),
];

pub(super) async fn bring_up_to_date(pool: &AnyPool) -> Result<()> {
    let mut transaction = pool.begin().await?;
    sqlx::query("create table if not exists schema_step (step BIGINT primary key)")
        .execute(&mut *transaction)
        .await?;
    let done = sqlx::query("select count(*) from schema_step").fetch_one(&mut *transaction).await?;
    let done = usize::try_from(done.try_get::<i64, _>(0)?).map_err(|_too_many| Failure::TooNew)?;
    let missing = STEPS.get(done..).ok_or(Failure::TooNew)?;
    for (step, text) in (done..).zip(missing) {
        sqlx::raw_sql(*text).execute(&mut *transaction).await?;
        sqlx::query("insert into schema_step (step) values ($1)")
            .bind(i64::try_from(step).unwrap_or(i64::MAX))
            .execute(&mut *transaction)
            .await?;
    }
    Ok(transaction.commit().await?)
}
