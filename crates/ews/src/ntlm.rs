//! The messages of NTLMv2 (MS-NLMP) as HTTP carries them: three on one connection, the second from
//! the server. Pure, for both sides; version 1, signing and sealing are left out, since HTTP has no
//! use for them.

mod authenticate;
mod challenge;
mod fields;
mod keys;
mod pairs;
#[cfg(test)]
mod tests;

pub use authenticate::{Authenticate, Proof, authenticate, read_authenticate};
pub use challenge::{Challenge, read_challenge, write_challenge};
pub use keys::{UserName, channel_binding};

use fields::{put_u32, u32_at};

/// A real message has some hundred bytes.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;
const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

const UNICODE: u32 = 0x0000_0001;
const REQUEST_TARGET: u32 = 0x0000_0004;
const NTLM: u32 = 0x0000_0200;
const ALWAYS_SIGN: u32 = 0x0000_8000;
const TARGET_TYPE_DOMAIN: u32 = 0x0001_0000;
const EXTENDED_SESSION_SECURITY: u32 = 0x0008_0000;
const TARGET_INFO: u32 = 0x0080_0000;
const VERSION: u32 = 0x0200_0000;
const ENCRYPTION_128: u32 = 0x2000_0000;
const KEY_EXCHANGE: u32 = 0x4000_0000;
const ENCRYPTION_56: u32 = 0x8000_0000;

/// What we ask for. Without a key exchange the session's key is the one that the password gives.
const OURS: u32 = UNICODE
    | REQUEST_TARGET
    | NTLM
    | ALWAYS_SIGN
    | EXTENDED_SESSION_SECURITY
    | ENCRYPTION_128
    | ENCRYPTION_56;

/// Why bytes are not the message they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NtlmError {
    #[error("not an NTLM message")]
    NotNtlm,
    #[error("an NTLM message of another kind")]
    OtherKind,
    #[error("an NTLM message that is cut off")]
    CutOff,
    #[error("an NTLM message that is too large")]
    TooLarge,
    #[error("the server does not speak NTLMv2 with Unicode")]
    NoVersion2,
}

/// The first message; it names nobody.
pub fn negotiate() -> Vec<u8> {
    let mut message = SIGNATURE.to_vec();
    put_u32(&mut message, 1);
    put_u32(&mut message, OURS);
    // Neither domain nor workstation.
    message.resize(32, 0);
    message
}

/// Whether bytes are a first message.
pub fn read_negotiate(message: &[u8]) -> Result<(), NtlmError> {
    check_kind(message, 1)
}

fn check_kind(message: &[u8], kind: u32) -> Result<(), NtlmError> {
    if message.len() > MESSAGE_BYTES_MAX {
        return Err(NtlmError::TooLarge);
    }
    if !message.starts_with(SIGNATURE) {
        return Err(NtlmError::NotNtlm);
    }
    if u32_at(message, SIGNATURE.len())? == kind { Ok(()) } else { Err(NtlmError::OtherKind) }
}
