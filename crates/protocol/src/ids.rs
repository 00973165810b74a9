//! Names of things, each a type of its own, so that two of them cannot be swapped.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An organization, as the administrator named it in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrganizationId(pub String);

impl OrganizationId {
    /// The namespace in which the organization's users get their ids (RFC 9562, version 5).
    pub fn uuid(&self) -> Uuid {
        Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("hybridcal:{}", self.0).as_bytes())
    }
}

/// A person or a room. Connector, cloud and key server each derive it from the e-mail address,
/// so that no directory of addresses has to be stored anywhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub Uuid);

impl UserId {
    pub fn of(organization: &OrganizationId, address: &str) -> Self {
        let address = address.trim().to_lowercase();
        Self(Uuid::new_v5(&organization.uuid(), address.as_bytes()))
    }

    /// The slice of work this user's mailbox belongs to; connectors lease shards, not mailboxes.
    pub fn shard(&self) -> Shard {
        let [a, b, ..] = *self.0.as_bytes();
        Shard(u16::from_be_bytes([a, b]) % SHARDS)
    }
}

/// Shards an organization's mailboxes are spread over.
pub const SHARDS: u16 = 1024;

/// See [`UserId::shard`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shard(pub u16);

/// One meeting in one person's list; an occurrence of a series has its own. Made by the
/// connector as a keyed hash, so it tells the cloud nothing and the cloud cannot choose it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MeetingId(pub String);

impl MeetingId {
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The form that stands in a path: base64url of the id (client contract).
    pub fn in_path(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0)
    }

    /// The reverse of [`Self::in_path`]; `None` if it is not such a form.
    pub fn from_path(segment: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(segment).ok()?;
        let id = String::from_utf8(bytes).ok()?;
        (!id.is_empty() && id.len() <= MEETING_ID_BYTES_MAX).then_some(Self(id))
    }
}

/// Longest meeting id accepted from outside.
pub const MEETING_ID_BYTES_MAX: usize = 64;

/// A connector installation, as configured; `owner` ids of its leases are per process start.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectorId(pub String);

/// `kms://<host>/keys/<uuid>`: names a key and the realm that guards it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyUrl(pub String);

impl KeyUrl {
    pub fn new(host: &str, key: Uuid) -> Self {
        Self(format!("kms://{host}/keys/{key}"))
    }

    /// The key's own id; `None` if this is not a key URL.
    pub fn key(&self) -> Option<Uuid> {
        let (_, key) = self.0.strip_prefix("kms://")?.split_once("/keys/")?;
        Uuid::from_str(key).ok()
    }
}

/// An SMTP address, lower-case. Content: never shown by `Debug`, never serialized.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailboxAddress(String);

impl MailboxAddress {
    /// `None` if it cannot be an SMTP address.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let (local, domain) = text.rsplit_once('@')?;
        let plausible = !local.is_empty()
            && !domain.is_empty()
            && text.len() <= ADDRESS_BYTES_MAX
            && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"".contains(c));
        plausible.then_some(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Longest SMTP address (RFC 5321, 4.5.3.1.3).
pub const ADDRESS_BYTES_MAX: usize = 254;

impl fmt::Debug for MailboxAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

macro_rules! show_as_text {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}
macro_rules! debug_as_text {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}
show_as_text! { OrganizationId UserId Shard MeetingId ConnectorId KeyUrl }
debug_as_text! { UserId MeetingId KeyUrl }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_the_same_for_everybody_who_knows_the_address() {
        let organization = OrganizationId("contoso".into());
        let user = UserId::of(&organization, "Alice@Example.com ");
        assert_eq!(user, UserId::of(&organization, "alice@example.com"));
        assert_ne!(user, UserId::of(&OrganizationId("fabrikam".into()), "alice@example.com"));
        assert!(user.shard().0 < SHARDS);
    }

    #[test]
    fn a_meeting_id_survives_its_path() {
        let id = MeetingId::from_bytes([7; 16]);
        assert_eq!(id.0.len(), 22);
        assert_eq!(MeetingId::from_path(&id.in_path()), Some(id));
        assert_eq!(MeetingId::from_path("%%"), None);
        assert_eq!(MeetingId::from_path(""), None);
    }

    #[test]
    fn a_key_url_names_its_key() {
        let key = Uuid::from_u128(5);
        assert_eq!(KeyUrl::new("kms.example.org", key).key(), Some(key));
        assert_eq!(KeyUrl("https://kms.example.org/keys/5".into()).key(), None);
    }

    #[test]
    fn an_address_is_plausible_and_stays_out_of_logs() {
        let address = MailboxAddress::new(" Ann@Example.com").expect("plausible");
        assert_eq!(address.as_str(), "ann@example.com");
        assert_eq!(format!("{address:?}"), "…");
        for odd in ["", "ann", "@example.com", "ann@", "a b@example.com", "<a@b>"] {
            assert!(MailboxAddress::new(odd).is_none(), "{odd}");
        }
    }
}
