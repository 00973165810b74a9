//! Random days in a random world: people change their calendars while messages are lost,
//! connections break, subscriptions vanish and the connector crashes. When it is quiet again, our
//! state must equal Exchange's.
//!
//! What counts as a failure: anything in [`invariants`]. What does not: how long it took, as long
//! as quiet brings order within hours. Left to chance beside the seed: which thread the database
//! answers from.
//!
//! `HYBRIDCAL_SEEDS=2000 cargo test -p hybridcal --test it simulation` plays as many as wanted,
//! `HYBRIDCAL_SEED=17` plays one.

mod invariants;
mod model;
mod reproductions;
mod run;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use world::chance::Chance;

/// Enough to find most mistakes in a short time; nightly runs play more.
const SEEDS: u64 = 60;

/// Plays a list of operations in a world made from a seed.
pub(crate) fn play(seed: u64, operations: &[model::Operation]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let played = catch_unwind(AssertUnwindSafe(|| runtime.block_on(run::run(seed, operations))));
    if let Err(panic) = played {
        println!("seed {seed} fails; again with HYBRIDCAL_SEED={seed}; its operations:");
        for operation in operations {
            println!("    {operation:?},");
        }
        resume_unwind(panic);
    }
}

#[test]
fn our_state_equals_exchanges_state_in_the_end() {
    #[expect(clippy::disallowed_methods, reason = "how many seeds is for whoever runs the tests")]
    let setting = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match setting("HYBRIDCAL_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..setting("HYBRIDCAL_SEEDS").unwrap_or(SEEDS),
    };
    println!("playing {} seeds", seeds.end - seeds.start);
    for seed in seeds {
        play(seed, &model::arbitrary(&Chance::seeded(seed)));
    }
}
