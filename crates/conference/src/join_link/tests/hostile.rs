//! Texts made to mislead people, or to keep the reader busy.

use super::{check, check_html, check_reason, found};
use crate::{
    join_link::{Body, CANDIDATES_MAX, Reason, Sender, TEXT_BYTES_MAX},
    work::counted,
};

const ZOOM: &str = "https://zoom.us/j/91234567890";

#[test]
fn hosts_that_pretend_are_refused_each_for_its_reason() {
    use {Reason as R, Sender::Internal};
    for link in ["https://a:b@zoom.us/j/91234567890", "https://zoom.us@evil.example/j/91234567890"]
    {
        check_reason(link, Internal, R::Userinfo);
    }
    for host in
        ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "0177.0.0.1", "[::1]", "[::ffff:7f00:1]"]
    {
        check_reason(&format!("https://{host}/j/91234567890"), Internal, R::IpLiteral);
    }
    for host in
        ["z\u{43e}\u{43e}m.us", "xn--zm-emcaa.us", "zoom-us.example", "z00m.us", "zo\u{f6}m.us"]
    {
        check_reason(&format!("https://{host}/j/91234567890"), Internal, R::UnlistedHost);
    }
    for scheme in ["ftp", "file", "ws", "intent"] {
        check_reason(&format!("{scheme}://zoom.us/j/91234567890"), Internal, R::Scheme);
    }
    for href in [
        "javascript:location='https://zoom.us/j/91234567890'",
        "data:text/html,x",
        "mailto:a@zoom.us",
    ] {
        check_html(&format!("<a href=\"{href}\">Join</a>"), None);
    }
    check_reason("https://zoom.us:444/j/91234567890", Internal, R::Port);
    check_reason("https://evil.example\\@zoom.us/j/91234567890", Internal, R::UnlistedHost);
    check_reason(
        "https://evil.example/?u=https://zoom.us/j/91234567890",
        Internal,
        R::UnlistedHost,
    );
    let userinfo_inside =
        "https://www.google.com/url?q=https%3A%2F%2Fzoom.us%40evil.example%2Fj%2F91234567890";
    check_reason(userinfo_inside, Internal, R::Userinfo);
    let port = "https://eur01.safelinks.protection.outlook.com:8443/?url=https%3A%2F%2Fzoom.us%2Fj%2F91234567890";
    check_reason(port, Internal, R::Port);
}

#[test]
fn what_folds_into_the_real_host_opens_the_real_host() {
    let full_width = "https://\u{ff5a}oom.us/j/91234567890";
    for link in [
        full_width,
        "https://zo\u{ad}om.us/j/91234567890",
        "https://zoom%2eus/j/91234567890",
        "https://ZOOM.us\\j\\91234567890",
        "http://zoom.us:80/j/91234567890",
    ] {
        check(link, Some(ZOOM));
    }
    check("\u{202a}https://zoom.us/j/912\u{202e}34567890\u{202c}", Some(ZOOM));
}

#[test]
fn look_alikes_are_marked() {
    let imitated = |host: &str| {
        let findings =
            found("", Body::Text(&format!("https://{host}/j/91234567890")), Sender::External);
        assert_eq!(findings.reason, Some(Reason::UnlistedHost), "{host}");
        findings.trace[0].looks_like().map(str::to_owned)
    };
    for host in ["z\u{43e}\u{43e}m.us", "z00m.us", "zoom.us.evil.example", "join-zoom.example"] {
        assert!(imitated(host).is_some_and(|it| it.starts_with("zoom")), "{host}");
    }
    assert_eq!(imitated("www.example.org"), None);
}

