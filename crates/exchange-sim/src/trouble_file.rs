//! Trouble for use by hand: a file that says what the simulator does from its start on.

use std::time::Duration;

use ews::ResponseCode;
use serde::Deserialize;

use crate::{Hint, Manner, Notices, Policy, RandomTrouble, Simulator, StreamManner, Trouble};

/// `hybridcal exchange-sim --trouble FILE`. What is left out is as in Exchange.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TroubleFile {
    pub seed: u64,
    /// Of 1000 requests, how many meet one of `requests`.
    pub per_mille: u64,
    pub requests: Vec<Line>,
    pub notices: NoticesFile,
    pub streams: StreamsFile,
    pub throttling: ThrottlingFile,
    pub server: ServerFile,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub trouble: Word,
    /// All of them if none is named.
    #[serde(default)]
    pub operation: Option<String>,
    /// Of `fault`, `fault-with-status-ok` and `objects`.
    #[serde(default = "busy")]
    pub code: String,
    /// Of `busy` and `objects`: how long to stay away; of `slow`: how long it takes.
    #[serde(default)]
    pub milliseconds: u64,
    /// Of `objects`: the first one that is refused.
    #[serde(default)]
    pub from: usize,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    Fault,
    FaultWithStatusOk,
    Busy,
    Objects,
    Garbage,
    LogInPage,
    Unauthorized,
    Unavailable,
    Drop,
    LoseAnswer,
    Truncated,
    WrongContentType,
    ResultWithStatusError,
    Slow,
    Conflict,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoticesFile {
    pub lost_per_mille: u64,
    pub repeated_per_mille: u64,
    pub late_per_mille: u64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StreamsFile {
    pub bytes_per_chunk: Option<usize>,
    pub pause_ms: u64,
    /// A subscription that no stream carries ends after this.
    pub subscriptions_idle_seconds: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThrottlingFile {
    pub concurrency: Option<u32>,
    pub hanging_connections: Option<u32>,
    pub subscriptions: Option<usize>,
    pub burst_ms: Option<u64>,
    pub recharge_ms: Option<u64>,
    pub cutoff_ms: Option<u64>,
    pub cost_ms: Option<u64>,
    /// "Busy" comes with a time of 0.
    pub hint_is_zero: bool,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerFile {
    pub other_order: bool,
    pub other_prefixes: bool,
    pub no_header: bool,
    pub fault_status: Option<u16>,
    pub result_status: Option<u16>,
    pub series_not_expanded: bool,
    pub no_conflicts: bool,
}

fn busy() -> String {
    ResponseCode::ErrorServerBusy.as_str().to_owned()
}

impl TroubleFile {
    pub fn order(&self, simulator: &Simulator) {
        let kinds = self.requests.iter().map(|line| (line.operation.clone(), line.trouble()));
        simulator.random_trouble(RandomTrouble {
            seed: self.seed,
            per_mille: self.per_mille,
            kinds: kinds.collect(),
        });
        let NoticesFile { lost_per_mille, repeated_per_mille, late_per_mille } = self.notices;
        let notices = Notices { lost_per_mille, repeated_per_mille, late_per_mille };
        simulator.garble_notices(self.seed, notices);
        let pause = Duration::from_millis(self.streams.pause_ms);
        let bytes_per_chunk = self.streams.bytes_per_chunk;
        simulator.set_stream_manner(StreamManner { bytes_per_chunk, pause });
        if let Some(seconds) = self.streams.subscriptions_idle_seconds {
            simulator.expire_subscriptions_after(Duration::from_secs(seconds));
        }
        simulator.set_policy(self.throttling.policy());
        simulator.set_manner(self.server.manner());
    }
}

impl Line {
    fn trouble(&self) -> Trouble {
        let code = ResponseCode::from(self.code.as_str());
        let time = Duration::from_millis(self.milliseconds);
        match self.trouble {
            Word::Fault => Trouble::Fault(code),
            Word::FaultWithStatusOk => Trouble::FaultWithStatusOk(code),
            Word::Busy => Trouble::Busy { back_off: time },
            Word::Objects => {
                let back_off = (!time.is_zero()).then_some(time);
                Trouble::Objects { from: self.from, code, back_off }
            }
            Word::Garbage => Trouble::Garbage,
            Word::LogInPage => Trouble::LogInPage,
            Word::Unauthorized => Trouble::Unauthorized,
            Word::Unavailable => Trouble::Unavailable,
            Word::Drop => Trouble::Drop,
            Word::LoseAnswer => Trouble::LoseAnswer,
            Word::Truncated => Trouble::Truncated,
            Word::WrongContentType => Trouble::WrongContentType,
            Word::ResultWithStatusError => Trouble::ResultWithStatusError,
            Word::Slow => Trouble::Slow(time),
            Word::Conflict => Trouble::Conflict,
        }
    }
}

impl ThrottlingFile {
    fn policy(&self) -> Policy {
        let usual = Policy::default();
        let or = |set: Option<u64>, usual| set.map_or(usual, Duration::from_millis);
        Policy {
            concurrency: self.concurrency.unwrap_or(usual.concurrency),
            hanging_connections: self.hanging_connections.unwrap_or(usual.hanging_connections),
            subscriptions: self.subscriptions.unwrap_or(usual.subscriptions),
            burst: or(self.burst_ms, usual.burst),
            recharge: or(self.recharge_ms, usual.recharge),
            cutoff: or(self.cutoff_ms, usual.cutoff),
            cost: or(self.cost_ms, usual.cost),
            hint: if self.hint_is_zero { Hint::Zero } else { Hint::UntilRecharged },
        }
    }
}

impl ServerFile {
    fn manner(&self) -> Manner {
        let exchange = Manner::default();
        Manner {
            keeps_order: !self.other_order,
            keeps_prefixes: !self.other_prefixes,
            has_header: !self.no_header,
            fault_status: self.fault_status.unwrap_or(exchange.fault_status),
            result_status: self.result_status.unwrap_or(exchange.result_status),
            expands_series: !self.series_not_expanded,
            detects_conflicts: !self.no_conflicts,
        }
    }
}
