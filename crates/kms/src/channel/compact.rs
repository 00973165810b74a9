//! The compact forms of JWE (RFC 7516) and JWS (RFC 7515), read strictly: the few algorithms that
//! the key server's channel needs, one spelling of everything, nothing decoded that cannot fit.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use protocol::keys::FRAME_BYTES_MAX;
use serde::{Deserialize, Serialize};

use crate::aead::{NONCE_BYTES, TAG_BYTES};

/// Longest header, decoded.
const HEADER_BYTES_MAX: usize = 512;

/// Why a frame is not read. Says nothing of what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameRefused {
    #[error("the frame is too long")]
    TooLong,
    #[error("not the form of a frame")]
    Malformed,
    #[error("an algorithm or a member of the header that is not accepted here")]
    Algorithm,
    #[error("made with another key, or altered")]
    Altered,
    #[error("what is inside is not a message")]
    Content,
    #[error("the same request is being answered")]
    Repeated,
    #[error("too many handshakes or resets at the moment")]
    Busy,
    #[error("the database or the master key is away")]
    NotNow,
}

/// `alg` and `enc` of the accepted set, with the key's name. Unknown and repeated members of a
/// header are refused: what we do not understand might be meant to change the meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    enc: Option<String>,
    kid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    typ: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cty: Option<String>,
}

const ENCRYPTION: &str = "A256GCM";

/// How the content key of a frame is protected.
#[derive(Debug, PartialEq, Eq)]
pub enum Protection {
    /// `dir`: it is the channel's.
    Channel,
    /// `RSA-OAEP`: it is in the frame, for the lasting key.
    Static { encrypted_key: Vec<u8> },
}

/// A frame whose form is right; nothing in it has been believed yet.
pub struct Encrypted<'a> {
    /// The first segment as it stands: what the tag covers.
    pub(crate) header: &'a str,
    pub kid: String,
    pub protection: Protection,
    pub(crate) nonce: [u8; NONCE_BYTES],
    pub(crate) text_and_tag: Vec<u8>,
}

impl<'a> Encrypted<'a> {
    pub fn read(frame: &'a str) -> Result<Self, FrameRefused> {
        let [header_text, encrypted_key, nonce, text, tag] = segments(frame)?;
        let header = header(header_text)?;
        if header.enc.as_deref() != Some(ENCRYPTION) {
            return Err(FrameRefused::Algorithm);
        }
        let protection = match (header.alg.as_str(), encrypted_key) {
            ("dir", "") => Protection::Channel,
            ("RSA-OAEP", key) if !key.is_empty() => {
                Protection::Static { encrypted_key: decoded(key)? }
            }
            ("dir" | "RSA-OAEP", _) => return Err(FrameRefused::Malformed),
            _ => return Err(FrameRefused::Algorithm),
        };
        let mut text_and_tag = decoded(text)?;
        text_and_tag.extend_from_slice(&exactly::<TAG_BYTES>(tag)?);
        let nonce = exactly(nonce)?;
        Ok(Self { header: header_text, kid: header.kid, protection, nonce, text_and_tag })
    }
}

/// The same for what the lasting key signed.
pub struct Signed<'a> {
    pub kid: String,
    /// Header and payload as they stand: what the signature covers.
    pub(crate) signed: &'a str,
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl<'a> Signed<'a> {
    pub fn read(frame: &'a str) -> Result<Self, FrameRefused> {
        let [header_text, payload, signature] = segments(frame)?;
        let header = header(header_text)?;
        if header.alg != SIGNATURE || header.enc.is_some() {
            return Err(FrameRefused::Algorithm);
        }
        let length = header_text.len() + 1 + payload.len();
        let signed = frame.get(..length).ok_or(FrameRefused::Malformed)?;
        let (payload, signature) = (decoded(payload)?, decoded(signature)?);
        Ok(Self { kid: header.kid, signed, payload, signature })
    }
}

const SIGNATURE: &str = "PS256";

/// Three segments are a signed frame, five a sealed one.
pub fn is_signed(frame: &str) -> bool {
    frame.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// First segment of a frame protected by a channel.
pub(crate) fn channel_header(kid: &str) -> Option<String> {
    written(Header { enc: Some(ENCRYPTION.into()), ..plain("dir", kid) })
}

/// First segment of a frame for a lasting key.
pub(crate) fn static_header(kid: &str) -> Option<String> {
    written(Header { enc: Some(ENCRYPTION.into()), ..plain("RSA-OAEP", kid) })
}

/// First segment of what a lasting key signs.
pub(crate) fn signed_header(kid: &str) -> Option<String> {
    written(plain(SIGNATURE, kid))
}

fn plain(alg: &str, kid: &str) -> Header {
    Header { alg: alg.into(), enc: None, kid: kid.into(), typ: None, cty: None }
}

#[expect(clippy::needless_pass_by_value, reason = "headers are made to be written")]
fn written(header: Header) -> Option<String> {
    let json = serde_json::to_string(&header).ok()?;
    (json.len() <= HEADER_BYTES_MAX).then(|| encoded(json.as_bytes()))
}

fn header(segment: &str) -> Result<Header, FrameRefused> {
    if segment.len() > encoded_length(HEADER_BYTES_MAX) {
        return Err(FrameRefused::Malformed);
    }
    let json = decoded(segment)?;
    serde_json::from_slice(&json).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => FrameRefused::Algorithm,
        serde_json::error::Category::Io
        | serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof => FrameRefused::Malformed,
    })
}

/// Exactly this many.
fn segments<const N: usize>(frame: &str) -> Result<[&str; N], FrameRefused> {
    if frame.len() > FRAME_BYTES_MAX {
        return Err(FrameRefused::TooLong);
    }
    let found: Vec<&str> = frame.splitn(N + 1, '.').collect();
    found.try_into().map_err(|_other_number| FrameRefused::Malformed)
}

