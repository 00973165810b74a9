//! The sample organization on loopback, for foreign clients; prints where it is and who may sign in.

use std::process::ExitCode;

use exchange_sim::Config;
use world::{World, stop::Stopper, tls::Trust};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "what it is for")]
async fn main() -> ExitCode {
    let Ok(world) = World::system(&Trust::default()) else { return ExitCode::FAILURE };
    let config = Config::sample("127.0.0.1:0", &world.chance);
    let passwords: Vec<String> = ["alice", "bob", "carol", "svc-cal"]
        .iter()
        .map(|user| format!("{user} {}", config.password(user).unwrap_or_default()))
        .collect();
    let (_stopper, stop) = Stopper::new();
    let Ok(simulator) = exchange_sim::start(config, world, stop).await else {
        return ExitCode::FAILURE;
    };
    println!("url {}\n{}", simulator.url(), passwords.join("\n"));
    std::future::pending().await
}
