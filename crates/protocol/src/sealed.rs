//! Text that only the right key opens. Made and opened in `kms::seal`; everybody else carries it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A JWE in compact form (RFC 7516), `dir` with A256GCM. There is no `Display`: it must never be
/// mistaken for what it hides.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl Sealed {
    pub fn from_compact(compact: String) -> Self {
        Self(compact)
    }

    pub fn as_compact(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// Where a sealed text belongs. It is part of what the seal authenticates, so a text moved to
/// another place does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedPlace<'a> {
    pub organization: &'a crate::ids::OrganizationId,
    pub user: crate::ids::UserId,
    pub meeting: &'a crate::ids::MeetingId,
    /// Property path in the meeting object, array elements by their `id`.
    pub field: &'a str,
    /// The meeting's content revision, `hc.rev`.
    pub revision: i64,
    /// Version of the plain text's format, `hc.schema`.
    pub schema: u16,
}
