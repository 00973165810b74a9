//! `hybridcal new-key`: makes the key by which a connector proves who it is.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::PathBuf};

use kms::connector_key::ConnectorKey;
use world::World;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// File for the private key; must not exist yet.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("cannot write {}: {source}", path.display())]
    Unwritable { path: PathBuf, source: std::io::Error },
    #[error("the key could not be made")]
    Key(#[from] kms::connector_key::ConnectorKeyFailure),
    #[error(transparent)]
    Out(#[from] std::io::Error),
}

/// The private half goes into the file, readable by its owner only; the public half is printed as
/// it stands in the configurations of cloud and key server.
pub fn run(args: &Args, world: &World, out: &mut impl Write) -> Result<(), Failure> {
    let key = ConnectorKey::generate(&world.chance)?;
    let unwritable = |source| Failure::Unwritable { path: args.out.clone(), source };
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&args.out);
    let mut file = file.map_err(unwritable)?;
    file.write_all(key.private_pem.as_bytes()).map_err(unwritable)?;
    file.sync_all().map_err(unwritable)?;
    writeln!(out, "# for [[cloud.connectors]] and [[kms.connectors]], with the connector's id")?;
    writeln!(out, "public_key = '''\n{}'''", key.public_pem)?;
    Ok(())
}
