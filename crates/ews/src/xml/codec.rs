//! How one line of a table is read and written: a place in the parent, and a value there.

use std::borrow::Cow;

use super::{Node, Writer, XmlError, XmlErrorKind};

/// Something that stands in an element: its content, or (for `one_of!`) the element itself.
pub trait Content: Sized {
    fn read(node: &Node, notes: &mut Notes) -> Result<Self, XmlError>;

    /// Writes the content of an element that is already open; a `one_of!` opens its own.
    fn write(&self, writer: &mut Writer);

    /// Whether this element can be read as `Self`, where the table says `*`.
    fn accepts(_node: &Node) -> bool {
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
    fn read(node: &Node, notes: &mut Notes) -> Result<Self, XmlError> {
        T::read(node, notes).map(Self::new)
    }

    fn write(&self, writer: &mut Writer) {
        T::write(self, writer);
    }

    fn accepts(node: &Node) -> bool {
        T::accepts(node)
    }
}

/// Where a value stands, as tables write it: `@Id` an attribute, `.` the element's own text,
/// `t:Name` a child, `*` whichever child the type accepts; before a `/` a wrapper, with `?` one
/// that is left out when there is nothing in it.
#[derive(Clone, Copy)]
pub struct Place {
    literal: &'static str,
    wrapper: Option<&'static str>,
    omit_empty: bool,
    inner: &'static str,
}

impl Place {
    pub fn of(literal: &'static str) -> Self {
        match literal.split_once('/') {
            Some((wrapper, inner)) => {
                let required = wrapper.trim_end_matches('?');
                let omit_empty = required.len() < wrapper.len();
                Self { literal, wrapper: Some(required), omit_empty, inner }
            }
            None => Self { literal, wrapper: None, omit_empty: false, inner: literal },
        }
    }

    fn missing(&self, node: &Node) -> XmlError {
        XmlError::new(XmlErrorKind::Missing(self.literal), "", node.offset)
    }

    fn unreadable(&self, node: &Node) -> XmlError {
        XmlError::new(XmlErrorKind::Unreadable(self.literal), "", node.offset)
    }

    fn parent<'n>(&self, node: &'n Node) -> Option<&'n Node> {
        match self.wrapper {
            Some(wrapper) => node.child(local(wrapper)),
            None => Some(node),
        }
    }

    /// The children that stand here.
    fn matches<'n, T: Content>(&self, node: &'n Node) -> impl Iterator<Item = &'n Node> {
        let inner = self.inner;
        self.parent(node).into_iter().flat_map(|parent| &parent.children).filter(move |child| {
            if inner == "*" { T::accepts(child) } else { child.name == local(inner) }
        })
    }

    fn find<T: Content>(&self, node: &Node, notes: &mut Notes) -> Option<Result<T, XmlError>> {
        let text = if self.inner == "." {
            Some(self.parent(node)?.text.as_str())
        } else if let Some(name) = self.inner.strip_prefix('@') {
            Some(self.parent(node)?.attribute(local(name))?)
        } else {
            None
        };
        match text {
            Some(text) => Some(T::from_text(text).ok_or_else(|| self.unreadable(node))),
            None => self.matches::<T>(node).next().map(|child| self.read(child, notes)),
        }
    }

    fn read<T: Content>(&self, child: &Node, notes: &mut Notes) -> Result<T, XmlError> {
        let read = |notes: &mut Notes| notes.inside(&child.name, |notes| T::read(child, notes));
        match self.wrapper {
            Some(wrapper) => notes.inside(local(wrapper), read),
            None => read(notes),
        }
    }

    fn put<T: Content>(&self, value: &T, writer: &mut Writer) {
        if self.inner == "*" {
            value.write(writer);
        } else if self.inner == "." {
            writer.text(&value.to_text().unwrap_or_default());
        } else if let Some(name) = self.inner.strip_prefix('@') {
            writer.attribute(name, &value.to_text().unwrap_or_default());
        } else {
            writer.open(self.inner);
            value.write(writer);
            writer.close();
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

/// A name without its prefix.
pub(crate) fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

/// A field of a table: a value that must be there, one that may, or any number of them.
pub trait Field: Sized {
    fn get(node: &Node, place: Place, notes: &mut Notes) -> Result<Self, XmlError>;
    fn put(&self, place: Place, writer: &mut Writer);
}

impl<T: Content> Field for T {
    fn get(node: &Node, place: Place, notes: &mut Notes) -> Result<Self, XmlError> {
        place.find(node, notes).unwrap_or_else(|| Err(place.missing(node)))
    }

    fn put(&self, place: Place, writer: &mut Writer) {
        place.put_all(std::slice::from_ref(self), writer);
    }
}

impl<T: Content> Field for Option<T> {
    fn get(node: &Node, place: Place, notes: &mut Notes) -> Result<Self, XmlError> {
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
    fn get(node: &Node, place: Place, notes: &mut Notes) -> Result<Self, XmlError> {
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
    fn get(_node: &Node, _place: Place, notes: &mut Notes) -> Result<Self, XmlError> {
        let mark = notes.mark;
        Ok(Self(notes.notes.iter().skip(mark).map(|(place, _)| *place).collect()))
    }

    fn put(&self, _place: Place, _writer: &mut Writer) {}
}
