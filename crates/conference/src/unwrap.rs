//! Undoes what mail gateways and launchers wrap around a link, offline, one layer at a time.

use base64::{Engine, engine::general_purpose};
use url::Url;

/// What lies under the outermost layer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// No wrapper that we know.
    Bare,
    Inner {
        wrapper: &'static str,
        link: String,
    },
    /// A known wrapper that holds nothing readable.
    Undecodable {
        wrapper: &'static str,
    },
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

/// Where a wrapper is recognised.
#[derive(Clone, Copy)]
enum At {
    Host(&'static str),
    /// Its sub-domains.
    Below(&'static str),
    /// One label with this beginning before the domain.
    Label(&'static str, &'static str),
    Teams,
}

/// Name for the trace, host, path (ending in `/`: its beginning), how to undo it.
const WRAPPERS: &[(&str, At, &str, Undo)] = &[
    ("safelinks", At::Below(SAFE_LINKS), "/", Undo::Parameter("url")),
    ("safelinks", At::Below("safelinks.protection.office365.us"), "/", Undo::Parameter("url")),
    ("safelinks", At::Host("statics.teams.cdn.office.net"), "/", Undo::Parameter("url")),
    ("urldefense-v1", At::Host("urldefense.proofpoint.com"), "/v1/url", Undo::Parameter("u")),
    ("urldefense-v2", At::Host("urldefense.proofpoint.com"), "/v2/url", Undo::ProofpointV2),
    ("urldefense-v3", At::Host("urldefense.com"), "/v3/", Undo::ProofpointV3),
    ("urldefense-v3", At::Host("urldefense.us"), "/v3/", Undo::ProofpointV3),
    ("barracuda", At::Host("linkprotect.cudasvc.com"), "/url", Undo::Parameter("a")),
    ("cisco", At::Host("secure-web.cisco.com"), "/", Undo::RestOfPath),
    ("sophos", At::Below("protection.sophos.com"), "/", Undo::Base64Parameter("u")),
    ("trellix", At::Label("protect", "fireeye.com"), "/", Undo::Parameter("u")),
    ("symantec", At::Host("clicktime.symantec.com"), "/", Undo::Parameter("u")),
    ("trendmicro", At::Below("trendmicro.com"), "/wis/clicktime/", Undo::Parameter("url")),
    ("avanan", At::Below("avanan.click"), "/v2/", Undo::BetweenUnderscores),
    ("google-redirect", At::Host("www.google.com"), "/url", Undo::EitherParameter("q", "url")),
    ("teams-launcher", At::Teams, "/dl/launcher/", Undo::TeamsLauncher),
    ("teams-fragment", At::Teams, "/_", Undo::TeamsFragment),
    ("teams-fragment", At::Teams, "/v2/", Undo::TeamsFragment),
];

const APP_LINK: &str = "app-link";
const SAFE_LINKS: &str = "safelinks.protection.outlook.com";
const TEAMS_HOSTS: [&str; 6] = [
    "teams.microsoft.com",
    "teams.cloud.microsoft",
    "teams.live.com",
    "gov.teams.microsoft.us",
    "dod.teams.microsoft.us",
    "teams.microsoftonline.cn",
];
/// Where the web app of Teams keeps meetings.
const TEAMS_PATHS: [&str; 2] = ["/l/", "/meet/"];

const V3_ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(crate) fn unwrap(url: &Url) -> Layer {
    if let Some(layer) = app_link(url) {
        return layer;
    }
    // Gateways listen where the web does; another port is somebody else.
    if !matches!(url.scheme(), "http" | "https") || url.port().is_some() {
        return Layer::Bare;
    }
    let host = url.host_str().unwrap_or_default();
    let is_it = |(_, at, path, undo): &&(&str, At, &str, Undo)| {
        let is_path = match path.strip_suffix('/') {
            Some(_) => url.path().starts_with(path),
            None => url.path().trim_end_matches('/') == *path,
        };
        at.is(host) && is_path && undo.may_undo(url)
    };
    let Some((wrapper, _, _, undo)) = WRAPPERS.iter().find(is_it) else {
        return Layer::Bare;
    };
    match (undo.undo(url), undo) {
        (Some(link), _) => Layer::Inner { wrapper, link },
        // The web app itself, not a launcher.
        (None, Undo::TeamsFragment) => Layer::Bare,
        (None, _) => Layer::Undecodable { wrapper },
    }
}

/// Only Safe Links leaves the original beside the wrapped link.
pub(crate) fn is_safe_links(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| At::Below(SAFE_LINKS).is(url.host_str().unwrap_or_default()))
}

impl At {
    fn is(self, host: &str) -> bool {
        let label = |domain| host.strip_suffix(domain)?.strip_suffix('.');
        match self {
            Self::Host(name) => host == name,
            Self::Below(domain) => label(domain).is_some(),
            Self::Label(start, domain) => {
                label(domain).is_some_and(|it| it.starts_with(start) && !it.contains('.'))
            }
            Self::Teams => TEAMS_HOSTS.contains(&host),
        }
    }
}

impl Undo {
    /// Some hosts serve other things beside.
    fn may_undo(self, url: &Url) -> bool {
        let is_teams_chat = url.host_str() == Some("statics.teams.cdn.office.net");
        !is_teams_chat || url.path().contains("safelinks")
    }

