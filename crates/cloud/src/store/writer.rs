//! Those who write commits: all that wait when the database is free go into one transaction, so
//! that the disk is waited for once and not once for each. Nobody hears an answer before that.
//!
//! SQLite has one writer. On PostgreSQL there are several, each for mailboxes of its own, and other nodes
//! have theirs: everybody goes through leases and lists in the same order, so that two may wait for
//! each other but never both.

use std::sync::Arc;

use protocol::{connector::Committed, ids::OrganizationId};
use sqlx::{Any, Transaction};
use tokio::sync::{mpsc, oneshot};
use world::database::{Database, Kind, is_passing};

use super::{
    Failure, Result,
    commit::{CommitRefused, Order},
};

/// Commits in one transaction; the others wait for the next, readers may come in between.
const COMMITS_TOGETHER_MAX: usize = 64;
/// Commits that wait; whoever comes then waits to be let in.
const COMMITS_WAITING_MAX: usize = 1024;
/// Writers of one process; what limits one is waiting for answers, not the disk.
const POSTGRES_WRITERS: usize = 4;
/// How often a commit is tried that others were in the way of.
const ATTEMPTS_MAX: usize = 5;

type Verdict = Result<Committed, CommitRefused>;

/// Cheap to clone; the tasks end with the last clone.
#[derive(Clone)]
pub(super) struct Writer(Arc<[mpsc::Sender<Waiting>]>);

struct Waiting {
    order: Order,
    answer: oneshot::Sender<Verdict>,
}

struct Writing {
    database: Database,
    organization: OrganizationId,
}

/// Why a transaction did not come about.
enum Broken {
    /// There is no connection: the others need not try.
    Away(sqlx::Error),
    Failed(Failure),
}

impl Writer {
    pub(super) fn start(database: &Database, organization: &OrganizationId) -> Self {
        let writers = match database.kind {
            Kind::Sqlite => 1,
            Kind::Postgres => POSTGRES_WRITERS,
        };
        let start = |_| {
            let (sender, waiting) = mpsc::channel(COMMITS_WAITING_MAX);
            let organization = organization.clone();
            tokio::spawn(Writing { database: database.clone(), organization }.run(waiting));
            sender
        };
        Self((0..writers).map(start).collect())
    }

    pub(super) async fn carry_out(&self, order: Order) -> Verdict {
        let (answer, verdict) = oneshot::channel();
        let closed = || CommitRefused::Failed(Failure::Closed);
        let writer = usize::from(order.user.shard().0) % self.0.len().max(1);
        let writer = self.0.get(writer).ok_or_else(closed)?;
        writer.send(Waiting { order, answer }).await.map_err(|_ended| closed())?;
        verdict.await.map_err(|_ended| closed())?
    }
}

impl Writing {
    async fn run(self, mut waiting: mpsc::Receiver<Waiting>) {
        let mut together = Vec::with_capacity(COMMITS_TOGETHER_MAX);
        while waiting.recv_many(&mut together, COMMITS_TOGETHER_MAX).await > 0 {
            self.write(std::mem::take(&mut together)).await;
        }
    }

    /// An order that breaks the transaction must not take the others along: each is then tried by
    /// itself.
    async fn write(&self, mut together: Vec<Waiting>) {
        // Whoever commits twice for a list is heard in turn: the sort is stable.
        together.sort_by_key(|waiting| (waiting.order.user.shard(), waiting.order.user));
        match self.transact(&together).await {
            Ok(verdicts) => answer(together, verdicts),
            Err(Broken::Away(error)) => refuse(together, error),
            Err(Broken::Failed(failure)) => {
                say(&failure, together.len());
                self.write_each(together).await;
            }
        }
    }

    async fn write_each(&self, together: Vec<Waiting>) {
        let mut left = together.into_iter();
        while let Some(one) = left.next() {
            let one = [one];
            match self.transact_again(&one).await {
                Ok(verdicts) => answer(one, verdicts),
                Err(Broken::Failed(failure)) => answer(one, vec![Err(failure.into())]),
                Err(Broken::Away(error)) => return refuse(one.into_iter().chain(left), error),
            }
        }
    }

    /// A commit whose transaction broke while it ended may be in the database after all: the next
    /// attempt then finds its answer by its batch.
    async fn transact_again(&self, one: &[Waiting]) -> Result<Vec<Verdict>, Broken> {
        let mut attempts = 1;
        loop {
            match self.transact(one).await {
                Err(Broken::Failed(Failure::Database(error)))
                    if is_passing(&error) && attempts < ATTEMPTS_MAX =>
                {
                    attempts += 1;
                }
                other => return other,
            }
        }
    }

    async fn transact(&self, together: &[Waiting]) -> Result<Vec<Verdict>, Broken> {
        let transaction = self.database.begin().await.map_err(Broken::Away)?;
        self.carry_out(transaction, together).await.map_err(Broken::Failed)
    }

    async fn carry_out(
        &self,
        mut transaction: Transaction<'_, Any>,
        together: &[Waiting],
    ) -> Result<Vec<Verdict>> {
        // After waiting for the connection, or the fence would be late.
        let now = self.database.now(&mut transaction).await?;
        let organization = &self.organization.0;
        let mut verdicts = Vec::with_capacity(together.len());
        for Waiting { order, .. } in together {
            verdicts.push(order.carry_out(&mut transaction, organization, now).await?);
        }
        transaction.commit().await?;
        Ok(verdicts)
    }
}

fn answer(together: impl IntoIterator<Item = Waiting>, verdicts: Vec<Verdict>) {
    for (waiting, verdict) in together.into_iter().zip(verdicts) {
        if waiting.answer.send(verdict).is_err() {
            tracing::debug!("Nobody waits for the answer to a commit any more");
        }
    }
}

fn say(failure: &Failure, commits: usize) {
    let error: &dyn std::error::Error = failure;
    tracing::warn!(error, commits, "Commits failed together; trying each by itself");
}

/// Nothing was begun for any of them.
fn refuse(together: impl IntoIterator<Item = Waiting>, error: sqlx::Error) {
    let error = Arc::new(error);
    for waiting in together {
        let refused = Failure::Together(Arc::clone(&error)).into();
        answer([waiting], vec![Err(refused)]);
    }
}
