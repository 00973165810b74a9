//! What must be true of an installation and of a token before anything is sent.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use protocol::{ids::MailboxAddress, token::PersonClaims};
use url::Url;
use world::issuer::{TOKEN_BYTES_MAX, is_safe};

use super::Failure;

/// Tokens go over TLS, or do not leave this computer.
pub(super) fn safe_url(text: &str, what: &'static str) -> Result<Url, Failure> {
    let url = Url::parse(text).map_err(|_form| Failure::UnsafeUrl { what })?;
    if is_safe(&url) { Ok(url) } else { Err(Failure::UnsafeUrl { what }) }
}

/// Whose token this is. Believed because it is our own: a wrong address opens nothing.
pub(super) fn own_address(token: &str) -> Option<MailboxAddress> {
    if token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let claims = token.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: PersonClaims = serde_json::from_slice(&claims).ok()?;
    MailboxAddress::new(&claims.email)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_addresses_are_used() {
        for (text, expected) in [
            ("https://calendar.example.org", true),
            ("http://127.0.0.1:8440", true),
            ("http://[::1]:8440", true),
            ("http://calendar.example.org", false),
            ("http://127.0.0.1.example.org", false),
            ("ftp://127.0.0.1", false),
            ("javascript:alert(1)", false),
            ("calendar.example.org", false),
        ] {
            assert_eq!(safe_url(text, "it").is_ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_token_says_whose_it_is() {
        let token = |claims: &str| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        let good = token(r#"{"sub":"1","exp":1,"email":"Ann@Example.com"}"#);
        let address = own_address(&good).expect("an address");
        assert_eq!(address.as_str(), "ann@example.com");
        let long = "x".repeat(TOKEN_BYTES_MAX + 1);
        for odd in ["", "a.b", "a.!.c", &token("{}"), &long] {
            assert!(own_address(odd).is_none());
        }
    }
}
