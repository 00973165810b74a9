//! What lies in the mailboxes: folders, items, and a log of every change for those who follow.

use std::{collections::BTreeMap, time::Duration};

use ews::{
    FolderId, ItemError, ItemId, ResponseCode, ids::DistinguishedFolderName,
    items::MeetingRequestType, out_of_office::OofSettings,
};
use jiff::Timestamp;
use world::{chance::Chance, clock::Clock};

use crate::{
    backends::{BackEnds, Why},
    calendar::Entry,
    directory::{Config, Kind, Person},
    failure::{Outcome, refuse},
    faults::Notices,
    folders::GoneFolder,
    ids::{Key, KeyKind, change_key, checksum},
    mails::{Mail, MailKind},
    oddities::Oddity,
    policies::{MailTipsPolicy, RoomList},
    queues::Queues,
    streaming::StreamManner,
    subscriptions::{Happening, Subscriptions},
    wording::Manner,
};

/// Items of one mailbox; further ones are refused with `ErrorQuotaExceeded`.
const ITEMS_MAX: usize = 20_000;
/// Mails remembered for tests.
const MAILS_MAX: usize = 100_000;

/// Everything in the simulated organization, behind one lock.
pub(crate) struct Store {
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    mailboxes: BTreeMap<String, Mailbox>,
    /// Numbers items, folders and changes: each is used once.
    last: u64,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) queues: Queues,
    pub(crate) mail_tips: MailTipsPolicy,
    pub(crate) room_lists: Vec<RoomList>,
    mails: BTreeMap<String, Vec<Mail>>,
    mails_kept: usize,
    /// Sync states of another generation are invalid.
    pub(crate) sync_generation: u64,
    pub(crate) back_ends: BackEnds,
    pub(crate) manner: Manner,
    pub(crate) stream_manner: StreamManner,
    pub(crate) notices: Option<(Chance, Notices)>,
}

pub(crate) struct Mailbox {
    pub(crate) person: Person,
    pub(crate) kind: Kind,
    pub(crate) id: [u8; 16],
    /// Of times before a move: what they name is not found any more.
    pub(crate) former_ids: Vec<[u8; 16]>,
    /// Sync states of another generation are invalid.
    pub(crate) sync_generation: u64,
    pub(crate) folders: BTreeMap<u64, Folder>,
    pub(crate) items: BTreeMap<u64, Stored>,
    pub(crate) log: BTreeMap<u64, Logged>,
    pub(crate) gone_folders: Vec<GoneFolder>,
    /// What happens to the text of invitations on their way into this mailbox.
    pub(crate) delivery: Delivery,
    /// Automatic replies, once somebody set them.
    pub(crate) absence: Option<OofSettings>,
}

#[derive(Clone)]
pub(crate) struct Folder {
    pub(crate) parent: u64,
    pub(crate) role: Option<DistinguishedFolderName>,
    pub(crate) name: String,
    pub(crate) class: String,
    /// The latest change of the folder or of anything in it.
    pub(crate) change: u64,
    pub(crate) created: u64,
    /// The latest change of the folder itself.
    pub(crate) changed: u64,
}

#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) folder: u64,
    pub(crate) change: u64,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) entry: Entry,
    pub(crate) message: Option<MessageParts>,
    pub(crate) oddities: Vec<Oddity>,
}

/// What becomes of the text of an invitation on its way into a mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    #[default]
    Whole,
    /// `Set-CalendarProcessing -DeleteComments $true`, as rooms have it.
    WithoutBody,
    /// A gateway puts an address of its own before every link, from which nobody can tell what
    /// was there.
    LinksRewritten,
}

/// What becomes of the ids of a mailbox that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    Kept,
    New,
}

/// What makes an item a message; its `entry` is then what the message is about.
#[derive(Clone)]
pub(crate) struct MessageParts {
    pub(crate) kind: MailKind,
    pub(crate) from: ews::Mailbox,
    pub(crate) to: ews::Mailbox,
    pub(crate) request_type: Option<MeetingRequestType>,
    pub(crate) associated: Option<u64>,
}

/// The history of one item, as far as SyncFolderItems tells it.
pub(crate) struct Logged {
    pub(crate) folder: u64,
    pub(crate) created: u64,
    pub(crate) changed: u64,
    pub(crate) is_gone: bool,
}

/// An item of a mailbox, or one occurrence of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) mailbox: String,
    pub(crate) number: u64,
    pub(crate) instance: Option<i32>,
}

