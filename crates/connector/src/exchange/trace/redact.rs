//! One document of Exchange's or ours, with everything taken out that somebody wrote or that names
//! somebody; how it is written (prefixes, order, references, blanks) stays as it came.

use ews::xml::{ATTRIBUTES_MAX, DEPTH_MAX};
use quick_xml::{
    escape::{escape, unescape},
    events::{BytesRef, BytesStart, Event, attributes::Attribute},
    reader::Reader,
};

use super::{
    filler,
    kept::{self, Kind},
    names::Names,
};
use crate::exchange::item;

/// Why nothing of a document is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// Bytes from its start to where reading ended.
    pub at: u64,
}

pub(super) fn document(bytes: &[u8], names: &mut Names) -> Result<String, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_dangling_amp = true;
    let mut redaction = Redaction {
        names,
        out: String::with_capacity(text.len()),
        open: Vec::new(),
        text: Vec::new(),
        property: Property::Other,
        has_element: false,
    };
    loop {
        let at = reader.buffer_position();
        let event = reader.read_event().map_err(|_error| Unreadable { at })?;
        if matches!(event, Event::Eof) {
            break;
        }
        redaction.event(event).ok_or(Unreadable { at })?;
    }
    redaction.flush();
    match redaction.open.is_empty() && redaction.has_element {
        true => Ok(redaction.out),
        false => Err(Unreadable { at: reader.buffer_position() }),
    }
}

struct Redaction<'a> {
    names: &'a mut Names,
    out: String,
    open: Vec<Open>,
    /// What stood since the last tag.
    text: Vec<Piece>,
    /// What the values of the extended property at hand are.
    property: Property,
    has_element: bool,
}

