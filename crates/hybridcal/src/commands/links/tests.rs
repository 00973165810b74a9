//! The command over files of both kinds, with and without expectations.

use std::{fs, path::PathBuf, process::ExitCode};

use serde_json::Value;

use super::{Action, Args, Failure, Test, run};

/// A file of its own for each test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hybridcal-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

fn said(file: &File, site: Option<&File>, is_json: bool) -> Result<(ExitCode, String), Failure> {
    let site = site.map(|site| site.0.clone());
    let file = file.0.clone();
    let test = Test { site, config: None, json: is_json, explain: false, file };
    let mut out = Vec::new();
    let code = run(&Args { action: Action::Test(test) }, &mut out)?;
    Ok((code, String::from_utf8(out).unwrap()))
}

#[test]
fn a_table_is_judged_line_by_line() {
    let file = File::new(
        "positive.tsv",
        "input\tprovider\tclass\twrappers\tjoin_url\tdial\n\
         https://x.webex.com/meet/ann\twebex\twebex.pmr\t-\thttps://x.webex.com/meet/ann\tann@x.webex.com\n\
         https://meet.google.com/abc-defg-hij\tzoom\tgmeet.code\t-\thttps://meet.google.com/abc-defg-hij\t-\n",
    );
    let (code, text) = said(&file, None, true).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["input"], "https://x.webex.com/meet/ann");
    assert_eq!(lines[0]["dial"], "ann@x.webex.com");
    assert_eq!(lines[0]["alternatives"], serde_json::json!([]));
    assert_eq!(lines[0]["reason"], Value::Null);
    assert_eq!(lines[0]["as_expected"], true);
    assert_eq!(lines[1]["as_expected"], false);
    assert_eq!(code, ExitCode::FAILURE);
    let (_, text) = said(&file, None, false).unwrap();
    assert!(text.contains("provider: google-meet instead of zoom"), "{text}");
}

#[test]
fn refusals_are_judged_with_their_reason_as_from_outside() {
    let site = File::new(
        "site.json",
        r#"{"self_hosted": [{"host": "meet.contoso.com", "class": "jitsi.selfhosted", "internal": true}]}"#,
    );
    let file = File::new(
        "negative.tsv",
        "input\treason\n\
         https://meet.contoso.com/Plan\tinternal-host\n\
         https://evilzoom.us/j/91234567890\tunlisted-host\n",
    );
    let (code, text) = said(&file, Some(&site), true).unwrap();
    assert_eq!(code, ExitCode::SUCCESS, "{text}");
    let worse = File::new("worse.tsv", "input\treason\nhttps://zoom.us/j/91234567890\tport\n");
    assert_eq!(said(&worse, None, true).unwrap().0, ExitCode::FAILURE);
}

#[test]
fn whole_entries_are_judged_in_every_field_but_the_reason() {
    let expect = r#"{"join":"https://x.zoom.us/my/ann","provider":"zoom","class":"zoom.vanity",
        "source":"location","dial":null,"passcode":"24","alternatives":[]}"#;
    let entry = |passcode: &str| {
        let text = format!(
            r#"{{"id":"a","format":"html","external":true,"location":"https://x.zoom.us/my/ann",
            "body":"<p>Passcode: {passcode}</p>","expect":{expect}}}"#
        );
        text.replace('\n', "") + "\n"
    };
    let good = File::new("good.jsonl", &entry("24"));
    assert_eq!(said(&good, None, true).unwrap().0, ExitCode::SUCCESS);
    let bad = File::new("bad.jsonl", &entry("25"));
    let (code, text) = said(&bad, None, false).unwrap();
    assert_eq!(code, ExitCode::FAILURE);
    assert!(text.contains("passcode: 25 instead of 24"), "{text}");
}

#[test]
fn a_dry_run_counts_and_shows_no_content() {
    let file = File::new(
        "own.jsonl",
        "{\"body\":\"Secret https://meet.jit.si/SecretRoom\"}\n{\"location\":\"Secret room\"}\n",
    );
    let (code, text) = said(&file, None, false).unwrap();
    assert_eq!(code, ExitCode::SUCCESS);
    assert!(text.contains("jitsi") && text.contains("no link: no-link"), "{text}");
    assert!(!text.contains("Secret"), "{text}");
    let (_, text) = said(&file, None, true).unwrap();
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((&first["id"], &first["as_expected"]), (&"line 1".into(), &Value::Null));
}

#[test]
fn files_that_are_something_else_are_refused() {
    let file = File::new("other.tsv", "a\tb\n1\t2\n");
    assert!(matches!(said(&file, None, false), Err(Failure::NoInput { .. })));
    let file = File::new("other.jsonl", "{\"body\": 1}\n");
    assert!(matches!(said(&file, None, false), Err(Failure::Case { line: 1, .. })));
    let empty = File::new("empty.tsv", "input\n");
    let site = File::new("wrong.json", r#"{"selfhosted": []}"#);
    assert!(matches!(said(&empty, Some(&site), false), Err(Failure::Site { .. })));
}
