//! `hybridcal check`: tries everything the connector needs, and says what to do where it fails.

use std::{io::Write, path::PathBuf, process::ExitCode};

use connector::check::{Finding, Outcome, check};
use serde_json::json;
use world::{
    World,
    tls::{Trust, TrustFailure},
};

use crate::config::{Config, ConfigMistake};

/// What was tried stands in a column of this width; longer ones push the rest aside.
const SUBJECT_CHARACTERS: usize = 44;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file.
    #[arg(long)]
    config: PathBuf,
    /// JSON, one object per line.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigMistake),
    #[error("exchange.ca_file cannot be used")]
    Trust(#[from] TrustFailure),
    #[error("the output cannot be written")]
    Out(#[from] std::io::Error),
}

/// Exit code 1 if anything failed.
pub async fn run(args: Args, out: &mut impl Write) -> Result<ExitCode, Failure> {
    let config = Config::read_connector(&args.config)?;
    let ca_file = config.exchange.ca_file.clone();
    let world = World::system(&Trust { ca_file, ..Trust::default() })?;
    let findings = check(&config, &world).await;
    for finding in &findings {
        if args.json {
            writeln!(out, "{}", line(finding))?;
        } else {
            table(finding, out)?;
        }
    }
    let failed = findings.iter().filter(|finding| !finding.outcome.is_ok()).count();
    let is_to_do = |finding: &&Finding| !matches!(finding.outcome, Outcome::Ok(_));
    if !args.json {
        match findings.iter().filter(is_to_do).count() {
            0 => writeln!(out, "\nAll is well.")?,
            1 => writeln!(out, "\nOne thing to do.")?,
            many => writeln!(out, "\n{many} things to do.")?,
        }
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(finding: &Finding) -> serde_json::Value {
    let (step, subject) = (finding.step.as_str(), &finding.subject);
    let (level, trouble, what, what_to_do) = match &finding.outcome {
        Outcome::Ok(text) => {
            let level = "ok";
            return json!({ "step": step, "subject": subject, "isOk": true, "level": level, "what": text });
        }
        Outcome::Warning { trouble, what, what_to_do } => ("warning", trouble, what, what_to_do),
        Outcome::Failed { trouble, what, what_to_do } => ("failed", trouble, what, what_to_do),
    };
    json!({
        "step": step, "subject": subject, "isOk": finding.outcome.is_ok(), "level": level,
        "id": trouble.id(), "what": what, "whatToDo": what_to_do,
    })
}

fn table(finding: &Finding, out: &mut impl Write) -> std::io::Result<()> {
    let (step, subject) = (finding.step.as_str(), &finding.subject);
    let (mark, text) = match &finding.outcome {
        Outcome::Ok(text) => ('✓', text),
        Outcome::Warning { what, .. } => ('!', what),
        Outcome::Failed { what, .. } => ('✗', what),
    };
    writeln!(out, "{mark} {step:<10} {subject:<SUBJECT_CHARACTERS$} {text}")?;
    match &finding.outcome {
        Outcome::Ok(_) => Ok(()),
        Outcome::Warning { what_to_do, .. } | Outcome::Failed { what_to_do, .. } => {
            writeln!(out, "             → {what_to_do}")
        }
    }
}

#[cfg(test)]
mod tests {
    use connector::check::{Step, Trouble};

    use super::*;

    #[test]
    fn a_failure_is_shown_with_what_to_do() {
        let (what, what_to_do) = ("refused".to_owned(), "Ask.".to_owned());
        let trouble = Trouble::Impersonation;
        let outcome = Outcome::Failed { trouble, what, what_to_do };
        let finding = Finding { step: Step::Mailbox, subject: "ann@example.com".into(), outcome };
        let mut shown = Vec::new();
        table(&finding, &mut shown).expect("written");
        let shown = String::from_utf8(shown).expect("text");
        let lines: Vec<_> = shown.lines().collect();
        assert!(
            lines[0].starts_with("✗ mailbox    ann@example.com ") && lines[0].ends_with("refused")
        );
        assert_eq!(lines[1], "             → Ask.");
        let line = line(&finding);
        assert_eq!((&line["isOk"], &line["whatToDo"]), (&json!(false), &json!("Ask.")));
        assert_eq!((&line["level"], &line["id"]), (&json!("failed"), &json!("impersonation")));
    }
}
