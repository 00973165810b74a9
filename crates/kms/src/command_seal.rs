//! Sealing the texts of commands and of their answers: the same form as everywhere
//! ([`crate::seal`]), bound to the command in place of a meeting, and to its direction.

use protocol::{command::CommandPlace, meeting::SCHEMA, sealed::Sealed};
use world::chance::Chance;

use crate::{
    aead,
    content_key::ContentKey,
    framed::framed,
    seal::{OpenFailure, SealFailure, open_in_context, seal_in_context},
};

/// From a person to the connector.
const COMMAND: &[u8] = b"hc1c";
/// From the connector to that person.
const ANSWER: &[u8] = b"hc1a";

pub fn seal_command(
    key: &ContentKey,
    place: &CommandPlace<'_>,
    plain: &str,
    chance: &Chance,
) -> Result<Sealed, SealFailure> {
    seal_in_context(key, &context(COMMAND, place), plain, aead::nonce(chance))
}

pub fn open_command(
    key: &ContentKey,
    place: &CommandPlace<'_>,
    sealed: &Sealed,
) -> Result<String, OpenFailure> {
    open_in_context(key, &context(COMMAND, place), sealed)
}

pub fn seal_answer(
    key: &ContentKey,
    place: &CommandPlace<'_>,
    plain: &str,
    chance: &Chance,
) -> Result<Sealed, SealFailure> {
    seal_in_context(key, &context(ANSWER, place), plain, aead::nonce(chance))
}

pub fn open_answer(
    key: &ContentKey,
    place: &CommandPlace<'_>,
    sealed: &Sealed,
) -> Result<String, OpenFailure> {
    open_in_context(key, &context(ANSWER, place), sealed)
}

fn context(direction: &[u8], place: &CommandPlace<'_>) -> Vec<u8> {
    framed(&[
        direction,
        place.organization.0.as_bytes(),
        place.user.0.to_string().as_bytes(),
        place.idempotency_key.to_string().as_bytes(),
        place.field.as_bytes(),
        place.revision.to_string().as_bytes(),
        SCHEMA.to_string().as_bytes(),
    ])
}

#[cfg(test)]
mod tests {
    use protocol::{
        command::field,
        ids::{KeyUrl, OrganizationId, UserId},
    };
    use uuid::Uuid;

    use super::*;

    /// The same in `web/src/orders/orders.test.ts`; its ids are not of our kinds.
    #[test]
    fn the_vector_of_the_documents_is_sealed_and_opened() {
        let id = Uuid::parse_str("5f0c8a52-3d1b-4b8e-9a44-0d6a7f3f2b10").expect("an id");
        let bytes = std::array::from_fn(|i| u8::try_from(i).expect("small"));
        let key = ContentKey::new(KeyUrl::new("kms.example.org", id), bytes);
        let context = framed(&[
            COMMAND,
            b"org-1",
            b"user-1",
            b"0b6f3c1e-8a55-4f0d-9d8e-2f6f0c7a1b11",
            b"subject",
            b"1767225600000",
            b"1",
        ]);
        let nonce = std::array::from_fn(|i| u8::try_from(i).expect("small"));
        let sealed = seal_in_context(&key, &context, "Budget review", nonce).expect("sealed");
        let body = "..AAECAwQFBgcICQoL.BXeyfKCR4mnoN_7uxg.SKh5nW_V9pSxxzoTbsQGVQ";
        assert!(sealed.as_compact().ends_with(body), "the tag covers the whole header");
        assert_eq!(open_in_context(&key, &context, &sealed).as_deref(), Ok("Budget review"));
    }

    #[test]
    fn a_text_opens_nowhere_but_where_it_was_put() {
        let key = ContentKey::new(KeyUrl::new("kms.example.org", Uuid::from_u128(1)), [7; 32]);
        let (organization, other) = (OrganizationId("a".into()), OrganizationId("b".into()));
        let place = CommandPlace {
            organization: &organization,
            user: UserId(Uuid::from_u128(2)),
            idempotency_key: Uuid::from_u128(3),
            field: field::SUBJECT,
            revision: 1_767_225_600_000,
        };
        let sealed = seal_command(&key, &place, "Budget", &Chance::seeded(1)).expect("sealed");
        assert_eq!(open_command(&key, &place, &sealed).as_deref(), Ok("Budget"));
        for elsewhere in [
            CommandPlace { organization: &other, ..place },
            CommandPlace { user: UserId(Uuid::from_u128(9)), ..place },
            CommandPlace { idempotency_key: Uuid::from_u128(9), ..place },
            CommandPlace { field: field::LOCATION, ..place },
            CommandPlace { revision: 1, ..place },
        ] {
            assert_eq!(open_command(&key, &elsewhere, &sealed), Err(OpenFailure::OtherPlace));
        }
        assert_eq!(open_answer(&key, &place, &sealed), Err(OpenFailure::OtherPlace));
        let answer = seal_answer(&key, &place, "Free", &Chance::seeded(1)).expect("sealed");
        assert_eq!(open_answer(&key, &place, &answer).as_deref(), Ok("Free"));
        assert_eq!(open_command(&key, &place, &answer), Err(OpenFailure::OtherPlace));
    }
}
