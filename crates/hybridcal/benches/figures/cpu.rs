//! Who used the processor: other processes, and the threads of this one by name.

use std::fs;

/// Clock ticks of `/proc` per second; Linux shows all user programs this number.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor seconds used since the start, in user and kernel mode.
pub(crate) fn of_process(id: u32) -> f64 {
    seconds(&format!("/proc/{id}/stat")).map_or(0.0, |(_, seconds)| seconds)
}

/// Of this process's living threads whose name begins so. The kernel cuts names at 15 bytes.
pub(crate) fn of_threads(name: &str) -> f64 {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux").filter_map(Result::ok);
    let used = tasks.filter_map(|task| seconds(&format!("{}/stat", task.path().display())));
    used.filter(|(thread, _)| thread.starts_with(name)).map(|(_, seconds)| seconds).sum()
}

/// Of everybody on this computer.
fn of_computer() -> f64 {
    let stat = fs::read_to_string("/proc/stat").expect("Linux");
    let all = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let ticks: Vec<f64> = all.filter_map(|it| it.parse().ok()).collect();
    // user, nice, system, [idle, waiting for disks,] interrupts, stolen by the hypervisor
    let busy = [0, 1, 2, 5, 6, 7].map(|at| ticks.get(at).copied().unwrap_or(0.0));
    busy.iter().sum::<f64>() / TICKS_PER_SECOND
}

/// Name and seconds; `None` if it has ended.
fn seconds(file: &str) -> Option<(String, f64)> {
    let stat = fs::read_to_string(file).ok()?;
    // The name is in brackets and may contain anything.
    let (head, tail) = stat.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = tail.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((name, (ticks(11)? + ticks(12)?) / TICKS_PER_SECOND))
}

/// Processor seconds of everybody who takes part.
#[derive(Clone, Copy, Default)]
pub(crate) struct Used {
    pub(crate) connector: f64,
    pub(crate) exchange: f64,
    pub(crate) cloud: f64,
    pub(crate) sqlite: f64,
    pub(crate) bench: f64,
    /// Everybody on this computer, those above included.
    pub(crate) all: f64,
}

impl Used {
    pub(crate) fn until_now(connector: u32) -> Self {
        Self {
            connector: of_process(connector),
            exchange: of_threads("exchange"),
            cloud: of_threads("cloud"),
            sqlite: of_threads("sqlx"),
            // The main thread makes the changes.
            bench: of_threads("bench") + of_threads("figures"),
            all: of_computer(),
        }
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            connector: self.connector - before.connector,
            exchange: self.exchange - before.exchange,
            cloud: self.cloud - before.cloud,
            sqlite: self.sqlite - before.sqlite,
            bench: self.bench - before.bench,
            all: self.all - before.all,
        }
    }

    /// As shares of one processor over so many seconds.
    pub(crate) fn shares(self, seconds: f64) -> String {
        let percent = |used: f64| (100.0 * used / seconds).round();
        let ours = self.connector + self.exchange + self.cloud + self.sqlite + self.bench;
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        format!(
            "connector {} %, simulator {} %, cloud and key server {} %, SQLite {} %, script {} %; \
             others on this computer {} %, of {} %",
            percent(self.connector),
            percent(self.exchange),
            percent(self.cloud),
            percent(self.sqlite),
            percent(self.bench),
            percent((self.all - ours).max(0.0)),
            100 * processors,
        )
    }
}
