//! Whole invitations: which link wins, what belongs to it, what a room dials.

use super::{found, rules};
use crate::join_link::{Body, Findings, JoinLink, Reason, Sender, Source, Sources, find};

const TEAMS: &str = "https://teams.microsoft.com/meet/2345678901234?p=x";
const ZOOM: &str = "https://x.zoom.us/j/93456789012";
const WEBEX: &str = "https://x.webex.com/x/j.php?MTID=m1";
const JITSI: &str = "https://meet.contoso.com/Plan";

fn text(body: &str) -> Findings {
    found("", Body::Text(body), Sender::Internal)
}

fn check(findings: &Findings, join: Option<&str>, dial: Option<&str>, others: &[&str]) {
    assert_eq!(findings.join.as_ref().map(JoinLink::as_str), join);
    assert_eq!(findings.dial.as_deref(), dial);
    let alternatives: Vec<_> = findings.alternatives.iter().map(JoinLink::as_str).collect();
    assert_eq!(alternatives, others);
}

#[test]
fn blocks_for_room_devices_give_their_address() {
    let block = |lines: &str| text(&format!("Join<{TEAMS}>\nPasscode: aB1\n{lines}"));
    let cases = [
        ("c@m.webex.com\nVideo ID: 114 213 415 0", Some("1142134150.c@m.webex.com"), None),
        ("81@t.plcm.vc VTC Conference ID: 017920684", Some("81.017920684@t.plcm.vc"), None),
        (
            "45342@video.contoso.com\nVideo ID: 123 887 981 0",
            Some("45342@video.contoso.com"),
            Some("1238879810#"),
        ),
        ("c@elsewhere.example\nVideo ID: 123 887 981 0", None, None),
        (
            "<https://p.example/teams/?conf=12&d=video.contoso.com&prefix=a.>",
            Some("a.12@video.contoso.com"),
            None,
        ),
        ("<https://p.example/teams/?conf=12&d=evil.example&prefix=a.>", None, None),
        ("<https://p.example/teams/?key=1&conf=2>", Some("1.2@t.plcm.vc"), None),
        (
            "<https://www.webex.com/msteams?confid=12&tenantkey=c&domain=m.webex.com>",
            Some("12.c@m.webex.com"),
            None,
        ),
        ("+49 69 5555 0100\nPhone conference ID: 123 456 789#", None, None),
    ];
    for (lines, dial, dtmf) in cases {
        let findings = block(lines);
        check(&findings, Some(TEAMS), dial, &[]);
        assert_eq!(findings.dtmf.as_deref(), dtmf, "{lines}");
        assert_eq!(findings.passcode.as_deref(), Some("aB1"));
    }
}

#[test]
fn webex_is_dialled_as_printed_or_by_its_number() {
    let printed = format!("{WEBEX}\nMeeting number: 2345 678 9012\nDial 23450000000@x.webex.com");
    check(&text(&printed), Some(WEBEX), Some("23450000000@x.webex.com"), &[]);
    let number = format!("{WEBEX}\nMeeting number (access code): 2345 678 9012");
    check(&text(&number), Some(WEBEX), Some("23456789012@x.webex.com"), &[]);
    let above = format!("Meeting number: 2345 678 9012\n{WEBEX}");
    check(&text(&above), Some(WEBEX), Some("23456789012@x.webex.com"), &[]);
    let other_site = format!("{WEBEX}\nDial 23450000000@y.webex.com");
    check(&text(&other_site), Some(WEBEX), Some("23450000000@y.webex.com"), &[]);
    check(&text(WEBEX), Some(WEBEX), None, &[]);
}

#[test]
fn zoom_is_dialled_with_a_passcode_of_digits_only() {
    let with = |line: &str| text(&format!("{ZOOM}\n{line}"));
    check(&with("Passcode: 448210"), Some(ZOOM), Some("93456789012.448210@zoomcrc.com"), &[]);
    check(&with("Passcode: x9Lm"), Some(ZOOM), Some("93456789012@zoomcrc.com"), &[]);
    let printed = with("Passcode: x9Lm\n93456789012.77@zoomcrc.com");
    check(&printed, Some(ZOOM), Some("93456789012.77@zoomcrc.com"), &[]);
    let name = "https://x.zoom.us/my/ann";
    let vanity = text(&format!("{name}\nMeeting ID: 598 765 4321\nPasscode: 2468"));
    check(&vanity, Some(name), Some("5987654321.2468@zoomcrc.com"), &[]);
}

