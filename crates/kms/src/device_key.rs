//! A device's own key: it signs what its user orders. The public half is registered with the key
//! server under the user's token for it, which the cloud never sees; so the cloud cannot make one.

use std::sync::Arc;

use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
        UnparsedPublicKey,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use protocol::{
    command::{SignatureHeader, SignedCommand, Statement},
    keys::DeviceKey,
};
use world::chance::Chance;

use crate::connector_key;

pub(crate) const KEY_TYPE: &str = "EC";
pub(crate) const CURVE: &str = "P-256";
const ALGORITHM: &str = "ES256";
const COORDINATE_BYTES: usize = 32;
/// Base64url of a SHA-256.
pub const THUMBPRINT_CHARACTERS: usize = 43;
/// Of a protected header; ours has some 80.
const HEADER_BYTES_MAX: usize = 256;

/// The private half; clones share it. No `Debug`.
#[derive(Clone)]
pub struct DeviceSigner {
    pair: Arc<EcdsaKeyPair>,
    public: DeviceKey,
    id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceKeyFailure {
    #[error("a device key cannot be made")]
    CannotMake,
    #[error("the device key does not sign")]
    CannotSign,
}

/// Not signed by that device, or not a command at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not this device's")]
pub struct NotSigned;

impl DeviceSigner {
    pub fn generate(chance: &Chance) -> Result<Self, DeviceKeyFailure> {
        let pair = connector_key::draw_pair(chance).ok_or(DeviceKeyFailure::CannotMake)?;
        Self::of(pair).ok_or(DeviceKeyFailure::CannotMake)
    }

    /// A PKCS #8 document with a P-256 key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, DeviceKeyFailure> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der);
        let pair = pair.map_err(|_rejected| DeviceKeyFailure::CannotMake)?;
        Self::of(pair).ok_or(DeviceKeyFailure::CannotMake)
    }

    fn of(pair: EcdsaKeyPair) -> Option<Self> {
        // An uncompressed point: 4, x, y.
        let point = pair.public_key().as_ref().get(1..)?;
        let (x, y) = point.split_at_checked(COORDINATE_BYTES)?;
        let [x, y] = [x, y].map(|half| URL_SAFE_NO_PAD.encode(half));
        let public = DeviceKey { kty: KEY_TYPE.into(), crv: CURVE.into(), x, y };
        let id = thumbprint(&public)?;
        Some(Self { pair: Arc::new(pair), public, id })
    }

    pub fn public(&self) -> &DeviceKey {
        &self.public
    }

    /// The thumbprint of its public key.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn sign(&self, statement: &Statement) -> Result<SignedCommand, DeviceKeyFailure> {
        let cannot = DeviceKeyFailure::CannotSign;
        let header = SignatureHeader { alg: ALGORITHM.into(), kid: self.id.clone() };
        let header = serde_json::to_vec(&header).map_err(|_form| cannot)?;
        let payload = serde_json::to_vec(statement).map_err(|_form| cannot)?;
        let [protected, payload] = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part));
        let signed = format!("{protected}.{payload}");
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.map_err(|_unspecified| cannot)?);
        Ok(SignedCommand { protected, payload, signature })
    }
}

/// RFC 7638; `None` if it is not a P-256 public key in its one spelling.
pub fn thumbprint(key: &DeviceKey) -> Option<String> {
    let DeviceKey { kty, crv, x, y } = key;
    point(key)?;
    let json = format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}","y":"{y}"}}"#);
    let hash = digest::digest(&digest::SHA256, json.as_bytes());
    Some(URL_SAFE_NO_PAD.encode(hash.as_ref()))
}

