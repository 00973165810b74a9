//! PostgreSQL dies and comes back while many commit: they hear "not now", repeat, and in the end
//! everything is there once.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;

use crate::{
    asker::{Asker, name, user},
    place::{Folder, Server},
    program::Recipe,
};

const PEOPLE: usize = 12;
const COMMITS_EACH: i64 = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_fails_over_under_load_loses_nothing() {
    let Some(server) = Server::find().await else { return };
    let folder = Folder::new("restarted");
    let asker = Arc::new(Asker::new());
    let recipe = Recipe::cloud(&folder, &server.address, &asker);
    let _program = recipe.start();
    let users: Vec<_> = (0..PEOPLE).map(user).collect();
    asker.lease(&recipe.url, &users).await;
    let committing = users.iter().map(|&user| {
        let (asker, url) = (Arc::clone(&asker), recipe.url.clone());
        tokio::spawn(async move {
            for version in 0..COMMITS_EACH {
                // Renewed as a connector does.
                if version % 20 == 0 {
                    asker.lease(&url, &[user]).await;
                }
                let next = asker.next(version);
                let answer = asker.commit_until_answered(&url, user, &next).await;
                assert_eq!((answer.version, answer.user_rev), (version + 1, version + 1));
            }
        })
    });
    let committing: Vec<_> = committing.collect();
    let mut deaths = 0;
    while !committing.iter().all(tokio::task::JoinHandle::is_finished) && deaths < 3 {
        // Somewhere in the middle of what they do.
        tokio::time::sleep(Duration::from_millis(300)).await;
        tokio::task::block_in_place(|| {
            server.control("kill");
            server.control("start");
        });
        deaths += 1;
    }
    println!("the database died {deaths} times");
    assert!(deaths > 0);
    for done in join_all(committing).await {
        done.expect("committed");
    }
    for user in users {
        let state = asker.state(&recipe.url, user).await;
        assert_eq!(state.version, COMMITS_EACH);
        let mut meetings: Vec<_> = state.meetings.into_iter().map(|id| id.0).collect();
        meetings.sort();
        assert_eq!(meetings, (1..=COMMITS_EACH).map(name).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_nothing_happens_and_everybody_hears_so() {
    let Some(server) = Server::find().await else { return };
    let folder = Folder::new("away");
    let asker = Asker::new();
    let recipe = Recipe::cloud(&folder, &server.address, &asker);
    let _program = recipe.start();
    let url = &recipe.url;
    asker.lease(url, &[user(1)]).await;
    asker.commit(url, user(1), &asker.next(0)).await.expect("accepted");
    assert_eq!(asker.health(url).await, 200);
    server.control("stop");
    let next = asker.next(1);
    assert_eq!(asker.commit(url, user(1), &next).await, Err(503));
    assert_eq!(asker.health(url).await, 503);
    server.control("start");
    // The process is the same one; it finds its way back.
    asker.lease(url, &[user(1)]).await;
    let state = asker.state(url, user(1)).await;
    assert_eq!((state.version, state.meetings.len()), (1, 1), "nothing half");
    let answer = asker.commit_until_answered(url, user(1), &next).await;
    assert_eq!((answer.version, answer.user_rev), (2, 2));
    assert_eq!(asker.health(url).await, 200);
}