#[test]
fn an_address_belongs_to_the_link_above_or_is_another_way() {
    let far = "\n".repeat(13);
    let sip = "sip:4711@video.contoso.com";
    check(&text(&format!("{JITSI}\n{sip}")), Some(JITSI), Some("4711@video.contoso.com"), &[]);
    check(&text(&format!("{JITSI}{far}{sip}")), Some(JITSI), None, &[sip]);
    check(&text(&format!("{sip}\n{JITSI}")), Some(JITSI), None, &[sip]);
    check(&text(&format!("{JITSI}\n{ZOOM}\n{sip}")), Some(JITSI), None, &[ZOOM, sip]);
    let two = format!("{JITSI}\n{sip}\nsip:4712@video.contoso.com");
    check(
        &text(&two),
        Some(JITSI),
        Some("4711@video.contoso.com"),
        &["sip:4712@video.contoso.com"],
    );
}

#[test]
fn an_address_in_the_place_stays_whose_ever_it_is() {
    let (address, url) = ("23456789012@x.webex.com", "sip:23456789012@x.webex.com");
    let findings = found(address, Body::Text(WEBEX), Sender::Internal);
    check(&findings, Some(url), Some(address), &[WEBEX]);
    let findings = found(WEBEX, Body::Text(&format!("Dial {address}")), Sender::Internal);
    check(&findings, Some(WEBEX), Some(address), &[]);
}

#[test]
fn outsiders_cannot_make_a_room_call_anywhere() {
    let call = |sender| found("", Body::Text("sip:board@conf.partner.example"), sender);
    check(
        &call(Sender::Internal),
        Some("sip:board@conf.partner.example"),
        Some("board@conf.partner.example"),
        &[],
    );
    check(&call(Sender::External), None, None, &[]);
    assert_eq!(call(Sender::External).reason, Some(Reason::UnlistedHost));
    let listed = found("", Body::Text("h323:88@video.contoso.com"), Sender::External);
    check(&listed, Some("h323:88@video.contoso.com"), Some("88@video.contoso.com"), &[]);
    check(&text("sip:board@192.0.2.1"), None, None, &[]);
    check(&text("Mail me: 4711@partner.example or ann@video.contoso.com"), None, None, &[]);
}

#[test]
fn sources_go_before_zones_and_zones_before_kinds() {
    let body = format!("{WEBEX}\n{ZOOM}");
    let location = "sip:board@video.contoso.com";
    let findings = found(location, Body::Text(&body), Sender::Internal);
    check(&findings, Some(location), Some("board@video.contoso.com"), &[WEBEX, ZOOM]);
    assert_eq!(findings.source, Some(Source::Location));
    let room = "https://x.webex.com/meet/ann";
    check(&text(&format!("{room}\n{ZOOM}")), Some(ZOOM), Some("93456789012@zoomcrc.com"), &[room]);
    let quoted = format!("New: {room}\n\n-----Original Message-----\n{ZOOM}");
    check(&text(&quoted), Some(room), Some("ann@x.webex.com"), &[ZOOM]);
}

#[test]
fn properties_go_behind_the_location_and_before_the_body() {
    let sources = Sources {
        stamp: None,
        location: "",
        properties: &["", TEAMS],
        body: Body::Text("Passcode: aB1\nhttps://meet.google.com/abc-defg-hij"),
        sender: Sender::Internal,
    };
    let findings = find(&sources, &rules());
    assert_eq!(findings.source, Some(Source::Property));
    check(&findings, Some(TEAMS), None, &["https://meet.google.com/abc-defg-hij"]);
    assert_eq!(findings.passcode.as_deref(), Some("aB1"));
}

#[test]
fn one_meeting_is_told_once_with_its_token() {
    let twice = format!("{ZOOM}\nhttps://zoom.us/j/93456789012?pwd=x\n{ZOOM}#success");
    check(
        &text(&twice),
        Some("https://zoom.us/j/93456789012?pwd=x"),
        Some("93456789012@zoomcrc.com"),
        &[],
    );
    let rooms = "https://x.webex.com/meet/Ann https://x.webex.com/join/ann";
    check(&text(rooms), Some("https://x.webex.com/meet/Ann"), Some("Ann@x.webex.com"), &[]);
    let calls = "https://signal.link/call/#key=a https://signal.link/call/#key=b";
    check(
        &text(calls),
        Some("https://signal.link/call/#key=a"),
        None,
        &["https://signal.link/call/#key=b"],
    );
}

