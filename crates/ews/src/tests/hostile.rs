//! Documents that are wrong in the ways servers and attackers get wrong.

use std::time::Duration;

use crate::{
    Answer, Operation, ReadFailure, Request, RequestHeader, ResponseCode, ResponseMessage,
    items::ExtendedProperty,
    operations::{FindItem, GetItem},
    read_request,
    restriction::Restriction,
    xml::XmlErrorKind,
};

const HEAD: &str = "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' \
    xmlns:t='http://schemas.microsoft.com/exchange/services/2006/types' \
    xmlns:m='http://schemas.microsoft.com/exchange/services/2006/messages'>";

fn answer(content: &str) -> String {
    format!("{HEAD}<s:Body>{content}</s:Body></s:Envelope>")
}

fn get_item_answer(item: &str) -> crate::CalendarItem {
    let document = answer(&format!(
        "<m:GetItemResponse><m:ResponseMessages><m:GetItemResponseMessage ResponseClass='Success'>\
         <m:ResponseCode>NoError</m:ResponseCode><m:Items><t:CalendarItem>{item}</t:CalendarItem>\
         </m:Items></m:GetItemResponseMessage></m:ResponseMessages></m:GetItemResponse>"
    ));
    let mut results = GetItem::read_answer(document.as_bytes()).unwrap().into_items();
    results.remove(0).unwrap().unwrap().into_calendar_item().unwrap()
}

#[test]
fn an_item_survives_its_odd_values_and_says_so() {
    let item = get_item_answer(
        "<t:Subject>a&#x0;b\u{2}</t:Subject><t:Body BodyType='HTML'>first</t:Body>\
         <t:Body BodyType='Text'>second</t:Body><t:Start>2026-11-24T09:00:00</t:Start>\
         <t:End>half past ten</t:End><t:RequiredAttendees/><t:CalendarItemType>Novel</t:CalendarItemType>\
         <t:OptionalAttendees><t:Attendee/><t:Attendee><t:Mailbox/></t:Attendee></t:OptionalAttendees>\
         <t:NeverHeardOf><t:Start>x</t:Start></t:NeverHeardOf>",
    );
    assert_eq!(item.subject.as_deref(), Some("a\u{fffd}b\u{2}"));
    assert_eq!(item.body.as_ref().unwrap().content, "first");
    assert!(matches!(item.start, Some(crate::DateTime::Floating(_))));
    assert_eq!(item.end, None);
    assert!(item.oddities.contains("End") && !item.oddities.contains("Start"));
    assert_eq!(item.oddities.0, ["t:End", "t:OptionalAttendees?/t:Attendee"]);
    assert_eq!(item.optional_attendees.len(), 1);
    assert_eq!(item.calendar_item_type.unwrap().as_str(), "Novel");
}

#[test]
fn extended_properties_have_one_value_or_many() {
    let item = get_item_answer(
        "<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag='4340' PropertyType='String'/>\
         <t:Value>x</t:Value></t:ExtendedProperty><t:ExtendedProperty>\
         <t:ExtendedFieldURI PropertySetId='g' PropertyName='n' PropertyType='StringArray'/>\
         <t:Values><t:Value>a</t:Value><t:Value>b</t:Value></t:Values></t:ExtendedProperty>",
    );
    let values: Vec<&[String]> =
        item.extended_properties.iter().map(ExtendedProperty::values).collect();
    assert_eq!(values, [&["x".to_owned()][..], &["a".to_owned(), "b".to_owned()]]);
}

#[test]
fn debug_shows_no_content() {
    let item = get_item_answer(
        "<t:Subject>SECRET</t:Subject><t:Body BodyType='HTML'>SECRET</t:Body>\
         <t:Categories><t:String>SECRET</t:String></t:Categories><t:ExtendedProperty>\
         <t:ExtendedFieldURI PropertyTag='1' PropertyType='String'/><t:Value>SECRET</t:Value>\
         </t:ExtendedProperty><t:Location>SECRET</t:Location><t:Organizer><t:Mailbox>\
         <t:Name>SECRET</t:Name><t:EmailAddress>SECRET</t:EmailAddress></t:Mailbox></t:Organizer>",
    );
    assert!(item.organizer.is_some() && !item.categories.is_empty());
    let shown = format!("{item:?}");
    assert!(!shown.contains("SECRET") && shown.contains('…'), "{shown}");
}

#[test]
fn a_fault_is_read_without_header_and_from_either_namespace() {
    let document = answer(
        "<s:Fault><faultcode xmlns:a='x'>a:ErrorServerBusy</faultcode><faultstring>f</faultstring>\
         <detail><m:ResponseCode>ErrorServerBusy</m:ResponseCode><t:MessageXml>\
         <t:Value Name='BackOffMilliseconds'>2500</t:Value></t:MessageXml></detail></s:Fault>",
    );
    let Err(ReadFailure::Fault(fault)) = FindItem::read_answer(document.as_bytes()) else {
        panic!("no fault")
    };
    assert_eq!(fault.response_code(), ResponseCode::ErrorServerBusy);
    assert_eq!(fault.back_off(), Some(Duration::from_millis(2500)));
}

#[test]
fn a_fault_without_detail_is_known_by_its_code() {
    let document = answer("<s:Fault><faultcode>a:ErrorNew</faultcode></s:Fault>");
    let Ok(Answer::Fault(fault)) = Answer::read(document.as_bytes()) else { panic!("no fault") };
    assert_eq!(fault.response_code(), ResponseCode::Other("ErrorNew".to_owned()));
}

