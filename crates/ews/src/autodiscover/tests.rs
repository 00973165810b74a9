//! Both directions, documents as servers write them, and hostile ones. The functions that read are
//! plain functions of bytes, for fuzzing.

use proptest::prelude::*;

use super::{
    DOCUMENT_BYTES_MAX, GetUserSettings, Location, SettingName, Settings, UserAnswer,
    location::{LOCATION_BYTES_MAX, location_path, read_location, write_location},
    pox::{self, PoxAnswer, PoxRequest},
    soap::{self, ErrorCode, Refused, Setting, SettingError},
};
use crate::{ServerVersionInfo, xml::XmlErrorKind};

/// As a server of 2016 answers; the prefixes are its own.
const SERVERS_WORDS: &str = r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action s:mustUnderstand="1">http://schemas.microsoft.com/exchange/2010/Autodiscover/Autodiscover/GetUserSettingsResponse</a:Action></s:Header><s:Body><GetUserSettingsResponseMessage xmlns="http://schemas.microsoft.com/exchange/2010/Autodiscover"><Response xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><ErrorCode>NoError</ErrorCode><ErrorMessage/><UserResponses>
<UserResponse><ErrorCode>NoError</ErrorCode><ErrorMessage>No error.</ErrorMessage><RedirectTarget i:nil="true"/><UserSettingErrors><UserSettingError><ErrorCode>SettingIsNotAvailable</ErrorCode><ErrorMessage>no</ErrorMessage><SettingName>GroupingInformation</SettingName></UserSettingError></UserSettingErrors><UserSettings><UserSetting i:type="StringSetting"><Name>ExternalEwsUrl</Name><Value>https://mail.example.com/EWS/Exchange.asmx</Value></UserSetting><UserSetting i:type="AlternateMailboxCollectionSetting"><Name>AlternateMailboxes</Name><AlternateMailboxes/></UserSetting></UserSettings></UserResponse>
<UserResponse><ErrorCode>RedirectUrl</ErrorCode><ErrorMessage>moved</ErrorMessage><RedirectTarget>https://other.example.com/autodiscover/autodiscover.svc</RedirectTarget><UserSettingErrors/><UserSettings/></UserResponse>
</UserResponses></Response></GetUserSettingsResponseMessage></s:Body></s:Envelope>"#;

#[test]
fn a_servers_answer_is_read_user_by_user() {
    let users = soap::read_answer(SERVERS_WORDS.as_bytes()).expect("an answer");
    assert_eq!(users.len(), 2);
    assert_eq!(users[1].error_code, ErrorCode::RedirectUrl);
    assert!(users[1].redirect_target.as_deref().is_some_and(|url| url.contains("other.example")));
    assert_eq!(users[0].setting_errors[0].error_code, ErrorCode::SettingIsNotAvailable);
    assert_eq!(users[0].setting_errors[0].name, SettingName::GroupingInformation);
    let settings = users[0].clone().into_settings();
    assert_eq!(
        settings.get(&SettingName::ExternalEwsUrl),
        Some("https://mail.example.com/EWS/Exchange.asmx")
    );
    assert_eq!(settings.get(&SettingName::AlternateMailboxes), None);
    let shown = format!("{users:?}{settings:?}");
    assert!(!shown.contains("example.com"), "{shown}");
}

#[test]
fn a_request_and_its_answer_survive_the_wire() {
    let settings = vec![SettingName::ExternalEwsUrl, SettingName::Other("Tomorrow".into())];
    let request = GetUserSettings::new(&["ann@example.com", "b&b@example.com"], settings);
    let text = request.write("https://example.com/autodiscover/autodiscover.svc");
    assert_eq!(GetUserSettings::read(text.as_bytes()), Ok(request));
    let answers = vec![
        UserAnswer {
            error_code: ErrorCode::NoError,
            error_message: None,
            redirect_target: None,
            setting_errors: vec![SettingError {
                error_code: ErrorCode::SettingIsNotAvailable,
                error_message: Some("no".into()),
                name: SettingName::Other("Tomorrow".into()),
            }],
            settings: vec![Setting {
                kind: Some("StringSetting".into()),
                name: SettingName::GroupingInformation,
                value: Some("a<b".into()),
            }],
        },
        UserAnswer::refusing(ErrorCode::InvalidUser, "unknown", None),
    ];
    let text = soap::write_answer(&ServerVersionInfo::default(), answers.clone());
    assert_eq!(soap::read_answer(text.as_bytes()), Ok(answers));
}

