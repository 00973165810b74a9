//! Elements against their declarations: order, number, attributes.

use ews::xml::Node;

use super::{
    Schema, Violation, What,
    load::{Part, Reference, Vocabulary},
};

/// Why children do not stand as a part of the schema wants them.
enum Mismatch {
    /// This part is not there; perhaps it need not be.
    Absent(Violation),
    /// It is there and wrong: nothing else can make it right.
    Wrong(Violation),
}

type Matched = Result<usize, Mismatch>;

impl Schema {
    pub(super) fn element_matches(
        &self,
        node: &Node<'_>,
        declaration: Part<'_>,
    ) -> Result<(), Violation> {
        let by_document = node.attribute("type").map(|text| Reference::of(text, Vocabulary::Types));
        let by_document = by_document.and_then(|named| self.find("complexType", named));
        if let Some(complex) = by_document {
            return self.complex_matches(node, complex);
        }
        if let Some(complex) = declaration.child("complexType") {
            return self.complex_matches(node, complex);
        }
        if let Some(simple) = declaration.child("simpleType") {
            return self.simple_element_matches(node, |text| self.is_of_simple(text, simple));
        }
        match declaration.reference("type") {
            Some(named) => match self.find("complexType", named) {
                Some(complex) => self.complex_matches(node, complex),
                None => self.simple_element_matches(node, |text| self.is_of_named(text, named)),
            },
            None => Ok(()), // anything at all
        }
    }

    fn simple_element_matches(
        &self,
        node: &Node<'_>,
        is_right: impl Fn(&str) -> bool,
    ) -> Result<(), Violation> {
        if let Some(child) = node.children.first() {
            return Err(Violation::at(child, What::Unexpected).inside(node));
        }
        if is_right(&node.text) { Ok(()) } else { Err(Violation::at(node, What::WrongValue)) }
    }

    fn complex_matches(&self, node: &Node<'_>, complex: Part<'_>) -> Result<(), Violation> {
        let mut lineage = Vec::new();
        self.ancestry(complex, &mut lineage);
        self.attributes_match(node, &lineage)?;
        if let Some(base) = lineage.iter().find_map(|part| self.simple_base(*part)) {
            return self.simple_element_matches(node, |text| self.is_of_named(text, base));
        }
        let is_mixed = lineage.iter().any(|part| part.node.attribute("mixed") == Some("true"));
        if !is_mixed && !node.text.trim().is_empty() {
            return Err(Violation::at(node, What::Text));
        }
        let children = &node.children;
        let mut position = 0;
        for model in lineage.iter().flat_map(|part| part.children()) {
            if !is_particle(model.node) {
                continue;
            }
            position = match self.occurrences_match(model, children, position) {
                Ok(position) => position,
                Err(Mismatch::Absent(violation)) => {
                    // Something else stands where this should: that is the better complaint.
                    let stranger = children.get(position);
                    let violation =
                        stranger.map_or(violation, |child| Violation::at(child, What::Unexpected));
                    return Err(in_place(violation, node));
                }
                Err(Mismatch::Wrong(violation)) => return Err(violation.inside(node)),
            };
        }
        match children.get(position) {
            Some(child) => Err(Violation::at(child, What::Unexpected).inside(node)),
            None => Ok(()),
        }
    }

