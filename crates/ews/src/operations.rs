//! Every operation, both directions; a file each.

mod convert_id;
mod create_folder;
mod create_item;
mod delete_folder;
mod delete_item;
mod find_folder;
mod find_item;
mod form;
mod get_events;
mod get_folder;
mod get_item;
mod get_mail_tips;
mod get_room_lists;
mod get_server_time_zones;
mod get_service_configuration;
mod get_streaming_events;
mod get_user_availability;
mod get_user_configuration;
mod get_user_oof_settings;
mod move_item;
mod resolve_names;
mod send_notification;
mod subscribe;
mod sync_folder_hierarchy;
mod sync_folder_items;
mod unsubscribe;
mod update_folder;
mod update_item;

use crate::{
    Fault, ReadFailure, Refusal, RequestHeader, ResponseMessage, ServerVersionInfo,
    soap::{Envelope, Prefix, envelope},
    xml::{Content, Node, Notes, XmlError, XmlErrorKind, element},
};

pub use self::{
    convert_id::{
        AlternateId, ConvertId, ConvertIdReply, ConvertIdResponse, ConvertedId, IdFormat,
    },
    create_folder::{CreateFolder, CreateFolderResponse},
    create_item::{CreateItem, CreateItemResponse, MessageDisposition, SendMeetingInvitations},
    delete_folder::{DeleteFolder, DeleteFolderResponse},
    delete_item::{DeleteItem, DeleteItemResponse, DeleteType},
    find_folder::{FindFolder, FindFolderReply, FindFolderResponse, FolderTraversal, FoundFolders},
    find_item::{
        BasePoint, CalendarView, FindItem, FindItemReply, FindItemResponse, FoundItems,
        IndexedPageView, ItemTraversal, View,
    },
    form::Form,
    get_events::{GetEvents, GetEventsReply, GetEventsResponse},
    get_folder::{Folders, GetFolder, GetFolderResponse},
    get_item::{GetItem, GetItemResponse, Items},
    get_mail_tips::{
        GetMailTips, GetMailTipsReply, GetMailTipsResponse, MailTipType, MailTipTypes, MailTips,
        OutOfOfficeMailTip,
    },
    get_room_lists::{
        GetRoomLists, GetRoomListsReply, GetRoomListsResponse, GetRooms, GetRoomsReply,
        GetRoomsResponse, Room,
    },
    get_server_time_zones::{
        GetServerTimeZones, GetServerTimeZonesReply, GetServerTimeZonesResponse,
    },
    get_service_configuration::{
        GetServiceConfiguration, GetServiceConfigurationReply, GetServiceConfigurationResponse,
        MailTipsConfiguration, ServiceConfigurationName, SmtpDomain,
    },
    get_streaming_events::{
        ConnectionStatus, Event, EventObject, GetStreamingEvents, GetStreamingEventsReply,
        GetStreamingEventsResponse, Notification, ObjectEvent, StatusEvent,
    },
    get_user_availability::{
        FreeBusyReply, GetUserAvailability, GetUserAvailabilityReply, GetUserAvailabilityResponse,
        SuggestionsReply,
    },
    get_user_configuration::{
        GetUserConfiguration, GetUserConfigurationReply, GetUserConfigurationResponse,
        UserConfiguration, UserConfigurationName,
    },
    get_user_oof_settings::{
        GetUserOofSettings, GetUserOofSettingsReply, GetUserOofSettingsResponse,
        SetUserOofSettings, SetUserOofSettingsResponse,
    },
    move_item::{CopyItem, CopyItemResponse, MoveItem, MoveItemResponse},
    resolve_names::{
        Resolution, ResolutionSet, ResolveNames, ResolveNamesReply, ResolveNamesResponse,
    },
    send_notification::{SendNotification, SendNotificationResult, SubscriptionStatus},
    subscribe::{
        EventType, PullSubscription, PushSubscription, StreamingSubscription, Subscribe,
        SubscribeReply, SubscribeResponse, SubscriptionRequest,
    },
    sync_folder_hierarchy::{
        DeletedFolder, FolderSyncChange, SyncFolderHierarchy, SyncFolderHierarchyReply,
        SyncFolderHierarchyResponse, SyncedFolder,
    },
    sync_folder_items::{
        Change, DeletedItem, ReadFlagChange, SyncFolderItems, SyncFolderItemsReply,
        SyncFolderItemsResponse, SyncScope, SyncedItem,
    },
    unsubscribe::{Unsubscribe, UnsubscribeResponse},
    update_folder::{
        DeleteFolderField, FolderChange, FolderFieldChange, SetFolderField, UpdateFolder,
        UpdateFolderResponse,
    },
    update_item::{
        ConflictResolution, DeleteItemField, FieldChange, ItemChange,
        SendMeetingInvitationsOrCancellations, SetItemField, UpdateItem, UpdateItemReply,
        UpdateItemResponse,
    },
};

