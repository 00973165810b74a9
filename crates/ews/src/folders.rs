//! Folders, as far as a calendar's client looks at them.

use crate::{
    ids::FolderId,
    items::ExtendedProperty,
    xml::{element, one_of},
};

element! {
    #[derive(Default)]
    pub struct FolderInfo {
        "t:FolderId" folder_id: Option<FolderId>,
        "t:ParentFolderId" parent_folder_id: Option<FolderId>,
        "t:FolderClass" folder_class: Option<String>,
        "t:DisplayName" display_name: Option<String> = hidden,
        "t:TotalCount" total_count: Option<i32>,
        "t:ChildFolderCount" child_folder_count: Option<i32>,
        "t:ExtendedProperty" extended_properties: Vec<ExtendedProperty>,
        /// Calendars have none.
        "t:UnreadCount" unread_count: Option<i32>,
    }
}

one_of! {
    pub enum Folder {
        "t:Folder" Folder(FolderInfo),
        "t:CalendarFolder" Calendar(FolderInfo),
        "t:ContactsFolder" Contacts(FolderInfo),
        "t:SearchFolder" Search(FolderInfo),
        "t:TasksFolder" Tasks(FolderInfo),
        other "t:",
    }
}

impl Folder {
    pub fn info(&self) -> Option<&FolderInfo> {
        match self {
            Self::Folder(info)
            | Self::Calendar(info)
            | Self::Contacts(info)
            | Self::Search(info)
            | Self::Tasks(info) => Some(info),
            Self::Other(_) => None,
        }
    }
}
