//! GetUserOofSettings and SetUserOofSettings: of the caller's own mailbox only.

use ews::{
    ResponseCode,
    operations::{GetUserOofSettings, GetUserOofSettingsReply, Nothing, SetUserOofSettings},
    out_of_office::{EmailAddress, ExternalAudience},
};
use jiff::tz::TimeZone;

use super::own;
use crate::{
    absence,
    auth::Caller,
    failure::{Outcome, refuse},
    mailbox::{Store, key},
};

pub(super) fn get(
    store: &Store,
    caller: &Caller,
    request: &GetUserOofSettings,
) -> Outcome<GetUserOofSettingsReply> {
    check(store, caller, &request.mailbox)?;
    let kept = own(store, caller)?.absence.as_ref();
    Ok(GetUserOofSettingsReply {
        oof_settings: Some(absence::shown(kept, store.clock.now())),
        allow_external_oof: Some(ExternalAudience::All),
    })
}

pub(super) fn set(
    store: &mut Store,
    caller: &Caller,
    request: &SetUserOofSettings,
) -> Outcome<Nothing> {
    check(store, caller, &request.mailbox)?;
    let zone = caller.zone.clone().unwrap_or(TimeZone::UTC);
    let settings = absence::accept(&request.user_oof_settings, &zone)?;
    let address = own(store, caller)?.person.address.clone();
    store.mailbox_mut(&address)?.absence = Some(settings);
    Ok(Nothing::default())
}

fn check(store: &Store, caller: &Caller, wanted: &EmailAddress) -> Outcome<()> {
    let wanted = store.mailbox(&wanted.address)?;
    if caller.mailbox.as_deref() == Some(key(&wanted.person.address).as_str()) {
        Ok(())
    } else {
        Err(refuse(ResponseCode::ErrorAccessDenied))
    }
}