    fn undo(self, url: &Url) -> Option<String> {
        match self {
            Self::Parameter(name) => percent_decoded(parameter(url, name)?),
            Self::EitherParameter(first, second) => {
                percent_decoded(parameter(url, first).or_else(|| parameter(url, second))?)
            }
            Self::Base64Parameter(name) => {
                let encoded = percent_decoded(parameter(url, name)?)?;
                let encoded = encoded.trim_end_matches('=').replace('-', "+").replace('_', "/");
                let bytes = general_purpose::STANDARD_NO_PAD.decode(encoded).ok()?;
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
    let is_meeting = TEAMS_PATHS.iter().any(|start| path.starts_with(start));
    is_meeting.then(|| format!("https://{}{path}", url.host_str().unwrap_or_default()))
}

/// Links that open a desktop program have a twin on the web.
fn app_link(url: &Url) -> Option<Layer> {
    let host = url.host_str().unwrap_or_default();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let link = match url.scheme() {
        "zoommtg" | "zoomus" => parameter(url, "confno").map(|number| {
            let password = parameter(url, "pwd").map(|pwd| format!("?pwd={pwd}"));
            format!("https://{host}/j/{number}{}", password.unwrap_or_default())
        }),
        "msteams" => {
            let host = if host.is_empty() { "teams.microsoft.com" } else { host };
            let is_ours = TEAMS_HOSTS.contains(&host) && url.path().starts_with('/');
            is_ours.then(|| format!("https://{host}{}{query}", url.path()))
        }
        "rcvdt" => Some(format!("https://v.ringcentral.com/{host}{}{query}", url.path())),
        _ => return None,
    };
    Some(match link {
        Some(link) => Layer::Inner { wrapper: APP_LINK, link },
        None => Layer::Undecodable { wrapper: APP_LINK },
    })
}

/// As it stands in the query, not decoded.
pub(crate) fn parameter<'a>(url: &'a Url, name: &str) -> Option<&'a str> {
    let mut pairs = url.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value)
}

/// `+` stays `+`: gateways encode blanks as `%20`.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    String::from_utf8(escapes_undone(text, b'%')).ok()
}

/// A sign and two hexadecimal digits stand for a byte; any other sign for itself.
pub(crate) fn escapes_undone(text: &str, sign: u8) -> Vec<u8> {
    let mut parts = text.split(char::from(sign));
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let code = part.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(part.bytes().skip(2));
            }
            None => {
                bytes.push(sign);
                bytes.extend(part.bytes());
            }
        }
    }
    bytes
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
            let mut left = run;
            while left > 0 {
                inner.push(taken.next()?);
                left -= 1;
            }
        } else {
            inner.push(taken.next()?);
        }
    }
    Some(inner)
}

#[cfg(test)]
mod tests;
