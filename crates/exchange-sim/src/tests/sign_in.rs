//! Who gets in, and for whom they may act.

use axum::http::StatusCode;
use ews::{
    Operation, RequestHeader, ResponseCode,
    ids::DistinguishedFolderName,
    operations::GetFolder,
    shapes::{BaseShape, FolderShape},
};
use world::http::Request;

use super::{ALICE, BOB, Site};

fn calendar() -> GetFolder {
    GetFolder {
        folder_shape: FolderShape::of(BaseShape::Default),
        folder_ids: vec![
            DistinguishedFolderName::Calendar.into(),
            DistinguishedFolderName::Other("archiveinbox".to_owned()).into(),
        ],
    }
}

#[tokio::test(start_paused = true)]
async fn every_spelling_of_a_user_name_is_known() {
    let site = Site::start().await;
    for user in ["alice", "ALICE@example.com", "DOM\\alice", "\\alice"] {
        let results = site.as_user(user).ask(&calendar()).await;
        assert!(results[0].is_ok());
        let error = results[1].as_ref().expect_err("no such folder");
        assert_eq!(error.code, ResponseCode::ErrorFolderNotFound);
    }
    assert_eq!(site.simulator.sign_in_attempts("alice"), 4);
    assert_eq!(site.simulator.requests("GetFolder"), 4);
}

