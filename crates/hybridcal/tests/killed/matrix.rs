//! Killed in the middle of commits: at moments swept over the whole of one, and on PostgreSQL at each
//! message, before the database has it and after.

use std::time::Duration;

use protocol::ids::UserId;
use tokio::time::Instant;

use crate::{
    asker::{Asker, name, user},
    cable::{Cable, Side},
    place::{Folder, Server},
    program::{Program, Recipe},
};

/// Kills per database; the moments are spread over [`SWEEP`].
const KILLS: u32 = 60;
/// More than a commit can need.
const MESSAGES_MAX: usize = 200;

/// A cloud that dies again and again, and what it has acknowledged.
struct Victim {
    asker: Asker,
    recipe: Recipe,
    program: Option<Program>,
    user: UserId,
    acknowledged: i64,
    /// Of those killed in a commit: how many had not, and how many had stored it.
    lost: u32,
    stored: u32,
}

impl Victim {
    async fn new(folder: &Folder, database: &str) -> Self {
        let asker = Asker::new();
        let recipe = Recipe::cloud(folder, database, &asker);
        let program = Some(recipe.start());
        let user = user(1);
        asker.lease(&recipe.url, &[user]).await;
        Self { asker, recipe, program, user, acknowledged: 0, lost: 0, stored: 0 }
    }

    /// Commits once, and is killed when `moment` is over, or when it has answered; whether it had.
    async fn killed_in_a_commit(
        &mut self,
        moment: impl Future<Output = ()>,
        killed: impl FnOnce(),
    ) -> bool {
        let next = self.asker.next(self.acknowledged);
        let first = {
            let committing = self.asker.commit(&self.recipe.url, self.user, &next);
            let mut committing = std::pin::pin!(committing);
            tokio::select! {
                biased;
                () = moment => None,
                answer = &mut committing => Some(answer.expect("accepted")),
            }
        };
        self.program.take().expect("it runs").kill();
        killed();
        self.program = Some(self.recipe.start());
        self.asker.lease(&self.recipe.url, &[self.user]).await;
        self.check(first.is_some()).await;
        let answer = self.asker.commit_until_answered(&self.recipe.url, self.user, &next).await;
        assert!(first.is_none_or(|first| first == answer), "another answer to the same batch");
        self.acknowledged += 1;
        let all = (self.acknowledged, self.acknowledged);
        assert_eq!((answer.version, answer.user_rev), all, "a gap, or something twice");
        first.is_some()
    }

    /// What lies in the database after a kill in the commit that follows the acknowledged ones.
    async fn check(&mut self, is_answered: bool) {
        let state = self.asker.state(&self.recipe.url, self.user).await;
        let more = state.version - self.acknowledged;
        assert!(more == 1 || (more == 0 && !is_answered), "acknowledged, and lost: {more}");
        let expected: Vec<_> = (1..=state.version).map(name).collect();
        let mut meetings: Vec<_> = state.meetings.into_iter().map(|id| id.0).collect();
        meetings.sort();
        assert_eq!(meetings, expected, "meetings and state went apart");
        let sealed = (state.version > 0).then(|| format!("state {}", state.version));
        assert_eq!(state.sealed_state, sealed);
        match (more, is_answered) {
            (0, _) => self.lost += 1,
            (_, true) => {}
            (_, false) => self.stored += 1,
        }
    }
}

/// How long one commit usually takes here, from the question to the answer.
async fn usual(victim: &mut Victim) -> Duration {
    let mut took = Vec::new();
    for _ in 0..20 {
        let next = victim.asker.next(victim.acknowledged);
        let began = Instant::now();
        victim.asker.commit(&victim.recipe.url, victim.user, &next).await.expect("accepted");
        took.push(began.elapsed());
        victim.acknowledged += 1;
    }
    took.sort();
    took[took.len() / 2]
}

async fn swept(database: &str, folder: &Folder) {
    let mut victim = Victim::new(folder, database).await;
    let usual = usual(&mut victim).await;
    for kill in 0..KILLS {
        let moment = usual.mul_f64(f64::from(kill % 20) / 16.0);
        victim.killed_in_a_commit(tokio::time::sleep(moment), || {}).await;
    }
    println!(
        "killed {KILLS} times within {usual:?}: not stored {}, stored but not answered {}",
        victim.lost, victim.stored
    );
    assert!(victim.lost > 0, "never killed before it was stored");
}

#[tokio::test]
async fn at_any_moment_on_sqlite() {
    let folder = Folder::new("sqlite");
    swept(&folder.sqlite(), &folder).await;
}

#[tokio::test]
async fn at_any_moment_on_postgresql() {
    let Some(server) = Server::find().await else { return };
    let folder = Folder::new("postgres");
    swept(&server.address, &folder).await;
}

/// The cable needs a thread while this one waits for the program.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_each_message_to_postgresql() {
    let Some(server) = Server::find().await else { return };
    let folder = Folder::new("messages");
    let (cable, mut held) = Cable::new(server.socket()).await;
    let (_, options) = server.address.split_once("&options").expect("a schema");
    let database =
        format!("postgres://hybridcal@127.0.0.1:{}/hybridcal?options{options}", cable.port);
    let mut victim = Victim::new(&folder, &database).await;
    for side in [Side::Before, Side::After] {
        for nth in 1.. {
            assert!(nth <= MESSAGES_MAX, "a commit without end");
            cable.hold(Some((nth, side)));
            let cut = cable.clone();
            let moment = async {
                held.recv().await.expect("a message");
                cut.cut();
            };
            if victim.killed_in_a_commit(moment, || cable.hold(None)).await {
                println!("{side:?}: a commit is {} messages to PostgreSQL", nth - 1);
                assert!(nth > 10, "not even a statement each");
                break;
            }
        }
    }
    println!("not stored {}, stored but not answered {}", victim.lost, victim.stored);
    assert!(victim.lost > 0 && victim.stored > 0, "the end of the transaction was not met");
}
