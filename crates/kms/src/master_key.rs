//! The key that wraps all others in the database, and the key that wraps this one: the first lies in
//! the database, the second (its *guard*) in a file, a credential or a token. So a guard is replaced
//! by wrapping one key anew.

mod custody;
mod guard;
#[cfg(feature = "pkcs11")]
mod pkcs11;

use protocol::{ids::OrganizationId, keys::Purpose};
use uuid::Uuid;
use world::chance::Chance;
use zeroize::Zeroizing;

use crate::{
    aead::{self, KEY_BYTES},
    framed::framed,
    store,
};

pub use custody::Rekeyed;
pub(crate) use custody::{WrappedKey, generation, open, rekey, reopen, under_new_guard, wrapped};
pub use guard::{MasterKeyFailure, new_text};

/// Wiped when dropped. No `Debug`.
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

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
    pub(crate) fn generate(chance: &Chance) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        chance.fill(&mut *bytes);
        Self(bytes)
    }

    pub(crate) fn from_bytes(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    pub(crate) fn wrap(
        &self,
        key: &[u8; KEY_BYTES],
        of: &WrappedFor<'_>,
        chance: &Chance,
    ) -> Result<Vec<u8>, NotWrappedHere> {
        self.wrap_bound(key, &of.bytes(), chance)
    }

    pub(crate) fn unwrap(
        &self,
        wrapped: Vec<u8>,
        of: &WrappedFor<'_>,
    ) -> Result<Zeroizing<[u8; KEY_BYTES]>, NotWrappedHere> {
        self.unwrap_bound(wrapped, &of.bytes())
    }

    /// For what is not a key of a resource.
    pub(crate) fn wrap_bound(
        &self,
        key: &[u8; KEY_BYTES],
        bound_to: &[u8],
        chance: &Chance,
    ) -> Result<Vec<u8>, NotWrappedHere> {
        aead::pack(&self.0, aead::nonce(chance), bound_to, key).map_err(|_mismatch| NotWrappedHere)
    }

    pub(crate) fn unwrap_bound(
        &self,
        wrapped: Vec<u8>,
        bound_to: &[u8],
    ) -> Result<Zeroizing<[u8; KEY_BYTES]>, NotWrappedHere> {
        let mut wrapped = Zeroizing::new(wrapped);
        let plain = aead::unpack(&self.0, bound_to, &mut wrapped);
        let plain: &[u8; KEY_BYTES] = plain
            .map_err(|_mismatch| NotWrappedHere)?
            .try_into()
            .map_err(|_length| NotWrappedHere)?;
        Ok(Zeroizing::new(*plain))
    }
}

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

#[cfg(test)]
mod tests;
