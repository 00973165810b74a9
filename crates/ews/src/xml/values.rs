//! Plain values as XML writes them.

use std::borrow::Cow;

use jiff::civil::Date;

use super::{Content, Node, Notes, Writer, XmlError, XmlErrorKind};

/// Makes a type whose value is one text usable as content of an element and in attributes.
macro_rules! text_value {
    ($type:ty, $what:literal, |$text:ident| $read:expr, |$value:ident| $write:expr) => {
        impl $crate::xml::Content for $type {
            fn read(
                node: &$crate::xml::Node<'_>,
                _notes: &mut $crate::xml::Notes,
            ) -> Result<Self, $crate::xml::XmlError> {
                Self::from_text(&node.text)
                    .ok_or_else(|| $crate::xml::unreadable_value(node, $what))
            }

            fn write(&self, writer: &mut $crate::xml::Writer) {
                writer.text(&self.to_text().unwrap_or_default());
            }

            fn from_text($text: &str) -> Option<Self> {
                $read
            }

            fn to_text(&self) -> Option<std::borrow::Cow<'_, str>> {
                let $value = self;
                Some($write)
            }
        }
    };
}
pub(crate) use text_value;

pub(crate) fn unreadable_value(node: &Node<'_>, what: &'static str) -> XmlError {
    XmlError::new(XmlErrorKind::Unreadable(what), "", node.offset)
}

text_value!(String, "text", |text| Some(text.to_owned()), |value| Cow::Borrowed(value));
text_value!(Cow<'static, str>, "text", |text| Some(Cow::Owned(text.to_owned())), |value| {
    Cow::Borrowed(value)
});
text_value!(i32, "number", |text| text.trim().parse().ok(), |value| Cow::Owned(value.to_string()));
text_value!(i64, "number", |text| text.trim().parse().ok(), |value| Cow::Owned(value.to_string()));
text_value!(
    bool,
    "boolean",
    |text| match text.trim() {
        "true" | "True" | "1" => Some(true),
        "false" | "False" | "0" => Some(false),
        _ => None,
    },
    |value| Cow::Borrowed(if *value { "true" } else { "false" })
);
text_value!(
    Date,
    "date",
    |text| text.trim().get(..DATE_LENGTH)?.parse().ok(), // what follows is an offset, or a midnight
    |value| Cow::Owned(value.to_string())
);

/// Characters of `2026-11-24`.
const DATE_LENGTH: usize = 10;

/// An element of which only the presence counts.
impl Content for () {
    fn read(_node: &Node<'_>, _notes: &mut Notes) -> Result<Self, XmlError> {
        Ok(())
    }

    fn write(&self, _writer: &mut Writer) {}
}

#[cfg(test)]
mod tests;