/// Numbers of the folders that every mailbox has.
pub(crate) const ROOT: u64 = 1;
pub(crate) const MSG_FOLDER_ROOT: u64 = 2;
pub(crate) const CALENDAR: u64 = 3;
pub(crate) const INBOX: u64 = 4;
pub(crate) const SENT_ITEMS: u64 = 5;
pub(crate) const DELETED_ITEMS: u64 = 6;

const FOLDERS: [(u64, u64, DistinguishedFolderName, &str, &str); 11] = [
    (ROOT, 0, DistinguishedFolderName::Root, "Root", ""),
    (
        MSG_FOLDER_ROOT,
        ROOT,
        DistinguishedFolderName::MsgFolderRoot,
        "Top of Information Store",
        "IPF.Note",
    ),
    (CALENDAR, MSG_FOLDER_ROOT, DistinguishedFolderName::Calendar, "Calendar", "IPF.Appointment"),
    (INBOX, MSG_FOLDER_ROOT, DistinguishedFolderName::Inbox, "Inbox", "IPF.Note"),
    (SENT_ITEMS, MSG_FOLDER_ROOT, DistinguishedFolderName::SentItems, "Sent Items", "IPF.Note"),
    (
        DELETED_ITEMS,
        MSG_FOLDER_ROOT,
        DistinguishedFolderName::DeletedItems,
        "Deleted Items",
        "IPF.Note",
    ),
    (7, MSG_FOLDER_ROOT, DistinguishedFolderName::Drafts, "Drafts", "IPF.Note"),
    (8, MSG_FOLDER_ROOT, DistinguishedFolderName::Outbox, "Outbox", "IPF.Note"),
    (9, MSG_FOLDER_ROOT, DistinguishedFolderName::Contacts, "Contacts", "IPF.Contact"),
    (10, MSG_FOLDER_ROOT, DistinguishedFolderName::Tasks, "Tasks", "IPF.Task"),
    (11, MSG_FOLDER_ROOT, DistinguishedFolderName::JunkEmail, "Junk Email", "IPF.Note"),
];
/// Numbers below are kept for the folders that every mailbox has.
const FIRST_NUMBER: u64 = 100;

impl Store {
    pub(crate) fn new(config: &Config, clock: Clock, chance: Chance) -> Self {
        let mailboxes = config
            .everybody()
            .map(|(person, kind)| (key(&person.address), Mailbox::new(person, kind)))
            .collect();
        Self {
            clock,
            chance,
            mailboxes,
            last: FIRST_NUMBER,
            subscriptions: Subscriptions::default(),
            queues: Queues::default(),
            mail_tips: config.mail_tips.clone(),
            room_lists: config.room_lists.clone(),
            mails: BTreeMap::new(),
            mails_kept: 0,
            sync_generation: 1,
            back_ends: BackEnds::new(config.back_ends),
            manner: Manner::default(),
            stream_manner: StreamManner::default(),
            notices: None,
        }
    }

