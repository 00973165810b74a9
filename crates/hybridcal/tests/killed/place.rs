//! Where the cloud's database lies, and a folder for the rest.

use std::{fs, path::PathBuf, process::Command, sync::Arc};

use tokio::sync::{Mutex, OwnedMutexGuard};
use world::database::scratch;

/// The name of the variable in which a test finds the program that controls the server.
const CONTROL: &str = "HYBRIDCAL_TEST_POSTGRES_CONTROL";

/// A folder that goes with it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("hybridcal-killed-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("made");
        Self(folder)
    }

    pub(crate) fn sqlite(&self) -> String {
        format!("sqlite:{}", self.0.join("cloud.db").display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("removed");
    }
}

/// PostgreSQL for one test at a time, since it may be stopped.
pub(crate) struct Server {
    pub(crate) address: String,
    control: PathBuf,
    _alone: OwnedMutexGuard<()>,
}

impl Server {
    #[expect(clippy::disallowed_methods, reason = "where the test's server is")]
    pub(crate) async fn find() -> Option<Self> {
        static ALONE: std::sync::LazyLock<Arc<Mutex<()>>> = std::sync::LazyLock::new(Arc::default);
        let server = scratch::server()?;
        let control = PathBuf::from(std::env::var(CONTROL).expect("a control"));
        let alone = Arc::clone(&ALONE).lock_owned().await;
        let address = scratch::schema(&server).await.expect("a place");
        Some(Self { address, control, _alone: alone })
    }

    /// The folder of its socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.control.parent().expect("a folder").join(".s.PGSQL.5432")
    }

    pub(crate) fn control(&self, order: &str) {
        let done = Command::new(&self.control).arg(order).status().expect("ran");
        assert!(done.success(), "{order}");
    }
}
