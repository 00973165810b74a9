//! The client's side of the channel: whether a key server is the one it says, the handshake, and
//! frames. Without an authority to trust there is no client.

use aws_lc_rs::{
    rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey, PublicKey},
    signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use protocol::keys::{
    ChannelObject, HandshakeAnswer, KeyAnswer, KeyRequest, KeyServerSite, RESET_STATUS,
    ResetAnswer, StaticJwk,
};
use uuid::Uuid;
use world::{
    chance::Chance,
    tls::{NotTrusted, trusted_key},
};
use zeroize::Zeroizing;

use super::{
    compact::{Encrypted, FrameRefused, Signed, encoded, is_signed, static_header},
    secret::{Half, Secret},
    static_key::rsa_parts,
};
use crate::aead::{self, KEY_BYTES};

/// Why a key server is not believed.
#[derive(Debug, thiserror::Error)]
pub enum NotAKeyServer {
    #[error("not the introduction of a key server")]
    Form,
    #[error("its name is not of the expected host")]
    OtherHost,
    #[error("the key is not the one in its certificate")]
    OtherKey,
    #[error("its certificate is not trusted")]
    Certificate(#[from] NotTrusted),
}

#[derive(Debug, thiserror::Error)]
pub enum ChannelFailure {
    #[error(transparent)]
    Frame(#[from] FrameRefused),
    #[error("the answer belongs to another request")]
    OtherRequest,
    #[error("the key server refuses with status {status}")]
    Refused { status: u16 },
    /// The key server knows the channel no more: begin again.
    #[error("the channel has ended")]
    Reset,
}

/// A key server whose certificate was checked.
pub struct TrustedServer {
    kid: String,
    /// SubjectPublicKeyInfo of the certificate.
    key: Vec<u8>,
}

/// A handshake under way. No `Debug`.
pub struct Handshake {
    half: Half,
    request: Uuid,
    pub frame: String,
}

/// An agreed channel. No `Debug`.
pub struct Channel {
    secret: Secret,
    pub uri: String,
    pub ends: Timestamp,
}

impl TrustedServer {
    /// `host` is the one in the key URLs this client accepts; `roots_pem` says whom it trusts.
    pub fn check(
        site: &KeyServerSite,
        host: &str,
        roots_pem: &str,
        now: Timestamp,
    ) -> Result<Self, NotAKeyServer> {
        let jwk: StaticJwk =
            serde_json::from_str(&site.rsa_public_key).map_err(|_form| NotAKeyServer::Form)?;
        if jwk.kty != "RSA" {
            return Err(NotAKeyServer::Form);
        }
        let named = jwk.kid.strip_prefix("kms://").and_then(|rest| rest.split_once('/'));
        if site.kms_cluster != format!("kms://{host}") || named.is_none_or(|(name, _)| name != host)
        {
            return Err(NotAKeyServer::OtherHost);
        }
        let chain: Result<Vec<_>, _> = jwk.x5c.iter().map(|der| STANDARD.decode(der)).collect();
        let chain = chain.map_err(|_form| NotAKeyServer::Form)?;
        let key = trusted_key(&chain, roots_pem, host, now)?;
        let certified = PublicKey::from_der(&key).map_err(|_kind| NotAKeyServer::OtherKey)?;
        let (n, e) = rsa_parts(certified.as_ref()).ok_or(NotAKeyServer::OtherKey)?;
        if jwk.n != encoded(n) || jwk.e != encoded(e) {
            return Err(NotAKeyServer::OtherKey);
        }
        Ok(Self { kid: jwk.kid, key })
    }

    /// The first frame; `request` is `create /ecdhe` with who asks, and gets this side's half.
    pub fn begin(
        &self,
        mut request: KeyRequest,
        chance: &Chance,
    ) -> Result<Handshake, FrameRefused> {
        let half = Half::draw(chance).ok_or(FrameRefused::NotNow)?;
        request.jwk = Some(half.jwk().clone());
        let text = serde_json::to_vec(&request).map_err(|_form| FrameRefused::Content)?;
        let frame = self.seal(&text, chance)?;
        Ok(Handshake { half, request: request.request_id, frame })
    }

