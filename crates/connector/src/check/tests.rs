//! The ladder against a scripted Exchange: what it finds, and where it stops.

use std::{
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use world::{memory::Memory, stop::Stopper};

use super::*;

/// What the scripted Exchange does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Well,
    /// Refuses so many sign-ins first.
    Refuses(usize),
    NtlmOnly,
    Redirects,
    NotThere,
    /// Lets a sign-in through once, as behind a balancer that shares connections.
    OnlyOnce,
    /// Is so many seconds ahead.
    Ahead(i64),
    /// Says this about every mailbox.
    Says(&'static str),
    /// Has a room's calendar without texts.
    Stripped,
    /// Holds its stream back, or falls silent on it.
    Held,
    Silent,
    /// Knows no second mailbox.
    OneMailbox,
}

struct Exchange {
    manner: Manner,
    clock: world::clock::Clock,
    sign_ins: AtomicUsize,
    acted_for: Mutex<Vec<String>>,
}

struct Rig {
    memory: Memory,
    exchange: Arc<Exchange>,
    config: Config,
    key_file: PathBuf,
    _stopper: Stopper,
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.key_file);
    }
}

async fn rig(manner: Manner) -> Rig {
    let memory = World::in_memory(NOW, 3);
    let exchange = Arc::new(Exchange {
        manner,
        clock: memory.clock().clone(),
        sign_ins: AtomicUsize::new(0),
        acted_for: Mutex::default(),
    });
    let (stopper, stop) = Stopper::new();
    let router = Router::new()
        .route("/EWS/Exchange.asmx", get(look).post(answer))
        .with_state(Arc::clone(&exchange));
    let leases = r#"{"granted":[],"ttlSeconds":10}"#;
    let others = Router::new()
        .route(routes::HEALTH, get(|| async { "ok" }))
        .route(routes::LEASES, post(move || async move { leases }));
    for (host, router) in [("exchange", router), ("cloud", others.clone()), ("kms", others)] {
        let network = memory.host(host).network;
        let listener = network.listen(&format!("{host}:443")).await.expect("free");
        tokio::spawn(world::http::serve(listener, router, stop.clone()));
    }
    let key_file = std::env::temp_dir().join(format!(
        "{}.pem",
        uuid::Uuid::new_v5(
            &uuid::Uuid::NAMESPACE_OID,
            format!("{}-{:p}", std::process::id(), Arc::as_ptr(&exchange)).as_bytes(),
        )
    ));
    let key = ConnectorKey::generate(memory.chance()).expect("a key");
    fs::write(&key_file, key.private_pem.as_bytes()).expect("written");
    let config = serde_json::json!({
        "id": "connector-1", "organization": "contoso", "key_file": key_file,
        "cloud_url": "https://cloud", "kms_url": "https://kms",
        "exchange": {
            "url": "https://exchange/EWS/Exchange.asmx",
            "user": "CONTOSO\\o'svc", "password": "secret",
            "sign_in": ["basic"],
        },
        "mailboxes": ["ann@example.com", "bob@example.com"],
    });
    let config = serde_json::from_value(config).expect("a configuration");
    Rig { memory, exchange, config, key_file, _stopper: stopper }
}

async fn look(State(exchange): State<Arc<Exchange>>) -> Response {
    let ahead = if let Manner::Ahead(seconds) = exchange.manner { seconds } else { 0 };
    let now =
        jiff::Timestamp::from_second(exchange.clock.now().as_second() + ahead).expect("a time");
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
    let (status, name, value) = match exchange.manner {
        Manner::NtlmOnly => (StatusCode::UNAUTHORIZED, header::WWW_AUTHENTICATE, "NTLM"),
        Manner::Redirects => (StatusCode::FOUND, header::LOCATION, "/owa"),
        Manner::NotThere => (StatusCode::NOT_FOUND, header::SERVER, "x"),
        _ => (StatusCode::UNAUTHORIZED, header::WWW_AUTHENTICATE, "Basic realm=\"exchange\""),
    };
    let date = date.expect("a date");
    (status, [(name, value.to_owned()), (header::DATE, date)]).into_response()
}

