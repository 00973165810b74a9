//! The three kinds of table: `element!` (a struct), `words!` (an enumeration) and `one_of!` (a
//! choice of elements). Each line says a thing once, for reader, writer, `Debug` and tests.

/// A struct and what its fields are on the wire, in schema order, attributes first. `= hidden`
/// marks content that `Debug` must not show.
macro_rules! element {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident {
            $(
                $(#[$field_meta:meta])*
                $place:literal $field:ident: $type:ty $(= $hidden:ident)?,
            )*
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $crate::xml::Content for $name {
            fn read(
                node: &$crate::xml::Node<'_>,
                notes: &mut $crate::xml::Notes,
            ) -> Result<Self, $crate::xml::XmlError> {
                let _ = node;
                let outer = notes.enter();
                $(
                    let place = const { $crate::xml::Place::of($place) };
                    let $field = $crate::xml::Field::get(node, place, notes);
                )*
                notes.leave(outer);
                Ok(Self { $($field: $field?,)* })
            }

            fn write(&self, writer: &mut $crate::xml::Writer) {
                let _ = &writer;
                $($crate::xml::Field::put(&self.$field, const { $crate::xml::Place::of($place) }, writer);)*
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($field), $crate::xml::shown!(self.$field $(, $hidden)?)))*
                    .finish()
            }
        }

        #[cfg(test)]
        impl $crate::xml::sample::Sample for $name {
            fn sample(source: &mut $crate::xml::sample::Source) -> Self {
                let _ = &source;
                Self { $($field: $crate::xml::sample::Sample::sample(source),)* }
            }
        }
    )*};
}
pub(crate) use element;

/// An enumeration of words; a word nobody told us about is kept as `Other`.
macro_rules! words {
    ($(
        $(#[$meta:meta])*
        pub enum $name:ident { $($variant:ident $(= $word:literal)?),* $(,)? }
    )*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($variant,)*
            /// A word this version does not know.
            Other(String),
        }

        impl $name {
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $crate::xml::word!($variant $(, $word)?),)*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $(word if word == $crate::xml::word!($variant $(, $word)?) => Self::$variant,)*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        $crate::xml::text_value!(
            $name,
            "word",
            |text| Some(Self::from(text.trim())),
            |value| std::borrow::Cow::Borrowed(value.as_str())
        );

        #[cfg(test)]
        impl $crate::xml::sample::Sample for $name {
            fn sample(source: &mut $crate::xml::sample::Source) -> Self {
                source.pick(vec![$(Self::$variant,)* Self::Other("SomethingNew".to_owned())])
            }
        }
    )*};
}
pub(crate) use words;

/// A choice between elements. `other "t:"` keeps the name of any further element.
macro_rules! one_of {
    ($(
        $(#[$meta:meta])*
        pub enum $name:ident {
            $(
                $(#[$variant_meta:meta])*
                $place:literal $variant:ident($type:ty) $(= $hidden:ident)?,
            )*
            $(other $prefix:literal,)?
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_meta])* $variant($type),)*
            $(
                #[doc = concat!("Another element (`", $prefix, "`), by its local name.")]
                Other(String),
            )?
        }

        impl $crate::xml::Content for $name {
            fn read(
                node: &$crate::xml::Node<'_>,
                notes: &mut $crate::xml::Notes,
            ) -> Result<Self, $crate::xml::XmlError> {
                $(if node.name == const { $crate::xml::local($place) } {
                    return Ok(Self::$variant($crate::xml::Content::read(node, notes)?));
                })*
                $crate::xml::otherwise!(node, $name $(, $prefix)?)
            }

            fn write(&self, writer: &mut $crate::xml::Writer) {
                match self {
                    $(Self::$variant(value) => {
                        writer.open($place);
                        $crate::xml::Content::write(value, writer);
                    })*
                    $(Self::Other(name) => writer.open(&format!("{}{name}", $prefix)),)?
                }
                writer.close();
            }

            fn accepts(node: &$crate::xml::Node<'_>) -> bool {
                const { [$($crate::xml::local($place)),*] }.contains(&&*node.name)
                    // paths to fields stand beside items and are none
                    $(|| !$prefix.is_empty() && !node.name.ends_with("FieldURI"))?
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$variant(_value) => f
                        .debug_tuple(stringify!($variant))
                        .field($crate::xml::shown!(*_value $(, $hidden)?))
                        .finish(),)*
                    $(Self::Other(name) => {
                        let _ = $prefix;
                        f.debug_tuple("Other").field(name).finish()
                    })?
                }
            }
        }

        #[cfg(test)]
        impl $crate::xml::sample::Sample for $name {
            fn sample(source: &mut $crate::xml::sample::Source) -> Self {
                let variants: Vec<fn(&mut $crate::xml::sample::Source) -> Self> = vec![
                    $(|source| Self::$variant($crate::xml::sample::Sample::sample(source)),)*
                    $(|_| Self::Other(format!("Thing{}", $prefix.len())),)?
                ];
                source.pick(variants)(source)
            }
        }
    )*};
}
pub(crate) use one_of;

macro_rules! shown {
    ($value:expr) => {
        &$value
    };
    ($value:expr, hidden) => {
        &format_args!("…")
    };
}
pub(crate) use shown;

macro_rules! word {
    ($variant:ident) => {
        stringify!($variant)
    };
    ($variant:ident, $word:literal) => {
        $word
    };
}
pub(crate) use word;

/// What a choice does with an element it does not know.
macro_rules! otherwise {
    ($node:ident, $name:ident) => {
        Err($crate::xml::unreadable_value($node, stringify!($name)))
    };
    ($node:ident, $name:ident, $prefix:literal) => {
        Ok(Self::Other($node.name.clone().into_owned()))
    };
}
pub(crate) use otherwise;
