//! The operations whose messages are framed in a way of their own: both ways, as they are documented.

use crate::{
    Answer, DateTime, ItemError, Mailbox, Operation, RequestHeader, Response, ResponseCode,
    ResponseMessage, ServerVersionInfo,
    free_busy::{FreeBusyViewType, MailboxData},
    items::LegacyFreeBusy,
    operations::{
        GetMailTips, GetMailTipsReply, GetRoomLists, GetRooms, GetServiceConfiguration,
        GetUserAvailability, GetUserOofSettings, SetUserOofSettings,
    },
    out_of_office::{OofSettings, OofState},
};

/// What stands inside `soap:Body`.
fn body(document: &str) -> &str {
    let (_, rest) = document.split_once("<soap:Body>").unwrap();
    rest.split_once("</soap:Body>").unwrap().0
}

fn answer(content: &str) -> Vec<u8> {
    format!(
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' \
         xmlns='http://schemas.microsoft.com/exchange/services/2006/messages'>\
         <s:Body>{content}</s:Body></s:Envelope>"
    )
    .into_bytes()
}

#[test]
fn requests_carry_the_names_that_the_schema_gives_them() {
    let header = RequestHeader::default();
    let address = "anna@example.com";
    let oof = GetUserOofSettings::of(address).write_request(&header);
    assert_eq!(
        body(&oof),
        "<m:GetUserOofSettingsRequest><t:Mailbox><t:Address>anna@example.com</t:Address>\
         </t:Mailbox></m:GetUserOofSettingsRequest>"
    );
    let set = SetUserOofSettings {
        mailbox: GetUserOofSettings::of(address).mailbox,
        user_oof_settings: OofSettings::disabled(),
    };
    assert!(body(&set.write_request(&header)).starts_with("<m:SetUserOofSettingsRequest>"));
    let availability = GetUserAvailability {
        time_zone: None,
        mailboxes: vec![MailboxData::required(address)],
        free_busy_view_options: None,
        suggestions_view_options: None,
    };
    assert_eq!(
        body(&availability.write_request(&header)),
        "<m:GetUserAvailabilityRequest><m:MailboxDataArray><t:MailboxData><t:Email><t:Address>\
         anna@example.com</t:Address></t:Email><t:AttendeeType>Required</t:AttendeeType>\
         </t:MailboxData></m:MailboxDataArray></m:GetUserAvailabilityRequest>"
    );
    let anna = || Mailbox::smtp(address);
    let tips = GetMailTips::out_of_office(anna(), vec![anna(), anna()]).write_request(&header);
    assert_eq!(
        body(&tips),
        "<m:GetMailTips><m:SendingAs><t:EmailAddress>anna@example.com</t:EmailAddress>\
         </m:SendingAs><m:Recipients><t:Mailbox><t:EmailAddress>anna@example.com\
         </t:EmailAddress></t:Mailbox><t:Mailbox><t:EmailAddress>anna@example.com\
         </t:EmailAddress></t:Mailbox></m:Recipients><m:MailTipsRequested>OutOfOfficeMessage\
         </m:MailTipsRequested></m:GetMailTips>"
    );
}

#[test]
fn automatic_replies_stand_beside_their_message() {
    let document = answer(
        "<GetUserOofSettingsResponse><ResponseMessage ResponseClass='Success'><ResponseCode>NoError\
         </ResponseCode></ResponseMessage><OofSettings><OofState>Scheduled</OofState>\
         <ExternalAudience>Known</ExternalAudience><Duration><StartTime>2026-11-25T08:00:00Z\
         </StartTime><EndTime>2026-11-26T08:00:00</EndTime></Duration><InternalReply>\
         <Message>Away</Message></InternalReply></OofSettings><AllowExternalOof>All\
         </AllowExternalOof></GetUserOofSettingsResponse>",
    );
    let reply = GetUserOofSettings::read_answer(&document).unwrap().into_only().unwrap().unwrap();
    let settings = reply.oof_settings.unwrap();
    assert_eq!(settings.oof_state, OofState::Scheduled);
    let duration = settings.duration.unwrap();
    assert!(matches!(duration.start_time, DateTime::Utc(_)), "with a zone");
    assert!(matches!(duration.end_time, DateTime::Floating(_)), "and without, as documented");
    assert_eq!(settings.internal_reply.unwrap().message.as_deref(), Some("Away"));

    let document = answer(
        "<GetUserOofSettingsResponse><ResponseMessage ResponseClass='Error'><MessageText>No.\
         </MessageText><ResponseCode>ErrorAccessDenied</ResponseCode></ResponseMessage>\
         </GetUserOofSettingsResponse>",
    );
    let error = GetUserOofSettings::read_answer(&document).unwrap().into_only().unwrap();
    assert_eq!(error.unwrap_err().code, ResponseCode::ErrorAccessDenied);
}

