//! What stands in place of text: of the same length and the same kind, letter for letter, so that
//! truncation, encoding and markup can still be studied.

use super::kept;

/// Of an HTML body; names that are not here might be anything.
const TAGS: [&str; 48] = [
    "a",
    "b",
    "blockquote",
    "body",
    "br",
    "center",
    "code",
    "col",
    "colgroup",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "hr",
    "html",
    "i",
    "img",
    "li",
    "link",
    "map",
    "meta",
    "o:p",
    "ol",
    "p",
    "pre",
    "s",
    "small",
    "span",
    "strong",
    "style",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "title",
    "tr",
    "ul",
];
const ATTRIBUTES: [&str; 15] = [
    "align",
    "border",
    "class",
    "color",
    "colspan",
    "content",
    "dir",
    "height",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "src",
    "style",
];

/// Same length in characters and in bytes, same class; blanks, punctuation and what XML forbids
/// stay.
pub(super) fn letter(c: char) -> char {
    let bytes = c.len_utf8();
    if c.is_ascii_digit() {
        return '0';
    }
    if c.is_alphanumeric() {
        return match (bytes, c.is_uppercase()) {
            (1, true) => 'X',
            (1, false) => 'x',
            (2, true) => 'Ö',
            (2, false) => 'ö',
            (3, _) => '字',
            (_, _) => '𠀀',
        };
    }
    match c {
        // Blanks, dashes and quotation marks; joiners and marks of direction.
        '\u{2000}'..='\u{206f}' | '\u{fffd}' | '\u{feff}' => c,
        c if bytes <= 2 || c.is_control() || c.is_whitespace() => c,
        _ if bytes == 3 => '★',
        _ => '🙂',
    }
}

pub(super) fn plain(text: &[char]) -> Vec<char> {
    text.iter().map(|c| letter(*c)).collect()
}

/// Keeps the names of known elements and attributes.
pub(super) fn markup(text: &[char]) -> Vec<char> {
    let mut filled = Vec::with_capacity(text.len());
    let mut is_in_tag = false;
    let mut rest = text;
    while let Some((&c, after)) = rest.split_first() {
        let word = after.iter().take_while(|c| is_name(**c)).count();
        match c {
            '<' => {
                let slash = usize::from(after.first() == Some(&'/'));
                let length = after.iter().skip(slash).take_while(|c| is_name(**c)).count();
                let name: String = after.iter().skip(slash).take(length).collect();
                is_in_tag = length > 0;
                filled.push(c);
                let taken = if TAGS.contains(&name.to_ascii_lowercase().as_str()) {
                    slash + length
                } else {
                    0
                };
                filled.extend(after.iter().take(taken));
                rest = after.get(taken..).unwrap_or_default();
            }
            '&' if after.starts_with(&['n', 'b', 's', 'p', ';']) => {
                filled.extend("&nbsp;".chars());
                rest = after.get(5..).unwrap_or_default();
            }
            ' ' | '\n' | '\t' if is_in_tag && after.get(word) == Some(&'=') => {
                let name: String = after.iter().take(word).collect();
                filled.push(c);
                let taken =
                    if ATTRIBUTES.contains(&name.to_ascii_lowercase().as_str()) { word } else { 0 };
                filled.extend(after.iter().take(taken));
                rest = after.get(taken..).unwrap_or_default();
            }
            _ => {
                is_in_tag &= c != '>';
                filled.push(letter(c));
                rest = after;
            }
        }
    }
    filled
}

/// Keeps the words that explanations are made of.
pub(super) fn message(text: &[char]) -> Vec<char> {
    let mut filled = Vec::with_capacity(text.len());
    for word in text.chunk_by(|a, b| a.is_alphanumeric() == b.is_alphanumeric()) {
        let is_known = kept::is_message_word(&word.iter().collect::<String>());
        match is_known {
            true => filled.extend(word),
            false => filled.extend(plain(word)),
        }
    }
    filled
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ':' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(fill: fn(&[char]) -> Vec<char>, text: &str) -> String {
        fill(&text.chars().collect::<Vec<_>>()).into_iter().collect()
    }

    #[test]
    fn length_and_class_stay() {
        for text in ["Größe 42: „Ja“", "日本語", "a\u{1f600}\u{0}\u{301}", "\tX\r\n"] {
            let filled = through(plain, text);
            assert_eq!(filled.len(), text.len(), "{text:?}");
            assert_eq!(filled.chars().count(), text.chars().count());
        }
        assert_eq!(through(plain, "Größe 42: Ja!"), "Xxööx 00: Xx!");
    }

    #[test]
    fn no_letter_of_any_alphabet_stays() {
        for c in ('\u{0}'..=char::MAX).filter(|c| c.is_alphanumeric()) {
            let filled = letter(c);
            assert!("xX0öÖ字𠀀".contains(filled), "{c:?} became {filled:?}");
            assert_eq!(filled.len_utf8(), c.len_utf8());
        }
    }

    #[test]
    fn markup_stays_and_its_text_goes() {
        let html = "<p class=\"Secret\">Hello&nbsp;<B>you</B><secret secret=1 href='x'>a < b</p>";
        assert_eq!(
            through(markup, html),
            "<p class=\"Xxxxxx\">Xxxxx&nbsp;<B>xxx</B><xxxxxx xxxxxx=0 href='x'>x < x</p>"
        );
        for text in ["<", "</", "<p", " =", "<p =", "&nbsp", "<>=\"<"] {
            assert_eq!(through(markup, text).len(), text.len(), "{text}");
        }
    }

    #[test]
    fn an_explanation_keeps_its_sense_and_loses_names() {
        let text =
            "The mailbox of Anna@contoso.com was not found; 'MaxEntriesReturned' is invalid.";
        assert_eq!(
            through(message, text),
            "The mailbox of Xxxx@xxxxxxx.xxx was not found; 'XxxXxxxxxxXxxxxxxx' is invalid."
        );
    }
}
