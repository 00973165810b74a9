//! Whatever is done to the log afterwards shows: deletion, change, reordering and, with an
//! exported checkpoint, a cut-off end; also once old rows were rightly cut off.

use jiff::SignedDuration;
use protocol::ids::OrganizationId;
use world::{clock::Clock, stop::Stopper};

use super::{
    keeper::{CHECKPOINT_EVERY, CHECKPOINT_ROWS, Keeper},
    verify::{Broken, PUBLIC_KEY, Whole, verify},
    *,
};
use crate::{
    folder::Folder,
    store::{Store, tests::scratch_place},
};

const START: &str = "2026-11-24T09:00:00Z";

struct Log {
    folder: Folder,
    clock: Clock,
    store: Store,
}

impl Log {
    async fn new() -> Self {
        let clock = Clock::virtual_from(START.parse().expect("a time"));
        let store = Store::open(&scratch_place().await, clock.clone()).await.expect("opens");
        let log = Self { folder: Folder::new(), clock, store };
        let public = log.key(1).public().to_vec();
        log.store.keep_setting(PUBLIC_KEY, &public).await.expect("kept");
        log
    }

    fn key(&self, seed: u8) -> AuditKey {
        AuditKey::from_seed(&[seed; SEED_BYTES]).expect("a key")
    }

    fn keeper(&self, has_file: bool) -> Keeper {
        Keeper {
            store: self.store.clone(),
            clock: self.clock.clone(),
            organization: organization(),
            key: self.key(1),
            file: has_file.then(|| self.folder.0.join("checkpoints")),
            kept: SignedDuration::from_hours(24),
        }
    }

    async fn write(&self, rows: usize) {
        let rows = (0..rows).map(|number| {
            let entry = Entry {
                time: self.clock.now().to_string(),
                actor: format!("user {number}"),
                op: "retrieve".into(),
                object: "kms://keys/1".into(),
                result: 200,
            };
            self.store.append(entry)
        });
        for written in futures_util::future::join_all(rows).await {
            written.expect("written");
        }
    }

    async fn checkpoint(&self) -> Checkpoint {
        let head = self.store.newest_logged().await.expect("asked");
        self.key(1).sign(&organization(), &head, self.clock.now())
    }

    fn exported(&self) -> Vec<Checkpoint> {
        let text = std::fs::read_to_string(self.folder.0.join("checkpoints")).unwrap_or_default();
        text.lines().map(|line| Checkpoint::from_line(line).expect("a checkpoint")).collect()
    }

    async fn verify(&self, checkpoints: &[Checkpoint]) -> Result<Whole, Broken> {
        verify(&self.store, &organization(), checkpoints).await
    }
}

fn organization() -> OrganizationId {
    OrganizationId("contoso".into())
}

