//! The second message: the server's challenge.

use super::{
    ENCRYPTION_56, ENCRYPTION_128, EXTENDED_SESSION_SECURITY, NTLM, NtlmError, OURS,
    REQUEST_TARGET, SIGNATURE, TARGET_INFO, TARGET_TYPE_DOMAIN, UNICODE, VERSION, check_kind,
    fields::{Writer, bytes_at, field, put_u32, u32_at},
    keys::utf16,
    pairs::{COMPUTER_NAME, DOMAIN_NAME, Pairs, TIME},
};

const HEAD_BYTES: usize = 56;

/// Major, minor, build, and the revision of NTLM. Some clients leave room for a version, in front of
/// the integrity code, only if the server has one.
const WINDOWS_2019: [u8; 8] = [10, 0, 0x63, 0x45, 0, 0, 0, 15];

/// What a client needs of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub(super) flags: u32,
    pub(super) nonce: [u8; 8],
    pub(super) pairs: Pairs,
}

/// Never panics, whatever the bytes.
pub fn read_challenge(message: &[u8]) -> Result<Challenge, NtlmError> {
    check_kind(message, 2)?;
    let flags = u32_at(message, 20)?;
    let nonce = bytes_at(message, 24)?;
    if flags & UNICODE == 0 || flags & TARGET_INFO == 0 {
        return Err(NtlmError::NoVersion2);
    }
    let pairs = Pairs::read(field(message, 40)?)?;
    Ok(Challenge { flags: flags & OURS, nonce, pairs })
}

/// What a server of that domain sends at that time, in 100 ns since 1601.
pub fn write_challenge(nonce: [u8; 8], domain: &str, time: u64) -> Result<Vec<u8>, NtlmError> {
    const FLAGS: u32 = UNICODE
        | REQUEST_TARGET
        | NTLM
        | TARGET_TYPE_DOMAIN
        | EXTENDED_SESSION_SECURITY
        | TARGET_INFO
        | VERSION
        | ENCRYPTION_128
        | ENCRYPTION_56;
    let mut pairs = Pairs::default();
    pairs.set(DOMAIN_NAME, &utf16(domain));
    pairs.set(COMPUTER_NAME, &utf16("EXCHANGE"));
    pairs.set(TIME, &time.to_le_bytes());
    let mut head = SIGNATURE.to_vec();
    put_u32(&mut head, 2);
    let mut writer = Writer::new(head, HEAD_BYTES);
    writer.field(&utf16(domain))?;
    put_u32(writer.head(), FLAGS);
    writer.head().extend_from_slice(&nonce);
    writer.head().extend_from_slice(&[0; 8]);
    writer.field(&pairs.write()?)?;
    writer.head().extend_from_slice(&WINDOWS_2019);
    Ok(writer.finish())
}
