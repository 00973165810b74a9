//! What holds for every link and every text.

use base64::{Engine, engine::general_purpose};
use proptest::{
    collection::vec,
    prelude::{Strategy, any, proptest},
    sample::select,
};
use url::Url;

use super::{found, links, rules};
use crate::join_link::{Body, Findings, JoinLink, RAW_BYTES_MAX, Rules, Sender, Sources, find};

thread_local! {
    /// Making them costs more than using them.
    static RULES: Rules = rules();
}

/// What gateways make of a link.
const WRAPPERS: [fn(&str) -> String; 15] = [
    |link| {
        format!(
            "https://eur02.safelinks.protection.outlook.com/?url={}&data=05%7C02&reserved=0",
            encoded(link)
        )
    },
    |link| {
        format!("https://usg02.safelinks.protection.office365.us/x/?url={}&data=1", encoded(link))
    },
    |link| {
        format!(
            "https://statics.teams.cdn.office.net/a/safelinks/1/x.html?url={}&locale=de",
            encoded(link)
        )
    },
    |link| format!("https://urldefense.proofpoint.com/v1/url?u={}&k=x", encoded(link)),
    |link| format!("https://urldefense.proofpoint.com/v2/url?u={}&d=DwM&c=x", proofpoint_v2(link)),
    |link| proofpoint_v3(link),
    |link| format!("https://linkprotect.cudasvc.com/url?a={}&c=E,1,x", encoded(link)),
    |link| format!("https://secure-web.cisco.com/1AbCdEf/{}", encoded(link)),
    |link| {
        format!(
            "https://eu-1.protection.sophos.com/?d=x&u={}&p=m",
            encoded(&general_purpose::STANDARD.encode(link))
        )
    },
    |link| format!("https://protect2.fireeye.com/v1/url?k=a&u={}", encoded(link)),
    |link| format!("https://clicktime.symantec.com/a/1/x?d=y&u={}", encoded(link)),
    |link| {
        format!(
            "https://x-ctp.trendmicro.com:443/wis/clicktime/v1/query?url={}&umid=x",
            encoded(link)
        )
    },
    |link| format!("https://url.avanan.click/v2/r01/___{}___.YXAz", encoded_lightly(link)),
    |link| format!("https://url.avanan.click/v2/___{}___.YXAz", encoded_lightly(link)),
    |link| format!("https://www.google.com/url?q={}&sa=D&source=calendar", encoded(link)),
];

