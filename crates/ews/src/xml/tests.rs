//! What the reader forgives, what it refuses, and what the writer never writes.

use super::{
    ATTRIBUTES_MAX, DEPTH_MAX, Namespace, PARTS_MAX, Writer, XmlErrorKind, read_document,
    read_document_within,
};

fn text_of(document: &str) -> String {
    read_document(document.as_bytes()).unwrap().text.into_owned()
}

fn refusal(document: &str) -> XmlErrorKind {
    read_document(document.as_bytes()).unwrap_err().kind
}

#[test]
fn text_is_joined_over_references_and_sections() {
    assert_eq!(text_of("<a>x &amp; <![CDATA[<y>]]>&#x41;&#66;</a>"), "x & <y>AB");
}

#[test]
fn forbidden_references_become_the_replacement_character() {
    assert_eq!(
        text_of("<a>1&#x0;2&#x1F;3&#xFFFF;4&#xD800;5</a>"),
        "1\u{fffd}2\u{fffd}3\u{fffd}4\u{fffd}5"
    );
    let node = read_document(b"<a b='&#0;x&amp;'/>").unwrap();
    assert_eq!(node.attribute("b"), Some("\u{fffd}x&"));
}

#[test]
fn unknown_entities_and_lone_ampersands_stay_as_they_are() {
    assert_eq!(text_of("<a>x &nbsp; y</a>"), "x &nbsp; y");
    let node = read_document(b"<a b='x &nbsp; y & z'/>").unwrap();
    assert_eq!(node.attribute("b"), Some("x &nbsp; y & z"));
}

#[test]
fn raw_control_bytes_and_broken_utf_8_are_tolerated() {
    assert_eq!(text_of("<a>x\u{1}y\u{0}z</a>"), "x\u{1}y\u{0}z");
    assert_eq!(read_document(b"<a>x\xffy</a>").unwrap().text, "x\u{fffd}y");
}

#[test]
fn line_ends_are_normalised_unless_referenced() {
    assert_eq!(text_of("<a>1\r\n2\r3&#xD;</a>"), "1\n2\n3\r");
}

#[test]
fn a_byte_order_mark_and_a_declaration_are_skipped() {
    assert_eq!(text_of("\u{feff}<?xml version='1.0'?><!-- c --><a>x</a>"), "x");
}

#[test]
fn namespaces_are_known_whatever_the_prefix() {
    let types = super::tree::TYPES;
    let document = format!("<a xmlns='{types}' xmlns:q='{types}'><q:b/></a>");
    let node = read_document(document.as_bytes()).unwrap();
    assert_eq!(node.namespace, Namespace::Types);
    assert_eq!(node.child("b").unwrap().namespace, Namespace::Types);
    assert!(node.attributes.is_empty());
}

#[test]
fn what_can_hurt_is_refused() {
    assert_eq!(refusal("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), XmlErrorKind::DocumentType);
    assert_eq!(refusal(&"<a>".repeat(DEPTH_MAX + 1)), XmlErrorKind::TooDeep);
    assert_eq!(refusal(&"<a>".repeat(1_000_000)), XmlErrorKind::TooDeep);
    let attributes: String = (0..=ATTRIBUTES_MAX).map(|n| format!(" a{n}=''")).collect();
    assert_eq!(refusal(&format!("<a{attributes}/>")), XmlErrorKind::TooManyAttributes);
    let many = format!("<a>{}</a>", "<b/>".repeat(PARTS_MAX));
    assert_eq!(refusal(&many), XmlErrorKind::TooLarge);
    let error = read_document_within(b"<a>0123456789</a>", 10).unwrap_err();
    assert_eq!(error.kind, XmlErrorKind::TooLarge);
}

#[test]
fn what_is_no_document_is_refused() {
    for broken in ["<a>", "<a></b>", "<a", "<a b=c></a>", "</a>", "<a><![CDATA[</a>"] {
        assert_eq!(refusal(broken), XmlErrorKind::NotWellFormed, "{broken}");
    }
    assert_eq!(refusal(""), XmlErrorKind::Empty);
    assert_eq!(refusal("just text"), XmlErrorKind::Empty);
}

#[test]
fn an_error_says_where_but_not_what() {
    let error = read_document(b"<a><b>private</c></b></a>").unwrap_err();
    assert_eq!(error.path, "a/b");
    assert!(error.offset > 3);
    assert!(!error.to_string().contains("private"));
}

#[test]
fn the_writer_escapes_and_drops() {
    let mut writer = Writer::new();
    writer.open("a");
    writer.attribute("b", "\"<\n\t&\u{1}");
    writer.text("<&>\"'\r\n\u{0}\u{b}\u{fffe}x");
    let text = writer.finish();
    let expected = "<a b=\"&quot;&lt;&#xA;&#x9;&amp;\">&lt;&amp;&gt;&quot;'&#xD;\nx</a>";
    assert_eq!(text.split_once("?>").unwrap().1, expected);
}
