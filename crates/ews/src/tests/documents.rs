//! Documents that others wrote: real ones, documented ones and the broken ones among them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    Answer, Item, Request, ResponseMessage, ServerVersionInfo, operations::FindItemReply,
    read_request, xml::Oddities,
};

/// Beside the repository, since these documents carry licences of their own.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/ews/documents");

/// The documents of one direction, as `set/file` with their bytes; `None`, said aloud, if they
/// are not there.
pub(super) fn documents(direction: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let Ok(sets) = fs::read_dir(FOLDER) else {
        eprintln!("SKIPPED: no sample documents at {FOLDER}");
        return None;
    };
    let mut found = Vec::new();
    for set in sets.map(|entry| entry.unwrap().path()) {
        for file in files(&set.join(direction)) {
            let name = format!("{}/{}", last(&set), last(&file).trim_end_matches(".xml"));
            found.push((name, fs::read(&file).unwrap()));
        }
    }
    found.sort();
    Some(found)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default()
}

fn last(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// The first element of the body, which names the file.
fn element(name: &str) -> &str {
    name.split_once('/').unwrap().1.split("__").next().unwrap()
}

/// The operation of a request's element; a few have a suffix.
fn operation(name: &str) -> &str {
    element(name).trim_end_matches("Request")
}

#[test]
fn requests_of_our_operations_are_read_and_written_back() {
    let Some(documents) = documents("req") else { return };
    let (mut read, mut refused) = (0, Vec::new());
    for (name, bytes) in &documents {
        match read_request(bytes) {
            Ok((_, Request::Unknown(unknown))) => assert_eq!(unknown, element(name)),
            Ok((header, request)) => {
                assert_eq!(request.name(), operation(name));
                let written = request.write(&header);
                assert_eq!(read_request(written.as_bytes()), Ok((header, request)), "{name}");
                read += 1;
            }
            Err(refusal) => refused.push(format!("{name}: {}", refusal.error)),
        }
    }
    assert_eq!(refused, REFUSED_REQUESTS);
    assert_eq!(read, REQUESTS_READ);
}

#[test]
fn answers_to_our_operations_are_read_and_written_back() {
    let Some(documents) = documents("resp") else { return };
    let (mut read, mut odd) = (0, Vec::new());
    for (name, bytes) in &documents {
        match Answer::read(bytes) {
            Ok(mut answer) => {
                odd.extend(oddities(&answer).into_iter().map(|place| format!("{name}: {place}")));
                assert!(!NOT_OURS.contains(&element(name)), "{name}");
                let written = Answer::read(answer.write(&VERSION).as_bytes()).unwrap();
                answer.set_server_version(&VERSION);
                without_oddities(&mut answer);
                assert_eq!(written, answer, "{name}");
                read += 1;
            }
            Err(_) => assert!(NOT_OURS.contains(&element(name)), "{name}"),
        }
    }
    assert_eq!(odd, ODD_VALUES);
    assert_eq!(read, ANSWERS_READ);
}

/// Unreadable values of all items in an answer.
fn oddities(answer: &Answer) -> Vec<&'static str> {
    let mut odd = Vec::new();
    let mut answer = answer.clone();
    for_each_item(&mut answer, |item| odd.extend(std::mem::take(item).0));
    odd
}

fn without_oddities(answer: &mut Answer) {
    for_each_item(answer, |oddities| *oddities = Oddities::default());
}

fn for_each_item(answer: &mut Answer, mut visit: impl FnMut(&mut Oddities)) {
    let mut all = |items: &mut Vec<Item>| {
        for item in items {
            match item {
                Item::CalendarItem(item) | Item::Item(item) => visit(&mut item.oddities),
                Item::Message(message)
                | Item::MeetingMessage(message)
                | Item::MeetingRequest(message)
                | Item::MeetingResponse(message)
                | Item::MeetingCancellation(message) => visit(&mut message.oddities),
                Item::Other(_) => {}
            }
        }
    };
    match answer {
        Answer::GetItem(response) | Answer::CreateItem(response) => {
            for message in &mut response.messages {
                if let ResponseMessage::Success(found) = message {
                    all(&mut found.items);
                }
            }
        }
        Answer::FindItem(response) => {
            for message in &mut response.messages {
                if let ResponseMessage::Success(FindItemReply { root_folder: Some(found) }) =
                    message
                {
                    all(&mut found.items);
                }
            }
        }
        _ => {}
    }
}

const VERSION: ServerVersionInfo = ServerVersionInfo {
    major_version: Some(15),
    minor_version: Some(2),
    major_build_number: None,
    minor_build_number: None,
    version: None,
};

const REQUESTS_READ: usize = 154;
const ANSWERS_READ: usize = 149;

/// The 30th of February, and an invented way of naming the user to impersonate.
const REFUSED_REQUESTS: [&str; 2] = [
    "msdocs-normalized/GetUserAvailabilityRequest__getuseravailabilityrequest_1: dateTime is \
     unreadable (at GetUserAvailabilityRequest/FreeBusyViewOptions/TimeWindow/EndTime, byte 1535)",
    "viewpoint/FindItem__find_item_request: * is missing \
     (at Header/ExchangeImpersonation/ConnectingSID, byte 330)",
];

/// Placeholders instead of numbers, and bodies without a type.
const ODD_VALUES: [&str; 6] = [
    "pyexchange/GetItemResponse__GET_RECURRING_MASTER_DAILY_EVENT: t:Recurrence",
    "pyexchange/GetItemResponse__GET_RECURRING_MASTER_MONTHLY_EVENT: t:Recurrence",
    "pyexchange/GetItemResponse__GET_RECURRING_MASTER_WEEKLY_EVENT: t:Recurrence",
    "pyexchange/GetItemResponse__GET_RECURRING_MASTER_YEARLY_EVENT: t:Recurrence",
    "viewpoint/FindItemResponse__find_item_response: t:Body",
    "viewpoint/FindItemResponse__find_item_response: t:Body",
];

/// First elements of answers that this crate does not speak.
const NOT_OURS: [&str; 5] = [
    "Autodiscover",
    "GetDomainSettingsResponseMessage",
    "GetUserPhotoResponse",
    "GetUserSettingsResponseMessage",
    "SetOofStatusResponse",
];
