//! Databases that outlive one store: a schema on PostgreSQL, or a file.

use std::path::PathBuf;

use super::*;

/// Somewhere that several stores can open; removed with it.
pub(super) struct Shared {
    pub(super) address: String,
    pub(super) file: Option<PathBuf>,
}

impl Shared {
    pub(super) async fn new(name: &str) -> Self {
        match scratch::server() {
            Some(server) => {
                let address = scratch::schema(&server).await.expect("a place");
                Self { address, file: None }
            }
            None => Self::file(name),
        }
    }

    pub(super) fn file(name: &str) -> Self {
        let name = format!("hybridcal-cloud-{}-{name}.db", std::process::id());
        let file = std::env::temp_dir().join(name);
        Self { address: format!("sqlite:{}", file.display()), file: Some(file) }
    }

    /// The file and those beside it.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let beside = |end: &str| self.file.as_ref().map(|file| format!("{}{end}", file.display()));
        ["", "-wal", "-shm"].into_iter().filter_map(beside).map(PathBuf::from).collect()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        for file in self.files() {
            if let Err(error) = std::fs::remove_file(&file) {
                println!("{} stays: {error}", file.display());
            }
        }
    }
}

/// A number that a statement answers with.
pub(super) async fn number(store: &Store, statement: &'static str) -> i64 {
    let _hold = store.clock.hold();
    let row = sqlx::query(statement).fetch_one(&store.pool).await.expect("an answer");
    row.try_get(0).expect("a number")
}
