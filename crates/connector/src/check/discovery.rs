//! Where is Exchange? With Autodiscover, each mailbox is looked for as the connector would, with
//! what administrators decided; nothing that is met is reported.

use protocol::{
    ids::MailboxAddress,
    trust::{TrustList, TrustReport},
};
use url::Url;

use super::{Findings, Outcome, Step, Trouble, advice::Advisor};
use crate::{
    cloud::Cloud,
    config::Config,
    exchange::{Connection, autodiscover::search::Missing},
};

/// An address to knock at, if there is one.
pub(super) async fn address(
    findings: &mut Findings,
    config: &Config,
    connection: &Connection,
    cloud: &Cloud,
    mailboxes: &[MailboxAddress],
) -> Option<Url> {
    if !connection.has_discovery() {
        return config.exchange.url.clone();
    }
    // A cloud that cannot be reached has a finding of its own.
    let list = cloud.trust(&TrustReport::default()).await;
    connection.decide(&list.unwrap_or_else(|_unreachable| TrustList::default()).hosts);
    let advisor = Advisor { config, exchange: None };
    let outcome = match connection.locate(mailboxes).await {
        Ok(round) => match round.missing.first() {
            None => Outcome::Ok(format!("found {} mailboxes", mailboxes.len())),
            Some((mailbox, why)) => {
                advisor.missing(mailbox, *why, connection.hosts_met().first().map(String::as_str))
            }
        },
        Err(failure) => advisor.after(&failure, mailboxes.first()?),
    };
    findings.put(Step::Autodiscover, "autodiscover", outcome);
    let place = mailboxes.iter().map(|mailbox| connection.place(Some(mailbox)));
    place.into_iter().find(|place| place.is_known()).map(|place| place.url.clone())
}

impl Advisor<'_> {
    fn missing(&self, mailbox: &MailboxAddress, why: Missing, host: Option<&str>) -> Outcome {
        let (what, trouble) = match why {
            Missing::Nobody => ("nobody says where it is", Trouble::NotFound),
            Missing::NoSuchMailbox => ("Exchange knows no such mailbox", Trouble::NoMailbox),
            Missing::InTheCloud => ("it is in Microsoft's cloud", Trouble::NoMailbox),
            Missing::Undecided => ("we are sent to an unknown host", Trouble::UndecidedHost),
            Missing::Busy => ("Exchange is busy", Trouble::Busy),
            Missing::SignInRefused => ("the sign-in is refused", Trouble::Password),
        };
        let what = format!("{}: {what}", mailbox.as_str());
        let place = (host.unwrap_or("the host"), "exchange.autodiscover");
        self.outcome(what, trouble, mailbox.as_str(), place)
    }
}
