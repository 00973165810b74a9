//! Other nodes on the same database: nobody tells us what they commit, so we look how far the lists
//! of those are who watch here. A hint as any other: the streams read for themselves.

use std::time::Duration;

use world::{World, stop::Stop};

use crate::{feed::Feed, store::Store};

/// How much later than at the other node a watcher hears of a change at most.
const LOOK_PERIOD: Duration = Duration::from_secs(2);

pub(crate) async fn follow(store: Store, feed: Feed, world: World, stop: Stop) {
    loop {
        tokio::select! {
            () = world.clock.sleep(LOOK_PERIOD) => {}
            () = stop.stopped() => return,
        }
        let watched = feed.followed();
        if watched.is_empty() {
            continue;
        }
        match store.heads(&watched).await {
            Ok(heads) => heads.into_iter().for_each(|(user, rev)| feed.publish(user, rev)),
            Err(failure) => {
                let error: &dyn std::error::Error = &failure;
                tracing::warn!(error, "Cannot see what other nodes commit; trying again");
            }
        }
    }
}
