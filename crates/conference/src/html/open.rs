//! Which elements are open: end tags that are missing or wrong close what a browser would close, so
//! that nothing hidden becomes visible, and nothing visible stays hidden.

use std::borrow::Cow;

use crate::work;

/// Browsers nest no deeper either. What is deeper counts as part of its parent.
const OPEN_MAX: usize = 256;

/// What an element makes of everything inside.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) is_hidden: bool,
    pub(super) is_signature: bool,
    pub(super) is_preformatted: bool,
    pub(super) is_anchor: bool,
}

struct Element<'a> {
    name: Cow<'a, str>,
    marks: Marks,
}

#[derive(Default)]
pub(super) struct OpenElements<'a> {
    elements: Vec<Element<'a>>,
    /// Deeper ones, which are only counted.
    deeper: usize,
    hidden: usize,
    signatures: usize,
    preformatted: usize,
    anchors: usize,
}

impl<'a> OpenElements<'a> {
    pub(super) fn is_hidden(&self) -> bool {
        self.hidden > 0
    }

    pub(super) fn is_signature(&self) -> bool {
        self.signatures > 0
    }

    pub(super) fn is_preformatted(&self) -> bool {
        self.preformatted > 0
    }

    pub(super) fn is_anchor(&self) -> bool {
        self.anchors > 0
    }

    /// Ends what this start tag ends without an end tag.
    pub(super) fn make_room_for(&mut self, name: &str) {
        match name {
            "body" => self.pop_through(&["head"], &[]),
            "li" => self.pop_through(&["li"], &["ul", "ol", "table", "td", "th"]),
            "dd" | "dt" => self.pop_through(&["dd", "dt"], &["dl", "table", "td", "th"]),
            "td" | "th" => self.pop_through(&["td", "th"], &["tr", "table"]),
            "tr" => self.pop_through(&["tr"], &["table"]),
            "tbody" | "thead" | "tfoot" => {
                self.pop_through(&["tbody", "thead", "tfoot", "tr"], &["table"]);
            }
            "option" | "optgroup" => self.pop_through(&["option"], &["select"]),
            "a" => self.pop_through(&["a"], &["td", "th", "table"]),
            _ => {}
        }
        if is_block(name) || name == "hr" {
            self.pop_through(&["p"], &["td", "th", "table", "button", "caption"]);
        }
    }

    pub(super) fn open(&mut self, name: Cow<'a, str>, marks: Marks) {
        if self.elements.len() >= OPEN_MAX {
            self.deeper += 1;
            // Whatever ends there, what was hidden stays so.
            self.hidden += usize::from(marks.is_hidden);
            return;
        }
        self.count(marks, usize::wrapping_add);
        self.elements.push(Element { name, marks });
    }

    pub(super) fn close(&mut self, name: &str) {
        if let Some(deeper) = self.deeper.checked_sub(1) {
            self.deeper = deeper;
            return;
        }
        match name {
            // Browsers keep what follows inside.
            "body" | "html" => {}
            "td" | "th" | "tr" | "tbody" | "thead" | "tfoot" => {
                self.pop_through(&[name], &["table"]);
            }
            "table" | "head" | "template" => self.pop_through(&[name], &[]),
            "li" => self.pop_through(&["li"], &["ul", "ol", "td", "th", "table"]),
            name if is_block(name) => self.pop_through(&[name], &["td", "th", "table"]),
            name => self.pop_inline(name),
        }
    }

    /// Up to and with the innermost of `names`, unless one of `limits` is nearer.
    fn pop_through(&mut self, names: &[&str], limits: &[&str]) {
        let is = |all: &[&str], element: &Element<'_>| all.contains(&&*element.name);
        let nearest = self.elements.iter().rposition(|element| {
            work::did(1);
            is(names, element) || is(limits, element)
        });
        let found = nearest.filter(|at| self.elements.get(*at).is_some_and(|it| is(names, it)));
        self.pop_from(found);
    }

    /// Text elements end only inside their block.
    fn pop_inline(&mut self, name: &str) {
        let nearest = self.elements.iter().rposition(|it| {
            work::did(1);
            it.name == name || is_special(&it.name)
        });
        let found = nearest.filter(|at| self.elements.get(*at).is_some_and(|it| it.name == name));
        self.pop_from(found);
    }

    fn pop_from(&mut self, at: Option<usize>) {
        let Some(at) = at else { return };
        for element in self.elements.split_off(at) {
            self.count(element.marks, usize::wrapping_sub);
        }
    }

    fn count(&mut self, marks: Marks, change: fn(usize, usize) -> usize) {
        self.hidden = change(self.hidden, usize::from(marks.is_hidden));
        self.signatures = change(self.signatures, usize::from(marks.is_signature));
        self.preformatted = change(self.preformatted, usize::from(marks.is_preformatted));
        self.anchors = change(self.anchors, usize::from(marks.is_anchor));
    }
}

fn is_special(name: &str) -> bool {
    is_block(name)
        || matches!(
            name,
            "caption" | "head" | "select" | "tbody" | "td" | "template" | "tfoot" | "th" | "thead"
        )
}

pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "center"
            | "dd"
            | "details"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "li"
            | "main"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "tr"
            | "ul"
    )
}
