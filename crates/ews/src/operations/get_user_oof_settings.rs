//! GetUserOofSettings and SetUserOofSettings: the automatic replies of one mailbox.

use super::{Form, Nothing, Operation, Response};
use crate::{
    out_of_office::{EmailAddress, ExternalAudience, OofSettings},
    xml::element,
};

element! {
    pub struct GetUserOofSettings {
        "t:Mailbox" mailbox: EmailAddress,
    }

    #[derive(Default)]
    pub struct GetUserOofSettingsReply {
        "t:OofSettings" oof_settings: Option<OofSettings>,
        /// Whom the administrator lets people answer.
        "m:AllowExternalOof" allow_external_oof: Option<ExternalAudience>,
    }

    pub struct SetUserOofSettings {
        "t:Mailbox" mailbox: EmailAddress,
        "t:UserOofSettings" user_oof_settings: OofSettings,
    }
}

pub type GetUserOofSettingsResponse = Response<GetUserOofSettingsReply>;
pub type SetUserOofSettingsResponse = Response<Nothing>;

impl Operation for GetUserOofSettings {
    const NAME: &'static str = "GetUserOofSettings";
    const FORM: Form = Form::Beside;
    type Reply = GetUserOofSettingsReply;
}

impl Operation for SetUserOofSettings {
    const NAME: &'static str = "SetUserOofSettings";
    const FORM: Form = Form::Beside;
    type Reply = Nothing;
}

impl GetUserOofSettings {
    pub fn of(address: impl Into<String>) -> Self {
        Self { mailbox: EmailAddress::of(address) }
    }
}
