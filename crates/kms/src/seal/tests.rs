//! The published vector, every kind of swap, hostile forms, and a second implementation.

use aes_gcm::{Aes256Gcm, KeyInit, aead::Aead, aead::Payload};
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use protocol::ids::{KeyUrl, MeetingId, OrganizationId, UserId};
use uuid::Uuid;

use super::*;

const NONCE: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const VECTOR: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoia21zOi8va21zLmV4YW1wbGUub3JnL2tleXMvNWYwYzhhNTItM2QxYi00YjhlLTlhNDQtMGQ2YTdmM2YyYjEwIiwiaGMiOiIxIiwiY3giOiJaUU11N2d2M2FsejNHbXdnTk5HekRRIn0..AAECAwQFBgcICQoL.BXeyfKCR4mnoN_7uxg.nHYSH1hw8I-2XwdPTrX8VA";

fn vector_key() -> ContentKey {
    let url = "kms://kms.example.org/keys/5f0c8a52-3d1b-4b8e-9a44-0d6a7f3f2b10";
    ContentKey::new(KeyUrl(url.into()), std::array::from_fn(|i| u8::try_from(i).expect("small")))
}

/// The vector's ids are words, which our own types do not allow.
fn vector_context(field: &str, revision: &str) -> Vec<u8> {
    framed(&[
        b"hc1",
        b"org-1",
        b"user-1",
        b"meeting-1",
        field.as_bytes(),
        revision.as_bytes(),
        b"1",
    ])
}

#[test]
fn the_published_vector_is_met_both_ways() {
    let context = vector_context("encryptedSubject", "1767225600000");
    assert_eq!(short_hash(&context), "ZQMu7gv3alz3GmwgNNGzDQ");
    let sealed = seal_in_context(&vector_key(), &context, "Budget review", NONCE).expect("seals");
    assert_eq!(sealed.as_compact(), VECTOR);
    let opened = open_in_context(&vector_key(), &context, &sealed);
    assert_eq!(opened.as_deref(), Ok("Budget review"));
}

#[test]
fn the_published_vector_fails_elsewhere() {
    let check = |field, revision, cx| {
        let context = vector_context(field, revision);
        assert_eq!(short_hash(&context), cx);
        let sealed = Sealed::from_compact(VECTOR.into());
        let opened = open_in_context(&vector_key(), &context, &sealed);
        assert_eq!(opened, Err(OpenFailure::OtherPlace));
    };
    check("encryptedLocation", "1767225600000", "DbxJixkCVMzlH1LiXEZPwQ");
    check("encryptedSubject", "1767225600001", "8ZJ-IwZWjifJx7FQuetTrw");
}

#[test]
fn a_seal_opens_in_its_own_place_and_nowhere_else() {
    let key = vector_key();
    let organizations = ["org-1", "org-2"].map(|id| OrganizationId(id.into()));
    let users = [1, 2].map(|id| UserId(Uuid::from_u128(id)));
    let meetings = [1, 2].map(|id| MeetingId::from_bytes([id; 16]));
    let mut places = Vec::new();
    for organization in &organizations {
        for user in users {
            for meeting in &meetings {
                for field in ["encryptedSubject", "encryptedLocation"] {
                    for (revision, schema) in [(1, 1), (2, 1), (1, 2), (11, 1), (1, 11)] {
                        places.push(SealedPlace {
                            organization,
                            user,
                            meeting,
                            field,
                            revision,
                            schema,
                        });
                    }
                }
            }
        }
    }
    for sealed_for in &places {
        let context = context(sealed_for);
        let sealed = seal_in_context(&key, &context, "Plan", NONCE).expect("seals");
        for place in &places {
            let expected =
                if place == sealed_for { Ok("Plan".into()) } else { Err(OpenFailure::OtherPlace) };
            assert_eq!(open(&key, place, &sealed), expected, "{sealed_for:?} in {place:?}");
            // Nor with the header it would need there: the tag covers the header.
            let (_, rest) = sealed.as_compact().split_once('.').expect("segments");
            let header = header(&key, &super::context(place)).expect("short");
            let moved = Sealed::from_compact(format!("{header}.{rest}"));
            let expected = expected.map_err(|_elsewhere| OpenFailure::Altered);
            assert_eq!(open(&key, place, &moved), expected);
        }
    }
}

#[test]
fn another_key_does_not_open_it() {
    let context = vector_context("encryptedSubject", "1767225600000");
    let sealed = Sealed::from_compact(VECTOR.into());
    let same_name = ContentKey::new(vector_key().url().clone(), [9; 32]);
    assert_eq!(open_in_context(&same_name, &context, &sealed), Err(OpenFailure::Altered));
    let other = KeyUrl::new("kms.example.org", Uuid::from_u128(1));
    let other_name = ContentKey::new(other, *vector_key().bytes());
    assert_eq!(open_in_context(&other_name, &context, &sealed), Err(OpenFailure::OtherPlace));
}