#[test]
fn a_refused_request_is_told_from_a_broken_one() {
    let busy = SERVERS_WORDS.replacen("NoError", "ServerBusy", 1);
    assert_eq!(soap::read_answer(busy.as_bytes()), Err(Refused::Code(ErrorCode::ServerBusy)));
    let fault = crate::Fault::new(crate::ResponseCode::ErrorAccessDenied, "no").to_document();
    assert!(matches!(soap::read_answer(fault.as_bytes()), Err(Refused::Fault(_))));
}

#[test]
fn plain_xml_survives_the_wire() {
    let request = PoxRequest::new("ann@example.com");
    assert_eq!(PoxRequest::read(request.write().as_bytes()), Ok(request));
    let settings = Settings(vec![
        (SettingName::InternalEwsUrl, "https://in.example.com/EWS/Exchange.asmx".into()),
        (SettingName::ExternalEwsUrl, "https://out.example.com/EWS/Exchange.asmx".into()),
    ]);
    for answer in [
        PoxAnswer::Settings(settings),
        PoxAnswer::RedirectAddress("ann@sub.example.com".into()),
        PoxAnswer::RedirectUrl("https://other.example.com/autodiscover/autodiscover.xml".into()),
        PoxAnswer::NoSuchUser,
        PoxAnswer::Refused(Some(600)),
    ] {
        let text = pox::write_answer("Ann", "ann@example.com", &answer);
        assert_eq!(pox::read_answer(text.as_bytes()), Ok(answer), "{text}");
    }
}

#[test]
fn version_two_is_one_url() {
    for location in [
        Location::Url("https://mail.example.com/EWS/Exchange.asmx".into()),
        Location::Refused("UserNotFound".into()),
    ] {
        assert_eq!(read_location(write_location(&location).as_bytes()), Some(location));
    }
    for odd in ["", "[]", "{}", r#"{"Url":7}"#, "<html>", &"[".repeat(100_000)] {
        assert_eq!(read_location(odd.as_bytes()), None);
    }
    let long = format!(r#"{{"Url":"https://{}"}}"#, "x".repeat(LOCATION_BYTES_MAX));
    assert_eq!(read_location(long.as_bytes()), None);
    assert!(location_path("a&b+c@example.com").contains("Email=a%26b%2Bc@example.com&"));
}

#[test]
fn hostile_documents_are_refused_and_small() {
    let doctype = format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{SERVERS_WORDS}");
    let kind = |bytes: &[u8]| match soap::read_answer(bytes) {
        Err(Refused::Malformed(error)) => error.kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(kind(doctype.as_bytes()), XmlErrorKind::DocumentType);
    assert_eq!(kind("<a>".repeat(1000).as_bytes()), XmlErrorKind::TooDeep);
    assert_eq!(kind(&vec![b' '; 10 * 1024 * 1024]), XmlErrorKind::TooLarge);
    assert!(pox::read_answer(&vec![b' '; DOCUMENT_BYTES_MAX + 1]).is_err());
    assert!(pox::read_answer(doctype.as_bytes()).is_err());
    assert_eq!(kind(b"<html><body>Sign in</body></html>"), XmlErrorKind::NotSoap);
    // In the vocabulary of EWS itself, an envelope is no envelope.
    let other = "http://schemas.microsoft.com/exchange/services/2006/types";
    let wrong = SERVERS_WORDS.replace("http://schemas.xmlsoap.org/soap/envelope/", other);
    assert_eq!(kind(wrong.as_bytes()), XmlErrorKind::NotSoap);
    // An answer to something else is not an answer.
    let domains = SERVERS_WORDS.replace("GetUserSettingsResponse", "GetDomainSettingsResponse");
    assert_eq!(kind(domains.as_bytes()), XmlErrorKind::Unexpected);
    for empty in ["<Autodiscover/>", "<Autodiscover><Response/></Autodiscover>", "<Envelope/>"] {
        assert!(pox::read_answer(empty.as_bytes()).is_err(), "{empty}");
        assert!(soap::read_answer(empty.as_bytes()).is_err(), "{empty}");
    }
}

proptest! {
    #[test]
    fn nothing_makes_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0..SERVERS_WORDS.len()) {
        let mut text = SERVERS_WORDS.as_bytes()[..cut].to_vec();
        text.extend(&bytes);
        for document in [&bytes, &text] {
            let _soap = soap::read_answer(document);
            let _pox = pox::read_answer(document);
            let _json = read_location(document);
            let _request = GetUserSettings::read(document);
            let _request = PoxRequest::read(document);
        }
    }
}
