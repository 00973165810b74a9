//! GetUserConfiguration: settings that programs keep in hidden items of a folder.

use super::{Operation, Response};
use crate::{FolderRef, ItemId, xml::element};

element! {
    pub struct GetUserConfiguration {
        "m:UserConfigurationName" user_configuration_name: UserConfigurationName,
        /// Words such as `Dictionary`, with blanks between.
        "m:UserConfigurationProperties" user_configuration_properties: String,
    }

    pub struct UserConfigurationName {
        "@Name" name: String,
        "*" folder: FolderRef,
    }

    #[derive(Default)]
    pub struct GetUserConfigurationReply {
        "m:UserConfiguration" user_configuration: Option<UserConfiguration>,
    }

    pub struct UserConfiguration {
        "t:UserConfigurationName" user_configuration_name: UserConfigurationName,
        "t:ItemId" item_id: Option<ItemId>,
        /// In base64, as is the next.
        "t:XmlData" xml_data: Option<String> = hidden,
        "t:BinaryData" binary_data: Option<String> = hidden,
    }
}

pub type GetUserConfigurationResponse = Response<GetUserConfigurationReply>;

impl Operation for GetUserConfiguration {
    const NAME: &'static str = "GetUserConfiguration";
    type Reply = GetUserConfigurationReply;
}
