//! The head of an answer, as far as it says something about the server: which of its machines
//! answered, how one may sign in, which cookies it sets. Never a value of a cookie or a token.

use std::collections::BTreeMap;

use world::http::HeaderMap;

use super::names::Names;

/// Shown as they are, if they look harmless.
const SHOWN: [&str; 12] = [
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "request-id",
    "retry-after",
    "server",
    "transfer-encoding",
    "x-aspnet-version",
    "x-backendhttpstatus",
    "x-powered-by",
];
/// Names of machines: equal ones stay equal.
const SERVERS: [&str; 5] =
    ["x-beserver", "x-calculatedbetarget", "x-diaginfo", "x-feserver", "x-targetbeserver"];
const VALUE_BYTES_MAX: usize = 100;
/// Of one head.
const VALUES_MAX: usize = 64;

pub(super) fn head(headers: &HeaderMap, names: &mut Names) -> BTreeMap<String, Vec<String>> {
    let mut shown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in headers.iter().take(VALUES_MAX) {
        let name = name.as_str();
        let Ok(value) = value.to_str() else { continue };
        let value = match name {
            "www-authenticate" => scheme(value),
            "set-cookie" => cookie(value),
            name if SERVERS.contains(&name) => Some(names.server(value)),
            name if SHOWN.contains(&name) => is_harmless(value).then(|| value.to_owned()),
            _ => None,
        };
        if let Some(value) = value {
            shown.entry(name.to_owned()).or_default().push(value);
        }
    }
    shown
}

/// `Basic realm="…"` → `Basic`
fn scheme(value: &str) -> Option<String> {
    let scheme = value.split_whitespace().next()?;
    let is_one = scheme.len() <= 20 && scheme.chars().all(|c| c.is_ascii_alphanumeric());
    is_one.then(|| scheme.to_owned())
}

/// `name=value; path=/` → `name`
fn cookie(value: &str) -> Option<String> {
    let (name, _) = value.split_once('=')?;
    let is_one = name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_one.then(|| name.to_owned())
}

fn is_harmless(value: &str) -> bool {
    value.len() <= VALUE_BYTES_MAX
        && value.chars().all(|c| c.is_ascii_alphanumeric() || " ;=/.,-+\"()".contains(c))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;
    use world::chance::Chance;

    use super::*;

    #[test]
    fn secrets_and_names_of_machines_are_left_out() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("www-authenticate", "Basic realm=\"mail.contoso.com\""),
            ("www-authenticate", "NTLM TlRMTVNTUAACAAAA"),
            ("set-cookie", "X-BackEndCookie=SECRET; expires=never"),
            ("x-feserver", "MBX1"),
            ("x-calculatedbetarget", "mbx1.contoso.com"),
            ("request-id", "e7e7b9f6-8a5c-4b5f-9d21-1c2d3e4f5a6b"),
            ("content-type", "text/xml; charset=utf-8"),
            ("location", "https://mail.contoso.com/owa"),
            ("authorization", "Basic SECRET"),
        ] {
            let name = HeaderName::from_static(name);
            headers.append(name, value.parse().expect("a value"));
        }
        let shown = format!("{:?}", head(&headers, &mut Names::new(&Chance::seeded(1))));
        for gone in ["SECRET", "TlRM", "contoso", "MBX1", "location", "authorization"] {
            assert!(!shown.contains(gone), "{gone}: {shown}");
        }
        for kept in ["[\"Basic\", \"NTLM\"]", "X-BackEndCookie", "\"server1\"", "e7e7b9f6"] {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
        assert!(shown.contains("server1.redacted.example") && shown.contains("text/xml"));
    }
}
