//! Where the guard lies, and what it can do: wrap one key and unwrap it again.

use std::{
    env, fs,
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use world::chance::Chance;
use zeroize::Zeroizing;

use super::{MasterKey, NotWrappedHere};
use crate::{aead::KEY_BYTES, config::KeyPlace};

/// Wraps the master key. No `Debug`.
pub(super) enum Guard {
    Key(MasterKey),
    #[cfg(feature = "pkcs11")]
    Token(super::pkcs11::Token),
}

#[derive(Debug, thiserror::Error)]
pub enum MasterKeyFailure {
    #[error("the master key file {} cannot be read or written", file.display())]
    File { file: PathBuf, source: io::Error },
    #[error("others may read the master key file {}; its mode must be 0600", file.display())]
    TooOpen { file: PathBuf },
    #[error("{} is not a master key file", file.display())]
    NotAKey { file: PathBuf },
    /// A new one would not open what the database holds.
    #[error("the database was made with a master key, but {} is missing", file.display())]
    Missing { file: PathBuf },
    #[error(
        "there is no credential {name}: make it with `hybridcal kms new-master-key | systemd-creds encrypt --name={name} - FILE` and name FILE in LoadCredentialEncrypted="
    )]
    NoCredential { name: String },
    #[error("{name} is not the name of a credential")]
    CredentialName { name: String },
    /// The key in memory is gone, the database in a file is not.
    #[error("the database was made with a master key that was kept in memory or elsewhere")]
    NotKept,
    #[error("the database belongs to another master key or to another organization")]
    OtherKey,
    #[error(
        "this is the master key of generation {found}; the database is at generation {needed}: configure the one that replaced it"
    )]
    OtherGeneration { found: i64, needed: i64 },
    #[error("the database was made by an unreleased version whose keys are not taken over")]
    TooOld,
    #[error("another process replaced the master key at this moment")]
    Overtaken,
    #[error("the key database cannot be read or written")]
    Database(#[from] sqlx::Error),
    #[error("this program was built without the feature `pkcs11`")]
    NotBuiltIn,
    #[cfg(feature = "pkcs11")]
    #[error("the token does not do it")]
    Token(#[from] super::pkcs11::TokenFailure),
}

impl Guard {
    /// Read or, where that is possible and `may_make`, made.
    pub(super) fn find(
        place: &KeyPlace,
        may_make: bool,
        chance: &Chance,
    ) -> Result<Self, MasterKeyFailure> {
        match place {
            KeyPlace::Memory if may_make => Ok(Self::Key(MasterKey::generate(chance))),
            KeyPlace::Memory => Err(MasterKeyFailure::NotKept),
            KeyPlace::File(file) => {
                tracing::warn!(
                    file = %file.display(),
                    "The master key lies in a plain file: fit for trying out, not for production"
                );
                from_file(file, may_make, chance).map(Self::Key)
            }
            KeyPlace::Credential(name) => {
                // systemd tells it to the process in this way only.
                let folder = env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
                from_credential(folder.as_deref(), name).map(Self::Key)
            }
            #[cfg(feature = "pkcs11")]
            KeyPlace::Pkcs11(token) => {
                Ok(Self::Token(super::pkcs11::Token::open(token, may_make)?))
            }
            #[cfg(not(feature = "pkcs11"))]
            KeyPlace::Pkcs11(_) => Err(MasterKeyFailure::NotBuiltIn),
        }
    }

    pub(super) fn wrap(
        &self,
        key: &[u8; KEY_BYTES],
        bound_to: &[u8],
        chance: &Chance,
    ) -> Result<Vec<u8>, NotWrappedHere> {
        match self {
            Self::Key(guard) => guard.wrap_bound(key, bound_to, chance),
            #[cfg(feature = "pkcs11")]
            Self::Token(token) => token.wrap(key, bound_to, chance),
        }
    }

    pub(super) fn unwrap(
        &self,
        wrapped: Vec<u8>,
        bound_to: &[u8],
    ) -> Result<Zeroizing<[u8; KEY_BYTES]>, NotWrappedHere> {
        match self {
            Self::Key(guard) => guard.unwrap_bound(wrapped, bound_to),
            #[cfg(feature = "pkcs11")]
            Self::Token(token) => token.unwrap(&wrapped, bound_to),
        }
    }
}

/// What a file or a credential with a new master key contains.
pub fn new_text(chance: &Chance) -> Zeroizing<String> {
    to_text(&MasterKey::generate(chance))
}

pub(super) fn from_file(
    file: &Path,
    may_make: bool,
    chance: &Chance,
) -> Result<MasterKey, MasterKeyFailure> {
    let failed = |source| MasterKeyFailure::File { file: file.into(), source };
    match fs::metadata(file) {
        Ok(metadata) if metadata.permissions().mode() & OTHERS != 0 => {
            Err(MasterKeyFailure::TooOpen { file: file.into() })
        }
        Ok(_) => read(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound && may_make => {
            let text = new_text(chance);
            write_new(file, &text).map_err(failed)?;
            tracing::warn!(
                file = %file.display(),
                "Made a new master key. Without this file nothing can ever be opened again: back it up"
            );
            read(file)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(MasterKeyFailure::Missing { file: file.into() })
        }
        Err(error) => Err(failed(error)),
    }
}

/// The mode is systemd's affair: it grants the service's account by a list, which shows as a group.
pub(super) fn from_credential(
    folder: Option<&Path>,
    name: &str,
) -> Result<MasterKey, MasterKeyFailure> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
        return Err(MasterKeyFailure::CredentialName { name: name.into() });
    }
    let file = folder.map(|folder| folder.join(name)).filter(|file| file.exists());
    read(&file.ok_or_else(|| MasterKeyFailure::NoCredential { name: name.into() })?)
}

fn read(file: &Path) -> Result<MasterKey, MasterKeyFailure> {
    let failed = |source| MasterKeyFailure::File { file: file.into(), source };
    let text = Zeroizing::new(fs::read_to_string(file).map_err(failed)?);
    from_text(&text).ok_or_else(|| MasterKeyFailure::NotAKey { file: file.into() })
}

fn from_text(text: &str) -> Option<MasterKey> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    let body = text.trim().strip_prefix(FORMAT)?;
    let length = STANDARD.decode_slice(body, &mut *bytes).ok()?;
    (length == KEY_BYTES).then(|| MasterKey::from_bytes(bytes))
}

fn to_text(key: &MasterKey) -> Zeroizing<String> {
    Zeroizing::new(format!("{FORMAT}{}\n", STANDARD.encode(*key.0)))
}

const OTHERS: u32 = 0o077;
/// With a number for the day when there is another format.
const FORMAT: &str = "hybridcal-master-key-1:";

pub(super) fn write_new(file: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