/// A request, tied to what its answer carries.
pub trait Operation: Content {
    /// Microsoft's name, which the names of its elements begin with.
    const NAME: &'static str;
    /// How its messages are framed.
    const FORM: Form = Form::Messages;
    /// What the answer says about one object.
    type Reply: Content + Default;

    /// The request as a document to send.
    fn write_request(&self, header: &RequestHeader) -> String {
        envelope(Prefix::Soap, Some(header), |writer| {
            writer.open(&format!("m:{}", Self::FORM.request(Self::NAME)));
            Content::write(self, writer);
            writer.close();
        })
    }

    /// Reads the answer to this operation.
    fn read_answer(bytes: &[u8]) -> Result<Response<Self::Reply>, ReadFailure> {
        let document = Envelope::read(bytes)?;
        if document.is_fault() {
            return Err(ReadFailure::Fault(Box::new(read_fault(&document)?)));
        }
        if document.content.name.strip_suffix("Response") != Some(Self::NAME) {
            let content = &document.content;
            return Err(
                XmlError::new(XmlErrorKind::Unexpected, &content.name, content.offset).into()
            );
        }
        Ok(Response::read(&document, Self::FORM)?)
    }
}

/// The answer to any operation: one message per object, in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response<T> {
    /// From the answer's header; a writer is told apart from this.
    pub server_version: Option<ServerVersionInfo>,
    pub messages: Vec<ResponseMessage<T>>,
}

impl<T> Response<T> {
    pub fn new(messages: Vec<ResponseMessage<T>>) -> Self {
        Self { server_version: None, messages }
    }

    /// The answer to a request that has just one object, or the one that could not be split.
    pub fn of(message: impl Into<ResponseMessage<T>>) -> Self {
        Self::new(vec![message.into()])
    }

    pub fn into_results(self) -> Vec<Result<T, crate::ItemError>> {
        self.messages.into_iter().map(ResponseMessage::into_result).collect()
    }

    /// The one result of a request that has just one object.
    pub fn into_only(self) -> Option<Result<T, crate::ItemError>> {
        self.messages.into_iter().next().map(ResponseMessage::into_result)
    }
}

fn read_fault(document: &Envelope<'_>) -> Result<Fault, XmlError> {
    Fault::read(&document.content, &mut Notes::default()).map_err(|error| error.inside("Fault"))
}

/// Clients of streams search the text for `<Envelope`.
fn prefix_of(operation: &str) -> Prefix {
    if operation == GetStreamingEvents::NAME { Prefix::None } else { Prefix::Soap }
}

element! {
    /// A reply that says nothing beyond success.
    #[derive(Default)]
    pub struct Nothing {}
}

