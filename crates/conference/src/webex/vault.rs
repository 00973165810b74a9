//! The file with the present tokens and the day's count of requests: sealed with AES-256-GCM, for
//! its owner only, and replaced as a whole, so that whatever happens one of the two versions is there.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use world::chance::Chance;
use zeroize::Zeroizing;

use super::{ledger::Ledger, tokens::Pair};

/// What the file begins with; names the format.
const MAGIC: &[u8; 8] = b"hcwebex1";
const NONCE_BYTES: usize = 12;
/// Of a day's requests there are a few thousand.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// What outlives the program.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) pair: Option<Pair>,
    /// Which first pair this began with, as a hash: another one in its file is taken instead.
    pub(super) began_with: Option<u64>,
    pub(super) ledger: Ledger,
}

pub(super) struct Vault {
    path: PathBuf,
    key: LessSafeKey,
    /// A file of one app is not taken for that of another.
    bound_to: String,
    chance: Chance,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum VaultFailure {
    #[error("the token file cannot be read or written")]
    Io(#[from] io::Error),
    #[error("the token file was sealed with another key or for another app, or altered")]
    Altered,
}

impl Vault {
    pub(super) fn new(
        path: &Path,
        key: &[u8; 32],
        client_id: &str,
        chance: Chance,
    ) -> Option<Self> {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
        let bound_to = format!("hybridcal webex {client_id}");
        Some(Self { path: path.to_owned(), key, bound_to, chance })
    }

    /// None if there is no file yet.
    pub(super) fn open(&self) -> Result<Option<Kept>, VaultFailure> {
        let length = match fs::metadata(&self.path) {
            Ok(found) => found.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if length > FILE_BYTES_MAX {
            return Err(VaultFailure::Altered);
        }
        let sealed = Zeroizing::new(fs::read(&self.path)?);
        let rest = sealed.strip_prefix(MAGIC.as_slice()).ok_or(VaultFailure::Altered)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(VaultFailure::Altered)?;
        let mut text = Zeroizing::new(text.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self.key.open_in_place(nonce, Aad::from(self.bound_to.as_bytes()), &mut text);
        let plain = plain.map_err(|_unspecified| VaultFailure::Altered)?;
        serde_json::from_slice(plain).map(Some).map_err(|_format| VaultFailure::Altered)
    }

    /// Returns when it would survive a power failure.
    pub(super) fn store(&self, kept: &Kept) -> Result<(), VaultFailure> {
        let text = serde_json::to_vec(kept).map_err(io::Error::other)?;
        let mut text = Zeroizing::new(text);
        let mut nonce = [0; NONCE_BYTES];
        self.chance.fill(&mut nonce);
        let tag = self.key.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(self.bound_to.as_bytes()),
            &mut text,
        );
        let tag = tag.map_err(|_unspecified| VaultFailure::Altered)?;
        let beside = self.beside();
        let mut file = for_owner(&beside)?;
        for part in [MAGIC.as_slice(), &nonce, &text, tag.as_ref()] {
            file.write_all(part)?;
        }
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        sync_folder(&self.path)?;
        Ok(())
    }

    fn beside(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".new");
        name.into()
    }
}

/// What an interrupted attempt left is overwritten; nobody else may read it at any moment.
fn for_owner(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// The new name is on the disk when its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webex::tokens::Token;

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            let path = std::env::temp_dir().join(format!("hc-vault-{}", Chance::System.uuid()));
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn vault(&self, key: u8, client: &str) -> Vault {
            Vault::new(&self.0.join("tokens"), &[key; 32], client, Chance::System).unwrap()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn kept(refresh: &str) -> Kept {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let pair = Pair {
            access: Token::new("CANARY-access"),
            obtained: at,
            ends: at,
            renew_from: at,
            refresh: Token::new(refresh),
            refresh_ends: None,
        };
        Kept { pair: Some(pair), ..Kept::default() }
    }

    #[test]
    fn what_was_stored_comes_back_to_this_app_with_this_key_only() {
        let folder = Folder::new();
        let vault = folder.vault(1, "app");
        assert!(vault.open().unwrap().is_none());
        vault.store(&kept("CANARY-one")).unwrap();
        vault.store(&kept("CANARY-two")).unwrap();
        let opened = vault.open().unwrap().unwrap().pair.unwrap();
        assert_eq!(opened.refresh.expose(), "CANARY-two");
        assert!(matches!(folder.vault(2, "app").open(), Err(VaultFailure::Altered)));
        assert!(matches!(folder.vault(1, "other").open(), Err(VaultFailure::Altered)));
        let bytes = fs::read(folder.0.join("tokens")).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("CANARY"));
    }

    #[test]
    fn an_altered_or_cut_file_is_noticed_and_an_interrupted_attempt_does_no_harm() {
        let folder = Folder::new();
        let (vault, path) = (folder.vault(1, "app"), folder.0.join("tokens"));
        vault.store(&kept("r")).unwrap();
        let good = fs::read(&path).unwrap();
        for end in [0, 4, 15, good.len() - 1] {
            fs::write(&path, &good[..end]).unwrap();
            assert!(matches!(vault.open(), Err(VaultFailure::Altered)), "{end}");
        }
        fs::write(&path, &good).unwrap();
        fs::write(folder.0.join("tokens.new"), b"half").unwrap();
        assert!(vault.open().unwrap().is_some());
        vault.store(&kept("s")).unwrap();
        assert!(!folder.0.join("tokens.new").exists());
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new();
        folder.vault(1, "app").store(&kept("r")).unwrap();
        let mode = fs::metadata(folder.0.join("tokens")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
