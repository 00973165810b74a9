//! Keys as text files (RFC 7468): one block, as OpenSSL writes and reads them.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

const LINE_CHARACTERS: usize = 64;

pub(crate) fn write(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while let Some((line, after)) = rest.split_at_checked(LINE_CHARACTERS) {
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    if !rest.is_empty() {
        text.push_str(rest);
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// The first block of that label.
pub(crate) fn read(label: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: Zeroizing<String> =
        Zeroizing::new(body.chars().filter(|c| !c.is_ascii_whitespace()).collect());
    STANDARD.decode(body.as_bytes()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 47, 48, 49, 96, 100] {
            let text = write("PRIVATE KEY", &vec![7; length]);
            assert_eq!(read("PRIVATE KEY", &text).expect("a block").len(), length);
            assert!(text.lines().all(|line| line.len() <= LINE_CHARACTERS));
        }
        assert!(read("PRIVATE KEY", "-----BEGIN PUBLIC KEY-----").is_none());
        assert!(read("PRIVATE KEY", &write("PUBLIC KEY", b"x")).is_none());
    }
}
