//! What is recognised, what never is, and which of several links wins.

use proptest::prelude::{any, proptest};

mod hostile;
mod invitations;
mod links;
mod properties;

use super::{Body, Findings, JoinLink, OwnHost, Reason, Rules, Sender, Site, Sources, find};

fn rules() -> Rules {
    let own = |host: &str, class: &str| OwnHost {
        host: host.to_owned(),
        class: class.to_owned(),
        internal: host.ends_with("contoso.com"),
        dial: None,
    };
    let dialled = |host: &str, class: &str, dial: &str| OwnHost {
        dial: Some(dial.to_owned()),
        ..own(host, class)
    };
    let self_hosted = vec![
        own("meet.contoso.com", "jitsi.selfhosted"),
        own("localhost:8000", "url-template"),
        own("meet.jit.si", "jitsi.selfhosted"),
        own("skype.fabrikam.example", "s4b.onprem"),
        dialled("cms.fabrikam.example", "cms.webapp", "{name}@vc.fabrikam.example"),
        own("old.fabrikam.example", "cms.legacy"),
        dialled("vc.fabrikam.example", "pexip.webapp", "{name}@vc.fabrikam.example"),
        own("jitsi.fabrikam.example:8443", "jitsi.selfhosted"),
        own("bbb.fabrikam.example", "bbb.greenlight2"),
        own("bbb.fabrikam.example", "bbb.greenlight3"),
        own("bbb.fabrikam.example", "bbb.api"),
        own("cloud.fabrikam.example", "bbb.nextcloud"),
        own("cloud.fabrikam.example", "nextcloud.talk"),
        own("talk.fabrikam.example", "opentalk.selfhosted"),
        own("element.fabrikam.example", "element.selfhosted"),
        own("live.fabrikam.example", "livekit.selfhosted"),
        own("galene.fabrikam.example", "galene.group"),
        own("any.fabrikam.example", "url-template"),
        own("rooms.fabrikam.example", "janus.room"),
        own("calls.fabrikam.example", "webhook"),
    ];
    let dial_domains = vec!["video.contoso.com".to_owned()];
    Rules::new(&Site { self_hosted, dial_domains, ..Site::default() }).unwrap()
}

fn found(location: &str, body: Body<'_>, sender: Sender) -> Findings {
    find(&Sources { stamp: None, location, properties: &[], body, sender }, &rules())
}

fn check(text: &str, join: Option<&str>) {
    let findings = found("", Body::Text(text), Sender::Internal);
    assert_eq!(findings.join.as_ref().map(JoinLink::as_str), join, "{text}");
}

fn check_html(html: &str, join: Option<&str>) {
    let findings = found("", Body::Html(html), Sender::Internal);
    assert_eq!(findings.join.as_ref().map(JoinLink::as_str), join, "{html}");
}

fn check_reason(text: &str, sender: Sender, reason: Reason) {
    let findings = found("", Body::Text(text), sender);
    assert_eq!((findings.join, findings.reason), (None, Some(reason)), "{text}");
}

#[test]
fn a_link_is_found_in_the_text_around_it() {
    check(
        "Join (https://meet.google.com/abc-defg-hij)!",
        Some("https://meet.google.com/abc-defg-hij"),
    );
    check("meet.google.com/abc-defg-hij.", Some("https://meet.google.com/abc-defg-hij"));
    check("Join<http://x.zoom.us/j/912345\r\n67890>", Some("https://x.zoom.us/j/91234567890"));
    check("https://meet.contoso.com/Plan#config.x=1", Some("https://meet.contoso.com/Plan"));
    check("http://localhost:8000/room", Some("http://localhost:8000/room"));
    check(
        "a https://x.zoom.us/s/91234567890?zak=a&pwd=b",
        Some("https://x.zoom.us/j/91234567890?pwd=b"),
    );
}

#[test]
fn the_target_of_an_anchor_decides() {
    let zoom = "https://zoom.us/j/91234567890";
    check_html(&format!("<p><a href='{zoom}'>Join</a>"), Some(zoom));
    check_html(&format!("<a href='https://evil.example/'>{zoom}</a>"), None);
    check_html(&format!("<div hidden><a href='{zoom}'>x</a></div>"), None);
    check_html(&format!("<a href='https://protect-eu.mimecast.com/s/x'>{zoom}</a>"), Some(zoom));
}

#[test]
fn what_only_looks_like_a_meeting_is_refused() {
    use {Reason as R, Sender::Internal};
    check_reason("https://evilzoom.us/j/91234567890", Internal, R::UnlistedHost);
    check_reason("https://zoom.us.evil.example/j/91234567890", Internal, R::UnlistedHost);
    check_reason("https://zoom.us@evil.example/j/91234567890", Internal, R::Userinfo);
    check_reason("https://zoom.us:8443/j/91234567890", Internal, R::Port);
    check_reason("https://2130706433/j/91234567890", Internal, R::IpLiteral);
    check_reason("https://zoom.us./j/91234567890", Internal, R::TrailingDot);
    check_reason("https://zoom.us/signin", Internal, R::OtherPage);
    check_reason("https://meet.contoso.com/static/x", Internal, R::OtherPage);
    check_reason("https://bit.ly/3x", Internal, R::OpaqueWrapper);
    check_reason("https://meet.contoso.com/Plan", Sender::External, R::InternalHost);
    check_reason("room 4, joe@example.com", Internal, R::NoLink);
}