pub(crate) fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Strict: the one canonical spelling, without padding or stray bits.
pub(crate) fn decoded(segment: &str) -> Result<Vec<u8>, FrameRefused> {
    URL_SAFE_NO_PAD.decode(segment).map_err(|_form| FrameRefused::Malformed)
}

pub(crate) fn exactly<const N: usize>(segment: &str) -> Result<[u8; N], FrameRefused> {
    if segment.len() != encoded_length(N) {
        return Err(FrameRefused::Malformed);
    }
    decoded(segment)?.try_into().map_err(|_length| FrameRefused::Malformed)
}

/// Length of `bytes` bytes in base64url without padding.
const fn encoded_length(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(header: &str, key: &str) -> String {
        let text = encoded(b"text");
        let (nonce, tag) = (encoded(&[0; NONCE_BYTES]), encoded(&[0; TAG_BYTES]));
        format!("{}.{key}.{nonce}.{text}.{tag}", encoded(header.as_bytes()))
    }

    fn refused(frame: &str) -> Option<FrameRefused> {
        Encrypted::read(frame).err()
    }

    const DIRECT: &str = r#"{"alg":"dir","enc":"A256GCM","kid":"k"}"#;

    #[test]
    fn the_accepted_forms_are_read_in_any_order_of_members() {
        for header in [DIRECT, r#"{"kid":"k","enc":"A256GCM","alg":"dir","typ":"JWE"}"#] {
            assert_eq!(refused(&frame(header, "")), None, "{header}");
        }
        let header = r#"{"alg":"RSA-OAEP","kid":"k","enc":"A256GCM"}"#;
        let frame = frame(header, "AAAA");
        let read = Encrypted::read(&frame).expect("a frame");
        assert_eq!(read.protection, Protection::Static { encrypted_key: vec![0; 3] });
    }

    #[test]
    fn everything_else_is_refused() {
        use FrameRefused::{Algorithm, Malformed, TooLong};
        for (header, key, why) in [
            (r#"{"alg":"none","enc":"A256GCM","kid":"k"}"#, "", Algorithm),
            (r#"{"alg":"RSA1_5","enc":"A256GCM","kid":"k"}"#, "AAAA", Algorithm),
            (r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"k"}"#, "AAAA", Algorithm),
            (r#"{"alg":"A256KW","enc":"A256GCM","kid":"k"}"#, "AAAA", Algorithm),
            (r#"{"alg":"dir","enc":"A128GCM","kid":"k"}"#, "", Algorithm),
            (r#"{"alg":"dir","enc":"A256CBC-HS512","kid":"k"}"#, "", Algorithm),
            (r#"{"alg":"dir","kid":"k"}"#, "", Algorithm),
            (r#"{"alg":"dir","enc":"A256GCM"}"#, "", Algorithm),
            (r#"{"alg":"dir","enc":"A256GCM","kid":"k","zip":"DEF"}"#, "", Algorithm),
            (r#"{"alg":"dir","enc":"A256GCM","kid":"k","crit":["b64"]}"#, "", Algorithm),
            (r#"{"alg":"dir","enc":"A256GCM","kid":"k","jwk":{}}"#, "", Algorithm),
            (r#"{"alg":"dir","enc":"A256GCM","kid":"k","jku":"x"}"#, "", Algorithm),
            (r#"{"alg":"dir","enc":"A256GCM","kid":"k","x5u":"x"}"#, "", Algorithm),
            (r#"{"alg":"dir","enc":"A256GCM","kid":"k","x5c":[]}"#, "", Algorithm),
            (r#"{"alg":"dir","enc":"A256GCM","kid":"k","kid":"l"}"#, "", Algorithm),
            (r#"{"alg":"dir","enc":"A256GCM","kid":"k""#, "", Malformed),
            ("[]", "", Algorithm),
            (DIRECT, "AAAA", Malformed),
            (r#"{"alg":"RSA-OAEP","enc":"A256GCM","kid":"k"}"#, "", Malformed),
        ] {
            assert_eq!(refused(&frame(header, key)), Some(why), "{header}");
        }
        let good = frame(DIRECT, "");
        for odd in ["", ".", "....", "a.b.c", &format!("{good}."), &good.replace("..", ".=.")] {
            assert_eq!(refused(odd), Some(Malformed), "{odd}");
        }
        // Stray bits at the end of a segment, and a tag of another length.
        let stray = good.replacen("dGV4dA", "dGV4dB", 1);
        assert_eq!(refused(&stray), Some(Malformed));
        assert_eq!(refused(good.strip_suffix('A').expect("a tag")), Some(Malformed));
        assert_eq!(refused(&"a".repeat(FRAME_BYTES_MAX + 1)), Some(TooLong));
        let long = format!(r#"{{"alg":"dir","enc":"A256GCM","kid":"{}"}}"#, "k".repeat(512));
        assert_eq!(refused(&frame(&long, "")), Some(Malformed));
    }

    #[test]
    fn a_signature_of_another_kind_is_refused() {
        for alg in ["none", "HS256", "RS256", "ES256", "PS512"] {
            let header = encoded(format!(r#"{{"alg":"{alg}","kid":"k"}}"#).as_bytes());
            let read = Signed::read(&format!("{header}.AAAA.AAAA")).err();
            assert_eq!(read, Some(FrameRefused::Algorithm), "{alg}");
        }
        let header = signed_header("k").expect("a header");
        assert!(Signed::read(&format!("{header}.AAAA.AAAA")).is_ok());
        assert!(Signed::read(&format!("{header}.AAAA")).is_err());
    }
}
