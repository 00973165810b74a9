//! What the search does with each answer: scripts of steps, and hostile answers for all of them.

use proptest::prelude::*;

use super::*;

const EWS: &str = "https://mail.example.com/EWS/Exchange.asmx";

fn gate() -> Gate {
    Gate::new(&["example.com".to_owned(), "example.org".to_owned()], &[], Vec::new())
}

fn plan() -> Plan {
    let ways = [Way::Directory, Way::Location, Way::PlainRedirect, Way::ServiceRecord];
    Plan { start: None, ways: BTreeSet::from(ways), side: Side::External }
}

fn ann() -> MailboxAddress {
    MailboxAddress::new("ann@example.com").expect("an address")
}

fn settings(external: &str) -> Answer {
    let group = (SettingName::GroupingInformation, "group-1".to_owned());
    Answer::Settings(Settings(vec![(SettingName::ExternalEwsUrl, external.to_owned()), group]))
}

/// A step in few words.
fn short(step: &Step) -> String {
    match step {
        Step::Directory => "directory".into(),
        Step::Soap { at, address } => format!("soap {} {}", at.url(), address.as_str()),
        Step::Pox { at, address } => format!("pox {} {}", at.url(), address.as_str()),
        Step::Location { host, .. } => format!("location {host}"),
        Step::PlainRedirect { host } => format!("plain {host}"),
        Step::ServiceRecord { domain } => format!("srv {domain}"),
    }
}

/// Runs a search; answers are chosen by the beginning of the step's few words.
fn run(plan: &Plan, script: &[(&str, Answer)]) -> (Vec<String>, Outcome) {
    let gate = gate();
    let mut search = Search::new(&gate, plan, ann());
    let mut steps = Vec::new();
    loop {
        let step = match search.next_step() {
            Ok(step) => step,
            Err(outcome) => return (steps, *outcome),
        };
        let said = short(&step);
        let answer = script.iter().find(|(begin, _)| said.starts_with(begin));
        let answer = answer.map_or(Answer::Nothing, |(_, answer)| answer.clone());
        steps.push(said);
        assert!(steps.len() < 100, "it does not end: {steps:?}");
        if let Some(outcome) = search.hear(&step, answer) {
            return (steps, outcome);
        }
    }
}

fn undecided(outcome: &Outcome) -> Vec<&str> {
    outcome.undecided.iter().map(String::as_str).collect()
}

fn redirect(url: &str) -> Answer {
    Answer::RedirectUrl(url.to_owned())
}

#[test]
fn everything_is_tried_in_order() {
    let (steps, outcome) = run(&plan(), &[]);
    assert_eq!(
        steps,
        [
            "directory",
            "soap https://example.com/autodiscover/autodiscover.svc ann@example.com",
            "pox https://example.com/autodiscover/autodiscover.xml ann@example.com",
            "soap https://autodiscover.example.com/autodiscover/autodiscover.svc ann@example.com",
            "pox https://autodiscover.example.com/autodiscover/autodiscover.xml ann@example.com",
            "location autodiscover.example.com",
            "plain autodiscover.example.com",
            "srv example.com",
        ]
    );
    assert_eq!(outcome.found, Err(Missing::Nobody));
    let nothing_else = Plan::default();
    assert_eq!(run(&nothing_else, &[]).0.len(), 4, "the candidates only");
}

#[test]
fn settings_end_it_with_the_endpoint_for_others() {
    let (steps, outcome) = run(&plan(), &[("soap https://auto", settings(EWS))]);
    let found = outcome.found.expect("found");
    assert_eq!(found.ews.url().as_str(), EWS);
    assert_eq!(found.group.as_deref(), Some("group-1"));
    let endpoint = found.endpoint.expect("an endpoint");
    assert_eq!(endpoint.url().host_str(), Some("autodiscover.example.com"));
    assert_eq!(steps.len(), 4);
    let (_, outcome) = run(&plan(), &[("pox https://auto", settings(EWS))]);
    assert_eq!(outcome.found.expect("found").endpoint, None, "plain XML takes one at a time");
}

#[test]
fn the_side_decides_between_two_addresses_and_the_gate_may_overrule_it() {
    let both = |internal: &str| {
        Answer::Settings(Settings(vec![
            (SettingName::ExternalEwsUrl, EWS.to_owned()),
            (SettingName::InternalEwsUrl, internal.to_owned()),
        ]))
    };
    let chosen = |side, internal: &str| {
        let (_, outcome) = run(&Plan { side, ..Plan::default() }, &[("soap", both(internal))]);
        outcome.found.expect("found").ews.url().host_str().unwrap_or_default().to_owned()
    };
    let inside = "https://ex1.example.com/EWS/Exchange.asmx";
    assert_eq!(chosen(Side::Internal, inside), "ex1.example.com");
    assert_eq!(chosen(Side::External, inside), "mail.example.com");
    for unusable in
        ["https://ex1/EWS/Exchange.asmx", "http://ex1.example.com/", "https://ex1.local/"]
    {
        assert_eq!(chosen(Side::Internal, unusable), "mail.example.com", "{unusable}");
    }
}