#[test]
fn encodings_in_encodings_are_undone_once() {
    let once = "https://www.google.com/url?q=https%3A%2F%2Fzoom.us%2Fj%2F91234567890";
    let twice = "https://www.google.com/url?q=https%253A%252F%252Fzoom.us%252Fj%252F91234567890";
    check(once, Some(ZOOM));
    check(twice, None);
    check_html(
        "<a href='https://zoom.us/j/91234567890?a=b&amp;amp;pwd=c'>x",
        Some("https://zoom.us/j/91234567890?a=b&pwd=c"),
    );
    check_html("<a href='&#104ttps&colon;//zoom.us/j/91234567890'>x", Some(ZOOM));
    check_html("<a href='&#104;ttps://zoom.us/j/91234567890'>x", Some(ZOOM));
}

#[test]
fn broken_markup_hides_no_link_and_shows_none() {
    check_html("<table><tr><td hidden>x<td><a href=https://zoom.us/j/91234567890>x", Some(ZOOM));
    check_html(
        "<div style='display:none'></p></b><a href=https://zoom.us/j/91234567890>x</a>",
        None,
    );
    check_html("<!-- <a href=https://zoom.us/j/91234567890>x</a>", None);
    check_html("<a href='https://zoom.us/j/91234567890", Some(ZOOM));
    check_html("<base href=https://zoom.us><a href=/j/91234567890>x</a>", None);
    check_html(
        "<form action=https://zoom.us/j/91234567890><img src=https://zoom.us/j/91234567890>",
        None,
    );
    check_html("<p>https://zoom.us/<b>j/91234567890</b>", Some(ZOOM));
    check_html("<a href=https://evil.example/>https://zoom.us/j/</a>91234567890", None);
}

/// Pieces that keep a careless reader busy.
const PIECES: [&str; 26] = [
    "<https://",
    "((((",
    "<a href=x>",
    "https://zoom.us/j/1 ",
    "https://zoom.us/j/91234567890 ",
    "https://zoom.us/j/91234567890\n",
    "<div hidden>",
    "<!--",
    "--",
    "&#",
    "&amp;",
    "\n--\n",
    "<p><b>",
    "</x>",
    "<td>",
    "a:b:c:d:",
    "1@x.webex.com ",
    "12345@x.webex.com\n",
    "sip:1@video.contoso.com\n",
    "https://meet.contoso.com/Plan\nsip:12345@video.contoso.com\n",
    "Passcode: 1\n",
    "Meeting ID: ",
    "=3D=\n",
    "%25",
    "[a](",
    "zoom.us/",
];

fn cost(body: Body<'_>) -> usize {
    counted(|| {
        let findings = found("", body, Sender::Internal);
        assert!(findings.trace.len() <= CANDIDATES_MAX);
    })
}

/// In bytes looked at, so that a slow computer does not matter.
#[test]
fn twice_the_text_costs_no_more_than_twice() {
    for piece in PIECES {
        let text = |bytes: usize| piece.repeat(bytes / piece.len());
        let (half, whole) = (text(TEXT_BYTES_MAX / 2), text(TEXT_BYTES_MAX));
        for (half, whole) in
            [(Body::Text(&half), Body::Text(&whole)), (Body::Html(&half), Body::Html(&whole))]
        {
            let (half, whole) = (cost(half), cost(whole));
            assert!(whole <= 2 * half + half / 4 + 4096, "{piece:?}: {half}, then {whole}");
            assert!(whole <= 300 * TEXT_BYTES_MAX, "{piece:?}: {whole}");
        }
    }
}

#[test]
fn ten_thousand_links_are_too_many_to_look_at() {
    let many: String =
        (0..10_000).map(|i| format!("https://zoom.us/j/{}\n", 91_000_000_000_u64 + i)).collect();
    let findings = found("", Body::Text(&many), Sender::Internal);
    assert_eq!(findings.trace.len(), CANDIDATES_MAX);
    assert_eq!(findings.alternatives.len(), CANDIDATES_MAX - 1);
    let anchors: String = (0..10_000)
        .map(|i| format!("<a href='https://zoom.us/j/{}'>x</a>", 91_000_000_000_u64 + i))
        .collect();
    assert_eq!(found("", Body::Html(&anchors), Sender::Internal).trace.len(), CANDIDATES_MAX);
}
