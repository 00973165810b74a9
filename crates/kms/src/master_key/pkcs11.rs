//! A guard that never leaves its token: an AES key which the token uses for us (PKCS#11).

use std::{fs, io, os::unix::fs::PermissionsExt as _};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::{Mechanism, aead::GcmParams},
    object::{Attribute, KeyType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    slot::Slot,
    types::AuthPin,
};
use world::chance::Chance;
use zeroize::Zeroizing;

use super::NotWrappedHere;
use crate::{
    aead::{self, KEY_BYTES, NONCE_BYTES, TAG_BYTES},
    config,
};

/// A key on a token. Asked when the server starts, and then no more.
pub(in crate::master_key) struct Token {
    context: Pkcs11,
    slot: Slot,
    pin: AuthPin,
    key: String,
}

#[derive(Debug, thiserror::Error)]
pub enum TokenFailure {
    #[error("the token refuses")]
    Refused(#[from] Error),
    #[error("there is no token of that label")]
    NoToken,
    #[error("there is no AES key of that label on the token")]
    NoKey,
    #[error("more than one key of that label is on the token")]
    ManyKeys,
    #[error("the file with the token's PIN cannot be read")]
    Pin(#[source] io::Error),
    #[error("others may read the file with the token's PIN; its mode must be 0600")]
    PinTooOpen,
}

const OTHERS: u32 = 0o077;

impl Token {
    pub(super) fn open(settings: &config::Token, may_make: bool) -> Result<Self, TokenFailure> {
        let metadata = fs::metadata(&settings.pin_file).map_err(TokenFailure::Pin)?;
        if metadata.permissions().mode() & OTHERS != 0 {
            return Err(TokenFailure::PinTooOpen);
        }
        let pin = fs::read_to_string(&settings.pin_file).map_err(TokenFailure::Pin)?;
        let pin = Zeroizing::new(pin);
        let context = Pkcs11::new(&settings.module)?;
        // A library is initialised once per process; unloading it would take that away from others.
        std::mem::forget(context.clone());
        match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(error.into()),
        }
        let slot = find_slot(&context, &settings.token)?;
        let pin = AuthPin::new(pin.trim().into());
        let token = Self { context, slot, pin, key: settings.key.clone() };
        token.with_session(|session| match token.find_key(session) {
            Err(TokenFailure::NoKey) if may_make => token.make_key(session),
            found => found.map(drop),
        })?;
        Ok(token)
    }

    /// `nonce ‖ ciphertext ‖ tag`, as without a token.
    pub(super) fn wrap(
        &self,
        key: &[u8; KEY_BYTES],
        bound_to: &[u8],
        chance: &Chance,
    ) -> Result<Vec<u8>, NotWrappedHere> {
        let nonce = aead::nonce(chance);
        let mut iv = nonce;
        let wrapped = self.with_session(|session| {
            let parameters = GcmParams::new(&mut iv, bound_to, TAG_BITS.into())?;
            let handle = self.find_key(session)?;
            Ok(session.encrypt(&Mechanism::AesGcm(parameters), handle, key)?)
        });
        let wrapped = wrapped.map_err(|failure| refused(&failure))?;
        Ok([&nonce[..], &wrapped].concat())
    }

    pub(super) fn unwrap(
        &self,
        wrapped: &[u8],
        bound_to: &[u8],
    ) -> Result<Zeroizing<[u8; KEY_BYTES]>, NotWrappedHere> {
        let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_BYTES>().ok_or(NotWrappedHere)?;
        let mut iv = *nonce;
        let key = self.with_session(|session| {
            let parameters = GcmParams::new(&mut iv, bound_to, TAG_BITS.into())?;
            let handle = self.find_key(session)?;
            Ok(Zeroizing::new(session.decrypt(&Mechanism::AesGcm(parameters), handle, sealed)?))
        });
        // A key of another generation is refused here, so this is no failure yet.
        let key = key.map_err(|_refused| NotWrappedHere)?;
        let key: &[u8; KEY_BYTES] = key.as_slice().try_into().map_err(|_length| NotWrappedHere)?;
        Ok(Zeroizing::new(*key))
    }

    fn with_session<T>(
        &self,
        work: impl FnOnce(&Session) -> Result<T, TokenFailure>,
    ) -> Result<T, TokenFailure> {
        let session = self.context.open_rw_session(self.slot)?;
        match session.login(UserType::User, Some(&self.pin)) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => work(&session),
            Err(error) => Err(error.into()),
        }
    }

    fn find_key(&self, session: &Session) -> Result<ObjectHandle, TokenFailure> {
        let template = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::Label(self.key.clone().into_bytes()),
        ];
        match session.find_objects(&template)?.as_slice() {
            [] => Err(TokenFailure::NoKey),
            [key] => Ok(*key),
            [_, _, ..] => Err(TokenFailure::ManyKeys),
        }
    }

    /// Neither readable nor wrappable: it stays on the token.
    fn make_key(&self, session: &Session) -> Result<(), TokenFailure> {
        let length = KEY_BYTES.try_into().map_err(|_large| TokenFailure::NoKey)?;
        let template = [
            Attribute::Label(self.key.clone().into_bytes()),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
            Attribute::ValueLen(length),
        ];
        session.generate_key(&Mechanism::AesKeyGen, &template)?;
        Ok(())
    }
}

/// Of the tag, as PKCS#11 wants it.
const TAG_BITS: u64 = 8 * TAG_BYTES as u64;

fn find_slot(context: &Pkcs11, label: &str) -> Result<Slot, TokenFailure> {
    for slot in context.get_slots_with_initialized_token()? {
        if context.get_token_info(slot)?.label() == label {
            return Ok(slot);
        }
    }
    Err(TokenFailure::NoToken)
}

fn refused(failure: &TokenFailure) -> NotWrappedHere {
    let error: &dyn std::error::Error = failure;
    tracing::error!(error, "The token does not wrap a key");
    NotWrappedHere
}

#[cfg(test)]
mod tests;
