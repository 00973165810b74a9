//! Folders that people make, rename and delete; those that every mailbox has stay as they are.

use ews::ResponseCode;

use crate::{
    failure::{Outcome, refuse},
    mailbox::{DELETED_ITEMS, Folder, Mailbox, Store},
    meetings::Fate,
};

/// Folders of one mailbox; further ones are refused with `ErrorQuotaExceeded`.
const FOLDERS_MAX: usize = 1_000;

/// A folder that was, for those who had heard of it.
pub(crate) struct GoneFolder {
    pub(crate) number: u64,
    pub(crate) created: u64,
    pub(crate) gone: u64,
}

impl Store {
    pub(crate) fn create_folder(
        &mut self,
        mailbox: &str,
        parent: u64,
        name: &str,
        class: String,
    ) -> Outcome<u64> {
        let (number, change) = (self.next(), self.next());
        let owner = self.mailbox_mut(mailbox)?;
        owner.check_name(parent, name, None)?;
        if owner.folders.len() >= FOLDERS_MAX {
            return Err(refuse(ResponseCode::ErrorQuotaExceeded));
        }
        let name = name.to_owned();
        let folder =
            Folder { parent, role: None, name, class, change, created: change, changed: change };
        owner.folders.insert(number, folder);
        Ok(number)
    }

    pub(crate) fn rename_folder(&mut self, mailbox: &str, number: u64, name: &str) -> Outcome<()> {
        let change = self.next();
        let owner = self.mailbox_mut(mailbox)?;
        let parent = owner.own_folder(number)?.parent;
        owner.check_name(parent, name, Some(number))?;
        let folder = owner.own_folder(number)?;
        name.clone_into(&mut folder.name);
        (folder.change, folder.changed) = (change, change);
        Ok(())
    }

    /// Into Deleted Items as it is, or gone with everything in it.
    pub(crate) fn delete_folder(&mut self, mailbox: &str, number: u64, fate: Fate) -> Outcome<()> {
        let change = self.next();
        let owner = self.mailbox_mut(mailbox)?;
        let folder = owner.own_folder(number)?;
        if fate == Fate::Trash && folder.parent != DELETED_ITEMS {
            folder.parent = DELETED_ITEMS;
            (folder.change, folder.changed) = (change, change);
            return Ok(());
        }
        let doomed: Vec<u64> =
            owner.folders.keys().copied().filter(|at| owner.is_within(*at, number)).collect();
        let inside = |folder: u64| doomed.contains(&folder);
        let items = owner.items.iter().filter(|(_, stored)| inside(stored.folder));
        let items: Vec<u64> = items.map(|(number, _)| *number).collect();
        for item in items {
            self.remove(mailbox, item)?;
        }
        let owner = self.mailbox_mut(mailbox)?;
        for number in doomed {
            if let Some(folder) = owner.folders.remove(&number) {
                let created = folder.created;
                owner.gone_folders.push(GoneFolder { number, created, gone: change });
            }
        }
        Ok(())
    }
}

impl Mailbox {
    /// Whether a folder is this one or lies below it.
    pub(crate) fn is_within(&self, folder: u64, top: u64) -> bool {
        let mut at = folder;
        while at != top {
            match self.folders.get(&at) {
                Some(folder) => at = folder.parent,
                None => return false,
            }
        }
        true
    }

    fn own_folder(&mut self, number: u64) -> Outcome<&mut Folder> {
        match self.folders.get_mut(&number) {
            None => Err(refuse(ResponseCode::ErrorFolderNotFound)),
            Some(folder) if folder.role.is_some() => {
                Err(refuse(ResponseCode::ErrorDeleteDistinguishedFolder))
            }
            Some(folder) => Ok(folder),
        }
    }

    fn check_name(&self, parent: u64, name: &str, except: Option<u64>) -> Outcome<()> {
        if name.trim().is_empty() {
            return Err(refuse(ResponseCode::ErrorInvalidRequest));
        }
        let is_taken = self.folders.iter().any(|(number, folder)| {
            folder.parent == parent
                && folder.name.eq_ignore_ascii_case(name)
                && Some(*number) != except
        });
        if is_taken { Err(refuse(ResponseCode::ErrorFolderExists)) } else { Ok(()) }
    }
}
