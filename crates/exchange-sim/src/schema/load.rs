//! Finding declarations in the schema's files.

use std::{collections::HashMap, fs, path::Path};

use ews::xml::{Namespace, Node, read_document};

use super::SchemaFailure;

/// All declarations at the top of the two files, by kind, vocabulary and name.
pub struct Schema {
    declarations: HashMap<(&'static str, Vocabulary, String), Declaration>,
    /// What may stand in for an element, beside itself.
    substitutes: HashMap<(Vocabulary, String), Vec<(Vocabulary, String)>>,
}

/// A declaration, with the file it stands in: names inside belong to that one's vocabulary.
pub(super) struct Declaration {
    pub(super) node: Node<'static>,
    pub(super) home: Vocabulary,
}

/// A part of a declaration.
#[derive(Clone, Copy)]
pub(super) struct Part<'s> {
    pub(super) node: &'s Node<'s>,
    pub(super) home: Vocabulary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Vocabulary {
    Types,
    Messages,
    /// What XML Schema brings along.
    BuiltIn,
}

/// A name as a declaration refers to it: `t:ItemIdType`, `xs:string`.
#[derive(Clone, Copy)]
pub(super) struct Reference<'s> {
    pub(super) vocabulary: Vocabulary,
    pub(super) name: &'s str,
}

const KINDS: [&str; 6] =
    ["element", "complexType", "simpleType", "group", "attributeGroup", "attribute"];

impl Schema {
    /// From a folder with `types.xsd` and `messages.xsd`.
    pub fn read(folder: &Path) -> Result<Self, SchemaFailure> {
        let mut schema = Self { declarations: HashMap::new(), substitutes: HashMap::new() };
        for (file, home) in
            [("types.xsd", Vocabulary::Types), ("messages.xsd", Vocabulary::Messages)]
        {
            let path = folder.join(file);
            let bytes = fs::read(&path)
                .map_err(|source| SchemaFailure::Unreadable { path: path.clone(), source })?;
            let root = read_document(&bytes).ok().filter(|root| root.name == "schema");
            let root = root.map(Node::into_owned);
            schema.add(root.ok_or(SchemaFailure::NotASchema { path })?, home);
        }
        Ok(schema)
    }

    fn add(&mut self, root: Node<'static>, home: Vocabulary) {
        for node in root.children {
            let Some(kind) = KINDS.into_iter().find(|kind| *kind == node.name) else { continue };
            let Some(name) = node.attribute("name").map(str::to_owned) else { continue };
            if let Some(head) = node.attribute("substitutionGroup") {
                let head = Reference::of(head, home);
                let head = (head.vocabulary, head.name.to_owned());
                self.substitutes.entry(head).or_default().push((home, name.clone()));
            }
            self.declarations.insert((kind, home, name), Declaration { node, home });
        }
    }

    pub(super) fn find(&self, kind: &'static str, reference: Reference<'_>) -> Option<Part<'_>> {
        let key = (kind, reference.vocabulary, reference.name.to_owned());
        self.declarations.get(&key).map(|found| Part { node: &found.node, home: found.home })
    }

    pub(super) fn element(&self, namespace: Namespace, name: &str) -> Option<Part<'_>> {
        let vocabulary = Vocabulary::of(namespace)?;
        self.find("element", Reference { vocabulary, name })
    }

    /// The declaration of an element that stands where `head` is named: of itself, or of one that
    /// may stand in for it.
    pub(super) fn substitute(&self, head: Reference<'_>, node: &Node<'_>) -> Option<Part<'_>> {
        let vocabulary = Vocabulary::of(node.namespace)?;
        let is_head = head.vocabulary == vocabulary && head.name == node.name;
        let group = self.substitutes.get(&(head.vocabulary, head.name.to_owned()));
        let is_in_group = group.is_some_and(|group| {
            group.iter().any(|(home, name)| {
                (*home == vocabulary && *name == node.name)
                    || self.substitute(Reference { vocabulary: *home, name }, node).is_some()
            })
        });
        (is_head || is_in_group)
            .then(|| self.find("element", Reference { vocabulary, name: &node.name }))
            .flatten()
    }
}

impl Vocabulary {
    pub(super) fn of(namespace: Namespace) -> Option<Self> {
        match namespace {
            Namespace::Types => Some(Self::Types),
            Namespace::Messages => Some(Self::Messages),
            Namespace::Soap | Namespace::Errors | Namespace::Other => None,
        }
    }
}

impl<'s> Reference<'s> {
    /// Both files use the same prefixes.
    pub(super) fn of(text: &'s str, home: Vocabulary) -> Self {
        let (prefix, name) = text.split_once(':').unwrap_or(("", text));
        let vocabulary = match prefix {
            "t" => Vocabulary::Types,
            "m" => Vocabulary::Messages,
            "" => home,
            _ => Vocabulary::BuiltIn,
        };
        Self { vocabulary, name }
    }
}

impl<'s> Part<'s> {
    pub(super) fn at(self, node: &'s Node<'s>) -> Self {
        Self { node, home: self.home }
    }

    pub(super) fn child(self, name: &str) -> Option<Self> {
        self.node.child(name).map(|node| self.at(node))
    }

    pub(super) fn children(self) -> impl Iterator<Item = Self> {
        self.node.children.iter().map(move |node| self.at(node))
    }

    pub(super) fn reference(self, attribute: &str) -> Option<Reference<'s>> {
        self.node.attribute(attribute).map(|text| Reference::of(text, self.home))
    }
}