/// Who claims to have signed: which key to ask for, nothing more.
pub fn claimed_device(command: &SignedCommand) -> Result<String, NotSigned> {
    if command.protected.len() > HEADER_BYTES_MAX {
        return Err(NotSigned);
    }
    let header = URL_SAFE_NO_PAD.decode(&command.protected).map_err(|_form| NotSigned)?;
    let header: SignatureHeader = serde_json::from_slice(&header).map_err(|_form| NotSigned)?;
    let is_ours = header.alg == ALGORITHM && header.kid.len() == THUMBPRINT_CHARACTERS;
    if is_ours { Ok(header.kid) } else { Err(NotSigned) }
}

/// What was signed, if it was with this key and says so.
pub fn verified(command: &SignedCommand, key: &DeviceKey) -> Result<Statement, NotSigned> {
    if thumbprint(key) != Some(claimed_device(command)?) {
        return Err(NotSigned);
    }
    let point = point(key).ok_or(NotSigned)?;
    let signed = format!("{}.{}", command.protected, command.payload);
    let signature = URL_SAFE_NO_PAD.decode(&command.signature).map_err(|_form| NotSigned)?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_unspecified| NotSigned)?;
    let payload = URL_SAFE_NO_PAD.decode(&command.payload).map_err(|_form| NotSigned)?;
    serde_json::from_slice(&payload).map_err(|_form| NotSigned)
}

fn point(key: &DeviceKey) -> Option<Vec<u8>> {
    if key.kty != KEY_TYPE || key.crv != CURVE {
        return None;
    }
    let mut point = vec![4];
    for half in [&key.x, &key.y] {
        let half = URL_SAFE_NO_PAD.decode(half).ok()?;
        if half.len() != COORDINATE_BYTES {
            return None;
        }
        point.extend_from_slice(&half);
    }
    Some(point)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use protocol::{
        command::Kind,
        ids::{KeyUrl, OrganizationId, UserId},
    };
    use uuid::Uuid;

    use super::*;

    fn statement() -> Statement {
        Statement {
            organization: OrganizationId("org-1".into()),
            user: UserId(Uuid::from_u128(1)),
            kind: Kind::Create,
            meeting_id: None,
            idempotency_key: Uuid::from_u128(2),
            sent_at_ms: 1_767_225_600_000,
            encryption_key_url: KeyUrl::new("kms.example.org", Uuid::from_u128(3)),
            sealed: BTreeMap::new(),
        }
    }

    #[test]
    fn the_thumbprint_is_that_of_the_standard() {
        // The example key of RFC 7517, A.1; the hash by another program.
        let key = DeviceKey {
            kty: "EC".into(),
            crv: "P-256".into(),
            x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4".into(),
            y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM".into(),
        };
        let expected = "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s";
        assert_eq!(thumbprint(&key).as_deref(), Some(expected));
        for odd in [
            DeviceKey { crv: "P-384".into(), ..key.clone() },
            DeviceKey { x: format!("{}=", key.x), ..key.clone() },
            DeviceKey { y: key.y[..40].into(), ..key },
        ] {
            assert_eq!(thumbprint(&odd), None);
        }
    }

    #[test]
    fn only_this_devices_own_words_are_believed() {
        let chance = Chance::seeded(1);
        let [device, other] = [(); 2].map(|()| DeviceSigner::generate(&chance).expect("a key"));
        let signed = device.sign(&statement()).expect("signs");
        assert_eq!(claimed_device(&signed).as_deref(), Ok(device.id()));
        assert!(verified(&signed, device.public()).expect("believed") == statement());
        assert!(verified(&signed, other.public()).is_err());
        let later = Statement { sent_at_ms: 1, ..statement() };
        let later = device.sign(&later).expect("signs");
        for spliced in [
            SignedCommand { payload: later.payload.clone(), ..signed.clone() },
            SignedCommand { signature: later.signature.clone(), ..signed.clone() },
            SignedCommand { signature: String::new(), ..signed.clone() },
            SignedCommand { protected: "e30".into(), ..signed.clone() },
            SignedCommand { payload: format!("{}=", signed.payload), ..signed },
        ] {
            assert!(verified(&spliced, device.public()).is_err());
        }
    }
}
