//! The block goes in once and comes out exactly, whatever is around it.

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

use super::{Block, GERMAN, Kind, Language, find, insert, location_with_link, remove};
use crate::join_link::JoinLink;

fn link() -> JoinLink {
    JoinLink::made("url-template", "url-template", "https://meet.example.com/room?a=1&b=2").unwrap()
}

fn block(language: Language) -> Block {
    Block::new(language, &link())
}

fn check(body: &str, kind: Kind, language: Language) {
    let block = block(language);
    let with = insert(body, kind, &block);
    assert_eq!(insert(&with, kind, &block), with);
    assert_eq!(remove(&with, kind).as_deref(), Some(body));
    assert_eq!(find(&with, kind).unwrap().hash, block.hash());
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
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(body in pieces()) {
        for kind in [Kind::Html, Kind::Text] {
            check(&body, kind, Language::German);
            check(&body, kind, Language::English);
        }
    }
}

#[test]
fn in_html_the_link_is_an_anchor_before_the_end_of_the_body() {
    let with = insert("<body><p>Hi</p></body></html>", Kind::Html, &block(Language::English));
    let anchor = "<a href=\"https://meet.example.com/room?a=1&amp;b=2\">";
    assert!(with.contains(anchor) && with.ends_with("</p></div></body></html>"), "{with}");
}

#[test]
fn another_language_replaces_the_block() {
    let english = insert("Hi", Kind::Text, &block(Language::English));
    let german = insert(&english, Kind::Text, &block(Language::German));
    assert_eq!(german, insert("Hi", Kind::Text, &block(Language::German)));
    assert!(german.contains("An der Online-Besprechung teilnehmen"));
}

#[test]
fn a_rewritten_block_is_still_ours_and_an_edited_one_shows() {
    let block = block(Language::English);
    let with = insert("<p>a</p>", Kind::Html, &block);
    let rewritten = with
        .replace("<p>~", "<p class=\"MsoNormal\">\n~")
        .replace("<div>", "<div id=\"x_1\">\r\n")
        .replace("</div>", "\r\n</div>");
    assert_eq!(find(&rewritten, Kind::Html).unwrap().hash, block.hash());
    assert_eq!(remove(&rewritten, Kind::Html).as_deref(), Some("<p>a</p>"));
    let edited = with.replace("Join the", "Do not join the");
    assert_ne!(find(&edited, Kind::Html).unwrap().hash, block.hash());
    assert_eq!(find("<p>a</p>", Kind::Html), None);
}

#[test]
fn cultures() {
    assert_eq!(Language::from_culture("de-DE"), Language::German);
    assert_eq!(Language::from_culture("DE"), Language::German);
    assert_eq!(Language::from_culture("den-CA"), Language::English);
    assert_eq!(Language::from_culture(""), Language::English);
}

#[test]
fn a_location_keeps_what_was_typed() {
    let with = location_with_link("Room 4; @meet", &link()).unwrap();
    assert_eq!(with, "Room 4; @meet; https://meet.example.com/room?a=1&b=2");
    assert_eq!(location_with_link(&with, &link()), Some(with));
    assert_eq!(location_with_link(&"x".repeat(230), &link()), None);
}