#[test]
fn hostile_forms_are_refused() {
    let context = vector_context("encryptedSubject", "1767225600000");
    let check = |compact: String, expected| {
        let sealed = Sealed::from_compact(compact.clone());
        assert_eq!(open_in_context(&vector_key(), &context, &sealed), Err(expected), "{compact}");
    };
    let [header, _, nonce, text, tag]: [&str; 5] =
        VECTOR.split('.').collect::<Vec<_>>().try_into().expect("five");
    let malformed = |compact| check(compact, OpenFailure::Malformed);

    malformed(String::new());
    malformed("....".into());
    malformed(format!("{header}..{nonce}.{text}"));
    malformed(format!("{VECTOR}."));
    malformed(format!("{VECTOR}.{tag}"));
    malformed(format!("{header}.AAAA.{nonce}.{text}.{tag}"));
    malformed(format!("{header}..{nonce}AA.{text}.{tag}"));
    malformed(format!("{header}..{}.{text}.{tag}", &nonce[4..]));
    malformed(format!("{header}..{nonce}.{text}.{}", &tag[4..]));
    malformed(format!("{header}..{nonce}.{text}.{tag}=="));
    malformed(format!("{header}..{nonce}.{text}=.{tag}"));
    malformed(format!("{header}..{nonce}.{text} .{tag}"));
    malformed(format!("{header}..{nonce}.{}.{tag}", text.replace('_', "/")));
    // Stray bits after the last byte: a second spelling of the same bytes.
    malformed(format!("{header}..{nonce}.{text}.{}B", &tag[..tag.len() - 1]));
    malformed(format!("{header}..{nonce}.{}.{tag}", "A".repeat(COMPACT_BYTES_MAX)));
    malformed(format!("{}..{nonce}.{text}.{tag}", "A".repeat(1000)));
    malformed(format!("{header}..{nonce}.é.{tag}"));

    // Headers that mean the same or more to a JSON reader are still not ours.
    for json in [
        r#"{"alg":"none"}"#.into(),
        decoded_header(header).replace("\"hc\"", "\"zip\":\"DEF\",\"hc\""),
        decoded_header(header).replace("\"hc\"", "\"crit\":[],\"hc\""),
        decoded_header(header).replace("\"alg\":\"dir\"", "\"alg\":\"dir\",\"alg\":\"dir\""),
        decoded_header(header).replace(',', ", "),
    ] {
        let header = URL_SAFE_NO_PAD.encode_to_string(json);
        check(format!("{header}..{nonce}.{text}.{tag}"), OpenFailure::OtherPlace);
    }
    check(format!("{header}=..{nonce}.{text}.{tag}"), OpenFailure::OtherPlace);
    check(format!("{header}..{nonce}..{tag}"), OpenFailure::Altered);
}

fn decoded_header(header: &str) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode_to_vec(header).expect("ours")).expect("ASCII")
}

#[test]
fn bytes_that_are_not_text_are_refused() {
    let context = vector_context("encryptedSubject", "1");
    let header = header(&vector_key(), &context).expect("short");
    let mut text = vec![0xff, 0xfe];
    let tag = aead::encrypt(vector_key().bytes(), NONCE, header.as_bytes(), &mut text);
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode_to_string(bytes);
    let [nonce, text, tag] = [&NONCE[..], &text, &tag.expect("seals")].map(encode);
    let sealed = Sealed::from_compact(format!("{header}..{nonce}.{text}.{tag}"));
    assert_eq!(open_in_context(&vector_key(), &context, &sealed), Err(OpenFailure::NotText));
}

#[test]
fn what_is_too_long_is_not_sealed() {
    let seal = |key: &ContentKey, length| {
        seal_in_context(key, b"", &"x".repeat(length), NONCE).map(|sealed| {
            let opened = open_in_context(key, b"", &sealed).expect("opens");
            assert_eq!(opened.len(), length);
        })
    };
    assert_eq!(seal(&vector_key(), SEALED_TEXT_BYTES_MAX), Ok(()));
    assert_eq!(seal(&vector_key(), SEALED_TEXT_BYTES_MAX + 1), Err(SealFailure::TooLong));
    assert_eq!(seal(&vector_key(), 0), Ok(()));
    for name in ["kms://a\"/keys/1", "kms://ä/keys/1", "kms://a\\/keys/1", &"k".repeat(500)] {
        let key = ContentKey::new(KeyUrl(name.into()), [1; 32]);
        assert_eq!(seal(&key, 1), Err(SealFailure::KeyName), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn another_implementation_reads_what_we_seal(
        key: [u8; 32],
        nonce: [u8; 12],
        text in any::<String>(),
    ) {
        let key = ContentKey::new(vector_key().url().clone(), key);
        let sealed = seal_in_context(&key, b"somewhere", &text, nonce).expect("seals");
        let segments: Vec<&str> = sealed.as_compact().split('.').collect();
        let decode = |segment: &str| URL_SAFE_NO_PAD.decode_to_vec(segment).expect("base64url");
        let message = [decode(segments[3]), decode(segments[4])].concat();
        let payload = Payload { msg: &message, aad: segments[0].as_bytes() };
        let plain = Aes256Gcm::new(key.bytes().into()).decrypt((&nonce).into(), payload);
        prop_assert_eq!(plain.expect("opens"), text.as_bytes());
    }

    #[test]
    fn any_input_is_survived(compact in any::<String>()) {
        let sealed = Sealed::from_compact(compact);
        assert!(open_in_context(&vector_key(), b"", &sealed).is_err());
    }
}
