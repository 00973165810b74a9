//! Tree-less writing: elements in the order they are given, escaped, with nothing XML forbids.

use super::{
    reader::is_legal,
    tree::{ERRORS, INSTANCE, MESSAGES, SOAP, TYPES},
};

/// A document in the making.
pub struct Writer {
    text: String,
    open: Vec<String>,
    /// The last start tag still lacks its `>`, so that attributes can follow.
    in_tag: bool,
}

impl Writer {
    pub fn new() -> Self {
        let text = "<?xml version=\"1.0\" encoding=\"utf-8\"?>".to_owned();
        Self { text, open: Vec::new(), in_tag: false }
    }

    /// Opens an element; the name may carry one of the prefixes `soap`, `t`, `m`, `e`.
    pub fn open(&mut self, name: &str) {
        self.end_tag();
        let name: String = name.chars().filter(|&c| is_in_name(c)).collect();
        self.text.push('<');
        self.text.push_str(&name);
        self.open.push(name);
        self.in_tag = true;
    }

    pub fn attribute(&mut self, name: &str, value: &str) {
        self.text.push(' ');
        self.text.push_str(name);
        self.text.push_str("=\"");
        self.escape(value, true);
        self.text.push('"');
    }

    pub fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.end_tag();
            self.escape(text, false);
        }
    }

    pub fn close(&mut self) {
        let name = self.open.pop().unwrap_or_default();
        if self.in_tag {
            self.text.push_str("/>");
            self.in_tag = false;
        } else {
            self.text.push_str("</");
            self.text.push_str(&name);
            self.text.push('>');
        }
    }

    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    /// Declares every namespace on the root, the one of SOAP as `prefix` or as the default.
    pub(crate) fn namespaces(&mut self, prefix: Option<&str>) {
        match prefix {
            Some(prefix) => self.attribute(&format!("xmlns:{prefix}"), SOAP),
            None => self.attribute("xmlns", SOAP),
        }
        self.attribute("xmlns:t", TYPES);
        self.attribute("xmlns:m", MESSAGES);
        self.attribute("xmlns:e", ERRORS);
        self.attribute("xmlns:xsi", INSTANCE);
    }

    fn end_tag(&mut self) {
        if self.in_tag {
            self.text.push('>');
            self.in_tag = false;
        }
    }

    fn escape(&mut self, text: &str, attribute: bool) {
        for character in text.chars().filter(|&c| is_legal(c)) {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\r' => self.text.push_str("&#xD;"),
                '\n' if attribute => self.text.push_str("&#xA;"),
                '\t' if attribute => self.text.push_str("&#x9;"),
                other => self.text.push(other),
            }
        }
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

fn is_in_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | ':')
}
