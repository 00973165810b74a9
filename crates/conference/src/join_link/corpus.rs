//! The shared cases for meeting links, where they are at hand: how far we are, and never back.

use std::{fs, path::PathBuf};

use serde_json::Value;

use super::{Body, Findings, JoinLink, OwnHost, Rules, Sender, Site, Sources, find};

/// What is known to pass; raise these with each rule, never lower them.
const POSITIVES_MIN: usize = 100;
const BODIES_MIN: usize = 83;

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
    let site: Value = serde_json::from_str(&corpus("site.json")?).unwrap();
    let own = |entry: &Value| OwnHost {
        host: entry["host"].as_str().unwrap().to_owned(),
        class: entry["class"].as_str().unwrap().to_owned(),
        internal: entry["internal"].as_bool().unwrap_or(false),
    };
    let own_hosts = site["self_hosted"].as_array().unwrap().iter().map(own).collect();
    Some(Rules::new(&Site { own_hosts }).unwrap())
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
    find(&Sources { stamp: None, location, body, sender }, rules)
}

fn report(name: &str, total: usize, missed: &[String], passes_min: usize) {
    eprintln!("{name}: {} of {total}; not yet:", total - missed.len());
    missed.iter().for_each(|line| eprintln!("  {line}"));
    assert!(total - missed.len() >= passes_min, "{name}: fewer than {passes_min} pass");
}

#[test]
fn links_alone() {
    let (Some(rules), Some(cases)) = (rules(), corpus("positive.tsv")) else { return };
    let mut missed = Vec::new();
    for line in cases.lines().skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        let input = unescaped(columns[0]);
        let is_html = input.contains("<a ");
        let join = found(&input, is_html, "", Sender::Internal, &rules).join;
        let seen = join.as_ref().map(|link| (link.provider(), link.class(), link.as_str()));
        if seen != Some((columns[1], columns[2], columns[4])) {
            missed.push(format!("{}: {seen:?}", columns[0]));
        }
    }
    report("links alone", cases.lines().count() - 1, &missed, POSITIVES_MIN);
}

#[test]
fn links_that_never_become_a_button() {
    let (Some(rules), Some(cases)) = (rules(), corpus("negative.tsv")) else { return };
    for line in cases.lines().skip(1) {
        let input = unescaped(line.split('\t').next().unwrap());
        let is_markup = input.contains("<a ");
        let location = if is_markup { "" } else { &input };
        for is_html in [is_markup, true] {
            let findings = found(&input, is_html, location, Sender::External, &rules);
            assert_eq!(findings.join, None, "{input}");
        }
    }
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
        let join = seen.join.as_ref().map(JoinLink::as_str);
        let others: Vec<_> = seen.alternatives.iter().map(JoinLink::as_str).collect();
        let expected = &case["expect"];
        if join != expected["join"].as_str()
            || expected["alternatives"] != serde_json::json!(others)
        {
            missed.push(format!("{}: {join:?} {others:?}", case["id"]));
        }
        if join.is_some() {
            assert!(!expected["join"].is_null(), "{}: {join:?}", case["id"]);
        }
    }
    report("whole invitations", cases.lines().count(), &missed, BODIES_MIN);
}
