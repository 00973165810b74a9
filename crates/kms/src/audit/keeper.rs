//! Keeps the log: writes signed checkpoints where the administrator wants them, and cuts off what
//! is older than it need be.

use std::{fs, future::pending, io, io::Write as _, path::PathBuf, time::Duration};

use jiff::{SignedDuration, Timestamp};
use protocol::ids::OrganizationId;
use tokio::sync::watch;
use world::{clock::Clock, stop::Stop};

use super::{AuditKey, Entry, Head};
use crate::store::{NotWritten, Store};

/// A checkpoint is written after so many rows …
pub(crate) const CHECKPOINT_ROWS: i64 = 1000;
/// … or so long after a row, whichever is first; also how long a failed write waits.
pub(crate) const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);
/// How often rows that are too old are cut off.
const CUT_EVERY: Duration = Duration::from_secs(24 * 3600);
/// Rows kept at most, whatever their age: some 2 GB. The oldest go first.
pub(crate) const LOG_ROWS_MAX: i64 = 5_000_000;
/// Rows cut off in one transaction; others wait for it.
const CUT_ROWS_MAX: i64 = 10_000;

/// Everything the keeper needs.
pub(crate) struct Keeper {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) organization: OrganizationId,
    pub(crate) key: AuditKey,
    pub(crate) file: Option<PathBuf>,
    pub(crate) kept: SignedDuration,
}

/// Why a checkpoint was not written, or nothing cut off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the key database does not answer")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    NotWritten(#[from] NotWritten),
    #[error("the file for checkpoints cannot be written")]
    File(#[from] io::Error),
}

impl Keeper {
    /// Until the stop; then a last checkpoint.
    pub(crate) async fn keep(self, stop: Stop) {
        let mut newest = self.store.newest_row();
        let mut signed = 0;
        let mut is_failing = false;
        let mut cut_at = self.clock.now();
        loop {
            tokio::select! {
                () = stop.stopped() => break,
                () = self.until_due(&mut newest, signed) => {}
                () = self.clock.sleep_until(cut_at) => {
                    self.cut().await;
                    cut_at = self.clock.now().saturating_add(CUT_EVERY).unwrap_or(Timestamp::MAX);
                    continue;
                }
            }
            match self.checkpoint(signed).await {
                Ok(seq) => {
                    signed = seq;
                    if std::mem::take(&mut is_failing) {
                        tracing::info!(alarm.id = ALARM, "Checkpoints are written again");
                    }
                }
                Err(failure) => {
                    if !std::mem::replace(&mut is_failing, true) {
                        let error: &dyn std::error::Error = &failure;
                        tracing::error!(
                            alarm.id = ALARM,
                            error,
                            "No checkpoint of the log was written: make audit.checkpoint_file writable, or room on its disk"
                        );
                    }
                    tokio::select! {
                        () = stop.stopped() => break,
                        () = self.clock.sleep(CHECKPOINT_EVERY) => {}
                    }
                }
            }
        }
        if self.file.is_some()
            && let Err(failure) = self.checkpoint(signed).await
        {
            let error: &dyn std::error::Error = &failure;
            tracing::warn!(error, "No last checkpoint of the log was written");
        }
    }

    /// Never without a file to write to.
    async fn until_due(&self, newest: &mut watch::Receiver<i64>, signed: i64) {
        let is_possible = self.file.is_some();
        if !is_possible || newest.wait_for(|seq| *seq > signed).await.is_err() {
            return pending().await;
        }
        tokio::select! {
            _enough = newest.wait_for(|seq| *seq >= signed + CHECKPOINT_ROWS) => {}
            () = self.clock.sleep(CHECKPOINT_EVERY) => {}
        }
    }

    /// Which row it stands for; none is written twice.
    async fn checkpoint(&self, signed: i64) -> Result<i64, Failure> {
        let head = self.store.newest_logged().await?;
        let Some(file) = self.file.as_ref().filter(|_| head.seq > signed) else {
            return Ok(head.seq);
        };
        let line = self.key.sign(&self.organization, &head, self.clock.now()).to_line();
        // Opened anew each time, so that it can be moved away.
        let mut file = fs::OpenOptions::new().append(true).create(true).open(file)?;
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_data()?;
        Ok(head.seq)
    }

    async fn cut(&self) {
        let before = self.clock.now().checked_sub(self.kept).unwrap_or(Timestamp::MIN);
        match self.cut_before(before).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "Cut off what the log need not keep any longer"),
            Err(failure) => {
                let error: &dyn std::error::Error = &failure;
                tracing::warn!(
                    error,
                    "The log's old rows could not be cut off; trying again later"
                );
            }
        }
    }

    /// Cuts off rows written before that time, and the oldest of too many. The newest row stays
    /// in any case: the next one follows it.
    pub(crate) async fn cut_before(&self, before: Timestamp) -> Result<i64, Failure> {
        let mut rows = 0;
        loop {
            let Some(start) = self.cut_at(before).await? else { break };
            let line = self.key.sign(&self.organization, &start, self.clock.now()).to_line();
            rows += self.store.cut_log(&start, line.as_bytes()).await?;
        }
        if rows > 0 {
            let entry = Entry {
                time: self.clock.now().to_string(),
                actor: "key server".into(),
                op: "cut".into(),
                object: format!("{rows} rows of the log"),
                result: 200,
            };
            self.store.append(entry).await?;
        }
        Ok(rows)
    }

    /// The last row that may go now.
    async fn cut_at(&self, before: Timestamp) -> Result<Option<Head>, Failure> {
        let newest = self.store.newest_logged().await?.seq;
        let mut last = None;
        for (linked, entry) in self.store.log_after(0, CUT_ROWS_MAX).await? {
            // Of a time that cannot be read, nobody knows how old it is.
            let is_old = entry.time.parse().is_ok_and(|time: Timestamp| time < before);
            let is_surplus = linked.seq <= newest - LOG_ROWS_MAX;
            if linked.seq >= newest || !(is_old || is_surplus) {
                break;
            }
            last = Some(Head { seq: linked.seq, hash: linked.hash });
        }
        Ok(last)
    }
}

/// See docs/operating.md.
const ALARM: &str = "kms-checkpoint";
