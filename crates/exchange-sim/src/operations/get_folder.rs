//! GetFolder: what a folder is called, and how much lies in it.

use ews::{
    ExtendedFieldUri, FieldUri, FolderRef,
    fields::PropertyType,
    folders::{Folder, FolderInfo},
    items::ExtendedProperty,
    operations::{Folders, GetFolder},
    shapes::FolderShape,
};

use super::{folder, own};
use crate::{
    auth::Caller,
    failure::Outcome,
    mailbox::{Mailbox, Store},
};

pub(super) fn answer(
    store: &Store,
    caller: &Caller,
    request: &GetFolder,
    named: &FolderRef,
) -> Outcome<Folders> {
    let number = folder(store, caller, named)?;
    let described = describe(own(store, caller)?, number, &request.folder_shape);
    Ok(Folders { folders: vec![described] })
}

/// Everything about a folder, whatever the shape: nobody minds more than they asked for.
pub(super) fn describe(mailbox: &Mailbox, number: u64, shape: &FolderShape) -> Folder {
    let Some(folder) = mailbox.folders.get(&number) else {
        return Folder::Folder(FolderInfo::default());
    };
    let items = mailbox.items.values().filter(|stored| stored.folder == number).count();
    let children = mailbox.folders.values().filter(|child| child.parent == number).count();
    let has_unread = !matches!(folder.class.as_str(), "IPF.Appointment" | "IPF.Contact");
    let parent = if folder.parent == 0 { number } else { folder.parent };
    let info = FolderInfo {
        folder_id: Some(mailbox.folder_id(number)),
        parent_folder_id: Some(mailbox.folder_id(parent)),
        folder_class: (!folder.class.is_empty()).then(|| folder.class.clone()),
        display_name: Some(folder.name.clone()),
        total_count: i32::try_from(items).ok(),
        child_folder_count: i32::try_from(children).ok(),
        extended_properties: shape
            .additional_properties
            .iter()
            .filter_map(|field| extended(field, folder.change))
            .collect(),
        unread_count: has_unread.then_some(0),
    };
    match folder.class.as_str() {
        "IPF.Appointment" => Folder::Calendar(info),
        "IPF.Contact" => Folder::Contacts(info),
        "IPF.Task" => Folder::Tasks(info),
        _ => Folder::Folder(info),
    }
}

/// Clients tell by these whether anything changed: the last change, and how much was deleted.
fn extended(field: &FieldUri, change: u64) -> Option<ExtendedProperty> {
    let FieldUri::Extended(uri) = field else { return None };
    let last_change = ExtendedFieldUri::tagged(0x670a, PropertyType::SystemTime);
    let deleted = ExtendedFieldUri::tagged(0x670b, PropertyType::Integer);
    let value = if uri.is_same(&last_change) {
        // no time of day, but it moves with every change
        let seconds = i64::try_from(change).ok()?;
        ews::DateTime::from(jiff::Timestamp::from_second(1_700_000_000 + seconds).ok()?).to_string()
    } else if uri.is_same(&deleted) {
        change.to_string()
    } else {
        return None;
    };
    Some(ExtendedProperty::new(uri.clone(), value))
}
