//! A person's list as it lives: changes as the cloud tells them, Join buttons by our own clock.

use std::collections::VecDeque;

use protocol::{ids::MeetingId, join_button::JoinButton};
use tokio::{sync::mpsc, task::JoinHandle};
use world::clock::Clock;

use super::{
    Client, Failure, OpenedChange, OpenedMeeting,
    follower::{Follower, Told},
    screen::{Edge, Screen},
};

/// Between the follower and whoever watches; a slow watcher slows the follower down.
const TOLD_MAX: usize = 16;

#[derive(Debug)]
pub enum Notice {
    /// Everything there is; what was there before and is not in it is gone.
    Listed(Vec<OpenedMeeting>),
    Changed(OpenedMeeting),
    Deleted(MeetingId),
    /// Also when a shown button gets other times or another link.
    ButtonAppeared(OpenedMeeting, JoinButton),
    ButtonGone(MeetingId),
    Connected,
    /// Comes back by itself.
    Disconnected {
        reason: String,
    },
}

/// Ends its connection when dropped.
pub struct Watch {
    clock: Clock,
    told: mpsc::Receiver<Told>,
    follower: JoinHandle<()>,
    screen: Screen,
    pending: VecDeque<Notice>,
}

impl Watch {
    pub(super) fn begin(client: Client) -> Self {
        let clock = client.world.clock.clone();
        let (sender, told) = mpsc::channel(TOLD_MAX);
        let follower = tokio::spawn(Follower::new(client, sender).run());
        Self { clock, told, follower, screen: Screen::default(), pending: VecDeque::new() }
    }

    /// What happens next. An error is the end: only a person can help. Safe to cancel.
    pub async fn next(&mut self) -> Result<Notice, Failure> {
        loop {
            if let Some(notice) = self.pending.pop_front() {
                return Ok(notice);
            }
            let now = self.clock.now();
            self.look();
            if !self.pending.is_empty() {
                continue;
            }
            let edge = self.screen.next_edge(now);
            let edge_reached = async {
                match edge {
                    Some(edge) => self.clock.sleep_until(edge).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                told = self.told.recv() => self.on(told.ok_or(Failure::Ended)?)?,
                () = edge_reached => {}
            }
        }
    }

    fn on(&mut self, told: Told) -> Result<(), Failure> {
        let notice = match told {
            Told::Connected => Some(Notice::Connected),
            Told::Disconnected(failure) => {
                Some(Notice::Disconnected { reason: failure.to_string() })
            }
            Told::Listed(meetings) => Some(Notice::Listed(self.screen.list(meetings))),
            Told::Change(OpenedChange::Changed(meeting)) => {
                let is_news = self.screen.put(OpenedMeeting::clone(&meeting));
                is_news.then_some(Notice::Changed(*meeting))
            }
            Told::Change(OpenedChange::Deleted(id)) => {
                let was_there = self.screen.remove(&id);
                was_there.then_some(Notice::Deleted(id))
            }
            Told::Ended(failure) => return Err(failure),
        };
        self.pending.extend(notice);
        self.look();
        Ok(())
    }

    fn look(&mut self) {
        let notice = |edge| match edge {
            Edge::Appeared(meeting, button) => Notice::ButtonAppeared(*meeting, button),
            Edge::Gone(id) => Notice::ButtonGone(id),
        };
        self.pending.extend(self.screen.look(self.clock.now()).into_iter().map(notice));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.follower.abort();
    }
}