#[test]
fn a_public_service_stays_public_when_it_is_also_ours() {
    let findings = found("https://meet.jit.si/Room", Body::Text(""), Sender::External);
    assert!(findings.join.is_some());
}

#[test]
fn our_own_link_comes_first_then_the_location() {
    let body = Body::Text("https://meet.google.com/abc-defg-hij");
    let stamp = Some("https://meet.contoso.com/room");
    let location = "https://x.webex.com/meet/ann";
    let findings = find(
        &Sources { stamp, location, properties: &[], body, sender: Sender::Internal },
        &rules(),
    );
    let join = findings.join.unwrap();
    assert_eq!((join.as_str(), join.provider()), ("https://meet.contoso.com/room", "jitsi"));
    let others: Vec<_> = findings.alternatives.iter().map(JoinLink::class).collect();
    assert_eq!(others, ["webex.pmr", "gmeet.code"]);
}

#[test]
fn a_room_in_a_signature_makes_no_meeting() {
    check_reason(
        "Lunch\n\nBest regards\nAnn\nhttps://x.webex.com/meet/ann",
        Sender::Internal,
        Reason::SignatureOnly,
    );
    check_reason(
        "ok\n> https://meet.google.com/abc-defg-hij",
        Sender::Internal,
        Reason::QuotedOnly,
    );
}

#[test]
fn an_administrator_adds_rules_and_words_that_go_first() {
    let site = r#"{
        "own_domains": ["contoso.com"],
        "overlay": {
            "words": {"closing_phrases": ["Hej d\u00e5"], "passcode_labels": ["L\u00f6senord"]},
            "rule": [{"class": "fjord", "provider": "fjord", "kind": "meeting",
                "hosts": ["[*.]fjord.example"], "paths": ["/r/{id:4-}"]}]
        }}"#;
    let site: Site = serde_json::from_str(site).unwrap();
    let rules = Rules::new(&site).unwrap();
    let read = |text: &str| {
        let (stamp, location, properties, sender) = (None, "", &[][..], Sender::Internal);
        find(&Sources { stamp, location, properties, body: Body::Text(text), sender }, &rules)
    };
    let findings = read("https://no.fjord.example/r/AbC1\nL\u{f6}senord: x1");
    assert_eq!(findings.join.as_ref().map(JoinLink::class), Some("fjord"));
    assert_eq!(findings.passcode.as_deref(), Some("x1"));
    let signed = read("Lunch\nHej d\u{e5}\nhttps://x.webex.com/meet/ann");
    assert_eq!(signed.reason, Some(Reason::SignatureOnly));
    assert_eq!(site.sender("Ann@Contoso.com"), Sender::Internal);
    assert_eq!(site.sender("ann@contoso.com.example"), Sender::External);
    for wrong in [r#"{"overlay": {"rule": [{"class": "x"}]}}"#, r#"{"selfhosted": []}"#] {
        assert!(serde_json::from_str::<Site>(wrong).is_err(), "{wrong}");
    }
    let site = r#"{"overlay": {"rule": [{"class": "x", "provider": "x", "kind": "meeting",
        "hosts": ["*.com"], "paths": ["/"]}]}}"#;
    assert!(Rules::new(&serde_json::from_str(site).unwrap()).is_err());
}

#[test]
fn an_unknown_class_is_told() {
    let own =
        OwnHost { host: "x.example".to_owned(), class: "jits".to_owned(), ..OwnHost::default() };
    assert!(Rules::new(&Site { self_hosted: vec![own], ..Site::default() }).is_err());
}

proptest! {
    #[test]
    fn no_input_makes_it_stumble(text in any::<String>(), marks in "[<>/=a-z:.%&\n -]{0,200}") {
        for text in [&text, &marks] {
            found(text, Body::Html(text), Sender::External);
            found(text, Body::Text(text), Sender::External);
            check_is_stable(text);
        }
    }

    #[test]
    fn a_canonical_link_stays_as_it_is(path in "[a-zA-Z0-9?=&#%/.-]{1,40}") {
        check_is_stable(&format!("https://meet.contoso.com/{path}"));
        check_is_stable(&format!("https://x.zoom.us/s/912345678{path}"));
    }
}

fn check_is_stable(text: &str) {
    if let Some(join) = found(text, Body::Text(""), Sender::Internal).join {
        let again = find(
            &Sources {
                stamp: Some(join.as_str()),
                location: "",
                properties: &[],
                body: Body::Text(""),
                sender: Sender::Internal,
            },
            &rules(),
        );
        assert_eq!(again.join, Some(join));
    }
}
