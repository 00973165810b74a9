//! The block goes in once and comes out exactly, whatever is around it.

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

use super::{
    Block, ENGLISH, GERMAN, Kind, Language, Template, blocks, insert, location_with_link, remove,
    without_blocks,
};
use crate::{Conference, DialIn, join_link::JoinLink};

fn link() -> JoinLink {
    JoinLink::made("url-template", "url-template", "https://meet.example.com/room?a=1&b=2").unwrap()
}

fn block(language: Language) -> Block {
    Block::new(language, &Conference::of_link(link()), &Template::default())
}

fn rich(template: &Template) -> Block {
    let conference = Conference {
        sip_address: Some("123456789@example.webex.com".into()),
        number: Some("123 456 789".into()),
        passcode: Some("aB<3".into()),
        device_passcode: Some("44556677".into()),
        dial_in: vec![DialIn {
            label: "Germany".into(),
            number: "+49 69 0000".into(),
            is_toll_free: true,
        }],
        ..Conference::of_link(link())
    };
    Block::new(Language::English, &conference, template)
}

fn of_another_meeting() -> Block {
    let link = JoinLink::made("jitsi", "jitsi.selfhosted", "https://meet.example.com/other");
    Block::new(Language::English, &Conference::of_link(link.unwrap()), &Template::default())
}

fn check(body: &str, kind: Kind, block: &Block) {
    let with = insert(body, kind, block, None);
    assert_eq!(insert(&with, kind, block, None), with);
    assert_eq!(insert(&with, kind, block, Some(&block.hash())), with);
    assert_eq!(remove(&with, kind, &block.hash()).as_deref(), Some(body));
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        Just("\r\n".to_owned()),
        Just("\r".to_owned()),
        Just("<div>".to_owned()),
        Just("<p>".to_owned()),
        Just("</p></div>".to_owned()),
        Just("</BODY>".to_owned()),
        Just(GERMAN.begin.to_owned()),
        Just(ENGLISH.begin.to_owned()),
        Just(ENGLISH.end.to_owned()),
        // Of another meeting: one of the very same would be the one we have written ourselves.
        Just(insert("", Kind::Html, &of_another_meeting(), None)),
        Just(insert("", Kind::Text, &of_another_meeting(), None)),
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(body in pieces()) {
        for kind in [Kind::Html, Kind::Text] {
            check(&body, kind, &block(Language::German));
            check(&body, kind, &block(Language::English));
            check(&body, kind, &rich(&Template { footer: "x\ny".into(), ..Template::default() }));
        }
    }

    #[test]
    fn a_block_takes_the_place_of_another(body in pieces()) {
        for kind in [Kind::Html, Kind::Text] {
            let (first, second) = (block(Language::German), rich(&Template::default()));
            let with = insert(&body, kind, &first, None);
            let changed = insert(&with, kind, &second, Some(&first.hash()));
            assert_eq!(changed, insert(&body, kind, &second, None));
            assert_eq!(remove(&changed, kind, &second.hash()), Some(body.clone()));
        }
    }

    #[test]
    fn reading_without_blocks_never_fails(body in pieces()) {
        for kind in [Kind::Html, Kind::Text] {
            let with = insert(&body, kind, &block(Language::English), None);
            assert!(!without_blocks(&with, kind).contains("Join the online meeting"));
        }
    }
}

#[test]
fn in_html_the_link_is_an_anchor_before_the_end_of_the_body() {
    let with = insert("<body><p>Hi</p></body></html>", Kind::Html, &block(Language::English), None);
    let anchor = "<a href=\"https://meet.example.com/room?a=1&amp;b=2\">";
    assert!(with.contains(anchor) && with.ends_with("</p></div></body></html>"), "{with}");
}

#[test]
fn somebody_elses_block_stays() {
    let other = insert("Forwarded", Kind::Text, &rich(&Template::default()), None);
    let with = insert(&other, Kind::Text, &block(Language::English), None);
    assert!(with.starts_with(&other));
    assert_eq!(blocks(&with, Kind::Text).len(), 2);
}

