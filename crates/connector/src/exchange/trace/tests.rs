//! What a trace must never hold, and what it must.

use std::{fs, path::PathBuf};

use ews::{
    Answer, Item, Operation,
    operations::GetItem,
    xml::{Node, read_document},
};

use super::*;
use crate::{
    entry::{Entry, Mark},
    exchange::item,
};

/// Nothing of these may remain, in whatever case.
const CANARIES: [&str; 16] = [
    "kanari",
    "geheim",
    "secret",
    "anna",
    "contoso",
    "fabrikam",
    "QUFNa0FEYz",
    "AAMkADc0",
    "DwAAABYA",
    "ZmVybg",
    "4711",
    "@meet",
    "passwort",
    "mbx1",
    "zusage",
    "müller",
];

fn seeded() -> Names {
    Names::new(&world::chance::Chance::seeded(9))
}

fn redacted(document: &str) -> String {
    redact::document(document.as_bytes(), &mut seeded()).expect("well-formed")
}

fn expect_no_canary(text: &str, place: &str) {
    let lower = text.to_lowercase();
    for canary in CANARIES {
        assert!(!lower.contains(&canary.to_lowercase()), "{canary} in {place}: {text}");
    }
}

const HEAD: &str = r#"<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><h:ServerVersionInfo MajorVersion="15" MinorVersion="2" MajorBuildNumber="1544" MinorBuildNumber="4" Version="V2017_07_11" xmlns:h="http://schemas.microsoft.com/exchange/services/2006/types"/></s:Header><s:Body>"#;

fn entry() -> String {
    let uid =
        "040000008200E00074C5B7101A82E00807EA0B18000000000000000000000000000000000400000034373131";
    let goid = "BAAAAIIA4AB0xbcQGoLgCAAAAAAAAAAAAAAAAAAAAAAAAAAABAAAADQ3MTE=";
    format!(
        r#"{HEAD}<m:GetItemResponse xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><!-- Kanari --><m:ResponseMessages><m:GetItemResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:Items><t:CalendarItem><t:ItemId Id="AAMkADc0LTQ5ZDkxLQ==" ChangeKey="DwAAABYAAAAA"/><t:ItemClass>IPM.Appointment.Geheim</t:ItemClass><t:Subject>Kanari &amp; M&#252;ller&#x2; 4711</t:Subject><t:Sensitivity>Private</t:Sensitivity><t:Body BodyType="HTML">&lt;html&gt;&lt;body&gt;&lt;p title="Geheim"&gt;Kanari&lt;/p&gt;&lt;kanari&gt;<![CDATA[<b>Secret</b>]]>&lt;/body&gt;&lt;/html&gt;</t:Body><t:Location>Geheim @meet</t:Location><t:UID>{uid}</t:UID><t:Start>2026-11-24T09:00:00Z</t:Start><t:End>2026-11-24T09:30:00Z</t:End><t:IsAllDayEvent>false</t:IsAllDayEvent><t:IsMeeting>true</t:IsMeeting><t:IsCancelled>false</t:IsCancelled><t:CalendarItemType>Single</t:CalendarItemType><t:MyResponseType>Organizer</t:MyResponseType><t:Organizer><t:Mailbox><t:Name>Anna Geheim</t:Name><t:EmailAddress>Anna@contoso.com</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType></t:Mailbox></t:Organizer><t:RequiredAttendees><t:Attendee><t:Mailbox><t:Name>anna@CONTOSO.com</t:Name><t:EmailAddress>anna@CONTOSO.com</t:EmailAddress></t:Mailbox><t:ResponseType>Accept</t:ResponseType></t:Attendee><t:Attendee><t:Mailbox><t:Name>Zusage</t:Name><t:EmailAddress>/O=Fabrikam/CN=ANNA</t:EmailAddress></t:Mailbox><t:ResponseType>Unknown</t:ResponseType></t:Attendee></t:RequiredAttendees><t:StartTimeZone Id="W. Europe Standard Time" Name="(UTC+01:00) Kanari"/><t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId="Meeting" PropertyId="35" PropertyType="Binary"/><t:Value>{goid}</t:Value></t:ExtendedProperty><t:ExtendedProperty><t:ExtendedFieldURI PropertySetId="2e5597d2-4407-41bd-be17-eeeb7898b91b" PropertyName="HybridCalendar" PropertyType="String"/><t:Value>1;ZmVybg;@meet;ZmVybg;Geheim; ja</t:Value></t:ExtendedProperty><t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x3008" PropertyType="Integer"/><t:Value>4711</t:Value></t:ExtendedProperty><t:Kanari Wert="Geheim">Secret</t:Kanari></t:CalendarItem></m:Items></m:GetItemResponseMessage></m:ResponseMessages></m:GetItemResponse></s:Body></s:Envelope>"#
    )
    .replace("t:Kanari", "t:FutureElement")
}