#[tokio::test(start_paused = true)]
async fn wrong_passwords_are_refused_and_counted() {
    let site = Site::start().await;
    let body = calendar().write_request(&RequestHeader::ours());
    for _ in 0..2 {
        let answer = site.send(site.request("alice", "wrong", body.clone())).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers["www-authenticate"], "Basic realm=\"Exchange simulator\"");
        assert!(answer.body.is_empty());
    }
    assert_eq!(site.simulator.sign_in_attempts("alice"), 2);
    assert_eq!(site.simulator.requests_total(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_page_says_what_this_is() {
    let site = Site::start().await;
    let url = "https://exchange/ews/exchange.asmx".parse().expect("a URL");
    assert_eq!(site.send(Request::get(&url)).await.status, StatusCode::UNAUTHORIZED);
    let signed_in = Request::get(&url).header("authorization", "Basic YWxpY2U6c2VjcmV0");
    let page = site.send(signed_in).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(String::from_utf8_lossy(&page.body).contains("simulator"));
}

#[tokio::test(start_paused = true)]
async fn only_service_accounts_impersonate_and_only_within_their_scope() {
    let scope = |config: &mut crate::Config| {
        config.service_accounts[0].may_not_impersonate = vec![BOB.to_owned()];
    };
    let site = Site::with(scope).await;
    assert!(site.impersonating("svc-cal", ALICE).ask(&calendar()).await[0].is_ok());
    let refused = [
        ("svc-cal", BOB, ResponseCode::ErrorImpersonateUserDenied),
        ("svc-cal", "nobody@example.com", ResponseCode::ErrorNonExistentMailbox),
        ("bob", ALICE, ResponseCode::ErrorImpersonateUserDenied),
    ];
    for (user, address, code) in refused {
        assert_eq!(site.impersonating(user, address).fault(&calendar()).await, code);
    }
    let own = site.as_user("svc-cal").ask(&calendar()).await; // it has no mailbox
    assert_eq!(own[0].as_ref().expect_err("none").code, ResponseCode::ErrorNonExistentMailbox);
}

#[tokio::test(start_paused = true)]
async fn malformed_requests_are_faults() {
    let site = Site::start().await;
    let item = super::review(&[]);
    let tell = ews::operations::SendMeetingInvitations::SendToNone;
    let folder = DistinguishedFolderName::Calendar;
    let create = ews::operations::CreateItem::in_calendar(folder, item, tell);
    let unescaped = create
        .write_request(&RequestHeader::ours())
        .replace("&lt;p&gt;", "<p>")
        .replace("&lt;/p&gt;", "</p>");
    let empty = "<Envelope><Body><GetItem/></Body></Envelope>";
    for body in ["", "<x/>", "<a", empty, unescaped.as_str()] {
        let answer = site.send(site.request("alice", "secret", body.to_owned())).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(String::from_utf8_lossy(&answer.body).contains("ErrorSchemaValidation"));
    }
}

mod ntlm {
    use std::time::Duration;

    use axum::http::StatusCode;
    use base64::{Engine, engine::general_purpose::STANDARD};
    use ews::{
        Operation, RequestHeader,
        ntlm::{Proof, UserName, authenticate, channel_binding, negotiate},
    };
    use world::{
        http::{Connection, Request, Response},
        tls::Certificate,
    };

    use super::{Site, calendar};
    use crate::{ChannelBinding, Mechanism, SignIn};

    async fn site(binding: ChannelBinding) -> Site {
        Site::with_certificate(Some(certificate()), |config| {
            config.sign_in = SignIn {
                mechanisms: vec![Mechanism::Ntlm, Mechanism::Basic],
                channel_binding: binding,
            };
        })
        .await
    }

    fn certificate() -> Certificate {
        Certificate::of(b"what Exchange shows")
    }

    async fn connect(site: &Site) -> Connection {
        let url = "https://exchange/".parse().expect("a URL");
        let world = site.memory.host("client");
        world.http.connect(&url, Duration::from_secs(9)).await.expect("connected")
    }

    async fn say(connection: &mut Connection, token: Option<&[u8]>) -> Response {
        let body = calendar().write_request(&RequestHeader::ours());
        let url = "https://exchange/EWS/Exchange.asmx".parse().expect("a URL");
        let request = Request::post(&url, body);
        let request = match token {
            Some(token) => {
                request.header("authorization", &format!("NTLM {}", STANDARD.encode(token)))
            }
            None => request,
        };
        connection.send(request).await.expect("an answer")
    }

    async fn challenge(connection: &mut Connection) -> Vec<u8> {
        let answer = say(connection, Some(&negotiate())).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        let lines: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
        assert_eq!(lines.len(), 1, "a challenge stands alone");
        let line = lines[0].to_str().expect("text");
        STANDARD.decode(line.strip_prefix("NTLM ").expect("a challenge")).expect("base64")
    }

    fn answer_to(challenge: &[u8], password: &str, binding: Option<[u8; 16]>) -> Vec<u8> {
        let user = UserName::parse("EXAMPLE\\alice");
        let host = "exchange";
        let proof = Proof { user: &user, password, nonce: [3; 8], time: 0, binding, host };
        authenticate(&negotiate(), challenge, &proof).expect("a challenge")
    }

    #[tokio::test(start_paused = true)]
    async fn each_mode_looks_at_the_binding_in_its_way() {
        let right = Some(channel_binding(&certificate().end_point));
        let (wrong, zero) = (Some([7; 16]), Some([0; 16]));
        let cases = [
            (ChannelBinding::Off, [(right, true), (None, true), (wrong, true), (zero, true)]),
            (ChannelBinding::Accept, [(right, true), (None, true), (wrong, false), (zero, false)]),
            (
                ChannelBinding::Require,
                [(right, true), (None, false), (wrong, false), (zero, false)],
            ),
        ];
        for (mode, bindings) in cases {
            let site = site(mode).await;
            for (binding, is_let_in) in bindings {
                let mut connection = connect(&site).await;
                let challenge = challenge(&mut connection).await;
                let token = answer_to(&challenge, "secret", binding);
                let answer = say(&mut connection, Some(&token)).await;
                assert_eq!(answer.status == StatusCode::OK, is_let_in, "{mode:?} {binding:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_sign_in_belongs_to_its_connection() {
        let site = site(ChannelBinding::Off).await;
        let (mut one, mut other) = (connect(&site).await, connect(&site).await);
        let token = answer_to(&challenge(&mut one).await, "secret", None);
        let elsewhere = say(&mut other, Some(&token)).await;
        assert_eq!(elsewhere.status, StatusCode::UNAUTHORIZED);
        let offers: Vec<_> = elsewhere.headers.get_all("www-authenticate").iter().collect();
        assert_eq!(offers, ["NTLM", "Basic realm=\"Exchange simulator\""]);
        assert_eq!(say(&mut one, Some(&token)).await.status, StatusCode::OK);
        assert_eq!(say(&mut one, None).await.status, StatusCode::OK);
        assert_eq!(say(&mut other, None).await.status, StatusCode::UNAUTHORIZED);
        // A challenge is good for one answer.
        assert_eq!(say(&mut one, Some(&token)).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(site.simulator.sign_in_attempts("alice"), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wrong_password_is_refused_and_counted() {
        let site = site(ChannelBinding::Off).await;
        let mut connection = connect(&site).await;
        let token = answer_to(&challenge(&mut connection).await, "wrong", None);
        let answer = say(&mut connection, Some(&token)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(site.simulator.sign_in_attempts("alice"), 1);
    }
}