#[test]
fn a_rewritten_block_is_still_ours_and_an_edited_one_shows() {
    let block = block(Language::English);
    let with = insert("<p>a</p>", Kind::Html, &block, None);
    let rewritten = with
        .replace("<p>~", "<p class=\"MsoNormal\">\n~")
        .replace("<div>", "<div id=\"x_1\">\r\n")
        .replace("</div>", "\r\n</div>")
        .replace("Join the", "Join\r\nthe")
        .replace("(Hybrid Calendar)", "(Hybrid\r\nCalendar)&nbsp;");
    assert_eq!(remove(&rewritten, Kind::Html, &block.hash()).as_deref(), Some("<p>a</p>"));
    let edited = with.replace("Join the", "Do not join the");
    assert_ne!(blocks(&edited, Kind::Html)[0].hash, block.hash());
    assert_eq!(remove(&edited, Kind::Html, &block.hash()), None);
    assert_eq!(blocks("<p>a</p>", Kind::Html), []);
}

#[test]
fn a_block_says_all_that_helps_to_get_in() {
    let template =
        Template { header: "Hello <b>".into(), footer: "1\n2".into(), ..Template::default() };
    let html = insert("", Kind::Html, &rich(&template), None);
    for line in [
        "<p>Hello &lt;b&gt;</p>",
        "<p>Meeting number: 123 456 789</p>",
        "<p>Passcode: aB&lt;3</p>",
        "<p>Passcode for telephones and video systems: 44556677</p>",
        "<p>Video address: 123456789@example.webex.com</p>",
        "<p>Telephone: +49 69 0000 (Germany, free of charge)</p>",
        "<p>1</p><p>2</p>",
    ] {
        assert!(html.contains(line), "{line} is not in {html}");
    }
    let template = Template { hides_phone: true, hides_video_address: true, ..Template::default() };
    let text = insert("", Kind::Text, &rich(&template), None);
    assert!(!text.contains("Telephone: ") && !text.contains("Video address"), "{text}");
}

#[test]
fn blanks_in_a_header_do_not_make_it_look_edited() {
    let header = "Welcome.  See\u{a0}you\u{200b}\t soon";
    let block = rich(&Template { header: header.into(), ..Template::default() });
    for kind in [Kind::Html, Kind::Text] {
        let with = insert("Hi", kind, &block, None);
        assert_eq!(blocks(&with, kind)[0].hash, block.hash());
    }
}

#[test]
fn a_link_in_the_header_is_not_the_meetings() {
    let template = Template { header: "https://help.example.com".into(), ..Template::default() };
    let with = insert("Hi", Kind::Text, &rich(&template), None);
    assert_eq!(blocks(&with, Kind::Text)[0].link.as_deref(), Some(link().as_str()));
}

#[test]
fn what_others_give_cannot_end_a_block() {
    let template = Template { header: ENGLISH.end.into(), ..Template::default() };
    check("Hi", Kind::Text, &rich(&template));
    check("Hi", Kind::Html, &rich(&template));
}

#[test]
fn cultures() {
    assert_eq!(Language::known("de-DE"), Some(Language::German));
    assert_eq!(Language::known("DE"), Some(Language::German));
    assert_eq!(Language::known("en-GB"), Some(Language::English));
    assert_eq!(Language::known("den-CA"), None);
    assert_eq!(Language::known(""), None);
}

#[test]
fn the_link_in_a_block_is_told() {
    for kind in [Kind::Html, Kind::Text] {
        let with = insert("Hi", kind, &rich(&Template::default()), None);
        assert_eq!(blocks(&with, kind)[0].link.as_deref(), Some(link().as_str()));
    }
}

#[test]
fn a_location_keeps_what_was_typed() {
    let with = location_with_link("Room 4; @meet", &link()).unwrap();
    assert_eq!(with, "Room 4; @meet; https://meet.example.com/room?a=1&b=2");
    assert_eq!(location_with_link(&with, &link()), Some(with));
    assert_eq!(location_with_link(&"x".repeat(230), &link()), None);
}
