//! How one line of a table is read and written: a place in the parent, and a value there.

use std::borrow::Cow;

use super::{Node, Writer, XmlError, XmlErrorKind};

/// Something that stands in an element: its content, or (for `one_of!`) the element itself.
pub trait Content: Sized {
    fn read(node: &Node<'_>, notes: &mut Notes) -> Result<Self, XmlError>;

    /// Writes the content of an element that is already open; a `one_of!` opens its own.
    fn write(&self, writer: &mut Writer);

    /// Whether this element can be read as `Self`, where the table says `*`.
    fn accepts(_node: &Node<'_>) -> bool {
        true
    }

    /// For values that can stand in an attribute.
    fn from_text(_text: &str) -> Option<Self> {
        None
    }

    fn to_text(&self) -> Option<Cow<'_, str>> {
        None
    }
}

impl<T: Content> Content for Box<T> {
    fn read(node: &Node<'_>, notes: &mut Notes) -> Result<Self, XmlError> {
        T::read(node, notes).map(Self::new)
    }

    fn write(&self, writer: &mut Writer) {
        T::write(self, writer);
    }

    fn accepts(node: &Node<'_>) -> bool {
        T::accepts(node)
    }
}

/// Where a value stands, as tables write it: `@Id` an attribute, `.` the element's own text,
/// `t:Name` a child, `*` whichever child the type accepts; before a `/` a wrapper, with `?` one
/// that is left out when there is nothing in it. Taken apart when the program is compiled.
#[derive(Clone, Copy)]
pub struct Place {
    literal: &'static str,
    wrapper: Option<&'static str>,
    omit_empty: bool,
    inner: Inner,
}

#[derive(Clone, Copy)]
enum Inner {
    Text,
    Attribute(&'static str),
    /// Whichever the type accepts.
    Any,
    /// With its prefix.
    Child(&'static str),
}

impl Place {
    pub const fn of(literal: &'static str) -> Self {
        match cut(literal, b'/') {
            Some((wrapper, inner)) => {
                let required = cut(wrapper, b'?');
                let omit_empty = required.is_some();
                let wrapper = match required {
                    Some((wrapper, _)) => wrapper,
                    None => wrapper,
                };
                Self { literal, wrapper: Some(wrapper), omit_empty, inner: Inner::of(inner) }
            }
            None => Self { literal, wrapper: None, omit_empty: false, inner: Inner::of(literal) },
        }
    }

    fn missing(&self, node: &Node<'_>) -> XmlError {
        XmlError::new(XmlErrorKind::Missing(self.literal), "", node.offset)
    }

    fn unreadable(&self, node: &Node<'_>) -> XmlError {
        XmlError::new(XmlErrorKind::Unreadable(self.literal), "", node.offset)
    }

    fn parent<'n, 'd>(&self, node: &'n Node<'d>) -> Option<&'n Node<'d>> {
        match self.wrapper {
            Some(wrapper) => node.child(local(wrapper)),
            None => Some(node),
        }
    }

    /// The children that stand here.
    fn matches<'n, 'd, T: Content>(
        &self,
        node: &'n Node<'d>,
    ) -> impl Iterator<Item = &'n Node<'d>> + use<'n, 'd, T> {
        let name = match self.inner {
            Inner::Child(name) => Some(local(name)),
            Inner::Any | Inner::Text | Inner::Attribute(_) => None,
        };
        self.parent(node)
            .into_iter()
            .flat_map(|parent| &parent.children)
            .filter(move |child| name.map_or_else(|| T::accepts(child), |name| child.name == name))
    }

    fn find<T: Content>(&self, node: &Node<'_>, notes: &mut Notes) -> Option<Result<T, XmlError>> {
        let text = match self.inner {
            Inner::Text => Some(&*self.parent(node)?.text),
            Inner::Attribute(name) => Some(self.parent(node)?.attribute(local(name))?),
            Inner::Any | Inner::Child(_) => None,
        };
        match text {
            Some(text) => Some(T::from_text(text).ok_or_else(|| self.unreadable(node))),
            None => self.matches::<T>(node).next().map(|child| self.read(child, notes)),
        }
    }

    fn read<T: Content>(&self, child: &Node<'_>, notes: &mut Notes) -> Result<T, XmlError> {
        let read = |notes: &mut Notes| notes.inside(&child.name, |notes| T::read(child, notes));
        match self.wrapper {
            Some(wrapper) => notes.inside(local(wrapper), read),
            None => read(notes),
        }
    }

    fn put<T: Content>(&self, value: &T, writer: &mut Writer) {
        match self.inner {
            Inner::Any => value.write(writer),
            Inner::Text => writer.text(&value.to_text().unwrap_or_default()),
            Inner::Attribute(name) => {
                writer.attribute(name, &value.to_text().unwrap_or_default());
            }
            Inner::Child(name) => {
                writer.open(name);
                value.write(writer);
                writer.close();
            }
        }
    }

    fn put_all<T: Content>(&self, values: &[T], writer: &mut Writer) {
        if let Some(wrapper) = self.wrapper {
            if values.is_empty() && self.omit_empty {
                return;
            }
            writer.open(wrapper);
        }
        for value in values {
            self.put(value, writer);
        }
        if self.wrapper.is_some() {
            writer.close();
        }
    }
}

impl Inner {
    const fn of(literal: &'static str) -> Self {
        match literal.as_bytes() {
            b"." => Self::Text,
            b"*" => Self::Any,
            [b'@', ..] => Self::Attribute(literal.split_at(1).1),
            _ => Self::Child(literal),
        }
    }
}

/// A name without its prefix.
pub(crate) const fn local(name: &str) -> &str {
    match cut(name, b':') {
        Some((_, local)) => local,
        None => name,
    }
}

/// What stands before and after the first such byte; `split_once` that runs when compiling.
const fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        if *byte == at {
            let (before, from) = text.split_at(text.len() - rest.len());
            return Some((before, from.split_at(1).1));
        }
        rest = after;
    }
    None
}