struct Open {
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Property {
    Binary,
    OurStamp,
    Other,
}

/// A character and how it was written.
enum Piece {
    Plain(char),
    /// With a reference; as it stood.
    Reference(char, String),
    CdataStart,
    CdataEnd,
}

impl Piece {
    fn character(&self) -> Option<char> {
        match self {
            Self::Plain(c) | Self::Reference(c, _) => Some(*c),
            Self::CdataStart | Self::CdataEnd => None,
        }
    }
}

impl Redaction<'_> {
    /// `None` for what our own reader would refuse.
    fn event(&mut self, event: Event<'_>) -> Option<()> {
        match event {
            Event::Start(start) => {
                self.flush();
                let kind = self.start(&start)?;
                self.out.push('>');
                self.open.push(Open { name: local(&start), kind });
                return (self.open.len() <= DEPTH_MAX).then_some(());
            }
            Event::Empty(start) => {
                self.flush();
                self.start(&start)?;
                self.out.push_str("/>");
            }
            Event::End(end) => {
                self.flush();
                self.open.pop();
                self.out.push_str(&format!("</{}>", end.name().as_ref()));
            }
            Event::Text(text) => self.text.extend(text.chars().map(Piece::Plain)),
            Event::CData(text) => {
                self.text.push(Piece::CdataStart);
                self.text.extend(text.chars().map(Piece::Plain));
                self.text.push(Piece::CdataEnd);
            }
            Event::GeneralRef(reference) => self.reference(&reference),
            Event::Decl(_) => self.out.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>"),
            Event::Comment(_) => self.out.push_str("<!-- a comment -->"),
            Event::PI(_) => self.out.push_str("<?instruction?>"),
            Event::DocType(_) => return None,
            Event::Eof => {}
        }
        Some(())
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Option<Kind> {
        self.has_element = true;
        let name = local(start);
        let parent = self.open.last().map_or("", |open| open.name.as_str()).to_owned();
        self.out.push('<');
        self.out.push_str(start.name().as_ref());
        let mut detail = String::new();
        let mut attributes = Vec::new();
        for (index, attribute) in start.attributes().with_checks(false).enumerate() {
            let attribute = attribute.ok().filter(|_| index < ATTRIBUTES_MAX)?;
            let value = value(&attribute);
            let key = attribute.key.local_name().as_ref().to_owned();
            let kind = match attribute.key.as_namespace_binding() {
                Some(_) => Kind::Namespace,
                None => kept::attribute(&name, &key),
            };
            let redacted = self.value(kind, &value);
            let raw_key = attribute.key.as_ref();
            self.out.push_str(&format!(" {raw_key}=\"{}\"", escape(redacted.as_str())));
            if key == "Name" {
                detail.clone_from(&value);
            }
            attributes.push((key, value));
        }
        if name == "ExtendedFieldURI" {
            self.property = property(&attributes);
        }
        Some(match (parent.as_str(), name.as_str()) {
            ("MessageXml", "Value") => kept::detail(&detail),
            ("ExtendedProperty" | "Values", "Value") => match self.property {
                Property::Binary => Kind::Id,
                Property::OurStamp => Kind::Stamp,
                Property::Other => Kind::Filler,
            },
            (parent, name) => kept::element(parent, name),
        })
    }

    fn reference(&mut self, reference: &BytesRef<'_>) {
        let raw = format!("&{};", &**reference);
        match unescape(&raw) {
            Ok(text) if text.chars().count() == 1 => {
                self.text.extend(text.chars().map(|c| Piece::Reference(c, raw.clone())));
            }
            // A character that XML forbids says nothing but that it is there.
            _ if reference.is_char_ref() => {
                self.text.push(Piece::Reference(char::REPLACEMENT_CHARACTER, raw));
            }
            // An entity nobody declared counts as text.
            Ok(_) | Err(_) => self.text.extend(raw.chars().map(Piece::Plain)),
        }
    }

    /// Writes the text since the last tag.
    fn flush(&mut self) {
        let pieces = std::mem::take(&mut self.text);
        let kind = self.open.last().map_or(Kind::Filler, |open| open.kind);
        let text: Vec<char> = pieces.iter().filter_map(Piece::character).collect();
        let whole: String = text.iter().collect();
        if whole.trim().is_empty() || kept::looks_right(kind, &whole) {
            self.write(&pieces, &text);
            return;
        }
        match self.replaced(kind, &whole) {
            Some(replaced) => self.out.push_str(&escape(replaced.as_str())),
            None => {
                let filled = filled(kind, &text);
                self.write(&pieces, &filled);
            }
        }
    }

    fn value(&mut self, kind: Kind, text: &str) -> String {
        if kept::looks_right(kind, text) {
            return text.to_owned();
        }
        let text_chars = || text.chars().collect::<Vec<_>>();
        self.replaced(kind, text)
            .unwrap_or_else(|| filled(kind, &text_chars()).into_iter().collect())
    }

    /// What is replaced as a whole and not letter by letter.
    fn replaced(&mut self, kind: Kind, text: &str) -> Option<String> {
        match kind {
            Kind::Id => Some(self.names.id(text)),
            Kind::Address => self.names.address(text),
            Kind::Name => Some(self.names.name(text)),
            Kind::Stamp => {
                let mut parts: Vec<String> = text.splitn(5, ';').map(str::to_owned).collect();
                for (index, part) in parts.iter_mut().enumerate() {
                    *part = match index {
                        0 => part.chars().filter(char::is_ascii_digit).take(2).collect(),
                        1 | 3 => self.names.id(part),
                        _ => part.chars().map(filler::letter).collect(),
                    };
                }
                Some(parts.join(";"))
            }
            Kind::Word
            | Kind::Class
            | Kind::Number
            | Kind::Time
            | Kind::Zone
            | Kind::Namespace
            | Kind::Message
            | Kind::Markup
            | Kind::Filler => None,
        }
    }

    /// In the form in which the original stood.
    fn write(&mut self, pieces: &[Piece], text: &[char]) {
        let mut text = text.iter();
        for piece in pieces {
            match piece {
                Piece::CdataStart => self.out.push_str("<![CDATA["),
                Piece::CdataEnd => self.out.push_str("]]>"),
                Piece::Plain(_) => self.out.extend(text.next()),
                Piece::Reference(c, raw) => match text.next() {
                    Some(now) if now == c => self.out.push_str(raw),
                    Some(now) => self.out.push_str(&format!("&#{};", u32::from(*now))),
                    None => {}
                },
            }
        }
    }
}

fn filled(kind: Kind, text: &[char]) -> Vec<char> {
    match kind {
        Kind::Message => filler::message(text),
        Kind::Markup => filler::markup(text),
        Kind::Word
        | Kind::Class
        | Kind::Number
        | Kind::Time
        | Kind::Zone
        | Kind::Namespace
        | Kind::Id
        | Kind::Address
        | Kind::Name
        | Kind::Stamp
        | Kind::Filler => filler::plain(text),
    }
}

fn property(attributes: &[(String, String)]) -> Property {
    let is = |name: &str, wanted: &str| {
        attributes.iter().any(|(key, value)| key == name && value.eq_ignore_ascii_case(wanted))
    };
    let (set, name) = item::STAMP;
    if is("PropertySetId", set) && is("PropertyName", name) {
        Property::OurStamp
    } else if is("PropertyType", "Binary") || is("PropertyType", "BinaryArray") {
        Property::Binary
    } else {
        Property::Other
    }
}

fn local(start: &BytesStart<'_>) -> String {
    start.local_name().as_ref().to_owned()
}

fn value(attribute: &Attribute<'_>) -> String {
    match unescape(&attribute.value) {
        Ok(text) => text.into_owned(),
        Err(_unknown_reference) => attribute.value.clone().into_owned(),
    }
}
