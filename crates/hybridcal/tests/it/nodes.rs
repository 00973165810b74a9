//! Two clouds on one database: it does not matter which of them somebody talks to.

use std::time::Duration;

use exchange_sim::{MailKind, NewMeeting};
use hybridcal::client::Notice;
use url::Url;
use world::database::scratch;

use crate::{
    invitation::{blocks, plan},
    site::{ALICE, BOB, Site},
};

const SECOND: &str = "https://cloud-2";
/// From a commit at one node until a watcher at the other has heard of it.
const HEARD_WITHIN: Duration = Duration::from_secs(10);

/// A site whose second node shares the database of the first, if there is one that can be shared.
async fn site() -> Option<(Site, world::stop::Stopper)> {
    scratch::server()?;
    let site = Site::start().await;
    let second = site.second_cloud("cloud-2").await;
    Some((site, second))
}

#[tokio::test(start_paused = true)]
async fn what_is_committed_at_one_is_listed_and_told_at_the_other() {
    let Some((site, _second)) = site().await else { return };
    let mut watch = site.client_at(SECOND, BOB).await.watch();
    while !matches!(watch.next().await.expect("a notice"), Notice::Connected) {}
    site.invite(ALICE, plan(&site));
    site.until_joinable(BOB, "Plan").await;
    let told = async {
        loop {
            if let Notice::Listed(_) | Notice::Changed(_) = watch.next().await.expect("a notice") {
                return;
            }
        }
    };
    tokio::time::timeout(HEARD_WITHIN, told).await.expect("told in time");
    let here = site.list(BOB).await;
    let there = site.client_at(SECOND, BOB).await.list().await.expect("a list").0;
    assert_eq!(here.len(), 1);
    assert_eq!(
        (&here[0].id, here[0].start, here[0].join_url.as_ref().and_then(|url| url.text())),
        (&there[0].id, there[0].start, there[0].join_url.as_ref().and_then(|url| url.text())),
    );
}

/// The first node fails, and with it the connector that talked to it; the standby talks to the second.
#[tokio::test(start_paused = true)]
async fn a_standby_at_the_other_node_waits_for_the_lease_and_takes_over() {
    let Some((mut site, _second)) = site().await else { return };
    site.invite(ALICE, plan(&site));
    site.until_joinable(BOB, "Plan").await;
    site.settings.change_config = |config| config.cloud_url = Url::parse(SECOND).expect("a URL");
    let standby = site.second_connector();
    site.pass(Duration::from_secs(60)).await;
    site.memory.cut("laptop", "cloud");
    site.kill_connector().await;
    site.invite(ALICE, NewMeeting { subject: "Later".into(), ..plan(&site) });
    standby.take_over(&mut site);
    let client = site.client_at(SECOND, BOB).await;
    let is_complete = async || {
        let list = client.list().await.expect("a list").0;
        let linked = list.iter().filter(|meeting| meeting.join_url.is_some());
        linked.count() == 2
    };
    let mut looks = 0;
    while !is_complete().await {
        looks += 1;
        assert!(looks < 1200, "the standby never took over");
        site.pass(Duration::from_millis(500)).await;
    }
    for subject in ["Plan", "Later"] {
        assert_eq!(blocks(&site.entry(ALICE, subject).body.content), 1, "{subject}");
    }
    assert_eq!(site.mails(BOB, MailKind::Update), 2, "one for each, and no more");
}
