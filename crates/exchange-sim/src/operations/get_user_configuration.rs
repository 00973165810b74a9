//! GetUserConfiguration: nobody keeps settings here, so none are found.

use ews::{
    ResponseCode,
    operations::{GetUserConfiguration, GetUserConfigurationReply},
};

use super::folder;
use crate::{
    auth::Caller,
    failure::{Outcome, refuse},
    mailbox::Store,
};

pub(super) fn answer(
    store: &Store,
    caller: &Caller,
    request: &GetUserConfiguration,
) -> Outcome<GetUserConfigurationReply> {
    folder(store, caller, &request.user_configuration_name.folder)?;
    Err(refuse(ResponseCode::ErrorItemNotFound))
}
