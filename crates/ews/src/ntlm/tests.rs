//! The published vectors, both sides against each other, and bytes of all kinds.

use md5::{Digest, Md5};
use proptest::prelude::*;

use super::{authenticate::prove, keys::utf16, pairs::Pairs, *};

fn user() -> UserName {
    UserName { domain: "Domain".into(), user: "User".into() }
}

/// MS-NLMP, section 4.2.4.
#[test]
fn the_published_example_comes_out() {
    let key = user().key("Password");
    assert_eq!(hex(&key), "0c868a403bfd7a93a3001ef22ef02e3f");
    let mut pairs = Pairs::default();
    pairs.set(pairs::DOMAIN_NAME, &utf16("Domain"));
    pairs.set(pairs::COMPUTER_NAME, &utf16("Server"));
    let server_nonce = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
    let pairs = pairs.write().expect("short");
    let (response, session_key) = prove(&key, server_nonce, [0xaa; 8], [0; 8], &pairs);
    assert_eq!(hex(&response[..16]), "68cd0ab851e51c96aabc927bebef6a1c");
    assert_eq!(hex(&session_key), "8de40ccadbc14a82f15cb0ad0de95ca3");
}

/// RFC 2744's structure, with 53 bytes of binding, written down by hand.
#[test]
fn a_binding_is_a_hash_over_the_certificates_hash() {
    let mut whole = vec![0; 16];
    whole.extend_from_slice(&53_u32.to_le_bytes());
    whole.extend_from_slice(b"tls-server-end-point:");
    whole.extend_from_slice(&[7; 32]);
    let expected: [u8; 16] = Md5::digest(&whole).into();
    assert_eq!(channel_binding(&[7; 32]), expected);
}

struct Handshake {
    challenge: Vec<u8>,
    answer: Vec<u8>,
}

fn sign_in(name: &str, password: &str, binding: Option<[u8; 16]>) -> Handshake {
    let challenge = write_challenge([9; 8], "EXAMPLE", 1234).expect("short");
    let user = UserName::parse(name);
    let host = "mail.example.com";
    let proof = Proof { user: &user, password, nonce: [3; 8], time: 0, binding, host };
    let answer = authenticate(&negotiate(), &challenge, &proof).expect("a challenge");
    Handshake { challenge, answer }
}

impl Handshake {
    fn passes(&self, password: &str) -> bool {
        let read = read_authenticate(&self.answer).expect("a message");
        read.is_made_with(password, &negotiate(), &self.challenge, &self.answer)
    }
}

#[test]
fn both_sides_agree_on_passwords_of_any_script() {
    for name in ["alice", "\\alice", "EXAMPLE\\alice", "alice@example.com", "EXAMPLE\\straße"] {
        for password in ["secret", "", "pässwörd-密码-🔑"] {
            let handshake = sign_in(name, password, Some([5; 16]));
            assert!(handshake.passes(password), "{name}");
            assert!(!handshake.passes("other"), "{name}");
        }
    }
    let read = read_authenticate(&sign_in("D\\a", "x", None).answer).expect("a message");
    assert_eq!((read.user.domain.as_str(), read.user.user.as_str()), ("D", "a"));
    assert_eq!(read.binding, None);
}

#[test]
fn nothing_of_it_can_be_changed_on_the_way() {
    let whole = sign_in("EXAMPLE\\alice", "secret", Some([5; 16]));
    for at in 12..whole.answer.len() {
        let mut changed = whole.answer.clone();
        changed[at] ^= 0x40;
        let Ok(read) = read_authenticate(&changed) else { continue };
        let passes = read.is_made_with("secret", &negotiate(), &whole.challenge, &changed);
        assert!(!passes, "byte {at}");
    }
    let other = write_challenge([8; 8], "EXAMPLE", 1234).expect("short");
    let read = read_authenticate(&whole.answer).expect("a message");
    assert!(!read.is_made_with("secret", &negotiate(), &other, &whole.answer));
}

#[test]
fn what_is_no_challenge_is_refused() {
    let whole = write_challenge([9; 8], "EXAMPLE", 1234).expect("short");
    assert_eq!(read_challenge(b"hello").err(), Some(NtlmError::NotNtlm));
    assert_eq!(read_challenge(&negotiate()).err(), Some(NtlmError::OtherKind));
    assert_eq!(read_challenge(&vec![0; 20_000]).err(), Some(NtlmError::TooLarge));
    for length in 8..whole.len() {
        assert!(read_challenge(&whole[..length]).is_err(), "{length} bytes");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(at in 0_usize..200, bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        for mut message in [
            write_challenge([9; 8], "EXAMPLE", 1234).expect("short"),
            sign_in("D\\alice", "x", Some([1; 16])).answer,
        ] {
            let end = message.len().min(at + bytes.len());
            let start = at.min(end);
            message.splice(start..end, bytes.iter().copied());
            let _either = (read_challenge(&message).is_ok(), read_authenticate(&message).is_ok());
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
