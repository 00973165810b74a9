//! The key server's lasting key: RSA, with certificates by which clients know whose it is. It
//! opens handshakes (RSA-OAEP) and signs what cannot be sealed (PS256).

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    digest,
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeySize, OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey, PublicKey},
    signature::{KeyPair as _, RSA_PSS_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::keys::{KeyServerSite, StaticJwk};
use serde::Serialize;
use world::tls::{NotUsable, keyed_certificate, throw_away_certificate};
use zeroize::Zeroizing;

use super::{
    compact::{Encrypted, FrameRefused, Protection, encoded, signed_header},
    secret::opened,
};
use crate::{aead::KEY_BYTES, config::StaticIdentity, pem};

/// No `Debug`.
pub struct StaticKey {
    kid: String,
    signing: RsaKeyPair,
    opening: OaepPrivateDecryptingKey,
    site: KeyServerSite,
    root: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum StaticKeyFailure {
    #[error("{} cannot be read or written", file.display())]
    File { file: PathBuf, source: io::Error },
    #[error("the channel's key is not a PKCS #8 PEM file with an RSA key of 2048 or 3072 bits")]
    NotAKey,
    #[error("the channel's certificate cannot be used")]
    Certificate(#[from] NotUsable),
    #[error("the channel's certificate is for another key")]
    OtherKey,
    #[error("the channel's certificate cannot be made")]
    CannotMake(#[source] io::Error),
}

/// What a folder for trying out holds.
const KEY_FILE: &str = "channel.key";
const CERTIFICATE_FILE: &str = "channel.pem";
/// What clients are told to trust.
pub const ROOT_FILE: &str = "root.pem";
/// 2048 and 3072 bits.
const MODULUS_BYTES: [usize; 2] = [256, 384];
const MODULUS_BYTES_MAX: usize = 384;
const FINGERPRINT_BYTES: usize = 16;

impl StaticKey {
    pub(crate) fn find(of: &StaticIdentity, host: &str) -> Result<Self, StaticKeyFailure> {
        match of {
            StaticIdentity::Memory => {
                let made = Made::new(KeySize::Rsa2048, host)?;
                Self::new(&made.key, &made.certificate, host, Some(made.root))
            }
            StaticIdentity::Folder(folder) => Self::in_folder(folder, host),
            StaticIdentity::Files { certificate_file, key_file } => {
                let key = Zeroizing::new(read(key_file)?);
                Self::new(&key, &read(certificate_file)?, host, None)
            }
        }
    }

    fn in_folder(folder: &Path, host: &str) -> Result<Self, StaticKeyFailure> {
        let [key_file, certificate_file, root_file] =
            [KEY_FILE, CERTIFICATE_FILE, ROOT_FILE].map(|name| folder.join(name));
        if !key_file.exists() {
            let made = Made::new(KeySize::Rsa3072, host)?;
            let failed = |source| StaticKeyFailure::File { file: folder.into(), source };
            fs::create_dir_all(folder).map_err(failed)?;
            // The key last: with it the folder is whole.
            fs::write(&root_file, &made.root).map_err(failed)?;
            fs::write(&certificate_file, &made.certificate).map_err(failed)?;
            write_new(&key_file, &made.key).map_err(failed)?;
        }
        tracing::warn!(
            folder = %folder.display(),
            "The channel's certificate is of an authority of our own: fit for trying out, not for production"
        );
        let key = Zeroizing::new(read(&key_file)?);
        Self::new(&key, &read(&certificate_file)?, host, Some(read(&root_file)?))
    }

    fn new(
        key_pem: &str,
        certificate_pem: &str,
        host: &str,
        root: Option<String>,
    ) -> Result<Self, StaticKeyFailure> {
        let der = pem::read(PRIVATE, key_pem).ok_or(StaticKeyFailure::NotAKey)?;
        let signing = RsaKeyPair::from_pkcs8(&der).map_err(|_form| StaticKeyFailure::NotAKey)?;
        if !MODULUS_BYTES.contains(&signing.public_modulus_len()) {
            return Err(StaticKeyFailure::NotAKey);
        }
        let opening = PrivateDecryptingKey::from_pkcs8(&der)
            .map_err(|_form| StaticKeyFailure::NotAKey)
            .and_then(|key| {
                OaepPrivateDecryptingKey::new(key).map_err(|_form| StaticKeyFailure::NotAKey)
            })?;
        let (chain, key) = keyed_certificate(certificate_pem, host)?;
        let certified = PublicKey::from_der(&key).map_err(|_form| StaticKeyFailure::OtherKey)?;
        if certified.as_ref() != signing.public_key().as_ref() {
            return Err(StaticKeyFailure::OtherKey);
        }
        let (n, e) = rsa_parts(certified.as_ref()).ok_or(StaticKeyFailure::OtherKey)?;
        let fingerprint = digest::digest(&digest::SHA256, &key);
        let fingerprint = fingerprint.as_ref().get(..FINGERPRINT_BYTES).unwrap_or_default();
        let kid = format!("kms://{host}/static/{}", encoded(fingerprint));
        let jwk = StaticJwk {
            kty: "RSA".into(),
            kid: kid.clone(),
            n: encoded(n),
            e: encoded(e),
            x5c: chain.iter().map(|der| STANDARD.encode(der)).collect(),
        };
        let text = serde_json::to_string(&jwk).map_err(|_form| StaticKeyFailure::NotAKey)?;
        let site = KeyServerSite { kms_cluster: format!("kms://{host}"), rsa_public_key: text };
        Ok(Self { kid, signing, opening, site, root })
    }

    /// How the key server introduces itself.
    pub fn site(&self) -> &KeyServerSite {
        &self.site
    }

    /// The authority that was made along with it, for trying out.
    pub fn root(&self) -> Option<&str> {
        self.root.as_deref()
    }

    /// What a handshake says.
    pub(crate) fn open(&self, frame: Encrypted<'_>) -> Result<Zeroizing<Vec<u8>>, FrameRefused> {
        let Protection::Static { encrypted_key } = frame.protection else {
            return Err(FrameRefused::Altered);
        };
        if frame.kid != self.kid || encrypted_key.len() != self.opening.key_size_bytes() {
            return Err(FrameRefused::Altered);
        }
        let mut plain = Zeroizing::new([0; MODULUS_BYTES_MAX]);
        let key: &[u8] = self
            .opening
            .decrypt(&OAEP_SHA1_MGF1SHA1, &encrypted_key, &mut *plain, None)
            .map_err(|_other| FrameRefused::Altered)?;
        let key: &[u8; KEY_BYTES] = key.try_into().map_err(|_length| FrameRefused::Altered)?;
        opened(key, frame.header, frame.nonce, frame.text_and_tag)
    }

    /// A signed frame.
    pub(crate) fn sign(&self, message: &impl Serialize) -> Result<String, FrameRefused> {
        let payload = serde_json::to_vec(message).map_err(|_form| FrameRefused::Content)?;
        let header = signed_header(&self.kid).ok_or(FrameRefused::Malformed)?;
        let signed = format!("{header}.{}", encoded(&payload));
        let mut signature = vec![0; self.signing.public_modulus_len()];
        self.signing
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_unspecified| FrameRefused::NotNow)?;
        Ok(format!("{signed}.{}", encoded(&signature)))
    }
}

/// A key with a certificate of an authority that is forgotten at once. No `Debug`.
struct Made {
    key: Zeroizing<String>,
    certificate: String,
    root: String,
}

impl Made {
    fn new(size: KeySize, host: &str) -> Result<Self, StaticKeyFailure> {
        let key = RsaKeyPair::generate(size).map_err(|_unspecified| StaticKeyFailure::NotAKey)?;
        let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_form| StaticKeyFailure::NotAKey)?;
        let (root, certificate) =
            throw_away_certificate(der.as_ref(), host).map_err(StaticKeyFailure::CannotMake)?;
        let key = Zeroizing::new(pem::write(PRIVATE, der.as_ref()));
        Ok(Self { key, certificate, root })
    }
}

const PRIVATE: &str = "PRIVATE KEY";

fn read(file: &Path) -> Result<String, StaticKeyFailure> {
    fs::read_to_string(file).map_err(|source| StaticKeyFailure::File { file: file.into(), source })
}

fn write_new(file: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Modulus and exponent of an RSAPublicKey (RFC 8017), without leading zeros.
pub(super) fn rsa_parts(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (content, _) = element(der, 0x30)?;
    let (n, rest) = element(content, 0x02)?;
    let (e, _) = element(rest, 0x02)?;
    let bare = |number: &'_ [u8]| number.iter().take_while(|byte| **byte == 0).count();
    Some((n.get(bare(n)..)?, e.get(bare(e)..)?))
}

fn element(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 | 0x82 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (bytes.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)), rest)
        }
        0x80 | 0x83.. => return None,
    };
    if tag == wanted { rest.split_at_checked(length) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::Folder;

    const HOST: &str = "kms.example.org";

    fn refused(of: &StaticIdentity, host: &str) -> StaticKeyFailure {
        StaticKey::find(of, host).err().expect("refused")
    }

    #[test]
    fn a_key_for_trying_out_is_made_once_and_its_files_can_be_given() {
        let folder = Folder::new();
        let of = StaticIdentity::Folder(folder.0.join("channel"));
        let [made, again] = [(); 2].map(|()| StaticKey::find(&of, HOST).expect("a key"));
        assert_eq!(made.site(), again.site());
        assert!(made.root().is_some());
        let file = |name| folder.0.join("channel").join(name);
        let of = StaticIdentity::Files {
            certificate_file: file(CERTIFICATE_FILE),
            key_file: file(KEY_FILE),
        };
        assert_eq!(StaticKey::find(&of, HOST).expect("a key").site(), made.site());
        assert!(matches!(refused(&of, "other.example.org"), StaticKeyFailure::Certificate(_)));
        // The root is a certificate, but neither for this host nor of this key.
        let of =
            StaticIdentity::Files { certificate_file: file(ROOT_FILE), key_file: file(KEY_FILE) };
        assert!(matches!(refused(&of, HOST), StaticKeyFailure::Certificate(_)));
        let other = Made::new(KeySize::Rsa2048, HOST).expect("a key");
        fs::write(file("other.pem"), other.certificate).expect("written");
        let of =
            StaticIdentity::Files { certificate_file: file("other.pem"), key_file: file(KEY_FILE) };
        assert!(matches!(refused(&of, HOST), StaticKeyFailure::OtherKey));
        let of = StaticIdentity::Files {
            certificate_file: file(CERTIFICATE_FILE),
            key_file: file(CERTIFICATE_FILE),
        };
        assert!(matches!(refused(&of, HOST), StaticKeyFailure::NotAKey));
    }
}
