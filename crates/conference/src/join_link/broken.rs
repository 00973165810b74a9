//! Mends what mail programs do to long links: line breaks, and codes that were never decoded.

use super::{RAW_BYTES_MAX, text::loosely_trimmed};
use crate::unwrap::escapes_undone;

/// Old mail programs break a long link into so many lines.
const JOINED_LINES_MAX: usize = 8;
/// They do it at the end of a line that is at least so long.
pub(super) const BROKEN_LINE_CHARACTERS_MIN: usize = 65;

/// The link with the lines below, if they look like its continuation.
pub(super) fn joined(token: &str, rest: &str) -> Option<String> {
    let mut whole = token.to_owned();
    let mut lines = rest.get(token.len()..)?.lines();
    if !lines.next()?.is_empty() {
        return None;
    }
    let mut length = whole.len();
    for line in lines.take(JOINED_LINES_MAX) {
        let line = line.trim_end();
        if !continues(line) {
            break;
        }
        whole.push_str(line);
        length = line.len();
        if length < BROKEN_LINE_CHARACTERS_MIN {
            break;
        }
    }
    (length != token.len() || whole.len() > token.len()).then(|| loosely_trimmed(&whole).to_owned())
}

fn continues(line: &str) -> bool {
    let is_url = |c: char| c.is_ascii_graphic() && !"<>\"|{}^`:@".contains(c);
    !line.starts_with('+')
        && line.len() <= RAW_BYTES_MAX
        && line.chars().all(is_url)
        && line.chars().any(|c| !c.is_ascii_digit())
        && line.chars().any(|c| c.is_ascii_digit() || "%=&/?_".contains(c))
        && line.chars().any(|c| c.is_ascii_alphanumeric())
}

/// Some gateways forget to decode. One sign is no proof: a token may begin with `3D`.
pub(super) fn quoted_printable_undone(text: &str) -> String {
    let signs = ["=\n", "=\r\n", "=3D", "=20\n", "=20\r\n", "=C3="];
    let count: usize = signs.iter().map(|sign| text.matches(sign).count()).sum();
    if count < 2 {
        return text.to_owned();
    }
    let text = text.replace("=\r\n", "").replace("=\n", "");
    String::from_utf8_lossy(&escapes_undone(&text, b'=')).into_owned()
}
