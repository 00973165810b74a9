//! A connector's own tokens, and the memory that refuses repetition.

use serde_json::json;

use super::*;
use crate::issuer::tests::{NOW, key, token};

#[test]
fn a_connectors_own_token() {
    let (ours, other) = (key("c"), key("c"));
    let signers = BTreeMap::from([("connector-1".to_owned(), ours.pem.clone())]);
    let signers = KnownSigners::new(&signers).expect("keys");
    let now = Timestamp::from_second(NOW).expect("a time");
    let claims = |jti: &str, life: i64| json!({"iss":"connector-1","sub":"connector-1","aud":"hc-api","iat":NOW,"exp":NOW+life,"jti":jti});
    let verify = |token: &str, now| signers.verify(token, "hc-api", now, 60);
    let good = token(&ours, "c", &claims("1", 60));
    assert_eq!(verify(&good, now), Ok("connector-1".into()));
    assert_eq!(verify(&good, now), Err(Refused::Token), "each is good once");
    for bad in [
        token(&other, "c", &claims("2", 60)),
        token(&ours, "c", &claims("3", 61)),
        token(&ours, "c", &claims("", 60)),
        token(&ours, "c", &claims(&"j".repeat(65), 60)),
        "x.y".into(),
    ] {
        assert_eq!(verify(&bad, now), Err(Refused::Token));
    }
    let late = Timestamp::from_second(NOW + 61).expect("a time");
    assert_eq!(verify(&token(&ours, "c", &claims("4", 60)), late), Err(Refused::Token));
    let other_audience = token(&ours, "c", &claims("5", 60));
    assert_eq!(signers.verify(&other_audience, "hc-kms", now, 60), Err(Refused::Token));
}

#[test]
fn a_full_memory_is_full_for_its_signer_only() {
    let (busy, calm) = (key("c"), key("c"));
    let pems = [("busy", &busy), ("calm", &calm)].map(|(name, key)| (name.into(), key.pem.clone()));
    let signers = KnownSigners::new(&BTreeMap::from(pems)).expect("keys");
    let fresh = |name: &str, key, now: i64| {
        let claims = json!({"iss":name,"aud":"hc-api","iat":now,"exp":now + 60,"jti":"1"});
        let now = Timestamp::from_second(now).expect("a time");
        signers.verify(&token(key, "c", &claims), "hc-api", now, 60)
    };
    {
        let mut seen = signers.by_name["busy"].seen.lock().expect("not poisoned");
        for n in 0..SEEN_TOKENS_MAX {
            seen.remember(&format!("old {n}"), NOW + 60, NOW).expect("room");
        }
    }
    assert_eq!(fresh("busy", &busy, NOW), Err(Refused::TooMany));
    assert_eq!(fresh("calm", &calm, NOW), Ok("calm".into()));
    assert_eq!(fresh("busy", &busy, NOW + 59), Err(Refused::TooMany));
    assert_eq!(fresh("busy", &busy, NOW + 60), Ok("busy".into()), "the old ones have ended");
}
