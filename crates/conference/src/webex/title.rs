//! Titles as Webex takes them: one line, not empty, and not too long.

use unicode_segmentation::UnicodeSegmentation;

/// Characters; Webex does not say which, so the kind of which there are most is counted.
const TITLE_UTF16_MAX: usize = 128;
/// What an entry without a title is called.
const NEUTRAL: &str = "Meeting";

pub(super) fn title(wished: &str) -> String {
    let one_line: String = wished.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut title = String::new();
    let mut length = 0;
    for grapheme in one_line.trim().graphemes(true) {
        length += grapheme.encode_utf16().count();
        if length > TITLE_UTF16_MAX {
            break;
        }
        title.push_str(grapheme);
    }
    let title = title.trim_end();
    if title.is_empty() { NEUTRAL.to_owned() } else { title.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_cut_between_characters_as_people_see_them() {
        let family = "👨‍👩‍👧"; // five scalars, eight UTF-16 units
        let long = format!("{}{family}", "a".repeat(121));
        for (wished, seen) in [
            ("Plan", "Plan".to_owned()),
            ("  two\r\nlines\t", "two  lines".to_owned()),
            ("", NEUTRAL.to_owned()),
            ("\u{7}", NEUTRAL.to_owned()),
            (&"x".repeat(128), "x".repeat(128)),
            (&"x".repeat(129), "x".repeat(128)),
            (&long, "a".repeat(121)),
            (&"e\u{301}".repeat(200), "e\u{301}".repeat(64)), // e and an accent: two each
        ] {
            assert_eq!(title(wished), seen);
        }
    }
}