    /// To another back end: subscriptions and sync states are void there, and ids, unless they
    /// are kept.
    pub(crate) fn relocate(
        &mut self,
        address: &str,
        to: usize,
        why: Why,
        lasts: Duration,
        ids: Ids,
    ) -> Outcome<()> {
        let (address, now) = (key(address), self.clock.now());
        let id = *self.chance.uuid().as_bytes();
        let mailbox = self.mailbox_mut(&address)?;
        match why {
            Why::Move => mailbox.sync_generation += 1,
            Why::FailOver => {}
        }
        match ids {
            Ids::Kept => {}
            Ids::New => {
                let former = std::mem::replace(&mut mailbox.id, id);
                mailbox.former_ids.push(former);
            }
        }
        self.back_ends.relocate(&address, to, why, now, lasts);
        self.subscriptions.lose(|subscription| subscription.mailbox == address);
        Ok(())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub(crate) fn latest_change(&self) -> u64 {
        self.last
    }

    pub(crate) fn has_mailbox(&self, address: &str) -> bool {
        self.mailboxes.contains_key(&key(address))
    }

    pub(crate) fn mailboxes(&self) -> impl Iterator<Item = &Mailbox> {
        self.mailboxes.values()
    }

    pub(crate) fn mailbox(&self, address: &str) -> Outcome<&Mailbox> {
        let found = self.mailboxes.get(&key(address));
        found.ok_or_else(|| ItemError::new(ResponseCode::ErrorNonExistentMailbox, NO_MAILBOX))
    }

    pub(crate) fn mailbox_mut(&mut self, address: &str) -> Outcome<&mut Mailbox> {
        let found = self.mailboxes.get_mut(&key(address));
        found.ok_or_else(|| ItemError::new(ResponseCode::ErrorNonExistentMailbox, NO_MAILBOX))
    }

    pub(crate) fn item(&self, mailbox: &str, number: u64) -> Outcome<&Stored> {
        self.mailbox(mailbox)?
            .items
            .get(&number)
            .ok_or_else(|| refuse(ResponseCode::ErrorItemNotFound))
    }

    /// A new item; its number.
    pub(crate) fn add(
        &mut self,
        mailbox: &str,
        folder: u64,
        entry: Entry,
        message: Option<MessageParts>,
    ) -> Outcome<u64> {
        let (number, change, now) = (self.next(), self.next(), self.clock.now());
        let owner = self.mailbox_mut(mailbox)?;
        if owner.items.len() >= ITEMS_MAX {
            return Err(refuse(ResponseCode::ErrorQuotaExceeded));
        }
        let stored = Stored {
            folder,
            change,
            created: now,
            modified: now,
            entry,
            message,
            oddities: Vec::new(),
        };
        owner.items.insert(number, stored);
        let logged = Logged { folder, created: change, changed: change, is_gone: false };
        owner.log.insert(number, logged);
        owner.touch(folder, change);
        self.tell(mailbox, folder, &Happening::Created(number));
        self.tell(mailbox, folder, &Happening::Modified(number)); // so does Exchange
        Ok(number)
    }

    /// A new content of an item.
    pub(crate) fn replace(&mut self, mailbox: &str, number: u64, entry: Entry) -> Outcome<()> {
        let (change, now) = (self.next(), self.clock.now());
        let owner = self.mailbox_mut(mailbox)?;
        let Some(stored) = owner.items.get_mut(&number) else {
            return Err(refuse(ResponseCode::ErrorItemNotFound));
        };
        stored.entry = entry;
        stored.change = change;
        stored.modified = now;
        let folder = stored.folder;
        if let Some(logged) = owner.log.get_mut(&number) {
            logged.changed = change;
        }
        owner.touch(folder, change);
        self.tell(mailbox, folder, &Happening::Modified(number));
        Ok(())
    }

    /// An item becomes odd, which is a change like any other.
    pub(crate) fn make_odd(&mut self, target: &Target, oddity: Oddity) -> Outcome<()> {
        let entry = self.item(&target.mailbox, target.number)?.entry.clone();
        if let Some(stored) = self.mailbox_mut(&target.mailbox)?.items.get_mut(&target.number) {
            stored.oddities.push(oddity);
        }
        self.replace(&target.mailbox, target.number, entry)
    }

    pub(crate) fn remove(&mut self, mailbox: &str, number: u64) -> Outcome<Stored> {
        let stored = self.take(mailbox, number)?;
        self.tell(mailbox, stored.folder, &Happening::Deleted(number));
        Ok(stored)
    }

    /// Into another folder, with a new id, as in Exchange; the new number.
    pub(crate) fn move_to(&mut self, mailbox: &str, number: u64, folder: u64) -> Outcome<u64> {
        let mut stored = self.take(mailbox, number)?;
        let (new, change) = (self.next(), self.next());
        let from = std::mem::replace(&mut stored.folder, folder);
        stored.change = change;
        let owner = self.mailbox_mut(mailbox)?;
        owner.items.insert(new, stored);
        let logged = Logged { folder, created: change, changed: change, is_gone: false };
        owner.log.insert(new, logged);
        owner.touch(folder, change);
        self.tell(mailbox, from, &Happening::Moved { old: number, new, from, to: folder });
        Ok(new)
    }

    /// A second one in another folder; its number.
    pub(crate) fn copy_to(&mut self, mailbox: &str, number: u64, folder: u64) -> Outcome<u64> {
        let mut stored = self.item(mailbox, number)?.clone();
        let (new, change, now) = (self.next(), self.next(), self.clock.now());
        let from = std::mem::replace(&mut stored.folder, folder);
        (stored.change, stored.created, stored.modified) = (change, now, now);
        let owner = self.mailbox_mut(mailbox)?;
        if owner.items.len() >= ITEMS_MAX {
            return Err(refuse(ResponseCode::ErrorQuotaExceeded));
        }
        owner.items.insert(new, stored);
        let logged = Logged { folder, created: change, changed: change, is_gone: false };
        owner.log.insert(new, logged);
        owner.touch(folder, change);
        self.tell(mailbox, from, &Happening::Copied { old: number, new, from, to: folder });
        Ok(new)
    }

    fn take(&mut self, mailbox: &str, number: u64) -> Outcome<Stored> {
        let change = self.next();
        let owner = self.mailbox_mut(mailbox)?;
        let Some(stored) = owner.items.remove(&number) else {
            return Err(refuse(ResponseCode::ErrorItemNotFound));
        };
        if let Some(logged) = owner.log.get_mut(&number) {
            logged.changed = change;
            logged.is_gone = true;
        }
        owner.touch(stored.folder, change);
        Ok(stored)
    }

    fn tell(&mut self, mailbox: &str, folder: u64, happening: &Happening) {
        let now = self.clock.now();
        let Some(owner) = self.mailboxes.get(&key(mailbox)) else { return };
        self.subscriptions.tell(owner, folder, happening, now);
        self.queues.tell(owner, folder, happening, now);
    }

    pub(crate) fn mail(&mut self, address: &str, mail: Mail) {
        if self.mails_kept < MAILS_MAX {
            self.mails_kept += 1;
            self.mails.entry(key(address)).or_default().push(mail);
        }
    }

    pub(crate) fn has_mail_about(&self, address: &str, uid: &str) -> bool {
        let mails = self.mails.get(&key(address));
        mails.is_some_and(|mails| mails.iter().any(|mail| mail.uid == uid))
    }

    pub(crate) fn mails(&self, address: &str) -> Vec<Mail> {
        self.mails.get(&key(address)).cloned().unwrap_or_default()
    }
}

impl Mailbox {
    fn new(person: &Person, kind: Kind) -> Self {
        let folders = FOLDERS
            .into_iter()
            .map(|(number, parent, role, name, class)| {
                let folder = Folder {
                    parent,
                    role: Some(role),
                    name: name.to_owned(),
                    class: class.to_owned(),
                    change: number,
                    created: number,
                    changed: number,
                };
                (number, folder)
            })
            .collect();
        let low = checksum(key(&person.address).as_bytes());
        let high = checksum(&low.to_be_bytes());
        let id = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
        Self {
            person: person.clone(),
            kind,
            id,
            former_ids: Vec::new(),
            sync_generation: 0,
            folders,
            items: BTreeMap::new(),
            log: BTreeMap::new(),
            gone_folders: Vec::new(),
            delivery: Delivery::default(),
            absence: None,
        }
    }

