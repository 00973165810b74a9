//! Version 2 of Autodiscover: an anonymous question, answered in JSON with one URL.

/// Bytes of an answer; a real one has a hundred.
pub const LOCATION_BYTES_MAX: usize = 16 * 1024;

/// What the answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// Where EWS is for this mailbox.
    Url(String),
    /// A word like `UserNotFound` or `ProtocolNotSupported`.
    Refused(String),
}

/// The question's path and query; the host is the caller's to choose.
pub fn location_path(address: &str) -> String {
    let address: String = url_encoded(address);
    format!("/autodiscover/autodiscover.json?Email={address}&Protocol=EWS&RedirectCount=1")
}

/// None if this is no such answer.
pub fn read_location(bytes: &[u8]) -> Option<Location> {
    if bytes.len() > LOCATION_BYTES_MAX {
        return None;
    }
    let answer: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let text = |name: &str| answer.get(name)?.as_str().map(str::to_owned);
    text("Url").map(Location::Url).or_else(|| text("ErrorCode").map(Location::Refused))
}

/// A server's side.
pub fn write_location(location: &Location) -> String {
    let answer = match location {
        Location::Url(url) => serde_json::json!({ "Protocol": "EWS", "Url": url }),
        Location::Refused(code) => {
            serde_json::json!({ "ErrorCode": code, "ErrorMessage": "The request was refused." })
        }
    };
    answer.to_string()
}

/// Everything but letters, digits and `-._~@` as `%XX`.
fn url_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
