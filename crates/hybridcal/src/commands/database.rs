//! `hybridcal database`: what an administrator does to the cloud's database itself.

use std::{io::Write, path::PathBuf};

use cloud::{
    Store,
    store::{self, Erased},
};
use protocol::ids::{MailboxAddress, UserId};
use world::clock::Clock;

use crate::config::{Config, ConfigMistake};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// After a restore or a failover that may have lost something: clients read their lists again
    Restored(About),
    /// Remove everything about people whose mailboxes are not followed any more
    Erase(People),
}

#[derive(Debug, clap::Args)]
struct About {
    /// The configuration file, with a section [cloud].
    #[arg(long)]
    config: PathBuf,
}

#[derive(Debug, clap::Args)]
struct People {
    #[command(flatten)]
    about: About,
    /// Primary addresses, as the connector has them.
    #[arg(value_name = "MAILBOX", required = true)]
    mailboxes: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigMistake),
    #[error("argument {number} is not an e-mail address")]
    Mailbox { number: usize },
    #[error("the cloud's database cannot be used")]
    Store(#[from] store::Failure),
    #[error("the output cannot be written")]
    Out(#[from] std::io::Error),
}

pub async fn run(args: Args, out: &mut impl Write) -> Result<(), Failure> {
    match args.action {
        Action::Restored(about) => restored(about, out).await,
        Action::Erase(people) => erase(people, out).await,
    }
}

async fn restored(about: About, out: &mut impl Write) -> Result<(), Failure> {
    let config = Config::read_cloud(&about.config)?;
    let store = open(&config).await?;
    let incarnation = store.raise_incarnation().await?;
    store.close().await;
    writeln!(
        out,
        "This is incarnation {incarnation}: clients read their lists again. Restart the connectors."
    )?;
    Ok(())
}

async fn erase(people: People, out: &mut impl Write) -> Result<(), Failure> {
    // All of them first: nobody is erased if one is mistyped.
    let parse = |(index, text): (usize, &String)| {
        MailboxAddress::new(text).ok_or(Failure::Mailbox { number: index + 1 })
    };
    let addresses: Vec<MailboxAddress> =
        people.mailboxes.iter().enumerate().map(parse).collect::<Result<_, _>>()?;
    let config = Config::read_cloud(&people.about.config)?;
    let store = open(&config).await?;
    for address in addresses {
        let user = UserId::of(&config.organization, address.as_str());
        let erased = store.erase(user, &address).await?;
        writeln!(out, "{}: {}", address.as_str(), said(erased))?;
    }
    store.close().await;
    Ok(())
}

fn said(Erased { rows, is_overwritten }: Erased) -> String {
    let also = if is_overwritten {
        "overwritten in the file"
    } else {
        "bytes may stay in the database's files for a while; see docs/operating.md"
    };
    format!("{rows} rows removed; {also}")
}

async fn open(config: &cloud::Config) -> Result<Store, Failure> {
    let organization = config.organization.clone();
    Ok(Store::open(&config.database, organization, Clock::System).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn people_are_erased_all_or_none_and_a_restore_is_told() {
        let folder =
            std::env::temp_dir().join(format!("hybridcal-database-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("made");
        let config = folder.join("hybridcal.toml");
        let database = folder.join("cloud.db");
        let text = format!(
            "[cloud]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://cloud\"\n\
             organization = \"example\"\ndatabase = \"sqlite:{}\"\nissuer = \"https://issuer\"\n\
             client_id = \"web\"\nkms_url = \"https://kms\"\nkms_host = \"kms\"\n",
            database.display()
        );
        std::fs::write(&config, text).expect("written");
        let about = || About { config: config.clone() };
        let mut out = Vec::new();
        for incarnation in [2, 3] {
            out.clear();
            let args = Args { action: Action::Restored(about()) };
            run(args, &mut out).await.expect("done");
            let said = String::from_utf8_lossy(&out);
            assert!(said.contains(&format!("incarnation {incarnation}")), "{said}");
        }
        out.clear();
        let people = |mailboxes: &[&str]| People {
            about: about(),
            mailboxes: mailboxes.iter().map(|&it| it.to_owned()).collect(),
        };
        let args = Args { action: Action::Erase(people(&["ann@example.com", "nobody"])) };
        let refused = run(args, &mut out).await;
        assert!(matches!(refused, Err(Failure::Mailbox { number: 2 })));
        assert!(out.is_empty());
        let args = Args { action: Action::Erase(people(&["ann@example.com"])) };
        run(args, &mut out).await.expect("done");
        assert_eq!(
            String::from_utf8_lossy(&out),
            "ann@example.com: 0 rows removed; overwritten in the file\n"
        );
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
