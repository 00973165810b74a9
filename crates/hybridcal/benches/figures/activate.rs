//! How long it takes until so many mailboxes are followed, what it costs Exchange, and what an idle
//! mailbox weighs afterwards.

use std::time::Duration;

use tokio::time::Instant;

use crate::{changes::Calendars, cpu::Used, process::Connector, site::Site, watch::Watch};

/// What the program weighs by itself is measured with so few.
const FEW: usize = 100;
/// Memory is looked at after this; what is only needed for the start is given back by then.
const REST: Duration = Duration::from_secs(5);
/// Nothing new for so long means that it will never be ready.
const PATIENCE: Duration = Duration::from_mins(10);

/// A site whose connector follows everybody.
pub(crate) struct Followed {
    pub(crate) connector: Connector,
    pub(crate) watch: Watch,
    pub(crate) calendars: Calendars,
    pub(crate) site: Site,
}

pub(crate) fn run(people: usize) -> Followed {
    let few_bytes = follow(FEW).connector.memory_bytes();
    println!("\n== {people} mailboxes");
    let began = Instant::now();
    let site = Site::start("activate", people);
    let calendars = Calendars::fill(&site);
    println!("simulator filled in {:.1} s", began.elapsed().as_secs_f64());
    let followed = start(site, calendars);
    let site = &followed.site;
    let requests = site.exchange.requests_total();
    println!("requests to Exchange for it {:>22.2} per mailbox", requests as f64 / people as f64);
    let each = site.requests().into_iter().filter(|(_, requests)| *requests > 0);
    println!("  {}", each.map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>().join(", "));
    println!(
        "streams {:>42}, subscriptions {}",
        site.exchange.open_streams(),
        site.exchange.subscriptions()
    );
    site.pause(REST);
    let bytes = followed.connector.memory_bytes();
    println!(
        "connector's memory {:>31} KiB ({} KiB with {FEW} mailboxes)",
        bytes / 1024,
        few_bytes / 1024
    );
    let more = people.saturating_sub(FEW).max(1);
    println!("memory per idle mailbox {:>26} bytes", bytes.saturating_sub(few_bytes) / more);
    followed
}

pub(crate) fn follow(people: usize) -> Followed {
    let site = Site::start("few", people);
    let calendars = Calendars::fill(&site);
    start(site, calendars)
}

/// Starts a connector and waits until everybody has been read.
fn start(site: Site, calendars: Calendars) -> Followed {
    let watch = Watch::start(&site);
    let config = site.connector_config();
    let used = Used::until_now(std::process::id());
    let used = Used { connector: 0.0, ..used };
    let began = Instant::now();
    let connector = Connector::start(&config);
    let mut progress = (0, Instant::now());
    while watch.users() < site.people {
        site.pause(Duration::from_millis(5));
        if watch.users() > progress.0 {
            progress = (watch.users(), Instant::now());
        }
        let is_stuck = progress.1.elapsed() > PATIENCE;
        assert!(!is_stuck, "only {} of {} mailboxes are followed", progress.0, site.people);
    }
    let took = watch.last().expect("a commit").duration_since(began).as_secs_f64();
    let used = Used::until_now(connector.id()).since(used);
    if site.people > FEW {
        println!(
            "time until all are followed {took:>22.1} s, {:.0} mailboxes/s",
            site.people as f64 / took
        );
        println!("  processor: {}", used.shares(took));
    }
    site.until_quiet();
    Followed { connector, watch, calendars, site }
}
