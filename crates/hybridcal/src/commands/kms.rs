//! `hybridcal kms`: what an administrator does on the key server's own computer, beside it.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Subcommand;
use kms::{
    audit::verify::Broken,
    custody::{Custody, CustodyFailure, Whom, restore},
    master_key::new_text,
};
use protocol::ids::UserId;
use world::World;
use zeroize::Zeroizing;

use crate::config::{Config, ConfigMistake};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file, with a section [kms].
    #[arg(long)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The log of who was given which key.
    Audit {
        #[command(subcommand)]
        command: Audit,
    },
    /// From the next seal on a new key; the old one goes on opening what it sealed.
    Rotate(Whose),
    /// The keys made until now are given to nobody any more; connectors seal anew.
    Revoke(Whose),
    /// Destroy all keys of a person, for good.
    Erase(Person),
    /// Let somebody who was erased have new keys.
    Readmit(Person),
    /// Put the master key where next_master_key says; a running server does not notice.
    Rekey,
    /// A sealed copy of the database, beside a running server. It opens under the same master key.
    Backup {
        /// File for the copy; must not exist yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Split the master key into three files, of which any two can replace it when it is lost.
    Split {
        /// Folder for share-1, share-2 and share-3: carry them to three places, apart from copies.
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
    /// Put a copy into the database that the configuration names, which must be empty.
    Restore {
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// Two files of `split`, if the master key is lost: a new one then guards the database.
        #[arg(long = "share", value_name = "FILE")]
        shares: Vec<PathBuf>,
    },
    /// Print a new master key, to be sealed as a systemd credential. Needs no configuration.
    NewMasterKey,
}

#[derive(Debug, Subcommand)]
enum Audit {
    /// Is the log what was written? Finds rows deleted, changed or moved, and, with checkpoints,
    /// an end that was cut off.
    Verify {
        /// Files with checkpoints, kept outside of the database.
        #[arg(long, value_name = "FILE")]
        checkpoints: Vec<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Whose {
    /// An address, or the user id that stands in the log.
    person: Option<String>,
    #[arg(long)]
    everybody: bool,
}

#[derive(Debug, clap::Args)]
struct Person {
    /// An address, or the user id that stands in the log.
    person: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigMistake),
    #[error(transparent)]
    Custody(#[from] CustodyFailure),
    #[error("--config FILE is needed")]
    NoConfig,
    #[error("{} cannot be read or written", file.display())]
    File { file: PathBuf, source: std::io::Error },
    #[error("this is neither an e-mail address nor a user id")]
    Person,
    #[error("the output cannot be written")]
    Out(#[from] std::io::Error),
}

/// Exit code 1 if the log is not what was written.
pub async fn run(args: Args, world: World, out: &mut impl Write) -> Result<ExitCode, Failure> {
    if let Command::NewMasterKey = args.command {
        write!(out, "{}", *new_text(&world.chance))?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::read_kms(args.config.as_ref().ok_or(Failure::NoConfig)?)?;
    let one = |text: &str| match Whom::person(&config.organization, text) {
        Some(Whom::Person(user)) => Ok(user),
        Some(Whom::Everybody) | None => Err(Failure::Person),
    };
    if let Command::Restore { from, shares } = &args.command {
        let whole = restore(&config, &world, from, &read(shares)?).await?;
        let last = whole.head.seq;
        writeln!(
            out,
            "Restored, every key opens, and the log is whole up to row {last}. Erase again whoever was erased after the copy was made; keys made since are lost, and connectors seal anew."
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let custody = Custody::open(&config, world).await?;
    let mut code = ExitCode::SUCCESS;
    match &args.command {
        Command::Audit { command: Audit::Verify { checkpoints } } => {
            code = verify(&custody, checkpoints, out).await?;
        }
        Command::Rotate(whose) => {
            custody.rotate(&whom(whose, one)?).await?;
            writeln!(out, "Connectors use new keys within a minute, from their next seal on.")?;
        }
        Command::Revoke(whose) => {
            custody.revoke(&whom(whose, one)?).await?;
            writeln!(
                out,
                "Not given out any more. Connectors seal anew within the hour; who has had such a key can still use it."
            )?;
        }
        Command::Erase(person) => {
            custody.erase(one(&person.person)?).await?;
            writeln!(
                out,
                "Destroyed. Backups of the key database that are older still hold these keys: delete them."
            )?;
        }
        Command::Rekey => {
            let generation = custody.rekey(&config).await?.generation;
            writeln!(
                out,
                "The master key is under generation {generation}. Now make kms.next_master_key the kms.master_key: the one of before is refused at the next start. Keep it as long as backups that need it."
            )?;
        }
        Command::Backup { out: file } => {
            let rows = custody.backup(&config, file).await?;
            writeln!(
                out,
                "{rows} rows, sealed under the master key. Keep the copy apart from that of the calendar, for 30 days at most."
            )?;
        }
        Command::Split { out: folder } => {
            split(&custody, &config, folder).await?;
            writeln!(
                out,
                "Any two of the three files can replace the master key: carry them to three places, and delete them here."
            )?;
        }
        Command::NewMasterKey | Command::Restore { .. } => {}
        Command::Readmit(person) => {
            custody.readmit(one(&person.person)?).await?;
            writeln!(out, "New keys will be made; what was erased stays so.")?;
        }
    }
    custody.close().await;
    Ok(code)
}

fn read(files: &[PathBuf]) -> Result<Vec<Zeroizing<String>>, Failure> {
    let read = |file: &PathBuf| {
        let text = fs::read_to_string(file).map(Zeroizing::new);
        text.map_err(|source| Failure::File { file: file.clone(), source })
    };
    files.iter().map(read).collect()
}

async fn split(
    custody: &Custody,
    config: &kms::config::Config,
    folder: &Path,
) -> Result<(), Failure> {
    for (index, share) in custody.split(config).await?.iter().enumerate() {
        let path = folder.join(format!("share-{}", index + 1));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let written = file.and_then(|mut file| {
            file.write_all(share.as_bytes())?;
            file.sync_all()
        });
        written.map_err(|source| Failure::File { file: path, source })?;
    }
    Ok(())
}

fn whom(whose: &Whose, one: impl Fn(&str) -> Result<UserId, Failure>) -> Result<Whom, Failure> {
    match &whose.person {
        Some(person) => one(person).map(Whom::Person),
        None => Ok(Whom::Everybody),
    }
}

async fn verify(
    custody: &Custody,
    checkpoints: &[PathBuf],
    out: &mut impl Write,
) -> Result<ExitCode, Failure> {
    match custody.verify(checkpoints).await {
        Ok(whole) => {
            let (first, last) = (whole.after + 1, whole.head.seq);
            writeln!(out, "Whole from row {first} to row {last}.")?;
            match whole.compared {
                0 => writeln!(out, "Compared with no checkpoint: a cut-off end would not show.")?,
                compared => writeln!(out, "Compared with {compared} checkpoints.")?,
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(CustodyFailure::Broken(Broken::Unreadable(error))) => {
            Err(CustodyFailure::Database(error).into())
        }
        Err(CustodyFailure::Broken(broken)) => {
            writeln!(out, "BROKEN: {broken}.")?;
            Ok(ExitCode::FAILURE)
        }
        Err(failure) => Err(failure.into()),
    }
}
