//! Addresses of items, folders and people.

use crate::xml::{element, one_of, words};

element! {
    /// An item in one folder of one mailbox, and its version. Changes when the item moves.
    #[derive(Default, Hash)]
    pub struct ItemId {
        "@Id" id: String,
        "@ChangeKey" change_key: Option<String>,
    }

    /// An occurrence by its place in the series, from 1.
    pub struct OccurrenceItemId {
        "@RecurringMasterId" recurring_master_id: String,
        "@ChangeKey" change_key: Option<String>,
        "@InstanceIndex" instance_index: i32,
    }

    /// The master of an occurrence.
    pub struct RecurringMasterItemId {
        "@OccurrenceId" occurrence_id: String,
        "@ChangeKey" change_key: Option<String>,
    }

    #[derive(Default, Hash)]
    pub struct FolderId {
        "@Id" id: String,
        "@ChangeKey" change_key: Option<String>,
    }

    /// A folder by its role, of the caller's mailbox or of the one named.
    pub struct DistinguishedFolderId {
        "@Id" name: DistinguishedFolderName,
        "@ChangeKey" change_key: Option<String>,
        "t:Mailbox" mailbox: Option<Mailbox>,
    }

    /// A person, room or list, as people and directories name them.
    #[derive(Default)]
    pub struct Mailbox {
        "t:Name" name: Option<String> = hidden,
        "t:EmailAddress" email_address: Option<String> = hidden,
        "t:RoutingType" routing_type: Option<String>,
        "t:MailboxType" mailbox_type: Option<MailboxType>,
        "t:ItemId" item_id: Option<ItemId>,
    }
}

one_of! {
    /// What a request names an item by.
    pub enum ItemRef {
        "t:ItemId" Item(ItemId),
        "t:OccurrenceItemId" Occurrence(OccurrenceItemId),
        "t:RecurringMasterItemId" RecurringMaster(RecurringMasterItemId),
    }

    /// What a request names a folder by.
    pub enum FolderRef {
        "t:FolderId" Folder(FolderId),
        "t:DistinguishedFolderId" Distinguished(DistinguishedFolderId),
    }
}

words! {
    /// The folders every mailbox has; those a calendar's client meets.
    pub enum DistinguishedFolderName {
        Calendar = "calendar",
        Contacts = "contacts",
        DeletedItems = "deleteditems",
        Drafts = "drafts",
        Inbox = "inbox",
        JunkEmail = "junkemail",
        MsgFolderRoot = "msgfolderroot",
        Outbox = "outbox",
        Root = "root",
        SentItems = "sentitems",
        Tasks = "tasks",
    }

    pub enum MailboxType {
        Unknown, OneOff, Mailbox, PublicDL, PrivateDL, Contact, PublicFolder, GroupMailbox,
        ImplicitContact,
    }
}

impl ItemId {
    pub fn new(id: impl Into<String>, change_key: impl Into<String>) -> Self {
        Self { id: id.into(), change_key: Some(change_key.into()) }
    }
}

impl FolderId {
    pub fn new(id: impl Into<String>, change_key: impl Into<String>) -> Self {
        Self { id: id.into(), change_key: Some(change_key.into()) }
    }
}

impl From<ItemId> for ItemRef {
    fn from(id: ItemId) -> Self {
        Self::Item(id)
    }
}

impl From<FolderId> for FolderRef {
    fn from(id: FolderId) -> Self {
        Self::Folder(id)
    }
}

impl From<DistinguishedFolderName> for FolderRef {
    fn from(name: DistinguishedFolderName) -> Self {
        Self::Distinguished(DistinguishedFolderId { name, change_key: None, mailbox: None })
    }
}

impl Mailbox {
    pub fn smtp(email_address: impl Into<String>) -> Self {
        Self { email_address: Some(email_address.into()), ..Self::default() }
    }

    pub fn named(name: impl Into<String>, email_address: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::smtp(email_address) }
    }
}
