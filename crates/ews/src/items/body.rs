//! Bodies and MIME content: the largest and most private part of an item.

use crate::xml::{element, words};

element! {
    pub struct Body {
        "@BodyType" body_type: BodyType,
        "@IsTruncated" is_truncated: Option<bool>,
        "." content: String = hidden,
    }

    /// The item as iCalendar or MIME, in base64.
    pub struct MimeContent {
        "@CharacterSet" character_set: Option<String>,
        "." content: String = hidden,
    }
}

words! {
    pub enum BodyType { Html = "HTML", Text }
}

impl Body {
    pub fn html(content: impl Into<String>) -> Self {
        Self { body_type: BodyType::Html, is_truncated: None, content: content.into() }
    }

    pub fn text(content: impl Into<String>) -> Self {
        Self { body_type: BodyType::Text, is_truncated: None, content: content.into() }
    }
}
