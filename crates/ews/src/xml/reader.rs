//! Text to tree, forgiving about what Exchange really writes and strict about what can hurt.

use quick_xml::{
    events::{BytesStart, Event},
    name::ResolveResult,
    reader::NsReader,
};

use super::{Namespace, Node, XmlError, XmlErrorKind};

/// Bytes of one document, unless the caller says otherwise.
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Elements inside one another; real documents need about 15.
pub const DEPTH_MAX: usize = 64;
/// Attributes of one element, namespace declarations included.
pub const ATTRIBUTES_MAX: usize = 256;
/// Elements and attributes of one document. Each costs far more memory than its few bytes of text;
/// real documents have one in about 80 bytes.
pub const PARTS_MAX: usize = 1_000_000;

/// Reads a document of at most [`DOCUMENT_BYTES_MAX`] bytes and returns its root.
pub fn read_document(bytes: &[u8]) -> Result<Node, XmlError> {
    read_document_within(bytes, DOCUMENT_BYTES_MAX)
}

pub fn read_document_within(bytes: &[u8], bytes_max: usize) -> Result<Node, XmlError> {
    if bytes.len() > bytes_max {
        return Err(XmlError::new(XmlErrorKind::TooLarge, "", 0));
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    TreeBuilder::default().build(text)
}

#[derive(Default)]
struct TreeBuilder {
    /// Elements that are still open, outermost first.
    open: Vec<Node>,
    root: Option<Node>,
    /// Elements and attributes so far.
    parts: usize,
}

impl TreeBuilder {
    fn build(mut self, text: &str) -> Result<Node, XmlError> {
        let mut reader = NsReader::from_str(text);
        reader.config_mut().allow_dangling_amp = true;
        loop {
            let offset = reader.buffer_position();
            let Ok((resolved, event)) = reader.read_resolved_event() else {
                return Err(self.error(XmlErrorKind::NotWellFormed, reader.error_position()));
            };
            match event {
                Event::Start(start) => {
                    let node = self.element(&start, &resolved, offset)?;
                    self.open.push(node);
                    if self.open.len() > DEPTH_MAX {
                        return Err(self.error(XmlErrorKind::TooDeep, offset));
                    }
                }
                Event::Empty(start) => {
                    let node = self.element(&start, &resolved, offset)?;
                    self.close(node);
                }
                Event::End(_) => {
                    if let Some(node) = self.open.pop() {
                        self.close(node);
                    }
                }
                Event::Text(text) => self.text(&normal_line_ends(&text)),
                Event::CData(text) => self.text(&normal_line_ends(&text)),
                Event::GeneralRef(reference) => self.text(&resolve(&reference)),
                Event::DocType(_) => return Err(self.error(XmlErrorKind::DocumentType, offset)),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => return self.finish(offset),
            }
        }
    }

    fn element(
        &mut self,
        start: &BytesStart<'_>,
        resolved: &ResolveResult<'_>,
        offset: u64,
    ) -> Result<Node, XmlError> {
        let namespace = match resolved {
            ResolveResult::Bound(namespace) => Namespace::of(namespace.0),
            ResolveResult::Unbound | ResolveResult::Unknown(_) => Namespace::Other,
        };
        let name = start.local_name().as_ref().to_owned();
        let mut attributes = Vec::new();
        for (index, attribute) in start.attributes().with_checks(false).enumerate() {
            if index >= ATTRIBUTES_MAX {
                return Err(self.error(XmlErrorKind::TooManyAttributes, offset));
            }
            let Ok(attribute) = attribute else {
                return Err(self.error(XmlErrorKind::NotWellFormed, offset));
            };
            if attribute.key.as_namespace_binding().is_none() {
                let key = attribute.key.local_name().as_ref().to_owned();
                attributes.push((key, resolve_all(&attribute.value)));
            }
        }
        self.parts += 1 + attributes.len();
        if self.parts > PARTS_MAX {
            return Err(self.error(XmlErrorKind::TooLarge, offset));
        }
        Ok(Node { namespace, name, attributes, text: String::new(), children: Vec::new(), offset })
    }

    fn close(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(node),
            None if self.root.is_none() => self.root = Some(node),
            None => {} // a second root is nobody's business
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(node) = self.open.last_mut() {
            node.text.push_str(text);
        }
    }

    fn finish(self, offset: u64) -> Result<Node, XmlError> {
        if !self.open.is_empty() {
            return Err(self.error(XmlErrorKind::NotWellFormed, offset));
        }
        self.root.ok_or_else(|| XmlError::new(XmlErrorKind::Empty, "", offset))
    }

    fn error(&self, kind: XmlErrorKind, offset: u64) -> XmlError {
        let path: Vec<&str> = self.open.iter().map(|node| node.name.as_str()).collect();
        XmlError::new(kind, &path.join("/"), offset)
    }
}

fn normal_line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// What a reference (`amp`, `#x41` …) stands for; an unknown entity stays as it was written, a
/// character that XML forbids becomes U+FFFD.
fn resolve(reference: &str) -> String {
    let number = match reference.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => digits.parse().ok(),
        },
        None => return resolve_name(reference),
    };
    let character = number.and_then(char::from_u32).filter(|&c| is_legal(c));
    String::from(character.unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn resolve_name(name: &str) -> String {
    match name {
        "amp" => "&".to_owned(),
        "lt" => "<".to_owned(),
        "gt" => ">".to_owned(),
        "quot" => "\"".to_owned(),
        "apos" => "'".to_owned(),
        unknown => format!("&{unknown};"),
    }
}

/// References in an attribute, where the tokenizer leaves them alone.
fn resolve_all(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        match split_reference(after) {
            Some((name, after)) => {
                text.push_str(&resolve(name));
                rest = after;
            }
            None => {
                text.push('&');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

/// Looks no further than a name can be long, or a text of nothing but `&` would take for ever.
fn split_reference(text: &str) -> Option<(&str, &str)> {
    let length = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#');
    let (name, rest) = text.split_at_checked(length.take(REFERENCE_BYTES_MAX).count())?;
    Some((name, rest.strip_prefix(';')?)).filter(|(name, _)| !name.is_empty())
}

/// Bytes of a reference's name; the longest of HTML has 31.
const REFERENCE_BYTES_MAX: usize = 64;

/// Whether XML 1.0 allows the character.
pub(super) fn is_legal(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => true,
    }
}
