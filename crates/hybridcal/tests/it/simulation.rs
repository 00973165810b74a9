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

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use world::chance::Chance;

/// Enough to find most mistakes within two minutes on two cores; nightly runs play more.
const SEEDS: u64 = 2000;

/// A world with more mistakes than this needs no further search.
const FAILURES_MAX: usize = 10;

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
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("playing {} seeds on {threads} cores", seeds.end - seeds.start);
    #[expect(clippy::disallowed_methods, reason = "how fast it goes is said aloud")]
    let began = std::time::Instant::now();
    let next = AtomicU64::new(seeds.start);
    let failed = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let failures = failed.lock().expect("unpoisoned").len();
            if seed >= seeds.end || failures >= FAILURES_MAX {
                return;
            }
            let operations = model::arbitrary(&Chance::seeded(seed));
            if let Err(panic) = catch_unwind(|| play(seed, &operations)) {
                failed.lock().expect("unpoisoned").insert(seed, panic);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let seconds = began.elapsed().as_secs_f64();
    println!("{:.1} seeds per second", (seeds.end - seeds.start) as f64 / seconds);
    let mut failed = failed.into_inner().expect("unpoisoned");
    println!("failed: {:?}", failed.keys());
    if let Some((_, panic)) = failed.pop_first() {
        resume_unwind(panic);
    }
}