#[test]
fn each_redirect_is_followed_only_through_the_gate() {
    let to = "https://other.example.org/autodiscover/autodiscover.xml";
    for way in ["soap https://example.com", "pox https://example.com", "plain auto"] {
        let script = [(way, redirect(to)), ("soap https://other", settings(EWS))];
        let (steps, outcome) = run(&plan(), &script);
        let last = "soap https://other.example.org/autodiscover/autodiscover.svc ann@example.com";
        assert_eq!(steps.last().map(String::as_str), Some(last), "{way}");
        assert!(outcome.found.is_ok());
    }
    let named = Answer::Named(vec![to.to_owned()]);
    for way in ["directory", "srv"] {
        let script = [(way, named.clone()), ("soap https://other", settings(EWS))];
        assert!(run(&plan(), &script).1.found.is_ok(), "{way}");
    }
    let stranger = "https://autodiscover.stranger.net/autodiscover/autodiscover.xml";
    for way in ["soap", "pox", "plain", "location"] {
        let (steps, outcome) = run(&plan(), &[(way, redirect(stranger))]);
        assert!(steps.iter().all(|step| !step.contains("stranger")), "{way}: {steps:?}");
        assert_eq!(undecided(&outcome), ["autodiscover.stranger.net"], "{way}");
        assert_eq!(outcome.found, Err(Missing::Undecided));
    }
    for way in ["directory", "srv"] {
        let (steps, outcome) = run(&plan(), &[(way, Answer::Named(vec![stranger.to_owned()]))]);
        assert!(steps.iter().all(|step| !step.contains("stranger")), "{way}: {steps:?}");
        assert_eq!(undecided(&outcome), ["autodiscover.stranger.net"], "{way}");
    }
    let weaker = "http://mail.example.com/autodiscover/autodiscover.xml";
    let (steps, outcome) = run(&plan(), &[("soap", redirect(weaker))]);
    assert!(steps.iter().all(|step| !step.contains("http:")), "{steps:?}");
    assert_eq!(undecided(&outcome), [""; 0]);
}

#[test]
fn the_address_of_ews_passes_the_gate_too() {
    let stranger = "https://mail.stranger.net/EWS/Exchange.asmx";
    for (way, answer) in [
        ("soap", settings(stranger)),
        ("pox", settings(stranger)),
        ("location", Answer::Location(Location::Url(stranger.to_owned()))),
    ] {
        let (_, outcome) = run(&plan(), &[(way, answer)]);
        assert_eq!(outcome.found, Err(Missing::Undecided), "{way}");
        assert_eq!(undecided(&outcome), ["mail.stranger.net"], "{way}");
    }
}

#[test]
fn another_address_is_asked_about_only_in_our_domains() {
    let become_address = |text: &str| Answer::RedirectAddress(text.to_owned());
    let script = [
        ("soap https://example.com", become_address("ann@example.org")),
        ("soap https://example.org", settings(EWS)),
    ];
    let (steps, outcome) = run(&plan(), &script);
    let last = "soap https://example.org/autodiscover/autodiscover.svc ann@example.org";
    assert_eq!(steps.last().map(String::as_str), Some(last));
    assert!(outcome.found.is_ok());
    let (steps, outcome) = run(&plan(), &[("soap", become_address("ann@stranger.net"))]);
    assert!(steps.iter().all(|step| !step.contains("stranger")), "{steps:?}");
    assert_eq!(undecided(&outcome), ["autodiscover.stranger.net"]);
    for odd in ["", "ann", "ann@com", "ann@192.0.2.1"] {
        let (_, outcome) = run(&plan(), &[("soap", become_address(odd))]);
        assert_eq!(undecided(&outcome), [""; 0], "{odd}");
    }
}

#[test]
fn microsofts_cloud_is_asked_for_a_location_only() {
    let cloud = "https://outlook.office365.com/autodiscover/autodiscover.json";
    let ews =
        Answer::Location(Location::Url("https://outlook.office365.com/EWS/Exchange.asmx".into()));
    let script = [("location auto", redirect(cloud)), ("location outlook", ews)];
    let (steps, outcome) = run(&plan(), &script);
    assert!(steps.contains(&"location outlook.office365.com".to_owned()));
    assert!(steps.iter().all(|step| !step.starts_with("soap https://outlook")), "{steps:?}");
    assert_eq!(outcome.found, Err(Missing::InTheCloud));
    let (_, outcome) = run(&plan(), &[("soap", redirect(cloud))]);
    assert_eq!((outcome.found.clone(), undecided(&outcome)), (Err(Missing::InTheCloud), vec![]));
}

#[test]
fn a_refused_sign_in_stops_at_once() {
    let (steps, outcome) = run(&plan(), &[("soap", Answer::SignInRefused)]);
    assert_eq!((steps.len(), outcome.found), (2, Err(Missing::SignInRefused)));
    let (steps, outcome) = run(&plan(), &[("soap", Answer::Busy)]);
    assert_eq!((steps.len(), outcome.found), (2, Err(Missing::Busy)));
}

