//! The same verdicts as a foreign validator's on foreign documents, where they are at hand; and
//! each kind of offence on a small schema of our own.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use ews::xml::read_document;

use super::*;

const TYPES: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="T">
  <xs:simpleType name="Word"><xs:restriction base="xs:string">
    <xs:enumeration value="Red"/><xs:enumeration value="Blue"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Words"><xs:list itemType="t:Word"/></xs:simpleType>
  <xs:simpleType name="Small"><xs:restriction base="xs:int">
    <xs:minInclusive value="1"/><xs:maxInclusive value="30"/></xs:restriction></xs:simpleType>
  <xs:complexType name="Base"><xs:sequence>
    <xs:element name="First" type="xs:string" minOccurs="0"/></xs:sequence>
    <xs:attribute name="Id" type="xs:string" use="required"/></xs:complexType>
  <xs:element name="Path" abstract="true"/>
  <xs:element name="FieldPath" type="t:Base" substitutionGroup="t:Path"/>
  <xs:complexType name="Thing"><xs:complexContent><xs:extension base="t:Base"><xs:sequence>
    <xs:element name="Size" type="t:Small"/>
    <xs:choice minOccurs="0"><xs:element name="Left" type="xs:dateTime"/>
      <xs:element name="Right" type="t:Words"/></xs:choice>
    <xs:element ref="t:Path" minOccurs="0" maxOccurs="2"/>
  </xs:sequence></xs:extension></xs:complexContent></xs:complexType>
  <xs:element name="Thing" type="t:Thing"/>
</xs:schema>"#;
const MESSAGES: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"></xs:schema>"#;

fn own_schema() -> Schema {
    let folder = std::env::temp_dir().join(format!("hybridcal-schema-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("types.xsd"), TYPES).expect("written");
    fs::write(folder.join("messages.xsd"), MESSAGES).expect("written");
    let schema = Schema::read(&folder).expect("a schema");
    fs::remove_dir_all(&folder).expect("removed");
    schema
}

#[test]
fn each_offence_is_named_with_its_place() {
    let schema = own_schema();
    let cases = [
        ("<Thing Id='1'><Size>30</Size></Thing>", None),
        ("<Thing Id='1'><First/><Size>1</Size><Right>Red Blue</Right></Thing>", None),
        ("<Thing Id='1'><Size>1</Size><Left>2026-11-25T10:00:00Z</Left></Thing>", None),
        ("<Thing Id='1'><Size>1</Size><FieldPath Id='2'/><FieldPath Id='3'/></Thing>", None),
        ("<Thing><Size>1</Size></Thing>", Some("Thing: lacks the attribute Id")),
        ("<Thing Id='1' X='2'><Size>1</Size></Thing>", Some("Thing: no such attribute: X")),
        ("<Thing Id='1'/>", Some("Thing: lacks Size")),
        ("<Thing Id='1'><Size>31</Size></Thing>", Some("Thing/Size: the value is wrong")),
        ("<Thing Id='1'><Size>1</Size><First/></Thing>", Some("Thing/First: not expected here")),
        (
            "<Thing Id='1'><Size>1</Size><Right>Green</Right></Thing>",
            Some("Thing/Right: the value is wrong"),
        ),
        (
            "<Thing Id='1'><Size>1</Size><Left>today</Left></Thing>",
            Some("Thing/Left: the value is wrong"),
        ),
        (
            "<Thing Id='1'><Size>1</Size><FieldPath/></Thing>",
            Some("Thing/FieldPath: lacks the attribute Id"),
        ),
        (
            "<Thing Id='1'>text<Size>1</Size></Thing>",
            Some("Thing: text where only elements may stand"),
        ),
        ("<Things/>", Some("Things: no such element")),
    ];
    for (text, complaint) in cases {
        let name_end = text.find([' ', '>', '/']).expect("a tag");
        let (name, rest) = text.split_at(name_end);
        let namespace = "http://schemas.microsoft.com/exchange/services/2006/types";
        let document = format!("{name} xmlns='{namespace}'{rest}");
        let root = read_document(document.as_bytes()).expect("well-formed");
        let verdict = schema.check(&root).err().map(|violation| violation.to_string());
        assert_eq!(verdict.as_deref(), complaint, "{text}");
    }
}

fn shared(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ews").join(path);
    if !root.is_dir() {
        println!("NOTE  {path} is not beside this repository: NOT RUN");
        return None;
    }
    Some(root)
}

/// Valid, invalid, and neither, per set. libxml2 says the same of each file but for three whose
/// namespace names are no URIs, and one with an undeclared prefix in `xsi:type`: those it refuses.
#[test]
fn the_verdicts_on_foreign_documents_are_libxml2s() {
    let (Some(xsd), Some(documents)) = (shared("xsd/V2016_10"), shared("documents")) else {
        return;
    };
    let schema = Schema::read(&xsd).expect("the published schema");
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let sets = [
        "msdocs-normalized/req",
        "msdocs-normalized/resp",
        "pyexchange/resp",
        "ews-cpp/resp",
        "viewpoint/req",
        "viewpoint/resp",
    ];
    for set in sets {
        let mut files: Vec<_> = fs::read_dir(documents.join(set))
            .expect("a set")
            .map(|file| file.expect("a file").path())
            .collect();
        files.sort();
        for file in files {
            let count = counts.entry(set).or_default();
            let bytes = fs::read(&file).expect("readable");
            let envelope = read_document(&bytes).expect("well-formed");
            let body = envelope.child("Body");
            let is_ews = body.is_some_and(|body| {
                body.children
                    .iter()
                    .any(|child| matches!(child.namespace, Namespace::Types | Namespace::Messages))
            });
            if !is_ews {
                count[2] += 1;
                continue;
            }
            match schema.check_envelope(&envelope) {
                Ok(()) => count[0] += 1,
                Err(violation) => {
                    count[1] += 1;
                    println!("{}: {violation}", file.file_name().expect("a name").display());
                }
            }
        }
    }
    let expected: BTreeMap<&str, [usize; 3]> = [
        ("msdocs-normalized/req", [138, 13, 8]),
        ("msdocs-normalized/resp", [109, 11, 20]),
        ("pyexchange/resp", [9, 9, 1]),
        ("ews-cpp/resp", [3, 0, 2]),
        ("viewpoint/req", [5, 1, 1]),
        ("viewpoint/resp", [2, 1, 1]),
    ]
    .into();
    assert_eq!(counts, expected);
}
