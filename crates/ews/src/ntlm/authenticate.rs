//! The third message: the proof of knowing the password, bound to the TLS connection.

use super::{
    Challenge, KEY_EXCHANGE, NtlmError, SIGNATURE, UserName, check_kind,
    fields::{Writer, bytes_at, field, put_u32, u32_at},
    keys::{from_utf16, hmac, utf16},
    pairs::{CHANNEL_BINDING, FLAGS, HAS_INTEGRITY_CODE, Pairs, TARGET_NAME, TIME},
};

const HEAD_BYTES: usize = 88;
const INTEGRITY_CODE_AT: usize = 72;
/// Of the client's part, in front of the pairs.
const PAIRS_AT: usize = 28;
/// A server that says its time gets no LM response.
const NO_LM_RESPONSE: [u8; 24] = [0; 24];

/// What a client draws and knows beside the challenge.
pub struct Proof<'a> {
    pub user: &'a UserName,
    pub password: &'a str,
    /// Drawn anew for each.
    pub nonce: [u8; 8],
    /// Ours, in 100 ns since 1601; the server's is preferred.
    pub time: u64,
    /// See [`super::channel_binding`]; none leaves the pair out.
    pub binding: Option<[u8; 16]>,
    /// The server's name in the URL.
    pub host: &'a str,
}

/// Answers a challenge. Both messages that went before are needed for the integrity code.
pub fn authenticate(
    negotiate: &[u8],
    challenge: &[u8],
    proof: &Proof<'_>,
) -> Result<Vec<u8>, NtlmError> {
    let read = super::read_challenge(challenge)?;
    let key = proof.user.key(proof.password);
    let (response, session_key) = respond(&key, &read, proof)?;
    let mut head = SIGNATURE.to_vec();
    put_u32(&mut head, 3);
    let mut writer = Writer::new(head, HEAD_BYTES);
    writer.field(&NO_LM_RESPONSE)?;
    writer.field(&response)?;
    writer.field(&utf16(&proof.user.domain))?;
    writer.field(&utf16(&proof.user.user))?;
    writer.field(&[])?; // workstation
    writer.field(&[])?; // session key
    put_u32(writer.head(), read.flags);
    let mut message = writer.finish();
    let code = hmac(&session_key, &[negotiate, challenge, &message]);
    if let Some(place) = message.get_mut(INTEGRITY_CODE_AT..HEAD_BYTES) {
        place.copy_from_slice(&code);
    }
    Ok(message)
}

fn respond(
    key: &[u8; 16],
    challenge: &Challenge,
    proof: &Proof<'_>,
) -> Result<(Vec<u8>, [u8; 16]), NtlmError> {
    let mut pairs = challenge.pairs.clone();
    let flags = pairs.number(FLAGS).unwrap_or_default() | HAS_INTEGRITY_CODE;
    pairs.set(FLAGS, &flags.to_le_bytes());
    match proof.binding {
        Some(binding) => pairs.set(CHANNEL_BINDING, &binding),
        None => pairs.remove(CHANNEL_BINDING),
    }
    pairs.set(TARGET_NAME, &utf16(&format!("HTTP/{}", proof.host)));
    let time = match pairs.get(TIME).and_then(|value| value.first_chunk()) {
        Some(time) => *time,
        None => proof.time.to_le_bytes(),
    };
    Ok(prove(key, challenge.nonce, proof.nonce, time, &pairs.write()?))
}

/// The response and the session's key.
pub(super) fn prove(
    key: &[u8; 16],
    server_nonce: [u8; 8],
    nonce: [u8; 8],
    time: [u8; 8],
    pairs: &[u8],
) -> (Vec<u8>, [u8; 16]) {
    let mut own = vec![1, 1, 0, 0, 0, 0, 0, 0];
    own.extend_from_slice(&time);
    own.extend_from_slice(&nonce);
    own.extend_from_slice(&[0; 4]);
    own.extend_from_slice(pairs);
    own.extend_from_slice(&[0; 4]);
    let proof = hmac(key, &[&server_nonce, &own]);
    ([proof.as_slice(), &own].concat(), hmac(key, &[&proof]))
}

/// A third message as the server reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticate {
    pub user: UserName,
    /// The channel binding as it was sent; all zero is not the same as none.
    pub binding: Option<Vec<u8>>,
    proof: [u8; 16],
    own: Vec<u8>,
    integrity_code: Option<[u8; 16]>,
}

/// Never panics, whatever the bytes.
pub fn read_authenticate(message: &[u8]) -> Result<Authenticate, NtlmError> {
    check_kind(message, 3)?;
    let flags = u32_at(message, 60)?;
    if flags & KEY_EXCHANGE != 0 {
        return Err(NtlmError::OtherKind); // we never offer it
    }
    let response = field(message, 20)?;
    let proof = bytes_at(response, 0)?;
    let own = response.get(16..).ok_or(NtlmError::CutOff)?;
    // Version 1 has 24 bytes and no pairs.
    let pairs = own.get(PAIRS_AT..).ok_or(NtlmError::NoVersion2)?;
    let pairs = Pairs::read(pairs)?;
    let has_code = pairs.number(FLAGS).unwrap_or_default() & HAS_INTEGRITY_CODE != 0;
    let integrity_code = if has_code { Some(bytes_at(message, INTEGRITY_CODE_AT)?) } else { None };
    Ok(Authenticate {
        user: UserName {
            domain: from_utf16(field(message, 28)?),
            user: from_utf16(field(message, 36)?),
        },
        binding: pairs.get(CHANNEL_BINDING).map(<[u8]>::to_vec),
        proof,
        own: own.to_vec(),
        integrity_code,
    })
}

impl Authenticate {
    /// Whether it was made with that password, for that challenge, and arrived as it was sent.
    pub fn is_made_with(
        &self,
        password: &str,
        negotiate: &[u8],
        challenge: &[u8],
        message: &[u8],
    ) -> bool {
        let Ok(Challenge { nonce, .. }) = super::read_challenge(challenge) else { return false };
        let key = self.user.key(password);
        if hmac(&key, &[&nonce, &self.own]) != self.proof {
            return false;
        }
        let Some(code) = self.integrity_code else { return true };
        let mut without = message.to_vec();
        if let Some(place) = without.get_mut(INTEGRITY_CODE_AT..HEAD_BYTES) {
            place.fill(0);
        }
        hmac(&hmac(&key, &[&self.proof]), &[negotiate, challenge, &without]) == code
    }
}
