//! What goes over the wire, to the letter: where servers and clients are known to be particular.

use std::time::Duration;

use crate::{
    Answer, CalendarItem, ConnectingSid, DateTime, ExtendedFieldUri, Fault, FolderId, Item, ItemId,
    Mailbox, Operation, Request, RequestHeader, Response, ResponseCode, ResponseMessage,
    ServerVersionInfo, field,
    fields::PropertyType,
    ids::DistinguishedFolderName,
    items::{Body, ExtendedProperty, NewItem, ResponseObject},
    operations::{
        CalendarView, ConflictResolution, ConnectionStatus, CreateItem, Event, EventType,
        FieldChange, FindItem, GetItem, GetStreamingEventsReply, Items, ObjectEvent,
        SendMeetingInvitations, SendMeetingInvitationsOrCancellations, Subscribe, UpdateItem,
    },
    read_request,
    shapes::ItemShape,
};

const OURS: &str =
    "<soap:Header><t:RequestServerVersion Version=\"Exchange2013_SP1\"/></soap:Header>";

/// What stands between the envelope's tags, declarations left out.
fn inside(document: &str) -> &str {
    let start = document.find("XMLSchema-instance\">").unwrap() + "XMLSchema-instance\">".len();
    let end = document.rfind("</").unwrap();
    &document[start..end]
}

fn check(request: &impl Operation, body: &str) {
    let expected = format!("{OURS}<soap:Body>{body}</soap:Body>");
    assert_eq!(inside(&request.write_request(&RequestHeader::ours())), expected);
}

fn at(text: &str) -> DateTime {
    DateTime::parse(text).unwrap()
}

#[test]
fn get_item() {
    check(
        &GetItem {
            item_shape: ItemShape::id_only()
                .with(field::SUBJECT)
                .with(ExtendedFieldUri::clean_global_object_id()),
            item_ids: vec![ItemId::new("AAMk", "DwAA").into()],
        },
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>\
         <t:FieldURI FieldURI=\"item:Subject\"/><t:ExtendedFieldURI \
         DistinguishedPropertySetId=\"Meeting\" PropertyId=\"35\" PropertyType=\"Binary\"/>\
         </t:AdditionalProperties></m:ItemShape><m:ItemIds><t:ItemId Id=\"AAMk\" \
         ChangeKey=\"DwAA\"/></m:ItemIds></m:GetItem>",
    );
}

#[test]
fn find_item_in_a_window() {
    let view = CalendarView {
        max_entries_returned: Some(1000),
        start_date: at("2026-11-24T10:00:00.123+01:00"),
        end_date: at("2026-11-25T09:00:00Z"),
    };
    check(
        &FindItem::between(DistinguishedFolderName::Calendar, ItemShape::id_only(), view),
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>\
         </m:ItemShape><m:CalendarView MaxEntriesReturned=\"1000\" \
         StartDate=\"2026-11-24T09:00:00Z\" EndDate=\"2026-11-25T09:00:00Z\"/>\
         <m:ParentFolderIds><t:DistinguishedFolderId Id=\"calendar\"/></m:ParentFolderIds>\
         </m:FindItem>",
    );
}

#[test]
fn subscribe() {
    check(
        &Subscribe::streaming(
            vec![DistinguishedFolderName::Calendar.into()],
            vec![EventType::Created, EventType::Deleted],
        ),
        "<m:Subscribe><m:StreamingSubscriptionRequest><t:FolderIds><t:DistinguishedFolderId \
         Id=\"calendar\"/></t:FolderIds><t:EventTypes><t:EventType>CreatedEvent</t:EventType>\
         <t:EventType>DeletedEvent</t:EventType></t:EventTypes>\
         </m:StreamingSubscriptionRequest></m:Subscribe>",
    );
}

