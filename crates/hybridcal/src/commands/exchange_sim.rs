//! `hybridcal exchange-sim`: the simulated Exchange alone, with its sample organization.

use std::{io::Write, path::PathBuf};

use exchange_sim::{ChannelBinding, Mechanism, SignIn, TroubleFile};
use world::{World, stop::Stopper, tls::Trust};

use super::{
    ready::{Ready, ReadyPerson},
    run::told_to_stop,
};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the simulator listens.
    #[arg(long, default_value = "127.0.0.1:8443")]
    exchange: String,
    /// Folder with Microsoft's `types.xsd` and `messages.xsd`: refuse requests that break them.
    #[arg(long, value_name = "FOLDER")]
    schema: Option<PathBuf>,
    /// What goes wrong, as in `trouble.example.toml`.
    #[arg(long, value_name = "FILE")]
    trouble: Option<PathBuf>,
    /// Speak TLS; a throw-away authority (ca.pem, for clients to trust) and a certificate for
    /// localhost are written into this folder.
    #[arg(long, value_name = "FOLDER")]
    tls: Option<PathBuf>,
    /// How one may sign in.
    #[arg(long, value_delimiter = ',', default_value = "basic")]
    auth: Vec<Auth>,
    /// What NTLM and Kerberos must say about the TLS connection ("Extended Protection").
    #[arg(long, default_value = "off")]
    channel_binding: Binding,
    /// Print one line of JSON when it listens.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Auth {
    Basic,
    Ntlm,
    /// Kerberos, with the keytab that KRB5_KTNAME names.
    #[cfg(feature = "kerberos")]
    Negotiate,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Binding {
    Off,
    Accept,
    Require,
}

impl Args {
    fn sign_in(&self) -> SignIn {
        let mechanism = |auth: &Auth| match auth {
            Auth::Basic => Mechanism::Basic,
            Auth::Ntlm => Mechanism::Ntlm,
            #[cfg(feature = "kerberos")]
            Auth::Negotiate => Mechanism::Negotiate,
        };
        SignIn {
            mechanisms: self.auth.iter().map(mechanism).collect(),
            channel_binding: match self.channel_binding {
                Binding::Off => ChannelBinding::Off,
                Binding::Accept => ChannelBinding::Accept,
                Binding::Require => ChannelBinding::Require,
            },
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("--exchange must be a loopback address: a simulator is not for the network")]
    NotLoopback,
    #[error("the file of --trouble cannot be read")]
    TroubleFile(#[source] std::io::Error),
    #[error("the file of --trouble is not understood")]
    Trouble(#[from] toml::de::Error),
    #[error("the simulator did not start")]
    Simulator(#[from] exchange_sim::StartFailure),
    #[error("TLS cannot be set up")]
    Trust(#[from] world::tls::TrustFailure),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// What everybody's password is, in the demo and in the simulator: nothing here is worth a secret,
/// and nobody but this computer can reach it.
pub const SAMPLE_PASSWORD: &str = "demo";

pub async fn run(args: Args, out: &mut impl Write) -> Result<(), Failure> {
    if !is_loopback(&args.exchange) {
        return Err(Failure::NotLoopback);
    }
    let trouble = args.trouble.as_ref().map(std::fs::read_to_string).transpose();
    let trouble = trouble.map_err(Failure::TroubleFile)?;
    let trouble = trouble.map(|text| toml::from_str::<TroubleFile>(&text)).transpose()?;
    let world = World::system(&Trust::default())?;
    let (stopper, stop) = Stopper::new();
    let mut config =
        exchange_sim::Config::sample_with(&args.exchange, || SAMPLE_PASSWORD.to_owned());
    config.sign_in = args.sign_in();
    config.schema = args.schema;
    if let Some(folder) = &args.tls {
        let names = ["localhost", "exchange.localhost", "127.0.0.1"];
        config.tls = Some(world::tls::throw_away_identity(folder, &names)?);
    }
    let mut ready = Ready { is_for_trying_out: true, ..Ready::default() };
    describe(&mut ready, &config);
    let simulator = exchange_sim::start(config, world, stop).await?;
    if let Some(trouble) = trouble {
        trouble.order(&simulator);
    }
    ready.exchange_url = Some(simulator.url());
    if args.json {
        ready.print_json(out)?;
    } else {
        print(&ready, out)?;
    }
    told_to_stop().await;
    stopper.stop();
    Ok(())
}

/// Who may sign in to the simulator.
pub fn describe(ready: &mut Ready, config: &exchange_sim::Config) {
    let person = |person: &exchange_sim::Person, kind| ReadyPerson {
        address: Some(person.address.clone()),
        name: Some(person.name.clone()),
        kind: Some(kind),
        user: user_name(&person.address),
        password: person.password.clone(),
        ..ReadyPerson::default()
    };
    ready.people = config.people.iter().map(|someone| person(someone, "person")).collect();
    ready.people.extend(config.rooms.iter().map(|room| person(room, "room")));
    ready.service_account = config.service_accounts.first().map(|account| ReadyPerson {
        user: account.user_name.clone(),
        password: account.password.clone(),
        ..ReadyPerson::default()
    });
}

/// What stands before the `@`.
fn user_name(address: &str) -> String {
    address.split('@').next().unwrap_or(address).to_owned()
}

/// Whether `host:port` cannot be reached from another computer.
pub fn is_loopback(address: &str) -> bool {
    url::Url::parse(&format!("http://{address}")).is_ok_and(|url| world::issuer::is_loopback(&url))
}

fn print(ready: &Ready, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "A SIMULATED Exchange, for trying out. It is not an Exchange server.")?;
    if let Some(url) = &ready.exchange_url {
        writeln!(out, "  EWS              {url}")?;
    }
    for person in &ready.people {
        let (user, password) = (&person.user, &person.password);
        writeln!(
            out,
            "  {user:<16} password {password}   {}",
            person.name.as_deref().unwrap_or_default()
        )?;
    }
    if let Some(account) = &ready.service_account {
        writeln!(
            out,
            "  {:<16} password {}   may impersonate everybody",
            account.user, account.password
        )?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_trouble_is_understood_and_mistakes_are_not() {
        let example = include_str!("../../trouble.example.toml");
        let file: TroubleFile = toml::from_str(example).expect("understood");
        assert_eq!((file.per_mille, file.requests.len()), (50, 3));
        assert!(toml::from_str::<TroubleFile>("per_mile = 3").is_err());
    }
}
