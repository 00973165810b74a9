//! What counts as a keyword, and what only looks like one.

use super::{Keywords, MalformedKeyword, Mention};
use crate::Room;

fn keywords() -> Keywords {
    let pairs = [("@meet", "jitsi"), ("@Webex", "webex:myroom"), ("@meet:space", "webex:space")];
    Keywords::new(pairs.map(|(keyword, provider)| (keyword.to_owned(), provider.to_owned())))
        .unwrap()
}

fn check(location: &str, expected: &str) {
    let seen = match keywords().find(location) {
        None => "nothing".to_owned(),
        Some(Mention::Found(found)) => format!("{} {:?}", found.conference, &location[found.range]),
        Some(Mention::UnknownModifier(found)) => format!("unknown {}", found.keyword),
    };
    assert_eq!(seen, expected, "{location:?}");
}

#[test]
fn a_keyword_is_a_whole_word_in_any_case() {
    check("@meet", r#"jitsi "@meet""#);
    check("Room 4; @MEET", r#"jitsi "@MEET""#);
    check("(@webex)", r#"webex "@webex""#);
    check("Köln, @meet.", r#"jitsi "@meet""#);
    check("@meet: room 4", r#"jitsi "@meet""#);
    check("@meet; https://meet.example.com/x", r#"jitsi "@meet""#);
}

#[test]
fn addresses_and_longer_words_are_no_keywords() {
    check("joe@webex.com", "nothing");
    check("@webexfoo", "nothing");
    check("@webex.com", "nothing");
    check("@meet@example.com", "nothing");
    check("@meetü", "nothing");
    check("ü@meet", "nothing");
    check("https://example.com/@meet", "nothing");
    check("@meet-room", "nothing");
    check("", "nothing");
    check("@", "nothing");
}

#[test]
fn the_leftmost_wins() {
    check("@webex @meet", r#"webex "@webex""#);
    check("joe@meet @meet and @webex", r#"jitsi "@meet""#);
    check("@meet:later @webex", "unknown @meet:later");
}

#[test]
fn a_modifier_says_which_kind_of_room() {
    let room = |location: &str| match keywords().find(location) {
        Some(Mention::Found(found)) => (found.conference, found.room),
        other => panic!("{other:?}"),
    };
    assert_eq!(room("@meet"), ("jitsi".into(), Room::Usual));
    assert_eq!(room("@webex"), ("webex".into(), Room::Personal), "as the settings say");
    assert_eq!(room("@webex:OneTime"), ("webex".into(), Room::OneTime), "a modifier wins");
    assert_eq!(room("@meet:space"), ("webex".into(), Room::Space), "of a keyword of its own");
    assert_eq!(room("@meet:myroom"), ("jitsi".into(), Room::Personal));
}

#[test]
fn a_modifier_nobody_knows_is_told() {
    check("@webex:quick", "unknown @webex:quick");
    check("@meet:Later.", "unknown @meet:later");
    check("@meet:a@b", "nothing");
    check("@other:space", "nothing");
}

#[test]
fn a_malformed_keyword_is_refused() {
    for keyword in ["meet", "@", "@a b", "@ü", "@meet:", "@a:b:c"] {
        let refused = Keywords::new([(keyword.to_owned(), "jitsi".to_owned())]).unwrap_err();
        assert_eq!(refused, MalformedKeyword::Keyword(keyword.to_owned()));
    }
    let refused = Keywords::new([("@meet".to_owned(), "webex:later".to_owned())]).unwrap_err();
    assert_eq!(refused, MalformedKeyword::Target("@meet".to_owned()));
}
