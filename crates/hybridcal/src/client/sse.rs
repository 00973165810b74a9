//! Server-sent events, from pieces of any size to whole messages (WHATWG HTML, 9.2.6). Pure.
//!
//! `event:` and `id:` are skipped: our messages name their kind and their position themselves.

use std::time::Duration;

/// Longest line, and most data of one message: a whole meeting, whose seals the cloud bounds to
/// half of this.
const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What follows a carriage return belongs to the same end of line.
const LINE_FEED: u8 = b'\n';

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    Message { data: String },
    Retry(Duration),
}

/// A line or a message is longer than anybody may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

#[derive(Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    data: String,
    has_data: bool,
    /// The last byte was a carriage return.
    is_after_return: bool,
    is_after_first_line: bool,
}

impl Parser {
    /// What the next piece of the stream completes.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<Vec<Item>, TooLarge> {
        let mut items = Vec::new();
        for &byte in piece {
            let is_second_half = self.is_after_return && byte == LINE_FEED;
            self.is_after_return = byte == b'\r';
            match byte {
                _ if is_second_half => {}
                b'\r' | LINE_FEED => items.extend(self.end_line()?),
                _ if self.line.len() >= MESSAGE_BYTES_MAX => return Err(TooLarge),
                _ => self.line.push(byte),
            }
        }
        Ok(items)
    }

    fn end_line(&mut self) -> Result<Option<Item>, TooLarge> {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let is_first = !std::mem::replace(&mut self.is_after_first_line, true);
        let line = if is_first { text.trim_start_matches('\u{feff}') } else { &text };
        if line.is_empty() {
            return Ok(self.end_message());
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => self.add(value).map(|()| None),
            "retry" => Ok(retry(value)),
            _comment_or_unknown => Ok(None),
        }
    }

    fn add(&mut self, value: &str) -> Result<(), TooLarge> {
        if self.data.len() + value.len() >= MESSAGE_BYTES_MAX {
            return Err(TooLarge);
        }
        if std::mem::replace(&mut self.has_data, true) {
            self.data.push('\n');
        }
        self.data.push_str(value);
        Ok(())
    }

    fn end_message(&mut self) -> Option<Item> {
        let data = std::mem::take(&mut self.data);
        std::mem::take(&mut self.has_data).then_some(Item::Message { data })
    }
}

fn retry(value: &str) -> Option<Item> {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    let milliseconds = if is_number { value.parse().ok() } else { None };
    milliseconds.map(|milliseconds| Item::Retry(Duration::from_millis(milliseconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(data: &str) -> Item {
        Item::Message { data: data.into() }
    }

    /// The same whatever the pieces: one, two with every cut, and single bytes.
    fn check(stream: &str, expected: &[Item]) {
        let stream = stream.as_bytes();
        for cut in 0..=stream.len() {
            let mut parser = Parser::default();
            let (head, tail) = stream.split_at(cut);
            let mut items = parser.push(head).expect("small");
            items.extend(parser.push(tail).expect("small"));
            assert_eq!(items, expected, "cut at {cut}");
        }
        let mut parser = Parser::default();
        let bytes = stream.chunks(1);
        let items: Vec<_> = bytes.flat_map(|byte| parser.push(byte).expect("small")).collect();
        assert_eq!(items, expected, "byte by byte");
    }

    #[test]
    fn a_message_ends_with_an_empty_line() {
        check(
            "retry: 1500\n\nid: 1-2\nevent: a\ndata: {\"a\":1}\n\n: ping\n\ndata: half",
            &[Item::Retry(Duration::from_millis(1500)), message("{\"a\":1}")],
        );
    }

    #[test]
    fn all_line_ends_are_line_ends() {
        check("data: a\r\n\r\ndata: b\r\rdata: c\n\n", &[message("a"), message("b"), message("c")]);
    }

    #[test]
    fn data_is_joined_and_one_space_belongs_to_the_colon() {
        check("data:  a\ndata\ndata:b\n\n", &[message(" a\n\nb")]);
        check("data:\n\n", &[message("")]);
    }

    #[test]
    fn a_mark_at_the_beginning_is_skipped_and_letters_may_be_cut_in_two() {
        check("\u{feff}data: Grüße 📅\n\n", &[message("Grüße 📅")]);
    }

    #[test]
    fn what_is_odd_is_skipped() {
        check("retry: soon\nretry:\ndatum: x\n\n\n\n", &[]);
    }

    #[test]
    fn a_line_and_a_message_have_an_end() {
        let mut parser = Parser::default();
        let piece = vec![b'x'; MESSAGE_BYTES_MAX];
        assert!(parser.push(&piece).is_ok());
        assert_eq!(parser.push(b"x"), Err(TooLarge));

        let mut parser = Parser::default();
        let mut line = b"data:".to_vec();
        line.resize(MESSAGE_BYTES_MAX / 2 + 5, b'x');
        line.push(b'\n');
        assert!(parser.push(&line).is_ok());
        assert_eq!(parser.push(&line), Err(TooLarge));
    }
}