#[test]
fn errors_and_warnings_keep_their_place() {
    let document = answer(
        "<m:GetItemResponse><m:ResponseMessages>\
         <m:GetItemResponseMessage ResponseClass='Error'><m:MessageText>t</m:MessageText>\
         <m:ResponseCode>ErrorNobodyKnows</m:ResponseCode><m:MessageXml>\
         <t:Value Name='BackOffMilliseconds'>0</t:Value></m:MessageXml><m:Items/></m:GetItemResponseMessage>\
         <m:GetItemResponseMessage ResponseClass='Warning'>\
         <m:ResponseCode>ErrorBatchProcessingStopped</m:ResponseCode><m:Items/></m:GetItemResponseMessage>\
         <m:GetItemResponseMessage ResponseClass='Success'><m:Items><t:Contact/></m:Items>\
         </m:GetItemResponseMessage></m:ResponseMessages></m:GetItemResponse>",
    );
    let messages = GetItem::read_answer(document.as_bytes()).unwrap().messages;
    let [
        ResponseMessage::Error(error),
        ResponseMessage::Warning(_, warning),
        ResponseMessage::Success(found),
    ] = messages.as_slice()
    else {
        panic!("{messages:?}")
    };
    assert_eq!(error.code, ResponseCode::Other("ErrorNobodyKnows".to_owned()));
    assert_eq!(error.back_off(), Some(Duration::ZERO));
    assert_eq!(warning.code, ResponseCode::ErrorBatchProcessingStopped);
    assert_eq!(found.items, [crate::Item::Other("Contact".to_owned())]);
}

#[test]
fn another_operations_answer_is_refused() {
    let document = answer("<m:FindItemResponse><m:ResponseMessages/></m:FindItemResponse>");
    let failure = GetItem::read_answer(document.as_bytes()).unwrap_err();
    assert!(
        matches!(failure, ReadFailure::Malformed(error) if error.kind == XmlErrorKind::Unexpected)
    );
}

#[test]
fn what_is_no_soap_is_refused() {
    for document in ["<html><body>Log in</body></html>", "", &answer(""), HEAD] {
        assert!(GetItem::read_answer(document.as_bytes()).is_err(), "{document}");
        assert!(read_request(document.as_bytes()).is_err(), "{document}");
    }
}

#[test]
fn requests_are_read_strictly_and_refused_politely() {
    let missing = answer("<m:GetItem><m:ItemIds><t:ItemId Id='a'/></m:ItemIds></m:GetItem>");
    let refusal = read_request(missing.as_bytes()).unwrap_err();
    assert_eq!(refusal.error.kind, XmlErrorKind::Missing("m:ItemShape"));
    assert_eq!(refusal.error.path, "GetItem");
    assert_eq!(refusal.fault().response_code(), ResponseCode::ErrorSchemaValidation);

    let unreadable = answer(
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:MaximumBodySize>big</t:MaximumBodySize>\
         </m:ItemShape><m:ItemIds><t:ItemId Id='a'/></m:ItemIds></m:GetItem>",
    );
    assert!(read_request(unreadable.as_bytes()).is_err());

    let unknown = answer("<m:PlayOnPhone/>");
    let (_, request) = read_request(unknown.as_bytes()).unwrap();
    assert_eq!(request, Request::Unknown("PlayOnPhone".to_owned()));
}

#[test]
fn every_beginning_of_a_document_is_read_without_panic() {
    let document = answer(
        "<m:GetItem><m:ItemShape><t:BaseShape>&#x41;IdOnly</t:BaseShape></m:ItemShape>\
         <m:ItemIds><t:ItemId Id='a &amp; b'/><![CDATA[x]]><!-- y --></m:ItemIds></m:GetItem>",
    );
    for end in 0..document.len() {
        assert!(read_request(&document.as_bytes()[..end]).is_err(), "cut at {end}");
    }
    assert!(read_request(document.as_bytes()).is_ok());
}

#[test]
fn an_error_without_a_code_is_still_an_error() {
    let document = answer(
        "<m:GetItemResponse><m:ResponseMessages><m:GetItemResponseMessage ResponseClass='Error'/>\
         </m:ResponseMessages></m:GetItemResponse>",
    );
    let messages = GetItem::read_answer(document.as_bytes()).unwrap().messages;
    assert!(
        matches!(messages.as_slice(), [ResponseMessage::Error(error)] if error.code.as_str().is_empty())
    );
}

#[test]
fn a_search_we_do_not_know_is_not_lost() {
    let document = answer(
        "<m:FindItem Traversal='Shallow'><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>\
         <m:Restriction><t:Not><t:NearTo><t:FieldURI FieldURI='item:Subject'/></t:NearTo></t:Not>\
         </m:Restriction><m:ParentFolderIds><t:FolderId Id='f'/></m:ParentFolderIds></m:FindItem>",
    );
    let (_, Request::FindItem(find)) = read_request(document.as_bytes()).unwrap() else {
        panic!("no FindItem")
    };
    let Some(Restriction::Not(not)) = find.restriction else { panic!("no Not") };
    assert_eq!(*not.operand, Restriction::Other("NearTo".to_owned()));
}

#[test]
fn clients_may_leave_the_header_out() {
    let document = answer("<m:Unsubscribe><m:SubscriptionId>s</m:SubscriptionId></m:Unsubscribe>");
    let (header, _) = read_request(document.as_bytes()).unwrap();
    assert_eq!(header, RequestHeader::default());
}

#[test]
fn a_time_zone_of_the_request_is_known_by_its_id() {
    let document = format!(
        "{HEAD}<s:Header><t:TimeZoneContext><t:TimeZoneDefinition Id='W. Europe Standard Time'/>\
         </t:TimeZoneContext></s:Header><s:Body><m:GetServerTimeZones/></s:Body></s:Envelope>"
    );
    let (header, _) = read_request(document.as_bytes()).unwrap();
    assert_eq!(header.time_zone.unwrap().id.as_deref(), Some("W. Europe Standard Time"));
}
