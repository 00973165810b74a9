//! CreateFolder, UpdateFolder and DeleteFolder: folders of people's own.

use ews::{
    FieldUri, FolderRef, ResponseCode,
    folders::{Folder, FolderInfo},
    operations::{
        CreateFolder, DeleteFolder, DeleteType, FolderChange, FolderFieldChange, Folders, Nothing,
    },
};

use super::{folder, own};
use crate::{
    auth::Caller,
    failure::{Outcome, refuse},
    mailbox::Store,
    meetings::Fate,
};

pub(super) fn create(
    store: &mut Store,
    caller: &Caller,
    request: &CreateFolder,
    wanted: &Folder,
) -> Outcome<Folders> {
    let parent = folder(store, caller, &request.parent_folder_id)?;
    let (info, class) = match wanted {
        Folder::Folder(info) => (info, "IPF.Note"),
        Folder::Calendar(info) => (info, "IPF.Appointment"),
        Folder::Contacts(info) => (info, "IPF.Contact"),
        Folder::Tasks(info) => (info, "IPF.Task"),
        Folder::Search(_) | Folder::Other(_) => {
            return Err(refuse(ResponseCode::ErrorInvalidRequest));
        }
    };
    let class = info.folder_class.as_deref().unwrap_or(class).to_owned();
    let mailbox = own(store, caller)?.person.address.clone();
    let name = info.display_name.as_deref().unwrap_or_default();
    let number = store.create_folder(&mailbox, parent, name, class)?;
    named(store, caller, number)
}

pub(super) fn update(
    store: &mut Store,
    caller: &Caller,
    change: &FolderChange,
) -> Outcome<Folders> {
    let number = folder(store, caller, &change.folder_id)?;
    let mailbox = own(store, caller)?.person.address.clone();
    for update in &change.updates {
        let (FolderFieldChange::Set(set), FieldUri::Field(field)) = (update, field_of(update))
        else {
            return Err(refuse(ResponseCode::ErrorInvalidPropertySet));
        };
        let name = set.folder.info().and_then(|info| info.display_name.as_deref());
        match (field.uri.as_ref(), name) {
            ("folder:DisplayName", Some(name)) => store.rename_folder(&mailbox, number, name)?,
            _ => return Err(refuse(ResponseCode::ErrorInvalidPropertySet)),
        }
    }
    named(store, caller, number)
}

pub(super) fn delete(
    store: &mut Store,
    caller: &Caller,
    request: &DeleteFolder,
    named: &FolderRef,
) -> Outcome<Nothing> {
    let number = folder(store, caller, named)?;
    let mailbox = own(store, caller)?.person.address.clone();
    let fate = match request.delete_type {
        DeleteType::MoveToDeletedItems => Fate::Trash,
        DeleteType::HardDelete | DeleteType::SoftDelete | DeleteType::Other(_) => Fate::Gone,
    };
    store.delete_folder(&mailbox, number, fate)?;
    Ok(Nothing::default())
}

fn field_of(change: &FolderFieldChange) -> &FieldUri {
    match change {
        FolderFieldChange::Append(change) | FolderFieldChange::Set(change) => &change.field,
        FolderFieldChange::Delete(change) => &change.field,
    }
}

fn named(store: &Store, caller: &Caller, number: u64) -> Outcome<Folders> {
    let mailbox = own(store, caller)?;
    let info = FolderInfo { folder_id: Some(mailbox.folder_id(number)), ..FolderInfo::default() };
    let class = mailbox.folders.get(&number).map_or("", |folder| folder.class.as_str());
    let folder = match class {
        "IPF.Appointment" => Folder::Calendar(info),
        "IPF.Contact" => Folder::Contacts(info),
        "IPF.Task" => Folder::Tasks(info),
        _ => Folder::Folder(info),
    };
    Ok(Folders { folders: vec![folder] })
}
