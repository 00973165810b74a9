//! MAPI properties with their values.

use crate::{
    fields::ExtendedFieldUri,
    xml::{element, one_of},
};

element! {
    pub struct ExtendedProperty {
        "t:ExtendedFieldURI" uri: ExtendedFieldUri,
        "*" values: PropertyValues,
    }

    pub struct ValueList {
        "t:Value" values: Vec<String> = hidden,
    }
}

one_of! {
    /// One value, or the list that an array type has. Binary values are base64.
    pub enum PropertyValues {
        "t:Value" Value(String) = hidden,
        "t:Values" Values(ValueList),
    }
}

impl ExtendedProperty {
    pub fn new(uri: ExtendedFieldUri, value: impl Into<String>) -> Self {
        Self { uri, values: PropertyValues::Value(value.into()) }
    }

    pub fn array(uri: ExtendedFieldUri, values: Vec<String>) -> Self {
        Self { uri, values: PropertyValues::Values(ValueList { values }) }
    }

    /// The value of a property that has one.
    pub fn value(&self) -> Option<&str> {
        match &self.values {
            PropertyValues::Value(value) => Some(value),
            PropertyValues::Values(_) => None,
        }
    }

    /// All values, be it one or many.
    pub fn values(&self) -> &[String] {
        match &self.values {
            PropertyValues::Value(value) => std::slice::from_ref(value),
            PropertyValues::Values(list) => &list.values,
        }
    }
}
