//! What a person would read in a foreign document, against what we read: `cargo test -p ews table --
//! --nocapture` prints the table.
//!
//! The expected values come from a second reader that knows nothing of ours: it looks for tags in the
//! text. Ours are what is left after our types: the document read, written again and looked at likewise.

use std::{collections::BTreeMap, fmt::Write};

use super::documents::documents;
use crate::{Answer, DateTime, Request, ServerVersionInfo, read_request};

/// Columns of the table: elements whose text, and attributes whose value, a person would look for.
const COLUMNS: [(&str, &[&str]); 5] = [
    ("subject", &["Subject", "Location", "DisplayName"]),
    ("start", &["Start", "End"]),
    ("people", &["EmailAddress"]),
    (
        "ids",
        &["ItemId@Id", "FolderId@Id", "ParentFolderId@Id", "SubscriptionId", "SyncState", "UID"],
    ),
    ("codes", &["ResponseCode", "ResponseClass"]),
];

/// Elements that we leave out with all that is in them: kinds of items and parts of answers that nobody
/// here asks for.
const LEFT_OUT: [&str; 12] = [
    "AdjacentMeetings",
    "Attachments",
    "BaseFolderIds",
    "ConflictingMeetings",
    "Contact",
    "EntityExtractionResult",
    "ForwardItem",
    "Groups",
    "PermissionSet",
    "ReplyAllToItem",
    "ReplyToItem",
    "Task",
];

/// Everything found in a column, sorted.
type Row = [Vec<String>; COLUMNS.len()];

/// Scans the text for the columns' elements and attributes, without any idea of structure.
fn scan(document: &str) -> Row {
    let mut row = Row::default();
    let mut rest = document;
    while let Some((_, after)) = rest.split_once('<') {
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some((tag, after)) = after.split_once('>') else { break };
        let full = tag.split([' ', '\n', '\t', '\r', '/']).next().unwrap_or_default();
        let name = full.split_once(':').map_or(full, |(_, local)| local);
        if LEFT_OUT.contains(&name) && !tag.ends_with('/') {
            rest = after.split_once(&format!("</{full}")).map_or("", |(_, after)| after);
            continue;
        }
        rest = after;
        let text =
            if tag.ends_with('/') { "" } else { after.split('<').next().unwrap_or_default() };
        for (column, (_, wanted)) in row.iter_mut().zip(COLUMNS) {
            for wanted in wanted {
                let value = match wanted.split_once('@') {
                    Some((element, attribute)) if element == name => attribute_of(tag, attribute),
                    None if *wanted == name => Some(text),
                    Some(_) | None => None,
                };
                column.extend(value.map(plain).filter(|value| !value.is_empty()));
            }
        }
    }
    for column in &mut row {
        column.sort();
    }
    row
}

fn attribute_of<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, value) = tag.split_once(&format!(" {name}="))?;
    let quote = value.chars().next()?;
    value.get(1..)?.split(quote).next()
}

/// Without escapes and blanks around; times as instants, since `10:00-08:00` and `18:00Z` are one.
fn plain(text: &str) -> String {
    let text = text.trim().replace("\r\n", "\n");
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    let text = text.replace("&apos;", "'").replace("&amp;", "&");
    DateTime::parse(&text).map_or(text, |time| time.to_string())
}

/// What our types keep of a document; `Err` says why there is nothing.
fn ours(direction: &str, bytes: &[u8]) -> Result<String, String> {
    if direction == "req" {
        return match read_request(bytes) {
            Ok((_, Request::Unknown(name))) => Err(format!("we do not speak {name}")),
            Ok((header, request)) => Ok(request.write(&header)),
            Err(refusal) => Err(refusal.error.to_string()),
        };
    }
    match Answer::read(bytes) {
        Ok(answer) => Ok(answer.write(&ServerVersionInfo::default())),
        Err(error) => Err(error.to_string()),
    }
}

/// The line of a document in the table, and whether anything a person would read is missing.
fn line(direction: &str, bytes: &[u8]) -> (String, Outcome) {
    let theirs = scan(&String::from_utf8_lossy(bytes));
    let ours = match ours(direction, bytes) {
        Ok(document) => scan(&document),
        Err(why) => return (format!("  not read: {why}"), Outcome::NotRead),
    };
    let (mut line, mut outcome) = (String::new(), Outcome::Same);
    for ((theirs, ours), (column, _)) in theirs.iter().zip(&ours).zip(COLUMNS) {
        let missing = without(theirs, ours);
        write!(line, "  {column} {}/{}", theirs.len() - missing.len(), theirs.len()).unwrap();
        if !missing.is_empty() {
            write!(line, " (not {missing:?})").unwrap();
            outcome = Outcome::Less;
        }
    }
    (line, outcome)
}

/// What is left of the values when each of the others is taken away once.
fn without(values: &[String], others: &[String]) -> Vec<String> {
    let mut left = values.to_vec();
    for other in others {
        if let Some(index) = left.iter().position(|value| value == other) {
            left.remove(index);
        }
    }
    left
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Same,
    Less,
    NotRead,
}

#[test]
fn what_a_person_would_read_is_what_we_read() {
    let mut counts = BTreeMap::new();
    let mut less = Vec::new();
    for direction in ["req", "resp"] {
        let Some(documents) = documents(direction) else { return };
        for (name, bytes) in &documents {
            let (line, outcome) = line(direction, bytes);
            println!("{name}\n{line}");
            *counts.entry((direction, outcome)).or_insert(0) += 1;
            if outcome == Outcome::Less {
                less.push(name.clone());
            }
        }
    }
    for ((direction, outcome), count) in &counts {
        println!("{direction}: {count} {outcome:?}");
    }
    assert_eq!(less, LESS);
}

/// Documents that hold more than our types keep: a placeholder stands where a folder's element should.
const LESS: [&str; 1] = ["pyexchange/GetFolderResponse__GET_FOLDER_RESPONSE"];

#[test]
fn the_second_reader_reads() {
    let row = scan(
        "<a><!-- <t:Subject>no</t:Subject> --><t:Subject>A &amp; B</t:Subject><x:ItemId a='1' Id=\"i\"/>\
         <Start>2026-11-24T10:00:00-08:00</Start></a>",
    );
    assert_eq!(row[0], ["A & B"]);
    assert_eq!(row[1], ["2026-11-24T18:00:00Z"]);
    assert_eq!(row[3], ["i"]);
}
