//! `hybridcal links`: what the rules for meeting links make of texts in a file. Asks no network.

mod cases;
mod expected;
mod report;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use conference::{Findings, Rules, RulesError, Sender, Site, Sources, join_link};
use connector::{config::Mistake, practice::Practice};
use world::{
    World,
    tls::{Trust, TrustFailure},
};

use self::{cases::Case, report::Judged};
use crate::config::{Config, ConfigMistake};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Every case of a file: what it gives, and whether that is what the file expects
    Test(Test),
}

#[derive(Debug, clap::Args)]
struct Test {
    /// Settings of the site as JSON: own_domains, self_hosted, dial_domains, overlay
    #[arg(long, value_name = "FILE")]
    site: Option<PathBuf>,
    /// The configuration file, whose connector has these settings instead
    #[arg(long, value_name = "FILE", conflicts_with = "site")]
    config: Option<PathBuf>,
    /// JSON, one object per case
    #[arg(long)]
    json: bool,
    /// Say of each case, link by link, why it gives what it gives; shows content
    #[arg(long, conflicts_with = "json")]
    explain: bool,
    /// Cases: a table (.tsv, the first line names the columns) or whole entries (.jsonl)
    file: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{}: these are no settings of a site", path.display())]
    Site { path: PathBuf, source: serde_json::Error },
    #[error(transparent)]
    Rules(#[from] RulesError),
    #[error(transparent)]
    Config(#[from] ConfigMistake),
    #[error(transparent)]
    Connector(#[from] Mistake),
    #[error("{}, line {line}: this is no case", path.display())]
    Case { path: PathBuf, line: usize, source: serde_json::Error },
    #[error("{}: the first line must name the columns, one of them `input`", path.display())]
    NoInput { path: PathBuf },
    #[error("the system's certificates cannot be used")]
    Trust(#[from] TrustFailure),
    #[error("the output cannot be written")]
    Out(#[from] std::io::Error),
}

/// Exit code 1 if a case is not as expected.
pub fn run(args: &Args, out: &mut impl Write) -> Result<ExitCode, Failure> {
    let Action::Test(test) = &args.action;
    let (site, rules) = test.settings()?;
    let cases = cases::read(&read(&test.file)?, &test.file)?;
    let mut judged = Vec::with_capacity(cases.len());
    for case in cases {
        let findings = find(&case, &site, &rules);
        let differences = case.expected.as_ref().map(|it| it.differences(&findings));
        let case = Judged { case, findings, differences };
        if test.json {
            writeln!(out, "{}", case.line())?;
        } else if test.explain {
            case.explain(out)?;
        }
        judged.push(case);
    }
    if !test.json {
        report::table(&judged, out)?;
    }
    let is_fine = judged.iter().all(|case| case.is_as_expected() != Some(false));
    Ok(if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Test {
    fn settings(&self) -> Result<(Site, Rules), Failure> {
        if let Some(path) = &self.config {
            let config = Config::read_connector(path)?;
            let world = World::system(&Trust::default())?;
            let rules = Practice::new(&config, &world)?.rules;
            let own_domains = config.own_domains()?;
            let site = Site { own_domains, ..config.links };
            return Ok((site, rules));
        }
        let site = match &self.site {
            None => Site::default(),
            Some(path) => serde_json::from_str(&read(path)?)
                .map_err(|source| Failure::Site { path: path.clone(), source })?,
        };
        let rules = Rules::new(&site)?;
        Ok((site, rules))
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| Failure::Unreadable { path: path.into(), source })
}

fn find(case: &Case, site: &Site, rules: &Rules) -> Findings {
    let properties: Vec<_> = case.properties.iter().map(String::as_str).collect();
    let body = if case.is_html {
        join_link::Body::Html(&case.body)
    } else {
        join_link::Body::Text(&case.body)
    };
    let sender = match (case.is_external, &case.organizer) {
        (Some(true), _) => Sender::External,
        (Some(false), _) | (None, None) => Sender::Internal,
        (None, Some(organizer)) => site.sender(organizer),
    };
    let (stamp, location) = (None, case.location.as_str());
    join_link::find(&Sources { stamp, location, properties: &properties, body, sender }, rules)
}

#[cfg(test)]
mod tests;
