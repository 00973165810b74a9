//! ConvertId: our ids in base64 or in hexadecimal; the mailbox it names is the owner's real one.

use ews::{
    ResponseCode,
    operations::{AlternateId, ConvertId, ConvertIdReply, ConvertedId, IdFormat},
};

use crate::{
    failure::{Outcome, refuse},
    ids::Key,
    mailbox::Store,
};

pub(super) fn answer(
    store: &Store,
    request: &ConvertId,
    id: &AlternateId,
) -> Outcome<ConvertIdReply> {
    let malformed = || refuse(ResponseCode::ErrorInvalidIdMalformed);
    let key = match id.format {
        IdFormat::HexEntryId => Key::decode_hex(&id.id),
        _ => Key::decode(&id.id),
    };
    let key = key.ok_or_else(malformed)?;
    let owner = store.mailboxes().find(|mailbox| mailbox.id == key.mailbox);
    let converted = AlternateId {
        format: request.destination_format.clone(),
        id: match request.destination_format {
            IdFormat::HexEntryId => key.encode_hex(),
            _ => key.encode(),
        },
        mailbox: owner.ok_or_else(malformed)?.person.address.clone(),
        is_archive: None,
    };
    Ok(ConvertIdReply { alternate_id: Some(ConvertedId(converted)) })
}