/// A field of a table: a value that must be there, one that may, or any number of them.
pub trait Field: Sized {
    fn get(node: &Node<'_>, place: Place, notes: &mut Notes) -> Result<Self, XmlError>;
    fn put(&self, place: Place, writer: &mut Writer);
}

impl<T: Content> Field for T {
    fn get(node: &Node<'_>, place: Place, notes: &mut Notes) -> Result<Self, XmlError> {
        place.find(node, notes).unwrap_or_else(|| Err(place.missing(node)))
    }

    fn put(&self, place: Place, writer: &mut Writer) {
        place.put_all(std::slice::from_ref(self), writer);
    }
}

impl<T: Content> Field for Option<T> {
    fn get(node: &Node<'_>, place: Place, notes: &mut Notes) -> Result<Self, XmlError> {
        match place.find(node, notes) {
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(error)) => {
                notes.add(place.literal, error);
                Ok(None)
            }
            None => Ok(None),
        }
    }

    fn put(&self, place: Place, writer: &mut Writer) {
        if let Some(value) = self {
            place.put_all(std::slice::from_ref(value), writer);
        }
    }
}

impl<T: Content> Field for Vec<T> {
    fn get(node: &Node<'_>, place: Place, notes: &mut Notes) -> Result<Self, XmlError> {
        let mut values = Self::new();
        for child in place.matches::<T>(node) {
            match place.read(child, notes) {
                Ok(value) => values.push(value),
                Err(error) => notes.add(place.literal, error),
            }
        }
        Ok(values)
    }

    fn put(&self, place: Place, writer: &mut Writer) {
        place.put_all(self, writer);
    }
}

/// Optional values that were there but could not be read, collected while reading.
#[derive(Debug, Default)]
pub struct Notes {
    notes: Vec<(&'static str, XmlError)>,
    mark: usize,
}

impl Notes {
    pub fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    pub(crate) fn into_first(self) -> Option<XmlError> {
        self.notes.into_iter().next().map(|(_, error)| error)
    }

    pub(crate) fn enter(&mut self) -> usize {
        std::mem::replace(&mut self.mark, self.notes.len())
    }

    pub(crate) fn leave(&mut self, mark: usize) {
        self.mark = mark;
    }

    /// Reads something inside an element, and completes the paths of all complaints about it.
    pub(crate) fn inside<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Result<T, XmlError>,
    ) -> Result<T, XmlError> {
        let before = self.notes.len();
        let read = read(self).map_err(|error| error.inside(name));
        for (_, error) in self.notes.iter_mut().skip(before) {
            error.go_inside(name);
        }
        read
    }

    fn add(&mut self, place: &'static str, error: XmlError) {
        if self.notes.len() < NOTES_MAX {
            self.notes.push((place, error));
        }
    }
}

/// Notes of one document; whoever writes more of them gets no further attention.
const NOTES_MAX: usize = 1024;

/// Places of the values of one item that were there but could not be read, such as `t:End`.
/// Never written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Oddities(pub Vec<&'static str>);

impl Oddities {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the value of this local name was odd.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|place| local(place) == name)
    }
}

impl Field for Oddities {
    fn get(_node: &Node<'_>, _place: Place, notes: &mut Notes) -> Result<Self, XmlError> {
        let mark = notes.mark;
        Ok(Self(notes.notes.iter().skip(mark).map(|(place, _)| *place).collect()))
    }

    fn put(&self, _place: Place, _writer: &mut Writer) {}
}
