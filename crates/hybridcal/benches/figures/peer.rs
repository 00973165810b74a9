//! The same job by a plain exchangelib script (`crates/hybridcal/benches/peer.py`): the same
//! simulator, calendars and script of changes, one after the other, so that neither disturbs the
//! other. What counts is how many changes each deals with per second of processor time.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    activate::follow,
    changes::{Calendars, kind, subject},
    cpu, rates,
    site::{Site, address},
};

const PEOPLE: usize = 100;
/// The same pace for both, slow enough for the script to keep up.
const RATE_PER_SECOND: usize = 20;
/// As much as each deals with: the script with one processor, ours with a part of one. More
/// mailboxes then, so that not several changes of one are dealt with at once.
const RATE_FAST: usize = 100;
const OUR_RATE_FAST: usize = 500;
const OUR_PEOPLE_FAST: usize = 2000;
const LASTS: Duration = Duration::from_secs(15);
const PATIENCE: Duration = Duration::from_mins(2);

pub(crate) fn run() {
    println!(
        "\n== beside a plain exchangelib script, one change in ten an invitation with a keyword"
    );
    let Some(python) = python() else {
        println!("SKIPPED: exchangelib is not there; scripts/setup.sh brings it.");
        return;
    };
    println!("changes per second of processor time");
    for (our_people, our_rate, their_rate) in
        [(PEOPLE, RATE_PER_SECOND, RATE_PER_SECOND), (OUR_PEOPLE_FAST, OUR_RATE_FAST, RATE_FAST)]
    {
        let ours = ours(our_people, our_rate);
        println!("  ours, {our_people} mailboxes, {our_rate} changes/s {ours:>20.0}");
        let theirs = theirs(&python, their_rate);
        println!("  exchangelib, {PEOPLE} mailboxes, {their_rate} changes/s {theirs:>15.1}");
        println!("  ratio {:>49.1}", ours / theirs);
    }
}

fn ours(people: usize, rate: usize) -> f64 {
    let followed = follow(people);
    let report = rates::at(&followed, rate, LASTS, 0, kind);
    until_linked(&followed.site, report.changes);
    report.per_processor_second()
}

fn theirs(python: &Path, rate: usize) -> f64 {
    let site = Site::start("peer", PEOPLE);
    let calendars = Calendars::fill(&site);
    let out = site.file("peer.jsonl");
    let mut peer = Peer::start(python, &site, &out);
    peer.until_ready();
    let before = cpu::of_process(peer.0.id());
    let began = Instant::now();
    let changes = rates::due(rate, LASTS);
    for n in 0..changes {
        let due = Duration::from_secs_f64(n as f64 / rate as f64);
        site.pause(due.saturating_sub(began.elapsed()));
        calendars.change(&site.exchange, n, kind(n));
    }
    until_written(&site, &out, changes);
    until_linked(&site, changes);
    let used = cpu::of_process(peer.0.id()) - before;
    changes as f64 / used
}

/// The latest change of every meeting stands in the file.
fn until_written(site: &Site, out: &Path, changes: usize) {
    let began = Instant::now();
    loop {
        let text = fs::read_to_string(out).unwrap_or_default();
        let is_there = |n: usize| text.contains(&format!("\"{}\"", subject(n)));
        // Each mailbox's last; earlier ones may have been overtaken.
        if (changes - PEOPLE..changes).all(is_there) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "the script does not keep up");
        site.pause(Duration::from_millis(200));
    }
}

/// Every invitation with a keyword has its link.
fn until_linked(site: &Site, changes: usize) {
    let began = Instant::now();
    let wanted = (0..changes).filter(|n| kind(*n) == crate::changes::Kind::Keyword).count();
    let linked = || {
        let calendars = (0..site.people).map(|n| site.exchange.calendar(&address(n)));
        let has_link = |body: &ews::items::Body| body.content.contains("https://meet.example.com/");
        calendars.flatten().filter(|entry| has_link(&entry.body)).count()
    };
    while linked() < wanted {
        assert!(began.elapsed() < PATIENCE, "{} of {wanted} links were written", linked());
        site.pause(Duration::from_millis(200));
    }
}

fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop/.venv/bin/python");
    python.exists().then_some(python)
}

struct Peer(Child);

impl Peer {
    fn start(python: &Path, site: &Site, out: &Path) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peer.py");
        let addresses = site.file("addresses");
        let lines: Vec<String> = (0..site.people).map(address).collect();
        fs::write(&addresses, lines.join("\n")).expect("written");
        let mut command = Command::new(python);
        command.arg(script).arg(site.exchange.url()).args(["svc-cal", "demo"]);
        command.arg(addresses).arg(out).stdout(Stdio::piped());
        Self(command.spawn().expect("python"))
    }

    fn until_ready(&mut self) {
        let mut line = String::new();
        let stdout = self.0.stdout.as_mut().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        assert_eq!(line.trim(), "ready", "the script did not start");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.0.kill().expect("ended");
        self.0.wait().expect("ended");
    }
}
