//! `hybridcal`: every role and every tool of Hybrid Calendar.

use std::{io, process::ExitCode};

use clap::{Parser, Subcommand};
use hybridcal::{
    commands::{
        calendar, check, database, demo, exchange_sim, explain, kms, links, meetings, new_key,
        order, run, trace, trust, undo, watch, webex_sim,
    },
    telemetry::{self, Logging},
};
use world::{World, tls::Trust};

/// Most of what the connector does is many small texts for a short time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Online meetings in the calendar you already have: beside Microsoft Exchange, sealed before they
/// leave your house.
#[derive(Debug, Parser)]
#[command(name = "hybridcal", version, about)]
struct Arguments {
    #[command(flatten)]
    logging: Logging,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything in one process with a sample organization, on this computer only.
    Demo(demo::Args),
    /// Play the roles that have a section in the configuration file.
    Run(run::Args),
    /// Can we reach, sign in, impersonate, see each mailbox? Each failure with its remedy.
    Check(check::Args),
    /// Record, redacted, what an Exchange says, for those who do not have one.
    Trace(trace::Args),
    /// Your meetings, in the terminal.
    Meetings(meetings::Args),
    /// Why a meeting of yours has its Join button, or none.
    Explain(explain::Args),
    /// Changes to your meetings and Join buttons, as they happen.
    Watch(watch::Args),
    /// Act as a person's calendar client: create, move, change, cancel an invitation.
    Calendar(calendar::Args),
    /// Invite, change, call off, answer, and ask who is free, through the cloud.
    Order(order::Args),
    /// A simulated Exchange to develop and test against. Not an Exchange server.
    ExchangeSim(exchange_sim::Args),
    /// A simulated Webex to develop and test against. Not Webex.
    WebexSim(webex_sim::Args),
    /// Take what was written into calendars out again, from entries that are not over.
    Undo(undo::Args),
    /// Hosts that Autodiscover was sent to: list them, allow or block one.
    Trust(trust::Args),
    /// Keys in your custody: verify the log, rotate, revoke, erase. On the key server's computer.
    Kms(kms::Args),
    /// The cloud's database itself: erase people from it, or say that it was restored.
    Database(database::Args),
    /// What the rules for meeting links make of texts in a file; asks no network.
    Links(links::Args),
    /// Make the key by which a connector proves who it is.
    NewKey(new_key::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    telemetry::start(&arguments.logging);
    match act(arguments.command).await {
        Ok(code) => code,
        Err(error) => {
            report(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

async fn act(command: Command) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let out = &mut io::stdout();
    let world = || World::system(&Trust::default());
    match command {
        Command::Demo(args) => demo::run(args, out).await?,
        Command::Run(args) => run::run(args, out).await?,
        Command::Check(args) => return Ok(check::run(args, out).await?),
        Command::Trace(args) => trace::run(args, out).await?,
        Command::Meetings(args) => meetings::run(args, world()?, out).await?,
        Command::Explain(args) => explain::run(args, world()?, out).await?,
        Command::Watch(args) => watch::run(args, world()?, out).await?,
        Command::Calendar(args) => calendar::run(args, world()?, out).await?,
        Command::Order(args) => order::run(args, world()?, out).await?,
        Command::ExchangeSim(args) => exchange_sim::run(args, out).await?,
        Command::WebexSim(args) => webex_sim::run(args, &world()?, out).await?,
        Command::Undo(args) => return Ok(undo::run(args, out).await?),
        Command::Trust(args) => trust::run(args, world()?, out).await?,
        Command::Kms(args) => return Ok(kms::run(args, world()?, out).await?),
        Command::Database(args) => database::run(args, out).await?,
        Command::Links(args) => return Ok(links::run(&args, out)?),
        Command::NewKey(args) => new_key::run(&args, &world()?, out)?,
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stderr, reason = "the last word of a command that failed")]
fn report(error: &dyn std::error::Error) {
    eprintln!("hybridcal: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because {cause}");
        source = cause.source();
    }
}
