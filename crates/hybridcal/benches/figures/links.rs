//! Finding meeting links in bodies: ours beside the way of other programs, a list of patterns that
//! are searched over the whole text one after another; and the worst texts, growing.
//!
//! Theirs is given the best there is, a compiled automaton per pattern, and does less: it reads no
//! markup, undoes no gateway, tells no look-alike, and knows nothing of passcodes and rooms.

use std::hint::black_box;

use conference::{Body, Rules, Sender, Site, Sources, join_link};
use regex::Regex;

use crate::cpu;

/// Processor time of one measurement; the kernel counts it in hundredths.
const LASTS_SECONDS: f64 = 1.0;
const BODY_BYTES: usize = 32 * 1024;
const GROWING_KIB: [usize; 4] = [32, 64, 128, 256];

/// A pattern for each kind of link, as such lists have them: host, beginning of the path.
const PEERS: [(&str, &str); 60] = [
    (r"(?:[a-z0-9-]+\.)*zoom\.us", r"(?:j|s|w|wc/join)/\d+"),
    (r"(?:[a-z0-9-]+\.)*zoom\.us", r"my/"),
    (r"(?:[a-z0-9-]+\.)*zoom\.com", r"(?:j|s|w|my)/"),
    (r"(?:[a-z0-9-]+\.)*zoom\.com\.cn", r"(?:j|s|w|my)/"),
    (r"(?:[a-z0-9-]+\.)*zoom-x\.de", r"(?:j|s|w|my)/"),
    (r"(?:[a-z0-9-]+\.)*zoomgov\.com", r"(?:j|s|w|my)/"),
    (r"meet\.google\.com", r"(?:_meet/)?[a-z]{3}-[a-z]{4}-[a-z]{3}"),
    (r"meet\.google\.com", r"lookup/"),
    (r"stream\.meet\.google\.com", r"stream/[0-9a-f-]+"),
    (r"teams\.microsoft\.com", r"l/meetup-join/"),
    (r"teams\.(?:microsoft\.com|cloud\.microsoft)", r"meet/\d+"),
    (r"(?:gov|dod)\.teams\.microsoft\.us", r"l/meetup-join/"),
    (r"teams\.live\.com", r"meet/\d+"),
    (r"[a-z0-9-]+\.webex\.com", r"[a-z0-9-]+/(?:[a-z]+/)?[jeg]\.php\?"),
    (r"[a-z0-9-]+\.webex\.com", r"(?:meet|join)/"),
    (r"[a-z0-9-]+\.webex\.com", r"webappng/sites/"),
    (r"meet\.lync\.com", r"[^/\s]+/[^/\s]+/[A-Z0-9]{6,10}"),
    (r"(?:beta\.)?meet\.jit\.si", r""),
    (r"8x8\.vc", r""),
    (r"(?:[a-z0-9-]+\.)*whereby\.com", r""),
    (r"(?:[a-z0-9-]+\.)*gotomeeting\.com", r"join/\d+"),
    (r"app\.goto\.com", r"meeting/"),
    (r"meet\.goto\.com", r""),
    (r"(?:www\.)?gotomeet\.(?:me|at)", r""),
    (r"(?:[a-z0-9-]+\.)*gotowebinar\.com", r"join/\d+/\d+"),
    (r"v(?:ideo)?\.ringcentral\.com", r"(?:join|conf/on|launcher)/\d+"),
    (r"meetings\.ringcentral\.com", r"j/\d+"),
    (r"video\.unifyoffice\.com", r"join/\d+"),
    (r"meetings\.avayacloud\.com", r"join/\d+"),
    (r"meetings\.dialpad\.com", r""),
    (r"(?:www\.)?uberconference\.com", r""),
    (r"(?:[a-z0-9-]+\.)*doxy\.me", r""),
    (r"(?:call|app)\.lifesizecloud\.com", r"\d+"),
    (r"(?:meet\.)?around\.co", r"r/"),
    (r"visio\.numerique\.gouv\.fr", r"[a-z]{3}-[a-z]{4}-[a-z]{3}"),
    (r"meet\.proton\.me", r"join/"),
    (r"facetime\.apple\.com", r"join"),
    (r"call\.whatsapp\.com", r"(?:video|voice)/"),
    (r"signal\.link", r"call/"),
    (r"(?:go|join)\.(?:teamviewer|blizz)\.com", r"(?:v\d+/)?m"),
    (r"meet\.zoho\.(?:com|eu|in)", r""),
    (r"cliq\.zoho\.(?:com|eu|in)", r"meetings/"),
    (r"app\.cal\.(?:com|eu)", r"video/"),
    (r"meetings\.vonage\.com", r"\d{9}"),
    (r"[a-z]{2,4}\.bbcollab\.com", r"(?:guest|collab)/"),
    (r"meetings\.conf\.meetecho\.com", r""),
    (r"(?:meeting\.tencent|voovmeeting)\.com", r"(?:dm|p|dw|s)/"),
    (r"vc\.(?:larksuite\.com|feishu\.cn)", r"j/\d{9}"),
    (r"meeting\.dingtalk\.com", r"j/"),
    (r"telemost\.yandex\.(?:ru|com)", r"j/\d+"),
    (r"(?:jazz\.sber|salutejazz)\.ru", r""),
    (r"[a-z0-9-]+\.ktalk\.ru", r""),
    (r"discord(?:app)?\.com", r"(?:channels|invite|events)/"),
    (r"discord\.gg", r""),
    (r"app\.slack\.com", r"huddle/"),
    (r"app\.gather\.town", r"app/"),
    (r"(?:app\.)?chime\.aws", r"(?:meetings/)?\d+"),
    (r"(?:www\.)?bluejeans\.com", r"\d+"),
    (r"[^\s/]+", r"(?:b|gl|rooms)/[a-z0-9]{3}-[a-z0-9]{3}-[a-z0-9]{3}"),
    (r"[^\s/]+", r"(?:index\.php/)?call/[a-z0-9]{8,}"),
];

