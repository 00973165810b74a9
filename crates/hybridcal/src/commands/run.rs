//! `hybridcal run`: plays the roles that have a section in the configuration file.

use std::{io::Write, path::PathBuf};

use tokio::task::JoinSet;
use world::{
    World,
    stop::{Stop, Stopper},
    tls::Trust,
};

use super::ready::{Ready, ReadyPerson};
use crate::{
    config::{Config, ConfigMistake, DevIssuer},
    dev_issuer,
};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file.
    #[arg(long)]
    config: PathBuf,
    /// Print one line of JSON when everything listens.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigMistake),
    #[error("[connector] {0}")]
    Connector(#[from] connector::config::Mistake),
    #[error("the cloud did not start")]
    Cloud(#[from] cloud::StartFailure),
    #[error("the key server did not start")]
    Kms(#[from] kms::server::StartFailure),
    #[error("[rooms] did not start")]
    Rooms(#[from] rooms::StartFailure),
    #[error("[dev_issuer] {0}")]
    DevIssuer(String),
    #[error("TLS cannot be set up")]
    Trust(#[from] world::tls::TrustFailure),
    #[error(transparent)]
    Ended(#[from] EndedByItself),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// The roles of one process, running.
#[derive(Default)]
pub struct Roles {
    pub ready: Ready,
    /// None of them ends by itself.
    tasks: JoinSet<&'static str>,
}

/// A role came to its end although nobody had asked for it.
#[derive(Debug, thiserror::Error)]
#[error("{role} ended by itself; see the log")]
pub struct EndedByItself {
    role: &'static str,
}

pub async fn run(args: Args, out: &mut impl Write) -> Result<(), Failure> {
    let config = Config::read(&args.config)?;
    let ca_file =
        config.connector.as_ref().and_then(|connector| connector.exchange.ca_file.clone());
    let world = World::system(&Trust { ca_file, ..Trust::default() })?;
    let told = told_to_stop();
    let (stopper, stop) = Stopper::new();
    let roles = start(config, &world, &stop).await?;
    if args.json {
        roles.ready.print_json(out)?;
    } else {
        tracing::info!("Running; end with Ctrl-C");
    }
    Ok(roles.play(&stopper, told).await?)
}

/// Starts everything that has a section; what listens, listens when this returns.
pub async fn start(config: Config, world: &World, stop: &Stop) -> Result<Roles, Failure> {
    let mut roles = Roles::default();
    if let Some(issuer) = &config.dev_issuer {
        start_issuer(&mut roles, issuer, &config, world, stop).await?;
    }
    if let Some(kms) = config.kms {
        roles.spawn_kms(kms::server::start(kms, world.clone(), stop.clone()).await?);
    }
    if let Some(cloud) = config.cloud {
        roles.ready.app_url = Some(cloud.public_url.to_string());
        roles.ready.cloud_url = Some(cloud.public_url.to_string());
        roles.ready.kms_url = Some(cloud.kms_url.to_string());
        roles.spawn_cloud(cloud::start(cloud, world.clone(), stop.clone()).await?);
    }
    if let Some(rooms) = config.rooms {
        roles.ready.rooms_url = Some(rooms.public_url.to_string());
        roles.spawn_rooms(rooms::start(rooms, world.clone(), stop.clone()).await?);
    }
    if let Some(settings) = config.connector {
        let connector = connector::Connector::new(settings, world.clone())?;
        roles.spawn_connector(connector, stop);
    }
    Ok(roles)
}

impl Roles {
    pub fn spawn_connector(&mut self, connector: connector::Connector, stop: &Stop) {
        let stop = stop.clone();
        self.tasks.spawn(async move {
            if let Err(mistake) = connector.run(stop).await {
                tracing::error!(%mistake, "The connector ended");
            }
            "the connector"
        });
    }

    pub fn spawn_kms(&mut self, running: kms::server::Running) {
        let address = running.address.as_deref().unwrap_or("nowhere: it fetches frames");
        tracing::info!(address, "The key server runs");
        self.tasks.spawn(async move {
            if let Err(error) = running.join.await {
                tracing::error!(%error, "The key server ended badly");
            }
            "the key server"
        });
    }

    pub fn spawn_cloud(&mut self, running: cloud::Running) {
        let included = if cloud::web_client_included() { "included" } else { "not included" };
        tracing::info!(address = running.address(), "The cloud listens; web client: {included}");
        self.tasks.spawn(async move {
            running.ended().await;
            "the cloud"
        });
    }

    pub fn spawn_rooms(&mut self, running: rooms::Running) {
        tracing::info!(address = running.address, "The join page listens");
        self.tasks.spawn(async move {
            if let Err(error) = running.join.await {
                tracing::error!(%error, "The join page ended badly");
            }
            "the join page"
        });
    }

    pub fn spawn_issuer(&mut self, serving: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(async move {
            serving.await;
            "the development issuer"
        });
    }

    /// Until somebody says stop, or a role ends by itself: then the process must not go on as if
    /// nothing had happened, so that a service manager can start it again.
    pub async fn play(
        mut self,
        stopper: &Stopper,
        told: impl Future<Output = ()>,
    ) -> Result<(), EndedByItself> {
        let ended = tokio::select! {
            () = told => Ok(()),
            Some(ended) = self.tasks.join_next() => {
                Err(EndedByItself { role: ended.unwrap_or("a role") })
            }
        };
        stopper.stop();
        while self.tasks.join_next().await.is_some() {}
        ended
    }
}

async fn start_issuer(
    roles: &mut Roles,
    settings: &DevIssuer,
    config: &Config,
    world: &World,
    stop: &Stop,
) -> Result<(), Failure> {
    let refuse = |reason: &str| Failure::DevIssuer(reason.to_owned());
    let url = format!("http://{}", settings.listen);
    let url = url::Url::parse(&url).map_err(|_reason| refuse("listen is not host:port"))?;
    let cloud = config.cloud.as_ref();
    let client_id = cloud.map_or_else(|| "web".to_owned(), |cloud| cloud.client_id.clone());
    let origins = cloud.map(|cloud| cloud.public_url.origin().ascii_serialization());
    let people = settings.people.iter().map(|person| dev_issuer::DevPerson {
        address: person.address.clone(),
        name: person.name.clone(),
        password: person.password.expose().to_owned(),
    });
    let people: Vec<_> = people.collect();
    let issuer = dev_issuer::DevIssuer::new(
        world.clone(),
        url.clone(),
        people,
        client_id,
        origins.into_iter().collect(),
    );
    let issuer = issuer.map_err(|error| refuse(&error.to_string()))?;
    for person in &settings.people {
        roles.ready.people.push(ReadyPerson {
            address: Some(person.address.clone()),
            name: Some(person.name.clone()),
            user: person.address.clone(),
            password: person.password.expose().to_owned(),
            token: Some(issuer.token(&person.address, protocol::token::AUDIENCE_API)),
            key_token: Some(issuer.token(&person.address, protocol::token::AUDIENCE_KMS)),
            kind: None,
        });
    }
    roles.ready.is_for_trying_out = true;
    roles.ready.issuer_url = Some(url.to_string());
    let listener = world.network.listen(&settings.listen).await?;
    tracing::warn!(
        address = settings.listen,
        "The DEVELOPMENT issuer signs people in: for trying out only"
    );
    roles.spawn_issuer(world::http::serve(listener, issuer.router(), stop.clone()));
    Ok(())
}

/// Ctrl-C, or the signal that service managers send. From this call on, not only once it is waited
/// for: whoever was told to stop in between would leave behind what should end with it.
pub fn told_to_stop() -> impl Future<Output = ()> {
    let listen = tokio::signal::unix::signal;
    let interrupt = listen(tokio::signal::unix::SignalKind::interrupt());
    let terminate = listen(tokio::signal::unix::SignalKind::terminate());
    async move {
        match (interrupt, terminate) {
            (Ok(mut interrupt), Ok(mut terminate)) => {
                tokio::select! {
                    _told = interrupt.recv() => {}
                    _told = terminate.recv() => {}
                }
            }
            (Ok(mut either), Err(_)) | (Err(_), Ok(mut either)) => {
                let _told = either.recv().await;
            }
            // Then only the system can end it.
            (Err(_), Err(_)) => std::future::pending().await,
        }
    }
}