#[test]
fn a_passcode_belongs_to_the_link_above_it() {
    let two = format!("{JITSI}\n{ZOOM}\nPasscode: 12");
    assert_eq!(text(&two).passcode, None, "it is Zoom's");
    let findings = found(ZOOM, Body::Text(&format!("{TEAMS}\nPasscode: aB1")), Sender::Internal);
    assert_eq!(findings.passcode, None, "it is the other meeting's");
    let far = format!("{ZOOM}{}Passcode: 12", "\n".repeat(25));
    assert_eq!(text(&far).passcode, None);
    let webex = text(&format!("{WEBEX}\nMeeting password: aB1 (57396777 from phones)"));
    assert_eq!(webex.passcode.as_deref(), Some("aB1"));
    assert_eq!(webex.device_passcode.as_deref(), Some("57396777"));
    let bbb = "https://bbb.fabrikam.example/b/abc-def-ghi";
    assert_eq!(text(&format!("{bbb}\nAccess code: 482913")).passcode.as_deref(), Some("482913"));
    assert_eq!(text(&format!("{ZOOM}\nAccess code: 482913")).passcode, None);
}

#[test]
fn a_signature_ends_at_a_rule_and_a_block_is_none() {
    let room = "https://x.webex.com/meet/ann";
    let alone = text(&format!("Lunch\n\nKind regards, Ann\n{room}\nTel: 06955550120"));
    check(&alone, None, None, &[room]);
    assert_eq!(alone.reason, Some(Reason::SignatureOnly));
    let meeting = text(&format!("Hi\n--\nAnn\n{ZOOM}"));
    check(&meeting, Some(ZOOM), Some("93456789012@zoomcrc.com"), &[]);
    let ruled = text(&format!("Hi\nBest\nAnn\n-::~:~::~:~:-\n{room}"));
    check(&ruled, Some(room), Some("ann@x.webex.com"), &[]);
    let block = text("Hi\nCheers\nhttps://zoom.us/j/5551234567\nMeeting ID: 555 123 4567");
    check(&block, Some("https://zoom.us/j/5551234567"), Some("5551234567@zoomcrc.com"), &[]);
    let others = text(&format!("Hi\nCheers\n{room}\n{ZOOM}\nMeeting ID: 934 5678 9012"));
    check(&others, Some(ZOOM), Some("93456789012@zoomcrc.com"), &[room]);
    let html = format!(
        "<p>Hi<div id=Signature>Ann <a href='{room}'>room</a><hr>\
        <a href='https://doxy.me/ann'>other</a></div>"
    );
    let html = found("", Body::Html(&html), Sender::Internal);
    check(&html, Some("https://doxy.me/ann"), None, &[room]);
}

#[test]
fn quoted_mails_are_known_in_several_languages() {
    for marker in [
        "-----Original Message-----",
        "-----Ursprüngliche Nachricht-----",
        "On Monday Jane Doe wrote:",
        "Am Montag schrieb Jane Doe:",
        "Le lundi Jane Doe a écrit :",
        "From: Jane\nSent: Monday\nTo: Ann\nSubject: Demo",
        "*Von:* Jane\n*Gesendet:* Montag\n*An:* Ann",
    ] {
        let findings = text(&format!("See below\n\n{marker}\n\n{ZOOM}"));
        check(&findings, None, None, &[ZOOM]);
        assert_eq!(findings.reason, Some(Reason::QuotedOnly), "{marker}");
    }
    let forwarded = format!("-----Original Appointment-----\nFrom: J\nSent: M\nTo: A\n\n{ZOOM}");
    check(&text(&forwarded), Some(ZOOM), Some("93456789012@zoomcrc.com"), &[]);
}

#[test]
fn an_explanation_tells_each_step_within_bounds() {
    let wrapped = "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fzoom.us%2Fj%2F93456789012";
    let findings =
        text(&format!("{wrapped} https://zoom.us.evil.example/j/1 https://x.zoom.us/u/a"));
    let lines = findings.lines();
    let has =
        |part: &str| assert!(lines.iter().any(|line| line.contains(part)), "{part}: {lines:#?}");
    has("A room dials 93456789012@zoomcrc.com.");
    has("undone: safelinks; is zoom.meeting");
    has("refused as unlisted-host: no rule and no administrator lists this host; it imitates zoom");
    has("it is a page of telephone numbers");
    let many =
        "https://example.org/?x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ".repeat(300);
    let lines = text(&many).lines();
    assert!(lines.len() < 100 && lines.iter().map(String::len).sum::<usize>() < 16 * 1024);
    assert!(lines.last().unwrap().ends_with("lines more."));
    assert!(!format!("{:?} {:?}", findings, findings.trace).contains("zoom"));
}
