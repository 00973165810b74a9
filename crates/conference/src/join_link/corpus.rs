//! The shared cases for meeting links, where they are at hand: every one as expected.

use std::{fs, path::PathBuf};

use serde_json::Value;

use super::{Body, Findings, JoinLink, Rules, Sender, Site, Sources, find};

fn corpus(file: &str) -> Option<String> {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/meeting-links");
    let text = fs::read_to_string(folder.join(file)).ok();
    if text.is_none() {
        eprintln!("NOT CHECKED: the shared meeting links ({file}) are not beside this repository");
    }
    text
}

fn rules() -> Option<Rules> {
    let site: Site = serde_json::from_str(&corpus("site.json")?).unwrap();
    Some(Rules::new(&site).unwrap())
}

fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\u");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match code.and_then(char::from_u32) {
            Some(c) => {
                whole.push(c);
                whole.push_str(&part[4..]);
            }
            None => {
                whole.push_str("\\u");
                whole.push_str(part);
            }
        }
    }
    whole.replace("\\n", "\n")
}

fn found(body: &str, is_html: bool, location: &str, sender: Sender, rules: &Rules) -> Findings {
    let body = if is_html { Body::Html(body) } else { Body::Text(body) };
    find(&Sources { stamp: None, location, properties: &[], body, sender }, rules)
}

fn none(column: &str) -> Option<&str> {
    (column != "-").then_some(column)
}

fn report(name: &str, total: usize, missed: &[String]) {
    eprintln!("{name}: {} of {total}", total - missed.len());
    assert!(missed.is_empty(), "{name}, not as expected:\n  {}", missed.join("\n  "));
}

#[test]
fn links_alone() {
    let (Some(rules), Some(cases)) = (rules(), corpus("positive.tsv")) else { return };
    let mut missed = Vec::new();
    for line in cases.lines().skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        let input = unescaped(columns[0]);
        let findings = found(&input, input.contains("<a "), "", Sender::Internal, &rules);
        let join = findings.join.as_ref();
        let seen = join.map(|link| (link.provider(), link.class(), link.as_str()));
        let dial = findings.dial.as_deref();
        if seen != Some((columns[1], columns[2], columns[4])) || dial != none(columns[5]) {
            missed.push(format!("{}: {seen:?} {dial:?}", columns[0]));
        }
        let wrappers = findings.trace.iter().find(|it| it.class().is_some());
        let wrappers = wrappers.map(|it| it.wrappers().join("+")).unwrap_or_default();
        assert_eq!(wrappers, none(columns[3]).unwrap_or_default(), "{}", columns[0]);
    }
    report("links alone", cases.lines().count() - 1, &missed);
}

#[test]
fn links_that_never_become_a_button() {
    let (Some(rules), Some(cases)) = (rules(), corpus("negative.tsv")) else { return };
    let mut missed = Vec::new();
    for line in cases.lines().skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        let input = unescaped(columns[0]);
        let is_markup = input.contains("<a ");
        let location = if is_markup { "" } else { &input };
        for is_html in [is_markup, true] {
            let findings = found(&input, is_html, location, Sender::External, &rules);
            assert_eq!(findings.join, None, "{input}");
            let reason = findings.reason.map(super::Reason::word);
            if reason != Some(columns[1]) {
                missed.push(format!("{input}: {reason:?}"));
            }
        }
    }
    report("no links", cases.lines().count() - 1, &missed);
}

#[test]
fn whole_invitations() {
    let (Some(rules), Some(cases)) = (rules(), corpus("bodies.jsonl")) else { return };
    let mut missed = Vec::new();
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let sender = if case["external"] == true { Sender::External } else { Sender::Internal };
        let (body, location) = (case["body"].as_str().unwrap(), case["location"].as_str().unwrap());
        let seen = found(body, case["format"] == "html", location, sender, &rules);
        let join = seen.join.as_ref();
        let others: Vec<_> = seen.alternatives.iter().map(JoinLink::as_str).collect();
        let expected = &case["expect"];
        let mut wrong = Vec::new();
        let mut check = |field: &str, value: Option<&str>| {
            if expected[field].as_str() != value {
                wrong.push(format!("{field}: {value:?}"));
            }
        };
        check("join", join.map(JoinLink::as_str));
        check("provider", join.map(JoinLink::provider));
        check("class", join.map(JoinLink::class));
        check("source", seen.source.map(super::Source::name));
        check("dial", seen.dial.as_deref());
        check("dtmf", seen.dtmf.as_deref());
        check("passcode", seen.passcode.as_deref());
        check("device_passcode", seen.device_passcode.as_deref());
        check("reason", seen.reason.map(super::Reason::word));
        if expected["alternatives"] != serde_json::json!(others) {
            wrong.push(format!("alternatives: {others:?}"));
        }
        if !wrong.is_empty() {
            missed.push(format!("{}: {}", case["id"], wrong.join(", ")));
        }
    }
    report("whole invitations", cases.lines().count(), &missed);
}
