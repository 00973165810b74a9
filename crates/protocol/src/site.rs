//! What a client must know about an installation before it can sign in, published without
//! authentication at [`crate::routes::SITE`].

use serde::{Deserialize, Serialize};

use crate::ids::OrganizationId;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Site {
    pub organization: OrganizationId,
    /// Where keys come from, `https://…`; not a service of the cloud.
    pub kms_url: String,
    /// Host in key URLs (`kms://<host>/…`) that clients accept.
    pub kms_host: String,
    /// OIDC issuer.
    pub issuer: String,
    pub client_id: String,
    /// Shown as a banner; set by the demo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}