#[test]
fn update_item_changes_one_property_at_a_time() {
    let stamp = ExtendedFieldUri::named("guid", "name", PropertyType::String);
    let body = CalendarItem { body: Some(Body::html("<p>")), ..CalendarItem::default() };
    check(
        &UpdateItem::of_calendar_item(
            ItemId::new("a", "b"),
            vec![
                FieldChange::set(field::BODY, body),
                FieldChange::set_extended(ExtendedProperty::new(stamp, "v")),
                FieldChange::delete(field::LOCATION),
            ],
            ConflictResolution::NeverOverwrite,
            SendMeetingInvitationsOrCancellations::SendToAllAndSaveCopy,
        ),
        "<m:UpdateItem ConflictResolution=\"NeverOverwrite\" \
         SendMeetingInvitationsOrCancellations=\"SendToAllAndSaveCopy\"><m:ItemChanges>\
         <t:ItemChange><t:ItemId Id=\"a\" ChangeKey=\"b\"/><t:Updates><t:SetItemField>\
         <t:FieldURI FieldURI=\"item:Body\"/><t:CalendarItem><t:Body BodyType=\"HTML\">&lt;p&gt;\
         </t:Body></t:CalendarItem></t:SetItemField><t:SetItemField><t:ExtendedFieldURI \
         PropertySetId=\"guid\" PropertyName=\"name\" PropertyType=\"String\"/><t:CalendarItem>\
         <t:ExtendedProperty><t:ExtendedFieldURI PropertySetId=\"guid\" PropertyName=\"name\" \
         PropertyType=\"String\"/><t:Value>v</t:Value></t:ExtendedProperty></t:CalendarItem>\
         </t:SetItemField><t:DeleteItemField><t:FieldURI FieldURI=\"calendar:Location\"/>\
         </t:DeleteItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>",
    );
}

#[test]
fn impersonation_stands_in_the_header() {
    let whom = ConnectingSid::SmtpAddress("anna@example.com".to_owned());
    let header = RequestHeader::impersonating(whom);
    let accept = NewItem::AcceptItem(Box::new(ResponseObject::to(ItemId::new("a", "b"))));
    let request = Request::from(CreateItem::respond(accept));
    assert_eq!(
        inside(&request.write(&header)),
        "<soap:Header><t:RequestServerVersion Version=\"Exchange2013_SP1\"/>\
         <t:ExchangeImpersonation><t:ConnectingSID><t:SmtpAddress>anna@example.com</t:SmtpAddress>\
         </t:ConnectingSID></t:ExchangeImpersonation></soap:Header><soap:Body><m:CreateItem \
         MessageDisposition=\"SendAndSaveCopy\"><m:Items><t:AcceptItem><t:ReferenceItemId \
         Id=\"a\" ChangeKey=\"b\"/></t:AcceptItem></m:Items></m:CreateItem></soap:Body>"
    );
    assert!(!format!("{header:?}").contains("anna"));
}

#[test]
fn a_server_reads_a_request_and_answers_each_object() {
    let meeting = CalendarItem {
        subject: Some("Plan".to_owned()),
        start: Some(at("2026-11-24T09:00:00")),
        organizer: Some(Mailbox::named("Anna", "anna@example.com")),
        ..CalendarItem::default()
    };
    let sent = CreateItem::in_calendar(
        DistinguishedFolderName::Calendar,
        meeting.clone(),
        SendMeetingInvitations::SendToNone,
    )
    .write_request(&RequestHeader::ours());
    let (_, request) = read_request(sent.as_bytes()).unwrap();
    let Request::CreateItem(create) = request else { panic!("{request:?}") };
    assert_eq!(create.items, [NewItem::from(meeting)]);

    let created = CalendarItem { item_id: Some(ItemId::new("a", "b")), ..CalendarItem::default() };
    let error = crate::ItemError::new(ResponseCode::ErrorItemSave, "No.");
    let answer = Answer::CreateItem(Response::new(vec![
        ResponseMessage::Success(Items::one(created)),
        ResponseMessage::Error(error),
    ]));
    assert_eq!(
        inside(&answer.write(&ServerVersionInfo::default())),
        "<soap:Header><t:ServerVersionInfo/></soap:Header><soap:Body><m:CreateItemResponse>\
         <m:ResponseMessages><m:CreateItemResponseMessage ResponseClass=\"Success\">\
         <m:ResponseCode>NoError</m:ResponseCode><m:Items><t:CalendarItem><t:ItemId Id=\"a\" \
         ChangeKey=\"b\"/></t:CalendarItem></m:Items></m:CreateItemResponseMessage>\
         <m:CreateItemResponseMessage ResponseClass=\"Error\"><m:MessageText>No.</m:MessageText>\
         <m:ResponseCode>ErrorItemSave</m:ResponseCode><m:Items/></m:CreateItemResponseMessage>\
         </m:ResponseMessages></m:CreateItemResponse></soap:Body>"
    );
}

