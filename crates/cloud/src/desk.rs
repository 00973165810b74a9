//! Who waits for commands and for their results, inside this process. Hints only, as in the feed:
//! what is true is read from the database.

use protocol::command::CommandName;
use tokio::sync::{broadcast, watch};

/// Results that somebody slow may have missed; then the database is asked.
const RESULTS_MAX: usize = 1024;

#[derive(Clone)]
pub(crate) struct Desk {
    came: watch::Sender<u64>,
    done: broadcast::Sender<CommandName>,
}

impl Default for Desk {
    fn default() -> Self {
        Self { came: watch::Sender::new(0), done: broadcast::Sender::new(RESULTS_MAX) }
    }
}

/// Somebody who waits for one result.
pub(crate) struct Awaiting {
    done: broadcast::Receiver<CommandName>,
    name: CommandName,
}

impl Desk {
    pub(crate) fn came(&self) {
        self.came.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Marks each command that comes from now on.
    pub(crate) fn coming(&self) -> watch::Receiver<u64> {
        self.came.subscribe()
    }

    pub(crate) fn done(&self, name: CommandName) {
        if self.done.send(name).is_err() {
            tracing::trace!("Nobody waits for any result");
        }
    }

    pub(crate) fn await_result(&self, name: CommandName) -> Awaiting {
        Awaiting { done: self.done.subscribe(), name }
    }
}

impl Awaiting {
    /// Returns when the result may be there.
    pub(crate) async fn maybe_done(&mut self) {
        loop {
            match self.done.recv().await {
                Ok(name) if name == self.name => return,
                Ok(_other) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return,
                // The desk lives as long as the cloud.
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::ids::UserId;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn who_missed_too_much_looks_for_itself() {
        let name =
            |n| CommandName { user: UserId(Uuid::nil()), idempotency_key: Uuid::from_u128(n) };
        let desk = Desk::default();
        let mut mine = desk.await_result(name(1));
        for n in 0..4000 {
            desk.done(name(n + 10));
        }
        mine.maybe_done().await;
        let mut other = desk.await_result(name(2));
        desk.done(name(1));
        desk.done(name(2));
        other.maybe_done().await;
    }
}
