//! Logs: to standard error, as text for people or as JSON for machines.

use std::io;

use tracing_subscriber::{
    Layer, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

/// What is logged and how.
#[derive(Clone, Debug, clap::Args)]
pub struct Logging {
    /// How much is logged: error, warn, info, debug or trace.
    #[arg(long, global = true, default_value = "info", env = "HYBRIDCAL_LOG")]
    pub log: tracing::Level,
    /// Log as JSON, one object per line.
    #[arg(long, global = true)]
    pub log_json: bool,
}

/// Once per process.
pub fn start(logging: &Logging) {
    let filter = Targets::new().with_default(logging.log);
    let layer = fmt::layer().with_writer(io::stderr);
    if logging.log_json {
        tracing_subscriber::registry().with(layer.json().with_filter(filter)).init();
    } else {
        tracing_subscriber::registry().with(layer.with_filter(filter)).init();
    }
}
