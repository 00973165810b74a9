//! Decodes character references, those that mail programs write.

use std::borrow::Cow;

/// The named characters of Latin-1, in order, from U+00A0.
const LATIN_1: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg \
    macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 \
    iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave \
    Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc \
    Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc \
    euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave \
    uacute ucirc uuml yacute thorn yuml";

const OTHERS: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("colon", ':'),
    ("commat", '@'),
    ("equals", '='),
    ("lowbar", '_'),
    ("num", '#'),
    ("percnt", '%'),
    ("period", '.'),
    ("plus", '+'),
    ("quest", '?'),
    ("sol", '/'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("lsaquo", '‹'),
    ("rsaquo", '›'),
    ("bull", '•'),
    ("hellip", '…'),
    ("euro", '€'),
    ("trade", '™'),
    ("larr", '←'),
    ("rarr", '→'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("zwnj", '\u{200c}'),
    ("zwj", '\u{200d}'),
    ("lrm", '\u{200e}'),
    ("rlm", '\u{200f}'),
];

/// No name that we know is longer.
const NAME_BYTES_MAX: usize = 10;

/// Unknown names and lone `&` stay as they are, so that `?a=b&copy=c` survives.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split('&');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match reference(part) {
            Some((character, rest)) => {
                decoded.push(character);
                decoded.push_str(rest);
            }
            None => {
                decoded.push('&');
                decoded.push_str(part);
            }
        }
    }
    Cow::Owned(decoded)
}

fn reference(text: &str) -> Option<(char, &str)> {
    if let Some(number) = text.strip_prefix('#') {
        return numbered(number);
    }
    let end = text.bytes().take(NAME_BYTES_MAX).position(|byte| byte == b';')?;
    let (name, rest) = text.split_at_checked(end)?;
    Some((named(name)?, rest.strip_prefix(';')?))
}

/// Browsers read numbers without the semicolon, too.
fn numbered(text: &str) -> Option<(char, &str)> {
    let (digits, radix) = match text.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let is_digit = |c: &char| c.is_digit(radix);
    let length = digits.chars().take_while(is_digit).count();
    let (number, rest) =
        digits.split_at_checked(length).filter(|(number, _)| !number.is_empty())?;
    let code = u32::from_str_radix(number, radix).ok();
    let character = code.and_then(char::from_u32).filter(|c| *c != '\0');
    let rest = rest.strip_prefix(';').unwrap_or(rest);
    Some((character.unwrap_or(char::REPLACEMENT_CHARACTER), rest))
}

fn named(name: &str) -> Option<char> {
    if let Some((_, character)) = OTHERS.iter().find(|(known, _)| *known == name) {
        return Some(*character);
    }
    let index = LATIN_1.split_whitespace().position(|known| known == name)?;
    u8::try_from(0xa0 + index).ok().map(char::from)
}
