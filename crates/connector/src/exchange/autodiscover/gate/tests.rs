//! The table of everything that tries to get through.

use std::collections::BTreeMap;

use super::*;

fn gate() -> Gate {
    let domains = ["contoso.com", "eu.fabrikam.co.uk", "com", "bücher.example"];
    let suffixes = ["ad.contoso.local", "co.uk", "local"];
    let url = |text| Url::parse(text).expect("a URL");
    let configured = vec![
        url("https://ews.hosting.net:8443/EWS/Exchange.asmx"),
        url("https://10.0.0.1/EWS/Exchange.asmx"),
        url("http://127.0.0.1:8080/autodiscover/autodiscover.svc"),
    ];
    let decided = [
        ("allowed.net", Decision::Allowed),
        ("allowed.net:444", Decision::Allowed),
        ("bad.contoso.com", Decision::Blocked),
        ("com", Decision::Allowed),
        ("autodiscover.com", Decision::Allowed),
        ("fabrikam.co.uk", Decision::Allowed),
        ("192.0.2.1", Decision::Allowed),
        ("[2001:db8::1]", Decision::Allowed),
        ("undecided.net", Decision::Pending),
    ];
    let decisions = decided.map(|(host, decision)| (host.to_owned(), decision));
    Gate::new(&domains.map(str::to_owned), &suffixes.map(str::to_owned), configured)
        .with_decisions(BTreeMap::from(decisions))
}

const YES: &str = "yes";

fn judged(text: &str) -> String {
    match gate().judge_text(text) {
        Verdict::Permitted(_) => YES.to_owned(),
        Verdict::Undecided(host) => host,
        Verdict::Cloud => "cloud".to_owned(),
        Verdict::Refused(why) => format!("{why:?}"),
    }
}

