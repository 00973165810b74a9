//! `hybridcal trace`: records what a real Exchange says, redacted, so that it can be sent to
//! people who do not have that Exchange.

use std::{io::Write, path::PathBuf, time::Duration};

use connector::{
    config::{Config as Connector, Mistake},
    exchange::{
        Connection,
        trace::{Order, Recorder, Step, converse},
    },
};
use protocol::ids::MailboxAddress;
use world::{
    World,
    tls::{Trust, TrustFailure},
};

use crate::config::{Config, ConfigMistake};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file.
    #[arg(long)]
    config: PathBuf,
    /// A new or empty folder for the record.
    #[arg(long)]
    out: PathBuf,
    /// How long to listen to notifications.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=30))]
    minutes: u64,
    /// Whose calendar; the first of `mailboxes` if left out.
    #[arg(long)]
    mailbox: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigMistake),
    #[error("a setting is wrong")]
    Settings(#[from] Mistake),
    #[error("exchange.ca_file cannot be used")]
    Trust(#[from] TrustFailure),
    #[error("--mailbox is not an e-mail address")]
    Mailbox,
    #[error("nothing can be recorded in {}", folder.display())]
    Folder { folder: PathBuf, source: std::io::Error },
    #[error("the output cannot be written")]
    Out(#[from] std::io::Error),
}

pub async fn run(args: Args, out: &mut impl Write) -> Result<(), Failure> {
    let config = Config::read_connector(&args.config)?;
    let world =
        World::system(&Trust { ca_file: config.exchange.ca_file.clone(), ..Trust::default() })?;
    let mailbox = match &args.mailbox {
        Some(text) => MailboxAddress::new(text).ok_or(Failure::Mailbox)?,
        None => config.addresses()?.into_iter().next().ok_or(Mistake::NoMailboxes)?,
    };
    let order = Order { mailbox, listening: Duration::from_mins(args.minutes) };
    writeln!(out, "Talking to Exchange; this takes {} minutes and changes nothing.", args.minutes)?;
    let steps = record(&config, &world, &args.out, &order).await?;
    for step in &steps {
        tell(step, out)?;
    }
    let folder = args.out.display();
    writeln!(out, "\nThe record is in {folder}; README.txt there says what was replaced.")?;
    Ok(())
}

/// Holds the whole conversation and records it.
pub async fn record(
    config: &Connector,
    world: &World,
    folder: &std::path::Path,
    order: &Order,
) -> Result<Vec<Step>, Failure> {
    config.check()?;
    let unusable = |source| Failure::Folder { folder: folder.to_owned(), source };
    let recorder = Recorder::start(world, folder).map_err(unusable)?;
    let connection = Connection::recorded(world, &config.exchange, recorder)?;
    connection.discover_for(config)?;
    // If it is not found, the first step says so.
    let _moved = connection.relocate(&order.mailbox).await.is_ok();
    let url = connection.place(Some(&order.mailbox)).url.clone();
    Ok(converse(world, &connection, &url, order).await)
}

fn tell(step: &Step, out: &mut impl Write) -> std::io::Result<()> {
    match &step.outcome {
        Ok(text) => writeln!(out, "✓ {:<20} {text}", step.name),
        Err(failure) => writeln!(out, "✗ {:<20} {failure}", step.name),
    }
}
