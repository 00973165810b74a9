//! What is said to a key server. The objects and methods are those of
//! draft-abiggs-saag-key-management-service; `purpose` and binding at creation are ours.
//!
//! A [`KeyRequest`] is what a protected frame of the draft contains. It travels inside [`Frame`]s,
//! through the cloud or directly, or as the JSON body of a direct HTTPS request.

use std::fmt;

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
    /// `create /keys` without `resourceUri`: how many unbound keys, one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u16>,
    /// `create /resources`: unbound keys to be bound to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_uris: Option<Vec<String>>,
    /// `create /resources` and `create /authorizations`: who may have the keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_ids: Option<Vec<String>>,
    /// `create /authorizations`: the draft's word for one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_id: Option<String>,
    /// `create /ecdhe`: the client's half of the agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwk: Option<PublicJwk>,
}

impl KeyRequest {
    /// Only what every request has.
    pub fn new(client: KeyClient, request_id: Uuid, method: Method, uri: String) -> Self {
        Self {
            client,
            request_id,
            method,
            uri,
            resource_uri: None,
            purpose: None,
            device_key: None,
            count: None,
            key_uris: None,
            user_ids: None,
            auth_id: None,
            jwk: None,
        }
    }
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
    pub resource: Option<ResourceObject>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizations: Option<Vec<AuthorizationObject>>,
    /// Why it was refused; never holds an identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// 405005 beside status 405: the key was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<u32>,
    /// Answers `retrieve /resources/{id}/reads`, the newest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads: Option<Vec<KeyRead>>,
    /// Answers `retrieve /changes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<KeyChanges>,
}

/// The draft's code for a key that was revoked.
pub const REVOKED: u32 = 405_005;

/// Somebody asked for a key of yours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRead {
    pub time: Timestamp,
    /// `user <id>`, `connector <id>`, `administrator`.
    pub actor: String,
    pub method: String,
    /// What was asked for.
    pub uri: String,
    /// Status of the answer.
    pub status: u16,
}

/// Whose keys were replaced, revoked or erased after a serial number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyChanges {
    /// To ask with next time.
    pub serial: i64,
    /// Absent if it is too much to tell: forget every key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Vec<Uuid>>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyObject {
    pub uri: KeyUrl,
    pub jwk: Jwk,
    pub create_date: Timestamp,
    /// When an unbound key ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_date: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
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

/// Who may have which keys.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceObject {
    pub uri: String,
    pub key_uris: Vec<KeyUrl>,
    pub authorization_uris: Vec<String>,
}

/// Somebody's right to the keys of a resource.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizationObject {
    pub uri: String,
    /// A user's id, a connector's, or the URI of a resource whose own people it means.
    pub auth_id: String,
    pub resource_uri: String,
}

/// One half of an agreement on P-256 (RFC 7518, 6.2).
#[derive(Clone, Serialize, Deserialize)]
pub struct PublicJwk {
    pub kty: String,
    pub crv: String,
    pub x: String,
    pub y: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
}

/// Answer to `create /ecdhe`: the other half, and how the channel is called.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HandshakeAnswer {
    pub status: u16,
    pub request_id: Uuid,
    pub key: ChannelObject,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelObject {
    pub uri: String,
    pub jwk: PublicJwk,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
    pub client_id: String,
    pub create_date: Timestamp,
    pub expiration_date: Timestamp,
}

/// The key server knows the channel no more; signed, since there is no key to seal it with.
#[derive(Clone, Serialize, Deserialize)]
pub struct ResetAnswer {
    /// [`RESET_STATUS`]
    pub status: u16,
    /// Which channel ended; an old answer ends no new one.
    pub uri: String,
    pub reason: String,
}

pub const RESET_STATUS: u16 = 499;

/// A sealed or signed message of the draft in compact form. Says nothing in logs.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Frame(pub String);

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Frame(…)")
    }
}

/// Largest frame.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
/// Frames in one call.
pub const FRAMES_MAX: usize = 50;
/// Largest body with frames: they are small, or few.
pub const FRAMES_BYTES_MAX: usize = 1024 * 1024;

/// What a client sends to a key server, through the cloud or directly.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FramesUp {
    /// `kms://host`, as the key server introduced itself.
    pub destination: String,
    pub kms_messages: Vec<Frame>,
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FramesDown {
    pub kms_messages: Vec<Frame>,
}

/// How a key server introduces itself. Nobody believes it without having checked the certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyServerSite {
    /// `kms://host`
    pub kms_cluster: String,
    /// [`StaticJwk`] as JSON text.
    pub rsa_public_key: String,
}

/// The key server's lasting key (RFC 7517, 7518 6.3) with its certificates, leaf first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StaticJwk {
    pub kty: String,
    pub kid: String,
    pub n: String,
    pub e: String,
    /// Base64 of DER.
    pub x5c: Vec<String>,
}

/// What a key server that only connects outward asks the cloud for: calls to answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallsRequest {
    pub site: KeyServerSite,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Calls {
    pub calls: Vec<Call>,
}

/// Frames of one client; the id leads the answer back to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    pub id: Uuid,
    pub kms_messages: Vec<Frame>,
}
