//! Servers that cannot prove who they are: nothing they say is believed, whatever it is.

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use world::{World, stop::Stopper, tls::Trust};

use crate::{
    program::{check, connector},
    realm::Realm,
};

/// What it answers to whoever shows a ticket.
#[derive(Clone, Copy)]
struct Manner {
    status: u16,
    says: &'static str,
}

async fn answer(State(manner): State<Manner>, headers: HeaderMap) -> Response {
    let shown = headers.get("authorization").and_then(|value| value.to_str().ok());
    let builder = Response::builder().header("content-type", "text/xml");
    let response = match shown.and_then(|shown| shown.strip_prefix("Negotiate ")) {
        None => builder.status(StatusCode::UNAUTHORIZED).header("www-authenticate", "Negotiate"),
        // NTLM does not hide in a ticket.
        Some(token) if !is_of_kerberos(token) => builder.status(StatusCode::IM_A_TEAPOT),
        Some(_) => builder.status(manner.status).header("www-authenticate", manner.says),
    };
    response.body(Body::from("<x/>")).expect("a response")
}

fn is_of_kerberos(token: &str) -> bool {
    let token = STANDARD.decode(token).expect("base64");
    let kerberos = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];
    let has = |part: &[u8]| token.windows(part.len()).any(|window| window == part);
    has(&kerberos) && !has(b"NTLMSSP")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_proof_is_not_believed() {
    let realm = Realm::start().await;
    let world = World::system(&Trust::default()).expect("a world");
    let cases = [
        (200, "NTLM", "ticket-refused", "did not prove"),
        (500, "NTLM", "ticket-refused", "did not prove"),
        (200, "Negotiate AAAA", "ticket-refused", "did not prove"),
        (401, "Negotiate AAAA", "ticket-refused", "refuses"),
        (401, "Negotiate", "ticket-refused", "refuses"),
        (401, "NTLM", "sign-in-offer", "NTLM"),
        (503, "NTLM", "passing", "503"),
    ];
    for (status, says, id, words) in cases {
        let listener = world.network.listen("127.0.0.1:0").await.expect("free");
        let port = listener.address().rsplit_once(':').expect("a port").1.to_owned();
        let (_stopper, stop) = Stopper::new();
        let router = Router::new().fallback(answer).with_state(Manner { status, says });
        tokio::spawn(world::http::serve(listener, router, stop));
        let url = format!("http://localhost:{port}/EWS/Exchange.asmx").parse().expect("a URL");
        let plain = "allow_plain_http_on_loopback = true";
        let found = check(&realm, &connector(&realm, &url, "a@example.com", plain), &[]).await;
        let what = found.what("sign-in");
        assert_eq!(found.at("sign-in"), id, "{status} {says}: {what}");
        assert!(what.contains(words), "{status} {says}: {what}");
    }
}