macro_rules! operations {
    ($($operation:ident),* $(,)?) => {
        /// Any request.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Request {
            $($operation($operation),)*
            /// An operation we do not know, by its name: to be refused politely.
            Unknown(String),
        }

        impl Request {
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$operation(_) => $operation::NAME,)*
                    Self::Unknown(name) => name,
                }
            }

            pub fn write(&self, header: &RequestHeader) -> String {
                match self {
                    $(Self::$operation(request) => request.write_request(header),)*
                    Self::Unknown(name) => envelope(Prefix::Soap, Some(header), |writer| {
                        writer.open(&format!("m:{name}"));
                        writer.close();
                    }),
                }
            }

            fn read(node: &Node<'_>, notes: &mut Notes) -> Result<Self, XmlError> {
                let name = &node.name;
                $(if *name == $operation::FORM.request($operation::NAME) {
                    return $operation::read(node, notes).map(Self::$operation);
                })*
                Ok(Self::Unknown(name.clone().into_owned()))
            }
        }

        $(impl From<$operation> for Request {
            fn from(request: $operation) -> Self {
                Self::$operation(request)
            }
        })*

        /// Any answer.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Answer {
            $($operation(Response<<$operation as Operation>::Reply>),)*
            Fault(Box<Fault>),
        }

        impl Answer {
            /// The answer as a document; a fault is to be sent with HTTP 500.
            pub fn write(&self, version: &ServerVersionInfo) -> String {
                match self {
                    $(Self::$operation(response) => {
                        let prefix = prefix_of($operation::NAME);
                        response.write($operation::NAME, $operation::FORM, prefix, version)
                    })*
                    Self::Fault(fault) => fault.to_document(),
                }
            }

            /// Reads an answer without knowing to what; clients know, and use
            /// [`Operation::read_answer`].
            pub fn read(bytes: &[u8]) -> Result<Self, XmlError> {
                let document = Envelope::read(bytes)?;
                if document.is_fault() {
                    return read_fault(&document).map(|fault| Self::Fault(Box::new(fault)));
                }
                match document.content.name.strip_suffix("Response") {
                    $(Some($operation::NAME) => {
                        Response::read(&document, $operation::FORM).map(Self::$operation)
                    })*
                    _ => {
                        let content = &document.content;
                        Err(XmlError::new(XmlErrorKind::Unexpected, &content.name, content.offset))
                    }
                }
            }
        }

        #[cfg(test)]
        impl Answer {
            /// What a reader will have found after [`Self::write`].
            pub(crate) fn set_server_version(&mut self, version: &ServerVersionInfo) {
                match self {
                    $(Self::$operation(response) => {
                        response.server_version = Some(version.clone());
                    })*
                    Self::Fault(_) => {}
                }
            }
        }

        #[cfg(test)]
        impl crate::xml::sample::Sample for Request {
            fn sample(source: &mut crate::xml::sample::Source) -> Self {
                use crate::xml::sample::{Sample, Source};
                let all: Vec<fn(&mut Source) -> Self> =
                    vec![$(|source| Self::$operation(Sample::sample(source)),)*];
                source.pick(all)(source)
            }
        }

        #[cfg(test)]
        impl crate::xml::sample::Sample for Answer {
            fn sample(source: &mut crate::xml::sample::Source) -> Self {
                use crate::xml::sample::{Sample, Source};
                let all: Vec<fn(&mut Source) -> Self> = vec![
                    $(|source| Self::$operation($operation::FORM.sample(source)),)*
                    |source| Self::Fault(Sample::sample(source)),
                ];
                source.pick(all)(source)
            }
        }
    };
}

operations! {
    ConvertId, CopyItem, CreateFolder, CreateItem, DeleteFolder, DeleteItem, FindFolder, FindItem,
    GetEvents, GetFolder, GetItem, GetMailTips, GetRoomLists, GetRooms, GetServerTimeZones,
    GetServiceConfiguration, GetStreamingEvents, GetUserAvailability, GetUserConfiguration,
    GetUserOofSettings, MoveItem, ResolveNames, SetUserOofSettings, Subscribe, SyncFolderHierarchy,
    SyncFolderItems, Unsubscribe, UpdateFolder, UpdateItem,
}

impl From<Fault> for Answer {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

/// Reads any request, strictly: what is there must be readable. Elements nobody knows are skipped.
pub fn read_request(bytes: &[u8]) -> Result<(RequestHeader, Request), Refusal> {
    let mut notes = Notes::default();
    let read = Envelope::read(bytes).and_then(|document| {
        let header = document.header(&mut notes)?;
        let content = &document.content;
        let request = notes.inside(&content.name, |notes| Request::read(content, notes))?;
        Ok((header, request))
    });
    match (read, notes.into_first()) {
        (Ok(read), None) => Ok(read),
        (Ok(_), Some(error)) | (Err(error), _) => Err(Refusal { error }),
    }
}
