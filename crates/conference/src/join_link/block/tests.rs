//! What is printed around links, in several languages and layouts.

use super::{interop, is_id_or_passcode, meeting_id, number, passcode};
use crate::join_link::{Rules, Site, catalogue::Words};

fn words() -> Words {
    Rules::new(&Site::default()).unwrap().words
}

/// What a person types, what a device sends.
type Read<'a> = (&'a str, Option<&'a str>);

#[test]
fn passcodes_are_read_as_printed() {
    let words = words();
    let cases: [(&str, Option<Read<'_>>); 14] = [
        ("Passcode: Gh2Jk9", Some(("Gh2Jk9", None))),
        (
            "Meeting password: kP3x (57396777 when dialing from a phone)",
            Some(("kP3x", Some("57396777"))),
        ),
        ("Meeting-Passwort: vJ2m", Some(("vJ2m", None))),
        ("Besprechungskennwort: a1", Some(("a1", None))),
        ("Kenncode: bXc9Lm", Some(("bXc9Lm", None))),
        ("Mot de passe\u{a0}: abc", Some(("abc", None))),
        ("Code secret : 4711", Some(("4711", None))),
        ("Meeting ID: 934 5678 9012 Passcode: 448210.", Some(("448210", None))),
        ("Password:\tx9Lm#Q", Some(("x9Lm#Q", None))),
        ("Passcode:\n\n731905", Some(("731905", None))),
        ("Passcode:\nMeeting ID: 12", None),
        ("PIN: 1234", None),
        ("Your password will follow", None),
        ("Forgot password? https://x.example", None),
    ];
    for (text, expected) in cases {
        let lines: Vec<_> = text.lines().collect();
        let read = passcode(&lines, &words.passcode_labels);
        let read = read.as_ref().map(|it| (it.text.as_str(), it.device.as_deref()));
        assert_eq!(read, expected, "{text}");
    }
}

#[test]
fn numbers_stand_behind_their_labels_only() {
    let words = words();
    let read = |text: &str| number(&text.lines().collect::<Vec<_>>(), &words);
    let is =
        |text: &str, expected: Option<&str>| assert_eq!(read(text).as_deref(), expected, "{text}");
    is("Meeting number (access code): 2345 678 9012", Some("23456789012"));
    is("Meeting-Kennnummer (Zugriffscode): 2733 112 9004", Some("27331129004"));
    is("Besprechungsnummer: 123-456-789", Some("123456789"));
    is("Meeting number:\n2345 678 9012", Some("23456789012"));
    is("Access code: 12345", None);
    is("Call +49 69 5555 0120", None);
    assert_eq!(meeting_id(&["Meeting ID: 598 765 4321"], &words).as_deref(), Some("5987654321"));
    assert_eq!(meeting_id(&["Idea: 598 765 4321"], &words), None);
}

#[test]
fn blocks_for_room_devices_are_read_by_their_shape() {
    let words = words();
    let read = |text: &str| {
        let lines: Vec<_> = text.lines().collect();
        let blocks = interop(&lines, &words);
        let shown = blocks.iter().map(|it| format!("{}@{} {}", it.user, it.domain, it.conference));
        shown.collect::<Vec<_>>()
    };
    assert_eq!(
        read("c@m.webex.com<mailto:c@m.webex.com>\nVideokonferenz-ID: 125 334 901 2"),
        ["c@m.webex.com 1253349012"]
    );
    assert_eq!(read("8@t.plcm.vc VTC Conference ID: 017920684"), ["8@t.plcm.vc 017920684"]);
    assert_eq!(
        read("c@m.webex.com\nID de vidéoconférence :\n117 900 453 2"),
        ["c@m.webex.com 1179004532"]
    );
    assert!(read("c@m.webex.com\nMeeting ID: 234 567 890 12").is_empty(), "too many digits");
    assert!(read("c@m.webex.com\nPhone Conference ID: 123 456 789#").is_empty());
    assert!(read("c@m.webex.com\n1\n2\n3\n4\nVideo ID: 114 213 415 0").is_empty(), "too far");
}

#[test]
fn a_telephone_number_makes_no_block() {
    let words = words();
    for line in ["Meeting ID: 444 555 6667", "Kenncode: 919191", "Meeting number: 2345 678 9012"] {
        assert!(is_id_or_passcode(line, None, &words), "{line}");
    }
    for line in ["Tel: 06955550120", "T +49 69 5555 0120", "Phone ID: 123 456 789", "Kind regards"]
    {
        assert!(!is_id_or_passcode(line, None, &words), "{line}");
    }
}