async fn answer(
    State(exchange): State<Arc<Exchange>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let nth = exchange.sign_ins.fetch_add(1, Ordering::Relaxed);
    let is_refused = match exchange.manner {
        Manner::Refuses(first) => nth < first,
        Manner::OnlyOnce => nth > 0,
        _ => false,
    };
    if is_refused {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mailbox = headers.get("x-anchormailbox").map(|value| value.to_str().expect("text"));
    exchange.acted_for.lock().expect("no panic").extend(mailbox.map(str::to_owned));
    let body = String::from_utf8(body.to_vec()).expect("text");
    let is_bob = mailbox == Some("bob@example.com");
    let document = match exchange.manner {
        Manner::Says("HTTP 403") if mailbox.is_some() => {
            return StatusCode::FORBIDDEN.into_response();
        }
        Manner::Says(code) if mailbox.is_some() => fault(code),
        _ if body.contains("m:GetStreamingEvents") => return stream(exchange.manner),
        _ if body.contains("m:Subscribe") => reply(
            "Subscribe",
            r#"ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:SubscriptionId>s</m:SubscriptionId>"#,
        ),
        _ if body.contains("m:Unsubscribe") => reply(
            "Unsubscribe",
            r#"ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>"#,
        ),
        Manner::Stripped if body.contains("m:FindItem") => reply(
            "FindItem",
            &format!(
                r#"ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:RootFolder IncludesLastItemInRange="true"><t:Items>{ROW}</t:Items></m:RootFolder>"#
            ),
        ),
        Manner::Stripped if body.contains("m:GetItem") => reply(
            "GetItem",
            &format!(
                r#"ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:Items>{ROW}</m:Items>"#
            ),
        ),
        Manner::OneMailbox if is_bob => fault("ErrorNonExistentMailbox"),
        _ if body.contains("m:ConvertId") => reply(
            "ConvertId",
            r#"ResponseClass="Error"><m:ResponseCode>ErrorInvalidIdMalformed</m:ResponseCode>"#,
        ),
        _ if body.contains("m:GetFolder") => reply(
            "GetFolder",
            r#"ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:Folders><t:CalendarFolder><t:FolderId Id="f"/></t:CalendarFolder></m:Folders>"#,
        ),
        _ => reply(
            "FindItem",
            r#"ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:RootFolder TotalItemsInView="0" IncludesLastItemInRange="true"><t:Items/></m:RootFolder>"#,
        ),
    };
    let status = match document.contains("soap:Fault") {
        true => StatusCode::INTERNAL_SERVER_ERROR,
        false => StatusCode::OK,
    };
    (status, [(header::CONTENT_TYPE, "text/xml; charset=utf-8")], document).into_response()
}

/// As a room's copy is by default: the organizer's name for a subject, and no text.
const ROW: &str = r#"<t:CalendarItem><t:ItemId Id="i" ChangeKey="c"/><t:Subject>Ann Archer </t:Subject><t:Body BodyType="HTML">&lt;html&gt;&lt;body&gt; &lt;/body&gt;&lt;/html&gt;</t:Body><t:UID>u</t:UID><t:Start>2026-11-24T10:00:00Z</t:Start><t:End>2026-11-24T11:00:00Z</t:End><t:IsMeeting>true</t:IsMeeting><t:CalendarItemType>Single</t:CalendarItemType><t:MyResponseType>Accept</t:MyResponseType><t:Organizer><t:Mailbox><t:Name>Ann Archer</t:Name><t:EmailAddress>ann@example.com</t:EmailAddress></t:Mailbox></t:Organizer><t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>bob@example.com</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees></t:CalendarItem>"#;

/// The first word, a sign of life after 45 s; as far as the manner lets them through.
fn stream(manner: Manner) -> Response {
    let word = || {
        Ok::<_, std::io::Error>(reply(
            "GetStreamingEvents",
            r#"ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:ConnectionStatus>OK</m:ConnectionStatus>"#,
        ))
    };
    let words = futures_util::stream::unfold(0, move |said| async move {
        match (manner, said) {
            (Manner::Held, _) | (Manner::Silent, 1) => std::future::pending().await,
            (_, 0) => Some((word(), 1)),
            _ => {
                tokio::time::sleep(std::time::Duration::from_secs(45)).await;
                Some((word(), said + 1))
            }
        }
    });
    let content_type = [(header::CONTENT_TYPE, "text/xml; charset=utf-8")];
    (content_type, axum::body::Body::from_stream(words)).into_response()
}

const NOW: jiff::Timestamp = jiff::Timestamp::constant(1_795_510_800, 0);
const SPACES: &str = r#"xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors""#;

fn reply(operation: &str, message: &str) -> String {
    format!(
        r#"<soap:Envelope {SPACES}><soap:Header><t:ServerVersionInfo MajorVersion="15" MinorVersion="2" MajorBuildNumber="1544"/></soap:Header><soap:Body><m:{operation}Response><m:ResponseMessages><m:{operation}ResponseMessage {message}</m:{operation}ResponseMessage></m:ResponseMessages></m:{operation}Response></soap:Body></soap:Envelope>"#
    )
}

fn fault(code: &str) -> String {
    format!(
        "<soap:Envelope {SPACES}><soap:Body><soap:Fault><faultcode>soap:Client</faultcode><faultstring>no</faultstring><detail><e:ResponseCode>{code}</e:ResponseCode></detail></soap:Fault></soap:Body></soap:Envelope>"
    )
}

impl Rig {
    /// `step subject` of each rung, with a dash before what failed.
    async fn climbed(&self) -> Vec<String> {
        let findings = check(&self.config, &self.memory.host("connector")).await;
        let line = |finding: &Finding| {
            let mark = if finding.outcome.is_ok() { "+" } else { "-" };
            format!("{mark} {}", finding.step.as_str())
        };
        findings.iter().map(line).collect()
    }

    async fn first_failure(&self) -> (Step, String, String) {
        let findings = check(&self.config, &self.memory.host("connector")).await;
        let failure = findings.into_iter().find_map(|finding| match finding.outcome {
            Outcome::Ok(_) => None,
            Outcome::Warning { what, what_to_do, .. }
            | Outcome::Failed { what, what_to_do, .. } => Some((finding.step, what, what_to_do)),
        });
        failure.expect("a failure")
    }

    fn sign_ins(&self) -> usize {
        self.exchange.sign_ins.load(Ordering::Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn a_sound_site_passes_every_rung() {
    let rig = rig(Manner::Well).await;
    let findings = check(&rig.config, &rig.memory.host("connector")).await;
    let is_well = |finding: &Finding| matches!(finding.outcome, Outcome::Ok(_));
    assert!(findings.iter().all(is_well), "{:?}", rig.first_failure().await);
    let sign_in = findings.iter().find(|finding| finding.step == Step::SignIn).expect("tried");
    assert_eq!(sign_in.outcome, Outcome::Ok("signed in; Exchange 15.2.1544".into()));
    let acted_for = rig.exchange.acted_for.lock().expect("no panic").clone();
    let twice = |address: &str| acted_for.iter().filter(|mailbox| *mailbox == address).count();
    // Folder, a day, a sample; for the first also a subscription, its stream and its end.
    assert_eq!((twice("ann@example.com"), twice("bob@example.com")), (6, 3));
    assert_eq!(findings.len(), 12);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_tried_twice_at_most() {
    let rig = rig(Manner::Refuses(usize::MAX)).await;
    let climbed = rig.climbed().await;
    assert_eq!(climbed, ["+ settings", "+ exchange", "+ clock", "- sign-in", "+ cloud", "+ keys"]);
    assert_eq!(rig.sign_ins(), 2);
    let (_, _, what_to_do) = rig.first_failure().await;
    assert!(what_to_do.contains("Get-ADUser 'o''svc' -Properties LockedOut"), "{what_to_do}");
}

#[tokio::test(start_paused = true)]
async fn one_refusal_may_mean_slower() {
    let rig = rig(Manner::Refuses(1)).await;
    assert!(rig.climbed().await.iter().all(|line| line.starts_with('+')));
}

#[tokio::test(start_paused = true)]
async fn a_password_is_not_sent_where_it_cannot_be_used() {
    for manner in [Manner::NtlmOnly, Manner::Redirects, Manner::NotThere] {
        let rig = rig(manner).await;
        let (step, _, _) = rig.first_failure().await;
        assert_eq!((step, rig.sign_ins()), (Step::Exchange, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn each_failure_names_its_command() {
    let ann = "'ann@example.com'";
    let account = "'CONTOSO\\o''svc'";
    let cases: Vec<(Manner, Step, Trouble, Vec<String>)> = vec![
        (Manner::NtlmOnly, Step::Exchange, Trouble::SignInOffer, vec![
            "Set-WebServicesVirtualDirectory -Identity '<server>\\EWS (Default Web Site)' -WindowsAuthentication $true".into(),
            "-BasicAuthentication $true".into(),
            "ExtendedProtection".into(),
        ]),
        (Manner::Redirects, Step::Exchange, Trouble::NotExchange, vec![
            "Get-WebServicesVirtualDirectory | fl".into(),
        ]),
        (Manner::NotThere, Step::Exchange, Trouble::WrongPath, vec!["InternalUrl".into()]),
        (Manner::Ahead(200), Step::Clock, Trouble::Clock, vec!["w32tm /resync".into()]),
        (Manner::Ahead(-200), Step::Clock, Trouble::Clock, vec!["w32tm /query /status".into()]),
        (Manner::Refuses(9), Step::SignIn, Trouble::Password, vec![
            "Get-ADUser 'o''svc' -Properties LockedOut".into(),
            "-ExtendedProtectionTokenChecking Allow".into(),
        ]),
        (Manner::OnlyOnce, Step::Connection, Trouble::SharedConnections, vec![
            "sharing of back-end connections".into(),
        ]),
        (Manner::Says("ErrorImpersonateUserDenied"), Step::Mailbox, Trouble::Impersonation, vec![
            "New-ManagementScope -Name hybridcal -RecipientRestrictionFilter".into(),
            format!("New-ManagementRoleAssignment -Name hybridcal -Role ApplicationImpersonation -User {account} -CustomRecipientWriteScope hybridcal"),
        ]),
        (Manner::Says("ErrorNonExistentMailbox"), Step::Mailbox, Trouble::NoMailbox, vec![
            format!("Get-Mailbox {ann}"),
            format!("Get-RemoteMailbox {ann}"),
        ]),
        (Manner::Says("ErrorNonPrimarySmtpAddress"), Step::Mailbox, Trouble::SecondaryAddress, vec![
            format!("Get-Mailbox {ann} | fl PrimarySmtpAddress"),
        ]),
        (Manner::Says("ErrorServerBusy"), Step::Mailbox, Trouble::Busy, vec![
            "New-ThrottlingPolicy -Name hybridcal -ThrottlingPolicyScope Regular -EwsMaxConcurrency Unlimited -EwsMaxSubscriptions 5000".into(),
            format!("Set-ThrottlingPolicyAssociation -Identity {account} -ThrottlingPolicy hybridcal"),
        ]),
        (Manner::Says("ErrorQuotaExceeded"), Step::Mailbox, Trouble::Quota, vec![
            format!("Get-MailboxStatistics {ann}"),
        ]),
        (Manner::Says("ErrorMailboxMoveInProgress"), Step::Mailbox, Trouble::Moving, vec![
            format!("Get-MoveRequest -Identity {ann}"),
        ]),
        (Manner::Says("HTTP 403"), Step::Mailbox, Trouble::NotExchange, vec![
            format!("Set-CASMailbox {ann} -EwsEnabled $true"),
        ]),
        (Manner::Says("ErrorADUnavailable"), Step::Mailbox, Trouble::Passing, vec![
            "Test-ServiceHealth".into(),
        ]),
        (Manner::Says("ErrorSchemaValidation"), Step::Mailbox, Trouble::OurDefect, vec![
            "hybridcal trace".into(),
        ]),
        (Manner::Stripped, Step::Calendar, Trouble::StrippedTexts, vec![
            format!("Set-CalendarProcessing -Identity {ann} -AutomateProcessing AutoAccept -DeleteComments $false -DeleteSubject $false -AddOrganizerToSubject $false"),
        ]),
        (Manner::Held, Step::Stream, Trouble::StreamHeld, vec!["buffering of answers".into()]),
        (Manner::Silent, Step::Stream, Trouble::StreamSilent, vec!["idle connections".into()]),
    ];
    for (manner, step, trouble, commands) in cases {
        let rig = rig(manner).await;
        let findings = check(&rig.config, &rig.memory.host("connector")).await;
        let found = findings.into_iter().find_map(|finding| match finding.outcome {
            Outcome::Ok(_) => None,
            Outcome::Warning { trouble, what_to_do, .. } => {
                Some((finding.step, trouble, what_to_do, true))
            }
            Outcome::Failed { trouble, what_to_do, .. } => {
                Some((finding.step, trouble, what_to_do, false))
            }
        });
        let found = found.unwrap_or_else(|| panic!("nothing found: {trouble:?}"));
        assert_eq!((found.0, found.1), (step, trouble));
        let warns = [Trouble::Clock, Trouble::StrippedTexts, Trouble::StreamSilent];
        assert_eq!(found.3, warns.contains(&trouble), "{trouble:?}");
        for command in commands {
            assert!(found.2.contains(&command), "{trouble:?} lacks {command}: {}", found.2);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_mailbox_does_not_hide_the_others() {
    let rig = rig(Manner::OneMailbox).await;
    let climbed = rig.climbed().await;
    let mailboxes: Vec<_> = climbed.iter().filter(|line| line.contains("mailbox")).collect();
    assert_eq!(mailboxes, ["+ mailbox", "- mailbox"]);
    let (_, _, what_to_do) = rig.first_failure().await;
    assert!(what_to_do.contains("Get-Mailbox 'bob@example.com'"), "{what_to_do}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_reached_is_said() {
    let rig = rig(Manner::Well).await;
    for host in ["exchange", "cloud", "kms"] {
        rig.memory.cut("connector", host);
    }
    assert_eq!(rig.climbed().await, ["+ settings", "- exchange", "- cloud", "- keys"]);
    assert_eq!(rig.sign_ins(), 0);
}

#[tokio::test(start_paused = true)]
async fn wrong_settings_stop_everything() {
    let mut rig = rig(Manner::Well).await;
    rig.config.mailboxes.clear();
    assert_eq!(rig.climbed().await, ["- settings"]);
    rig.config.mailboxes.push("ann@example.com".into());
    rig.config.key_file = Some("/nowhere/key.pem".into());
    let (_, what, _) = rig.first_failure().await;
    assert!(what.contains("/nowhere/key.pem"), "{what}");
}

#[tokio::test(start_paused = true)]
async fn with_autodiscover_exchange_is_looked_for_first() {
    let mut rig = rig(Manner::Well).await;
    rig.config.exchange.url = None;
    let settings = serde_json::json!({"plain_redirects": false, "service_records": false});
    rig.config.exchange.autodiscover = serde_json::from_value(settings).expect("settings");
    let (step, what, what_to_do) = rig.first_failure().await;
    assert_eq!(step, Step::Autodiscover);
    assert_eq!(what, "ann@example.com: nobody says where it is");
    assert!(what_to_do.contains("Get-ClientAccessService"), "{what_to_do}");
    let stranger = r#"{"Protocol":"EWS","Url":"https://ews.stranger.net/EWS/Exchange.asmx"}"#;
    let router = Router::new()
        .route("/autodiscover/autodiscover.json", get(move || async move { stranger }));
    let network = rig.memory.host("autodiscover").network;
    let listener = network.listen("autodiscover.example.com:443").await.expect("free");
    let (_stopper, stop) = Stopper::new();
    tokio::spawn(world::http::serve(listener, router, stop));
    let (_, _, what_to_do) = rig.first_failure().await;
    assert!(what_to_do.contains("trust allow ews.stranger.net"), "{what_to_do}");
    assert_eq!(rig.sign_ins(), 0);
}
