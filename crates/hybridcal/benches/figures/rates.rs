//! Changes at a steady rate, whatever becomes of them: how long each takes from Exchange to the
//! cloud, what it costs, and at which rate it no longer works.

use std::time::Duration;

use tokio::time::Instant;

use crate::{activate::Followed, changes::Kind, cpu::Used, site::user};

const RATES_PER_SECOND: [usize; 4] = [100, 250, 500, 1000];
const LASTS: Duration = Duration::from_secs(10);
/// What has not come by then is counted as lost.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at the clock of the script.
const TICK: Duration = Duration::from_millis(2);

/// What a rate came to.
pub(crate) struct Report {
    pub(crate) changes: usize,
    pub(crate) used: Used,
    times: Vec<Duration>,
    lost: usize,
    seconds: f64,
    requests: u64,
}

/// At all rates, or at one.
pub(crate) fn run(followed: &Followed, rate: Option<usize>, seconds: Option<usize>) {
    let lasts = seconds.map_or(LASTS, |seconds| Duration::from_secs(seconds as u64));
    let rates = rate.map_or(RATES_PER_SECOND.to_vec(), |rate| vec![rate]);
    println!("\n== changes at a steady rate, {} mailboxes followed", followed.site.people);
    println!("  asked/s  done/s      p50      p99      max  lost  requests/change  connector");
    let mut first = 0;
    for rate in rates {
        let report = at(followed, rate, lasts, first, |_| Kind::Plain);
        first += report.changes;
        println!("{}", report.line(rate));
        println!("           processor: {}", report.used.shares(report.seconds));
    }
}

/// Changes for a while at a rate, from the `first` of the script on.
pub(crate) fn at(
    followed: &Followed,
    rate: usize,
    lasts: Duration,
    first: usize,
    kind: impl Fn(usize) -> Kind,
) -> Report {
    let Followed { site, watch, calendars, connector } = followed;
    let (requests, used) = (site.exchange.requests_total(), Used::until_now(connector.id()));
    let began = Instant::now();
    let changes = due(rate, lasts);
    let mut done = 0;
    while done < changes {
        let due = due(rate, began.elapsed());
        while done < due.min(changes) {
            let n = first + done;
            watch.expect(user(calendars.mailbox(n)));
            calendars.change(&site.exchange, n, kind(n));
            done += 1;
        }
        site.pause(TICK);
    }
    while watch.open() > 0 && began.elapsed() < lasts + PATIENCE {
        site.pause(TICK);
    }
    let used = Used::until_now(connector.id()).since(used);
    let seconds = began.elapsed().as_secs_f64();
    site.until_quiet();
    let (times, lost) = watch.take();
    let requests = site.exchange.requests_total() - requests;
    Report { changes, used, times, lost, seconds, requests }
}

/// How many changes there are in this time.
pub(crate) fn due(rate_per_second: usize, time: Duration) -> usize {
    rate_per_second * usize::try_from(time.as_millis()).expect("minutes") / 1000
}

impl Report {
    pub(crate) fn per_processor_second(&self) -> f64 {
        self.changes as f64 / self.used.connector.max(0.01)
    }

    fn line(&self, rate: usize) -> String {
        let ms = |share: usize| {
            let at = (self.times.len() * share / 1000).min(self.times.len().saturating_sub(1));
            self.times.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
        };
        format!(
            "{rate:>9} {:>7.0} {:>5.1} ms {:>5.1} ms {:>5.0} ms {:>5} {:>16.2} {:>7.0} µs",
            self.times.len() as f64 / self.seconds,
            ms(500),
            ms(990),
            ms(1000),
            self.lost,
            self.requests as f64 / self.changes as f64,
            self.used.connector * 1e6 / self.changes as f64,
        )
    }
}