    /// A type's own contents and those of the types it extends, the oldest first.
    fn ancestry<'s>(&'s self, complex: Part<'s>, lineage: &mut Vec<Part<'s>>) {
        let content = complex.child("complexContent").or_else(|| complex.child("simpleContent"));
        let Some(content) = content else {
            lineage.push(complex);
            return;
        };
        if let Some(extension) = content.child("extension") {
            let base = extension.reference("base");
            if let Some(base) = base.and_then(|base| self.find("complexType", base)) {
                self.ancestry(base, lineage);
            }
            lineage.push(extension);
        } else if let Some(restriction) = content.child("restriction") {
            lineage.push(restriction);
        }
    }

    /// Of a type with text and attributes: what the text is.
    fn simple_base<'s>(&self, part: Part<'s>) -> Option<Reference<'s>> {
        let base = part.reference("base")?;
        let is_simple =
            base.vocabulary == Vocabulary::BuiltIn || self.find("simpleType", base).is_some();
        is_simple.then_some(base)
    }

    fn attributes_match(&self, node: &Node<'_>, lineage: &[Part<'_>]) -> Result<(), Violation> {
        let mut declared = Vec::new();
        let mut is_open = false;
        for part in lineage {
            self.attributes(*part, &mut declared, &mut is_open);
        }
        for (name, value) in &node.attributes {
            let declaration = declared.iter().find(|part| part.attribute_name() == Some(name));
            match declaration {
                Some(part) if !self.is_of_attribute(value, *part) => {
                    return Err(Violation::at(node, What::WrongAttribute(name.to_string())));
                }
                Some(_) => {}
                // `xsi:type` and `xsi:nil` may stand anywhere.
                None if is_open || matches!(&**name, "type" | "nil") => {}
                None => return Err(Violation::at(node, What::UnknownAttribute(name.to_string()))),
            }
        }
        let required =
            declared.iter().filter(|part| part.node.attribute("use") == Some("required"));
        let mut missing = required
            .filter_map(|part| part.attribute_name())
            .filter(|name| node.attribute(name).is_none());
        match missing.next() {
            Some(name) => Err(Violation::at(node, What::MissingAttribute(name.to_owned()))),
            None => Ok(()),
        }
    }

    fn attributes<'s>(&'s self, part: Part<'s>, declared: &mut Vec<Part<'s>>, is_open: &mut bool) {
        for child in part.children() {
            match &*child.node.name {
                "attribute" => declared.push(child),
                "anyAttribute" => *is_open = true,
                "attributeGroup" => {
                    let group = child.reference("ref").and_then(|r| self.find("attributeGroup", r));
                    if let Some(group) = group {
                        self.attributes(group, declared, is_open);
                    }
                }
                _ => {}
            }
        }
    }

    fn is_of_attribute(&self, value: &str, declaration: Part<'_>) -> bool {
        match (declaration.reference("type"), declaration.child("simpleType")) {
            (Some(named), _) => self.is_of_named(value, named),
            (None, Some(simple)) => self.is_of_simple(value, simple),
            (None, None) => true,
        }
    }

    /// As often as it may stand here.
    fn occurrences_match(&self, model: Part<'_>, children: &[Node<'_>], from: usize) -> Matched {
        let least = occurrence(model.node.attribute("minOccurs"));
        let most = occurrence(model.node.attribute("maxOccurs"));
        let (mut position, mut count) = (from, 0);
        while count < most {
            match self.particle_matches(model, children, position) {
                Ok(next) if next == position => return Ok(position),
                Ok(next) => (position, count) = (next, count + 1),
                Err(Mismatch::Absent(_)) if count >= least => break,
                Err(mismatch) => return Err(mismatch),
            }
        }
        Ok(position)
    }

    fn particle_matches(&self, model: Part<'_>, children: &[Node<'_>], from: usize) -> Matched {
        match &*model.node.name {
            "element" => self.one_element_matches(model, children, from),
            "sequence" => {
                let mut position = from;
                for part in model.children().filter(|part| is_particle(part.node)) {
                    position = match self.occurrences_match(part, children, position) {
                        Err(Mismatch::Absent(violation)) if position > from => {
                            return Err(Mismatch::Wrong(violation));
                        }
                        matched => matched?,
                    };
                }
                Ok(position)
            }
            "choice" => self.choice_matches(model, children, from),
            "all" => self.all_match(model, children, from),
            "group" => {
                let group = model.reference("ref").and_then(|named| self.find("group", named));
                let parts = group.into_iter().flat_map(Part::children);
                let mut position = from;
                for part in parts.filter(|part| is_particle(part.node)) {
                    position = self.occurrences_match(part, children, position)?;
                }
                Ok(position)
            }
            _ => Ok((from + 1).min(children.len())), // any
        }
    }

    fn one_element_matches(&self, model: Part<'_>, children: &[Node<'_>], from: usize) -> Matched {
        let name = model.node.attribute("name").or_else(|| model.reference("ref").map(|r| r.name));
        let name = name.unwrap_or_default();
        let absent = || {
            let what = What::Missing(name.to_owned());
            Mismatch::Absent(Violation { path: String::new(), what, offset: 0 })
        };
        let child = children.get(from).ok_or_else(absent)?;
        let declaration = match model.reference("ref") {
            Some(head) => self.substitute(head, child),
            None => {
                let is_it =
                    child.name == name && Vocabulary::of(child.namespace) == Some(model.home);
                is_it.then_some(model)
            }
        };
        let declaration = declaration.ok_or_else(absent)?;
        self.element_matches(child, declaration).map_err(Mismatch::Wrong)?;
        Ok(from + 1)
    }

    fn choice_matches(&self, model: Part<'_>, children: &[Node<'_>], from: usize) -> Matched {
        let mut nothing = None;
        let mut absent = None;
        for part in model.children().filter(|part| is_particle(part.node)) {
            match self.occurrences_match(part, children, from) {
                Ok(position) if position > from => return Ok(position),
                Ok(position) => nothing = Some(position),
                Err(Mismatch::Absent(violation)) => absent = Some(Mismatch::Absent(violation)),
                Err(wrong) => return Err(wrong),
            }
        }
        match (nothing, absent) {
            (Some(position), _) => Ok(position),
            (None, Some(mismatch)) => Err(mismatch),
            (None, None) => Ok(from),
        }
    }

    /// In any order, each once.
    fn all_match(&self, model: Part<'_>, children: &[Node<'_>], from: usize) -> Matched {
        let mut left: Vec<Part<'_>> =
            model.children().filter(|part| is_particle(part.node)).collect();
        let mut position = from;
        while position < children.len() {
            let mut found = None;
            for (index, part) in left.iter().enumerate() {
                match self.one_element_matches(*part, children, position) {
                    Ok(next) => found = Some((index, next)),
                    Err(Mismatch::Absent(_)) => continue,
                    Err(wrong) => return Err(wrong),
                }
                break;
            }
            let Some((index, next)) = found else { break };
            left.remove(index);
            position = next;
        }
        let missing = left.iter().find(|part| occurrence(part.node.attribute("minOccurs")) > 0);
        match missing {
            Some(part) => self.one_element_matches(*part, &[], 0),
            None => Ok(position),
        }
    }
}

impl<'s> Part<'s> {
    fn attribute_name(self) -> Option<&'s str> {
        let named = self.node.attribute("name");
        named.or_else(|| self.reference("ref").map(|reference| reference.name))
    }
}

fn is_particle(node: &Node<'_>) -> bool {
    matches!(&*node.name, "element" | "sequence" | "choice" | "all" | "group" | "any")
}

fn occurrence(text: Option<&str>) -> usize {
    match text {
        None => 1,
        Some("unbounded") => usize::MAX,
        Some(number) => number.parse().unwrap_or(1),
    }
}

/// A complaint about something that is not there belongs to the element it should be in.
fn in_place(violation: Violation, node: &Node<'_>) -> Violation {
    if violation.path.is_empty() {
        Violation { path: node.name.to_string(), offset: node.offset, ..violation }
    } else {
        violation.inside(node)
    }
}
