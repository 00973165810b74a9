//! Who somebody is: the claims in the tokens of people and of connectors. Checking signatures is
//! `world::issuer`'s work.

use serde::{Deserialize, Serialize};

/// The cloud's audience. A token of one audience is refused by the other.
pub const AUDIENCE_API: &str = "hc-api";
/// The key server's audience. The cloud never sees such a token.
pub const AUDIENCE_KMS: &str = "hc-kms";
/// What a client names to the sign-in provider in order to get a token of one of these audiences:
/// RFC 8707 wants an absolute URI.
pub const RESOURCE_API: &str = "urn:hybridcal:hc-api";
pub const RESOURCE_KMS: &str = "urn:hybridcal:hc-kms";
/// Longest life of a connector's own token.
pub const CONNECTOR_TOKEN_SECONDS: i64 = 60;

/// What the organization's sign-in provider says about a person. The address is the identity, so
/// it counts only if the provider says `email_verified: true`; silence is no confirmation.
#[derive(Clone, Serialize, Deserialize)]
pub struct PersonClaims {
    pub sub: String,
    pub exp: i64,
    pub email: String,
    #[serde(default)]
    pub email_verified: bool,
}

/// What a connector says of itself, signed with its own key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConnectorClaims {
    /// Connector id.
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub iat: i64,
    pub exp: i64,
    /// Each token is good once.
    pub jti: String,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn is_verified(said: Option<Value>) -> bool {
        let mut claims = json!({"sub": "1", "exp": 1, "email": "ann@example.com"});
        if let Some(said) = said {
            claims["email_verified"] = said;
        }
        serde_json::from_value::<PersonClaims>(claims).expect("claims").email_verified
    }

    #[test]
    fn only_an_address_said_to_be_verified_is() {
        assert!(is_verified(Some(json!(true))));
        assert!(!is_verified(Some(json!(false))));
        assert!(!is_verified(None));
    }
}