pub(crate) fn run() {
    let rules = Rules::new(&Site::default()).expect("rules");
    let pattern = |(host, path)| format!("https?://{host}/{path}[^\\s\"<>]*");
    let peers = PEERS.map(|it| Regex::new(&pattern(it)).expect("a pattern"));
    println!("\n== meeting links in bodies of 32 KiB, per second and core");
    for (name, body) in bodies() {
        let ours = per_second(|| find(Body::Html(&body), &rules));
        let theirs = per_second(|| peers.iter().filter(|it| it.find(&body).is_some()).count());
        let ratio = ours / theirs;
        println!("{name:<34}{ours:>8.0}, {} patterns {theirs:>8.0}: {ratio:.1} times", PEERS.len());
    }
    println!("\n== the worst texts, milliseconds of processor time by size");
    println!("{:<34}{}", "KiB", GROWING_KIB.map(|kib| format!("{kib:>8}")).concat());
    for (name, piece) in WORST {
        let times = GROWING_KIB.map(|kib| {
            let text = piece.repeat(kib * 1024 / piece.len());
            let html = 1000.0 / per_second(|| find(Body::Html(&text), &rules));
            html.max(1000.0 / per_second(|| find(Body::Text(&text), &rules)))
        });
        println!("{name:<34}{}", times.map(|it| format!("{it:>8.2}")).concat());
    }
}

fn find(body: Body<'_>, rules: &Rules) -> usize {
    let (stamp, location, properties, sender) = (None, "", &[][..], Sender::External);
    let findings = join_link::find(&Sources { stamp, location, properties, body, sender }, rules);
    findings.trace.len()
}

/// Of this process alone, so that it does not matter what else the computer does.
fn per_second(act: impl Fn() -> usize) -> f64 {
    let used = || cpu::of_process(std::process::id());
    let (start, mut times) = (used(), 0_u32);
    loop {
        for _ in 0..8 {
            black_box(act());
        }
        times += 8;
        let seconds = used() - start;
        if seconds >= LASTS_SECONDS {
            return f64::from(times) / seconds;
        }
    }
}

/// Texts that keep a careless reader busy.
const WORST: [(&str, &str); 8] = [
    ("links", "https://zoom.us/j/91234567890\n"),
    ("addresses", "sip:12345@video.webex.com\n"),
    ("open brackets", "<https://"),
    ("open elements", "<p><b>"),
    ("end tags of nothing", "<div><b><i></x>"),
    ("entities", "&amp;"),
    ("words with colons", "a:b:c:d:"),
    ("passcodes", "Passcode: 1\nMeeting ID: 934 5678 901\n"),
];

/// What Outlook writes: much markup, little text.
fn bodies() -> [(&'static str, String); 4] {
    let teams = "<p class=\"MsoNormal\"><a href=\"https://eur02.safelinks.protection.outlook.com/?url=https%3A%2F%2F\
        teams.microsoft.com%2Fl%2Fmeetup-join%2F19%253ameeting_x%2540thread.v2%2F0%3Fcontext%3Dx&amp;data=05\">\
        Join</a></p><p>Passcode: aB1</p><p>c@m.webex.com</p><p>Video ID: 114 213 415 0</p>";
    let zoom =
        "<p><a href=\"https://x.zoom.us/j/93456789012?pwd=x\">Join</a><br>Passcode: 448210</p>";
    [
        ("Word, Teams behind Safe Links", body(teams, "")),
        ("Word, Zoom", body(zoom, "")),
        ("Word, no link", body("", "")),
        (
            "newsletter, a link per paragraph",
            body(zoom, "<a href=\"https://news.example/r?u=1\">more</a>"),
        ),
    ]
}

fn body(block: &str, each: &str) -> String {
    let head = "<html xmlns:o=\"urn:schemas-microsoft-com:office:office\" xmlns=\"http://www.w3.org/TR/REC-html40\">\
        <head><style><!-- p.MsoNormal { margin:0cm; font-size:11.0pt; font-family:\"Calibri\",sans-serif; } \
        --></style></head><body lang=\"EN-US\"><div class=\"WordSection1\">";
    let paragraph = format!(
        "<p class=\"MsoNormal\" style=\"mso-margin-top-alt:auto\"><span lang=\"EN-US\" style=\"color:#1F497D\">\
        We go through the list of open points, one by one, and decide.</span>{each}<o:p></o:p></p>\n"
    );
    let foot = "</div></body></html>";
    let room = BODY_BYTES - head.len() - block.len() - foot.len();
    let text = paragraph.repeat(room / paragraph.len());
    format!("{head}{text}{block}{foot}")
}
