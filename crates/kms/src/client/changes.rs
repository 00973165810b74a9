//! Hearing that keys were replaced, revoked or erased: asked for once a minute, when keys are used.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use protocol::keys::{KeyChanges, Method};

use super::{KeyClient, KeyFailure};

/// So long a key is used after an administrator has ordered otherwise.
const ASKED_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// Keys in use wait for it: while the key server is away, once a minute.
const DEADLINE: Duration = Duration::from_secs(5);

/// How far we know what was changed.
#[derive(Default)]
pub(super) struct Changes {
    serial: Option<i64>,
    asked: Option<Timestamp>,
}

impl KeyClient {
    /// Forgets what is not to be used any more. A key server that is away changes nothing: keys
    /// are then used for as long as they are remembered.
    pub(super) async fn catch_up(&self) {
        let mut changes = self.changes.lock().await;
        let now = self.world.clock.now();
        if changes.asked.is_some_and(|asked| now.duration_since(asked) < ASKED_EVERY) {
            return;
        }
        changes.asked = Some(now);
        // Boxed: it is rare, and its size would be that of every wait for a key.
        match Box::pin(self.changes_after(changes.serial)).await {
            Ok(KeyChanges { serial, resources }) => {
                match resources.filter(|_| changes.serial.is_some()) {
                    Some(resources) => self.cache().forget(&resources),
                    // What was changed before we first asked is not known.
                    None => self.cache().forget_all(),
                }
                changes.serial = Some(serial);
            }
            Err(failure) => {
                let error: &dyn std::error::Error = &failure;
                tracing::debug!(error, "Could not ask which keys have changed");
            }
        }
    }

    async fn changes_after(&self, serial: Option<i64>) -> Result<KeyChanges, KeyFailure> {
        let after = serial.map_or_else(String::new, |serial| format!("?after={serial}"));
        let uri = format!("kms://{}/changes{after}", self.host);
        let request = self.request(Method::Retrieve, uri)?;
        let answer = self.ask_within(&request, DEADLINE).await?;
        answer.changes.ok_or(KeyFailure::Unreadable)
    }
}