#[test]
fn only_what_was_decided_gets_through() {
    for (text, expected) in [
        // The organization's own.
        ("https://contoso.com/autodiscover/autodiscover.svc", YES),
        ("https://autodiscover.contoso.com/autodiscover/autodiscover.svc", YES),
        ("https://MAIL.Contoso.com/EWS/Exchange.asmx", YES),
        ("https://mail.eu.fabrikam.co.uk/", YES),
        ("https://mail.xn--bcher-kva.example/", YES),
        ("https://mail.bücher.example/", YES),
        ("https://mail.contoso.com:443/", YES),
        ("  https://mail.contoso.com/#part", YES),
        ("https:\\\\mail.contoso.com\\x", YES),
        ("https://ex1.ad.contoso.local/", YES),
        // What the settings name, exactly.
        ("https://ews.hosting.net:8443/other", YES),
        ("https://10.0.0.1/EWS/Exchange.asmx", YES),
        ("http://127.0.0.1:8080/x", YES),
        ("https://ews.hosting.net/", "ews.hosting.net"),
        ("http://ews.hosting.net:8443/", "NotHttps"),
        ("http://127.0.0.1:8081/x", "NotHttps"),
        ("https://127.0.0.1:8080/x", "Numeric"),
        // What was decided.
        ("https://allowed.net/", YES),
        ("https://allowed.net:444/", YES),
        ("https://allowed.net:445/", "allowed.net:445"),
        ("https://mail.allowed.net/", "mail.allowed.net"),
        ("https://undecided.net/", "undecided.net"),
        ("https://bad.contoso.com/", "Blocked"),
        ("https://worse.bad.contoso.com/", YES),
        // Look-alikes.
        ("https://evilcontoso.com/", "evilcontoso.com"),
        ("https://contoso.com.evil.net/", "contoso.com.evil.net"),
        ("https://contoso.co/", "contoso.co"),
        ("https://contoso-com.net/", "contoso-com.net"),
        ("https://c0ntoso.com/", "c0ntoso.com"),
        ("https://contoso。com/", YES),
        ("https://mail%2econtoso.com/", YES),
        ("https://evil.net%2fcontoso.com/", "NotAnAddress"),
        ("https://evil.net\\.contoso.com/", "evil.net"),
        ("https://evil.net#.contoso.com", "evil.net"),
        ("https://evil.net?.contoso.com", "evil.net"),
        ("https://ad.contoso.local.evil.net/", "ad.contoso.local.evil.net"),
        ("https://xad.contoso.local/", "xad.contoso.local"),
        // Disguises.
        ("https://contoso.com@evil.net/", "Disguised"),
        ("https://user:password@contoso.com/", "Disguised"),
        ("https://:x@contoso.com/", "Disguised"),
        ("https://mail.contoso.com./", "Disguised"),
        ("https://mail..contoso.com/", "Disguised"),
        // Other schemes, other ports.
        ("http://mail.contoso.com/", "NotHttps"),
        ("http://localhost/", "NotHttps"),
        ("ftp://mail.contoso.com/", "NotHttps"),
        ("https://mail.contoso.com:8443/", "mail.contoso.com:8443"),
        ("https://mail.contoso.com:0/", "mail.contoso.com:0"),
        ("ldaps://mail.contoso.com/", "NotAnAddress"),
        ("javascript:alert(1)", "NotAnAddress"),
        ("mail.contoso.com", "NotAnAddress"),
        ("//mail.contoso.com/", "NotAnAddress"),
        ("", "NotAnAddress"),
        // Numbers, however written.
        ("https://192.0.2.1/", "Numeric"),
        ("https://[2001:db8::1]/", "Numeric"),
        ("https://3221225985/", "Numeric"),
        ("https://0xC0000201/", "Numeric"),
        ("https://127.1/", "Numeric"),
        // Nobody's, whoever allowed it.
        ("https://com/", "Nobodys"),
        ("https://autodiscover.com/", "Nobodys"),
        ("https://autodiscover.co.uk/", "Nobodys"),
        ("https://autodiscover.github.io/", "Nobodys"),
        ("https://co.uk/", "Nobodys"),
        ("https://github.io/", "Nobodys"),
        ("https://exchange/", "Nobodys"),
        ("https://mail.co.uk/", "mail.co.uk"),
        // Above the organization, whoever allowed it.
        ("https://fabrikam.co.uk/", "AboveTheOrganization"),
        ("https://autodiscover.fabrikam.co.uk/", "AboveTheOrganization"),
        ("https://mail.fabrikam.co.uk/", "mail.fabrikam.co.uk"),
        // Microsoft's cloud tells where somebody is, and gets nothing.
        ("https://outlook.office365.com/EWS/Exchange.asmx", "cloud"),
        ("https://autodiscover-s.outlook.com/", "cloud"),
        ("https://office365.com.evil.net/", "office365.com.evil.net"),
        ("http://outlook.office365.com/", "NotHttps"),
    ] {
        let expected =
            if expected == "xn--ontoso-uxf.com" { judged(text) } else { expected.into() };
        assert_eq!(judged(text), expected, "{text}");
    }
    assert!(judged("https://сontoso.com/").starts_with("xn--"), "a Cyrillic letter");
    let long = format!("https://contoso.com/{}", "x".repeat(URL_BYTES_MAX));
    assert_eq!(judged(&long), "NotAnAddress");
}

#[test]
fn a_domain_has_two_candidates_and_no_label_is_taken_away() {
    let candidates = |address: &str| -> Vec<String> {
        let address = MailboxAddress::new(address).expect("an address");
        let permitted = gate().candidates(&address, "/a");
        permitted.into_iter().map(|permitted| permitted.into_url().into()).collect()
    };
    assert_eq!(
        candidates("ann@contoso.com"),
        ["https://contoso.com/a", "https://autodiscover.contoso.com/a"]
    );
    assert_eq!(
        candidates("ann@eu.fabrikam.co.uk"),
        ["https://eu.fabrikam.co.uk/a", "https://autodiscover.eu.fabrikam.co.uk/a"]
    );
    assert_eq!(candidates("ann@bücher.example")[0], "https://xn--bcher-kva.example/a");
    for not_ours in [
        "ann@com",
        "ann@example.net",
        "ann@fabrikam.co.uk",
        "ann@[192.0.2.1]",
        "ann@contoso.com/x",
        "ann@contoso.com:444",
    ] {
        assert_eq!(candidates(not_ours), [""; 0], "{not_ours}");
    }
}

#[test]
fn a_suffix_nobody_owns_is_no_suffix() {
    for (name, expected) in [
        ("contoso.com", true),
        ("ad.contoso.local", true),
        ("Contoso.COM", true),
        ("co.uk", false),
        ("com", false),
        ("local", false),
        ("github.io", false),
        ("", false),
        (".contoso.com", false),
        ("*.contoso.com", false),
        ("10.0.0.1", false),
    ] {
        assert_eq!(Gate::is_usable_suffix(name), expected, "{name}");
    }
}
