//! ResolveNames: people and rooms by the beginning of a name or an address.

use ews::{
    ResponseCode,
    operations::{Resolution, ResolutionSet, ResolveNames, ResolveNamesReply},
};

use crate::{
    failure::{Outcome, refuse},
    mailbox::Store,
};

pub(super) fn answer(store: &Store, request: &ResolveNames) -> Outcome<ResolveNamesReply> {
    let wanted = request.unresolved_entry.trim().to_lowercase();
    let wanted = wanted.strip_prefix("smtp:").unwrap_or(&wanted);
    let resolutions: Vec<Resolution> = store
        .mailboxes()
        .filter(|mailbox| {
            let name = mailbox.person.name.to_lowercase();
            mailbox.person.address.to_lowercase().starts_with(wanted)
                || name.split(' ').any(|word| word.starts_with(wanted))
                || name.starts_with(wanted)
        })
        .take(RESOLUTIONS_MAX)
        .map(|mailbox| Resolution { mailbox: mailbox.as_wire() })
        .collect();
    if resolutions.is_empty() || wanted.is_empty() {
        return Err(refuse(ResponseCode::ErrorNameResolutionNoResults));
    }
    let set = ResolutionSet {
        total_items_in_view: i32::try_from(resolutions.len()).ok(),
        includes_last_item_in_range: Some(true),
        resolutions,
    };
    Ok(ResolveNamesReply { resolution_set: Some(set) })
}

const RESOLUTIONS_MAX: usize = 100;
