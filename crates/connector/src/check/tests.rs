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
    /// Lets nobody act for others.
    NoRole,
    /// Knows no second mailbox.
    OneMailbox,
}

struct Exchange {
    manner: Manner,
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
    let memory = World::in_memory("2026-11-24T09:00:00Z".parse().expect("a time"), 3);
    let exchange =
        Arc::new(Exchange { manner, sign_ins: AtomicUsize::new(0), acted_for: Mutex::default() });
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
        },
        "mailboxes": ["ann@example.com", "bob@example.com"],
    });
    let config = serde_json::from_value(config).expect("a configuration");
    Rig { memory, exchange, config, key_file, _stopper: stopper }
}

async fn look(State(exchange): State<Arc<Exchange>>) -> Response {
    match exchange.manner {
        Manner::NtlmOnly => {
            (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "NTLM")]).into_response()
        }
        Manner::Redirects => (StatusCode::FOUND, [(header::LOCATION, "/owa")]).into_response(),
        Manner::Well | Manner::Refuses(_) | Manner::NoRole | Manner::OneMailbox => {
            let offers = [(header::WWW_AUTHENTICATE, "Basic realm=\"exchange\"")];
            (StatusCode::UNAUTHORIZED, offers).into_response()
        }
    }
}

async fn answer(
    State(exchange): State<Arc<Exchange>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let nth = exchange.sign_ins.fetch_add(1, Ordering::Relaxed);
    if matches!(exchange.manner, Manner::Refuses(first) if nth < first) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mailbox = headers.get("x-anchormailbox").map(|value| value.to_str().expect("text"));
    exchange.acted_for.lock().expect("no panic").extend(mailbox.map(str::to_owned));
    let body = String::from_utf8(body.to_vec()).expect("text");
    let is_bob = mailbox == Some("bob@example.com");
    let document = match exchange.manner {
        Manner::NoRole if mailbox.is_some() => fault("ErrorImpersonateUserDenied"),
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
            Outcome::Failed { what, what_to_do } => Some((finding.step, what, what_to_do)),
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
    assert!(findings.iter().all(|finding| finding.outcome.is_ok()));
    let sign_in = findings.iter().find(|finding| finding.step == Step::SignIn).expect("tried");
    assert_eq!(sign_in.outcome, Outcome::Ok("signed in; Exchange 15.2.1544".into()));
    let acted_for = rig.exchange.acted_for.lock().expect("no panic").clone();
    let twice = |address: &str| acted_for.iter().filter(|mailbox| *mailbox == address).count();
    assert_eq!((twice("ann@example.com"), twice("bob@example.com")), (2, 2));
    assert_eq!(findings.len(), 9);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_tried_twice_at_most() {
    let rig = rig(Manner::Refuses(usize::MAX)).await;
    let climbed = rig.climbed().await;
    assert_eq!(climbed, ["+ settings", "+ exchange", "- sign-in", "+ cloud", "+ keys"]);
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
    for (manner, command) in
        [(Manner::NtlmOnly, "Set-WebServicesVirtualDirectory"), (Manner::Redirects, "log-in page")]
    {
        let rig = rig(manner).await;
        let (step, _, what_to_do) = rig.first_failure().await;
        assert_eq!((step, rig.sign_ins()), (Step::Exchange, 0));
        assert!(what_to_do.contains(command), "{what_to_do}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_role_is_named_with_its_command() {
    let rig = rig(Manner::NoRole).await;
    let (step, what, what_to_do) = rig.first_failure().await;
    assert_eq!(step, Step::Mailbox);
    assert!(what.contains("ErrorImpersonateUserDenied"), "{what}");
    let command = "-Role ApplicationImpersonation -User 'CONTOSO\\o''svc'";
    assert!(what_to_do.contains(command), "{what_to_do}");
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
