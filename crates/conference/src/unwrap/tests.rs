//! Each wrapper gives back what it was made from; made-up tokens.

use url::Url;

use super::{Layer, percent_decoded, unwrap};

fn check(wrapped: &str, inner: &str) {
    match unwrap(&Url::parse(wrapped).unwrap()) {
        Layer::Inner { link, .. } => assert_eq!(link, inner, "{wrapped}"),
        other => panic!("{wrapped}: {other:?}"),
    }
}

#[test]
fn wrappers_are_undone() {
    let safe = "https://eur01.safelinks.protection.outlook.com";
    check(
        &format!("{safe}/?url=https%3A%2F%2Fzoom.us%2Fj%2F1%3Fa%3Db%26c&data=1"),
        "https://zoom.us/j/1?a=b&c",
    );
    check(
        "https://urldefense.proofpoint.com/v1/url?u=https%3A%2F%2Fx.example&k=1",
        "https://x.example",
    );
    check(
        "https://urldefense.proofpoint.com/v2/url?u=https-3A__x.example_a-2Db&d=1",
        "https://x.example/a-b",
    );
    check(
        "https://urldefense.com/v3/__https://x.example/a*b**Ac__;Kysr!!x!y$",
        "https://x.example/a+b++c",
    );
    check("https://www.google.com/url?q=https://x.example/a&sa=D", "https://x.example/a");
    check(
        "https://teams.microsoft.com/dl/launcher/launcher.html?url=%2F_%23%2Fl%2Fmeetup-join%2F1&x=1",
        "https://teams.microsoft.com/l/meetup-join/1",
    );
    check(
        "https://teams.microsoft.com/_#/l/meetup-join/1",
        "https://teams.microsoft.com/l/meetup-join/1",
    );
    check("zoommtg://x.zoom.us/join?confno=123456789&pwd=a", "https://x.zoom.us/j/123456789?pwd=a");
}

#[test]
fn what_is_no_wrapper_stays() {
    for bare in ["https://zoom.us/j/1", "https://safelinks.protection.outlook.com.example/?url=x"] {
        assert_eq!(unwrap(&Url::parse(bare).unwrap()), Layer::Bare, "{bare}");
    }
    let cut = "https://eur01.safelinks.protection.outlook.com/?data=1";
    assert_eq!(unwrap(&Url::parse(cut).unwrap()), Layer::Undecodable { wrapper: "safelinks" });
}

#[test]
fn percent_signs_that_mean_nothing_stay() {
    assert_eq!(percent_decoded("a%2Fb%zz%+%"), Some("a/b%zz%+%".to_owned()));
    assert_eq!(percent_decoded("%E0%A4%A"), None);
}
