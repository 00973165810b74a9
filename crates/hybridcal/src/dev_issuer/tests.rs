//! A sign-in as the web app does it, and everything that must not pass for one.

use axum::http::StatusCode;
use protocol::token::{AUDIENCE_API, AUDIENCE_KMS, PersonClaims, RESOURCE_API, RESOURCE_KMS};
use world::{
    http::{Request as HttpRequest, Response as HttpResponse},
    issuer::{Issuer, Refused},
    memory::Memory,
    stop::Stopper,
};

use super::*;

const URL: &str = "http://issuer.localhost";
const APP: &str = "http://127.0.0.1:8080";
const VERIFIER: &str = "a verifier that nobody else knows";
const ANN: &str = "ann@example.com";

struct Rig {
    memory: Memory,
    browser: World,
    issuer: DevIssuer,
    _stopper: Stopper,
}

fn people() -> Vec<DevPerson> {
    let person = |address: &str, name: &str, password: &str| DevPerson {
        address: address.into(),
        name: name.into(),
        password: password.into(),
    };
    vec![person("bob@example.com", "Bob <Builder>", "b"), person(ANN, "Ann", "right")]
}

async fn rig() -> Rig {
    let memory = World::in_memory("2026-11-24T09:00:00Z".parse().expect("a time"), 7);
    let world = memory.host("issuer.localhost");
    let url = Url::parse(URL).expect("a URL");
    let issuer = DevIssuer::new(world.clone(), url, people(), "web".into(), vec![APP.into()]);
    let issuer = issuer.expect("an issuer");
    let listener = world.network.listen("issuer.localhost:80").await.expect("free");
    let (stopper, stop) = Stopper::new();
    tokio::spawn(world::http::serve(listener, issuer.router(), stop));
    Rig { browser: memory.host("browser"), memory, issuer, _stopper: stopper }
}

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()))
}

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The fields with some of them changed; an empty value leaves one out.
fn with<'a>(
    fields: &[(&'a str, &'a str)],
    changes: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let changed = |name: &str| changes.iter().any(|(changed, _)| *changed == name);
    let kept = fields.iter().filter(|(name, _)| !changed(name));
    kept.chain(changes).filter(|(_, value)| !value.is_empty()).copied().collect()
}

impl Rig {
    async fn get(&self, path: &str) -> HttpResponse {
        let url = Url::parse(&format!("{URL}{path}")).expect("a URL");
        let request = HttpRequest::get(&url).header("origin", APP);
        self.browser.http.send(request).await.expect("an answer")
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> HttpResponse {
        let url = Url::parse(&format!("{URL}{path}")).expect("a URL");
        let request = HttpRequest::post(&url, form(fields))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", APP);
        self.browser.http.send(request).await.expect("an answer")
    }

    async fn ask(&self, changes: &[(&str, &str)]) -> HttpResponse {
        let challenge = challenge();
        self.get(&format!("/authorize?{}", form(&with(&asked(&challenge), changes)))).await
    }

    async fn answer(&self, changes: &[(&str, &str)]) -> HttpResponse {
        let challenge = challenge();
        let fields = with(&asked(&challenge), &[("address", ANN), ("password", "right")]);
        self.post("/authorize", &with(&fields, changes)).await
    }

    async fn code(&self) -> String {
        query(&self.answer(&[]).await)["code"].clone()
    }

    async fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Result<Value, String> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", "http://127.0.0.1:8080/"),
            ("client_id", "web"),
            ("code_verifier", VERIFIER),
        ];
        tokens(&self.post("/token", &with(&fields, changes)).await)
    }

    async fn refresh(&self, token: &str, resource: &str) -> Result<Value, String> {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", "web"),
            ("resource", resource),
        ];
        tokens(&self.post("/token", &fields).await)
    }

    fn verifier(&self) -> Issuer {
        Issuer::new(self.memory.host("cloud"), Url::parse(URL).expect("a URL"))
    }
}

fn asked(challenge: &str) -> Vec<(&str, &str)> {
    vec![
        ("response_type", "code"),
        ("client_id", "web"),
        ("redirect_uri", "http://127.0.0.1:8080/"),
        ("scope", "openid email offline_access"),
        ("state", "a state"),
        ("nonce", "a nonce"),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
    ]
}

