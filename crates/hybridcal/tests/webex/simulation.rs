//! Random days: whatever goes wrong, in the end there is one meeting with our tag for each wish, and
//! none after its end.

use std::time::Duration;

use conference::{Reference, Wish, webex::Webex};
use tokio::time::timeout;
use webex_sim::{Lie, RandomTrouble, Trouble};
use world::chance::Chance;

use crate::office::{Office, held, key, persist, persist_end, wish};

const SEEDS: u64 = 400;
const STEPS: u64 = 14;
const MEETINGS: u64 = 3;
/// The time that somebody's request takes at most before the program is killed.
const KILLED_AFTER_MAX: u64 = 90;

struct Day {
    office: Office,
    chance: Chance,
    connectors: [Webex; 2],
    /// By meeting: how it should be, or that it should not; and what is known of it.
    wanted: Vec<Option<Wish>>,
    references: Vec<Option<Reference>>,
}

fn kinds() -> Vec<Trouble> {
    let status = |status| Trouble::Status { status, retry_after: Some(3) };
    vec![
        status(409),
        status(423),
        status(429),
        status(500),
        status(503),
        status(504),
        Trouble::StatusAfterwards(500),
        Trouble::StatusAfterwards(504),
        Trouble::StatusAfterwards(409),
        Trouble::Drop,
        Trouble::LoseAnswer,
        Trouble::LoseAnswer,
        Trouble::Silence,
        Trouble::Slow(Duration::from_secs(4)),
        Trouble::Lie(Lie::NotJson),
        Trouble::Lie(Lie::Huge),
        Trouble::Lie(Lie::OtherLink),
        Trouble::Lie(Lie::SomebodyElses),
        Trouble::Lie(Lie::Without("id")),
        Trouble::Lie(Lie::Without("integrationTags")),
    ]
}

impl Day {
    async fn begin(seed: u64) -> Self {
        let office = Office::from_seed(seed).await;
        let first = office.connector_with("a", "");
        first.check().await.unwrap();
        office.simulator.issue_refresh_token("sample-app", "second");
        office.bring("second");
        let second = office.connector_with("b", "");
        second.check().await.unwrap();
        office.simulator.change_config(|config| {
            config.list_lag = Duration::from_secs(seed % 25);
            // A lost answer would end everything, which another test shows.
            config.is_rotating = false;
        });
        let kinds = kinds().into_iter().map(|trouble| (None, trouble)).collect();
        office.simulator.trouble_randomly(RandomTrouble { seed, per_mille: 250, kinds });
        Self {
            office,
            chance: Chance::seeded(seed ^ 0xfeed),
            connectors: [first, second],
            wanted: vec![None; usize::try_from(MEETINGS).unwrap()],
            references: vec![None; usize::try_from(MEETINGS).unwrap()],
        }
    }

    fn draw(&self, below: u64) -> usize {
        usize::try_from(self.chance.below(below)).unwrap()
    }

    async fn step(&mut self) {
        let which = self.draw(MEETINGS);
        let connector = self.connectors[self.draw(2)].clone();
        let patience = Duration::from_secs(self.chance.below(KILLED_AFTER_MAX));
        match self.chance.below(10) {
            0..=3 => {
                let hours = i64::try_from(self.chance.below(2000)).unwrap();
                let later = jiff::SignedDuration::from_hours(hours);
                let base = wish(&which.to_string());
                let wish = Wish {
                    title: format!("T{hours}"),
                    start: base.start + later,
                    end: base.end + later,
                    ..base
                };
                self.wanted[which] = Some(wish.clone());
                let known = self.references[which].clone();
                let made = match &known {
                    Some(known) => timeout(patience, connector.update(&wish, known)).await,
                    None => timeout(patience, connector.ensure(&wish, None)).await,
                };
                if let Ok(Ok(made)) = made {
                    self.references[which] = made.reference;
                }
            }
            4..=5 => {
                let base = wish(&which.to_string());
                let wish = self.wanted[which].take().unwrap_or(base);
                let held = held(&wish, self.references[which].as_ref());
                if matches!(timeout(patience, connector.cancel(&held)).await, Ok(Ok(()))) {
                    self.references[which] = None;
                }
            }
            6..=7 => {
                // Killed and started again: what was in memory is gone.
                self.connectors =
                    [self.office.connector_with("a", ""), self.office.connector_with("b", "")];
            }
            _ => self.office.pass(self.chance.below(60)).await,
        }
    }

    /// The trouble ends, a connector goes on, and all is well.
    async fn end(self, seed: u64) {
        let office = &self.office;
        office.simulator.end_trouble();
        office.pass(120).await;
        let connector = &self.connectors[0];
        for (which, wanted) in self.wanted.iter().enumerate() {
            let tag = format!("hc1-{}", key(&which.to_string()).tag());
            match wanted {
                Some(wish) => {
                    let made = persist(office, connector, wish).await.unwrap_or_else(|failure| {
                        panic!("seed {seed}: {failure:?}");
                    });
                    let reference = made.reference.unwrap();
                    // Webex's lists lag behind, so somebody looks again.
                    office.pass(60).await;
                    connector.update(wish, &reference).await.unwrap();
                    connector.ensure(wish, Some(&reference)).await.unwrap();
                    let found = office.simulator.tagged(&tag);
                    assert_eq!(found.len(), 1, "seed {seed}: {found:?}");
                    let seen = (found[0].title.as_str(), found[0].start, found[0].end);
                    assert_eq!(seen, (wish.title.as_str(), wish.start, wish.end), "seed {seed}");
                    assert_eq!(found[0].id, reference.0, "seed {seed}");
                }
                None => {
                    let held = held(&wish(&which.to_string()), self.references[which].as_ref());
                    persist_end(office, connector, &held).await.unwrap();
                    assert_eq!(office.simulator.tagged(&tag), [], "seed {seed}");
                }
            }
        }
        assert_eq!(office.simulator.mails(), 0, "seed {seed}");
    }
}

#[test]
fn random_days_end_with_one_meeting_for_each_wish() {
    for seed in 0..SEEDS {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut day = Day::begin(seed).await;
            for _ in 0..STEPS {
                day.step().await;
            }
            day.end(seed).await;
        });
    }
}
