//! `hybridcal trust`: the hosts that Autodiscover was sent to, and what to do with them.

use std::{fmt, io::Write};

use protocol::trust::{Decision, TrustedHost, is_host};
use url::Url;
use world::World;

use super::meetings::{until_closed, write};
use crate::client::{Failure, TrustClient, text};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Every host with its decision, who made it and when
    List(Access),
    /// Credentials may go to this host
    Allow(About),
    /// Nothing goes to this host
    Block(About),
}

#[derive(Debug, clap::Args)]
struct About {
    /// As `list` shows it: a name, with `:port` if that is not 443
    #[arg(value_parser = host)]
    host: String,
    #[command(flatten)]
    access: Access,
}

/// Where, and as which administrator.
#[derive(clap::Args)]
struct Access {
    /// Address of the cloud
    #[arg(long, value_name = "URL")]
    cloud: Url,
    /// An administrator's access token for the cloud (audience hc-api)
    #[arg(long, env = "HYBRIDCAL_TOKEN", hide_env_values = true)]
    token: String,
}

// Without the token.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Access({}, …)", self.cloud)
    }
}

pub async fn run(args: Args, world: World, out: &mut impl Write) -> Result<(), Failure> {
    let client = |access: Access| TrustClient::new(world.clone(), &access.cloud, access.token);
    let hosts = match args.action {
        Action::List(access) => client(access)?.list().await?,
        Action::Allow(About { host, access }) => {
            vec![client(access)?.decide(&host, Decision::Allowed).await?]
        }
        Action::Block(About { host, access }) => {
            vec![client(access)?.decide(&host, Decision::Blocked).await?]
        }
    };
    let text: String = hosts.iter().map(line).collect();
    until_closed(write(out, &text)).map(|_is_open| ())
}

fn line(host: &TrustedHost) -> String {
    let by = match (&host.decided_by, host.decided_at) {
        (Some(by), Some(at)) => format!("by {by} at {at:.0}"),
        (Some(_) | None, Some(_) | None) => match &host.seen_by {
            Some(connector) => format!("met by {connector} at {:.0}", host.seen_at),
            None => format!("since {:.0}", host.seen_at),
        },
    };
    // A cloud is believed about its list, but not to speak to a terminal.
    let (name, by) = (text::clean(&host.host), text::clean(&by));
    format!("{:<8} {name}  {by}\n", host.decision.as_str())
}

fn host(text: &str) -> Result<String, &'static str> {
    let text = text.trim().to_lowercase();
    if is_host(&text) { Ok(text) } else { Err("a host's name is wanted, not a URL") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_is_a_line_that_says_who_decided() {
        let mut met = TrustedHost {
            host: "mail.stranger.net".into(),
            decision: Decision::Pending,
            seen_at: "2026-11-24T08:00:00.5Z".parse().expect("a time"),
            seen_by: Some("connector-1".into()),
            decided_by: None,
            decided_at: None,
        };
        assert_eq!(
            line(&met),
            "pending  mail.stranger.net  met by connector-1 at 2026-11-24T08:00:00Z\n"
        );
        met.decision = Decision::Allowed;
        met.decided_by = Some("ann@example.com".into());
        met.decided_at = Some("2026-11-24T09:00:00Z".parse().expect("a time"));
        assert_eq!(
            line(&met),
            "allowed  mail.stranger.net  by ann@example.com at 2026-11-24T09:00:00Z\n"
        );
        met.host = "evil\u{1b}[2J\u{202e}".into();
        assert!(!line(&met).contains(['\u{1b}', '\u{202e}']));
    }

    #[test]
    fn a_url_is_no_host() {
        assert_eq!(host(" Mail.Example.net "), Ok("mail.example.net".to_owned()));
        assert!(host("https://mail.example.net/").is_err());
    }
}