#[test]
fn availability_fails_person_by_person() {
    let document = answer(
        "<GetUserAvailabilityResponse><FreeBusyResponseArray><FreeBusyResponse><ResponseMessage \
         ResponseClass='Success'><ResponseCode>NoError</ResponseCode></ResponseMessage>\
         <FreeBusyView><FreeBusyViewType>DetailedMerged</FreeBusyViewType><MergedFreeBusy>0123\
         </MergedFreeBusy><CalendarEventArray><CalendarEvent><StartTime>2026-11-25T10:00:00\
         </StartTime><EndTime>2026-11-25T11:00:00</EndTime><BusyType>OOF</BusyType>\
         </CalendarEvent></CalendarEventArray></FreeBusyView></FreeBusyResponse><FreeBusyResponse>\
         <ResponseMessage ResponseClass='Error'><MessageText>Nobody.</MessageText><ResponseCode>\
         ErrorMailRecipientNotFound</ResponseCode></ResponseMessage></FreeBusyResponse>\
         </FreeBusyResponseArray></GetUserAvailabilityResponse>",
    );
    let reply = GetUserAvailability::read_answer(&document).unwrap().into_only().unwrap().unwrap();
    let [known, unknown] = reply.free_busy.try_into().unwrap();
    let view = known.0.into_result().unwrap().view.unwrap();
    assert_eq!(view.free_busy_view_type, FreeBusyViewType::DetailedMerged);
    assert_eq!(view.merged_free_busy.as_deref(), Some("0123"));
    let [event] = view.calendar_events.try_into().unwrap();
    assert_eq!((event.busy_type.digit(), event.busy_type), ('3', LegacyFreeBusy::OutOfOffice));
    let error = unknown.0.into_result().unwrap_err();
    assert_eq!(error.code, ResponseCode::ErrorMailRecipientNotFound);
}

#[test]
fn mail_tips_fail_as_a_whole_or_one_by_one() {
    let document = answer(
        "<GetMailTipsResponse ResponseClass='Error'><MessageText>Off.</MessageText><ResponseCode>\
         ErrorMailTipsDisabled</ResponseCode></GetMailTipsResponse>",
    );
    let whole = GetMailTips::read_answer(&document).unwrap();
    let code = whole.clone().into_only().unwrap().unwrap_err().code;
    assert_eq!(code, ResponseCode::ErrorMailTipsDisabled);
    let written = Answer::GetMailTips(whole).write(&ServerVersionInfo::default());
    assert!(!written.contains("ResponseMessages"), "{written}");

    let error = ItemError::new(ResponseCode::ErrorInvalidRecipients, "Nobody.");
    let replies = vec![
        ResponseMessage::Success(GetMailTipsReply::default()),
        ResponseMessage::<GetMailTipsReply>::Error(error),
    ];
    let written = Answer::GetMailTips(Response::new(replies)).write(&ServerVersionInfo::default());
    assert_eq!(written.matches("<m:MailTipsResponseMessageType ").count(), 2);
    assert!(body(&written).starts_with("<m:GetMailTipsResponse ResponseClass=\"Success\">"));
    let read = GetMailTips::read_answer(written.as_bytes()).unwrap().into_results();
    assert!(matches!(read.as_slice(), [Ok(_), Err(_)]));
}

#[test]
fn the_limits_of_mail_tips_are_configuration() {
    let document = answer(
        "<GetServiceConfigurationResponse ResponseClass='Success'><ResponseCode>NoError\
         </ResponseCode><ResponseMessages><ServiceConfigurationResponseMessageType \
         ResponseClass='Success'><ResponseCode>NoError</ResponseCode><MailTipsConfiguration>\
         <MailTipsEnabled>true</MailTipsEnabled><MaxRecipientsPerGetMailTipsRequest>50\
         </MaxRecipientsPerGetMailTipsRequest></MailTipsConfiguration>\
         </ServiceConfigurationResponseMessageType></ResponseMessages>\
         </GetServiceConfigurationResponse>",
    );
    let read = GetServiceConfiguration::read_answer(&document).unwrap();
    let tips = read.into_only().unwrap().unwrap().mail_tips.unwrap();
    assert_eq!(tips.max_recipients_per_get_mail_tips_request, Some(50));
}

#[test]
fn rooms_are_the_answer_itself() {
    let document = answer(
        "<GetRoomListsResponse ResponseClass='Success'><ResponseCode>NoError</ResponseCode>\
         <RoomLists><Address><Name>House 1</Name></Address></RoomLists></GetRoomListsResponse>",
    );
    let lists = GetRoomLists::read_answer(&document).unwrap().into_only().unwrap().unwrap();
    assert_eq!(lists.room_lists, [Mailbox { name: Some("House 1".into()), ..Mailbox::default() }]);
    let document = answer(
        "<GetRoomsResponse ResponseClass='Error'><ResponseCode>ErrorNameResolutionNoResults\
         </ResponseCode></GetRoomsResponse>",
    );
    let error = GetRooms::read_answer(&document).unwrap().into_only().unwrap().unwrap_err();
    assert_eq!(error.code, ResponseCode::ErrorNameResolutionNoResults);
}