fn encoded(text: &str) -> String {
    let byte = |b: u8| match b {
        b if b.is_ascii_alphanumeric() || b == b'.' => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// This gateway leaves links as they are, but for what would end them in a text.
fn encoded_lightly(text: &str) -> String {
    text.replace('|', "%7C")
}

fn proofpoint_v2(link: &str) -> String {
    let byte = |b: u8| match b {
        b'/' => "_".to_owned(),
        b if b.is_ascii_alphanumeric() || b == b'.' => char::from(b).to_string(),
        b => format!("-{b:02X}"),
    };
    link.bytes().map(byte).collect()
}

fn proofpoint_v3(link: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let is_taken = |c: char| "%*#!+'()~|".contains(c);
    let (mut masked, mut taken, mut run) = (String::new(), String::new(), 0);
    let close = |masked: &mut String, run: usize| match run {
        0 => {}
        1 => masked.push('*'),
        run => masked.push_str(&format!("**{}", &ALPHABET[run - 2..=run - 2])),
    };
    for c in link.chars() {
        if is_taken(c) {
            taken.push(c);
            run += 1;
        } else {
            close(&mut masked, run);
            run = 0;
            masked.push(c);
        }
    }
    close(&mut masked, run);
    let taken = general_purpose::URL_SAFE_NO_PAD.encode(taken);
    format!("https://urldefense.com/v3/__{masked}__;{taken}!!AbC!xyz$")
}

fn alone(link: &str) -> Findings {
    let (stamp, body, sender) = (Some(link), Body::Text(""), Sender::Internal);
    let sources = Sources { stamp, location: "", properties: &[], body, sender };
    RULES.with(|rules| find(&sources, rules))
}

fn in_text(text: &str, sender: Sender) -> Findings {
    let body = Body::Text(text);
    let sources = Sources { stamp: None, location: "", properties: &[], body, sender };
    RULES.with(|rules| find(&sources, rules))
}

fn without_trace(findings: Findings) -> Findings {
    Findings { trace: Vec::new(), ..findings }
}

fn any_link() -> impl Strategy<Value = &'static str> {
    select(links::all().collect::<Vec<_>>())
}

/// Pieces of which links, and what looks like links, are made.
const PIECES: [&str; 48] = [
    "https://",
    "http://",
    "zoom.us",
    "x.webex.com",
    "meet.google.com",
    "teams.microsoft.com",
    "meet.contoso.com",
    "evil.example",
    "zооm.us",
    "127.0.0.1",
    "[::1]",
    "2130706433",
    "/j/",
    "93456789012",
    "/meet/",
    "ann",
    "/abc-defg-hij",
    "?pwd=",
    "?url=",
    "?q=",
    "#",
    "@",
    ":",
    ":8443",
    "\\",
    "%40",
    "%2F",
    "%252F",
    "%3E",
    "&amp;",
    "&lt;",
    "\u{202e}",
    "\u{ad}",
    "/../",
    "//",
    ".",
    " ",
    "\n",
    "<",
    ">",
    "sip:",
    "h323:",
    "@video.contoso.com",
    "urldefense.com/v3/__",
    "eur01.safelinks.protection.outlook.com/",
    "www.google.com/url",
    "__;!!x!y$",
    "<a href=\"",
];

fn any_mixture() -> impl Strategy<Value = String> {
    vec(select(PIECES.to_vec()), 0..24).prop_map(|pieces| pieces.concat())
}

/// Only hosts on the list, and only addresses that may be called, are ever offered.
fn check_hosts(findings: &Findings, sender: Sender, input: &str) {
    for link in findings.join.iter().chain(&findings.alternatives) {
        let host = Url::parse(link.as_str()).unwrap();
        let host = crate::provider::host_and_port(&host);
        let is_listed = RULES.with(|rules| rules.is_listed(&host));
        let domain = link.as_str().rsplit('@').next().unwrap_or_default();
        let may_call =
            sender == Sender::Internal || RULES.with(|rules| rules.may_be_dialled(domain));
        let is_address = ["sip.uri", "h323.uri"].contains(&link.class());
        assert!(if is_address { may_call } else { is_listed }, "{input}: {}", link.as_str());
        assert!(is_address || link.as_str().starts_with("http"), "{}", link.as_str());
    }
}

proptest! {
    #[test]
    fn a_canonical_link_gives_itself(link in any_link(), tail in "[a-zA-Z0-9?=&#%/.;'\"<>~-]{0,30}") {
        for link in [link.to_owned(), format!("{link}{tail}"), format!("{link}?{tail}")] {
            if let Some(join) = alone(&link).join {
                let again = alone(join.as_str()).join;
                assert_eq!(again.as_ref().map(JoinLink::as_str), Some(join.as_str()));
            }
        }
    }

    #[test]
    fn wrappers_change_nothing_but_the_trace(link in any_link(), chain in vec(0..WRAPPERS.len(), 1..=8)) {
        let wrapped = chain.iter().fold(link.to_owned(), |link, index| WRAPPERS[*index](&link));
        if wrapped.len() <= RAW_BYTES_MAX {
            let findings = in_text(&wrapped, Sender::Internal);
            assert_eq!(findings.trace[0].wrappers().len(), chain.len());
            let plain = in_text(link, Sender::Internal);
            assert!(without_trace(findings) == without_trace(plain), "{wrapped}");
        }
    }

    #[test]
    fn nothing_unlisted_is_ever_offered(text in any_mixture(), letters in any::<String>()) {
        for sender in [Sender::Internal, Sender::External] {
            for text in [&text, &letters] {
                check_hosts(&in_text(text, sender), sender, text);
                check_hosts(&alone(text), Sender::Internal, text);
                let body = Body::Html(text);
                let sources = Sources { stamp: None, location: text, properties: &[text], body, sender };
                check_hosts(&RULES.with(|rules| find(&sources, rules)), sender, text);
            }
        }
    }
}

#[test]
fn the_ninth_wrapper_is_one_too_many() {
    let link = "https://zoom.us/j/93456789012";
    let wrapped = |layers: usize| (0..layers).fold(link.to_owned(), |link, _| WRAPPERS[0](&link));
    assert!(in_text(&wrapped(8), Sender::Internal).join.is_some());
    let findings = found("", Body::Text(&wrapped(9)), Sender::Internal);
    assert_eq!(findings.reason.map(crate::Reason::word), Some("too-deep"));
}
