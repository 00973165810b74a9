//! A folder that goes away with the test that made it.

use std::{env, fs, path::PathBuf};

use world::chance::Chance;

pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = env::temp_dir().join(format!("kms-{}", Chance::System.uuid()));
        fs::create_dir(&folder).expect("a folder");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("ours");
    }
}
