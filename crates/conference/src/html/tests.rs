//! Reading the HTML that mail programs write, and worse.

use proptest::prelude::{any, proptest};

use super::{decoded, flatten};

fn check(html: &str, text: &str, links: &[&str]) {
    let flat = flatten(html, 10_000);
    assert_eq!(flat.text.trim(), text, "{html}");
    let hrefs: Vec<_> = flat.anchors.iter().map(|anchor| anchor.href.as_str()).collect();
    assert_eq!(hrefs, links, "{html}");
}

#[test]
fn blocks_become_lines() {
    check("<p>One\n  two</p><p>three<br>four</p>", "One two\nthree\nfour", &[]);
    check("<table><tr><td>a</td><td>b</td></tr><tr><td>c", "a\tb\nc", &[]);
    check("<ul><li>a<li>b</ul>c<hr>d", "- a\n- b\nc\n________\nd", &[]);
    check("<pre>a\n  b</pre>", "a\n  b", &[]);
}

#[test]
fn what_nobody_sees_is_left_out() {
    check("<head><title>t</title><style>x{}</style></head><body>a", "a", &[]);
    check("<!-- <a href='x'>x</a> -->a<!--[if mso]>b<![endif]-->c<![if !mso]>d", "acd", &[]);
    check("<div style='Display : NONE'><div>x</div><a href=y>z</a></div>a", "a", &[]);
    check("<p hidden>x<p>a", "a", &[]);
    check("<script>if (a<b) '<a href=x>'</SCRIPT>a<template><a href=x>x</a></template>", "a", &[]);
    check("a\u{200b}\u{202e}b\u{0}c", "abc", &[]);
}

#[test]
fn wrong_end_tags_neither_show_nor_hide_anything() {
    check("<div hidden><p>x</div>a", "a", &[]);
    check("<div hidden></span></p>x<span></div>a", "a", &[]);
    check("<table><tr><td hidden>x<td>a<tr><td>b</table>c", "a\nb\nc", &[]);
    check("<ul><li hidden>x<li>a</ul>", "- a", &[]);
    check("<td hidden><table><tr><td>x</td></tr></table>y</td>a", "a", &[]);
    check("<span hidden><div>x</span>y</div></span>a", "a", &[]);
    check("<p hidden>x<div>a</div>", "a", &[]);
    check("<div hidden><!-- --!><a href=x>x</a></div>a", "a", &[]);
    check("<a href=x>a<a hidden href=y>b</a>c", "ac", &["x"]);
    check("<head><body>a", "a", &[]);
    check("<table><tr><td><a href=x>a<td>b</table>c", "a\tb\nc", &["x"]);
    let deep = format!("<div hidden>{}x{}a</div>b", "<b>".repeat(600), "</b>".repeat(600));
    check(&deep, "b", &[]);
}

#[test]
fn links_are_found_however_they_are_written() {
    check("<A HREF=https://x.example/>x</A>", "x", &["https://x.example/"]);
    check("<a title=\"<a href='no'>\" href = 'yes?a=1&amp;b=2'>x", "x", &["yes?a=1&b=2"]);
    check("<a name=x>x</a><a\nhref\n=\n\"y\"\n/>z", "xz", &["y"]);
    check("<img src=x><area href=y>", "", &["y"]);
}

#[test]
fn the_text_of_a_link_ends_with_its_cell() {
    let inside = |html: &str| {
        let flat = flatten(html, 1_000);
        flat.text[flat.anchors[0].range.clone()].trim().to_owned()
    };
    assert_eq!(inside("<table><tr><td><a href=x>a<td>b</table>c"), "a");
    assert_eq!(inside("<a href=x><table><tr><td>a</td></tr></table></a>c"), "a");
    assert_eq!(inside("<p><a href=x>a<p>b</a>c"), "a\nb");
}

#[test]
fn broken_markup_is_text_or_nothing() {
    check("a < b <3 &amp c & d", "a < b <3 &amp c & d", &[]);
    check("a<a href='x", "a", &["x"]);
    check("a<!-- b", "a", &[]);
    check("a</ b>c</>d", "acd", &[]);
    check("<a = == href=x>y", "y", &["x"]);
}

#[test]
fn entities() {
    assert_eq!(decoded("&auml;&szlig;&#228;&#xE4;&euro;&lt;&nbsp;"), "äßää€<\u{a0}");
    assert_eq!(
        decoded("a&b&copy=1&unknown;&#0;&#x110000;&"),
        "a&b&copy=1&unknown;\u{fffd}\u{fffd}&"
    );
    assert_eq!(
        decoded("&#104ttps&colon;&sol;&#x2f&#;&#x;&#99999999999999999999;"),
        "https://&#;&#x;\u{fffd}"
    );
}

#[test]
fn text_is_bounded() {
    let flat = flatten(&"<p>äöü</p>".repeat(10), 16);
    assert!(flat.is_truncated);
    assert_eq!(flat.text, "äöü\näöü\nä");
}

proptest! {
    #[test]
    fn no_input_makes_it_stumble(html in any::<String>(), tags in "[<>/a-z!=\"'& -]{0,200}") {
        flatten(&html, 100);
        flatten(&tags, 100);
    }
}
