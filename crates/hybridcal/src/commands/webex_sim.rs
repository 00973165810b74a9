//! `hybridcal webex-sim`: the simulated Webex alone, with its sample organization.

use std::io::Write;

use serde::Serialize;
use webex_sim::{Config, Operation, RandomTrouble, Trouble};
use world::{World, stop::Stopper};

use super::{exchange_sim::is_loopback, run::told_to_stop};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the simulator listens.
    #[arg(long, default_value = "127.0.0.1:8444")]
    listen: String,
    /// Of 1000 requests, how many meet a busy or failing service or lose their answer.
    #[arg(long, default_value_t = 0)]
    trouble_per_mille: u64,
    /// What the trouble is drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Show the links of personal rooms as the schema of the specification has them, not as its
    /// example does.
    #[arg(long)]
    links_as_in_schema: bool,
    /// Print one line of JSON when it listens.
    #[arg(long)]
    json: bool,
}

/// What meets trouble. Renewing tokens does not: an answer that is lost there ends everything.
const MEETINGS: [Operation; 6] = [
    Operation::Create,
    Operation::List,
    Operation::Get,
    Operation::Patch,
    Operation::Delete,
    Operation::PersonalRoom,
];

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("--listen must be a loopback address: a simulator is not for the network")]
    NotLoopback,
    #[error("the simulator did not start")]
    Simulator(#[from] webex_sim::StartFailure),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Where it is, and with what one may try it: nothing here is worth a secret.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    is_for_trying_out: bool,
    api_url: String,
    apps: Vec<ReadyApp>,
    people: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReadyApp {
    client_id: String,
    client_secret: String,
    refresh_token: String,
}

pub async fn run(args: Args, world: &World, out: &mut impl Write) -> Result<(), Failure> {
    if !is_loopback(&args.listen) {
        return Err(Failure::NotLoopback);
    }
    let (stopper, stop) = Stopper::new();
    let mut config = Config::sample(&args.listen);
    config.has_links_as_in_example = !args.links_as_in_schema;
    let mut ready = Ready {
        is_for_trying_out: true,
        api_url: String::new(),
        apps: config.apps.iter().map(ReadyApp::of).collect(),
        people: config.people.iter().map(|person| person.address.clone()).collect(),
    };
    let simulator = webex_sim::start(config, world.clone(), stop).await?;
    ready.api_url = simulator.api();
    if args.trouble_per_mille > 0 {
        let status = |status| Trouble::Status { status, retry_after: Some(1) };
        let kinds = [status(429), status(423), status(503), Trouble::Drop, Trouble::LoseAnswer];
        simulator.trouble_randomly(RandomTrouble {
            seed: args.seed,
            per_mille: args.trouble_per_mille,
            kinds: MEETINGS
                .into_iter()
                .flat_map(|call| kinds.clone().map(|trouble| (Some(call), trouble)))
                .collect(),
        });
    }
    if args.json {
        let line = serde_json::to_string(&ready).map_err(std::io::Error::other)?;
        writeln!(out, "{line}")?;
    } else {
        print(&ready, out)?;
    }
    out.flush()?;
    told_to_stop().await;
    stopper.stop();
    Ok(())
}

impl ReadyApp {
    fn of(app: &webex_sim::App) -> Self {
        Self {
            client_id: app.client_id.clone(),
            client_secret: app.client_secret.clone(),
            refresh_token: app.refresh_token.clone(),
        }
    }
}

fn print(ready: &Ready, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "A SIMULATED Webex, for trying out. It is not Webex.")?;
    writeln!(out, "  api              {}", ready.api_url)?;
    for app in &ready.apps {
        writeln!(
            out,
            "  client           {}   secret {}   first refresh token {}",
            app.client_id, app.client_secret, app.refresh_token
        )?;
    }
    writeln!(out, "  people           {}", ready.people.join(" "))
}