fn tokens(answer: &HttpResponse) -> Result<Value, String> {
    assert_eq!(answer.headers["access-control-allow-origin"], APP);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    if answer.status == StatusCode::OK { Ok(body) } else { Err(text(&body, "error")) }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().expect("a text").to_owned()
}

fn query(answer: &HttpResponse) -> BTreeMap<String, String> {
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let location = answer.headers["location"].to_str().expect("text");
    assert!(location.starts_with("http://127.0.0.1:8080/?"), "{location}");
    Url::parse(location).expect("a URL").query_pairs().into_owned().collect()
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}

#[tokio::test(start_paused = true)]
async fn a_person_signs_in_and_gets_tokens_for_both_audiences() {
    let rig = rig().await;
    let page = rig.ask(&[]).await;
    let page = String::from_utf8(page.body.to_vec()).expect("text");
    assert!(page.contains("DEVELOPMENT SIGN-IN — not for real use"));
    assert!(page.contains("Bob &lt;Builder&gt;") && page.contains(ANN) && !page.contains("right"));

    let back = query(&rig.answer(&[]).await);
    assert_eq!((back["state"].as_str(), back["iss"].as_str()), ("a state", URL));
    let answer = rig.exchange(&back["code"], &[]).await.expect("tokens");
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(3600)));
    let identity = claims(&text(&answer, "id_token"));
    assert_eq!((&identity["nonce"], &identity["aud"]), (&json!("a nonce"), &json!("web")));
    assert_eq!((&identity["name"], &identity["email"]), (&json!("Ann"), &json!(ANN)));

    let verifier = rig.verifier();
    let access = text(&answer, "access_token");
    let said: PersonClaims = verifier.verify(&access, AUDIENCE_API).await.expect("believed");
    assert!(said.email == ANN && said.email_verified);
    assert!(verifier.verify::<PersonClaims>(&access, AUDIENCE_KMS).await.is_err());

    let refreshed = rig.refresh(&text(&answer, "refresh_token"), RESOURCE_KMS).await;
    let access = text(&refreshed.expect("tokens"), "access_token");
    assert!(verifier.verify::<PersonClaims>(&access, AUDIENCE_KMS).await.is_ok());
    rig.memory.clock().sleep(std::time::Duration::from_secs(3_601)).await;
    let late = verifier.verify::<PersonClaims>(&access, AUDIENCE_KMS).await;
    assert_eq!(late.err(), Some(Refused::Token));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_gets_the_page_again() {
    let rig = rig().await;
    for change in [("password", "wrong"), ("password", ""), ("address", "eve@example.com")] {
        let answer = rig.answer(&[change]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        let page = String::from_utf8(answer.body.to_vec()).expect("text");
        assert!(page.contains("not this person&#39;s") || page.contains("not this person's"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stranger_is_sent_nowhere() {
    let rig = rig().await;
    for change in [
        ("client_id", "other"),
        ("client_id", ""),
        ("redirect_uri", "http://127.0.0.1:8080/elsewhere"),
        ("redirect_uri", "http://127.0.0.1:8080"),
        ("redirect_uri", "http://127.0.0.1:8080.evil.example/"),
        ("redirect_uri", ""),
    ] {
        for answer in [rig.ask(&[change]).await, rig.answer(&[change]).await] {
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{change:?}");
            assert!(!answer.headers.contains_key("location"));
        }
    }
    let twice = format!("/authorize?{}&client_id=web", form(&asked(&challenge())));
    assert_eq!(rig.get(&twice).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_proof_of_possession_goes_back_refused() {
    let rig = rig().await;
    for (change, error) in [
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
    ] {
        for answer in [rig.ask(&[change]).await, rig.answer(&[change]).await] {
            let back = query(&answer);
            assert_eq!((back["error"].as_str(), back["state"].as_str()), (error, "a state"));
            assert!(!back.contains_key("code"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_is_good_once_for_who_asked_for_it() {
    let rig = rig().await;
    for (change, error) in [
        (("code_verifier", "a guess"), "invalid_grant"),
        (("code_verifier", ""), "invalid_grant"),
        (("redirect_uri", "http://127.0.0.1:9/"), "invalid_grant"),
        (("code", "a guess"), "invalid_grant"),
        (("code", ""), "invalid_request"),
        (("client_id", "other"), "invalid_client"),
        (("grant_type", "password"), "unsupported_grant_type"),
        (("resource", "hc-other"), "invalid_target"),
    ] {
        let refused = rig.exchange(&rig.code().await, &[change]).await;
        assert_eq!(refused, Err(error.into()), "{change:?}");
    }
    let code = rig.code().await;
    assert!(rig.exchange(&code, &[]).await.is_ok());
    assert_eq!(rig.exchange(&code, &[]).await, Err("invalid_grant".into()));
    let guessed = rig.code().await;
    assert!(rig.exchange(&guessed, &[("code_verifier", "a guess")]).await.is_err());
    assert!(rig.exchange(&guessed, &[]).await.is_err(), "a wrong guess spends the code");
    let late = rig.code().await;
    rig.memory.clock().sleep(std::time::Duration::from_secs(61)).await;
    assert_eq!(rig.exchange(&late, &[]).await, Err("invalid_grant".into()));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_is_good_once_and_ends_with_the_sign_out() {
    let rig = rig().await;
    let first = rig.exchange(&rig.code().await, &[]).await.expect("tokens");
    let first = text(&first, "refresh_token");
    let second = text(&rig.refresh(&first, RESOURCE_API).await.expect("tokens"), "refresh_token");
    assert_eq!(rig.refresh(&first, RESOURCE_API).await, Err("invalid_grant".into()));
    assert_eq!(rig.post("/revoke", &[("token", &second)]).await.status, StatusCode::OK);
    assert_eq!(rig.refresh(&second, RESOURCE_API).await, Err("invalid_grant".into()));
}

#[tokio::test(start_paused = true)]
async fn a_printed_token_lasts_twelve_hours() {
    let rig = rig().await;
    let token = rig.issuer.token(ANN, AUDIENCE_API);
    let verifier = rig.verifier();
    rig.memory.clock().sleep(std::time::Duration::from_secs(11 * 3_600)).await;
    assert!(verifier.verify::<PersonClaims>(&token, AUDIENCE_API).await.is_ok());
    rig.memory.clock().sleep(std::time::Duration::from_secs(3_601)).await;
    assert!(verifier.verify::<PersonClaims>(&token, AUDIENCE_API).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn pages_run_no_scripts_and_other_origins_read_nothing() {
    let rig = rig().await;
    let about = rig.get("/").await;
    assert_eq!(about.status, StatusCode::OK);
    let policy = rig.ask(&[]).await.headers["content-security-policy"].clone();
    let policy = policy.to_str().expect("text");
    assert!(
        policy.contains("default-src 'none'")
            && policy.contains("form-action 'self' http://127.0.0.1:8080;")
    );

    let discovery = rig.get("/.well-known/openid-configuration").await;
    assert_eq!(discovery.headers["access-control-allow-origin"], APP);
    let url = Url::parse(&format!("{URL}/keys")).expect("a URL");
    let foreign = HttpRequest::get(&url).header("origin", "http://evil.example");
    let foreign = rig.browser.http.send(foreign).await.expect("an answer");
    assert!(!foreign.headers.contains_key("access-control-allow-origin"));
}

#[test]
fn it_serves_this_computer_only() {
    let build = |url: &str, origin: &str| {
        let memory = World::in_memory("2026-11-24T09:00:00Z".parse().expect("a time"), 7);
        let url = Url::parse(url).expect("a URL");
        DevIssuer::new(memory.host("a"), url, people(), "web".into(), vec![origin.into()])
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let _entered = runtime.expect("a runtime").enter();
    assert!(build("http://127.0.0.1:7000", APP).is_ok());
    assert!(matches!(build("https://issuer.example", APP), Err(DevIssuerFailure::NotLoopback)));
    let origin = build("http://127.0.0.1:7000", "not an origin");
    assert!(matches!(origin, Err(DevIssuerFailure::RedirectOrigin)));
}
