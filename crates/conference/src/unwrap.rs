//! Undoes what mail gateways and launchers wrap around a link, offline, one layer at a time.

use base64::{Engine, engine::general_purpose};
use url::Url;

/// What lies under the outermost layer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// No wrapper that we know.
    Bare,
    Inner(String),
    /// A known wrapper that holds nothing readable.
    Undecodable,
}

/// How a gateway hides the link.
#[derive(Clone, Copy)]
enum Undo {
    Parameter(&'static str),
    EitherParameter(&'static str, &'static str),
    Base64Parameter(&'static str),
    ProofpointV2,
    ProofpointV3,
    RestOfPath,
    BetweenUnderscores,
    TeamsLauncher,
    TeamsFragment,
}

/// Host (a leading dot: its sub-domains), beginning of the path, how to undo it.
const WRAPPERS: &[(&str, &str, Undo)] = &[
    (SAFE_LINKS, "/", Undo::Parameter("url")),
    (".safelinks.protection.office365.us", "/", Undo::Parameter("url")),
    ("statics.teams.cdn.office.net", "/", Undo::Parameter("url")),
    ("urldefense.proofpoint.com", "/v1/url", Undo::Parameter("u")),
    ("urldefense.proofpoint.com", "/v2/url", Undo::ProofpointV2),
    ("urldefense.com", "/v3/", Undo::ProofpointV3),
    ("urldefense.us", "/v3/", Undo::ProofpointV3),
    ("linkprotect.cudasvc.com", "/url", Undo::Parameter("a")),
    ("secure-web.cisco.com", "/", Undo::RestOfPath),
    (".protection.sophos.com", "/", Undo::Base64Parameter("u")),
    (".fireeye.com", "/", Undo::Parameter("u")),
    ("clicktime.symantec.com", "/", Undo::Parameter("u")),
    (".trendmicro.com", "/wis/clicktime/", Undo::Parameter("url")),
    (".avanan.click", "/v2/", Undo::BetweenUnderscores),
    ("www.google.com", "/url", Undo::EitherParameter("q", "url")),
    ("teams.microsoft.com", "/dl/launcher/", Undo::TeamsLauncher),
    ("teams.microsoft.com", "/_", Undo::TeamsFragment),
    ("teams.microsoft.com", "/v2/", Undo::TeamsFragment),
    ("teams.cloud.microsoft", "/dl/launcher/", Undo::TeamsLauncher),
    ("teams.cloud.microsoft", "/v2/", Undo::TeamsFragment),
    ("teams.live.com", "/dl/launcher/", Undo::TeamsLauncher),
    ("gov.teams.microsoft.us", "/dl/launcher/", Undo::TeamsLauncher),
    ("dod.teams.microsoft.us", "/dl/launcher/", Undo::TeamsLauncher),
];

const SAFE_LINKS: &str = ".safelinks.protection.outlook.com";

const V3_ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(crate) fn unwrap(url: &Url) -> Layer {
    if let Some(layer) = app_link(url) {
        return layer;
    }
    let host = url.host_str().unwrap_or_default();
    let is_wrapper = |(pattern, path, _): &&(&str, &str, Undo)| {
        is_host(host, pattern) && url.path().starts_with(path)
    };
    let Some((_, _, undo)) = WRAPPERS.iter().find(is_wrapper) else {
        return Layer::Bare;
    };
    match (undo.undo(url), undo) {
        (Some(inner), _) => Layer::Inner(inner),
        // The web app itself, not a launcher.
        (None, Undo::TeamsFragment) => Layer::Bare,
        (None, _) => Layer::Undecodable,
    }
}

/// Only Safe Links leaves the original beside the wrapped link.
pub(crate) fn is_safe_links(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| is_host(url.host_str().unwrap_or_default(), SAFE_LINKS))
}

fn is_host(host: &str, pattern: &str) -> bool {
    if pattern.starts_with('.') { host.ends_with(pattern) } else { host == pattern }
}

impl Undo {
    fn undo(self, url: &Url) -> Option<String> {
        match self {
            Self::Parameter(name) => percent_decoded(parameter(url, name)?),
            Self::EitherParameter(first, second) => {
                percent_decoded(parameter(url, first).or_else(|| parameter(url, second))?)
            }
            Self::Base64Parameter(name) => {
                let encoded = percent_decoded(parameter(url, name)?)?;
                let engine = general_purpose::STANDARD_NO_PAD;
                let bytes = engine.decode(encoded.trim_end_matches('=')).ok()?;
                String::from_utf8(bytes).ok()
            }
            Self::ProofpointV2 => {
                percent_decoded(&parameter(url, "u")?.replace('-', "%").replace('_', "/"))
            }
            Self::ProofpointV3 => proofpoint_v3(url.as_str()),
            Self::RestOfPath => {
                let (_, rest) = url.path().strip_prefix('/')?.split_once('/')?;
                percent_decoded(rest)
            }
            Self::BetweenUnderscores => {
                let (_, rest) = url.as_str().split_once("___")?;
                rest.rsplit_once("___").map(|(inner, _)| inner.to_owned())
            }
            Self::TeamsLauncher => {
                let inner = percent_decoded(parameter(url, "url")?)?;
                teams(url, inner.strip_prefix("/_#")?)
            }
            Self::TeamsFragment => teams(url, url.fragment()?),
        }
    }
}

fn teams(url: &Url, path: &str) -> Option<String> {
    path.starts_with("/l/").then(|| format!("https://{}{path}", url.host_str().unwrap_or_default()))
}

/// Links that open a desktop program have a twin on the web.
fn app_link(url: &Url) -> Option<Layer> {
    let host = url.host_str().unwrap_or_default();
    let inner = match url.scheme() {
        "zoommtg" | "zoomus" => parameter(url, "confno").map(|number| {
            let password = parameter(url, "pwd").map(|pwd| format!("?pwd={pwd}"));
            format!("https://{host}/j/{number}{}", password.unwrap_or_default())
        }),
        "msteams" => {
            let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
            Some(format!("https://teams.microsoft.com{}{query}", url.path()))
        }
        "rcvdt" => Some(format!("https://v.ringcentral.com/{host}{}", url.path())),
        _ => return None,
    };
    Some(inner.map_or(Layer::Undecodable, Layer::Inner))
}

/// As it stands in the query, not decoded.
pub(crate) fn parameter<'a>(url: &'a Url, name: &str) -> Option<&'a str> {
    let mut pairs = url.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value)
}

/// `+` stays `+`: gateways encode blanks as `%20`.
fn percent_decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let code = part.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(part.bytes().skip(2));
            }
            None => {
                bytes.push(b'%');
                bytes.extend(part.bytes());
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// Characters that Proofpoint took out stand, Base64-encoded, behind the link: `*` is one of them,
/// `**` and a letter a run of them.
fn proofpoint_v3(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("/v3/__")?;
    let (masked, tail) = rest.rsplit_once("__;")?;
    let encoded = tail.split('!').next()?;
    let taken = general_purpose::URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('=')).ok()?;
    let taken = String::from_utf8(taken).ok()?;
    let mut taken = taken.chars();
    let mut characters = masked.chars().peekable();
    let mut inner = String::new();
    while let Some(c) = characters.next() {
        if c != '*' {
            inner.push(c);
        } else if characters.next_if_eq(&'*').is_some() {
            let run = V3_ALPHABET.find(characters.next()?)? + 2;
            inner.extend(taken.by_ref().take(run));
        } else {
            inner.push(taken.next()?);
        }
    }
    Some(inner)
}

#[cfg(test)]
mod tests;