#[test]
fn nothing_that_somebody_wrote_remains() {
    let entry = entry();
    let text = redacted(&entry);
    expect_no_canary(&text, "an entry");
    for kept in [
        "15",
        "1544",
        "NoError",
        "ResponseClass=\"Success\"",
        "2026-11-24T09:00:00Z",
        "Private",
        "BodyType=\"HTML\"",
        "&lt;p xxxxx=\"Xxxxxx\"&gt;",
        "<![CDATA[<b>Xxxxxx</b>]]>",
        "Organizer",
        "xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"",
        "FutureElement",
        "W. Europe Standard Time",
        "&amp;",
        "X&#246;",
        "&#x2;",
        "HybridCalendar",
    ] {
        assert!(text.contains(kept), "{kept} is gone: {text}");
    }
}

#[test]
fn explanations_and_details_of_errors_keep_their_sense_only() {
    let fault = format!(
        r#"{HEAD}<s:Fault><faultcode xmlns:a="http://schemas.microsoft.com/exchange/services/2006/types">a:ErrorServerBusy</faultcode><faultstring xml:lang="de-DE">The server cannot service this request for Anna@contoso.com</faultstring><detail><e:ResponseCode xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">ErrorServerBusy</e:ResponseCode><e:Message xmlns:e="x">The Kanari mailbox</e:Message><t:MessageXml xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><t:Value Name="BackOffMilliseconds">297749</t:Value><t:Value Name="Other">Geheim</t:Value></t:MessageXml></detail></s:Fault><t:ReplyBody xmlns:t="x"><t:Message>the mailbox of anna is not available</t:Message></t:ReplyBody></s:Body></s:Envelope>"#
    );
    let text = redacted(&fault);
    expect_no_canary(&text, "a fault");
    for kept in [
        "a:ErrorServerBusy",
        ">ErrorServerBusy<",
        "297749",
        "The server cannot service this request",
    ] {
        assert!(text.contains(kept), "{kept} is gone: {text}");
    }
    assert!(text.contains("<t:Message>xxx xxxxxxx xx xxxx xx xxx xxxxxxxxx</t:Message>"), "{text}");
}

#[test]
fn a_redacted_entry_is_read_like_the_original() {
    let read = |text: &str| {
        let answer = GetItem::read_answer(text.as_bytes()).expect("readable");
        let items = answer.into_only().expect("one").expect("no error").items;
        let item = items.into_iter().find_map(Item::into_calendar_item).expect("an entry");
        let owner = MailboxAddress::new("anna@contoso.com").expect("an address");
        item::entry(&item, &owner).expect("usable")
    };
    let (original, redacted) = (read(&entry()), read(&redacted(&entry())));
    assert_eq!(original.kind, redacted.kind);
    let is_stamped = |entry: &Entry| matches!(&entry.mark, Mark::Stamped(_));
    assert!(is_stamped(&original) && is_stamped(&redacted));
    assert_eq!(original.meeting.start, redacted.meeting.start);
    assert_eq!(original.meeting.participants.len(), redacted.meeting.participants.len());
    assert_eq!(original.meeting.notes, redacted.meeting.notes);
    let length = |plain: &crate::meeting::Plain| plain.0.chars().count();
    assert_eq!(length(&original.meeting.subject), length(&redacted.meeting.subject));
    assert_ne!(original.uid, redacted.uid);
}

#[test]
fn equal_ids_and_people_stay_equal_across_documents() {
    let mut names = seeded();
    let mut once = || redact::document(entry().as_bytes(), &mut names).expect("well-formed");
    let (first, second) = (once(), once());
    assert_eq!(first, second);
    assert_eq!(first.matches("carol2@redacted1.example").count(), 3, "{first}");
    let other =
        redact::document(entry().as_bytes(), &mut Names::new(&world::chance::Chance::seeded(1)));
    assert_ne!(other.expect("well-formed"), first);
}