#[tokio::test(start_paused = true)]
async fn deletion_change_and_reordering_show() {
    for change in [
        // deleted
        "delete from audit where seq = 2",
        "delete from audit where seq = 1",
        // changed
        "update audit set actor = 'nobody' where seq = 2",
        "update audit set time = '2026-11-24T09:00:01Z' where seq = 2",
        "update audit set op = 'create' where seq = 2",
        "update audit set object = 'kms://keys/2' where seq = 2",
        "update audit set result = 404 where seq = 1",
        "update audit set hash = (select hash from audit where seq = 1) where seq = 3",
        // moved
        "update audit set seq = 9 where seq = 2",
        "update audit set seq = case seq when 1 then -1 when 2 then 1 end where seq < 3; \
         update audit set seq = 2 where seq = -1",
    ] {
        let log = Log::new().await;
        log.write(3).await;
        let checkpoint = log.checkpoint().await;
        let whole = log.verify(std::slice::from_ref(&checkpoint)).await.expect("whole");
        assert_eq!((whole.head.seq, whole.compared), (3, 1));
        for change in change.split(';') {
            log.store.execute_any(change).await.expect("done");
        }
        assert!(matches!(log.verify(&[]).await, Err(Broken::At { .. })), "{change}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_off_end_shows_with_a_checkpoint() {
    let log = Log::new().await;
    log.write(3).await;
    let checkpoint = log.checkpoint().await;
    log.store.execute_any("delete from audit where seq = 3").await.expect("done");
    assert_eq!(log.verify(&[]).await.expect("nobody else can tell").head.seq, 2);
    let broken = log.verify(std::slice::from_ref(&checkpoint)).await;
    assert!(matches!(broken, Err(Broken::CutOff { last: 2, known: 3 })));
    // Written on from there, it is another log.
    log.write(2).await;
    assert!(matches!(log.verify(&[checkpoint]).await, Err(Broken::OtherRow { seq: 3 })));
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_of_somebody_else_is_refused() {
    let log = Log::new().await;
    log.write(3).await;
    let head = log.store.newest_logged().await.expect("asked");
    let foreign = log.key(2).sign(&organization(), &head, log.clock.now());
    assert!(matches!(log.verify(&[foreign]).await, Err(Broken::Foreign { seq: 3 })));
}

#[tokio::test(start_paused = true)]
async fn a_log_whose_old_rows_were_cut_off_stays_verifiable() {
    let log = Log::new().await;
    log.write(3).await;
    let early = log.checkpoint().await;
    log.clock.sleep(std::time::Duration::from_secs(48 * 3600)).await;
    log.write(2).await;
    let late = log.checkpoint().await;
    let yesterday = log.clock.now() - SignedDuration::from_hours(24);
    assert_eq!(log.keeper(false).cut_before(yesterday).await.expect("cut"), 3);
    let whole = log.verify(&[early, late.clone()]).await.expect("whole");
    // Two rows are left, and one tells of the cut.
    assert_eq!((whole.after, whole.head.seq, whole.compared), (3, 6, 2));

    for change in [
        "delete from audit where seq = 4",
        "update audit set actor = 'nobody' where seq = 4",
        "update settings set value = (select hash from audit where seq = 5) \
         where name = 'audit-start'",
        "delete from settings where name = 'audit-start'",
    ] {
        let log = Log::new().await;
        log.write(3).await;
        log.clock.sleep(std::time::Duration::from_secs(48 * 3600)).await;
        log.write(2).await;
        let yesterday = log.clock.now() - SignedDuration::from_hours(24);
        log.keeper(false).cut_before(yesterday).await.expect("cut");
        log.store.execute_any(change).await.expect("done");
        assert!(log.verify(&[]).await.is_err(), "{change}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_newest_row_is_never_cut_off() {
    let log = Log::new().await;
    log.write(3).await;
    log.clock.sleep(std::time::Duration::from_secs(48 * 3600)).await;
    let now = log.clock.now();
    assert_eq!(log.keeper(false).cut_before(now).await.expect("cut"), 2);
    log.write(1).await;
    assert_eq!(log.verify(&[]).await.expect("whole").head.seq, 5);
}

#[tokio::test(start_paused = true)]
async fn checkpoints_are_written_after_a_minute_or_a_thousand_rows() {
    let log = Log::new().await;
    let (stopper, stop) = Stopper::new();
    let keeping = tokio::spawn(log.keeper(true).keep(stop));
    log.write(1).await;
    log.clock.sleep(CHECKPOINT_EVERY / 2).await;
    assert_eq!(log.exported().len(), 0);
    log.clock.sleep(CHECKPOINT_EVERY).await;
    assert_eq!(seqs(&log), [1]);
    // Nothing new, no checkpoint.
    log.clock.sleep(CHECKPOINT_EVERY * 10).await;
    assert_eq!(seqs(&log), [1]);
    // Very many at once do not wait for the minute.
    log.write(usize::try_from(CHECKPOINT_ROWS).expect("small")).await;
    log.clock.sleep(CHECKPOINT_EVERY / 10).await;
    assert_eq!(seqs(&log), [1, 1 + CHECKPOINT_ROWS]);
    log.write(1).await;
    stopper.stop();
    keeping.await.expect("ends");
    assert_eq!(seqs(&log), [1, 1 + CHECKPOINT_ROWS, 2 + CHECKPOINT_ROWS]);
    assert_eq!(log.verify(&log.exported()).await.expect("whole").compared, 3);
}

fn seqs(log: &Log) -> Vec<i64> {
    log.exported().iter().map(|checkpoint| checkpoint.seq).collect()
}

#[tokio::test(start_paused = true)]
async fn a_keeper_without_a_file_still_cuts() {
    let log = Log::new().await;
    log.write(3).await;
    log.clock.sleep(std::time::Duration::from_secs(48 * 3600)).await;
    let (stopper, stop) = Stopper::new();
    let keeping = tokio::spawn(log.keeper(false).keep(stop));
    log.clock.sleep(CHECKPOINT_EVERY).await;
    stopper.stop();
    keeping.await.expect("ends");
    let whole = log.verify(&[]).await.expect("whole");
    assert_eq!((whole.after, whole.head.seq), (2, 4));
    assert_eq!(log.exported(), []);
}
