//! One property, written in several ways.

use super::{DistinguishedPropertySet, ExtendedFieldUri, PropertyType};

#[test]
fn tags_are_compared_as_numbers() {
    let written = |tag: &str| ExtendedFieldUri {
        property_tag: Some(tag.to_owned()),
        ..ExtendedFieldUri::tagged(0, PropertyType::String)
    };
    assert!(written("0x10F4").is_same(&written("4340")));
    assert!(written("0x670a").is_same(&ExtendedFieldUri::tagged(0x670a, PropertyType::Integer)));
    assert!(!written("junk").is_same(&written("junk")));
}

#[test]
fn sets_are_compared_by_what_they_are() {
    let by_guid = ExtendedFieldUri {
        distinguished_property_set_id: None,
        property_set_id: Some("6ED8DA90-450B-101B-98DA-00AA003F1305".to_owned()),
        ..ExtendedFieldUri::clean_global_object_id()
    };
    assert!(by_guid.is_same(&ExtendedFieldUri::clean_global_object_id()));
    assert!(!by_guid.is_same(&ExtendedFieldUri::global_object_id()));
    let appointment = DistinguishedPropertySet::Appointment;
    assert!(!by_guid.is_same(&ExtendedFieldUri::numbered(appointment, 0x23, PropertyType::Binary)));
}
