//! What people ordered and connectors have not done yet, and for a day what became of it.

use jiff::{SignedDuration, Timestamp};
use protocol::{
    command::{
        COMMAND_LIFE_MS, COMMANDS_AT_ONCE_MAX, COMMANDS_EXCEPT_MAX, CommandName, CommandResult,
        CommandsRequest, Outcome, SignedCommand, WaitingCommand,
    },
    ids::{ConnectorId, UserId},
};
use sqlx::{Row, any::AnyRow};
use uuid::Uuid;

use super::{CommitRefused, Failure, Result, Store, leases, micros, time};

/// How long a command's result stays.
pub const COMMANDS_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// Commands of one person that are not done yet; one more is told to wait.
const OPEN_PER_USER_MAX: i64 = 16;
/// Commands of one person within a day; one more is told to wait.
const KEPT_PER_USER_MAX: i64 = 500;

/// A command under the name its sender gave it.
#[derive(Clone, Copy)]
pub struct NewCommand<'a> {
    pub name: CommandName,
    pub request_hash: Uuid,
    pub command: &'a SignedCommand,
}

/// What is known of a command.
#[derive(Clone)]
pub struct KnownCommand {
    pub request_hash: Uuid,
    pub expires_at: Timestamp,
    /// `None` as long as nobody has done it.
    pub outcome: Option<Outcome>,
}

/// Who could carry out a person's commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// No connector has ever followed this mailbox.
    Never,
    /// None does at this moment.
    NotNow,
    Now,
}

impl Store {
    /// Keeps it unless its name is taken; what is known under the name then. `None` if this person
    /// has too many.
    pub async fn accept_command(
        &self,
        new: NewCommand<'_>,
        now: Timestamp,
    ) -> Result<Option<KnownCommand>> {
        let _hold = self.clock.hold();
        let life = SignedDuration::from_millis(COMMAND_LIFE_MS);
        let mut transaction = self.database.begin().await?;
        sqlx::query(
            "insert into command (organization, user_id, idempotency_key, shard, request_hash, \
                                  accepted_at, expires_at, body) \
             select $1, $2, $3, $4, $5, $6, $7, $8 \
             where (select count(*) from command \
                    where organization = $1 and user_id = $2 and outcome is null \
                      and expires_at > $6) < $9 \
               and (select count(*) from command \
                    where organization = $1 and user_id = $2) < $10 \
             on conflict (organization, user_id, idempotency_key) do nothing",
        )
        .bind(&self.organization.0)
        .bind(new.name.user.to_string())
        .bind(new.name.idempotency_key.to_string())
        .bind(i64::from(new.name.user.shard().0))
        .bind(new.request_hash.to_string())
        .bind(micros(now))
        .bind(micros(now.checked_add(life).unwrap_or(Timestamp::MAX)))
        .bind(serde_json::to_string(new.command)?)
        .bind(OPEN_PER_USER_MAX)
        .bind(KEPT_PER_USER_MAX)
        .execute(&mut *transaction)
        .await?;
        let row = sqlx::query(KNOWN)
            .bind(&self.organization.0)
            .bind(new.name.user.to_string())
            .bind(new.name.idempotency_key.to_string())
            .fetch_optional(&mut *transaction)
            .await?;
        transaction.commit().await?;
        row.as_ref().map(known).transpose()
    }