#[test]
fn an_unknown_user_is_looked_for_elsewhere_but_not_twice_at_one_place() {
    let (steps, outcome) = run(&plan(), &[("soap", Answer::NoSuchUser)]);
    assert!(steps.iter().all(|step| !step.starts_with("pox")), "{steps:?}");
    assert_eq!(outcome.found, Err(Missing::NoSuchMailbox));
}

#[test]
fn circles_and_long_ways_end() {
    let (steps, outcome) = run(
        &Plan::default(),
        &[
            (
                "soap https://example.com",
                redirect("https://a.example.com/autodiscover/autodiscover.svc"),
            ),
            ("soap https://a.", redirect("https://b.example.com/autodiscover/autodiscover.svc")),
            ("soap https://b.", redirect("https://a.example.com/autodiscover/autodiscover.svc")),
        ],
    );
    assert_eq!(
        steps.iter().filter(|step| step.starts_with("soap https://a.")).count(),
        1,
        "{steps:?}"
    );
    assert!(outcome.found.is_err());
    let address = Answer::RedirectAddress("ann@example.com".to_owned());
    assert!(run(&Plan::default(), &[("soap", address)]).0.len() < 10);
    // Each time another one.
    let gate = gate();
    let plan = Plan::default();
    let mut search = Search::new(&gate, &plan, ann());
    let mut asked = 0;
    while let Ok(step) = search.next_step() {
        asked += 1;
        let next = format!("https://h{asked}.example.com/autodiscover/autodiscover.svc");
        let _end = search.hear(&step, Answer::RedirectUrl(next));
    }
    let most = usize::from(HOPS_MAX) * 2 + 4;
    assert!(asked <= most, "{asked} questions");
}

#[test]
fn the_start_of_the_settings_is_asked_first() {
    let start =
        Url::parse("https://mail.example.com/Autodiscover/Autodiscover.xml").expect("a URL");
    let (steps, _) = run(&Plan { start: Some(start), ..Plan::default() }, &[]);
    assert_eq!(
        steps[..2],
        [
            "soap https://mail.example.com/Autodiscover/autodiscover.svc ann@example.com",
            "pox https://mail.example.com/Autodiscover/Autodiscover.xml ann@example.com",
        ]
    );
}

#[test]
fn what_a_batch_said_is_gone_on_from() {
    let (gate, plan) = (gate(), plan());
    let at = gate.judge_text("https://example.com/autodiscover/autodiscover.svc").permitted();
    let at = at.expect("permitted");
    let to = redirect("https://other.example.com/autodiscover/autodiscover.svc");
    let search = Search::after(&gate, &plan, ann(), &at, to);
    let mut search = search.expect("goes on");
    let next = search.next_step().expect("a step");
    assert!(short(&next).starts_with("soap https://other.example.com/"), "{}", short(&next));
    let done = Search::after(&gate, &plan, ann(), &at, settings(EWS));
    assert!(done.err().expect("done").found.is_ok());
}

fn any_url() -> impl Strategy<Value = String> {
    prop_oneof![
        "https://[a-c]\\.example\\.com/autodiscover/autodiscover\\.(svc|xml)",
        "https?://[a-z]{1,3}\\.(com|net|example\\.org)(:[0-9]{1,4})?/[a-z]{0,3}",
        ".{0,40}",
    ]
}

fn any_answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        any_url().prop_map(Answer::RedirectUrl),
        "[a-z]{1,3}@(example\\.(com|org)|[a-z]{1,4}\\.net|com)".prop_map(Answer::RedirectAddress),
        proptest::collection::vec(any_url(), 0..20).prop_map(Answer::Named),
        any_url().prop_map(|url| Answer::Location(Location::Url(url))),
        any_url().prop_map(|url| settings(&url)),
        Just(Answer::NoSuchUser),
        Just(Answer::Nothing),
    ]
}

proptest! {
    /// Whatever hostile servers say: it ends soon, and credentials go to our own hosts only.
    #[test]
    fn credentials_stay_at_home(answers in proptest::collection::vec(any_answer(), 1..12)) {
        let (gate, plan) = (gate(), plan());
        let mut search = Search::new(&gate, &plan, ann());
        let mut answers = answers.into_iter().cycle();
        let mut asked = 0;
        while let Ok(step) = search.next_step() {
            asked += 1;
            if let Step::Soap { at, .. } | Step::Pox { at, .. } = &step {
                let host = at.url().host_str().unwrap_or_default();
                prop_assert_eq!(at.url().scheme(), "https");
                let is_ours = ["example.com", "example.org"].iter().any(|own| {
                    host == *own || host.ends_with(&format!(".{own}"))
                });
                prop_assert!(is_ours, "{}", host);
            }
            let answer = answers.next().expect("one at least");
            if let Some(outcome) = search.hear(&step, answer) {
                if let Ok(found) = outcome.found {
                    let host = found.ews.url().host_str().unwrap_or_default().to_owned();
                    prop_assert!(host.contains("example."), "{}", host);
                }
                break;
            }
        }
        prop_assert!(asked < 150, "{} questions", asked);
    }
}