    fn touch(&mut self, folder: u64, change: u64) {
        if let Some(folder) = self.folders.get_mut(&folder) {
            folder.change = change;
        }
    }

    pub(crate) fn as_wire(&self) -> ews::Mailbox {
        ews::Mailbox {
            routing_type: Some("SMTP".to_owned()),
            mailbox_type: Some(ews::ids::MailboxType::Mailbox),
            ..ews::Mailbox::named(&self.person.name, &self.person.address)
        }
    }

    pub(crate) fn item_id(&self, number: u64, change: u64) -> ItemId {
        ItemId::new(
            Key { mailbox: self.id, kind: KeyKind::Item(number) }.encode(),
            change_key(change),
        )
    }

    pub(crate) fn occurrence_id(&self, number: u64, instance: i32, change: u64) -> ItemId {
        let kind = KeyKind::Occurrence(number, instance);
        ItemId::new(Key { mailbox: self.id, kind }.encode(), change_key(change))
    }

    pub(crate) fn folder_id(&self, number: u64) -> FolderId {
        let change = self.folders.get(&number).map_or(0, |folder| folder.change);
        FolderId::new(
            Key { mailbox: self.id, kind: KeyKind::Folder(number) }.encode(),
            change_key(change),
        )
    }

    pub(crate) fn folder_by_role(&self, role: &DistinguishedFolderName) -> Option<u64> {
        let found = self.folders.iter().find(|(_, folder)| folder.role.as_ref() == Some(role));
        found.map(|(number, _)| *number)
    }

    /// The copy of a meeting in the calendar.
    pub(crate) fn copy_of(&self, global_id: &crate::ids::GlobalId) -> Option<u64> {
        let is_copy = |stored: &Stored| {
            stored.folder == CALENDAR
                && stored.message.is_none()
                && stored.entry.global_id == *global_id
        };
        self.items.iter().find(|(_, stored)| is_copy(stored)).map(|(number, _)| *number)
    }
}

/// Addresses are compared without regard to case.
pub(crate) fn key(address: &str) -> String {
    address.to_ascii_lowercase()
}

const NO_MAILBOX: &str = "No mailbox with such an address exists.";