    pub async fn find_command(&self, name: CommandName) -> Result<Option<KnownCommand>> {
        let _hold = self.clock.hold();
        let row = sqlx::query(KNOWN)
            .bind(&self.organization.0)
            .bind(name.user.to_string())
            .bind(name.idempotency_key.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(known).transpose()
    }

    pub async fn followed(&self, user: UserId, now: Timestamp) -> Result<Followed> {
        let _hold = self.clock.hold();
        let row = sqlx::query(
            "select (select count(*) from mailbox_state where organization = $1 and user_id = $2), \
                    (select count(*) from lease \
                     where organization = $1 and shard = $3 and until_at > $4)",
        )
        .bind(&self.organization.0)
        .bind(user.to_string())
        .bind(i64::from(user.shard().0))
        .bind(micros(now))
        .fetch_one(&self.pool)
        .await?;
        let (states, leases): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        Ok(match (states, leases) {
            (0, _) => Followed::Never,
            (_, 0) => Followed::NotNow,
            (_, _) => Followed::Now,
        })
    }

    /// The oldest that are not done, of the shards that this owner holds now.
    pub async fn waiting_commands(
        &self,
        connector: &ConnectorId,
        request: &CommandsRequest,
        now: Timestamp,
    ) -> Result<Vec<WaitingCommand>> {
        let _hold = self.clock.hold();
        let looked_at = i64::try_from(COMMANDS_EXCEPT_MAX + COMMANDS_AT_ONCE_MAX);
        let rows = sqlx::query(
            "select user_id, idempotency_key from command \
             where organization = $1 and outcome is null and expires_at > $2 and shard in \
               (select shard from lease where organization = $1 and connector = $3 \
                                          and owner = $4 and until_at > $2) \
             order by accepted_at, idempotency_key limit $5",
        )
        .bind(&self.organization.0)
        .bind(micros(now))
        .bind(&connector.0)
        .bind(request.owner.to_string())
        .bind(looked_at.unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        let names = rows.iter().map(name).collect::<Result<Vec<_>>>()?;
        let names = names.into_iter().filter(|name| !request.except.contains(name));
        let mut commands = Vec::new();
        for name in names.take(COMMANDS_AT_ONCE_MAX) {
            let row = sqlx::query(
                "select body from command where organization = $1 and user_id = $2 \
                   and idempotency_key = $3 and outcome is null",
            )
            .bind(&self.organization.0)
            .bind(name.user.to_string())
            .bind(name.idempotency_key.to_string())
            .fetch_optional(&self.pool)
            .await?;
            if let Some(row) = row {
                let command = serde_json::from_str(&row.try_get::<String, _>(0)?)?;
                commands.push(WaitingCommand { name, command });
            }
        }
        Ok(commands)
    }

    /// The first result counts; a connector that lost its lease has none to give.
    pub async fn finish_command(
        &self,
        connector: &ConnectorId,
        name: CommandName,
        result: &CommandResult,
    ) -> Result<(), CommitRefused> {
        let _hold = self.clock.hold();
        let outcome = serde_json::to_string(&result.outcome).map_err(Failure::from)?;
        let mut transaction = self.database.begin().await?;
        let now = self.clock.now();
        let (organization, holder) = (&self.organization.0, (result.owner, result.lease_epoch));
        if !leases::is_held(&mut transaction, organization, connector, name.user, holder, now)
            .await?
        {
            return Err(CommitRefused::StaleLease);
        }
        sqlx::query(
            "update command set outcome = $4, body = '' \
             where organization = $1 and user_id = $2 and idempotency_key = $3 \
               and outcome is null",
        )
        .bind(organization)
        .bind(name.user.to_string())
        .bind(name.idempotency_key.to_string())
        .bind(outcome)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Removes what is older than anybody may repeat.
    pub async fn forget_commands(&self, now: Timestamp) -> Result<u64> {
        let _hold = self.clock.hold();
        let before = now.checked_sub(COMMANDS_KEPT).unwrap_or(Timestamp::MIN);
        let gone = sqlx::query("delete from command where organization = $1 and accepted_at < $2")
            .bind(&self.organization.0)
            .bind(micros(before))
            .execute(&self.pool)
            .await?;
        Ok(gone.rows_affected())
    }
}

const KNOWN: &str = "select request_hash, expires_at, outcome from command \
                     where organization = $1 and user_id = $2 and idempotency_key = $3";

fn known(row: &AnyRow) -> Result<KnownCommand> {
    let outcome: Option<String> = row.try_get(2)?;
    Ok(KnownCommand {
        request_hash: id(row, 0)?,
        expires_at: time(row.try_get(1)?),
        outcome: outcome.map(|json| serde_json::from_str(&json)).transpose()?,
    })
}

fn name(row: &AnyRow) -> Result<CommandName> {
    Ok(CommandName { user: UserId(id(row, 0)?), idempotency_key: id(row, 1)? })
}

fn id(row: &AnyRow, column: usize) -> Result<Uuid> {
    let text: String = row.try_get(column)?;
    Uuid::try_parse(&text).map_err(|error| sqlx::Error::Decode(error.into()).into())
}