#[test]
fn the_documents_of_a_stream_have_no_prefix_on_their_root() {
    let event = ObjectEvent::of_item(
        ItemId::new("a", "b"),
        FolderId::new("f", "g"),
        at("2026-11-24T09:00:00Z"),
    );
    let reply = GetStreamingEventsReply {
        connection_status: Some(ConnectionStatus::Ok),
        ..GetStreamingEventsReply::notification("s", vec![Event::Created(event)])
    };
    let answer = Answer::GetStreamingEvents(Response::of(Ok(reply)));
    let document = answer.write(&ServerVersionInfo::default());
    assert!(document.contains("<Envelope xmlns=") && document.ends_with("</Envelope>"));
    assert!(document.contains(
        "<m:Notifications><m:Notification><t:SubscriptionId>s</t:SubscriptionId><t:CreatedEvent>\
         <t:TimeStamp>2026-11-24T09:00:00Z</t:TimeStamp><t:ItemId Id=\"a\" ChangeKey=\"b\"/>\
         <t:ParentFolderId Id=\"f\" ChangeKey=\"g\"/></t:CreatedEvent></m:Notification>\
         </m:Notifications><m:ConnectionStatus>OK</m:ConnectionStatus>"
    ));
}

#[test]
fn a_fault_has_no_header() {
    let document = Fault::server_busy(Duration::from_secs(2)).to_document();
    assert_eq!(
        inside(&document),
        "<soap:Body><soap:Fault><faultcode>e:ErrorServerBusy</faultcode><faultstring>The server is \
         busy.</faultstring><detail><e:ResponseCode>ErrorServerBusy</e:ResponseCode><e:Message>The \
         server is busy.</e:Message><t:MessageXml><t:Value Name=\"BackOffMilliseconds\">2000\
         </t:Value></t:MessageXml></detail></soap:Fault></soap:Body>"
    );
}

#[test]
fn times_are_written_to_the_second_and_keep_whether_they_have_a_zone() {
    assert_eq!(at("2026-11-24T10:00:00.999+01:00").to_string(), "2026-11-24T09:00:00Z");
    assert_eq!(at("2026-11-24T10:00:00.5").to_string(), "2026-11-24T10:00:00");
    assert_eq!(at("0001-01-01T00:00:00Z").to_string(), "0001-01-01T00:00:00Z");
    assert_eq!(DateTime::parse("2026-11-24"), None);
    let berlin = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let floating = at("2026-11-24T10:00:00").to_timestamp(&berlin);
    assert_eq!(floating, at("2026-11-24T09:00:00Z").utc());
}

#[test]
fn an_item_asked_for_alone_is_easily_had() {
    let item = CalendarItem { subject: Some("x".to_owned()), ..CalendarItem::default() };
    let answer = Answer::GetItem(Response::of(Ok(Items::one(item.clone()))));
    let document = answer.write(&ServerVersionInfo::default());
    let response = GetItem::read_answer(document.as_bytes()).unwrap();
    assert_eq!(response.into_items(), [Ok(Some(Item::from(item)))]);
}
