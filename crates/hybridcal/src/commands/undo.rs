//! `hybridcal undo`: takes our blocks out of calendars again.

use std::{io::Write, path::PathBuf, process::ExitCode};

use connector::{
    config::Mistake,
    undo::{Undo, Undone},
};
use protocol::ids::MailboxAddress;
use world::{
    World,
    tls::{Trust, TrustFailure},
};

use crate::config::{Config, ConfigMistake};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file, with a section [connector].
    #[arg(long)]
    config: PathBuf,
    /// Count what would be taken out, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Primary addresses of the calendars.
    #[arg(value_name = "MAILBOX", required = true)]
    mailboxes: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigMistake),
    #[error(transparent)]
    Settings(#[from] Mistake),
    #[error("argument {number} is not an e-mail address")]
    Mailbox { number: usize },
    #[error("exchange.ca_file cannot be used")]
    Trust(#[from] TrustFailure),
    #[error("the output cannot be written")]
    Out(#[from] std::io::Error),
}

/// Exit code 1 if anything is left to do.
pub async fn run(args: Args, out: &mut impl Write) -> Result<ExitCode, Failure> {
    let config = Config::read_connector(&args.config)?;
    let ca_file = config.exchange.ca_file.clone();
    let world = World::system(&Trust { ca_file, ..Trust::default() })?;
    let undo = Undo::new(config, world)?;
    // All of them first: none is written to if one is mistyped.
    let parse = |(index, text): (usize, &String)| {
        MailboxAddress::new(text).ok_or(Failure::Mailbox { number: index + 1 })
    };
    let addresses: Vec<MailboxAddress> =
        args.mailboxes.iter().enumerate().map(parse).collect::<Result<_, _>>()?;
    let mut is_done = true;
    for address in addresses {
        let text = match undo.mailbox(&address, args.dry_run).await {
            Ok(Undone { found, .. }) if args.dry_run => format!("{found} would be taken out"),
            Ok(Undone { written, left, .. }) => {
                is_done &= left == 0;
                format!("{written} taken out, {left} left")
            }
            Err(failure) => {
                is_done = false;
                failure.to_string()
            }
        };
        writeln!(out, "{}: {text}", address.as_str())?;
    }
    Ok(if is_done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