    /// For the lasting key alone.
    pub fn seal(&self, message: &[u8], chance: &Chance) -> Result<String, FrameRefused> {
        let unusable = |_kind| FrameRefused::Algorithm;
        let header = static_header(&self.kid).ok_or(FrameRefused::Malformed)?;
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        chance.fill(&mut *key);
        let public =
            PublicEncryptingKey::from_der(&self.key).map_err(|_kind| FrameRefused::Algorithm)?;
        let public = OaepPublicEncryptingKey::new(public).map_err(unusable)?;
        let mut sealed = vec![0; public.ciphertext_size()];
        let sealed =
            public.encrypt(&OAEP_SHA1_MGF1SHA1, &*key, &mut sealed, None).map_err(unusable)?;
        let nonce = aead::nonce(chance);
        let mut text = Zeroizing::new(message.to_vec());
        let tag = aead::encrypt(&key, nonce, header.as_bytes(), &mut text)
            .map_err(|_mismatch| FrameRefused::Altered)?;
        let [sealed, nonce, text, tag] = [&*sealed, &nonce[..], &text[..], &tag[..]].map(encoded);
        Ok(format!("{header}.{sealed}.{nonce}.{text}.{tag}"))
    }

    /// What this key server, and nobody else, signed.
    pub fn verify(&self, frame: &str) -> Result<Vec<u8>, FrameRefused> {
        let signed = Signed::read(frame)?;
        if signed.kid != self.kid {
            return Err(FrameRefused::Altered);
        }
        UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &self.key)
            .verify(signed.signed.as_bytes(), &signed.signature)
            .map_err(|_other| FrameRefused::Altered)?;
        Ok(signed.payload)
    }

    /// The channel, once the key server has answered.
    pub fn finish(&self, handshake: &Handshake, frame: &str) -> Result<Channel, ChannelFailure> {
        let payload = self.verify(frame)?;
        let content = |_form| ChannelFailure::Frame(FrameRefused::Content);
        let answer: KeyAnswerHead = serde_json::from_slice(&payload).map_err(content)?;
        if answer.request_id != handshake.request {
            return Err(ChannelFailure::OtherRequest);
        }
        if answer.status != 201 {
            return Err(ChannelFailure::Refused { status: answer.status });
        }
        let answer: HandshakeAnswer = serde_json::from_slice(&payload).map_err(content)?;
        let ChannelObject { uri, jwk, expiration_date: ends, .. } = answer.key;
        let secret = handshake.half.agree(&jwk).ok_or(FrameRefused::Content)?;
        Ok(Channel { secret, uri, ends })
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyAnswerHead {
    status: u16,
    request_id: Uuid,
}

impl Channel {
    pub fn seal(&self, request: &KeyRequest, chance: &Chance) -> Result<String, FrameRefused> {
        let text = serde_json::to_vec(request).map_err(|_form| FrameRefused::Content)?;
        let text = Zeroizing::new(text);
        self.secret.seal(&self.uri, &text, chance)
    }

    /// The answer to this request; a signed frame can only be a reset.
    pub fn open(
        &self,
        server: &TrustedServer,
        request: Uuid,
        frame: &str,
    ) -> Result<KeyAnswer, ChannelFailure> {
        let content = |_form| ChannelFailure::Frame(FrameRefused::Content);
        if is_signed(frame) {
            let reset: ResetAnswer =
                serde_json::from_slice(&server.verify(frame)?).map_err(content)?;
            let is_ours = reset.status == RESET_STATUS && reset.uri == self.uri;
            let other = ChannelFailure::OtherRequest;
            return Err(if is_ours { ChannelFailure::Reset } else { other });
        }
        let frame = Encrypted::read(frame)?;
        if frame.kid != self.uri {
            return Err(ChannelFailure::OtherRequest);
        }
        let answer: KeyAnswer =
            serde_json::from_slice(&self.secret.open(frame)?).map_err(content)?;
        if answer.request_id == request { Ok(answer) } else { Err(ChannelFailure::OtherRequest) }
    }
}