/// Shape, names, codes: everything but texts.
fn expect_same_shape(original: &Node<'_>, redacted: &Node<'_>, place: &str) {
    assert_eq!(
        (original.namespace, &original.name, original.children.len()),
        (redacted.namespace, &redacted.name, redacted.children.len()),
        "{place}"
    );
    let keys = |node: &Node<'_>| -> Vec<String> {
        node.attributes.iter().map(|(key, _)| key.to_string()).collect()
    };
    assert_eq!(keys(original), keys(redacted), "{place}");
    if ["ResponseCode", "CalendarItemType", "Start", "IsCancelled"].contains(&&*original.name) {
        assert_eq!(original.text, redacted.text, "{place}");
    }
    for (original, redacted) in original.children.iter().zip(&redacted.children) {
        expect_same_shape(original, redacted, place);
    }
}

/// Beside the repository, since these documents carry licences of their own.
const DOCUMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/ews/documents");

#[test]
fn foreign_documents_keep_their_shape_and_what_we_read_in_them() {
    let Ok(sets) = fs::read_dir(DOCUMENTS) else {
        eprintln!("SKIPPED: no sample documents at {DOCUMENTS}");
        return;
    };
    let mut seen = 0;
    let mut names = seeded();
    let folders =
        sets.flat_map(|set| ["req", "resp"].map(|part| set.as_ref().unwrap().path().join(part)));
    for file in folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten() {
        let path = file.unwrap().path();
        let (bytes, place) = (fs::read(&path).unwrap(), path.display().to_string());
        let original = read_document(&bytes).expect("well-formed");
        let text = redact::document(&bytes, &mut names).expect("well-formed");
        expect_same_shape(&original, &read_document(text.as_bytes()).expect("well-formed"), &place);
        if place.contains("/resp/") {
            let kind = |bytes: &[u8]| match Answer::read(bytes) {
                Ok(answer) => Some(std::mem::discriminant(&answer)),
                Err(_not_ours) => None,
            };
            assert_eq!(kind(&bytes), kind(text.as_bytes()), "{place}");
        }
        seen += 1;
    }
    assert!(seen > 300, "{seen}");
}

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let id = world::chance::Chance::System.uuid();
        Self(std::env::temp_dir().join(format!("hybridcal-trace-{name}-{id}")))
    }

    fn everything(&self) -> String {
        let files =
            fs::read_dir(&self.0).expect("a folder").map(|file| file.expect("a file").path());
        files
            .map(|path| {
                format!("{}\n{}\n", path.display(), fs::read_to_string(&path).expect("text"))
            })
            .collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

fn world() -> World {
    World::in_memory("2026-11-24T09:00:00Z".parse().expect("a time"), 3).host("connector")
}

#[tokio::test(start_paused = true)]
async fn what_is_not_well_formed_is_only_measured() {
    let place = Place::new("malformed");
    let recorder = Recorder::start(&world(), &place.0).expect("a new folder");
    for document in [
        "<html><body>Kanari<br></body></html>",
        "Kanari Geheim",
        "<s:Envelope><s:Body>Kanari",
        "<!DOCTYPE x [<!ENTITY y 'Kanari'>]><x>&y;</x>",
        "\u{0}\u{1}Geheim",
    ] {
        recorder.document(document.as_bytes());
    }
    let all = place.everything();
    expect_no_canary(&all, "malformed documents");
    for kind in ["like HTML", "like text", "like SOAP", "like markup", "like bytes"] {
        assert!(all.contains(kind), "{kind}: {all}");
    }
    assert_eq!(fs::read_dir(&place.0).expect("a folder").count(), 2, "{all}");
}

#[tokio::test(start_paused = true)]
async fn a_trace_ends_by_itself_and_is_never_mixed_with_another() {
    let place = Place::new("bound");
    let recorder = Recorder::start(&world(), &place.0).expect("a new folder");
    for _document in 0..MESSAGES_MAX + 10 {
        recorder.document(b"x");
    }
    let index = fs::read_to_string(place.0.join("index.jsonl")).expect("an index");
    assert_eq!(index.lines().count(), MESSAGES_MAX);
    assert!(Recorder::start(&world(), &place.0).is_err());
    assert!(Recorder::of_settings(&world(), Some(&place.0)).0.is_none());
    assert!(Recorder::of_settings(&world(), None).0.is_none());
}
