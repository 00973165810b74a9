//! Sealing what a connector keeps in the cloud about a mailbox. Bound to the version and the
//! lease it was written under, so that an old state cannot be passed off as the newest.

use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::{
    connector::SEALED_STATE_BYTES_MAX,
    ids::{ConnectorId, OrganizationId, UserId},
};
use uuid::Uuid;
use world::chance::Chance;
use zeroize::Zeroizing;

use crate::{aead, content_key::ContentKey, framed::framed, seal::SealFailure};

/// Which state of which mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatePlace<'a> {
    pub organization: &'a OrganizationId,
    pub cluster: &'a ConnectorId,
    pub user: UserId,
    pub version: i64,
    pub lease_epoch: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenStateFailure {
    #[error("not the form of a sealed state")]
    Malformed,
    /// Retrieve that key and try again.
    #[error("sealed with another key")]
    OtherKey(Uuid),
    #[error("altered after it was sealed, or sealed for another place")]
    Altered,
}

/// Base64 of `key id ‖ nonce ‖ ciphertext ‖ tag`.
pub fn seal_state(
    key: &ContentKey,
    place: &StatePlace<'_>,
    state: &[u8],
    chance: &Chance,
) -> Result<String, SealFailure> {
    let id = key.url().key().ok_or(SealFailure::KeyName)?;
    let packed = aead::pack(key.bytes(), aead::nonce(chance), &bound_to(place), state)
        .map_err(|_mismatch| SealFailure::Cipher)?;
    let sealed = STANDARD.encode([id.as_bytes(), packed.as_slice()].concat());
    if sealed.len() > SEALED_STATE_BYTES_MAX {
        return Err(SealFailure::TooLong);
    }
    Ok(sealed)
}

pub fn open_state(
    key: &ContentKey,
    place: &StatePlace<'_>,
    sealed: &str,
) -> Result<Vec<u8>, OpenStateFailure> {
    if sealed.len() > SEALED_STATE_BYTES_MAX {
        return Err(OpenStateFailure::Malformed);
    }
    let bytes = STANDARD.decode(sealed).map_err(|_form| OpenStateFailure::Malformed)?;
    let mut bytes = Zeroizing::new(bytes);
    let (id, packed) = bytes.split_first_chunk_mut().ok_or(OpenStateFailure::Malformed)?;
    let id = Uuid::from_bytes(*id);
    if key.url().key() != Some(id) {
        return Err(OpenStateFailure::OtherKey(id));
    }
    let state = aead::unpack(key.bytes(), &bound_to(place), packed)
        .map_err(|_mismatch| OpenStateFailure::Altered)?;
    Ok(state.to_vec())
}

fn bound_to(place: &StatePlace<'_>) -> Vec<u8> {
    framed(&[
        b"hcs1",
        place.organization.0.as_bytes(),
        place.cluster.0.as_bytes(),
        place.user.0.to_string().as_bytes(),
        place.version.to_string().as_bytes(),
        place.lease_epoch.to_string().as_bytes(),
    ])
}

#[cfg(test)]
mod tests;
