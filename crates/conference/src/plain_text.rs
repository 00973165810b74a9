//! A body as readable plain text, bounded, for the agenda of a meeting.

use std::fmt;

use crate::html::{flatten, is_invisible};

/// Agendas are cut here, and said to be.
pub const AGENDA_BYTES_MAX: usize = 32 * 1024;

/// Readable text without controls and direction marks. Content: never logged.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PlainText {
    pub text: String,
    pub is_truncated: bool,
}

pub fn from_html(html: &str) -> PlainText {
    let flat = flatten(html, AGENDA_BYTES_MAX);
    PlainText { text: tidied(&flat.text), is_truncated: flat.is_truncated }
}

pub fn from_text(text: &str) -> PlainText {
    let visible: String = text.chars().filter(|c| *c != '\r' && !is_invisible(*c)).collect();
    let end = visible.floor_char_boundary(AGENDA_BYTES_MAX);
    let kept = visible.get(..end).unwrap_or_default();
    PlainText { text: tidied(kept), is_truncated: end < visible.len() }
}

/// Without blanks at the ends of lines and without empty lines around the whole.
fn tidied(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

impl fmt::Debug for PlainText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainText(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::{AGENDA_BYTES_MAX, from_html, from_text};

    #[test]
    fn an_agenda_is_readable() {
        let html = "<style>p{}</style><p>Gr&uuml;&szlig;e &amp; more<br>two</p><p>&nbsp;</p><ul><li>a</ul>";
        assert_eq!(from_html(html).text, "Grüße & more\ntwo\n- a");
        assert_eq!(from_text("a \r\n\u{202e}b\u{7}\tc\r\n\r\n").text, "a\nb\tc");
    }

    #[test]
    fn a_long_agenda_is_cut_and_says_so() {
        let long = "ä".repeat(AGENDA_BYTES_MAX);
        for cut in [from_html(&long), from_text(&long)] {
            assert!(cut.is_truncated && cut.text.len() <= AGENDA_BYTES_MAX);
        }
        assert!(!from_text("short").is_truncated);
        assert!(!format!("{:?}", from_text("secret")).contains("secret"));
    }
}
