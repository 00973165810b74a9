//! `hybridcal demo`: every role, the simulated Exchange and a sample organization in one process,
//! on this computer only. Each role is the real one; only Exchange and the sign-in provider are
//! stand-ins, and say so.

mod video;

use std::{fs, io::Write, path::PathBuf};

use connector::config::Secret;
use kms::{
    config::{CloudKey, KeyPlace, Place, StaticIdentity},
    connector_key::{ConnectorKey, KeyFiles},
};
use protocol::ids::{ConnectorId, OrganizationId};
use url::Url;
use world::{
    World,
    stop::{Stop, Stopper},
    tls::Trust,
};

use self::video::{Video, Wanted};
use super::{
    exchange_sim::{SAMPLE_PASSWORD, describe, is_loopback},
    ready::Ready,
    run::{EndedByItself, Roles, told_to_stop},
};
use crate::{
    commands::demo_meetings,
    dev_issuer::{DevIssuer, DevPerson},
};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the app listens; a free port is chosen for port 0.
    #[arg(long, default_value = "127.0.0.1:8440")]
    listen: String,
    /// Where the simulated Exchange listens.
    #[arg(long, default_value = "127.0.0.1:8443")]
    exchange: String,
    /// Print one line of JSON when everything listens.
    #[arg(long)]
    json: bool,
    /// Keep the databases in this folder; without it everything is gone at the end.
    #[arg(long)]
    data: Option<PathBuf>,
    /// A Jitsi server that `@meet` makes rooms on, in place of a Janus on this computer.
    #[arg(long)]
    jitsi: Option<String>,
    /// The HTTP address of a Janus that runs already.
    #[arg(long, requires = "janus_secrets", conflicts_with = "jitsi")]
    janus: Option<String>,
    /// A folder with that one's `admin.key` and `api.secret`.
    #[arg(long)]
    janus_secrets: Option<PathBuf>,
    /// Begin with empty calendars.
    #[arg(long)]
    empty: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{option} must be a loopback address: the demo is not for the network")]
    NotLoopback { option: &'static str },
    #[error("the connector: {0}")]
    Connector(#[from] connector::config::Mistake),
    #[error("the simulator did not start")]
    Simulator(#[from] exchange_sim::StartFailure),
    #[error("the cloud did not start")]
    Cloud(#[from] cloud::StartFailure),
    #[error("the key server did not start")]
    Kms(#[from] kms::server::StartFailure),
    #[error("the connector's key cannot be made")]
    Key(#[from] kms::connector_key::ConnectorKeyFailure),
    #[error("the development issuer did not start: {0}")]
    Issuer(String),
    #[error("the sample meetings could not be made")]
    Meetings(#[from] exchange_sim::SimulatorFailure),
    #[error("the join page did not start")]
    Rooms(#[from] rooms::StartFailure),
    #[error("the settings could not be put together: {0}")]
    Settings(String),
    #[error("TLS cannot be set up")]
    Trust(#[from] world::tls::TrustFailure),
    #[error(transparent)]
    Ended(#[from] EndedByItself),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

const NOTICE: &str = "Demo: a simulated Exchange and a development sign-in. Not for real use.";
const CLIENT: &str = "demo-web";
const CONNECTOR: &str = "demo-connector";
const KEY_SERVER: &str = "demo-keys";
const ORGANIZATION: &str = "example";
const KEY_HOST: &str = "keys.demo.localhost";

/// Addresses of all parts, before anything runs.
struct Addresses {
    cloud: String,
    kms: String,
    issuer: String,
    exchange: String,
    rooms: String,
}

/// Everything that runs.
struct Running {
    roles: Roles,
    video: Video,
}

pub async fn run(args: Args, out: &mut impl Write) -> Result<(), Failure> {
    for (option, address) in [("--listen", &args.listen), ("--exchange", &args.exchange)] {
        if !is_loopback(address) {
            return Err(Failure::NotLoopback { option });
        }
    }
    let told = told_to_stop();
    let world = World::system(&Trust::default())?;
    let (stopper, stop) = Stopper::new();
    // A Janus of ours ends with the variable.
    let Running { roles, video } = start(&args, &world, &stop).await?;
    if args.json {
        roles.ready.print_json(out)?;
    } else {
        print(&roles.ready, &video, out)?;
    }
    Ok(roles.play(&stopper, told).await?)
}

async fn start(args: &Args, world: &World, stop: &Stop) -> Result<Running, Failure> {
    let addresses = Addresses::choose(args, world).await?;
    let mut roles = Roles::default();
    roles.ready.is_for_trying_out = true;

    let sample =
        exchange_sim::Config::sample_with(&addresses.exchange, || SAMPLE_PASSWORD.to_owned());
    describe(&mut roles.ready, &sample);
    let simulator = exchange_sim::start(sample.clone(), world.clone(), stop.clone()).await?;
    let not_a_url = |_reason| Failure::Settings("the simulator's address".into());
    let exchange_url = Url::parse(&simulator.url()).map_err(not_a_url)?;
    roles.ready.exchange_url = Some(exchange_url.to_string());

    let issuer = start_issuer(&mut roles, &addresses, &sample, world, stop).await?;
    for person in &mut roles.ready.people {
        let address = person.address.clone().unwrap_or_default();
        person.token = Some(issuer.token(&address, protocol::token::AUDIENCE_API));
        person.key_token = Some(issuer.token(&address, protocol::token::AUDIENCE_KMS));
    }

    let key = ConnectorKey::generate(&world.chance)?;
    let for_frames = ConnectorKey::generate(&world.chance)?;
    // The cloud first: the key server fetches frames there.
    let cloud = cloud_config(&addresses, args, &key.public_pem, &for_frames.public_pem)?;
    roles.spawn_cloud(cloud::start(cloud, world.clone(), stop.clone()).await?);
    let kms = kms_config(&addresses, args, &key.public_pem, for_frames)?;
    roles.spawn_kms(kms::server::start(kms, world.clone(), stop.clone()).await?);
    roles.ready.app_url = Some(addresses.url(&addresses.cloud).to_string());
    roles.ready.cloud_url = Some(addresses.url(&addresses.cloud).to_string());
    roles.ready.kms_url = Some(addresses.url(&addresses.kms).to_string());

    if !args.empty {
        demo_meetings::create(&simulator, world.clock.now())?;
    }
    let video = Video::start(&args.video(), world).await?;
    let rooms_url = addresses.url(&addresses.rooms);
    if let Some(page) = video.page(&addresses.rooms, &rooms_url) {
        roles.ready.rooms_url = Some(rooms_url.to_string());
        roles.spawn_rooms(rooms::start(page, world.clone(), stop.clone()).await?);
    }
    let meet = video.settings(&rooms_url);
    let settings = connector_config(&addresses, meet, &sample, exchange_url)?;
    let connector = connector::Connector::with_key(settings, world.clone(), key.private_pem)?;
    roles.spawn_connector(connector, stop);
    Ok(Running { roles, video })
}

impl Args {
    fn video(&self) -> Wanted<'_> {
        let janus = self.janus.as_deref().zip(self.janus_secrets.as_deref());
        Wanted { jitsi: self.jitsi.as_deref(), janus }
    }
}

impl Addresses {
    async fn choose(args: &Args, world: &World) -> Result<Self, Failure> {
        Ok(Self {
            cloud: chosen(&args.listen, world).await?,
            kms: free_beside(&args.listen, world).await?,
            issuer: free_beside(&args.listen, world).await?,
            exchange: chosen(&args.exchange, world).await?,
            rooms: free_beside(&args.listen, world).await?,
        })
    }

    fn url(&self, address: &str) -> Url {
        let url = Url::parse(&format!("http://{address}"));
        // The addresses have been listened on.
        url.unwrap_or_else(|_never| unreachable!("an address that was listened on"))
    }
}

/// The address itself, with a free port in place of 0: the parts must know each other's before
/// they start.
async fn chosen(address: &str, world: &World) -> Result<String, Failure> {
    Ok(world.network.listen(address).await?.address().to_owned())
}

async fn free_beside(address: &str, world: &World) -> Result<String, Failure> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    chosen(&format!("{host}:0"), world).await
}

async fn start_issuer(
    roles: &mut Roles,
    addresses: &Addresses,
    sample: &exchange_sim::Config,
    world: &World,
    stop: &Stop,
) -> Result<DevIssuer, Failure> {
    let people = sample.people.iter().map(|person| DevPerson {
        address: person.address.clone(),
        name: person.name.clone(),
        password: person.password.clone(),
    });
    let origin = addresses.url(&addresses.cloud).origin().ascii_serialization();
    let issuer = DevIssuer::new(
        world.clone(),
        addresses.url(&addresses.issuer),
        people.collect(),
        CLIENT.to_owned(),
        vec![origin],
    );
    let issuer = issuer.map_err(|error| Failure::Issuer(error.to_string()))?;
    roles.ready.issuer_url = Some(addresses.url(&addresses.issuer).to_string());
    let listener = world.network.listen(&addresses.issuer).await?;
    roles.spawn_issuer(world::http::serve(listener, issuer.router(), stop.clone()));
    Ok(issuer)
}

fn cloud_config(
    addresses: &Addresses,
    args: &Args,
    public_key: &str,
    key_servers_key: &str,
) -> Result<cloud::Config, Failure> {
    Ok(cloud::Config {
        listen: addresses.cloud.clone(),
        tls: None,
        public_url: addresses.url(&addresses.cloud),
        organization: OrganizationId(ORGANIZATION.into()),
        database: match in_folder(args, "cloud.db")? {
            Some(path) => format!("sqlite:{}", path.display()),
            None => "sqlite::memory:".into(),
        },
        issuer: addresses.url(&addresses.issuer),
        client_id: CLIENT.into(),
        kms_url: addresses.url(&addresses.kms),
        kms_host: KEY_HOST.into(),
        connectors: vec![cloud::KnownConnector {
            id: ConnectorId(CONNECTOR.into()),
            public_key: public_key.into(),
        }],
        key_server: Some(cloud::KnownConnector {
            id: ConnectorId(KEY_SERVER.into()),
            public_key: key_servers_key.into(),
        }),
        administrators: Vec::new(),
        notice: Some(NOTICE.into()),
        web: true,
    })
}

fn kms_config(
    addresses: &Addresses,
    args: &Args,
    public_key: &str,
    for_frames: KeyFiles,
) -> Result<kms::config::Config, Failure> {
    Ok(kms::config::Config {
        listen: Some(addresses.kms.clone()),
        tls: None,
        host: KEY_HOST.into(),
        database: in_folder(args, "kms.db")?.map_or(Place::Memory, Place::File),
        master_key: in_folder(args, "master.key")?.map_or(KeyPlace::Memory, KeyPlace::File),
        next_master_key: None,
        organization: OrganizationId(ORGANIZATION.into()),
        issuer: addresses.url(&addresses.issuer),
        web_origins: vec![addresses.url(&addresses.cloud).origin().ascii_serialization()],
        content_key_days: kms::config::content_key_days(),
        people_in_ten_minutes: kms::config::people_in_ten_minutes(),
        audit: kms::config::Audit::default(),
        connectors: vec![kms::config::Connector {
            id: ConnectorId(CONNECTOR.into()),
            public_key: public_key.into(),
            people_in_ten_minutes: None,
        }],
        channel: Some(
            in_folder(args, "channel")?.map_or(StaticIdentity::Memory, StaticIdentity::Folder),
        ),
        cloud: Some(kms::config::Cloud {
            url: addresses.url(&addresses.cloud),
            id: ConnectorId(KEY_SERVER.into()),
            key: CloudKey::Text(for_frames.private_pem.into()),
        }),
        connectors_read_unbound_keys: false,
    })
}

fn connector_config(
    addresses: &Addresses,
    meet: connector::config::ProviderSettings,
    sample: &exchange_sim::Config,
    exchange_url: Url,
) -> Result<connector::config::Config, Failure> {
    let everybody = sample.people.iter().chain(&sample.rooms);
    let account = sample.service_accounts.first();
    let account = account.ok_or_else(|| Failure::Settings("no service account".into()))?;
    Ok(connector::config::Config {
        id: ConnectorId(CONNECTOR.into()),
        organization: OrganizationId(ORGANIZATION.into()),
        key_file: None,
        cloud_url: addresses.url(&addresses.cloud),
        kms_url: addresses.url(&addresses.kms),
        kms_host: Some(KEY_HOST.into()),
        exchange: connector::config::Exchange {
            url: Some(exchange_url),
            user: account.user_name.clone(),
            password: Some(Secret::new(account.password.clone())),
            password_file: None,
            ca_file: None,
            pins: Vec::new(),
            proxy: None,
            sign_in: vec![connector::config::Mechanism::Basic],
            channel_binding: connector::config::Binding::Auto,
            second: None,
            allow_plain_http_on_loopback: true,
            autodiscover: None,
            trace_folder: None,
        },
        mailboxes: everybody.map(|person| person.address.clone()).collect(),
        domains: Vec::new(),
        presence: true,
        keywords: [("@meet".to_owned(), "meet".to_owned())].into(),
        conferences: [("meet".to_owned(), meet)].into(),
        invitation: connector::config::Invitation::default(),
        writing: connector::config::Writing::default(),
        links: connector::config::Site::default(),
    })
}

fn in_folder(args: &Args, name: &str) -> Result<Option<PathBuf>, Failure> {
    let Some(folder) = &args.data else { return Ok(None) };
    fs::create_dir_all(folder)?;
    Ok(Some(folder.join(name)))
}

fn print(ready: &Ready, video: &Video, out: &mut impl Write) -> std::io::Result<()> {
    let text = |url: &Option<String>| url.clone().unwrap_or_default();
    let exchange = text(&ready.exchange_url);
    writeln!(out)?;
    writeln!(
        out,
        "  Hybrid Calendar, demo. Exchange and the sign-in are simulated; everything else is real."
    )?;
    writeln!(out)?;
    writeln!(out, "  Open      {}", text(&ready.app_url))?;
    writeln!(out, "  Sign in   alice@example.com, password {SAMPLE_PASSWORD}")?;
    writeln!(out, "  Video     {}", video.line())?;
    if !cloud::web_client_included() {
        writeln!(
            out,
            "            (this program was built without the web app: make web, then build again)"
        )?;
    }
    writeln!(out)?;
    writeln!(out, "  Then, in a second terminal, invite somebody as Alice would from Outlook:")?;
    writeln!(out)?;
    writeln!(out, "    target/debug/hybridcal calendar create --exchange {exchange} \\")?;
    writeln!(
        out,
        "      --user alice --password {SAMPLE_PASSWORD} --subject Coffee --location @meet \\"
    )?;
    writeln!(out, "      --start +4m --invite bob@example.com")?;
    writeln!(out)?;
    writeln!(out, "  and watch the invitation get its link, and its Join button appear.")?;
    writeln!(out, "  Everybody's password is {SAMPLE_PASSWORD}: {}", names(ready))?;
    writeln!(out, "  End with Ctrl-C.")?;
    writeln!(out)?;
    out.flush()
}

fn names(ready: &Ready) -> String {
    let names: Vec<&str> = ready.people.iter().map(|person| person.user.as_str()).collect();
    names.join(", ")
}
