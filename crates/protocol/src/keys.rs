//! What is said to a key server. The objects and methods are those of
//! draft-abiggs-saag-key-management-service; `purpose` and binding at creation are ours.
//!
//! A [`KeyRequest`] is what a protected frame of the draft contains. Today it travels as the JSON
//! body of a direct HTTPS request; an encrypted channel later carries the very same bytes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::KeyUrl;

/// Largest request and answer.
pub const KEY_MESSAGE_BYTES_MAX: usize = 64 * 1024;

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRequest {
    pub client: KeyClient,
    pub request_id: Uuid,
    pub method: Method,
    /// Absolute (`kms://host/…`) or relative (`/keys`).
    pub uri: String,
    /// `create /keys` with `resourceUri`: the current key of that resource for that purpose,
    /// made if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// `create /devices`: the device's public key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_key: Option<DeviceKey>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyClient {
    pub client_id: String,
    pub credential: Credential,
}

/// A token of audience `hc-kms`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
    pub bearer: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Method {
    Create,
    Retrieve,
    Update,
    Delete,
}

/// What a key is for; decides who may have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// Seals a user's meetings. For that user and the organization's connectors.
    Content,
    /// Root of keyed hashes. For connectors only.
    Index,
    /// Seals what connectors keep in the cloud about mailboxes. For connectors only.
    State,
    /// Makes conference names unguessable. For connectors only.
    Conference,
    /// Seals what a user orders. For that user and the organization's connectors.
    Command,
}

/// A P-256 public key (RFC 7517, 7518 6.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceKey {
    /// `EC`
    pub kty: String,
    /// `P-256`
    pub crv: String,
    /// 32 bytes each, base64url.
    pub x: String,
    pub y: String,
}

/// A device that signs for a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// `kms://host/devices/<thumbprint>`
    pub uri: String,
    pub user_id: Uuid,
    pub device_key: DeviceKey,
    pub create_date: Timestamp,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyAnswer {
    /// 200, 201, 400, 401, 403, 404, 405, 409, 410, 429, 5xx as listed in docs/api/keys.md.
    pub status: u16,
    pub request_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyObject>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<KeyObject>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// Why it was refused; never holds an identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyObject {
    pub uri: KeyUrl,
    pub jwk: Jwk,
    pub create_date: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind_date: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// First 8 bytes, in hex, of HMAC-SHA-256(key, "kcv"): AES-GCM does not commit to its key.
    pub kcv: String,
}

/// A symmetric key (RFC 7517, 7518 6.4). Neither `Debug` nor `Display`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Jwk {
    pub kty: String,
    pub kid: KeyUrl,
    /// 32 bytes, base64url.
    pub k: String,
}
