//! The key that wraps all others in the database. From a file for trying out; sealed credentials
//! and hardware come later as further variants of where it lies.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::{ids::OrganizationId, keys::Purpose};
use uuid::Uuid;
use world::chance::Chance;
use zeroize::Zeroizing;

use crate::{
    aead::{self, KEY_BYTES},
    config::Place,
    framed::framed,
    store,
};

/// Wiped when dropped. No `Debug`.
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

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
    /// The key in memory is gone, the database in a file is not.
    #[error("the database was made with a master key that was kept in memory or elsewhere")]
    NotKept,
    #[error("the database belongs to another master key or to another organization")]
    OtherKey,
}

/// What a wrapped key belongs to; it unwraps for nothing else.
pub(crate) struct WrappedFor<'a> {
    pub(crate) organization: &'a OrganizationId,
    pub(crate) resource: Uuid,
    pub(crate) purpose: Purpose,
    pub(crate) key: Uuid,
}

/// The key does not fit under this master key or not in this place.
#[derive(Debug, thiserror::Error)]
#[error("a stored key does not open under this master key")]
pub struct NotWrappedHere;

impl MasterKey {
    /// Read or, for a database without keys, made. `is_new` says that nothing is wrapped yet.
    pub(crate) fn find(
        place: &Place,
        is_new: bool,
        chance: &Chance,
    ) -> Result<Self, MasterKeyFailure> {
        match place {
            Place::Memory if is_new => Ok(Self::generate(chance)),
            Place::Memory => Err(MasterKeyFailure::NotKept),
            Place::File(file) => {
                tracing::warn!(
                    file = %file.display(),
                    "The master key lies in a plain file: fit for trying out, not for production"
                );
                Self::from_file(file, is_new, chance)
            }
        }
    }

    fn generate(chance: &Chance) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        chance.fill(&mut *bytes);
        Self(bytes)
    }

    fn from_file(file: &Path, is_new: bool, chance: &Chance) -> Result<Self, MasterKeyFailure> {
        let failed = |source| MasterKeyFailure::File { file: file.into(), source };
        match fs::metadata(file) {
            Ok(metadata) if metadata.permissions().mode() & OTHERS != 0 => {
                Err(MasterKeyFailure::TooOpen { file: file.into() })
            }
            Ok(_) => {
                let text = Zeroizing::new(fs::read_to_string(file).map_err(failed)?);
                Self::from_text(&text)
                    .ok_or_else(|| MasterKeyFailure::NotAKey { file: file.into() })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_new => {
                let key = Self::generate(chance);
                write_new(file, &key.to_text()).map_err(failed)?;
                tracing::warn!(
                    file = %file.display(),
                    "Made a new master key. Without this file nothing can ever be opened again: back it up"
                );
                Ok(key)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(MasterKeyFailure::Missing { file: file.into() })
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        let body = text.trim().strip_prefix(FORMAT)?;
        let length = STANDARD.decode_slice(body, &mut *bytes).ok()?;
        (length == KEY_BYTES).then_some(Self(bytes))
    }

    fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{FORMAT}{}\n", STANDARD.encode(*self.0)))
    }

    /// Kept in the database, so that another master key is noticed before it does harm.
    pub(crate) fn check_value(&self, organization: &OrganizationId) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*self.0);
        let tag = hmac::sign(&key, &framed(&[b"hck check", organization.0.as_bytes()]));
        tag.as_ref().get(..CHECK_VALUE_BYTES).unwrap_or_default().to_vec()
    }

    pub(crate) fn wrap(
        &self,
        key: &[u8; KEY_BYTES],
        of: &WrappedFor<'_>,
        chance: &Chance,
    ) -> Result<Vec<u8>, NotWrappedHere> {
        aead::pack(&self.0, aead::nonce(chance), &of.bytes(), key)
            .map_err(|_mismatch| NotWrappedHere)
    }

    pub(crate) fn unwrap(
        &self,
        wrapped: Vec<u8>,
        of: &WrappedFor<'_>,
    ) -> Result<Zeroizing<[u8; KEY_BYTES]>, NotWrappedHere> {
        let mut wrapped = Zeroizing::new(wrapped);
        let plain = aead::unpack(&self.0, &of.bytes(), &mut wrapped);
        let plain: &[u8; KEY_BYTES] = plain
            .map_err(|_mismatch| NotWrappedHere)?
            .try_into()
            .map_err(|_length| NotWrappedHere)?;
        Ok(Zeroizing::new(*plain))
    }
}

const OTHERS: u32 = 0o077;
/// With a number for the day when there is another format.
const FORMAT: &str = "hybridcal-master-key-1:";
const CHECK_VALUE_BYTES: usize = 16;

impl WrappedFor<'_> {
    fn bytes(&self) -> Vec<u8> {
        framed(&[
            b"hck1",
            self.organization.0.as_bytes(),
            self.resource.as_bytes(),
            store::word(self.purpose).as_bytes(),
            self.key.as_bytes(),
        ])
    }
}

fn write_new(file: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
