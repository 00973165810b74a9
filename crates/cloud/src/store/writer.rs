//! The one who writes commits: all that wait when the database is free go into one transaction, so
//! that the disk is waited for once and not once for each. Nobody hears an answer before that.

use std::sync::Arc;

use protocol::{connector::Committed, ids::OrganizationId};
use sqlx::{Any, AnyPool, Transaction};
use tokio::sync::{mpsc, oneshot};
use world::clock::Clock;

use super::{
    Failure, Result,
    commit::{CommitRefused, Order},
};

/// Commits in one transaction; the others wait for the next, readers may come in between.
const COMMITS_TOGETHER_MAX: usize = 64;
/// Commits that wait; whoever comes then waits to be let in.
const COMMITS_WAITING_MAX: usize = 1024;

type Verdict = Result<Committed, CommitRefused>;

/// Cheap to clone; the task ends with the last clone.
#[derive(Clone)]
pub(super) struct Writer(mpsc::Sender<Waiting>);

struct Waiting {
    order: Order,
    answer: oneshot::Sender<Verdict>,
}

struct Writing {
    pool: AnyPool,
    clock: Clock,
    organization: OrganizationId,
}

impl Writer {
    pub(super) fn start(pool: AnyPool, clock: Clock, organization: &OrganizationId) -> Self {
        let (sender, waiting) = mpsc::channel(COMMITS_WAITING_MAX);
        let writing = Writing { pool, clock, organization: organization.clone() };
        tokio::spawn(writing.run(waiting));
        Self(sender)
    }

    pub(super) async fn carry_out(&self, order: Order) -> Verdict {
        let (answer, verdict) = oneshot::channel();
        let closed = || CommitRefused::Failed(Failure::Closed);
        self.0.send(Waiting { order, answer }).await.map_err(|_ended| closed())?;
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
    async fn write(&self, together: Vec<Waiting>) {
        let transaction = match self.pool.begin().await {
            Ok(transaction) => transaction,
            Err(error) => return refuse(together, error),
        };
        match self.transact(transaction, &together).await {
            Ok(verdicts) => answer(together, verdicts),
            Err(failure) if together.len() == 1 => answer(together, vec![Err(failure.into())]),
            Err(failure) => {
                say(&failure, together.len());
                for one in together {
                    Box::pin(self.write(vec![one])).await;
                }
            }
        }
    }

    async fn transact(
        &self,
        mut transaction: Transaction<'_, Any>,
        together: &[Waiting],
    ) -> Result<Vec<Verdict>> {
        let now = self.clock.now(); // after waiting for the connection, or the fence would be late
        let organization = &self.organization.0;
        let mut verdicts = Vec::with_capacity(together.len());
        for Waiting { order, .. } in together {
            verdicts.push(order.carry_out(&mut transaction, organization, now).await?);
        }
        transaction.commit().await?;
        Ok(verdicts)
    }
}

fn answer(together: Vec<Waiting>, verdicts: Vec<Verdict>) {
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
fn refuse(together: Vec<Waiting>, error: sqlx::Error) {
    let error = Arc::new(error);
    let verdict = |_: &Waiting| Err(Failure::Together(Arc::clone(&error)).into());
    let verdicts = together.iter().map(verdict).collect();
    answer(together, verdicts);
}
