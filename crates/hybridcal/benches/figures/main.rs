//! Figures over real sockets on this computer, against the simulated Exchange. `make bench` runs
//! all parts, `make bench BENCH='activate rates'` some; docs/benchmarks.md says what they mean.
//!
//! Exchange, cloud and key server are in this process, each with threads of its own so that their
//! shares can be told apart; the connector is the real program in a process of its own.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench prints, and stops when something is wrong"
)]

mod activate;
mod bounds;
mod changes;
mod cpu;
mod links;
mod peer;
mod process;
mod rates;
mod seal;
mod site;
mod streams;
mod watch;

/// The parts, in the order in which they run.
const PARTS: [&str; 8] =
    ["bounds", "seal", "links", "streams", "activate", "rates", "peer", "many"];
/// What can be set, for a closer look at one thing: `rates mailboxes=1000 rate=500 seconds=60`.
const SETTINGS: [&str; 3] = ["mailboxes", "rate", "seconds"];

fn main() {
    // cargo adds `--bench`.
    let asked: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let (set, parts): (Vec<&str>, Vec<&str>) =
        asked.iter().map(String::as_str).partition(|it| it.contains('='));
    let setting = |name: &str| {
        let value = set.iter().find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
        value.map(|value| value.parse::<usize>().expect("a number"))
    };
    let is_setting = |it: &&str| SETTINGS.iter().any(|name| it.split('=').next() == Some(name));
    let unknown = set.iter().find(|it| !is_setting(it));
    if let Some(unknown) = unknown.or(parts.iter().find(|part| !PARTS.contains(part))) {
        println!("Not known: {unknown:?}. Parts: {PARTS:?}, settings: {SETTINGS:?}.");
        std::process::exit(2);
    }
    let is_asked = |part: &str| parts.is_empty() || parts.contains(&part);
    if is_asked("bounds") {
        bounds::run();
    }
    if is_asked("seal") {
        seal::run();
    }
    if is_asked("links") {
        links::run();
    }
    if is_asked("streams") {
        streams::run();
    }
    if is_asked("activate") || is_asked("rates") {
        let site = activate::run(setting("mailboxes").unwrap_or(10_000));
        if is_asked("rates") {
            rates::run(&site, setting("rate"), setting("seconds"));
        }
    }
    if is_asked("peer") {
        peer::run();
    }
    if is_asked("many") {
        drop(activate::run(setting("mailboxes").unwrap_or(100_000)));
    }
}
