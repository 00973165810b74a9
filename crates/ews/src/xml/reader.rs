//! Text to tree, forgiving about what Exchange really writes and strict about what can hurt.

use std::borrow::Cow;

use quick_xml::{
    events::{BytesStart, Event, attributes::Attributes},
    name::{QName, ResolveResult},
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
pub fn read_document(bytes: &[u8]) -> Result<Node<'_>, XmlError> {
    read_document_within(bytes, DOCUMENT_BYTES_MAX)
}

pub fn read_document_within(bytes: &[u8], bytes_max: usize) -> Result<Node<'_>, XmlError> {
    if bytes.len() > bytes_max {
        return Err(XmlError::new(XmlErrorKind::TooLarge, "", 0));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => TreeBuilder::default().build(text),
        Err(_broken) => {
            let text = String::from_utf8_lossy(bytes);
            TreeBuilder::default().build(&text).map(Node::into_owned)
        }
    }
}

#[derive(Default)]
struct TreeBuilder<'d> {
    /// The whole document.
    document: &'d str,
    /// Elements that are still open, outermost first.
    open: Vec<Node<'d>>,
    root: Option<Node<'d>>,
    /// Elements and attributes so far.
    parts: usize,
}

impl<'d> TreeBuilder<'d> {
    fn build(mut self, text: &'d str) -> Result<Node<'d>, XmlError> {
        self.document = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = NsReader::from_str(self.document);
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
                Event::Text(text) => self.text(normal_line_ends(text.into_inner())),
                Event::CData(text) => self.text(normal_line_ends(text.into_inner())),
                Event::GeneralRef(reference) => self.text(resolve(&reference)),
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
    ) -> Result<Node<'d>, XmlError> {
        let namespace = match resolved {
            ResolveResult::Bound(namespace) => Namespace::of(namespace.0),
            ResolveResult::Unbound | ResolveResult::Unknown(_) => Namespace::Other,
        };
        let name_length = start.name().as_ref().len();
        match self.tag(start, offset) {
            Some(tag) => self.node(namespace, tag, name_length, offset, |text| text),
            None => self
                .node(namespace, start, name_length, offset, |text| Cow::Owned(text.into_owned())),
        }
    }

    /// Where the tag stands in the document: after its `<`.
    fn tag(&self, start: &str, offset: u64) -> Option<&'d str> {
        let begin = usize::try_from(offset).ok()?.checked_add(1)?;
        let tag = self.document.get(begin..begin.checked_add(start.len())?)?;
        (tag == start).then_some(tag)
    }

    fn node<'t>(
        &mut self,
        namespace: Namespace,
        tag: &'t str,
        name_length: usize,
        offset: u64,
        keep: fn(Cow<'t, str>) -> Cow<'d, str>,
    ) -> Result<Node<'d>, XmlError> {
        let name = tag.get(..name_length).unwrap_or_default();
        let name = keep(Cow::Borrowed(QName(name).local_name().into_inner()));
        let mut attributes = Vec::new();
        for (index, attribute) in Attributes::new(tag, name_length).with_checks(false).enumerate() {
            if index >= ATTRIBUTES_MAX {
                return Err(self.error(XmlErrorKind::TooManyAttributes, offset));
            }
            let Ok(attribute) = attribute else {
                return Err(self.error(XmlErrorKind::NotWellFormed, offset));
            };
            if attribute.key.as_namespace_binding().is_none() {
                let key = Cow::Borrowed(attribute.key.local_name().into_inner());
                attributes.push((keep(key), keep(resolve_all(attribute.value))));
            }
        }
        self.parts += 1 + attributes.len();
        if self.parts > PARTS_MAX {
            return Err(self.error(XmlErrorKind::TooLarge, offset));
        }
        let (text, children) = (Cow::default(), Vec::new());
        Ok(Node { namespace, name, attributes, text, children, offset })
    }

    fn close(&mut self, node: Node<'d>) {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(node),
            None if self.root.is_none() => self.root = Some(node),
            None => {} // a second root is nobody's business
        }
    }

    fn text(&mut self, text: Cow<'d, str>) {
        match self.open.last_mut() {
            Some(node) if node.text.is_empty() => node.text = text,
            Some(node) => node.text.to_mut().push_str(&text),
            None => {} // between the parts of a document
        }
    }

    fn finish(self, offset: u64) -> Result<Node<'d>, XmlError> {
        if !self.open.is_empty() {
            return Err(self.error(XmlErrorKind::NotWellFormed, offset));
        }
        self.root.ok_or_else(|| XmlError::new(XmlErrorKind::Empty, "", offset))
    }

    fn error(&self, kind: XmlErrorKind, offset: u64) -> XmlError {
        let path: Vec<&str> = self.open.iter().map(|node| &*node.name).collect();
        XmlError::new(kind, &path.join("/"), offset)
    }
}

fn normal_line_ends(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        text
    }
}

/// What a reference (`amp`, `#x41` …) stands for; an unknown entity stays as it was written, a
/// character that XML forbids becomes U+FFFD.
fn resolve<'d>(reference: &str) -> Cow<'d, str> {
    let number = match reference.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => digits.parse().ok(),
        },
        None => return resolve_name(reference),
    };
    let character = number.and_then(char::from_u32).filter(|&c| is_legal(c));
    Cow::Owned(String::from(character.unwrap_or(char::REPLACEMENT_CHARACTER)))
}

fn resolve_name<'d>(name: &str) -> Cow<'d, str> {
    match name {
        "amp" => Cow::Borrowed("&"),
        "lt" => Cow::Borrowed("<"),
        "gt" => Cow::Borrowed(">"),
        "quot" => Cow::Borrowed("\""),
        "apos" => Cow::Borrowed("'"),
        unknown => Cow::Owned(format!("&{unknown};")),
    }
}

/// References in an attribute, where the tokenizer leaves them alone.
fn resolve_all(raw: Cow<'_, str>) -> Cow<'_, str> {
    if !raw.contains('&') {
        return raw;
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = &*raw;
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
    Cow::Owned(text)
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
